"""Comprehensions that assign variables of the function (`:=`) as the loops that they stand for.

in:   ys = [w for v in x if (w := v * v) > a]
out:  gathered = []
      for v in x:
          w = v * v
          if w > a:
              gathered.append(w)
      ys = gathered
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import NamedTuple

from ..ir.nodes import (
    Assign,
    Attr,
    Block,
    Break,
    Call,
    Const,
    Display,
    Effect,
    Expr,
    For,
    If,
    Name,
    Object,
    Span,
    Stmt,
)

Apart = tuple[Expr, tuple[Stmt, ...]]  # an expression, and what has to run before it

# They take all elements before they do anything else, so that a list is as good.
_TAKE_ALL = (sum, min, max, list, tuple, sorted, math.prod, math.fsum)


class Turn(NamedTuple):
    """`for target in over if condition ...`, with what each condition assigns."""

    target: Expr
    over: Expr
    conditions: tuple[Apart, ...]

    @property
    def assigns(self) -> bool:
        return any(ahead for _, ahead in self.conditions)


class Loop(NamedTuple):
    """Statements, and the variable in which they leave what the comprehension is."""

    statements: list[Stmt]
    result: Name


def as_loop(
    kind: str, taken_by: Expr | None, turns: list[Turn], element: Apart, fresh: Callable[[str], str], span: Span
) -> Loop | None:
    """The loop of a list comprehension, or of a generator expression given to a function that takes all of it, or as
    much as `any` and `all` do; None for any other, whose elements are computed when somebody asks for them."""
    function = taken_by.value if isinstance(taken_by, Object) else None
    if kind == "list" or (kind == "generator" and any(function is f for f in _TAKE_ALL)):
        made = Name(fresh("gathered"), span)
        append = Effect(Call(Attr(made, "append", span), (element[0],), (), span))
        return Loop([Assign(made, Display("list", (), span)), *_nested(turns, (*element[1], append))], made)
    if kind == "generator" and leaves_early(taken_by) and len(turns) == 1:
        held = Name(fresh("held"), span)
        leave: Block = (Assign(held, Const(function is builtins.any)), Break())
        test = (*element[1], If(element[0], *((leave, ()) if function is builtins.any else ((), leave))))
        found = [Assign(held, Const(function is builtins.all)), *_nested(turns, test)]
        return Loop(found, held)
    return None


def leaves_early(function: Expr | None) -> bool:
    """Whether it is `any` or `all`: their loop leaves where they do, with the value that they have."""
    return isinstance(function, Object) and (function.value is builtins.any or function.value is builtins.all)


def _nested(turns: list[Turn], body: Block) -> Block:
    """`for` in `for`, the tests of each inside of it."""
    for turn in reversed(turns):
        for test, ahead in reversed(turn.conditions):
            body = (*ahead, If(test, body))
        body = (For(turn.target, turn.over, body),)
    return body
