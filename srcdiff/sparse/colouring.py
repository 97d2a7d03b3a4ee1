"""Colourings: columns of one colour have no row in common, so that one direction gives all of them.

`columns` is the greedy colouring of the graph in which columns that share a row are neighbours (Curtis, Powell and
Reid, On the estimation of sparse Jacobian matrices, 1974; in the order of Coleman and More, Estimation of sparse
Jacobian matrices and graph coloring problems, 1983, where that takes fewer colours). `star` is a star colouring of the
graph of a symmetric matrix: neighbours differ, and every path of four vertices has three colours, so that one of the
entries (i, j) and (j, i) stands alone (Gebremedhin, Manne and Pothen, What color is your Jacobian? Graph coloring for
computing derivatives, 2005, section 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
_STEPS = 20_000_000  # of a star colouring: a matrix that takes more is nearly dense, and gains nothing by it


def columns(rows: Array, cols: Array, count: int) -> Array:
    """The colour of each of `count` columns of the pattern with entries at these places; 0 for an empty column."""
    lists = _grouped(cols, rows, count)
    lowest = int(np.bincount(rows).max()) if len(rows) else 0  # the columns of one row all differ
    height = int(rows.max()) + 1 if len(rows) else 0
    found = _greedy(lists, range(count), height)
    if _colours(found) > lowest:
        ordered = sorted(range(count), key=lambda j: -len(lists[j]))
        other = _greedy(lists, ordered, height)
        found = min(found, other, key=_colours)
    return np.array(found, np.int64)


def _greedy(lists: list[list[int]], order: Iterable[int], height: int) -> list[int]:
    """The first colour that is free, column by column; the colours that a row has seen are the bits of a number."""
    seen = [0] * height
    found = [0] * len(lists)
    for j in order:
        taken = 0
        for i in lists[j]:
            taken |= seen[i]
        bit = ~taken & (taken + 1)
        found[j] = bit.bit_length() - 1
        for i in lists[j]:
            seen[i] |= bit
    return found


def star(rows: Array, cols: Array, count: int) -> Array | None:
    """A star colouring of the symmetric pattern with entries at these places; None where it would take too long."""
    off = rows != cols
    neighbours = _grouped(cols[off], rows[off], count)
    if sum(len(near) ** 2 for near in neighbours) > _STEPS:
        return None
    colour = [-1] * count
    seen = [0] * count  # the colours of each vertex's neighbours, as bits
    twice = [0] * count  # those that two of them have
    for v in range(count):
        taken = _taken(v, neighbours, colour, seen, twice)
        bit = ~taken & (taken + 1)
        colour[v] = bit.bit_length() - 1
        for w in neighbours[v]:
            twice[w] |= seen[w] & bit
            seen[w] |= bit
    return np.array(colour, np.int64)


def _taken(v: int, neighbours: list[list[int]], colour: list[int], seen: list[int], twice: list[int]) -> int:
    """The colours that `v` cannot have: of its neighbours, and where a path of four would have two colours."""
    taken = seen[v]
    for w in neighbours[v]:
        if colour[w] < 0 or twice[v] >> colour[w] & 1:  # x - w - v, or x - w - v - w' with w, w' of one colour
            taken |= seen[w]
            continue
        for x in neighbours[w]:  # v - w - x - y, with w and y of one colour
            if colour[x] >= 0 and twice[x] >> colour[w] & 1:
                taken |= 1 << colour[x]
    return taken


def alone(rows: Array, cols: Array, colour: Array) -> Array:
    """For each entry, whether it is the only one of its row among the columns of its colour."""
    keys = rows * (int(colour.max(initial=0)) + 1) + colour[cols]
    _, place, count = np.unique(keys, return_inverse=True, return_counts=True)
    return np.asarray(count[place] == 1)


def _colours(found: Sequence[int]) -> int:
    return max(found, default=-1) + 1


def _grouped(keys: Array, values: Array, count: int) -> list[list[int]]:
    """The values that belong to each key."""
    stops = np.cumsum(np.bincount(keys, minlength=count))[:count].tolist()
    flat = values[np.argsort(keys, kind="stable")].tolist()
    return [flat[start:stop] for start, stop in zip([0, *stops], stops, strict=False)]
