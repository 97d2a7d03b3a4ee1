"""Pullbacks of what is not elementwise: reductions, products, changes of shape, array construction."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..runtime import (
    array_of,
    copied,
    first_max,
    first_min,
    one_hot,
    only_last,
    prod_partials,
    prod_partials_pullback,
    replaced,
    scattered,
    stop_gradient,
    tensordot_left,
    tensordot_right,
    unbroadcast,
    zeros_like,
)
from .points import Points, call, reals
from .registry import bilinear, constant, linear, pullback, pushforward, views

# ----------------------------------------------------------------------------------------------------- reductions

REDUCED = call(reals(5)) + call(reals(3, 4), axis=0) + call(reals(3, 4), axis=-1, keepdims=True)
REDUCED += call(reals(2, 3, 4), axis=(0, 2))


@linear(np.sum, np.ndarray.sum, points=REDUCED)
def sum_(y_bar: Any, y: Any, x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    if axis is None or keepdims:
        return y_bar
    return np.expand_dims(y_bar, axis)


@linear(np.mean, np.ndarray.mean, points=REDUCED)
def mean(y_bar: Any, y: Any, x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    if x.ndim == 0:
        return y_bar
    if axis is None:
        return y_bar / x.size
    if isinstance(axis, tuple):
        if keepdims:
            return y_bar / (x.size // y.size)
        return np.expand_dims(y_bar, axis) / (x.size // y.size)
    if keepdims:
        return y_bar / x.shape[axis]
    return np.expand_dims(y_bar, axis) / x.shape[axis]


def weighted(*functions: Any, weights: Any, points: Points) -> None:
    """Register reductions whose partials are `weights(x, axis)`, of the shape of `x`."""

    @pullback(*functions, points=points)
    def weighted_reduction(y_bar: Any, y: Any, x: Any, axis: Any = None, keepdims: Any = False) -> Any:
        if x.ndim == 0:
            return y_bar
        if axis is None or keepdims:
            return y_bar * weights(x, axis)
        return np.expand_dims(y_bar, axis) * weights(x, axis)

    @pushforward(*functions)
    def weighted_tangent(y: Any, x: Any, axis: Any = None, keepdims: Any = False, *, x_dot: Any) -> Any:
        if x.ndim == 0:
            return x_dot
        if axis is None and not keepdims:
            return np.sum(weights(x) * x_dot)
        if keepdims:
            return np.sum(weights(x, axis) * x_dot, axis=axis, keepdims=True)
        return np.sum(weights(x, axis) * x_dot, axis=axis)


weighted(np.prod, np.ndarray.prod, weights=prod_partials, points=REDUCED)
weighted(np.max, np.ndarray.max, weights=first_max, points=REDUCED)
weighted(np.min, np.ndarray.min, weights=first_min, points=REDUCED)


@pullback(
    prod_partials,
    points=call(reals(4)) + call(reals(3, 4), 0),
    first_order="third derivatives of a product are not written",
)
def prod_partials_again(y_bar: Any, y: Any, x: Any, axis: Any = None) -> Any:
    return prod_partials_pullback(y_bar, x, axis)


@pushforward(prod_partials)
def prod_partials_tangent(y: Any, x: Any, axis: Any = None, *, x_dot: Any) -> Any:
    return prod_partials_pullback(x_dot, x, axis)  # the second derivatives of a product are symmetric


# ------------------------------------------------------------------------------------------------------- products


_MATRICES = call(reals(3), reals(3)) + call(reals(2, 3), reals(3)) + call(reals(3), reals(3, 2))
_MATRICES += call(reals(2, 3), reals(3, 4))
_STACKS = call(reals(2, 2, 3), reals(2, 3, 4)) + call(reals(2, 3), reals(2, 3, 4)) + call(reals(2, 2, 3), reals(3, 4))
_STACKS += call(reals(2, 2, 3), reals(3)) + call(reals(3), reals(2, 3, 4)) + call(reals(2, 1, 2, 3), reals(3, 3, 2))
_DOTS = call(reals(2, 2, 3), reals(2, 3, 4)) + call(reals(2, 2, 3), reals(3)) + call(reals(3), reals(2, 3, 4))
_DOTS += call(reals(2, 3), reals(2, 3, 2)) + call(reals(2, 2, 3), reals(3, 2))


@bilinear(np.dot, np.ndarray.dot, points=_MATRICES + _DOTS)
def dot(y_bar: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == 0 or b.ndim == 0:
        return unbroadcast(y_bar * b, a), unbroadcast(y_bar * a, b)
    if a.ndim == 1 and b.ndim == 1:
        return y_bar * b, y_bar * a
    if a.ndim == 2 and b.ndim == 1:
        return np.outer(y_bar, b), a.T @ y_bar
    if a.ndim == 1 and b.ndim == 2:
        return b @ y_bar, np.outer(a, y_bar)
    if a.ndim == 2 and b.ndim == 2:
        return y_bar @ b.T, a.T @ y_bar
    if b.ndim == 1:
        return tensordot_left(y_bar, b, a, (-1, 0)), tensordot_right(y_bar, a, b, (-1, 0))
    return tensordot_left(y_bar, b, a, (-1, -2)), tensordot_right(y_bar, a, b, (-1, -2))


@bilinear(np.matmul, operator.matmul, points=_MATRICES + _STACKS)
def matmul(y_bar: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == 1 and b.ndim == 1:
        return y_bar * b, y_bar * a
    if a.ndim == 2 and b.ndim == 1:
        return np.outer(y_bar, b), a.T @ y_bar
    if a.ndim == 1 and b.ndim == 2:
        return b @ y_bar, np.outer(a, y_bar)
    if a.ndim == 2 and b.ndim == 2:
        return y_bar @ b.T, a.T @ y_bar
    if b.ndim == 1:
        return np.expand_dims(y_bar, -1) * b, unbroadcast(np.expand_dims(y_bar, -1) * a, b)
    if a.ndim == 1:
        return unbroadcast(np.sum(np.expand_dims(y_bar, -2) * b, axis=-1), a), np.expand_dims(
            y_bar, -2
        ) * np.expand_dims(a, -1)
    return unbroadcast(y_bar @ np.swapaxes(b, -1, -2), a), unbroadcast(np.swapaxes(a, -1, -2) @ y_bar, b)


@bilinear(np.outer, points=call(reals(3), reals(4)) + call(reals(2, 2), reals(3)))
def outer(y_bar: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == 1 and b.ndim == 1:
        return y_bar @ b, a @ y_bar
    return np.reshape(y_bar @ np.ravel(b), a.shape), np.reshape(np.ravel(a) @ y_bar, b.shape)


# ------------------------------------------------------------------------------- indices that are arrays or masks

_PLACES = np.array([0, 2, 2])
_MASK = np.array([True, False, True])


@linear(
    operator.getitem,
    points=call(reals(3), _PLACES) + call(reals(3, 2), _MASK) + call(reals(2, 3), (slice(None), _PLACES)),
)
def getitem(y_bar: Any, y: Any, x: Any, index: Any) -> Any:
    return scattered(y_bar, index, x)


@linear(scattered, points=call(reals(3), _PLACES, np.zeros(4)) + call(reals(2), _MASK, np.zeros(3)))
def scattered_again(y_bar: Any, y: Any, g: Any, index: Any, x: Any) -> Any:
    return unbroadcast(y_bar[index], g), None, None


@linear(replaced, of=("x", "v"), points=call(reals(3), _PLACES, reals(3)) + call(reals(3), _MASK, reals()))
def replaced_again(y_bar: Any, y: Any, x: Any, index: Any, v: Any) -> Any:
    return replaced(y_bar, index, 0.0), None, unbroadcast(only_last(y_bar[index], index, x), v)


@linear(only_last, points=call(reals(3), _PLACES, np.zeros(3)))
def only_last_again(y_bar: Any, y: Any, g: Any, index: Any, x: Any) -> Any:
    return only_last(y_bar, index, x), None, None


# --------------------------------------------------------------------------------------------------- shape, copies


@linear(copied, np.copy, np.ndarray.copy, np.asarray, np.array, np.ascontiguousarray, points=call(reals(3, 4)))
def copy(y_bar: Any, y: Any, x: Any, dtype: Any = None) -> Any:
    return y_bar


@linear(np.ndarray.astype, points=call(reals(3, 4), np.float64))
def astype(y_bar: Any, y: Any, x: Any, dtype: Any) -> Any:
    return y_bar


@linear(
    np.reshape,
    np.ndarray.reshape,
    points=call(reals(3, 4), (2, 6))
    + call(reals(6), (3, -1))
    + call(reals(3, 4), -1)
    + call(reals(12), 12)
    + call(reals(2, 3), (1, 3, -1)),
)
def reshape(y_bar: Any, y: Any, x: Any, shape: Any) -> Any:
    return np.reshape(y_bar, x.shape)


@linear(np.ravel, np.ndarray.ravel, np.ndarray.flatten, points=call(reals(3, 4)))
def ravel(y_bar: Any, y: Any, x: Any) -> Any:
    return np.reshape(y_bar, x.shape)


@linear(np.ndarray.T, points=call(reals(3, 4)))
def transposed(y_bar: Any, y: Any, x: Any) -> Any:
    return y_bar.T


@linear(np.expand_dims, points=call(reals(3, 4), 1) + call(reals(3), -1) + call(reals(3, 4), (0, 2)))
def expand_dims(y_bar: Any, y: Any, x: Any, axis: Any) -> Any:
    return np.reshape(y_bar, x.shape)


@linear(np.broadcast_to, points=call(reals(3), (2, 3)) + call(reals(2, 1), (2, 3)))
def broadcast_to(y_bar: Any, y: Any, x: Any, shape: Any) -> Any:
    return unbroadcast(y_bar, x)


@linear(unbroadcast, points=call(reals(2, 3), np.zeros(3)))
def unbroadcast_again(y_bar: Any, y: Any, g: Any, x: Any) -> Any:
    return unbroadcast(y_bar, g), None


# ---------------------------------------------------------------------------------------------------- construction


@linear(np.full, of=("fill_value",), points=call((2, 3), reals()))
def full(y_bar: Any, y: Any, shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    return None, unbroadcast(y_bar, fill_value)


@linear(np.full_like, of=("value",), points=call(np.zeros((2, 3)), reals()))
def full_like(y_bar: Any, y: Any, a: Any, value: Any, dtype: Any = None) -> Any:
    return None, unbroadcast(y_bar, value)


@linear(np.linspace, of=("start", "stop"), points=call(reals(), reals(), 5))
def linspace(y_bar: Any, y: Any, start: Any, stop: Any, num: Any = 50) -> Any:
    return np.sum(np.linspace(1.0, 0.0, num) * y_bar), np.sum(np.linspace(0.0, 1.0, num) * y_bar)


@pullback(np.arange, points=call(reals(low=0.0, high=0.2), 2.0, 0.3) + call(0.0, 2.0, reals(low=0.3, high=0.32)))
def arange(y_bar: Any, y: Any, start: Any, stop: Any = None, step: Any = 1) -> Any:
    if stop is None:
        return None
    return np.sum(y_bar), None, np.sum(np.arange(y.size) * y_bar)


@pushforward(np.arange)
def arange_tangent(
    y: Any, start: Any, stop: Any = None, step: Any = 1, *, start_dot: Any, stop_dot: Any = 0.0, step_dot: Any = 0.0
) -> Any:
    if stop is None:
        return np.zeros(y.size)
    return start_dot + step_dot * np.arange(y.size)


constant(
    *(np.zeros, np.ones, np.empty, np.eye, np.identity, np.zeros_like, np.ones_like, np.empty_like, zeros_like),
    *(np.argmax, np.argmin, np.ndarray.argmax, np.ndarray.argmin, np.count_nonzero),
    *(np.all, np.any, np.ndarray.all, np.ndarray.any, np.shape, np.size, np.ndim, len),
    *(np.ndarray.shape, np.ndarray.ndim, np.ndarray.size, np.ndarray.dtype),
    *(first_max, first_min, one_hot, range, isinstance, stop_gradient, array_of),
)

views(
    *(np.ndarray.T, np.transpose, np.ndarray.transpose, np.reshape, np.ndarray.reshape),
    *(np.ravel, np.ndarray.ravel, np.asarray, np.ascontiguousarray, np.expand_dims),
)
views(np.broadcast_to, read_only=True)
