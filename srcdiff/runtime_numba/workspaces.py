"""Arrays whose memory comes from the pool (`pool`), for compiled code.

They are written where they are called. As overloads each would be compiled as a function of its own for every rank and
dtype, at 25 ms of CPU time each.
"""

from __future__ import annotations

from typing import Any

import numba.core.cgutils
import numba.core.types
import numba.np.arrayobj
import numpy as np
from llvmlite import ir

from srcdiff import runtime

from .pool import NAME, installed
from .register import imputils, typed, types, written

cgutils: Any = numba.core.cgutils
arrays: Any = numba.np.arrayobj


def _by_shape(shape: Any, dtype: Any = np.float64) -> Any:
    lengths = _lengths(shape)
    item = types.float64 if dtype is np.float64 else getattr(dtype, "dtype", None)
    return None if lengths is None or item is None else types.Array(item, len(lengths), "C")


def _by_array(x: Any) -> Any:
    return types.Array(x.dtype, x.ndim, "C") if isinstance(x, types.Array) else None


typed(runtime.workspace, _by_shape)
typed(runtime.zeroed_workspace, _by_shape)
typed(runtime.copied_workspace, _by_array)


def _lengths(shape: Any) -> list[Any] | None:
    """The types of the lengths in a shape: a number or a tuple."""
    found = list(shape) if isinstance(shape, types.BaseTuple) else [shape]
    return found if all(isinstance(t, types.Integer) for t in found) else None


@written(runtime.workspace, count=2)
def _workspace(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    type_ = signature.return_type
    made = _taken(context, builder, type_, _shape(context, builder, signature.args[0], args[0]))
    return imputils.impl_ret_new_ref(context, builder, type_, made._getvalue())  # noqa: SLF001 (lowered code's way)


@written(runtime.zeroed_workspace, count=2)
def _zeroed_workspace(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    type_ = signature.return_type
    made = _taken(context, builder, type_, _shape(context, builder, signature.args[0], args[0]))
    size = builder.mul(made.itemsize, made.nitems)
    cgutils.memset(builder, builder.bitcast(made.data, cgutils.voidptr_t), size, 0)
    return imputils.impl_ret_new_ref(context, builder, type_, made._getvalue())  # noqa: SLF001


@written(runtime.copied_workspace)
def _copied_workspace(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    type_, given = signature.return_type, signature.args[0]
    x = arrays.make_array(given)(context, builder, args[0])
    shape = cgutils.unpack_tuple(builder, x.shape)
    made = _taken(context, builder, type_, shape)
    if given.layout == "C":
        cgutils.raw_memcpy(builder, made.data, x.data, made.nitems, made.itemsize, align=1)
    else:
        with cgutils.loop_nest(builder, shape, context.get_value_type(types.intp)) as place:
            each = [
                cgutils.get_item_pointer2(
                    context, builder, a.data, shape, cgutils.unpack_tuple(builder, a.strides), t.layout, place
                )
                for t, a in ((given, x), (type_, made))
            ]
            builder.store(builder.load(each[0]), each[1])
    return imputils.impl_ret_new_ref(context, builder, type_, made._getvalue())  # noqa: SLF001


def _shape(context: Any, builder: Any, type_: Any, value: Any) -> list[Any]:
    given = [value] if isinstance(type_, types.Integer) else cgutils.unpack_tuple(builder, value, type_.count)
    return [context.cast(builder, n, t, types.intp) for n, t in zip(given, _lengths(type_) or [], strict=True)]


def _taken(context: Any, builder: Any, type_: Any, shape: list[Any]) -> Any:
    """An array of Numba's as `np.empty` makes it, with memory from another place."""
    installed()
    itemsize = context.get_constant(types.intp, arrays.get_itemsize(context, type_))
    size, negative, too_big = itemsize, ir.IntType(1)(0), ir.IntType(1)(0)
    strides: list[Any] = []
    for n in reversed(shape):
        strides.insert(0, size)
        product = builder.smul_with_overflow(size, n)
        size, too_big = builder.extract_value(product, 0), builder.or_(too_big, builder.extract_value(product, 1))
        negative = builder.or_(negative, builder.icmp_signed("<", n, n.type(0)))
    with builder.if_then(builder.or_(negative, too_big), likely=False):
        with builder.if_then(negative):
            context.call_conv.return_user_exc(builder, ValueError, ("negative dimensions not allowed",))
        context.call_conv.return_user_exc(builder, ValueError, ("array is too big",))
    align = ir.IntType(32)(context.get_preferred_array_alignment(type_.dtype))
    kind = ir.FunctionType(cgutils.voidptr_t, [cgutils.intp_t, align.type])
    held = builder.call(cgutils.get_or_insert_function(builder.module, kind, NAME), [size, align])
    cgutils.guard_memory_error(context, builder, held, "Allocation failed (probably too large).")
    made = cgutils.create_struct_proxy(type_)(context, builder)
    word = context.get_value_type(types.intp)
    arrays.populate_array(
        made,
        data=builder.bitcast(context.nrt.meminfo_data(builder, held), context.get_data_type(type_.dtype).as_pointer()),
        shape=cgutils.pack_array(builder, shape, ty=word),
        strides=cgutils.pack_array(builder, strides, ty=word),
        itemsize=itemsize,
        meminfo=held,
    )
    return made
