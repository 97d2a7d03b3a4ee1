"""How much there is to do in a loop, as far as its text tells.

Starting a loop on several cores costs some microseconds each time, and compiling it most of a second. Beside loops that
are nested deeper, one with a few sums and products in each trip is worth neither.

in:   for t in range(steps):
          for i in range(n):                              depth 3
              for j in range(n): ...
          for i in range(n):                              depth 2, and slight
              for k in range(3): x[i, k] += dt * v[i, k]
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence

import numpy as np

from .. import runtime
from ..ir.nodes import Assign, Call, Comment, Const, Expr, For, If, Item, Name, Object, Stmt, Update, While
from ..ir.types import Type
from ..ir.walk import expressions, names, paths, statements, subexprs
from ..normalise.iteration import range_bounds
from ..rules.typing import Typer
from .failing import is_number

# What takes a cycle or a few. (A logarithm takes twenty, and is worth starting a loop for.)
_SLIGHT = (
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.neg, operator.pos),
    *(abs, math.fabs, np.absolute, runtime.added, float, int, len, range, np.ndarray.shape),
)


def depth(s: For, around: Sequence[For | While]) -> int:
    """How many loops are in each other here, at most: around it, itself and inside; those with a known, that is small,
    number of trips not counted."""
    inside = (sum(_is_long(i) for i in (*path, last)) for last, path in paths(s.body))
    return sum(map(_is_long, around)) + _is_long(s) + max(inside, default=0)


def _is_long(s: Stmt) -> bool:
    match s:
        case For(iter=Call() as trips):
            return not all(isinstance(bound, Const) for bound in range_bounds(trips))
        case While():
            return True
    return False


def as_large(s: For, array: str) -> bool:
    """Whether the trips add to about as many elements of an array as there are trips, those of loops inside counted.

    Partial sums for each chunk would cost many times what the loop does: a stencil's `v_bar[i - 1, j] += ...`.
    """
    loops = (i for i in (s, *statements(s.body)) if isinstance(i, For) and _is_long(i))
    counters = {i.target.id for i in loops if isinstance(i.target, Name)}
    items = (i.target for i in statements(s.body) if isinstance(i, Update))
    used = [_counted(i.index, counters) for i in items if isinstance(i, Item) and i.base == Name(array)]
    return max(used, default=0) >= depth(s, ())


def _counted(index: Expr, counters: set[str]) -> int:
    """How many counters an index is made of; of `places[i]`, which may be few, none."""
    return 0 if any(isinstance(part, Item) for part in subexprs(index)) else len(names(index) & counters)


def is_slight(s: For, types: dict[str, Type]) -> bool:
    """Whether the trips have nothing but a few sums and products of numbers in them, and loops over such."""
    typer = Typer(types)
    return all(_is_slight(i, typer) for i in statements(s.body))


def _is_slight(s: Stmt, typer: Typer) -> bool:
    match s:
        case Assign(target=target) | Update(target=target):
            known = is_number(target, typer) and is_number(s.value, typer)
        case _:
            known = isinstance(s, For | If | Comment)
    return known and all(_calls_slight(part) for e in expressions(s) for part in subexprs(e))


def _calls_slight(e: Expr) -> bool:
    return not isinstance(e, Call) or (isinstance(e.func, Object) and any(e.func.value is f for f in _SLIGHT))
