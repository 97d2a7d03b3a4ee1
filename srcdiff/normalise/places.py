"""Items put in, taken out and moved in the middle of lists whose length is known only when the program runs.

in:   xs.insert(0, v)                    out:  xs.append(v)
                                               for k in range(len(xs) - 1, 0, -1):
                                                   xs[k] = xs[k - 1]
                                               xs[0] = v

Each is what Python itself does, written with the items: what is behind the place moves by one. So the derivative knows
nothing of them but writes of items.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from ..errors import UnsupportedCall
from ..ir.nodes import (
    Assign,
    Attr,
    Block,
    Break,
    Call,
    Choice,
    Const,
    Effect,
    Expr,
    For,
    If,
    Item,
    Name,
    Object,
    Raise,
    Update,
)
from ..ir.types import ListOf, Num, describe
from ..rules.typing import TypeProblem
from .iteration import LEN, ONE, ZERO, minus, plus, range_of
from .lists import POP, is_dynamic
from .literals import literal
from .sequences import Sequences

ADD = Object(operator.add, "+")
EQ = Object(operator.eq, "==")
MINUS_ONE = Const(-1)


class Places(Sequences):
    """The places of the items in the lists of one function. `found` are the variables of places that were looked for,
    which are not negative."""

    found: frozenset[str] = frozenset()

    def of_list(self, base: Expr, e: Call, attr: Attr) -> Expr:
        if e.kwargs:
            return super().of_list(base, e, attr)
        match attr.name, e.args:
            case "insert", (_, _):
                (place, item), _ = self.arguments(e)
                self.insert(self.list_name(base), place, item, e)
            case "pop", (place,) if literal(place) != -1:
                return self.taken_out(self.list_name(base), self.expr(place), e)
            case "__delitem__", (place,):
                self.taken_out(self.list_name(base), self.expr(place), e)
            case "remove", (value,):
                held = self.list_name(base)
                self.taken_out(held, self.place_of(held, value, e), e)
            case "clear", ():
                held = self.list_name(base)
                self.check_at_rest(held, e)
                self.counted(ZERO, Call(LEN, (held,)), ONE, lambda _: self.state.emit(Effect(Call(POP, (held,)))))
            case "reverse", ():
                self.turn_round(self.list_name(base), e)
            case "index", (value,):
                return self.place_of(self.list_name(base), value, e)
            case "count", (value,):
                return self.count_in(self.list_name(base), value, e)
            case _:
                return super().of_list(base, e, attr)
        return Const(None)

    def counted(self, start: Expr, stop: Expr, step: Expr, body: Callable[[Name], None], wish: str = "k") -> None:
        """Emit a loop over a range, whose body binds nothing that is read later."""
        counter = self.state.fresh(wish)
        self.state.env[counter] = Num("int64", weak=True)
        with self.state.collect() as out:
            body(Name(counter))
        self.state.emit(For(Name(counter), range_of(start, stop, step), tuple(out)))

    def check_numbers(self, held: Name, e: Expr) -> None:
        """Refuse to move the items of a list of lists."""
        item = self.item_type(held, e)
        if is_dynamic(item):
            raise TypeProblem(
                UnsupportedCall,
                "a list of lists whose items change places",
                "whether somebody else has one of them is not followed",
                "keep an index list, and change that",
                getattr(e, "at", None),
            )

    def moved(self, held: Name, to: Expr, source: Expr) -> None:
        self.state.emit(Assign(Item(held, to), Item(held, source)))

    def insert(self, held: Name, place: Expr, item: Expr, e: Call) -> None:
        """`xs.insert(place, item)`."""
        count = self.atom(Call(LEN, (held,)), "n")
        start = self.within(place, count, e)
        start = start if isinstance(start, Const) else self.atom(start, "place")
        value = self.atom(self.one_item(item), "item")
        self.put_in(held, value)
        self.check_numbers(held, e)
        self.counted(count, start, MINUS_ONE, lambda k: self.moved(held, k, minus(k, ONE)))
        self.state.emit(Assign(Item(held, start), value))

    def taken_out(self, held: Name, place: Expr, e: Expr) -> Expr:
        """`xs.pop(place)`."""
        self.check_at_rest(held, e)
        self.check_numbers(held, e)
        count = self.atom(Call(LEN, (held,)), "n")
        at = self.atom(place, "place")
        self.place_in(held, at, Item(held, at, getattr(e, "at", None)))  # raises where it is no whole number
        known = literal(place)
        if isinstance(known, int):
            at = plus(count, Const(known)) if known < 0 else Const(known)
        elif not (isinstance(place, Name) and place.id in self.found):
            below = Call(Object(operator.lt, "<"), (at, ZERO))
            at = self.atom(Choice(below, plus(at, count), at), "place")
        taken = self.state.fresh("item")
        self.bind(taken, Item(held, at))
        self.counted(at, minus(count, ONE), ONE, lambda k: self.moved(held, k, plus(k, ONE)))
        self.state.emit(Effect(Call(POP, (held,))))
        self.state.effects += 1
        return Name(taken)

    def turn_round(self, held: Name, e: Call) -> None:
        """`xs.reverse()`."""
        self.check_at_rest(held, e)
        self.check_numbers(held, e)
        count = self.atom(Call(LEN, (held,)), "n")

        def swap(k: Name) -> None:
            other = minus(minus(count, ONE), k)
            first = self.state.fresh("item")
            self.bind(first, Item(held, k))
            self.moved(held, k, other)
            self.state.emit(Assign(Item(held, other), Name(first)))

        self.counted(ZERO, Call(Object(operator.floordiv, "//"), (count, Const(2))), ONE, swap)

    # ------------------------------------------------------------------------------------------------- what is where

    def equal(self, held: Name, k: Expr, value: Expr, e: Expr) -> Expr:
        """Whether an item equals a number."""
        item, other = self.item_type(held, e), self.typed(value)
        if not all(isinstance(t, Num) and t.ndim == 0 for t in (item, other)):
            raise TypeProblem(
                UnsupportedCall,
                f"a {describe(other)} looked for in a list of items of the kind {describe(item)}",
                "only numbers are compared with the items of a list whose length is not known",
                "write a loop with the comparison that is meant",
                getattr(e, "at", None),
            )
        return Call(EQ, (Item(held, k), value))

    def place_of(self, held: Name, raw: Expr, e: Call) -> Name:
        """`xs.index(value)`."""
        value = self.atom(self.expr(raw), "value")
        name = self.state.fresh("place")
        self.bind(name, Call(LEN, (held,)))

        def look(k: Name) -> None:
            self.state.emit(If(self.equal(held, k, value, e), (Assign(Name(name), k), Break()), ()))

        self.counted(ZERO, Call(LEN, (held,)), ONE, look)
        missing = Call(Object(ValueError, "ValueError"), (Const("the value is not in the list"),))
        self.state.emit(If(Call(EQ, (Name(name), Call(LEN, (held,)))), (Raise(missing),), ()))
        self.found |= {name}
        return Name(name)

    def count_in(self, held: Name, raw: Expr, e: Call) -> Name:
        """`xs.count(value)`."""
        value = self.atom(self.expr(raw), "value")
        name = self.state.fresh("count")
        self.bind(name, ZERO)

        def look(k: Name) -> None:
            self.state.emit(If(self.equal(held, k, value, e), (Update(Name(name), ADD, ONE),), ()))

        if not self.is_empty(held):
            self.counted(ZERO, Call(LEN, (held,)), ONE, look)
        self.state.env[name] = Num("int64", weak=True)
        return Name(name)

    def is_empty(self, held: Name) -> bool:
        """Whether nothing is put into a list on any way that leads here."""
        type_ = self.typed(held)
        return isinstance(type_, ListOf) and type_.item is None

    def is_in(self, held: Name, item: Expr, e: Call) -> Name:
        """`item in xs`."""
        value = self.atom(item, "value")
        name = self.state.fresh("holds")
        self.bind(name, Const(False))

        def look(k: Name) -> None:
            found: Block = (Assign(Name(name), Const(True)), Break())
            self.state.emit(If(self.equal(held, k, value, e), found, ()))

        if not self.is_empty(held):
            self.counted(ZERO, Call(LEN, (held,)), ONE, look)
        self.state.env[name] = Num("bool", weak=True)
        return Name(name)
