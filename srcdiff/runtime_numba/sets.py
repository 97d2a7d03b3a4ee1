"""The sets of inputs in compiled code: whole numbers of 64 bits, so that a run is about 64 inputs. What a function
does with more dimensions than are given here runs in plain Python."""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

from typing import Any

import numpy as np

from .. import sets
from .places import is_mask, is_places
from .register import flag, implements, is_array, is_none, is_number, types


@implements(sets.empty)
def empty(shape: Any) -> Any:
    def zeros(shape: Any) -> Any:
        return np.zeros(shape, np.int64)

    return zeros


@implements(sets.empty_like)
def empty_like(x: Any) -> Any:
    def zeros(x: Any) -> Any:
        return np.zeros(x.shape, np.int64)

    def zero(x: Any) -> Any:
        return 0

    if is_array(x):
        return zeros
    return zero if is_number(x) or isinstance(x, types.Complex) else None


@implements(sets.full)
def full(shape: Any, s: Any) -> Any:
    def filled(shape: Any, s: Any) -> Any:
        result = np.empty(shape, np.int64)
        result[...] = s
        return result

    return filled


@implements(sets.like)
def like(s: Any, x: Any) -> Any:
    def filled(s: Any, x: Any) -> Any:
        result = np.empty(x.shape, np.int64)
        result[...] = s
        return result

    def itself(s: Any, x: Any) -> Any:
        return s

    if is_array(x):
        return filled
    return itself if is_number(s) else None


@implements(sets.array)
def array(items: Any) -> Any:
    def made(items: Any) -> Any:
        return np.array(items)

    return made


@implements(sets.union)
def union(s: Any, axis: Any = None, keepdims: Any = False) -> Any:
    def itself(s: Any, axis: Any = None, keepdims: Any = False) -> Any:
        return s

    if is_number(s):
        return itself
    if not is_array(s) or flag(keepdims) is not False:
        return None
    if is_none(axis) or s.ndim == 1:

        def of_all(s: Any, axis: Any = None, keepdims: Any = False) -> Any:
            found = 0
            for member in s.flat:
                found |= member
            return found

        return of_all

    def along(s: Any, axis: Any = None, keepdims: Any = False) -> Any:
        result = np.zeros(s.shape[1 - axis % 2], np.int64)
        for i in range(s.shape[0]):
            for j in range(s.shape[1]):
                result[j if axis % 2 == 0 else i] |= s[i, j]
        return result

    return along if s.ndim == 2 and isinstance(axis, types.Integer) else None


@implements(sets.where)
def where(test: Any, a: Any, b: Any) -> Any:
    def chosen(test: Any, a: Any, b: Any) -> Any:
        return np.where(test, a, b)

    return chosen


@implements(sets.scattered)
def scattered(s: Any, index: Any, x: Any) -> Any:
    if not is_array(x) or x.ndim != 1 or is_mask(index, x) or not is_places(index):
        return None
    if is_number(s):

        def same(s: Any, index: Any, x: Any) -> Any:
            result = np.zeros(x.shape, np.int64)
            for k in range(len(index)):
                result[index[k]] |= s
            return result

        return same

    def each(s: Any, index: Any, x: Any) -> Any:
        result = np.zeros(x.shape, np.int64)
        for k in range(len(index)):
            result[index[k]] |= s[k]
        return result

    return each if is_array(s) and s.ndim == 1 else None


@implements(sets.diff)
def diff(s: Any, n: Any = 1, axis: Any = -1) -> Any:
    def neighbours(s: Any, n: Any = 1, axis: Any = -1) -> Any:
        for _ in range(n):
            s = s[1:] | s[:-1]
        return s

    return neighbours if is_array(s) and s.ndim == 1 else None


@implements(sets.fixed_times)
def fixed_times(a: Any, b: Any) -> Any:
    def matrix_times(a: Any, b: Any) -> Any:
        result = np.zeros(a.shape[0], np.int64)
        for i in range(a.shape[0]):
            for k in range(a.shape[1]):
                if a[i, k] != 0:
                    result[i] |= b[k]
        return result

    def vector_times(a: Any, b: Any) -> Any:
        found = 0
        for k in range(len(a)):
            if a[k] != 0:
                found |= b[k]
        return found

    if not (is_array(a) and is_array(b) and b.ndim == 1):
        return None
    return {1: vector_times, 2: matrix_times}.get(a.ndim)


@implements(sets.times_fixed)
def times_fixed(a: Any, b: Any) -> Any:
    if not (is_array(a) and is_array(b) and a.ndim == 1 and b.ndim in (1, 2)):
        return None

    def times_vector(a: Any, b: Any) -> Any:
        return sets.fixed_times(b, a)

    def times_matrix(a: Any, b: Any) -> Any:
        return sets.fixed_times(b.T, a)

    return times_vector if b.ndim == 1 else times_matrix
