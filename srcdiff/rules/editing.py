"""Elements taken out of arrays, and put into them: `np.delete` and `np.insert`, written out."""

from __future__ import annotations

from typing import Any

import numpy as np

from .points import call, reals
from .registry import spelled

_SOME = np.array([0, 2, -1, 0])
_MASK = np.array([True, False, True, False])


@spelled(
    np.delete,
    points=call(reals(4), 1)
    + call(reals(4), -1)
    + call(reals(5), slice(1, None, 2))
    + call(reals(4), [0, 2])
    + call(reals(4), _SOME)
    + call(reals(4), _MASK)
    + call(reals(2, 3), 4)
    + call(reals(3, 2), 1, axis=0)
    + call(reals(2, 4), _SOME, 1)
    + call(reals(2, 3, 2), -2, axis=1),
)
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    if axis is None:
        return np.compress(left(arr.size, obj), np.ravel(arr) if arr.ndim > 1 else arr)
    return np.compress(left(arr.shape[axis], obj), arr, axis)


def left(n: Any, obj: Any) -> Any:
    """Which of `n` elements are left when some are deleted."""
    keep = np.ones(n, dtype=np.bool_)
    keep[obj] = False
    return keep


@spelled(
    np.insert,
    points=call(reals(4), 1, reals())
    + call(reals(4), -1, reals(2))
    + call(reals(3), 3, [reals(), 0.5])
    + call(reals(2, 2), 1, reals())
    + call(reals(3, 2), 0, reals(2), axis=0)
    + call(reals(3, 2), -1, reals(2, 2), axis=0)
    + call(reals(3, 2), 1, reals(3), axis=1)
    + call(reals(2, 3, 2), 2, reals(), axis=-2),
)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    if axis is None:
        return inserted(np.ravel(arr) if arr.ndim > 1 else arr, obj, values)
    if axis == 0:
        return inserted(arr, obj, values)
    return np.moveaxis(inserted(np.moveaxis(arr, axis, 0), obj, values), 0, axis)


def inserted(a: Any, obj: Any, values: Any) -> Any:
    """Rows put in front of the row `obj`: one, or as many as there are in `values`."""
    n, rows = len(a), len(values) if np.ndim(values) == a.ndim else 1
    k = obj + n if obj < 0 else obj
    if k < 0 or k > n:
        raise IndexError("a place beyond the ends of the array")
    found = np.empty((n + rows, *a.shape[1:]), a.dtype)
    found[:k] = a[:k]
    found[k : k + rows] = values
    found[k + rows :] = a[k:]
    return found
