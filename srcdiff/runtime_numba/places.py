"""The helpers for arrays of places and masks as indices: one array of whole numbers along the first axis, or a mask of
the shape of the array, which is what Numba itself takes."""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

from typing import Any

import numpy as np

from .. import runtime
from .register import implements, is_array, is_number, types


def is_mask(index: Any, x: Any) -> bool:
    return is_array(index) and isinstance(index.dtype, types.Boolean) and is_array(x) and index.ndim == x.ndim


def is_places(index: Any) -> bool:
    return is_array(index) and isinstance(index.dtype, types.Integer) and index.ndim == 1


def is_pair(index: Any, x: Any) -> bool:
    """Two arrays of places, for the rows and for the columns of a matrix."""
    two = isinstance(index, types.BaseTuple) and len(index) == 2 and all(map(is_places, index))
    return two and is_array(x) and x.ndim == 2


@implements(np.diag_indices)
def diag_indices(n: Any, ndim: Any = 2) -> Any:
    def rows_and_columns(n: Any, ndim: Any = 2) -> Any:
        return np.arange(n), np.arange(n)

    return rows_and_columns if isinstance(n, types.Integer) and ndim == 2 else None


@implements(runtime.add_at)
def add_at(x: Any, index: Any, g: Any) -> Any:
    if is_mask(index, x):
        if is_number(g):

            def number_at_mask(x: Any, index: Any, g: Any) -> Any:
                for place in np.ndindex(x.shape):
                    if index[place]:
                        x[place] += g

            return number_at_mask

        def array_at_mask(x: Any, index: Any, g: Any) -> Any:
            k = 0
            for place in np.ndindex(x.shape):
                if index[place]:
                    x[place] += g[k]
                    k += 1

        return array_at_mask if is_array(g) and g.ndim == 1 else None
    if is_places(index) and (is_number(g) or (is_array(g) and g.ndim < x.ndim)):

        def same_at_places(x: Any, index: Any, g: Any) -> Any:
            for k in range(len(index)):
                x[index[k]] += g

        if is_number(g):
            return same_at_places
        return same_at_places if g.ndim == 0 else None if x.ndim == 1 else _rows_at_places
    if is_places(index) and is_array(g) and g.ndim == x.ndim:

        def each_at_places(x: Any, index: Any, g: Any) -> Any:
            if len(g) != len(index):
                raise ValueError("the index and the values differ in length")
            for k in range(len(index)):
                x[index[k]] += g[k]

        return each_at_places
    if is_pair(index, x):
        return _number_at_pair if is_number(g) else _each_at_pair if is_array(g) and g.ndim == 1 else None
    return None


def _number_at_pair(x: Any, index: Any, g: Any) -> Any:
    rows, columns = index
    if len(rows) != len(columns):
        raise ValueError("the indices differ in length")
    for k in range(len(rows)):
        x[rows[k], columns[k]] += g


def _each_at_pair(x: Any, index: Any, g: Any) -> Any:
    rows, columns = index
    if not len(g) == len(rows) == len(columns):
        raise ValueError("the indices and the values differ in length")
    for k in range(len(rows)):
        x[rows[k], columns[k]] += g[k]


def _rows_at_places(x: Any, index: Any, g: Any) -> Any:
    for k in range(len(index)):
        x[index[k]] += g


@implements(runtime.scattered)
def scattered(g: Any, index: Any, x: Any) -> Any:
    def at_places(g: Any, index: Any, x: Any) -> Any:
        result = np.zeros_like(x)
        runtime.add_at(result, index, g)
        return result

    return at_places if is_mask(index, x) or is_places(index) or is_pair(index, x) else None


@implements(runtime.replaced)
def replaced(x: Any, index: Any, v: Any) -> Any:
    def at_places(x: Any, index: Any, v: Any) -> Any:
        result = x.copy()
        result[index] = v
        return result

    return at_places if is_mask(index, x) or is_places(index) else None


@implements(runtime.only_last)
def only_last(g: Any, index: Any, x: Any) -> Any:
    if is_mask(index, x):

        def all_of(g: Any, index: Any, x: Any) -> Any:
            return g.copy()

        return all_of

    def last_of(g: Any, index: Any, x: Any) -> Any:
        last = np.full(len(x), -1)
        for k in range(len(index)):
            last[index[k]] = k
        result = np.zeros_like(g)
        for k in range(len(index)):
            if last[index[k]] == k:
                result[k] = g[k]
        return result

    def last_of_pairs(g: Any, index: Any, x: Any) -> Any:
        rows, columns = index
        last = np.full(x.shape, -1)
        for k in range(len(rows)):
            last[rows[k], columns[k]] = k
        result = np.zeros_like(g)
        for k in range(len(rows)):
            if last[rows[k], columns[k]] == k:
                result[k] = g[k]
        return result

    if is_pair(index, x):
        return last_of_pairs if is_array(g) and g.ndim == 1 else None
    return last_of if is_places(index) and is_array(g) and is_array(x) and g.ndim == x.ndim else None
