"""Kinds of numbers that are named by Python's own classes, in text for Numba, which knows those of NumPy.

in:   np.zeros(n, dtype=bool)            out:  np.zeros(n, dtype=np.bool_)
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..ir.nodes import Block, Call, Expr, Function, Object
from ..ir.walk import is_call_of, map_stmt, rebuild

_KINDS = {
    bool: Object(np.bool_, "np.bool_"),
    int: Object(np.int64, "np.int64"),
    float: Object(np.float64, "np.float64"),
}
_MAKERS = (
    *(np.zeros, np.ones, np.empty, np.full, np.arange, np.array, np.asarray),
    *(np.zeros_like, np.ones_like, np.empty_like, np.full_like),
)


def of_numpy(function: Function) -> Function:
    """The function with such arguments of what makes arrays named as Numba has them."""
    return replace(function, body=_block(function.body))


def _block(block: Block) -> Block:
    return tuple(map_stmt(s, _named, _block) for s in block)


def _named(e: Expr) -> Expr:
    e = rebuild(e, _named)
    if not isinstance(e, Call) or not is_call_of(e, *_MAKERS):
        return e
    args = (*e.args[:1], *map(_kind, e.args[1:]))
    return replace(e, args=args, kwargs=tuple((k, _kind(v) if k == "dtype" else v) for k, v in e.kwargs))


def _kind(e: Expr) -> Expr:
    return _KINDS.get(e.value, e) if isinstance(e, Object) and isinstance(e.value, type) else e
