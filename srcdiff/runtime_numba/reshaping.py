"""`reshape` of arrays that are not C-contiguous, as a method and in `np.reshape`; `np.reshape` of a number.

The result is a view where NumPy gives one, else a copy, which only the run can tell; so its layout is "any" for Numba.
Numba itself refuses strided arrays when compiling, and Fortran-ordered ones in the run; C-contiguous ones stay with it.
"""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

from typing import Any

import numpy as np
from numba.core.typing.templates import AttributeTemplate
from numpy.lib.stride_tricks import as_strided

from .lines import size_of
from .register import (
    extending,
    implements,
    imputils,
    is_axes,
    is_number,
    jitable,
    signature,
    templates,
    tuple_setitem,
    types,
)


def reshaped(a: Any, shape: Any) -> Any:
    """`a.reshape(shape)` for a tuple `shape`. In compiled code only."""


@implements(reshaped)
def _reshaped(a: Any, shape: Any) -> Any:
    ndim = shape.count
    if ndim == 0:

        def to_scalar(a: Any, shape: Any) -> Any:
            return a.copy().reshape(shape)

        return to_scalar

    def implementation(a: Any, shape: Any) -> Any:
        shape = completed(shape, a.size)
        is_view, strides = view_strides(a, shape)
        if is_view:
            return as_strided(a, shape, strides)
        step = a.itemsize
        for j in range(ndim - 1, -1, -1):
            strides = tuple_setitem(strides, j, step)
            step *= shape[j]
        return as_strided(a.copy(), shape, strides)

    return implementation


@jitable
def completed(shape: Any, size: int) -> Any:
    """`shape` with the number that a -1 stands for; NumPy takes any negative number for one."""
    unknown, known = -1, 1
    for j in range(len(shape)):
        if shape[j] >= 0:
            known *= shape[j]
        elif unknown >= 0:
            raise ValueError("can only specify one unknown dimension")
        else:
            unknown = j
    if unknown >= 0 and known > 0:
        shape = tuple_setitem(shape, unknown, size // known)
    if size_of(shape, 0, len(shape)) != size:
        raise ValueError("cannot reshape: the array has another number of elements")
    return shape


@jitable
def view_strides(a: Any, shape: Any) -> tuple[bool, Any]:
    """Whether the elements of `a` lie so that a view can have `shape`, and the strides of that view.

    From the last axis back: `run` elements at one distance, the most that are left in `a`, make up an axis of the
    view when its length divides `run`. Axes of one element belong to any run.
    """
    strides = shape
    left = a.ndim  # the axes of `a` that are not in a run yet
    run, distance = 1, a.itemsize
    for j in range(len(shape) - 1, -1, -1):
        n = shape[j]
        if run == 1 and n > 1 and a.size > 0:
            while a.shape[left - 1] == 1:
                left -= 1
            left -= 1
            run, distance = a.shape[left], a.strides[left]
            while left > 0 and (a.shape[left - 1] == 1 or a.strides[left - 1] == run * distance):
                left -= 1
                run *= a.shape[left]
        if a.size > 0 and run % n != 0:
            return False, strides
        strides = tuple_setitem(strides, j, distance)
        if a.size > 0:
            run //= n
            distance *= n
    return True, strides


# ------------------------------------------------------------------------------------------------ the registrations


def _shape_type(args: Any) -> Any:
    """The type of the shape as a tuple; None for what is no shape."""
    if len(args) == 1 and isinstance(args[0], types.BaseTuple):
        lengths = tuple(args[0])
    else:
        lengths = args
    if not lengths and not args:
        return None
    return types.UniTuple(types.intp, len(lengths)) if all(isinstance(t, types.Integer) for t in lengths) else None


def _resolve_call(template: Any, array: Any, args: Any, kws: Any) -> Any:
    shape = _shape_type(args)
    return None if kws or shape is None else signature(array.copy(ndim=shape.count, layout="A"), *args)


class StridedArrayAttribute(AttributeTemplate):
    """The method of arrays of other layouts than C. For those of C, None sends Numba on to its own."""

    key = types.Array
    metadata = {"target": "cpu"}  # noqa: RUF012 (read by Numba from the class)

    resolve_strided = templates.bound_function("srcdiff.reshape")(_resolve_call)

    def resolve_reshape(self, array: Any) -> Any:
        return None if array.layout == "C" else self.resolve_strided(array)


extending.infer_getattr(StridedArrayAttribute)


def _lower_reshape(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    array, *given = sig.args
    shape = _shape_type(tuple(given))
    if len(given) == 1 and isinstance(given[0], types.BaseTuple):
        tuple_value = context.cast(builder, args[1], given[0], shape)
    else:
        lengths = [context.cast(builder, v, t, types.intp) for v, t in zip(args[1:], given, strict=True)]
        tuple_value = context.make_tuple(builder, shape, lengths)

    def implementation(a: Any, shape: Any) -> Any:
        return reshaped(a, shape)

    inner = signature(sig.return_type, array, shape)
    return context.compile_internal(builder, implementation, inner, (args[0], tuple_value))


imputils.lower_builtin("srcdiff.reshape", types.Array, types.VarArg(types.Any))(_lower_reshape)


@implements(np.reshape)
def reshape_number(a: Any, shape: Any) -> Any:
    if not is_number(a) or not (isinstance(shape, types.Integer) or is_axes(shape)):
        return None

    def implementation(a: Any, shape: Any) -> Any:
        return np.asarray(a).reshape(shape)

    return implementation
