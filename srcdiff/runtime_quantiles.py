"""Quantiles: the weights of the order statistics that they are made of, for any of NumPy's methods.

`srcdiff.runtime` has these under its own name, from where generated code imports them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .runtime_reductions import ordering, put_along

# the parameters (alpha, beta) of the methods that interpolate: the place of a quantile in the order, counted from 0, is
# `alpha - 1 + q * (n + 1 - alpha - beta)`. The places of the other methods are steps in `q`.
_INTERPOLATING = {
    "linear": (1.0, 1.0),
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}


def quantile_of(
    v: Any, x: Any, q: Any, axis: Any = None, method: Any = "linear", m: int = 0, missing: bool = False
) -> Any:
    """The elements of `v` with the weights that `np.quantile(x, q, axis)` gives to those of `x` at their places, or
    with the derivatives of order `m` of these weights by `q`. Equal elements of `x` are ordered by their places;
    `missing` leaves those out that are not a number, as `np.nanquantile` does.

    >>> float(quantile_of(np.array([1.0, 5.0, 2.0]), np.array([30.0, 10.0, 20.0]), 0.25))
    3.5
    """
    lines = _lines(x, axis)
    order, lower, upper = _neighbours(lines, q, method, m, missing)
    values = np.take_along_axis(_lines(v, axis), order, 0)
    result = lower[1] * np.take_along_axis(values, lower[0], 0) + upper[1] * np.take_along_axis(values, upper[0], 0)
    return result.reshape(np.shape(q) + lines.shape[1:])[()]


def quantile_back(
    g: Any, x: Any, q: Any, axis: Any = None, method: Any = "linear", m: int = 0, missing: bool = False
) -> Any:
    """An array like `x` with the elements of `g` shared out to those that the quantiles are made of: the transpose of
    `quantile_of(v, x, q, axis)` in `v`.

    >>> quantile_back(4.0, np.array([30.0, 10.0, 20.0]), 0.25)
    array([0., 2., 2.])
    """
    lines = _lines(x, axis)
    order, lower, upper = _neighbours(lines, q, method, m, missing)
    g = np.reshape(g, (-1, *lines.shape[1:]))
    shared = np.concatenate([lower[1] * g, upper[1] * g])
    places = np.take_along_axis(order, np.concatenate([lower[0], upper[0]]), 0)
    return _unlined(put_along(shared, places, lines, 0), x, axis)


def _lines(x: Any, axis: Any) -> Any:
    """The array with the axes of a reduction in front, as one."""
    if axis is None:
        return x.reshape(-1)
    axes = _axes(x, axis)
    moved = np.moveaxis(x, axes, range(len(axes)))
    return moved.reshape((-1, *moved.shape[len(axes) :]))


def _unlined(lines: Any, x: Any, axis: Any) -> Any:
    """What `_lines` made of an array like `x`, in the shape of `x` again."""
    if axis is None:
        return lines.reshape(x.shape)
    axes = _axes(x, axis)
    front = range(len(axes))
    return np.moveaxis(lines.reshape(np.moveaxis(x, axes, front).shape), front, axes)


def _axes(x: Any, axis: Any) -> tuple[int, ...]:
    return tuple(a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,)))


def _neighbours(lines: Any, q: Any, method: Any, m: int, missing: bool) -> tuple[Any, Any, Any]:
    """The order of the elements, and for the lower and the upper neighbour of each quantile its number in that order
    and its weight. The place between them is what NumPy finds for the numbers 0, 1, 2, ..."""
    order = ordering(lines, 0)
    ranks = np.arange(len(lines), dtype=np.result_type(lines, np.float16))
    counts = np.array(len(lines))
    if missing:
        counts = len(lines) - np.count_nonzero(np.isnan(lines), axis=0)
        ranks = ranks.reshape(-1, *[1] * (lines.ndim - 1)) + np.zeros_like(lines)
        ranks[1:][ranks[1:] >= counts] = np.nan  # (of a line without any number the first stays: its weight is 0)
    place = (np.nanquantile if missing else np.quantile)(ranks, q, axis=0, method=method)
    place = np.reshape(place, (-1, *([1] * (lines.ndim - 1) if not missing else lines.shape[1:])))
    lower = np.clip(np.floor(place), 0, np.maximum(counts - 2, 0)).astype(np.int64)
    upper = np.minimum(lower + 1, np.maximum(counts - 1, 0))
    weight = place - lower if m == 0 else _slope(place, q, counts, method, m)
    weights = np.where(counts > 0, [(1.0 if m == 0 else 0.0) - weight, weight], 0.0)
    weights = weights.astype(np.result_type(lines, q), copy=False)
    every = (len(place), *lines.shape[1:])
    return order, (np.broadcast_to(lower, every), weights[0]), (np.broadcast_to(upper, every), weights[1])


def _slope(place: Any, q: Any, counts: Any, method: Any, m: int) -> Any:
    """The derivative of order `m` of the places by `q`; 0 where a place is held at the first or the last element."""
    if m > 1 or method not in _INTERPOLATING:
        return np.zeros_like(place)
    alpha, beta = _INTERPOLATING[method]
    slope = counts + 1 - alpha - beta
    q = np.reshape(q, (-1, *[1] * (place.ndim - 1)))
    free = alpha - 1 + q * slope
    return np.where((free >= 0) & (free <= counts - 1), slope, 0.0) + np.zeros_like(place)
