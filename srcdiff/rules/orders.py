"""What depends on the order of the elements: sorted arrays, medians, distinct values, positions.

Where elements are equal, they are ordered by their places: the first has the derivative of the smaller one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..runtime import first_places, median_weights, ordering, places_of, put_along
from .arrays import weighted
from .points import call, reals
from .registry import constant, linear, pullback, pushforward, spelled

_SORTED = call(reals(5)) + call(reals(3, 4), axis=0) + call(reals(3, 4)) + call(reals(2, 3, 2), axis=1)


@spelled(np.sort, points=_SORTED + call(reals(3, 4), axis=None) + call(reals(4), kind="stable"))
def sort(a: Any, axis: Any = -1, kind: Any = None) -> Any:
    if axis is None:
        return np.sort(np.ravel(a), kind=kind)
    return np.sort(a, axis=axis, kind=kind)


@pullback(np.sort, points=_SORTED)
def sort_pullback(y_bar: Any, y: Any, a: Any, axis: Any = -1, kind: Any = None) -> Any:
    return put_along(y_bar, ordering(a, axis), a, axis)


@pushforward(np.sort)
def sort_tangent(y: Any, a: Any, axis: Any = -1, kind: Any = None, *, a_dot: Any) -> Any:
    return np.take_along_axis(a_dot, ordering(a, axis), axis)


_PARTS = call(reals(5), 2) + call(reals(5), (1, 3)) + call(reals(4, 3), 1, axis=0) + call(reals(2, 5), 3)


@spelled(np.partition, points=_PARTS + call(reals(3, 2), 1, axis=None))
def partition(a: Any, kth: Any, axis: Any = -1) -> Any:
    if axis is None:
        return np.partition(np.ravel(a), kth)
    return np.partition(a, kth, axis=axis)


@pullback(np.partition, points=_PARTS)
def partition_pullback(y_bar: Any, y: Any, a: Any, kth: Any, axis: Any = -1) -> Any:
    return put_along(y_bar, places_of(y, a, axis), a, axis)


@pushforward(np.partition)
def partition_tangent(y: Any, a: Any, kth: Any, axis: Any = -1, *, a_dot: Any) -> Any:
    return np.take_along_axis(a_dot, places_of(y, a, axis), axis)


@linear(
    np.take_along_axis,
    points=call(reals(4), np.array([1, 1, 3]), 0) + call(reals(3, 4), np.array([[0, 2], [1, 1], [3, 0]]), 1),
)
def take_along_axis(y_bar: Any, y: Any, arr: Any, indices: Any, axis: Any) -> Any:
    return put_along(y_bar, indices, arr, axis)


@linear(put_along, points=call(reals(3), np.array([1, 1, 3]), np.zeros(4), 0))
def put_along_transpose(y_bar: Any, y: Any, g: Any, places: Any, x: Any, axis: Any) -> Any:
    return np.take_along_axis(y_bar, places, axis), None, None


@spelled(np.unique, points=call(reals(5)) + call(reals(2, 3)))
def unique(
    ar: Any, return_index: Any = False, return_inverse: Any = False, return_counts: Any = False, axis: Any = None
) -> Any:
    return np.take_along_axis(ar if ar.ndim == 1 else np.ravel(ar), first_places(ar), 0)


_MEDIANS = call(reals(5)) + call(reals(4)) + call(reals(3, 4)) + call(reals(3, 4), axis=0)
_MEDIANS += call(reals(3, 4), axis=-1, keepdims=True) + call(reals(2, 3, 4), axis=(0, 2))


weighted(np.median, weights=median_weights, points=_MEDIANS)

constant(
    *(np.argsort, np.ndarray.argsort, np.argpartition, np.ndarray.argpartition),
    *(np.searchsorted, np.ndarray.searchsorted, np.digitize),
    np.array_equiv,
    *(ordering, places_of, first_places, median_weights),
)
