"""Arrays as lines along an axis: what the reductions and their partials loop over, whatever the rank and the layout.

`lines(a, axis)` is a C-contiguous array of three dimensions, *before* x *along* x *after*; for a tuple of axes, all
of these form the middle one. `unlines` is its inverse; `reduced_shape` and `kept_shape` are the shapes of a result of
a reduction. These functions exist in compiled code only. `axis` may be negative.
"""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

from typing import Any

import numpy as np

from .register import implements, is_axes, jitable, tuple_setitem, types


def lines(a: Any, axis: Any) -> Any:
    """`a` as *before* x *along* x *after*."""


def unlines(parts: Any, a: Any, axis: Any) -> Any:
    """An array of the shape of `a` from `parts`, which has the shape of `lines(a, axis)`."""


def reduced_shape(a: Any, axis: Any) -> Any:
    """The shape of `a` without `axis`."""


def kept_shape(a: Any, axis: Any) -> Any:
    """The shape of `a` with a 1 for `axis`."""


def count(a: Any, axis: Any) -> Any:
    """The number of elements along `axis`."""


def axes_first(a: Any, axis: Any) -> Any:
    """The permutation that brings the axes of the tuple `axis` to the front."""


@jitable
def normal_axis(axis: int, ndim: int) -> int:
    """`axis` counted from the front."""
    if axis < -ndim or axis >= ndim:
        raise np.exceptions.AxisError("axis is out of bounds for the array")
    return axis % ndim


@jitable
def size_of(shape: Any, start: int, stop: int) -> int:
    """The product of `shape[start:stop]`, for a tuple and bounds that only the run knows."""
    size = 1
    for i in range(start, stop):
        size *= shape[i]
    return size


@jitable
def is_among(i: int, axes: Any) -> bool:
    found = False
    for axis in axes:
        found = found or axis == i
    return found


@implements(axes_first)
def _axes_first(a: Any, axis: Any) -> Any:
    ndim, given = a.ndim, axis.count
    identity = tuple(range(ndim))
    zeros = (0,) * given

    def implementation(a: Any, axis: Any) -> Any:
        first = zeros
        for i in range(given):
            first = tuple_setitem(first, i, normal_axis(axis[i], ndim))
        order = identity
        position = given
        for i in range(ndim):
            if not is_among(i, first):
                if position == ndim:
                    raise ValueError("duplicate value in 'axis'")
                order = tuple_setitem(order, position, i)
                position += 1
        for i in range(given):
            order = tuple_setitem(order, i, first[i])
        return order

    return implementation


@jitable
def place(position: int, shape: Any, steps: Any) -> int:
    """Where element number `position` of an array of `shape` lies, when a step along an axis is one of `steps`."""
    offset = 0
    for i in range(len(shape) - 1, -1, -1):
        offset += position % shape[i] * steps[i]
        position //= shape[i]
    return offset


@jitable
def steps_of(shape: Any) -> Any:
    """The distances between the elements of a C-contiguous array, in elements."""
    steps = shape
    step = 1
    for i in range(len(shape) - 1, -1, -1):
        steps = tuple_setitem(steps, i, step)
        step *= shape[i]
    return steps


@jitable
def permuted(values: Any, order: Any) -> Any:
    result = values
    for i in range(len(order)):
        result = tuple_setitem(result, i, values[order[i]])
    return result


@implements(lines)
def _lines(a: Any, axis: Any) -> Any:
    ndim = a.ndim
    if isinstance(axis, types.Integer):

        def along_one(a: Any, axis: Any) -> Any:
            at = normal_axis(axis, ndim)
            shape = (size_of(a.shape, 0, at), a.shape[at], size_of(a.shape, at + 1, ndim))
            return np.ascontiguousarray(a).reshape(shape)

        return along_one
    if is_axes(axis) and axis.count <= ndim:
        given = axis.count

        def along_several(a: Any, axis: Any) -> Any:
            order = axes_first(a, axis)
            shape, steps = permuted(a.shape, order), permuted(steps_of(a.shape), order)
            flat = np.ravel(a)
            moved = np.empty(a.size, a.dtype)
            for position in range(a.size):
                moved[position] = flat[place(position, shape, steps)]
            return moved.reshape((1, size_of(shape, 0, given), size_of(shape, given, ndim)))

        return along_several
    return None


@implements(unlines)
def _unlines(parts: Any, a: Any, axis: Any) -> Any:
    if isinstance(axis, types.Integer):

        def along_one(parts: Any, a: Any, axis: Any) -> Any:
            return parts.reshape(a.shape)

        return along_one

    def along_several(parts: Any, a: Any, axis: Any) -> Any:
        order = axes_first(a, axis)
        shape, steps = permuted(a.shape, order), permuted(steps_of(a.shape), order)
        flat = parts.reshape(a.size)
        result = np.empty(a.size, parts.dtype)
        for position in range(a.size):
            result[place(position, shape, steps)] = flat[position]
        return result.reshape(a.shape)

    return along_several


@implements(reduced_shape)
def _reduced_shape(a: Any, axis: Any) -> Any:
    ndim = a.ndim
    if is_axes(axis):
        given = axis.count

        def without_several(a: Any, axis: Any) -> Any:
            return permuted(a.shape, axes_first(a, axis))[given:]

        return without_several
    zeros = (0,) * (ndim - 1)

    def without_one(a: Any, axis: Any) -> Any:
        at = normal_axis(axis, ndim)
        shape = zeros
        for i in range(ndim - 1):
            shape = tuple_setitem(shape, i, a.shape[i if i < at else i + 1])
        return shape

    return without_one


@implements(kept_shape)
def _kept_shape(a: Any, axis: Any) -> Any:
    ndim = a.ndim
    if is_axes(axis):

        def with_ones(a: Any, axis: Any) -> Any:
            shape = a.shape
            for at in axis:
                shape = tuple_setitem(shape, normal_axis(at, ndim), 1)
            return shape

        return with_ones

    def with_one(a: Any, axis: Any) -> Any:
        return tuple_setitem(a.shape, normal_axis(axis, ndim), 1)

    return with_one


@implements(count)
def _count(a: Any, axis: Any) -> Any:
    ndim = a.ndim
    if is_axes(axis):

        def of_several(a: Any, axis: Any) -> Any:
            n = 1
            for at in axis:
                n *= a.shape[normal_axis(at, ndim)]
            return n

        return of_several

    def of_one(a: Any, axis: Any) -> Any:
        return a.shape[normal_axis(axis, ndim)]

    return of_one
