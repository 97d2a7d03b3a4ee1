"""Kinds of numbers as Numba has them: named by NumPy's classes, and the same in all rows of a matrix.

in:   np.zeros(n, dtype=bool)                out:  np.zeros(n, dtype=np.bool_)
      np.array([[1.0, dt], [0, 1]])                np.array([[1.0, dt], [0.0, 1.0]])
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..ir.nodes import Block, Call, Const, Display, Expr, Function, Object
from ..ir.types import Num, Type
from ..ir.walk import is_call_of, map_stmt, rebuild
from ..rules.typing import Typer

_KINDS = {
    bool: Object(np.bool_, "np.bool_"),
    int: Object(np.int64, "np.int64"),
    float: Object(np.float64, "np.float64"),
}
_MAKERS = (
    *(np.zeros, np.ones, np.empty, np.full, np.arange, np.array, np.asarray),
    *(np.zeros_like, np.ones_like, np.empty_like, np.full_like),
)
_PYTHON: dict[str, type] = {"float64": float, "complex128": complex}


def of_numpy(function: Function, types: dict[str, Type]) -> Function:
    """The function with the arguments of what makes arrays as Numba has them."""
    typer = Typer(types)

    def named(e: Expr) -> Expr:
        e = rebuild(e, named)
        if not isinstance(e, Call) or not is_call_of(e, *_MAKERS):
            return e
        first = tuple(_of_one_kind(a, typer) if is_call_of(e, np.array, np.asarray) else a for a in e.args[:1])
        args = (*first, *map(_kind, e.args[1:]))
        return replace(e, args=args, kwargs=tuple((k, _kind(v) if k == "dtype" else v) for k, v in e.kwargs))

    def block(b: Block) -> Block:
        return tuple(map_stmt(s, named, block) for s in b)

    return replace(function, body=block(function.body))


def _kind(e: Expr) -> Expr:
    return _KINDS.get(e.value, e) if isinstance(e, Object) and isinstance(e.value, type) else e


def _of_one_kind(e: Expr, typer: Typer) -> Expr:
    """Rows of numbers that are written out, each as a list of its own: those that have no number of the kind of the
    others get one. (Within a row Numba finds the common kind itself.)"""
    rows = list(_rows(e))
    kinds = {n: _dtype(n, typer) for row in rows for n in row.items}
    if len(rows) < 2 or None in kinds.values():
        return e
    common = np.result_type(*(k for k in kinds.values() if k is not None)).name
    if common not in _PYTHON:
        return e
    return _changed(e, {row for row in rows if all(kinds[n] != common for n in row.items)}, _PYTHON[common])


def _rows(e: Expr) -> Iterator[Display]:
    """The innermost lists of a list of lists; nothing for a list of anything else."""
    if isinstance(e, Display) and e.items:
        if all(isinstance(item, Display) for item in e.items):
            for item in e.items:
                yield from _rows(item)
        else:
            yield e


def _dtype(e: Expr, typer: Typer) -> str | None:
    type_ = None if isinstance(e, Display) else typer(e)
    return type_.dtype if isinstance(type_, Num) and type_.ndim == 0 else None


def _changed(e: Expr, rows: set[Display], kind: type) -> Expr:
    if not isinstance(e, Display):
        return e
    if e not in rows:
        return replace(e, items=tuple(_changed(item, rows, kind) for item in e.items))
    known = [k for k, item in enumerate(e.items) if isinstance(item, Const)]
    which = known or [0]  # those that cost nothing
    items = list(e.items)
    for k in which:
        item = items[k]
        made = Const(kind(item.value)) if isinstance(item, Const) else Call(Object(kind, kind.__name__), (item,))
        items[k] = made
    return replace(e, items=tuple(items))
