"""Results of what lies along an axis, of orders and of products: types that are known without a call."""

from __future__ import annotations

import functools

import numpy as np

from .. import runtime
from ..errors import UnsupportedCall
from ..ir.nodes import Call, Const, Display
from ..ir.types import Dim, Num, Static, Tup, Type, broadcast, describe, wider
from .problem import TypeProblem
from .result_types import Asked, states
from .subscripts import parted, uncovered


def _uncovered(what: str, fix: str, e: Call) -> TypeProblem:
    return TypeProblem(UnsupportedCall, what, "the derivative rule does not cover this form", fix, e.at)


def _shaped(first: Num, dtype: str) -> Num:
    return Num(dtype, first.ndim, first.shape)


# ------------------------------------------------------------------------------------------------------ along an axis


@states(
    *(np.sort, np.partition, runtime.cumsum_back, runtime.previous, runtime.following, runtime.median_weights),
    runtime.gradient_back,
)
def _like_first(asked: Asked) -> Type | None:
    first = asked.first
    return _shaped(first, first.dtype) if isinstance(first, Num) and first.is_inexact else None


@states(np.cumsum, np.cumprod)
def _running(asked: Asked) -> Type | None:
    first = asked.first
    if not isinstance(first, Num) or not first.is_inexact or first.ndim is None:
        return None
    if first.ndim != 1 and asked.argument(1, "axis") is None:
        return Num(first.dtype, 1, (Dim(None),))
    return _shaped(first, first.dtype)


@states(runtime.recurrence, runtime.recurrence_back)
def _of_both(asked: Asked) -> Type | None:
    c, b = asked.argument(0, "c"), asked.argument(1, "b")
    return _shaped(c, wider(c.dtype, b.dtype)) if isinstance(c, Num) and isinstance(b, Num) else None


@states(np.gradient)
def _gradient(asked: Asked) -> Type | None:
    first = asked.first
    if not isinstance(first, Num) or first.ndim == 0 or len(asked.args) > 1:
        return None
    return _shaped(first, first.dtype if first.is_inexact else "float64")


@states(np.swapaxes, np.ndarray.swapaxes, np.moveaxis)
def _axes_moved(asked: Asked) -> Type | None:
    """Which axis goes where is found with axes of different lengths."""
    first = asked.first
    axes = [_literal(t) for t in asked.args[1:]]
    if not isinstance(first, Num) or first.ndim is None or len(axes) != 2 or None in axes:
        return None
    numbered = np.empty(tuple(range(2, first.ndim + 2)))
    try:
        moved = asked.function(numbered, *axes).shape
    except (ValueError, TypeError):
        return None  # NumPy's own words, from a call on samples
    return Num(first.dtype, first.ndim, tuple(first.shape[n - 2] for n in moved))


def _literal(type_: Type) -> int | tuple[int, ...] | None:
    """The axis, or axes, that an argument stands for."""
    if isinstance(type_, Num) and isinstance(type_.value, int):
        return type_.value
    if isinstance(type_, Tup):
        values = tuple(t.value for t in type_.items if isinstance(t, Num) and isinstance(t.value, int))
        return values if len(values) == len(type_.items) else None
    return None


# ------------------------------------------------------------------------------------------------------------- orders


@states(np.argsort, np.ndarray.argsort, np.argpartition, np.ndarray.argpartition, runtime.ordering, runtime.places_of)
def _places(asked: Asked) -> Type | None:
    first = asked.first
    if not isinstance(first, Num) or first.ndim is None:
        return None
    axis = asked.kwargs.get("axis", Num("int64"))
    return _shaped(first, "int64") if isinstance(axis, Num) else Num("int64", 1, (Dim(None),))


@states(runtime.running_maxima, runtime.running_minima)
def _running_places(asked: Asked) -> Type | None:
    first = asked.first
    return _shaped(first, "int64") if isinstance(first, Num) and first.ndim is not None else None


@states(np.take_along_axis)
def _taken_along(asked: Asked) -> Type | None:
    first, places, axis = asked.first, asked.argument(1, "indices"), asked.argument(2, "axis")
    if not isinstance(first, Num) or not isinstance(places, Num) or not isinstance(axis, Num):
        return None
    if first.ndim != places.ndim or first.ndim is None or not isinstance(axis.value, int):
        return None
    along = axis.value % first.ndim
    stretched = [k for k in range(first.ndim) if k != along and not _surely_one_length(first, places, k)]
    shape = tuple(Dim(None) if k in stretched else d for k, d in enumerate(places.shape))
    return Num(first.dtype, first.ndim, shape)


def _surely_one_length(a: Num, b: Num, axis: int) -> bool:
    return a.shape[axis].same(b.shape[axis])


@states(runtime.tensordot_left, runtime.tensordot_right)
def _like_third_of_both(asked: Asked) -> Type | None:
    nums = [t for t in asked.args[:3] if isinstance(t, Num)]
    return _shaped(nums[2], wider(nums[0].dtype, nums[1].dtype)) if len(nums) == 3 else None


@states(runtime.put_along)
def _like_third(asked: Asked) -> Type | None:
    first, third = asked.first, asked.args[2]
    return _shaped(third, first.dtype) if isinstance(first, Num) and isinstance(third, Num) else None


@states(runtime.polyder_back, runtime.quantile_back)
def _like_second(asked: Asked) -> Type | None:
    first, second = asked.first, asked.args[1]
    return _shaped(second, first.dtype) if isinstance(first, Num) and isinstance(second, Num) else None


# ------------------------------------------------------------------------------------------------------------- tables


@states(runtime.interp_back, runtime.interp_slope_back)
def _like_grid(asked: Asked) -> Type | None:
    grid = asked.args[2]
    return _shaped(grid, "float64") if isinstance(grid, Num) else None


@states(np.interp, runtime.interp_slope)
def _like_place(asked: Asked) -> Type | None:
    first = asked.first
    return _shaped(first, "float64") if isinstance(first, Num) and len(asked.args) == 3 else None


# ----------------------------------------------------------------------------------------------------------- products


@states(np.cross)
def _cross(asked: Asked) -> Type | None:
    nums = [t for t in asked.args if isinstance(t, Num) and t.ndim]
    if len(nums) < 2:
        return None
    if any(t.shape[-1].token == 2 for t in nums):
        raise _uncovered("np.cross of vectors of two elements", "write a[0] * b[1] - a[1] * b[0]", asked.call)
    shape = broadcast([t.shape for t in nums])
    return Num(wider(nums[0].dtype, nums[1].dtype), len(shape), shape)


@states(np.kron)
def _kron(asked: Asked) -> Type | None:
    ranks = [t.ndim if isinstance(t, Num) else None for t in asked.args]
    if ranks not in ([1, 1], [2, 2]):
        kinds = " and a ".join(map(describe, asked.args))
        raise _uncovered(f"np.kron of a {kinds}", "reshape both to vectors, or both to matrices", asked.call)
    return None


@states(np.convolve, np.correlate)
def _convolution(asked: Asked) -> Type | None:
    mode = asked.argument(2, "mode")
    if mode is None or (isinstance(mode, Static) and mode.value in ("full", "same", "valid")):
        return None
    raise _uncovered(f"the mode of `np.{asked.function.__name__}`", 'write "full", "same" or "valid"', asked.call)


@states(np.tensordot)
def _tensordot(asked: Asked) -> Type | None:
    a, b = asked.argument(0, "a"), asked.argument(1, "b")
    written = dict(asked.call.kwargs).get("axes", asked.call.args[2] if len(asked.call.args) > 2 else Const(2))
    if not isinstance(a, Num) or not isinstance(b, Num) or a.ndim is None or b.ndim is None:
        return None
    if not isinstance(written, Display):
        return None
    first = written.items[0]
    rank = a.ndim + b.ndim - 2 * (len(first.items) if isinstance(first, Display) else 1)
    return Num(wider(a.dtype, b.dtype), rank, tuple(Dim(None) for _ in range(rank))) if rank >= 0 else None


@states(np.einsum)
def _einsum(asked: Asked) -> Type | None:
    first, operands = asked.first, asked.args[1:]
    if not isinstance(first, Static) or not isinstance(first.value, str):
        raise _uncovered("subscripts of np.einsum that are no string", "write them out, as in 'ij,jk->ik'", asked.call)
    problem = uncovered(first.value, len(operands))
    if problem:
        raise _uncovered(*problem, asked.call)
    nums = [t for t in operands if isinstance(t, Num)]
    inputs, output = parted(first.value)
    if len(nums) < len(operands) or any(t.ndim != len(own) for t, own in zip(nums, inputs, strict=True)):
        return None  # NumPy itself says what is wrong
    dims: dict[str, list[tuple[Dim, ...]]] = {}
    for t, own in zip(nums, inputs, strict=True):
        for index, dim in zip(own, t.shape, strict=True):
            dims.setdefault(index, []).append((dim,))
    shape = tuple(broadcast(dims[index])[0] for index in output)
    return Num(functools.reduce(wider, (t.dtype for t in nums)), len(shape), shape)
