"""Arrays whose memory comes from the pool (`pool`), for compiled code."""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba.core.cgutils
import numba.core.types
import numba.extending
import numba.np.arrayobj
import numpy as np
from llvmlite import ir

from srcdiff import runtime

from .pool import NAME
from .register import implements, imputils, types

cgutils: Any = numba.core.cgutils
arrays: Any = numba.np.arrayobj


@implements(runtime.workspace)
def workspace(shape: Any, dtype: Any = np.float64) -> Any:
    made = _made(shape, dtype)

    def implementation(shape: Any, dtype: Any = np.float64) -> Any:
        return _taken(shape, made)

    return None if made is None else implementation


@implements(runtime.zeroed_workspace)
def zeroed_workspace(shape: Any, dtype: Any = np.float64) -> Any:
    made = _made(shape, dtype)

    def implementation(shape: Any, dtype: Any = np.float64) -> Any:
        return _zeroed(_taken(shape, made))

    return None if made is None else implementation


@implements(runtime.copied_workspace)
def copied_workspace(x: Any) -> Any:
    made = types.Array(x.dtype, x.ndim, "C") if isinstance(x, types.Array) else None

    def implementation(x: Any) -> Any:
        return _copied(_taken(x.shape, made), x)

    return None if made is None else implementation


def _made(shape: Any, dtype: Any) -> Any:
    """The type of the array; None where it is not told."""
    lengths = _lengths(shape)
    item = types.float64 if dtype is np.float64 else getattr(dtype, "dtype", None)
    return None if lengths is None or item is None else types.Array(item, len(lengths), "C")


def _lengths(shape: Any) -> list[Any] | None:
    """The types of the lengths in a shape: a number or a tuple."""
    found = list(shape) if isinstance(shape, types.BaseTuple) else [shape]
    return found if all(isinstance(t, types.Integer) for t in found) else None


def _typed(_typing_context: Any, shape: Any, made: Any) -> tuple[Any, Callable[..., Any]]:
    return made.instance_type(shape, made), _lower


_taken: Any = numba.extending.intrinsic(_typed)


def _itself(_typing_context: Any, array: Any) -> tuple[Any, Callable[..., Any]]:
    return array(array), _fill


def _fill(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """The same array with zeros in it."""
    array = arrays.make_array(signature.return_type)(context, builder, args[0])
    size = builder.mul(array.itemsize, array.nitems)
    cgutils.memset(builder, builder.bitcast(array.data, cgutils.voidptr_t), size, 0)
    return imputils.impl_ret_borrowed(context, builder, signature.return_type, args[0])


_zeroed: Any = numba.extending.intrinsic(_itself)


def _first(_typing_context: Any, array: Any, x: Any) -> tuple[Any, Callable[..., Any]]:
    return array(array, x), _copy


def _copy(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """The first array, with the elements of the second one, which has the same shape and may lie in any order. (Of
    `array[...] = x` Numba makes more code: for shapes that differ.)"""
    types_ = signature.args
    array, x = (arrays.make_array(t)(context, builder, a) for t, a in zip(types_, args, strict=True))
    if types_[1].layout == "C":
        cgutils.raw_memcpy(builder, array.data, x.data, array.nitems, array.itemsize, align=1)
        return imputils.impl_ret_borrowed(context, builder, signature.return_type, args[0])
    shape = cgutils.unpack_tuple(builder, x.shape)
    with cgutils.loop_nest(builder, shape, context.get_value_type(types.intp)) as place:
        each = [
            cgutils.get_item_pointer2(
                context, builder, a.data, shape, cgutils.unpack_tuple(builder, a.strides), t.layout, place
            )
            for t, a in zip(types_, (array, x), strict=True)
        ]
        builder.store(builder.load(each[1]), each[0])
    return imputils.impl_ret_borrowed(context, builder, signature.return_type, args[0])


_copied: Any = numba.extending.intrinsic(_first)


def _lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """An array of Numba's as `np.empty` makes it, with memory from another place."""
    type_, whole = signature.return_type, signature.args[0]
    given = [args[0]] if isinstance(whole, types.Integer) else cgutils.unpack_tuple(builder, args[0], whole.count)
    shape = [context.cast(builder, n, t, types.intp) for n, t in zip(given, _lengths(whole) or [], strict=True)]
    for n in shape:
        with builder.if_then(builder.icmp_signed("<", n, n.type(0)), likely=False):
            context.call_conv.return_user_exc(builder, ValueError, ("negative dimensions not allowed",))
    itemsize = context.get_constant(types.intp, arrays.get_itemsize(context, type_))
    size, too_big = itemsize, ir.IntType(1)(0)
    strides: list[Any] = []
    for n in reversed(shape):
        strides.insert(0, size)
        product = builder.smul_with_overflow(size, n)
        size, too_big = builder.extract_value(product, 0), builder.or_(too_big, builder.extract_value(product, 1))
    with builder.if_then(too_big, likely=False):
        context.call_conv.return_user_exc(builder, ValueError, ("array is too big",))
    align = ir.IntType(32)(context.get_preferred_array_alignment(type_.dtype))
    kind = ir.FunctionType(cgutils.voidptr_t, [cgutils.intp_t, align.type])
    held = builder.call(cgutils.get_or_insert_function(builder.module, kind, NAME), [size, align])
    cgutils.guard_memory_error(context, builder, held, "Allocation failed (probably too large).")
    made = arrays.make_array(type_)(context, builder)
    word = context.get_value_type(types.intp)
    arrays.populate_array(
        made,
        data=builder.bitcast(context.nrt.meminfo_data(builder, held), context.get_data_type(type_.dtype).as_pointer()),
        shape=cgutils.pack_array(builder, shape, ty=word),
        strides=cgutils.pack_array(builder, strides, ty=word),
        itemsize=itemsize,
        meminfo=held,
    )
    return made._getvalue()  # noqa: SLF001 (which is how lowered code has it)
