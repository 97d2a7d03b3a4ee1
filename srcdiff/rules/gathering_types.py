"""The types of places: what finds or makes arrays of whole numbers that serve as indices."""

from __future__ import annotations

import operator
from dataclasses import replace

import numpy as np

from ..ir.types import Dim, Num, Tup, Type, broadcast
from .result_types import Asked, states
from .samples import ask


def _places(*shape: Dim) -> Num:
    return Num("int64", len(shape), shape)


@states(np.nonzero, np.ndarray.nonzero)
def _found(asked: Asked) -> Type | None:
    first = asked.first
    if not isinstance(first, Num) or not first.ndim:
        return None
    return Tup(tuple(_places(Dim(None)) for _ in range(first.ndim)))


@states(operator.getitem)
def _selected(asked: Asked) -> Type | None:
    """The type of what is selected does not depend on where that is: numbers among the places are 0 in the trial."""
    if not isinstance(asked.first, Num) or len(asked.args) != 2:
        return None
    return ask(asked.function, (asked.first, _in_front(asked.args[1])), (), asked.call)


def _in_front(index: Type) -> Type:
    if isinstance(index, Tup):
        return Tup(tuple(map(_in_front, index.items)))
    is_number = isinstance(index, Num) and index.ndim == 0 and index.dtype == "int64"
    return replace(index, value=0) if is_number and isinstance(index, Num) else index


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
