"""What is made of all elements of a list or generator: sums, products, `any` and `all`, in loops.

in:   s = sum(f(v) for v in x if v > 0.0)      out:  total = 0.0
                                                     for k in range(len(x)):
                                                         if x[k] > 0.0:
                                                             total += f(x[k])
                                                     s = total
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir.nodes import Block, Call, Comprehension, Const, Display, Expr, Name, Object, Update
from ..ir.types import Num, Type
from ..ir.walk import is_call_of
from .expressions import ADD
from .iteration import LEN, MUL
from .lists import is_dynamic
from .places import Places

_FIRST = {sum: (ADD, 0), math.fsum: (ADD, 0.0), math.prod: (MUL, 1)}


class Totals(Places):
    """What one function makes of all elements of its lists and generators."""

    def special_call(self, function: Any, e: Call) -> Expr | None:
        new = function is list or (function is tuple and e.args and self.is_long(e.args[0]))
        if new and len(e.args) == 1 and not e.kwargs and not self.is_generated:
            found = self.listed_anew(e.args[0], e)
            if found is not None:
                grown = function is tuple and isinstance(found, Name) and is_dynamic(self.typed(found))
                return self.as_tuple(found) if grown and isinstance(found, Name) else found
        if function in _FIRST and len(e.args) == 1 and not e.kwargs and self.is_gathered(e.args[0]):
            return self.total(function, e)
        if function in (any, all) and len(e.args) == 1 and self.is_gathered(e.args[0]):
            return self.some(function is any, e)
        return super().special_call(function, e)

    def is_gathered(self, raw: Expr) -> bool:
        """Whether this is a comprehension or a list, and how many elements it has is not known."""
        if is_call_of(raw, map):
            assert isinstance(raw, Call)
            return any(map(self.is_long, raw.args[1:]))
        return self.is_long(raw) if isinstance(raw, Comprehension) else is_dynamic(self.list_or_none(raw))

    def list_or_none(self, raw: Expr) -> Type | None:
        return None if isinstance(raw, Display) else self.type_apart(raw)

    def elements_of(self, raw: Expr, sink: Callable[[Expr], None]) -> None:
        if isinstance(raw, Comprehension):
            self.clauses(raw, lambda element: sink(self.expr(element)))
        else:
            self.each(self.expr(raw), sink)

    def total(self, function: Any, e: Call) -> Expr:
        """`sum` and its kind of a generator or list, in a loop."""
        op, start = _FIRST[function]
        name = self.state.fresh("total")

        def add(element: Expr) -> None:
            after = self.typed(Call(op, (Name(name), element), at=e.at))
            self.state.emit(Update(Name(name), op, element))
            self.state.env[name] = after

        with self.on_trial():  # tells what is added up
            self.bind(name, Const(start))
            self.elements_of(e.args[0], add)
            type_ = self.state.env[name]
        self.state.fresh.taken.add(name)
        if isinstance(type_, Num) and type_.is_array:
            array = self.as_array(
                self.grown(replace(e.args[0], kind="list"))
                if isinstance(e.args[0], Comprehension)
                else self.expr(e.args[0])
            )
            return self.expr_of(np.sum, (array,), (("axis", Const(0)),), e)
        self.bind(name, Const(float(start)) if isinstance(type_, Num) and type_.is_float else Const(start))
        self.elements_of(e.args[0], add)
        return Name(name)

    def expr_of(self, function: Any, args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...], e: Call) -> Expr:
        return self._checked(self._builtin(Call(Object(function, f"np.{function.__name__}"), args, kwargs, e.at)))

    def some(self, wanted: bool, e: Call) -> Expr:
        """`any` and `all`: the elements behind the one that decides are not evaluated."""
        name = self.state.fresh("holds")
        self.bind(name, Const(not wanted))
        undecided = Name(name) if not wanted else Call(Object(operator.not_, "not"), (Name(name),))

        def test(element: Callable[[], Expr]) -> None:
            def inside() -> Block:
                with self.state.collect() as out:
                    self.bind(name, Call(Object(bool, "bool"), (self.tested(element()),)))
                return tuple(out)

            self.forked(undecided, inside, lambda: ())

        if isinstance(e.args[0], Comprehension):
            self.clauses(e.args[0], lambda element: test(lambda: self.expr(element)))
        else:
            self.each(self.expr(e.args[0]), lambda element: test(lambda: element))
        return Name(name)

    def tested(self, e: Expr) -> Expr:
        if self.is_list_name(e):
            return Call(Object(operator.gt, ">"), (Call(LEN, (e,)), Const(0)))
        return e
