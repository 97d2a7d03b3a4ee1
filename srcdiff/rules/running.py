"""Along an axis: running sums and products, differences, slopes, the trapezoidal rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..runtime import cumsum_back, diff_back, following, gradient_back, previous, recurrence, recurrence_back
from .complex_operands import holds_complex
from .points import call, reals
from .refusals import refused
from .registry import linear, pullback, pushforward, spelled

# ------------------------------------------------------------------------------------------- running sums and products

_AXES = call(reals(5)) + call(reals(5), axis=0) + call(reals(3, 4), axis=0) + call(reals(3, 4), axis=-1)
_ANY_AXIS = _AXES + call(reals(3, 4)) + call(reals(2, 3, 4), axis=1) + call(reals(2, 2, 2))


@spelled(np.cumsum, np.ndarray.cumsum, points=_ANY_AXIS)
def cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    if axis is None and a.ndim > 1:
        return np.cumsum(np.ravel(a))
    return np.cumsum(a, axis=axis)


@linear(np.cumsum, points=_AXES)
def cumsum_transpose(y_bar: Any, y: Any, a: Any, axis: Any = None) -> Any:
    if y.ndim == 1:
        return np.cumsum(y_bar[::-1])[::-1]
    return cumsum_back(y_bar, axis)


@linear(cumsum_back, points=call(reals(5), 0) + call(reals(3, 4), -1))
def cumsum_back_transpose(y_bar: Any, y: Any, x: Any, axis: Any) -> Any:
    return np.cumsum(y_bar, axis=axis)


@spelled(np.cumprod, np.ndarray.cumprod, points=_ANY_AXIS)
def cumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    if axis is None and a.ndim > 1:
        return np.cumprod(np.ravel(a))
    return np.cumprod(a, axis=axis)


@pullback(np.cumprod, points=_AXES)
def cumprod_pullback(y_bar: Any, y: Any, a: Any, axis: Any = None) -> Any:
    if y.ndim == 1:
        return previous(y, 1.0, 0) * recurrence_back(a, y_bar, 0)
    return previous(y, 1.0, axis) * recurrence_back(a, y_bar, axis)


@pushforward(np.cumprod)
def cumprod_tangent(y: Any, a: Any, axis: Any = None, *, a_dot: Any) -> Any:
    if y.ndim == 1:
        return recurrence(a, previous(y, 1.0, 0) * a_dot, 0)
    return recurrence(a, previous(y, 1.0, axis) * a_dot, axis)


@pullback(previous, points=call(reals(4), 1.0, 0) + call(reals(3, 4), 0.0, -1))
def previous_pullback(y_bar: Any, y: Any, x: Any, first: Any, axis: Any) -> Any:
    return following(y_bar, axis)


@pushforward(previous)
def previous_tangent(y: Any, x: Any, first: Any, axis: Any, *, x_dot: Any) -> Any:
    return previous(x_dot, 0.0, axis)


@linear(following, points=call(reals(4), 0) + call(reals(3, 4), 1))
def following_transpose(y_bar: Any, y: Any, x: Any, axis: Any) -> Any:
    return previous(y_bar, 0.0, axis)


@pullback(recurrence, points=call(reals(4), reals(4), 0) + call(reals(3, 4), reals(3, 4), -1))
def recurrence_pullback(y_bar: Any, y: Any, c: Any, b: Any, axis: Any) -> Any:
    return recurrence_back(c, y_bar, axis) * previous(y, 0.0, axis), recurrence_back(c, y_bar, axis)


@pushforward(recurrence)
def recurrence_tangent(y: Any, c: Any, b: Any, axis: Any, *, c_dot: Any, b_dot: Any) -> Any:
    return recurrence(c, b_dot + c_dot * previous(y, 0.0, axis), axis)


@pullback(recurrence_back, points=call(reals(4), reals(4), 0) + call(reals(3, 4), reals(3, 4), -1))
def recurrence_back_pullback(y_bar: Any, y: Any, c: Any, b: Any, axis: Any) -> Any:
    return previous(recurrence(c, y_bar, axis), 0.0, axis) * y, recurrence(c, y_bar, axis)


@pushforward(recurrence_back)
def recurrence_back_tangent(y: Any, c: Any, b: Any, axis: Any, *, c_dot: Any, b_dot: Any) -> Any:
    return recurrence_back(c, b_dot + following(c_dot * y, axis), axis)


# -------------------------------------------------------------------------------------------------------- differences

_DIFFS = call(reals(5)) + call(reals(5), 2) + call(reals(6), n=3) + call(reals(3, 4), axis=0) + call(reals(3, 4))
_EDGES = call(reals(4), prepend=reals()) + call(reals(4), 2, prepend=0.0, append=reals(2))
_EDGES += call(reals(3, 4), prepend=reals(3, 1)) + call(reals(3, 4), axis=0, append=reals())
_EDGES += call(reals(2, 3, 2), axis=1, prepend=reals())
_DIFFS += call(reals(4, 5), 2, 0) + call(reals(4, 5), n=2, axis=-1) + call(reals(2, 3, 2), axis=1)


def edge(v: Any, a: Any, axis: Any) -> Any:
    """What is put before or behind an array along an axis: a number is repeated along the others."""
    if np.ndim(v) > 0:
        return v
    if a.ndim == 1:
        return v + np.zeros(1, a.dtype)
    across = np.moveaxis(a, axis, 0).shape[1:]
    return np.moveaxis(v + np.zeros((1, *across), a.dtype), 0, axis)


@spelled(np.diff, points=_DIFFS + _EDGES)
def diff(a: Any, n: Any = 1, axis: Any = -1, prepend: Any = None, append: Any = None) -> Any:
    if n == 0:
        return np.copy(a)
    if prepend is not None:
        a = np.concatenate((edge(prepend, a, axis), a), axis)
    if append is not None:
        a = np.concatenate((a, edge(append, a, axis)), axis)
    if n == 1 and (axis == 0 or (a.ndim == 1 and axis == -1)):
        return a[1:] - a[:-1]
    if n == 1 and (axis == -1 or axis == a.ndim - 1):
        return a[..., 1:] - a[..., :-1]
    if n == 2 and (axis == 0 or (a.ndim == 1 and axis == -1)):
        steps = a[1:] - a[:-1]
        return steps[1:] - steps[:-1]
    if n == 2 and (axis == -1 or axis == a.ndim - 1):
        steps = a[..., 1:] - a[..., :-1]
        return steps[..., 1:] - steps[..., :-1]
    return np.diff(a, n, axis)


@linear(np.diff, points=_DIFFS)
def diff_transpose(y_bar: Any, y: Any, a: Any, n: Any = 1, axis: Any = -1) -> Any:
    return diff_back(y_bar, n, axis)


@linear(diff_back, points=call(reals(4), 1, 0) + call(reals(3, 4), 2, 0))
def diff_back_transpose(y_bar: Any, y: Any, x: Any, n: Any, axis: Any) -> Any:
    return np.diff(y_bar, n, axis)


@spelled(np.ediff1d, points=call(reals(5)) + call(reals(2, 3)))
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    return np.diff(ary if ary.ndim == 1 else np.ravel(ary))


@spelled(
    np.gradient,
    points=call(reals(5))
    + call(reals(5), 0.5)
    + call(reals(5), reals(low=0.5, high=1.0), edge_order=2)
    + call(reals(3, 4), axis=0)
    + call(reals(3, 4), 0.1, axis=-1)
    + call(reals(4, 3), 0.1, axis=0, edge_order=2),
)
def gradient(f: Any, dx: Any = None, dy: Any = None, dz: Any = None, axis: Any = None, edge_order: Any = 1) -> Any:
    if (holds_complex(dx) or holds_complex(dy)) and not holds_complex(f):
        return refused("a complex spacing of real numbers in `np.gradient`", "divide the result by it")
    if (dx is not None and np.ndim(dx) != 0) or (dy is not None and np.ndim(dy) != 0):
        return refused("`np.gradient` for points that are not evenly spaced", "give the spacing as a number")
    if isinstance(axis, tuple) or dz is not None or (axis is None and f.ndim > 2):
        return refused("`np.gradient` along these axes", "take it along one axis after the other")
    if axis is None and f.ndim == 2:
        rows = np.gradient(f, axis=0, edge_order=edge_order)
        columns = np.gradient(f, axis=1, edge_order=edge_order)
        if dx is None:
            return rows, columns
        return rows / dx, columns / (dx if dy is None else dy)
    if dy is not None:
        return refused("two spacings of `np.gradient` along one axis", "give one of them")
    if dx is None:
        return np.gradient(f, axis=axis, edge_order=edge_order)
    return np.gradient(f, axis=axis, edge_order=edge_order) / dx


@linear(np.gradient, points=call(reals(5), axis=0) + call(reals(3, 4), axis=-1, edge_order=2))
def gradient_transpose(y_bar: Any, y: Any, f: Any, axis: Any = None, edge_order: Any = 1) -> Any:
    if axis is None:
        return gradient_back(y_bar, 0, edge_order)
    return gradient_back(y_bar, axis, edge_order)


@linear(gradient_back, points=call(reals(5), 0) + call(reals(3, 4), -1, 2) + call(reals(2, 3), 0))
def gradient_back_transpose(y_bar: Any, y: Any, x: Any, axis: Any, edge_order: Any = 1) -> Any:
    return np.gradient(y_bar, axis=axis, edge_order=edge_order)


@spelled(
    np.trapezoid,
    points=call(reals(5))
    + call(reals(5), dx=reals(low=0.5, high=1.0))
    + call(reals(5), reals(5, form="sorted"))
    + call(reals(3, 4), axis=0)
    + call(reals(3, 4), reals(4))
    + call(reals(3, 4), reals(3), axis=0)
    + call(reals(3, 4), reals(3, 4), axis=0)
    + call(reals(2, 3, 2), dx=0.5, axis=1),
)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1) -> Any:
    if x is None and np.ndim(dx) != 0:
        return refused("an array as `dx=` of `np.trapezoid`", "give the points, as x=")
    if y.ndim == 1 and x is None:
        return 0.5 * dx * np.sum(y[1:] + y[:-1])
    if y.ndim == 1:
        return 0.5 * np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1]))
    if (axis == -1 or axis == y.ndim - 1) and x is None:
        return 0.5 * dx * np.sum(y[..., 1:] + y[..., :-1], axis=-1)
    if axis == -1 or axis == y.ndim - 1:
        return 0.5 * np.sum((x[..., 1:] - x[..., :-1]) * (y[..., 1:] + y[..., :-1]), axis=-1)
    lines = np.moveaxis(y, axis, -1)
    pairs = lines[..., 1:] + lines[..., :-1]
    if x is None:
        return 0.5 * dx * np.sum(pairs, axis=-1)
    if x.ndim == 1:
        return 0.5 * np.sum((x[1:] - x[:-1]) * pairs, axis=-1)
    grid = np.moveaxis(x, axis, -1)
    return 0.5 * np.sum((grid[..., 1:] - grid[..., :-1]) * pairs, axis=-1)
