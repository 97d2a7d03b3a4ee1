"""Expressions of which only a part is evaluated, made core.

in:   y = f(x) if x > 0.0 else 1.0     out:  if x > 0.0: chosen = ...; else: chosen = 1.0; y = chosen
      a or b  (numbers)                      a if a else b

A side that needs statements makes the whole an `if`. Each side begins with what is known before it, and what is known
behind both is what both leave: a list that one side makes shorter is one of a length that only the run knows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, NamedTuple

from ..ir.nodes import Block, Choice, Display, Expr, If, Logic, Span
from ..ir.types import ListOf, Num, Static, Type
from ..ir.walk import ends_in_raise
from ..rules.typing import TypeProblem, Typer, settled
from .effects import Once
from .exits import negated
from .groups import NotYet
from .state import Env, merge


class Side(NamedTuple):
    """One side of a choice: its value, what has to run before it, and the types then. The value is None where nothing
    is known of it yet, or where what runs before it ends in an exception."""

    value: Expr | None
    out: Block
    env: Env

    @property
    def is_plain(self) -> bool:
        return not self.out and not isinstance(self.value, Display)


class Lazy(Once):
    """The part of the rewriter that reads `a if test else b`, `and` and `or`."""

    scope: dict[str, Expr]

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

    def given(self, test: Expr, truth: bool) -> AbstractContextManager[None]:  # noqa: ARG002
        """Expressions read inside are evaluated where a test has this truth."""
        return nullcontext()

    def choice(self, e: Choice) -> Expr:
        test = self.tested(self.expr(e.test))
        known = self.known(test)
        if known is not None:
            return self.expr(e.then if known else e.other)
        with self.given(test, True):
            then = self.side(e.then)
        with self.given(test, False):
            other = self.side(e.other)
        return self.chosen_of(test, then, other, "chosen", e.at)

    def chosen_of(self, test: Expr, then: Side, other: Side, wish: str, at: Span | None) -> Expr:
        """The value of a choice, with what its sides need emitted here."""
        if then.value is None or other.value is None:
            return self.one_side(test, then, other)
        if then.is_plain and other.is_plain and not self.are_arrays(then, other):
            self.state.env = merge(then.env, other.env)
            return Choice(test, then.value, other.value, at)
        return self._as_if(test, then, other, wish)

    def are_arrays(self, *sides: Side) -> bool:
        types = [settled(Typer(s.env)(s.value)) for s in sides if s.value is not None]
        return any(isinstance(t, ListOf) or (isinstance(t, Num) and t.is_array) for t in types)

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
            with self.given(result, e.op == "and"):
                right = self.side(value, lambda v: self.tested(self.expr(v)))
            if right.value is None or right.out:
                result = self.joined_by(e.op, self.atom(result, "holds"), right, "holds", e.at)
                continue
            self.state.env = merge(right.env, self.state.env)
            if isinstance(result, Logic) and result.op == e.op:
                result = replace(result, values=(*result.values, right.value))
            else:
                result = Logic(e.op, (result, right.value), e.at)
        return result

    def joined_by(self, op: str, first: Expr, right: Side, wish: str, at: Span | None) -> Expr:
        """`first and right` or `first or right`, as a choice of the two."""
        if right.value is None:
            if right.out:
                self.state.emit(If(first if op == "and" else negated(first), right.out))
            return first
        as_is = Side(first, (), dict(self.state.env))
        then, other = (right, as_is) if op == "and" else (as_is, right)
        return self.chosen_of(first, then, other, wish, at)

    @property
    def counters(self) -> Collection[str]:
        """Variables that are not below zero."""
        return self.state.counters

    def type_apart(self, e: Expr) -> Type:
        """The type of an expression without emitting anything; a problem in it is met again when it is written."""
        mark, done, reachable = self.state.snapshot(), dict(self.done), self.state.reachable
        env, scope, effects = dict(self.state.env), dict(self.scope), self.state.effects
        with self.state.collect():
            try:
                return self.typed(self.expr(e))
            except (TypeProblem, NotYet):
                return Static(None)
            finally:
                self.state.restore(mark)
                self.done, self.state.reachable = done, reachable
                self.state.env, self.scope, self.state.effects = env, scope, effects

    def _logic_of_numbers(self, e: Logic) -> Expr:
        """`a or b` of numbers is one of the numbers: `a if a else b`, where `b` is evaluated only if it is asked."""
        if len(e.values) == 1:
            return self.expr(e.values[0])
        first = self.atom(self.expr(e.values[0]), "first")
        rest = self.side(replace(e, values=e.values[1:]), self._logic_of_numbers)
        return self.joined_by(e.op, first, rest, "chosen", e.at)

    def tested(self, e: Expr) -> Expr:
        """A value as a condition."""
        return e

    def side(self, e: Expr, read: Callable[[Any], Expr] | None = None) -> Side:
        """One side of a choice. What it changes holds on this side only."""
        entry, reachable = self.state.env, self.state.reachable
        self.state.env = dict(entry)
        value: Expr | None = None
        with self.state.collect() as out:
            try:
                value = (read or self.expr)(e)
            except NotYet:
                self.state.reachable = reachable
                if not ends_in_raise(tuple(out)):
                    out.clear()
            finally:
                env, self.state.env = self.state.env, entry
        return Side(value, tuple(out), env)

    def one_side(self, test: Expr, then: Side, other: Side) -> Expr:
        """A choice of which one side has no value: the other one is all that is known, if there is one."""
        if then.value is None and other.value is None:
            if then.out and other.out:
                self.state.emit(If(test, then.out, other.out))
            raise NotYet
        if then.value is None and then.out:
            self.state.emit(If(test, then.out))
        if other.value is None and other.out:
            self.state.emit(If(negated(test), other.out))
        value, out, self.state.env = then if then.value is not None else other
        assert value is not None
        for s in out:
            self.state.emit(s)
        return value

    def _as_if(self, test: Expr, then: Side, other: Side, wish: str) -> Expr:
        """A choice whose sides need statements, as an `if`."""
        name = self.state.fresh(wish)
        sides: list[tuple[Block, Env]] = []
        for value, out, env in (then, other):
            assert value is not None
            self.state.env = env
            with self.state.collect() as block:
                block.extend(out)
                self.bind(name, value)
            sides.append((tuple(block), self.state.env))
        (then_out, then_env), (other_out, other_env) = sides
        self.state.emit(If(test, then_out, other_out))
        self.state.env = merge(then_env, other_env)
        return self.state.expanded(name, self.state.env[name])
