"""Results of srcdiff's own helpers, which generated code calls."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .. import runtime
from ..ir.types import ListOf, Num, Type, broadcast
from .complex_operands import check_real_place
from .linalg_types import inexact
from .result_types import Asked, states


@states(runtime.unbroadcast)
def _summed(asked: Asked) -> Type | None:
    """The shape of the second, and numbers of the first's kind: the second may be whole numbers or a mask, which only
    happen to have the shape."""
    first, second = asked.first, asked.argument(1, "x")
    if not isinstance(second, Num):
        return None
    found = second.plain()
    if not isinstance(first, Num) or (first.is_complex == second.is_complex and second.is_inexact):
        return found
    if not second.is_inexact:
        return replace(found, dtype=first.dtype)
    single = second.dtype in ("float32", "complex64")
    kind = ("complex64", "complex128") if first.is_complex else ("float32", "float64")
    return replace(found, dtype=kind[not single])


@states(runtime.power_mixed, runtime.power_curvature)
def _of_broadcast(asked: Asked) -> Type | None:
    nums = [t for t in asked.args if isinstance(t, Num)]
    if len(nums) < len(asked.args):
        return None
    dtype = "complex128" if any(t.is_complex for t in nums) else "float64"
    if any(t.ndim is None for t in nums):
        return Num(dtype, None)
    shape = broadcast([t.shape for t in nums])
    return Num(dtype, len(shape), shape)


@states(runtime.scattered)
def _as_third(asked: Asked) -> Type | None:
    first, third = asked.first, asked.argument(2, "x")
    if not isinstance(third, Num):
        return None
    check_real_place(third, first, asked.call)
    return Num(third.dtype, third.ndim, third.shape)


@states(runtime.replaced)
def _with_part(asked: Asked) -> Type | None:
    first, value = asked.first, asked.argument(2, "v")
    if not isinstance(first, Num):
        return None
    check_real_place(first, value, asked.call)
    return Num(first.dtype, first.ndim, first.shape)


@states(
    runtime.only_last,
    runtime.first_max,
    runtime.first_min,
    runtime.prod_partials,
    runtime.zeros_like,
    runtime.copied,
    runtime.stop_gradient,
)
def _shaped_as_first(asked: Asked) -> Type | None:
    first = asked.first
    if isinstance(first, ListOf) and asked.function is runtime.zeros_like:
        return replace(first, tape=False)
    return Num(first.dtype, first.ndim, first.shape) if isinstance(first, Num) else None


@states(runtime.one_hot, runtime.prod_partials_pullback)
def _shaped_as_second(asked: Asked) -> Type | None:
    second = asked.argument(1, "x")
    return Num(second.dtype, second.ndim, second.shape) if isinstance(second, Num) else None


@states(runtime.shares)
def _real_as_first(asked: Asked) -> Type | None:
    first = asked.first
    return Num(inexact(first.dtype), first.ndim, first.shape) if isinstance(first, Num) else None


def real_as_first(*functions: Any) -> None:
    """State that the results of these functions have the shape of their first argument and its dtype, or float64 where
    that is one of whole numbers."""
    states(*functions)(_real_as_first)
