"""The largest and the smallest elements of arrays: where the first of them is, by whole arrays and one by one in loops.

`srcdiff.runtime` has them all under its own name, from where generated code imports them.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def first_max(x: Any, axis: Any = None) -> Any:
    """1 at the first of the largest elements (along `axis`), 0 elsewhere.

    >>> first_max(np.array([1.0, 5.0, 5.0]))
    array([0., 1., 0.])
    """
    return _first(x, axis, np.argmax)


def first_min(x: Any, axis: Any = None) -> Any:
    """1 at the first of the smallest elements (along `axis`), 0 elsewhere."""
    return _first(x, axis, np.argmin)


def _first(x: Any, axis: Any, search: Any) -> Any:
    if axis is None:
        result = np.zeros(x.shape, x.dtype)
        result.reshape(-1)[search(x)] = 1.0
        return result
    if isinstance(axis, tuple):
        axes = tuple(a % x.ndim for a in axis)
        moved = np.moveaxis(x, axes, range(len(axes)))
        flat = moved.reshape((-1, *moved.shape[len(axes) :]))
        return np.moveaxis(_first(flat, 0, search).reshape(moved.shape), range(len(axes)), axes)
    result = np.zeros(x.shape, x.dtype)
    np.put_along_axis(result, np.expand_dims(search(x, axis=axis), axis), 1.0, axis)
    return result


def not_empty(n: int, lines: int = 1) -> None:
    """Hold a number of elements against 0 for the loop that follows, which looks for the largest or the smallest of
    them in each of that many lines. Raises ValueError."""
    if n == 0 and lines != 0:
        raise ValueError("zero-size array to reduction operation maximum or minimum which has no identity")


def larger(x: Any, y: Any) -> Any:
    """The larger one of two numbers, NaN if one of them is: the largest of many does not depend on their order, and
    compiled code takes several at a time.

    >>> float(larger(2.0, 1.0)), float(larger(2.0, float("nan")))
    (2.0, nan)
    """
    return np.maximum(x, y)


def smaller(x: Any, y: Any) -> Any:
    """The smaller one of two numbers, NaN if one of them is."""
    return np.minimum(x, y)


def above(x: Any, best: Any) -> Any:
    """Whether `x` takes the place of what has been the largest so far: it is larger, or the first that is NaN.

    >>> nan = float("nan")
    >>> above(2.0, 1.0), above(1.0, 1.0), above(nan, 1.0), above(nan, nan)
    (True, False, True, False)
    """
    return x > best or (x != x and best == best)  # noqa: PLR0124


def below(x: Any, best: Any) -> Any:
    """Whether `x` takes the place of what has been the smallest so far: it is smaller, or the first that is NaN."""
    return x < best or (x != x and best == best)  # noqa: PLR0124
