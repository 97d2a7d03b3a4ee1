"""The types of places: what finds or makes arrays of whole numbers that serve as indices."""

from __future__ import annotations

import numpy as np

from ..ir.types import Dim, Num, Tup, Type, broadcast
from .result_types import Asked, states


def _places(*shape: Dim) -> Num:
    return Num("int64", len(shape), shape)


@states(np.nonzero, np.ndarray.nonzero)
def _found(asked: Asked) -> Type | None:
    first = asked.first
    if not isinstance(first, Num) or not first.ndim:
        return None
    return Tup(tuple(_places(Dim(None)) for _ in range(first.ndim)))


@states(np.flatnonzero)
def _found_flat(asked: Asked) -> Type:
    return _places(Dim(None))


@states(np.ix_)
def _open_mesh(asked: Asked) -> Type:
    """One array for each sequence, long along its own axis."""
    count = len(asked.args)
    one = Dim.known(1)
    lengths = [
        t.shape[0] if isinstance(t, Num) and t.ndim == 1 and t.dtype != "bool" else Dim(None) for t in asked.args
    ]
    return Tup(tuple(_places(*(n if k == own else one for k in range(count))) for own, n in enumerate(lengths)))


@states(np.unravel_index)
def _unravelled(asked: Asked) -> Type | None:
    first, shape = asked.first, asked.argument(1, "shape")
    if not isinstance(first, Num) or first.ndim is None or not isinstance(shape, Tup):
        return None
    return Tup(tuple(Num("int64", first.ndim, first.shape) for _ in shape.items))


@states(np.choose)
def _chosen(asked: Asked) -> Type | None:
    """Only numbers that are written out, or in a row, are chosen between here (see `gathering`)."""
    first = asked.first
    if not isinstance(first, Num) or first.ndim is None:
        return None
    return Num("int64", first.ndim, broadcast([first.shape]))
