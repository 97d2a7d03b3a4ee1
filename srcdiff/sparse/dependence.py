"""The sparsity pattern of a Jacobian, from a run of the program that says which inputs each result depends on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..pushforward import Pushforward
from ..ready import Options
from ..signature import duplicated

Array = np.ndarray[Any, Any]
_BITS = 4096  # inputs in one run: a set is a number of so many bits


@dataclass(frozen=True)
class Pattern:
    """The places of a matrix that may be other than zero, row by row."""

    rows: Array
    cols: Array
    shape: tuple[int, int]

    def same(self, other: Pattern) -> bool:
        alike = self.shape == other.shape and len(self.rows) == len(other.rows)
        return alike and bool(np.array_equal(self.rows, other.rows) and np.array_equal(self.cols, other.cols))

    def symmetric(self) -> Pattern:
        """With the mirror image of every place."""
        return pattern_of(np.concatenate([self.rows, self.cols]), np.concatenate([self.cols, self.rows]), self.shape)


def pattern_of(rows: Array, cols: Array, shape: tuple[int, int]) -> Pattern:
    """The pattern of these places, in whatever order they come."""
    flat = np.unique(rows.astype(np.int64) * shape[1] + cols)
    return Pattern(flat // max(1, shape[1]), flat % max(1, shape[1]), shape)


class Dependence:
    """Finds the patterns of the Jacobians of `f` by the arguments `wrt`, for arguments of a call."""

    def __init__(self, f: Any, wrt: tuple[str, ...], fallback: str | None) -> None:
        self.program = Pushforward(f, Options("sparsity", wrt, False, False, True, fallback))

    def __call__(self, args: tuple[Any, ...]) -> tuple[tuple[int, ...], list[Pattern]]:
        """The shape of the result, and a pattern for each argument in `wrt`. Generators stay as they are."""
        given = [args[k] for k in self.program.places]
        offsets = np.cumsum([0, *map(np.size, given)])
        total = int(offsets[-1])
        rows: list[Array] = []
        cols: list[Array] = []
        shape: tuple[int, ...] = ()
        for start in range(0, max(total, 1), _BITS):
            stop = min(start + _BITS, total)
            seeds = tuple(_seed(a, int(first) - start, stop - start) for a, first in zip(given, offsets, strict=False))
            found = self.program.push(duplicated(args), seeds)
            shape = np.shape(found)
            for r, c in _members(found, (stop - start + 7) // 8):
                rows.append(r)
                cols.append(c + start)
        return shape, self._patterns(rows, cols, offsets, int(np.prod(shape, dtype=np.int64)))

    def _patterns(self, rows: list[Array], cols: list[Array], offsets: Array, height: int) -> list[Pattern]:
        r, c = np.concatenate([*rows, _NONE]), np.concatenate([*cols, _NONE])
        patterns = []
        for first, last in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
            mine = (c >= first) & (c < last)
            patterns.append(pattern_of(r[mine], c[mine] - first, (height, last - first)))
        return patterns


_NONE = np.zeros(0, np.int64)


def _seed(argument: Any, first: int, count: int) -> Any:
    """The sets of an argument's elements, of which the first one is input number `first`, of `count` in this run."""
    size = int(np.size(argument))
    start, stop = max(0, -first), max(0, min(size, count - first))
    if np.ndim(argument) == 0:
        return 1 << first if start < stop else 0
    flat = np.zeros(size, object)
    flat[start:stop] = [1 << (first + k) for k in range(start, stop)]
    return flat.reshape(np.shape(argument))


def _members(found: Any, width: int) -> Iterator[tuple[Array, Array]]:
    """The elements of the result that depend on something, and the inputs that they depend on, of sets of so many
    bytes."""
    flat = np.ravel(found).tolist() if np.ndim(found) else [found]
    filled = [k for k, s in enumerate(flat) if s]
    step = max(1, (1 << 24) // max(1, width))  # rows in a table of a few megabytes
    for first in range(0, len(filled), step):
        own = filled[first : first + step]
        raw = b"".join([int(flat[k]).to_bytes(width, "little") for k in own])
        table = np.frombuffer(raw, np.uint8).reshape(len(own), width)
        row, byte = np.nonzero(table)
        which, bit = np.nonzero(np.unpackbits(table[row, byte][:, None], axis=1, bitorder="little"))
        yield np.array(own, np.int64)[row[which]], byte[which] * 8 + bit
