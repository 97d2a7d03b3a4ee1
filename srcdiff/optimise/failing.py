"""Whether a trip of a loop may end with an exception when Numba runs it: an index outside of its array, shapes that do
not fit.

in:   for i in range(len(x)): y[i] = x[i] * x[i]          out:  `y` may be shorter: it may
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator

import numpy as np

from ..analysis.dependence import At
from ..ir.nodes import Assign, Call, Expr, For, Item, Object, Stmt, Update, While
from ..ir.types import Num
from ..ir.walk import children, expressions, is_call_of, statements
from ..rules.problem import TypeProblem
from ..rules.typing import Typer
from .inside import Indices

# These always have a result in compiled code, which divides numbers by zero as NumPy does.
_SHAPES = (len, np.ndarray.shape, np.ndarray.size, np.ndarray.ndim)
_TOTAL = (*_SHAPES, abs, min, max, float, int, bool, round, range, list.append, list.pop)
_PARTIAL = (math.factorial, math.comb, math.perm, operator.getitem)


def may_fail(s: For, around: tuple[For | While, ...], indices: Indices) -> bool:
    """Whether a trip of a loop, which is inside of others, may raise an exception."""
    way = (*(At(0, loop) for loop in around), At(0, s))
    typer = Typer(indices.types)
    return not indices.block(s.body, way) or not all(_always(i, typer) for i in statements(s.body))


def _always(s: Stmt, typer: Typer) -> bool:
    """Whether a statement surely does what it says, as long as its indices are inside of their arrays."""
    written = isinstance(s, Update) or (isinstance(s, Assign) and isinstance(s.target, Item))
    if written and isinstance(s, Assign | Update) and not is_number(s.target, typer):
        return False
    return all(_is_total(part, typer) for e in expressions(s) for part in _parts(e))


def _parts(e: Expr) -> Iterator[Expr]:
    yield e
    if not is_call_of(e, *_SHAPES):
        for child in children(e):
            yield from _parts(child)


def _is_total(e: Expr, typer: Typer) -> bool:
    if not isinstance(e, Call):
        return True
    if not isinstance(e.func, Object) or any(e.func.value is f for f in _PARTIAL):
        return False
    if is_call_of(e, *_TOTAL):
        return True
    f = e.func.value
    plain = isinstance(f, np.ufunc) or getattr(f, "__module__", None) in ("math", "_operator")
    return plain and all(is_number(a, typer) for a in e.args)


def is_number(e: Expr, typer: Typer) -> bool:
    """Whether an expression is known to be no array."""
    try:
        type_ = typer(e)
    except TypeProblem:
        return False
    return isinstance(type_, Num) and type_.ndim == 0
