"""Values that are written out in a program, and what is decided by them when the derivative is written."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from ..ir.nodes import Call, Const, Display, Expr, Object, Slice


def literal(e: Expr) -> Any:
    """The number or string that is written out here, or None."""
    match e:
        case Const(value=value) | Object(value=value):
            return value if isinstance(value, int | float | str) else None
        case Call(func=Object(value=operator.neg), args=(a,)) if isinstance(value := literal(a), int | float):
            return -value
    return None


def sliced(*bounds: Expr) -> Slice:
    """`slice(stop)` or `slice(start, stop, step)`, None for what is left out."""
    given: list[Expr | None] = [None if b == Const(None) else b for b in bounds]
    lower, upper, step = [None, *given, None] if len(given) == 1 else [*given, None][:3]
    return Slice(lower, upper, step)


def decision(function: Any, args: Iterable[Expr]) -> Expr:
    """What a function that serves the rules returns for these literals (None stands for any other argument)."""
    found = function(*map(literal, args))
    return Display("tuple", tuple(map(Const, found))) if isinstance(found, tuple) else Const(found)
