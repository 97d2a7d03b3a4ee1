"""New arrays (`np.empty`, `np.zeros`, and those like another array) written where they are made.

Numba compiles up to four functions for every rank and dtype of each, 30 to 60 ms of CPU time a function: half a second
of the first call of an LSTM's derivative, whose matrix products make arrays, too. What is written here is what those
functions do, by the same parts of Numba; all other forms (arrays of structures, sizes of another kind) stay its own.
"""

from __future__ import annotations

from typing import Any

import numba.core.cgutils
import numba.core.types
import numba.np.arrayobj
import numpy as np

from .register import imputils, is_none, typed, types, written

arrays: Any = numba.np.arrayobj
cgutils: Any = numba.core.cgutils
_ITEMS = (types.Number, types.Boolean)


def _of_shape(shape: Any, dtype: Any = float) -> Any:
    lengths = list(shape) if isinstance(shape, types.BaseTuple) else [shape]
    if not lengths or not all(isinstance(n, types.Integer) for n in lengths):
        return None
    item = types.float64 if dtype is float or is_none(dtype) else getattr(dtype, "dtype", None)
    return types.Array(item, len(lengths), "C") if isinstance(item, _ITEMS) else None


def _of_array(array: Any, dtype: Any) -> Any:
    if type(array) is not types.Array or not is_none(dtype) or not isinstance(array.dtype, _ITEMS):
        return None
    return array.copy(layout="C" if array.layout == "A" else array.layout, readonly=False)


def _empty_like(prototype: Any, dtype: Any = None) -> Any:
    return _of_array(prototype, dtype)


def _zeros_like(a: Any, dtype: Any = None) -> Any:
    return _of_array(a, dtype)


typed(np.empty, _of_shape)
typed(np.zeros, _of_shape)
typed(np.empty_like, _empty_like)
typed(np.zeros_like, _zeros_like)


@written(np.empty, count=2)
def _empty(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return _new(context, builder, signature, _made(context, builder, signature, args))


@written(np.zeros, count=2)
def _zeros(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    made = _made(context, builder, signature, args)
    return _new(context, builder, signature, _filled(builder, made))


@written(np.empty_like, count=2)
def _like(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return _new(context, builder, signature, _made_like(context, builder, signature, args))


@written(np.zeros_like, count=2)
def _zeros_as(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    made = _made_like(context, builder, signature, args)
    return _new(context, builder, signature, _filled(builder, made))


def _made(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    shape = arrays._parse_shape(context, builder, signature.args[0], args[0])  # noqa: SLF001 (and below: Numba's own)
    return arrays._empty_nd_impl(context, builder, signature.return_type, shape)  # noqa: SLF001


def _made_like(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    prototype = arrays.make_array(signature.args[0])(context, builder, args[0])
    shape = cgutils.unpack_tuple(builder, prototype.shape, signature.return_type.ndim)
    return arrays._empty_nd_impl(context, builder, signature.return_type, shape)  # noqa: SLF001


def _filled(builder: Any, made: Any) -> Any:
    cgutils.memset(builder, made.data, builder.mul(made.itemsize, made.nitems), 0)
    return made


def _new(context: Any, builder: Any, signature: Any, made: Any) -> Any:
    return imputils.impl_ret_new_ref(context, builder, signature.return_type, made._getvalue())  # noqa: SLF001
