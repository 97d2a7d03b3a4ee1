"""Lengths of results in terms of the lengths of arguments, as a run has shown them.

That a result is as long as an argument is taken to hold for other runs, too, so that generated code need not look at
it; every run holds it against what comes out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir.types import Dim, Held, Num

Leaves = Sequence[Any]


def measured(type_: Num | Held, place: int) -> Num | Held:
    """The type of a parameter, with a name for each of its lengths."""
    if isinstance(type_, Held):
        return type_
    return replace(type_, shape=tuple(Dim((place, axis)) for axis, _ in enumerate(type_.shape)))


def with_lengths(type_: Num, value: Any, leaves: Leaves) -> Num:
    """The type of a result, its lengths those of the first arguments that are as long (and not of length 1, as many
    things are)."""
    lengths = {n: token for token, n in reversed(list(_lengths(leaves))) if n != 1}
    shape = tuple(Dim(lengths.get(n)) for n in np.shape(value))
    return replace(type_, shape=shape)


def has_lengths(type_: Num, value: Any, leaves: Leaves) -> bool:
    """Whether a result has the lengths that its type says."""
    lengths = np.shape(value) if type_.ndim else ()
    return all(d.token is None or n == _length(d, leaves) for d, n in zip(type_.shape, lengths, strict=True))


def without_lengths(type_: Num, value: Any, leaves: Leaves) -> Num:
    """The type without what it says of lengths that are others."""
    pairs = zip(type_.shape, np.shape(value), strict=True)
    return replace(type_, shape=tuple(d if d.token is None or n == _length(d, leaves) else Dim(None) for d, n in pairs))


def _lengths(leaves: Leaves) -> Iterator[tuple[tuple[int, int], int]]:
    for place, leaf in enumerate(leaves):
        for axis, n in enumerate(getattr(leaf, "shape", ())):
            yield (place, axis), n


def _length(dim: Dim, leaves: Leaves) -> int:
    token: Any = dim.token
    length: int = leaves[token[0]].shape[token[1]]
    return length
