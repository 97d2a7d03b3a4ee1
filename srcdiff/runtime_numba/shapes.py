"""Shapes and the making of arrays, as far as Numba lacks them; and `reversed`, which only turns an index round.

`np.expand_dims` of a number or along several axes, `np.ndim`, `size`, `ndim` and `shape` of a number, `np.full` with an
array, `float` of an array without dimensions, `reversed`, `a[...]`.
"""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .lines import normal_axis
from .register import (
    implements,
    imputils,
    is_array,
    is_axes,
    is_none,
    is_number,
    jitable,
    number_attribute,
    tuple_setitem,
    types,
)

# ---------------------------------------------------------------------------------------------------------- a[...]


def _whole(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """`a[...]`, which Numba types and does not compile: the array itself."""
    return imputils.impl_ret_borrowed(context, builder, sig.return_type, args[0])


imputils.lower_builtin(operator.getitem, types.Array, types.EllipsisType)(_whole)

# ----------------------------------------------------------------------------------------------------- new axes


@implements(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Any:
    """What Numba's own refuses: it takes an array and one axis."""
    if is_number(a) and (isinstance(axis, types.Integer) or is_axes(axis)):
        ones = (1,) * (axis.count if is_axes(axis) else 1)

        def of_number(a: Any, axis: Any) -> Any:
            return np.full(ones, a)

        return of_number
    if not is_array(a) or not is_axes(axis):
        return None
    ndim, last = a.ndim + axis.count, axis.count - 1

    def one_by_one(a: Any, axis: Any) -> Any:
        return insert_axes(a, sorted_axes(axis, ndim))

    return one_by_one if last >= 0 else None


@jitable
def sorted_axes(axes: Any, ndim: int) -> Any:
    """The axes from the smallest, counted from the front."""
    for i in range(len(axes)):
        axes = tuple_setitem(axes, i, normal_axis(axes[i], ndim))
    for i in range(len(axes)):
        for j in range(i + 1, len(axes)):
            if axes[j] == axes[i]:
                raise ValueError("repeated axis")
            if axes[j] < axes[i]:
                small, large = axes[j], axes[i]
                axes = tuple_setitem(tuple_setitem(axes, i, small), j, large)
    return axes


def insert_axes(a: Any, axes: Any) -> Any:
    """`a` with new axes at the sorted places `axes` of the result. In compiled code only."""


@implements(insert_axes)
def _insert_axes(a: Any, axes: Any) -> Any:
    if axes.count == 1:

        def last(a: Any, axes: Any) -> Any:
            return np.expand_dims(a, axes[0])

        return last

    def first(a: Any, axes: Any) -> Any:
        return insert_axes(np.expand_dims(a, axes[0]), axes[1:])

    return first


# ------------------------------------------------------------------------------------------------------ attributes


@implements(np.ndim)
def ndim_function(a: Any) -> Any:
    if not (is_array(a) or is_number(a)):
        return None
    ndim = a.ndim if is_array(a) else 0

    def implementation(a: Any) -> Any:
        return ndim

    return implementation


@number_attribute("size")
def size_of_number(x: Any) -> Any:
    def one(x: Any) -> Any:
        return 1

    return one


@number_attribute("ndim")
def ndim_of_number(x: Any) -> Any:
    def zero(x: Any) -> Any:
        return 0

    return zero


@number_attribute("shape")
def shape_of_number(x: Any) -> Any:
    def none(x: Any) -> Any:
        return ()

    return none


# ---------------------------------------------------------------------------------------------------- construction


@implements(np.full)
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """With an array, which is broadcast."""
    if not is_array(fill_value):
        return None
    if is_none(dtype):

        def of_same_dtype(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
            result = np.empty(shape, fill_value.dtype)
            result[...] = fill_value
            return result

        return of_same_dtype

    def of_dtype(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
        result = np.empty(shape, dtype)
        result[...] = fill_value
        return result

    return of_dtype


@implements(float)
def float_of_array(x: Any) -> Any:
    if not is_array(x) or x.ndim != 0:
        return None

    def implementation(x: Any) -> Any:
        return float(x[()])

    return implementation


@implements(reversed)
def reversed_(sequence: Any) -> Any:
    """Something that a loop can run over; `next` does not take it."""
    if isinstance(sequence, types.RangeType):

        def of_range(sequence: Any) -> Any:
            start, step = sequence.start, sequence.step
            return range(start + (len(sequence) - 1) * step, start - step, -step)

        return of_range
    if (is_array(sequence) and sequence.ndim > 0) or isinstance(sequence, types.UniTuple):

        def of_elements(sequence: Any) -> Any:
            return sequence[::-1]

        return of_elements
    return None
