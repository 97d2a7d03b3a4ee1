"""More helpers that generated code may call: running sums and products, order statistics, tables, tensor products.

`srcdiff.runtime` has them all under its own name, from where generated code imports them.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def ratio(a: Any, b: Any) -> Any:
    """`a / b`, and 0 where `b` is 0: a norm has the derivative 0 at the origin, by convention.

    >>> ratio(1.0, 4.0), ratio(1.0, 0.0)
    (0.25, 0.0)
    """
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        b = np.asarray(b)
        one = b.dtype.type(1) if b.dtype.kind == "f" else 1.0
        return np.where(b == 0, 0.0, a / np.where(b == 0, one, b))
    return a / b if b != 0 else 0.0


def root(x: Any, n: Any) -> Any:
    """The root `x ** (1 / n)` of a number that is not negative; its derivative at 0 is 0, by convention.

    >>> root(8.0, 3)
    2.0
    """
    return x ** (1.0 / n)


def square_root(x: Any) -> Any:
    """The square root of a number that is not negative; its derivative at 0 is 0, by convention.

    >>> float(square_root(9.0))
    3.0
    """
    return np.sqrt(x)


# ------------------------------------------------------------------------------------------- running sums and products


def cumsum_back(x: Any, axis: int) -> Any:
    """The sum of each element and all that follow it along `axis`: the transpose of `np.cumsum`.

    >>> cumsum_back(np.array([1.0, 2.0, 3.0]), 0)
    array([6., 5., 3.])
    """
    return np.flip(np.cumsum(np.flip(x, axis), axis=axis), axis)


def previous(x: Any, first: float, axis: int) -> Any:
    """The element before each one along `axis`, and `first` before the first.

    >>> previous(np.array([1.0, 2.0, 3.0]), 0.0, 0)
    array([0., 1., 2.])
    """
    result = np.empty_like(x)
    to, lines = np.moveaxis(result, axis, 0), np.moveaxis(x, axis, 0)
    to[:1], to[1:] = first, lines[:-1]
    return result


def following(x: Any, axis: int) -> Any:
    """The element after each one along `axis`, and 0 after the last: the transpose of `previous`."""
    result = np.zeros_like(x)
    np.moveaxis(result, axis, 0)[:-1] = np.moveaxis(x, axis, 0)[1:]
    return result


def recurrence(c: Any, b: Any, axis: int) -> Any:
    """The `r` with `r[i] = b[i] + c[i] * r[i - 1]` along `axis`.

    >>> recurrence(np.array([9.0, 2.0, 3.0]), np.array([1.0, 0.0, 1.0]), 0)
    array([1., 2., 7.])
    """
    result = np.array(np.broadcast_to(b, c.shape), np.result_type(c, b))
    to, factors = np.moveaxis(result, axis, 0), np.moveaxis(c, axis, 0)
    for i in range(1, len(to)):
        to[i] += factors[i] * to[i - 1]
    return result


def recurrence_back(c: Any, b: Any, axis: int) -> Any:
    """The `r` with `r[i] = b[i] + c[i + 1] * r[i + 1]` along `axis`: the transpose of `recurrence` in `b`."""
    result = np.array(np.broadcast_to(b, c.shape), np.result_type(c, b))
    to, factors = np.moveaxis(result, axis, 0), np.moveaxis(c, axis, 0)
    for i in range(len(to) - 2, -1, -1):
        to[i] += factors[i + 1] * to[i + 1]
    return result


def diff_back(y: Any, n: int, axis: int) -> Any:
    """The transpose of `np.diff(x, n, axis)`: differences of `y` with zeros on both sides.

    >>> diff_back(np.array([1.0, 5.0]), 1, 0)
    array([-1., -4.,  5.])
    """
    zeros = [(0, 0)] * y.ndim
    zeros[axis] = (n, n)
    return (-1.0) ** n * np.diff(np.pad(y, zeros), n, axis)


def gradient_back(y: Any, axis: int, edge_order: int = 1) -> Any:
    """The transpose of `np.gradient(x, axis=axis, edge_order=edge_order)`: second-order central differences inside,
    one-sided ones of the given order at both ends.

    >>> gradient_back(np.array([1.0, 0.0, 0.0]), 0)
    array([-1.,  1.,  0.])
    """
    result = np.zeros_like(y)
    to, g = np.moveaxis(result, axis, 0), np.moveaxis(y, axis, 0)
    to[2:] += 0.5 * g[1:-1]
    to[:-2] -= 0.5 * g[1:-1]
    weights = (-1.0, 1.0) if edge_order == 1 else (-1.5, 2.0, -0.5)
    for k, w in enumerate(weights):
        to[k] += w * g[0]
        to[-1 - k] -= w * g[-1]
    return result


# ------------------------------------------------------------------------------------------------------------- orders


def ordering(x: Any, axis: int = -1) -> Any:
    """The places of the elements in ascending order along `axis`; of equal ones the first comes first."""
    return np.argsort(x, axis=axis, kind="stable")


def places_of(y: Any, x: Any, axis: int = -1) -> Any:
    """Where the elements of `y`, which are those of `x` in another order along `axis`, stand in `x`.

    >>> places_of(np.array([2.0, 1.0, 5.0]), np.array([5.0, 2.0, 1.0]))
    array([1, 2, 0])
    """
    result = np.empty(y.shape, np.int64)
    np.put_along_axis(result, ordering(y, axis), ordering(x, axis), axis)
    return result


def put_along(y: Any, places: Any, x: Any, axis: int) -> Any:
    """An array like `x` with the elements of `y` added at `places`: the transpose of `np.take_along_axis`.

    >>> put_along(np.array([1.0, 5.0, 2.0]), np.array([1, 1, 0]), np.zeros(3), 0)
    array([2., 6., 0.])
    """
    result = np.zeros(x.shape, np.result_type(y))
    grid = list(np.ogrid[tuple(map(slice, places.shape))])
    grid[axis] = places
    np.add.at(result, tuple(grid), y)
    return result


def first_places(x: Any) -> Any:
    """Where each value first stands in the flattened `x`, in ascending order of the values.

    >>> first_places(np.array([3.0, 1.0, 3.0]))
    array([1, 0])
    """
    return np.unique(x, return_index=True)[1]


def median_weights(x: Any, axis: Any = None) -> Any:
    """1 at the element in the middle of the order (along `axis`), 0.5 at each of the two there are of an even number, 0
    elsewhere. Equal elements are ordered by their places.

    >>> median_weights(np.array([5.0, 1.0, 3.0, 9.0]))
    array([0.5, 0. , 0.5, 0. ])
    """
    if axis is None:
        return median_weights(x.reshape(-1), 0).reshape(x.shape)
    if isinstance(axis, tuple):
        axes, front = tuple(a % x.ndim for a in axis), tuple(range(len(axis)))
        moved = np.moveaxis(x, axes, front)
        flat = moved.reshape((-1, *moved.shape[len(axes) :]))
        return np.moveaxis(median_weights(flat, 0).reshape(moved.shape), front, axes)
    n = x.shape[axis]
    middle = np.take(ordering(x, axis), range((n - 1) // 2, n // 2 + 1), axis=axis)
    result = np.zeros_like(x)
    np.put_along_axis(result, middle, 1.0 / (2 - n % 2), axis)
    return result


# ------------------------------------------------------------------------------------------------------------- tables


def _intervals(x: Any, xp: Any) -> Any:
    """The number of the interval of `xp` that each element of `x` is in; and whether it is in any."""
    x = np.asarray(x)
    k = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, max(len(xp) - 2, 0))
    return k, (x >= xp[0]) & (x <= xp[-1]) & (len(xp) > 1)


def _plain(values: Any, x: Any) -> Any:
    return values if isinstance(x, np.ndarray) else float(values)


def interp_slope(x: Any, xp: Any, fp: Any) -> Any:
    """The slope at `x` of the line through the points; right of a corner, at the last one left of it; 0 outside.

    >>> interp_slope(np.array([0.5, 1.0, 9.0]), np.array([0.0, 1.0, 2.0]), np.array([0.0, 3.0, 4.0]))
    array([3., 1., 0.])
    """
    k, inside = _intervals(x, xp)
    if len(xp) == 1:
        return _plain(np.zeros(np.shape(x)), x)
    return _plain(np.where(inside, (fp[k + 1] - fp[k]) / (xp[k + 1] - xp[k]), 0.0), x)


def interp_back(y: Any, x: Any, xp: Any) -> Any:
    """The transpose of `np.interp(x, xp, fp)` in `fp`: each element of `y` shared out to the points beside `x`.

    >>> interp_back(np.array([4.0]), np.array([0.25]), np.array([0.0, 1.0, 2.0]))
    array([3., 1., 0.])
    """
    result = np.zeros(len(xp))
    k, inside = _intervals(x, xp)
    if len(xp) == 1:
        result[0] = np.sum(y)
        return result
    right = np.where(inside, (x - xp[k]) / (xp[k + 1] - xp[k]), np.where(np.asarray(x) > xp[-1], 1.0, 0.0))
    np.add.at(result, k, (1.0 - right) * y)
    np.add.at(result, k + 1, right * y)
    return result


def interp_slope_back(y: Any, x: Any, xp: Any) -> Any:
    """The transpose of `interp_slope(x, xp, fp)` in `fp`."""
    result = np.zeros(len(xp))
    k, inside = _intervals(x, xp)
    if len(xp) > 1:
        slopes = np.where(inside, y / (xp[k + 1] - xp[k]), 0.0)
        np.add.at(result, k + 1, slopes)
        np.add.at(result, k, -slopes)
    return result


def powers(x: Any, n: int, m: int = 0, increasing: bool = False) -> Any:
    """The derivatives of order `m` of the powers of `x`, from number `n - 1` down to number 0 along a new last axis.

    >>> powers(2.0, 4), powers(2.0, 4, 1)
    (array([8., 4., 2., 1.]), array([12.,  4.,  1.,  0.]))
    """
    x = np.asarray(x)
    result = np.zeros((*x.shape, n), x.dtype if x.dtype.kind == "f" else np.float64)
    factor = 1.0
    for k in range(1, m + 1):
        factor *= k
    power = np.ones(x.shape, result.dtype)
    for k in range(m, n):
        result[..., k] = factor * power
        power = power * x
        factor *= (k + 1) / (k + 1 - m)
    return result if increasing else result[..., ::-1]


def polyder_back(y: Any, p: Any) -> Any:
    """The transpose of `np.polyder(p)`.

    >>> polyder_back(np.array([1.0, 1.0]), np.zeros(3))
    array([2., 1., 0.])
    """
    result = np.zeros(len(p), np.result_type(y))
    result[:-1] = y * np.arange(len(p) - 1, 0, -1) if len(p) > 1 else 0.0
    return result


# ----------------------------------------------------------------------------------------------------------- products


def _contracted(axes: Any, a: Any, b: Any) -> tuple[list[int], list[int]]:
    """The axes of `a` and of `b` that `np.tensordot` sums over."""
    if isinstance(axes, int):
        return [*range(a.ndim - axes, a.ndim)], [*range(axes)]
    first, second = ([k] if isinstance(k, int) else list(k) for k in axes)
    return [k % a.ndim for k in first], [k % b.ndim for k in second]


def tensordot_left(y: Any, b: Any, a: Any, axes: Any = 2) -> Any:
    """The transpose of `np.tensordot(a, b, axes)` in `a`.

    >>> tensordot_left(np.ones((2, 4)), np.ones((3, 4)), np.zeros((2, 3)), 1).shape
    (2, 3)
    """
    from_a, from_b = _contracted(axes, a, b)
    kept = [k for k in range(a.ndim) if k not in from_a]
    free = [k for k in range(b.ndim) if k not in from_b]
    found = np.tensordot(y, b, ([*range(len(kept), np.ndim(y))], free))
    order = [*kept, *(from_a[from_b.index(k)] for k in sorted(from_b))]
    return np.transpose(found, np.argsort(order)) if order else found


def tensordot_right(y: Any, a: Any, b: Any, axes: Any = 2) -> Any:
    """The transpose of `np.tensordot(a, b, axes)` in `b`.

    >>> tensordot_right(np.ones((2, 4)), np.ones((2, 3)), np.zeros((3, 4)), 1).shape
    (3, 4)
    """
    from_a, from_b = _contracted(axes, a, b)
    kept = [k for k in range(a.ndim) if k not in from_a]
    free = [k for k in range(b.ndim) if k not in from_b]
    found = np.tensordot(a, y, (kept, [*range(len(kept))]))
    order = [*(from_b[from_a.index(k)] for k in sorted(from_a)), *free]
    return np.transpose(found, np.argsort(order)) if order else found


def in_full(y: Any, a: Any, v: Any, mode: str) -> Any:
    """Part of a convolution at its place in the full one, zeros elsewhere: the transpose of `part_of_full`.

    >>> in_full(np.array([5.0]), np.ones(2), np.ones(2), "valid")
    array([0., 5., 0.])
    """
    start = _start(a, v, mode)
    result = np.zeros(len(a) + len(v) - 1, np.result_type(y))
    result[start : start + len(y)] = y
    return result


def part_of_full(y: Any, a: Any, v: Any, mode: str) -> Any:
    """What `np.convolve(a, v, mode)` has of the full convolution `y` of the two."""
    start, (short, long) = _start(a, v, mode), sorted((len(a), len(v)))
    return y[start : start + (long - short + 1 if mode == "valid" else long)].copy()


def _start(a: Any, v: Any, mode: str) -> int:
    """Where the part begins; "mirrored" is the mode "same" of `np.correlate`, which turns round if `v` is longer."""
    short = min(len(a), len(v))
    if mode == "mirrored" and len(a) < len(v):
        return short // 2
    return short - 1 if mode == "valid" else (short - 1) // 2


def prod_partials(x: Any, axis: Any = None) -> Any:
    """The product of all the other elements, for each element of `x` (along `axis`): exact where zeros occur.

    >>> prod_partials(np.array([2.0, 0.0, 3.0]))
    array([0., 6., 0.])
    """
    if axis is None:
        return others(x.reshape(-1), 0).reshape(x.shape)
    if isinstance(axis, tuple):
        axes = tuple(a % x.ndim for a in axis)
        moved = np.moveaxis(x, axes, range(len(axes)))
        flat = moved.reshape((-1, *moved.shape[len(axes) :]))
        return np.moveaxis(others(flat, 0).reshape(moved.shape), range(len(axes)), axes)
    return others(x, axis)


def prod_partials_pullback(w: Any, x: Any, axis: Any = None) -> Any:
    """The adjoint of `x` for the adjoint `w` of `prod_partials(x, axis)`: sums of products that leave out two
    elements, exact where zeros occur."""
    if axis is None:
        return prod_partials_pullback(w.reshape(-1), x.reshape(-1), 0).reshape(x.shape)
    if isinstance(axis, tuple):
        axes, front = tuple(a % x.ndim for a in axis), tuple(range(len(axis)))
        moved, weights = np.moveaxis(x, axes, front), np.moveaxis(w, axes, front)
        flat = (-1, *moved.shape[len(axes) :])
        found = prod_partials_pullback(weights.reshape(flat), moved.reshape(flat), 0)
        return np.moveaxis(found.reshape(moved.shape), front, axes)
    lines, weights = np.moveaxis(x, axis, 0), np.moveaxis(w, axis, 0)
    result = np.zeros_like(lines)
    for j in range(len(lines)):
        rest = [i for i in range(len(lines)) if i != j]
        if rest:
            result[j] = (weights[rest] * others(lines[rest], 0)).sum(axis=0)
    return np.moveaxis(result, 0, axis)


def others(x: Any, axis: int) -> Any:
    """Products of the elements before and after each one, by two running products."""
    lines = np.moveaxis(x, axis, 0)
    before = np.ones_like(lines)
    after = np.ones_like(lines)
    np.cumprod(lines[:-1], axis=0, out=before[1:])
    after[:-1] = np.cumprod(lines[:0:-1], axis=0)[::-1]
    return np.moveaxis(before * after, 0, axis)


def running_maxima(x: Any, axis: int) -> Any:
    """The places along `axis` of the largest elements so far, the first of equal ones.

    >>> running_maxima(np.array([1.0, 0.0, 1.0, 2.0]), 0)
    array([0, 0, 0, 3])
    """
    return _running(x, axis, np.maximum)


def running_minima(x: Any, axis: int) -> Any:
    """The places along `axis` of the smallest elements so far, the first of equal ones.

    >>> running_minima(np.array([1.0, 2.0, 1.0, 0.5]), 0)
    array([0, 0, 0, 3])
    """
    return _running(x, axis, np.minimum)


def _running(x: Any, axis: int, ufunc: Any) -> Any:
    best = np.moveaxis(ufunc.accumulate(x, axis), axis, 0)
    new = np.ones(best.shape, bool)
    new[1:] = (best[1:] != best[:-1]) & ~(np.isnan(best[1:]) & np.isnan(best[:-1]))
    places = np.arange(len(best)).reshape((-1, *(1,) * (best.ndim - 1)))
    return np.moveaxis(np.maximum.accumulate(np.where(new, places, 0), 0), 0, axis)
