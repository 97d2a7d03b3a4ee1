"""Functions that go through elements whose number only the run knows: `filter`, `reduce` and those of itertools.

in:   total = reduce(f, x, 1.0)          out:  total = 1.0
                                               for k in range(len(x)):
                                                   total = f(total, x[k])

Each takes all elements at once; loops over `map` and `filter` are another matter (generators.py).
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from typing import Any

from ..errors import UnsupportedCall
from ..ir.nodes import Block, Call, Const, Display, Expr, Item, Name, Object
from ..rules.typing import TypeProblem
from .forms import ADD
from .iteration import LEN, ONE, RANGE, ZERO
from .orders import Orders

_GREATER = Object(operator.gt, ">")
_OVER = (filter, functools.reduce, itertools.accumulate)


class Folds(Orders):
    """What one function does with all elements of something."""

    def special_call(self, function: Any, e: Call) -> Expr | None:
        if function in (sum, math.prod) and e.args and self.start_of(e) is not None:
            return self.from_start(function, e)
        if (
            function in _OVER
            and e.args
            and self.items_apart(e.args[0 if function is itertools.accumulate else 1]) is None
        ):
            return self.over(function, e)
        if function is itertools.accumulate and "initial" in dict(e.kwargs):
            return self.over(function, e)
        if function is itertools.chain and not e.kwargs:
            return self.chained(e.args, e)
        if function == itertools.chain.from_iterable and len(e.args) == 1:
            return self.flattened(e)
        if function is itertools.product:
            return self.product(e)
        return super().special_call(function, e)

    def items_apart(self, raw: Expr) -> list[Expr] | None:
        """The elements, if they are known one by one, without emitting anything."""
        with self.on_trial():
            return self.items_or_none(raw)

    def start_of(self, e: Call) -> Expr | None:
        return e.args[1] if len(e.args) == 2 else dict(e.kwargs).get("start")

    def from_start(self, function: Any, e: Call) -> Expr:
        """`sum(xs, start)`."""
        start = self.start_of(e)
        assert start is not None
        text = "sum" if function is sum else "math.prod"
        op = ADD if function is sum else Object(operator.mul, "*")
        whole = Call(Object(function, text), e.args[:1], at=e.at)
        first = self.atom(self.expr(start), "start")
        with self.under_names((first,)) as names:
            return self.expr(Call(op, (names[0], whole), at=e.at))

    def over(self, function: Any, e: Call) -> Expr:
        options = dict(e.kwargs)
        if function is filter:
            return self.filtered(e)
        if function is functools.reduce:
            called, raw = self.expr(e.args[0]), e.args[1]
            initial = self.expr(e.args[2]) if len(e.args) > 2 else None
            if "initial" in options:
                initial = self.expr(options["initial"])
            return self.reduced(called, self.as_held(self.elements_at_once(raw)), initial, e)
        called = self.expr(e.args[1] if len(e.args) > 1 else options.get("func", ADD))
        raw_initial = options.get("initial")
        initial = None if raw_initial is None else self.expr(raw_initial)
        return self.accumulated(called, self.as_held(self.elements_at_once(e.args[0])), initial, e)

    def filtered(self, e: Call) -> Name:
        called, source = self.expr(e.args[0]), self.elements_at_once(e.args[1])
        home = self.new_list()

        def body(item: Expr) -> None:
            item = self.atom(item, "item") if isinstance(item, Item) else item
            test = self.tested(item if called == Const(None) else self.apply(called, (item,), e.at))

            def inside() -> Block:
                with self.state.collect() as out:
                    self.put_in(home, item)
                return tuple(out)

            self.forked(test, inside, lambda: ())

        self.each(source, body)
        return home

    def reduced(self, called: Expr, held: Name, initial: Expr | None, e: Call) -> Expr:
        name = self.state.fresh("total")
        start: Expr = ZERO
        if initial is None:
            initial, start = Item(held, ZERO), ONE
        self.bind(name, initial)

        def step(k: Expr) -> None:
            total = self.state.expanded(name, self.state.env[name])
            self.bind(name, self.apply(called, (total, Item(held, k)), e.at))

        self.each(Call(RANGE, (start, Call(LEN, (held,)))), step)
        return self.state.expanded(name, self.state.env[name])

    def accumulated(self, called: Expr, held: Name, initial: Expr | None, e: Call) -> Expr:
        home, name = self.new_list(), self.state.fresh("total")

        def step(k: Expr) -> None:
            self.bind(name, self.apply(called, (Name(name), Item(held, k)), e.at))
            self.put_in(home, Name(name))

        def steps(start: Expr, first: Expr) -> None:
            self.bind(name, first)
            self.put_in(home, Name(name))
            self.each(Call(RANGE, (start, Call(LEN, (held,)))), step)

        if initial is not None:
            steps(ZERO, initial)
            return home

        def inside() -> Block:
            with self.state.collect() as out:
                steps(ONE, Item(held, ZERO))
            return tuple(out)

        self.forked(Call(_GREATER, (Call(LEN, (held,)), ZERO)), inside, lambda: ())
        return home

    def chained(self, parts: tuple[Expr, ...], e: Call) -> Expr:
        found = [self.items_apart(p) for p in parts]
        if all(items is not None for items in found):
            items = [i for p in parts for i in self.items_or_none(p) or []]
            return Display("tuple", tuple(items), e.at)
        home = self.new_list()
        for part in parts:
            self.each(self.elements_at_once(part), lambda item: self.put_in(home, item))
        return home

    def flattened(self, e: Call) -> Expr:
        home = self.new_list()
        source = self.elements_at_once(e.args[0])
        self.each(source, lambda row: self.each(row, lambda item: self.put_in(home, item)))
        return home

    def product(self, e: Call) -> Expr:
        """`itertools.product`: of elements that are known one by one. (Others in a loop: generators.py.)"""
        repeat = self.expr(dict(e.kwargs).get("repeat", ONE))
        columns = [self.items_apart(a) for a in e.args]
        if any(c is None for c in columns) or not isinstance(repeat, Const):
            raise TypeProblem(
                UnsupportedCall,
                "`itertools.product` over elements whose number is not known, other than as what a loop runs over",
                "its elements are tuples, whose number only the run knows",
                "write nested loops",
                e.at,
            )
        known = [list(map(self.shared, self.items_or_none(a) or [])) for a in e.args] * repeat.value
        return Display("tuple", tuple(Display("tuple", row) for row in itertools.product(*known)), e.at)
