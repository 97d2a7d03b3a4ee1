"""Expressions of which only a part is evaluated, made core.

in:   y = f(x) if x > 0.0 else 1.0     out:  if x > 0.0: chosen = ...; else: chosen = 1.0; y = chosen
      a or b  (numbers)                      a if a else b

A side that needs statements makes the whole an `if`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..ir.nodes import Block, Choice, Display, Expr, If, Logic
from ..ir.types import ListOf, Num, Static, Type
from ..ir.walk import ends_in_raise
from ..rules.typing import TypeProblem
from .effects import Once
from .exits import negated
from .groups import NotYet
from .state import Env, merge


class Lazy(Once):
    """The part of the rewriter that reads `a if test else b`, `and` and `or`."""

    def expr(self, e: Expr) -> Expr:
        raise NotImplementedError

    def known(self, test: Expr) -> bool | None:
        raise NotImplementedError

    def here_now(self, item: Expr) -> tuple[int, Env]:
        raise NotImplementedError

    def read_before(self, values: list[Expr], mark: tuple[int, Env]) -> list[Expr]:
        raise NotImplementedError

    def bind(self, name: str, value: Expr) -> None:
        raise NotImplementedError

    def choice(self, e: Choice) -> Expr:
        test = self.tested(self.expr(e.test))
        known = self.known(test)
        if known is not None:
            return self.expr(e.then if known else e.other)
        (then, then_out), (other, other_out) = self.side(e.then), self.side(e.other)
        if then is None or other is None:
            return self.one_side(test, (then, then_out), (other, other_out))
        arrays = any(
            isinstance(t := self.typed(s), ListOf) or (isinstance(t, Num) and t.is_array) for s in (then, other)
        )
        if not then_out and not other_out and not isinstance(then, Display) and not arrays:
            return Choice(test, then, other, e.at)
        return self._as_if(test, (then, then_out), (other, other_out), "chosen")

    def logic(self, e: Logic) -> Expr:
        values = list(e.values)
        if any(isinstance(t := self.type_apart(v), Num) and t.is_inexact for v in values):
            return self._logic_of_numbers(e)
        result = self.tested(self.expr(values[0]))
        for value in values[1:]:
            known = self.known(result)
            if known is not None:
                result = self.tested(self.expr(value)) if known == (e.op == "and") else result
                continue
            right, out = self.side(value, lambda v: self.tested(self.expr(v)))
            if right is None:
                if out:
                    result = self.atom(result, "holds")
                    self.state.emit(If(result if e.op == "and" else negated(result), out))
                continue
            if out:
                first = self.atom(result, "holds")
                sides = ((right, out), (first, ()))
                then, other = sides if e.op == "and" else sides[::-1]
                result = self._as_if(first, then, other, "holds")
            elif isinstance(result, Logic) and result.op == e.op:
                result = replace(result, values=(*result.values, right))
            else:
                result = Logic(e.op, (result, right), e.at)
        return result

    def type_apart(self, e: Expr) -> Type:
        """The type of an expression without emitting anything; a problem in it is met again when it is written."""
        mark, done, reachable = self.state.snapshot(), dict(self.done), self.state.reachable
        with self.state.collect():
            try:
                return self.typed(self.expr(e))
            except (TypeProblem, NotYet):
                return Static(None)
            finally:
                self.state.restore(mark)
                self.done, self.state.reachable = done, reachable

    def _logic_of_numbers(self, e: Logic) -> Expr:
        """`a or b` of numbers is one of the numbers: `a if a else b`, where `b` is evaluated only if it is asked."""
        if len(e.values) == 1:
            return self.expr(e.values[0])
        first = self.atom(self.expr(e.values[0]), "first")
        rest, out = self.side(replace(e, values=e.values[1:]), self._logic_of_numbers)
        if rest is None:
            if out:
                self.state.emit(If(first if e.op == "and" else negated(first), out))
            return first
        chosen: tuple[Expr, Block] = (first, ())
        then, other = (chosen, (rest, out)) if e.op == "or" else ((rest, out), chosen)
        return self._as_if(first, then, other, "chosen") if out else Choice(first, then[0], other[0], e.at)

    def tested(self, e: Expr) -> Expr:
        """A value as a condition."""
        return e

    def side(self, e: Expr, read: Callable[[Any], Expr] | None = None) -> tuple[Expr | None, Block]:
        """One side of a choice, with what has to run before it. Its value is None where nothing is known of it yet, or
        where what runs before it ends in an exception."""
        reachable = self.state.reachable
        with self.state.collect() as out:
            try:
                value = (read or self.expr)(e)
            except NotYet:
                self.state.reachable = reachable
                return None, tuple(out) if ends_in_raise(tuple(out)) else ()
        return value, tuple(out)

    def one_side(self, test: Expr, then: tuple[Expr | None, Block], other: tuple[Expr | None, Block]) -> Expr:
        """A choice of which one side has no value: the other one is all that is known, if there is one."""
        if then[0] is None and other[0] is None:
            if then[1] and other[1]:
                self.state.emit(If(test, then[1], other[1]))
            raise NotYet
        if then[0] is None and then[1]:
            self.state.emit(If(test, then[1]))
        if other[0] is None and other[1]:
            self.state.emit(If(negated(test), other[1]))
        value, out = then if then[0] is not None else other
        assert value is not None
        for s in out:
            self.state.emit(s)
        return value

    def _as_if(self, test: Expr, then: tuple[Expr, Block], other: tuple[Expr, Block], wish: str) -> Expr:
        """A choice whose sides need statements, as an `if`."""
        name = self.state.fresh(wish)
        branches = []
        for value, out in (then, other):
            with self.state.collect() as block:
                block.extend(out)
                self.bind(name, value)
            branches.append((tuple(block), self.state.env[name]))
        self.state.emit(If(test, branches[0][0], branches[1][0]))
        self.state.env.update(merge({name: branches[0][1]}, {name: branches[1][1]}))
        return self.state.expanded(name, self.state.env[name])
