"""`np.r_[...]` and `np.c_[...]` as the functions that join arrays.

in:   np.r_[0.0, x]            out:  np.hstack([0.0, x])
      np.c_[np.ones(n), x]           np.column_stack([np.ones(n), x])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import UnsupportedSyntax
from ..ir.nodes import Call, Const, Display, Expr, Item, Object, Slice
from ..ir.types import Num, Type
from ..rules.stacking import as_array
from ..rules.typing import TypeProblem

MAKERS = (np.r_, np.c_)
_HSTACK, _CONCATENATE = Object(np.hstack, "np.hstack"), Object(np.concatenate, "np.concatenate")
_COLUMN_STACK = Object(np.column_stack, "np.column_stack")


def parts(e: Item) -> tuple[Expr, ...]:
    """What stands between the brackets."""
    return e.index.items if isinstance(e.index, Display) and e.index.kind == "tuple" else (e.index,)


def side_by_side(maker: Any, items: tuple[Expr, ...], typed: Callable[[Expr], Type], e: Item) -> Call:
    """The call that joins these items as `maker` does."""
    if any(isinstance(item, Slice) for item in items):
        raise _problem(maker, "a range", "write the range with np.arange or np.linspace", e)
    items = tuple(map(as_array, items))
    types = [typed(item) for item in items]
    ranks = {_rank(t) for t in types}
    made = Display("list", items, e.at)
    if maker is np.c_ and ranks <= {1, 2}:
        return Call(_COLUMN_STACK, (made,), (), e.at)
    if maker is np.r_ and ranks <= {0, 1} and not (0 in ranks and any(map(_is_single, types))):
        return Call(_HSTACK, (made,), (), e.at)
    if maker is np.r_ and len(ranks) == 1 and isinstance(rank := ranks.pop(), int) and rank > 1:
        return Call(_CONCATENATE, (made,), (("axis", Const(0)),), e.at)
    raise _problem(maker, "values of these kinds", "write it with np.concatenate or np.column_stack", e)


def _rank(type_: Type) -> int | None:
    return type_.ndim if isinstance(type_, Num) else None


def _is_single(type_: Type) -> bool:
    """Whether numbers beside this array would be rounded to its precision."""
    return isinstance(type_, Num) and type_.dtype in ("float32", "complex64")


def _problem(maker: Any, what: str, fix: str, e: Item) -> TypeProblem:
    columns = "it is followed where it joins vectors and matrices, as columns"
    rows = "it is followed where it joins vectors and numbers, in double precision, or arrays of as many axes each"
    name, why = ("np.c_", columns) if maker is np.c_ else ("np.r_", rows)
    return TypeProblem(UnsupportedSyntax, f"`{name}` with {what} between the brackets", why, fix, e.at)
