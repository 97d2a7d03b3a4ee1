"""The type of a call: a result stated in `result_types`, broadcasting for elementwise functions, else a question."""

from __future__ import annotations

import functools
import operator
from collections.abc import Hashable
from typing import Any

import numpy as np

from ..errors import UnsupportedCall, UnsupportedType
from ..ir.callee import Callee, Helper, Pullback
from ..ir.nodes import Call, Name, Object
from ..ir.types import Dim, ListOf, Num, Static, Tup, Type, broadcast, describe, wider
from .complex_operands import check_complex
from .indexing import TypeOf
from .problem import TypeProblem, order_problem
from .registry import is_elementwise
from .result_types import STATED, Asked, stated_result
from .samples import ask

_FRESH_C = (np.zeros, np.ones, np.empty, np.eye, np.full, np.arange, np.linspace, np.ndarray.copy)
_REDUCTIONS = (
    *(np.sum, np.mean, np.prod, np.max, np.min),
    *(np.ndarray.sum, np.ndarray.mean, np.ndarray.prod, np.ndarray.max, np.ndarray.min),
)
_EXACT = (
    *(operator.add, operator.sub, operator.mul, operator.neg, operator.not_),
    *(operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne),
)


def call_type(type_of: TypeOf, e: Call) -> Type:
    """The type of what a call returns."""
    if isinstance(e.func, Name) and isinstance(known := type_of(e.func), Static) and isinstance(known.value, Pullback):
        return known.value.result
    if not isinstance(e.func, Object):
        raise TypeError(f"not lowered: {e!r}")
    function = e.func.value
    args = tuple(map(type_of, e.args))
    kwargs = tuple((k, type_of(v)) for k, v in e.kwargs)
    if isinstance(function, Callee | Helper):
        return function.result(args)
    if not kwargs and (numbers := _reals(function, args)):
        known = ask(function, numbers, (), e)
        if isinstance(known, Num) and not known.is_complex:
            return known
    _check_keywords(dict(kwargs), e)
    check_complex(function, (*args, *(t for _, t in kwargs)), e)
    result = _result(type_of, e, function, args, kwargs)
    check_complex(function, (result,), e)
    return result


def _reals(function: Any, args: tuple[Type, ...]) -> tuple[Num, ...]:
    """The operands of arithmetic with real numbers, the commonest call by far, where one is of unknown value: so is the
    result then, and there is nothing else to look at. Empty for every other call."""
    if not is_elementwise(function) or function in STATED:
        return ()
    found = []
    unknown = False
    for t in args:
        if not isinstance(t, Num) or t.ndim != 0 or t.is_complex:
            return ()
        unknown = unknown or t.value is None
        found.append(_flat(t))
    return tuple(found) if unknown else ()


def _result(
    type_of: TypeOf, e: Call, function: Any, args: tuple[Type, ...], kwargs: tuple[tuple[str, Type], ...]
) -> Type:
    stated = stated_result(Asked(function, args, dict(kwargs), e, type_of))
    if stated is not None:
        return stated
    nums = [t for t in args if isinstance(t, Num)]
    _check_axis(function, args, dict(kwargs), e)
    if is_elementwise(function) and len(nums) == len(args):
        return _elementwise(function, nums, e)
    if any(t.ndim is None for t in nums):
        return _of_unknown_rank(function, nums, alone=len(args) == 1 and not kwargs)
    result = ask(function, args, kwargs, e)
    assert isinstance(e.func, Object)
    if is_elementwise(function) and isinstance(result, Tup | ListOf):
        raise TypeProblem(
            UnsupportedType,
            f"`{e.func.text}` on " + ", ".join(map(describe, args)),
            "arithmetic on tuples and lists joins or repeats them, which is followed for tuples that are written out",
            "name the items one by one, or use an array",
            e.at,
        )
    if isinstance(result, Num) and result.ndim:
        shape = tuple(Dim(None) for _ in range(result.ndim))
        return Num(result.dtype, result.ndim, shape, contiguous=function in _FRESH_C)
    return result


def _check_axis(function: Any, args: tuple[Type, ...], kwargs: dict[str, Type], e: Call) -> None:
    """Refuse the axis of a number, which NumPy takes for some functions."""
    axis = kwargs.get("axis", args[1] if len(args) > 1 else None)
    is_number = bool(args) and isinstance(args[0], Num) and args[0].ndim == 0
    if is_number and isinstance(axis, Num | Tup) and any(function is known for known in _REDUCTIONS):
        what, why = f"the axis of a number in `{getattr(e.func, 'text', '')}`", "a number has no axes"
        raise TypeProblem(UnsupportedType, what, why, "leave it out, or pass an array", e.at)


def _check_keywords(kwargs: dict[str, Type], e: Call) -> None:
    if "order" in kwargs:
        raise order_problem(e)
    axis = kwargs.get("axis")
    if isinstance(axis, Num) and not isinstance(axis.value, int):
        raise TypeProblem(
            UnsupportedCall,
            "an axis that is known only when the program runs",
            "the axis decides the shape of the result",
            "write the axis as a literal",
            e.at,
        )


def _of_unknown_rank(function: Any, nums: list[Num], alone: bool) -> Num:
    if function in _REDUCTIONS and alone:
        return Num(nums[0].dtype)
    dtypes = [t.dtype for t in nums]
    if any(t.is_complex for t in nums):
        return Num(functools.reduce(wider, dtypes), None)
    return Num("float64" if "float64" in dtypes else dtypes[0], None)


def _elementwise(function: Any, nums: list[Num], e: Call) -> Type:
    """Asked once with all arrays of one dimension; the shape is that of broadcasting."""
    result = ask(function, tuple(map(_flat, nums)), (), e)
    if not isinstance(result, Num):
        return result
    if any(t.ndim is None for t in nums):
        return Num(result.dtype, None)
    shape = broadcast([t.shape for t in nums])
    if shape:
        return Num(result.dtype, len(shape), shape)
    return Num(result.dtype, weak=result.weak, value=_int_value(function, nums))


def _length(value: object) -> Dim:
    """An int that surely is a length: `len(x) - 1` is below zero where `x` is empty."""
    if type(value) is int and value >= 0:
        return Dim.known(value)
    return value if isinstance(value, Dim) and not _is_difference(value.token) else Dim(None)


def _is_difference(token: Hashable) -> bool:
    return isinstance(token, tuple) and (token[:1] == ("minus",) or any(map(_is_difference, token)))


def _flat(t: Num) -> Num:
    """A number as it is, an array with one dimension, and what may be either as a number of its dtype."""
    if t.ndim:
        return Num(t.dtype, 1, (Dim(None),))
    if t.ndim == 0 and t.value is None and not t.contiguous and not t.boxed:
        return t
    return Num(t.dtype, 0, (), t.weak)


def _int_value(function: Any, nums: list[Num]) -> int | Dim | None:
    """What is known of the value of integer arithmetic."""
    values = [t.value for t in nums]
    whole = [v for v in values if isinstance(v, int)]
    if len(whole) == len(values):
        if function in _EXACT or (function is operator.floordiv and whole[1] != 0):
            result: int = function(*whole)
            return result
        return None
    if function is operator.add:
        lengths = [_length(v) for v in values]
        if all(n.token is not None for n in lengths):
            return functools.reduce(Dim.plus, lengths)
    if function is operator.mul and len(whole) == 1:
        (length,) = (_length(v) for v in values if v is not whole[0])
        return length.times(whole[0]) if whole[0] >= 0 and length.token is not None else None
    if function is operator.sub:
        length, cut = values
        if isinstance(length, Dim) and isinstance(cut, int) and cut >= 0:
            return length.minus(cut)
    return None
