"""Assignments made core: tuples dissolved into components, places made items of variables, `+=` by what the name holds.

in:   p, A[i][j] = q, a + b         out:  p_0, p_1 = q_0, q_1
      x += y    (x a number)              kept = a + b; A[i, j] = kept
                                          x += y
"""

from __future__ import annotations

import operator
from contextlib import AbstractContextManager
from dataclasses import replace

import numpy as np

from ..errors import AmbiguousAlias, UnsupportedMutation, UnsupportedSyntax
from ..ir.nodes import (
    Assign,
    Attr,
    Block,
    Call,
    Const,
    Display,
    Expr,
    If,
    Item,
    Name,
    Object,
    Raise,
    Span,
    Update,
)
from ..ir.types import Form, ListOf, Num, Static, Tup, Type
from ..ir.walk import is_call_of, names, subexprs
from ..rules.complex_operands import check_real_place
from ..rules.typing import TypeProblem
from .expressions import GETITEM
from .forms import has_several_results, wish_of
from .stores import Stores, whole


def value_at(e: Expr) -> Span | None:
    return getattr(e, "at", None)


class Assigner(Stores):
    """Assignments of one function. `callee` says that the function is inlined into another one; `words` are the
    variables in its text."""

    callee: bool
    words: set[str]

    def run(self, block: Block) -> Block:
        raise NotImplementedError

    def anchored(self, value: Expr) -> Expr:
        raise NotImplementedError

    def released(self, before: int) -> None:
        raise NotImplementedError

    def items_of(self, e: Expr, at: Expr) -> tuple[Expr, ...]:
        raise NotImplementedError

    def under_names(self, values: tuple[Expr, ...]) -> AbstractContextManager[list[Name]]:
        raise NotImplementedError

    def is_record_place(self, target: Expr) -> bool:
        raise NotImplementedError

    def put_part(self, target: Attr | Item, value: Expr) -> None:
        raise NotImplementedError

    def update_sequence(self, target: Name, op: Object, current: Display, value: Expr) -> None:
        raise NotImplementedError

    def update_part(self, s: Update, target: Attr | Item) -> None:
        raise NotImplementedError

    def assign(self, target: Expr, value: Expr) -> None:
        match target:
            case Name():
                self.assign_name(target.id, value)
            case Attr():
                self.put_part(target, value)
            case Item() if self.is_record_place(target):
                self.put_part(target, value)
            case Item():
                self.store(target, value)
            case Display():
                self.unpack(target, value)
            case _:
                raise TypeError(f"not a target: {target!r}")

    def assign_name(self, name: str, value: Expr) -> None:
        own = self.own(name)
        if isinstance(value, Display) and value.kind != "list" and value.home is None:
            # `p, q = t` after `t = (q, p)` must read what was there before
            before = len(self.state.anchors)
            self.bind(own, self.apart_from(self.components(own, value), value))
            self.released(before)
            return
        self.bind(own, value)

    def components(self, name: str, value: Display) -> set[str]:
        """The variables that will hold the parts of a structure."""
        found: set[str] = set()
        for k, item in enumerate(value.items):
            own = self.state.component(name, k, value.form)
            found |= self.components(own, item) if isinstance(item, Display) and item.home is None else {own}
        return found

    def apart_from(self, clashing: set[str], value: Display) -> Display:
        """A structure whose parts do not depend on these variables: such parts are held under other names."""
        items: list[Expr] = []
        for item in value.items:
            if isinstance(item, Display):
                items.append(self.anchored(item) if item.home is not None else self.apart_from(clashing, item))
            else:
                items.append(self.copied(item) if names(item) & clashing else item)
        return replace(value, items=tuple(items))

    def own(self, name: str) -> str:
        """The core variable that a name of this function stands for when it is assigned."""
        target = self.scope.get(name)
        if isinstance(target, Name):
            return target.id
        fresh = name if not self.callee and target is None else self.state.fresh(name)
        self.scope[name] = Name(fresh)
        return fresh

    def unused(self, wish: str) -> str:
        """A new variable, under a name that stands for nothing in the text of this function."""
        while (name := self.state.fresh(wish)) in self.words:
            pass
        return name

    def copied(self, e: Expr) -> Expr:
        name = self.state.fresh("kept")
        self.bind(name, e)
        return self.state.expanded(name, self.state.env[name])

    def unpack(self, target: Display, value: Expr) -> None:
        starred = [k for k, t in enumerate(target.items) if isinstance(t, Display) and t.kind == "starred"]
        if starred:
            target, value = self.gathered(target, value, starred[0])
        if isinstance(value, Display) and value.kind == "record":
            value = Display("tuple", self.items_of(value, target), value.at)
        type_ = self.typed(value) if has_several_results(value) else None
        if isinstance(type_, Tup):
            wanted = [t.id for t in target.items if isinstance(t, Name)]
            if len(type_.items) == len(target.items) == len(set(wanted)):
                self.results(tuple(map(self.own, wanted)), value, type_)
                return
            value = self.atom(value, wish_of(value))
        if not isinstance(value, Display):
            is_shape = (
                is_call_of(value, np.ndarray.shape) and isinstance(value, Call) and isinstance(value.args[0], Name)
            )
            array = value if is_shape or self.joined(value, Const(0)) else self.atom(value, "kept")
            self.check_count(array, len(target.items), self.typed(value))
            items = [self.joined(array, Const(k)) or Item(array, Const(k)) for k in range(self.width(target, value))]
            given = {self.own(t.id) for t in target.items if isinstance(t, Name)}
            if len(items) == len(target.items) == len(given) and not given & names(array):
                for t, item in zip(target.items, items, strict=True):
                    self.assign(t, item)
                return
            value = Display("tuple", tuple(items))
        if len(value.items) != len(target.items):
            raise TypeProblem(
                UnsupportedSyntax,
                f"{len(value.items)} values for {len(target.items)} names",
                "Python itself refuses this",
                "give as many names as there are values",
                target.at,
            )
        wanted = [t.id for t in target.items if isinstance(t, Name)]
        plain = len(wanted) == len(target.items) == len(set(wanted))
        types = [self.typed(v) for v in value.items]
        if plain and all(map(self.is_one_value, value.items)) and not any(map(self.is_absent, wanted)):
            own = tuple(Name(self.own(n)) for n in wanted)
            self.bind_all(own, value.items, types)
            for n, v in zip(own, value.items, strict=True):
                if isinstance(v, Name) and isinstance(self.typed(v), ListOf):
                    self.state.same_list(n.id, v.id)
            types = [replace(t, own=False) if isinstance(t, ListOf) else t for t in types]
            self.state.env.update(zip((n.id for n in own), types, strict=True))
            for n in own:
                self.noted(n.id)
            return
        bound: set[str] | None = None
        if plain:
            pairs = [(self.own(n), v) for n, v in zip(wanted, value.items, strict=True)]
            bound = {n for own, v in pairs for n in (self.components(own, v) if isinstance(v, Display) else (own,))}
        before = len(self.state.anchors)
        values = [self.anchored(self.read_first(v, bound)) for v in value.items]
        for t, v in zip(target.items, values, strict=True):
            self.assign(t, v)
        self.released(before)

    def bind_all(self, targets: tuple[Name, ...], values: tuple[Expr, ...], types: list[Type]) -> None:
        """Several variables bound by one statement; arrays one by one, where none is made of another one's old value:
        what holds of each of them is then seen."""
        apart = any(isinstance(t, Num) and t.is_array for t in types)
        bound: set[str] = set()
        for target, value in zip(targets, values, strict=True):
            apart = apart and not names(value) & bound
            bound.add(target.id)
        if apart:
            for target, value in zip(targets, values, strict=True):
                self.state.emit(Assign(target, value))
        else:
            self.state.emit(Assign(Display("tuple", targets), Display("tuple", values)))

    def is_absent(self, name: str) -> bool:  # noqa: ARG002
        """Whether a variable may hold None."""
        return False

    def noted(self, name: str) -> None:
        """A variable has been given a value."""

    def is_one_value(self, e: Expr) -> bool:
        """Whether a value is held by one variable: a number, an array, a list that has a name."""
        type_ = self.typed(e)
        return isinstance(type_, Num) or (isinstance(e, Name) and isinstance(type_, ListOf))

    def read_first(self, value: Expr, bound: set[str] | None) -> Expr:
        """A value to be assigned after others of the same statement have been, which bind these variables (None: which
        may bind anything): under a name of its own where it depends on them."""
        if bound is not None and not names(value) & bound:
            return value
        return self.copied(value) if isinstance(value, Name) else self.atom(value, "kept")

    def gathered(self, target: Display, value: Expr, place: int) -> tuple[Display, Expr]:
        """`first, *rest = value` with the list of all that goes to `rest` as one item."""
        starred = target.items[place]
        assert isinstance(starred, Display)
        items = self.items_of(value, target)
        after = len(target.items) - place - 1
        middle = items[place : len(items) - after]
        if len(items) < place + after:
            return target, Display("tuple", items)  # too few: refused by its count
        form = Form("list", list, tuple(range(len(middle))), starred.at)
        names_ = (*target.items[:place], starred.items[0], *target.items[place + 1 :])
        whole = (*items[:place], Display("tuple", middle, value_at(value), form), *items[len(items) - after :])
        return replace(target, items=names_), Display("tuple", whole)

    def check_count(self, array: Expr, wanted: int, type_: Type) -> None:
        """Raise where an array has more or fewer elements than there are names, as Python does: where only the run
        tells how many there are."""
        if isinstance(type_, Tup) or (
            isinstance(type_, Num) and (not type_.shape or isinstance(type_.shape[0].token, int))
        ):
            return
        with self.under_names((array,)) as names_:
            differs = Call(Object(operator.ne, "!="), (Call(Object(len, "len"), tuple(names_)), Const(wanted)))
            message = Const(f"expected {wanted} values to unpack")
            failure = Raise(Call(Object(ValueError, "ValueError"), (message,)), None)
            self.state.out.extend(self.run((If(differs, (failure,), ()),)))

    def width(self, target: Display, value: Expr) -> int:
        type_ = self.typed(value)
        if isinstance(type_, Tup):
            return len(type_.items)
        unknown = isinstance(type_, Num) and type_.shape and not isinstance(type_.shape[0].token, int)
        if unknown or isinstance(type_, ListOf):
            return len(target.items)
        if isinstance(type_, Num) and type_.shape:
            return int(str(type_.shape[0].token))
        raise TypeProblem(
            UnsupportedSyntax,
            "unpacking an array of unknown length",
            "whether there are as many elements as names is known only when the program runs",
            "index the elements: a = x[0]; b = x[1]",
            getattr(value, "at", None) or target.at,
        )

    def update(self, s: Update) -> None:
        if isinstance(s.target, Attr | Item) and self.is_record_place(s.target):
            self.update_part(s, s.target)
            return
        if isinstance(s.target, Item) and any(isinstance(part, Call) for part in subexprs(s.target)):
            self.expr(s.target.index)  # the effects in a place come before those in the value
        read = isinstance(s.target, Name) or self.is_element(s.target)  # (else a part that is updated in place)
        current = self.expr(s.target) if read else None
        mark = self.here_now(s.value)
        value = self.expr(s.value)
        if isinstance(s.target, Item) or self.is_array(current):
            value = self.as_content(value)
        elif isinstance(value, Display) and not isinstance(self.typed(self.expr(s.target)), Tup):
            self.check_written(self.typed(value), s.target, Static(None))
        current = value if current is None else current
        (first,) = self.read_before([current], mark) if read and not isinstance(current, Display) else (current,)
        if first != current:  # the value changes what is updated, which is read first
            if isinstance(old := self.typed(first), Num) and old.ndim != 0:
                raise TypeProblem(
                    UnsupportedMutation,
                    "an update by a call that gives the name of the array to another one",
                    "the array that the name meant before is the one that is written into",
                    "call the function before, in a statement of its own",
                    s.target.at,
                )
            self.assign(s.target, Call(s.op, (first, value), at=s.target.at))
            return
        if isinstance(s.target, Item):
            self.update_items(self.item(s.target), s.op, value)
            return
        if isinstance(current, Display) and isinstance(s.target, Name):
            self.update_sequence(s.target, s.op, current, value)
            return
        call = Call(s.op, (current, value), at=s.target.at)
        before, after = self.typed(current), self.typed(call)
        assert isinstance(s.target, Name)
        if not (isinstance(before, Num) and isinstance(after, Num) and isinstance(current, Name)):
            self.assign_name(s.target.id, call)
            return
        if before.boxed:
            raise TypeProblem(
                AmbiguousAlias,
                f"`{s.target.id}` is a 0-d array that is updated in place",
                "NumPy writes into the array, under all its names, where a number is replaced",
                "pass a number: float(...)",
                s.target.at,
            )
        own = self.own(s.target.id)
        in_place = before.ndim is None or before.ndim > 0
        if in_place:
            check_real_place(before, after, s.target)
        if current.id == own and (in_place or (before.ndim == 0 and after.ndim == 0)):
            self.state.emit(Update(Name(own), s.op, value))
            if not in_place:
                self.state.env[own] = after
        elif in_place:  # a parameter of an inlined callee that stands for the caller's own array
            self.state.emit(Update(current, s.op, value))
        else:
            self.bind(own, call)

    def is_element(self, target: Expr) -> bool:
        """Whether a place is one number of an array."""
        if not isinstance(target, Item) or isinstance(self.type_apart(target.base), Tup):
            return False
        type_ = self.type_apart(target)
        return isinstance(type_, Num) and type_.ndim == 0

    def update_items(self, target: Item, op: Object, value: Expr) -> None:
        """`target op= value`; of an element that an array of places names several times the last result stays."""
        fancy = self.fancy(target.index)
        if fancy is None:
            place = self.place(target)
            check_real_place(self.typed(place), self.typed(Call(op, (place, value), at=target.at)), target)
            self.state.emit(Update(place, op, value))
        elif op.value in (operator.add, operator.sub) and self.is_mask(fancy):
            self.add_at(target, op, value)
        else:
            fancy = self.held(fancy)
            part = Call(GETITEM, (whole(self.written_array(target)), fancy), at=target.at)
            self.write(replace(target, index=fancy), Call(op, (part, value), at=target.at))
