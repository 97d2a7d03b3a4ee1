"""What puts items in order, or chooses one of them: `sorted`, `xs.sort`, `min` and `max` with a key.

in:   ys = sorted(x, key=abs)            out:  keys = ...                      # abs of each
                                               order = np.argsort(keys, kind="mergesort")
                                               for k in range(len(x)):
                                                   ys.append(x[order[k]])

The order is a constant: the derivative of a sorted list is that of the items, each at its place. A key is compared and
nothing else.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..errors import UnsupportedCall
from ..ir.nodes import Assign, Attr, Call, Comprehension, Const, Display, Expr, Item, Name, Object, Slice
from ..ir.types import Num, describe
from ..rules.typing import TypeProblem
from .classes import sequence
from .iteration import LEN, ONE, RANGE, SUB, ZERO, minus, static_items
from .lists import is_dynamic
from .literals import literal
from .totals import Totals

ARGSORT = Object(np.argsort, "np.argsort")
_GREATER = Object(operator.gt, ">")
_CHOOSERS = {max: np.argmax, min: np.argmin}


class Orders(Totals):
    """The orders of one function."""

    def of_list(self, base: Expr, e: Call, attr: Attr) -> Expr:
        if attr.name == "sort" and not e.args:
            self.sort(self.list_name(base), dict(e.kwargs), e)
            return Const(None)
        return super().of_list(base, e, attr)

    def special_call(self, function: Any, e: Call) -> Expr | None:
        if function is sorted and len(e.args) == 1:
            return self.ordered(e)
        if function in _CHOOSERS and len(e.args) == 1 and e.kwargs:
            return self.chosen(function, e)
        return super().special_call(function, e)

    def sort(self, held: Name, options: dict[str, Expr], e: Call) -> None:
        """`xs.sort(key=..., reverse=...)`."""
        self.check_at_rest(held, e)
        self.check_numbers(held, e)
        order = self.order_of(held, options, e)
        old = self.copy_of(held)

        def put(k: Name) -> None:
            self.state.emit(Assign(Item(held, k), Item(old, Item(order, k))))

        self.counted(ZERO, Call(LEN, (held,)), ONE, put)

    def ordered(self, e: Call) -> Expr:
        """`sorted(...)`: a new list."""
        options = dict(e.kwargs)
        source = self.elements_at_once(e.args[0])
        items = static_items(self, source)
        if items is not None and (found := self.order_of_literals(items, options, e)) is not None:
            return found
        held = self.as_held(source)
        order = self.order_of(held, options, e)
        home = self.new_list()
        count = Call(RANGE, (Call(LEN, (held,)),))
        self.each(count, lambda k: self.put_in(home, Item(held, Item(order, k))))
        return home

    def elements_at_once(self, raw: Expr) -> Expr:
        """What a raw expression gives, all of it evaluated."""
        if isinstance(raw, Comprehension):
            return self.source(raw)
        found = self.listed_anew(raw, Call(Object(list, "list"), (raw,))) if isinstance(raw, Call) else None
        return found if found is not None else self.source(raw)

    def as_held(self, source: Expr) -> Name:
        """The elements as a list or array in a variable."""
        items = static_items(self, source)
        if items is not None:
            return self.made(items)
        type_ = self.typed(source)
        if isinstance(type_, Num) and type_.ndim:
            held = self.atom(source, "values")
            assert isinstance(held, Name)
            return held
        return self.list_name(source) if is_dynamic(type_) else self.copy_of(source)

    def order_of_literals(self, items: list[Expr], options: dict[str, Expr], e: Call) -> Expr | None:
        """The items in order where literals tell it; None where they do not."""
        key = self.expr(options.get("key", Const(None)))
        backwards = self.known(self.expr(options.get("reverse", Const(False))))
        with self.state.collect() as out:
            found = [i if key == Const(None) else self.apply(key, (i,), e.at) for i in items]
        keys = [self.of_literals(k) for k in found]
        if out or backwards is None or set(options) - {"key", "reverse"} or None in keys:
            return None
        try:
            order = sorted(range(len(items)), key=keys.__getitem__, reverse=backwards)
        except TypeError:
            return None
        return sequence(tuple(items[k] for k in order), True, e)

    def of_literals(self, e: Expr) -> Any:
        """The number, text or tuple of these that is written out here; of a pair of a text and a value, the text."""
        if not isinstance(e, Display):
            return literal(e)
        first = [self.of_literals(i) for i in e.items]
        return tuple(first) if first and None not in first else None

    # ------------------------------------------------------------------------------------------------ what decides

    def keys_of(self, held: Name, options: dict[str, Expr], e: Call) -> Expr:
        """What the items are compared by, as an array."""
        called = self.expr(options.get("key", Const(None)))
        keys: Expr = held
        if called != Const(None):
            made = self.new_list(self.state.fresh("keys"))
            self.each(held, lambda item: self.put_in(made, self.apply(called, (item,), e.at)))
            keys = made
        if is_dynamic(self.typed(keys)):
            keys = self.as_array(keys)
        type_ = self.typed(keys)
        if not isinstance(type_, Num) or type_.ndim != 1 or type_.is_complex:
            raise TypeProblem(
                UnsupportedCall,
                f"an order by the rows of a {describe(type_)}",
                "items are put in order by numbers",
                "give a key= that returns a number",
                e.at,
            )
        return self.atom(keys, "keys")

    def order_of(self, held: Name, options: dict[str, Expr], e: Call) -> Expr:
        """The places of the items in the order that Python's stable sort gives them."""
        backwards = self.known(self.expr(options.get("reverse", Const(False))))
        if backwards is None or set(options) - {"key", "reverse"}:
            raise TypeProblem(
                UnsupportedCall,
                "`reverse=` of a sort, as the run decides",
                "the order is written in one direction",
                "write an `if` around two calls",
                e.at,
            )
        keys = self.keys_of(held, options, e)
        kind = (("kind", Const("mergesort")),)  # the stable one, under Numba too
        if not backwards:
            return self.atom(Call(ARGSORT, (keys,), kind), "order")
        turned = Slice(None, None, Const(-1))
        last_first = Item(Call(ARGSORT, (Item(keys, turned),), kind), turned)
        return self.atom(Call(SUB, (minus(Call(LEN, (keys,)), ONE), last_first)), "order")

    def chosen(self, function: Any, e: Call) -> Expr:
        """`max` or `min` of one iterable, with a key or a default."""
        options = dict(e.kwargs)
        if set(options) - {"key", "default"}:
            return self._checked(e)  # raises
        held = self.as_held(self.elements_at_once(e.args[0]))
        pick = Object(_CHOOSERS[function], f"np.{_CHOOSERS[function].__name__}")

        def found() -> Expr:
            place = self.atom(Call(pick, (self.keys_of(held, options, e),)), "place")
            item = self.state.fresh("item")
            self.bind(item, Item(held, place))
            return self.state.expanded(item, self.state.env[item])

        if "default" not in options:
            return found()
        default = self.expr(options["default"])
        if (known := self.state.env.get(held.id)) is not None and getattr(known, "item", known) is None:
            return default  # nothing is put into it on any way
        test = Call(_GREATER, (Call(LEN, (held,)), ZERO))
        then, other = self.side(default, lambda _: found()), self.side(default, lambda e: e)
        return self._as_if(test, then, other, "chosen")
