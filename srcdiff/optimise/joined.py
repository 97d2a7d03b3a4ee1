"""Outer products that are added to one another: one product of two thin matrices makes the sum.

in:   a_bar = np.outer(g, x)          out:  a_bar = np.stack((g, h), axis=1) @ np.stack((x, y))
      a_bar += np.outer(h, y)

A matrix is made once instead of three times, which is nearly all of the time of `a.T @ (a @ x)`. For plain text: loops
over the elements do the same for Numba.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..derive.directions import MATMUL
from ..derive.terms import negative
from ..ir.nodes import Assign, Block, Break, Call, Const, Display, Expr, Function, Name, Object, Stmt, Update
from ..ir.types import Num, Type
from ..ir.walk import is_call_of, map_stmt, mentioned
from ..rules.typing import Typer
from .storage import Storage

STACK = Object(np.stack, "np.stack")
_GONE = Break()


@dataclass
class _Sum:
    """A matrix that is the sum of outer products: `made` is where the last of them stands."""

    made: int
    left: list[Expr]
    right: list[Expr]


def joined(function: Function, types: dict[str, Type]) -> Function:
    """The function with adjoints that are sums of outer products made by one product of matrices each. (Of other sums
    the shapes may differ, and the order of rounding is the user's.)"""
    storage = Storage(function, types)

    def block(b: Block) -> Block:
        out: list[Stmt] = [map_stmt(s, lambda e: e, block) for s in b]
        sums: dict[str, _Sum] = {}
        for k, s in enumerate(b):
            pair = _product(s, types)
            name = s.target.id if isinstance(s, Assign | Update) and isinstance(s.target, Name) else ""
            known = sums.pop(name, None)
            if pair is not None and isinstance(s, Assign):
                sums[name] = _Sum(k, *([e] for e in pair))
            elif pair is not None and known is not None:
                out[known.made] = _GONE
                left, right = [*known.left, pair[0]], [*known.right, pair[1]]
                value = Call(MATMUL, (_stacked(left, (("axis", Const(1)),)), _stacked(right)))
                out[k] = Assign(Name(name), value, s.origin, s.adjoint_of)
                sums[name] = _Sum(k, left, right)
            if sums:
                touched, changed = mentioned((s,)) - {name}, storage.changed((s,))
                sums = {
                    n: found
                    for n, found in sums.items()
                    if n not in touched and not any(storage.reads_any(e, changed) for e in (*found.left, *found.right))
                }
        return tuple(s for s in out if s is not _GONE)

    return replace(function, body=block(function.body))


def _product(s: Stmt, types: dict[str, Type]) -> tuple[Expr, Expr] | None:
    """The vectors whose outer product an adjoint is set to, or gets added to it. BLAS takes one dtype."""
    match s:
        case (
            Assign(target=Name() as total, value=Call(args=(a, b)) as product)
            | Update(target=Name() as total, value=Call(args=(a, b)) as product)
        ) if is_call_of(product, np.outer) and s.adjoint_of:
            typer = Typer(types)
            kinds = [typer(e) for e in (total, a, b)]
            if [k.ndim if isinstance(k, Num) and k.dtype == "float64" else None for k in kinds] != [2, 1, 1]:
                return None
            if isinstance(s, Assign) or s.op.value is operator.add:
                return a, b
            return (negative(a), b) if s.op.value is operator.sub else None
    return None


def _stacked(vectors: Sequence[Expr], kwargs: tuple[tuple[str, Expr], ...] = ()) -> Expr:
    return Call(STACK, (Display("tuple", tuple(vectors)),), kwargs)
