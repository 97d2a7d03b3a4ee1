"""The sparsity pattern of a Jacobian, from a run of the program that says which inputs each result depends on."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import CompilationFailed
from ..jit_options import Jit
from ..pushforward import Pushforward
from ..ready import Options
from ..signature import duplicated

Array = np.ndarray[Any, Any]
_BITS = 4096  # inputs in one run: a set is a number of so many bits
_WORD = 64  # in compiled code


@dataclass(frozen=True)
class Pattern:
    """The places of a matrix that may be other than zero, row by row."""

    rows: Array
    cols: Array
    shape: tuple[int, int]

    @functools.cached_property
    def starts(self) -> Array:
        """Where the places of each row begin, and behind them where those of the last one end."""
        counts = np.bincount(self.rows, minlength=self.shape[0])
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])

    def same(self, other: Pattern) -> bool:
        if self is other:
            return True
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
    """Finds the patterns of the Jacobians of `f` by the arguments `wrt`, for arguments of a call. With `jit` by
    compiled code, if Numba can compile it."""

    def __init__(self, f: Any, wrt: tuple[str, ...], jit: Jit | None, fallback: str | None) -> None:
        self.asked = f, wrt, fallback
        self.jit = jit
        self.program = self._program()

    def _program(self) -> Pushforward:
        f, wrt, fallback = self.asked
        return Pushforward(f, Options("sparsity", wrt, self.jit, False, True, fallback))

    def __call__(self, args: tuple[Any, ...]) -> tuple[tuple[int, ...], list[Pattern]]:
        """The shape of the result, and a pattern for each argument in `wrt`. Generators stay as they are."""
        try:
            return self._found(args)
        except CompilationFailed:
            if not self.jit:
                raise
        self.jit = None
        self.program = self._program()
        return self._found(args)

    def _found(self, args: tuple[Any, ...]) -> tuple[tuple[int, ...], list[Pattern]]:
        bits = _WORD if self.jit else _BITS
        given = [args[k] for k in self.program.places]
        offsets = np.cumsum([0, *map(np.size, given)])
        total = int(offsets[-1])
        rows: list[Array] = []
        cols: list[Array] = []
        shape: tuple[int, ...] = ()
        for start in range(0, max(total, 1), bits):
            stop = min(start + bits, total)
            places = [int(first) - start for first in offsets[:-1]]
            seeds = tuple(_seed(a, p, stop - start, self.jit is not None) for a, p in zip(given, places, strict=True))
            found = self.program.push(duplicated(args), seeds)
            shape = np.shape(found)
            width = (stop - start + 7) // 8
            for own, table in (_words(found),) if self.jit else _tables(found, width):
                r, c = _members(own, table)
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


def _seed(argument: Any, first: int, count: int, words: bool) -> Any:
    """The sets of an argument's elements, of which the first one is input number `first`, of `count` in this run."""
    size = int(np.size(argument))
    start, stop = max(0, -first), max(0, min(size, count - first))
    members = [1 << (first + k) for k in range(start, stop)]
    flat: Array = np.zeros(size, np.int64 if words else object)
    flat[start:stop] = np.array(members, np.uint64).view(np.int64) if words else members
    if np.ndim(argument):
        return flat.reshape(np.shape(argument))
    return int(flat[0])


def _tables(found: Any, width: int) -> Iterator[tuple[Array, Array]]:
    """The elements of the result that depend on something, with their sets as rows of so many bytes."""
    flat = np.ravel(found).tolist() if np.ndim(found) else [found]
    filled = [k for k, s in enumerate(flat) if s]
    step = max(1, (1 << 24) // max(1, width))  # rows in a table of a few megabytes
    for first in range(0, len(filled), step):
        own = filled[first : first + step]
        raw = b"".join([int(flat[k]).to_bytes(width, "little") for k in own])
        yield np.array(own, np.int64), np.frombuffer(raw, np.uint8).reshape(len(own), width)


def _words(found: Any) -> tuple[Array, Array]:
    """The same of sets that are words of 64 bits."""
    flat = np.ravel(np.asarray(found, np.int64))
    own = np.flatnonzero(flat)
    return own, flat[own].astype("<i8").view(np.uint8).reshape(len(own), 8)


def _members(own: Array, table: Array) -> tuple[Array, Array]:
    """The elements, once for each input that they depend on, and these inputs."""
    row, byte = np.nonzero(table)
    which, bit = np.nonzero(np.unpackbits(table[row, byte][:, None], axis=1, bitorder="little"))
    return own[row[which]], byte[which] * 8 + bit
