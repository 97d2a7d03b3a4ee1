"""Results that are known from the types of the arguments alone, function by function.

`stated_result` looks the function up in one table; each entry is a small function from what was asked to a type, or
None where the general way (elementwise, or a call on small samples) has to tell.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import runtime
from ..errors import NotDifferentiable, UnsupportedCall, UnsupportedType
from ..ir.nodes import Call, Display, Expr, Object
from ..ir.types import FLOAT, INT, Dim, ListOf, Num, Static, Tup, Type, broadcast, describe, wider
from .complex_operands import kept_complex
from .indexing import TypeOf
from .problem import TypeProblem, joined, order_problem


@dataclass(frozen=True)
class Asked:
    """A call whose result is asked for: the function, the types of its arguments, and the call itself."""

    function: Any
    args: tuple[Type, ...]
    kwargs: dict[str, Type]
    call: Call
    type_of: TypeOf

    @property
    def first(self) -> Type | None:
        return self.args[0] if self.args else None

    def argument(self, place: int, name: str) -> Type | None:
        """The argument at this position or of this name."""
        return self.args[place] if len(self.args) > place else self.kwargs.get(name)


_Entry = Callable[[Asked], Type | None]
STATED: dict[Any, _Entry] = {}


def stated_result(asked: Asked) -> Type | None:
    """The type that the table gives, or None."""
    try:
        entry = STATED.get(asked.function)
    except TypeError:  # an unhashable object is in no table
        return None
    return None if entry is None else entry(asked)


def states(*functions: Any) -> Callable[[_Entry], _Entry]:
    """Enter the result of these functions in the table."""

    def register(entry: _Entry) -> _Entry:
        STATED.update(dict.fromkeys(functions, entry))
        return entry

    return register


# ----------------------------------------------------------------------------------------------- shapes and lengths


@states(len, np.size, np.ndarray.size)
def _length(asked: Asked) -> Type:
    first = asked.first
    if isinstance(first, Tup):
        return Num("int64", weak=True, value=len(first.items))
    if isinstance(first, Num) and first.shape and (asked.function is len or first.ndim == 1):
        return _int_of(first.shape[0])
    return _int_of(Dim(None)) if isinstance(first, ListOf) else INT


@states(np.ndarray.shape, np.shape)
def _shape(asked: Asked) -> Type | None:
    first = asked.first
    if isinstance(first, Num) and first.ndim is not None:
        return Tup(tuple(map(_int_of, first.shape)))
    return None


@states(np.ndarray.ndim, np.ndim)
def _rank(asked: Asked) -> Type | None:
    return Num("int64", weak=True, value=asked.first.ndim) if isinstance(asked.first, Num) else None


@states(np.ndarray.dtype)
def _dtype_of(asked: Asked) -> Type | None:
    return Static(np.dtype(asked.first.dtype)) if isinstance(asked.first, Num) else None


def _int_of(dim: Dim) -> Num:
    value = dim.token if isinstance(dim.token, int) else dim
    return Num("int64", weak=True, value=value)


def dim_of(count: Num) -> Dim:
    """The length that an int stands for."""
    if isinstance(count.value, Dim):
        return count.value
    if isinstance(count.value, int):
        return Dim.known(count.value)
    return Dim(None)


# ----------------------------------------------------------------------------------------------------- array making


@states(np.full_like, np.copy, np.ndarray.copy)
def _like_first(asked: Asked) -> Type | None:
    if asked.function is not np.full_like:
        return _same_shape(asked, None)
    value, dtype = asked.argument(1, "fill_value"), asked.argument(2, "dtype")
    if isinstance(value, Num) and isinstance(asked.first, Num):
        kept_complex(value, _dtype(dtype, asked.first.dtype), asked.call)
    return _same_shape(asked, dtype)


@states(np.zeros_like, np.ones_like, np.empty_like)
def _filled_like_first(asked: Asked) -> Type | None:
    _check_layout(asked)
    dtype, shape = asked.argument(1, "dtype"), asked.kwargs.get("shape")
    if shape is None or not isinstance(asked.first, Num):
        return _same_shape(asked, dtype)
    return _by_shape(shape, _dtype(dtype, asked.first.dtype), asked.call)


def _same_shape(asked: Asked, dtype: Type | None) -> Num | None:
    first = asked.first
    if not isinstance(first, Num):
        return None
    # a new array; all but `copy` keep the layout of their operand, which for a vector is the only one there is
    sure = asked.function is np.ndarray.copy or first.contiguous or first.ndim == 1
    return Num(_dtype(dtype, first.dtype), first.ndim, first.shape, contiguous=sure)


@states(np.zeros, np.ones, np.empty)
def _filled(asked: Asked) -> Type | None:
    _check_layout(asked)
    return _by_shape(asked.argument(0, "shape"), _dtype(asked.argument(1, "dtype"), "float64"), asked.call)


@states(np.full)
def _full(asked: Asked) -> Type | None:
    given, value = asked.argument(2, "dtype"), asked.argument(1, "fill_value")
    dtype = (
        kept_complex(value, _dtype(given, value.dtype), asked.call)
        if isinstance(value, Num)
        else _dtype(given, "float64")
    )
    return _by_shape(asked.argument(0, "shape"), dtype, asked.call)


@states(np.broadcast_to)
def _broadcast_to(asked: Asked) -> Type | None:
    first, shape = asked.first, asked.argument(1, "shape")
    found = _by_shape(shape, first.dtype, asked.call) if isinstance(first, Num) else None
    return replace(found, contiguous=False) if isinstance(found, Num) else found  # many elements are one in memory


def _check_layout(asked: Asked) -> None:
    """Refuse a memory layout that is given as the third argument; by name it is refused for all functions."""
    if len(asked.args) > 2:
        raise order_problem(asked.call)


def _by_shape(shape: Type | None, dtype: str, e: Call) -> Type | None:
    lengths = shape.items if isinstance(shape, Tup) else (shape,)
    for length in lengths:
        if isinstance(length, Num) and not length.is_integral:
            raise TypeProblem(
                NotDifferentiable,
                f"a {describe(length)} as a length",
                "a length is a whole number; an argument in wrt is differentiated as the real number it is",
                "leave the argument out of wrt, or convert with int(...)",
                e.at,
            )
    dims = tuple(dim_of(t) for t in lengths if isinstance(t, Num))
    if len(dims) < len(lengths):
        return None
    return Num(dtype, len(dims), dims, contiguous=True)


_MAKE_ARRAYS: set[Any] = {
    *(np.array, np.asarray, np.copy, np.zeros_like, np.ones_like, np.empty_like, np.full_like),
    *(np.zeros, np.ones, np.empty, np.full),
}


def check_dimensions(e: Call, type_: Type) -> None:
    """Refuse a 0-d array that the user's program makes."""
    made = isinstance(e.func, Object) and callable(e.func.value) and e.func.value in _MAKE_ARRAYS
    if made and isinstance(type_, Num) and type_.ndim == 0:
        raise TypeProblem(
            UnsupportedType,
            "a 0-d array made from a number",
            "it is written in place where a number is not, and nothing in the program tells the two apart",
            "use the number itself; for an array with one element write np.array([x])",
            e.at,
        )


@states(np.array, np.asarray)
def _array(asked: Asked) -> Type | None:
    first, given = asked.first, asked.argument(1, "dtype")
    if isinstance(first, Num):
        return Num(
            kept_complex(first, _dtype(given, first.dtype), asked.call),
            first.ndim,
            first.shape,
            contiguous=first.contiguous,
        )
    items = _rows(asked.type_of, asked.call.args[0]) if asked.args else []
    nums = [t for t in items if isinstance(t, Num)]
    if not items or len(nums) < len(items):
        return None
    whole = functools.reduce(lambda a, b: joined(a, b, asked.call), items)
    if not isinstance(whole, Num) or whole.ndim is None:
        return None
    shape = (Dim.known(len(items)), *whole.shape)
    return Num(kept_complex(whole, _dtype(given, whole.dtype), asked.call), len(shape), shape, contiguous=True)


def _rows(type_of: TypeOf, argument: Expr) -> list[Type]:
    """The types of the items of an array that is written out; an inner list is the array that it makes."""
    if not isinstance(argument, Display):
        type_ = type_of(argument)
        return list(type_.items) if isinstance(type_, Tup) else []
    make = Object(np.array, "np.array")
    return [type_of(Call(make, (i,)) if isinstance(i, Display) else i) for i in argument.items]


def _dtype(given: Type | None, default: str) -> str:
    if not isinstance(given, Static) or given.value is None:
        return default
    dtype = np.dtype(given.value)
    return "int64" if dtype.kind in "iu" else dtype.name


@states(np.linspace)
def _linspace(asked: Asked) -> Type | None:
    if any(isinstance(t, Num) and t.ndim != 0 for t in asked.args[:2]):
        raise TypeProblem(
            UnsupportedCall,
            "np.linspace between arrays",
            "its rule is for numbers",
            "write start + (stop - start) * np.linspace(0.0, 1.0, n)",
            asked.call.at,
        )
    return None


# -------------------------------------------------------------------------------------------------- change of shape


@states(np.reshape, np.ndarray.reshape)
def _reshaped(asked: Asked) -> Type | None:
    base, shape = asked.first, asked.argument(1, "shape")
    sizes = shape.items if isinstance(shape, Tup) else (shape,)
    counts = [t for t in sizes if isinstance(t, Num) and t.is_integral]
    if not isinstance(base, Num) or len(counts) < len(sizes):
        return None
    dims = tuple(Dim(None) if t.value == -1 else dim_of(t) for t in counts)
    return Num(base.dtype, len(dims), dims, contiguous=base.contiguous)


@states(np.ravel, np.ndarray.ravel, np.ndarray.flatten)
def _ravelled(asked: Asked) -> Type | None:
    first = asked.first
    if not isinstance(first, Num):
        return None
    dim = first.shape[0] if first.ndim == 1 else Dim(None)
    return Num(first.dtype, 1, (dim,), contiguous=True)  # a view where the array is, else a copy


@states(np.ndarray.astype)
def _converted_array(asked: Asked) -> Type | None:
    first = asked.first
    if not isinstance(first, Num):
        return None
    return Num(
        kept_complex(first, _dtype(asked.argument(1, "dtype"), first.dtype), asked.call), first.ndim, first.shape
    )


# --------------------------------------------------------------------------------------------------------- products


@states(np.outer)
def _outer(asked: Asked) -> Type | None:
    vectors = [t for t in asked.args if isinstance(t, Num) and t.ndim == 1]
    if len(vectors) != len(asked.args) or not vectors:
        return None
    return Num(functools.reduce(wider, (t.dtype for t in vectors)), 2, tuple(t.shape[0] for t in vectors))


@states(np.dot, np.matmul, operator.matmul, np.ndarray.dot)
def _product(asked: Asked) -> Type | None:
    operands = [t for t in asked.args if isinstance(t, Num)]
    if len(operands) != 2:
        return None
    a, b = operands
    if a.ndim is None or b.ndim is None:
        return None
    if a.ndim == 0 or b.ndim == 0:
        return None
    if asked.function in (np.dot, np.ndarray.dot):
        shape = a.shape[:-1] + b.shape[:-2] + b.shape[-1:] * (b.ndim > 1)
    else:
        shape = broadcast([a.shape[:-2], b.shape[:-2]]) + a.shape[-2:-1] + b.shape[-1:] * (b.ndim > 1)
    return Num(wider(a.dtype, b.dtype), len(shape), shape)


# ---------------------------------------------------------------------------------------------- Python's own values


@states(list.append)
def _appended(asked: Asked) -> Type | None:
    return Static(None) if isinstance(asked.first, ListOf) else None


@states(list.pop)
def _popped(asked: Asked) -> Type | None:
    return (asked.first.item or FLOAT) if isinstance(asked.first, ListOf) else None


@states(operator.mul)
def _repeated(asked: Asked) -> Type | None:
    written = asked.call.args[0]
    single = isinstance(written, Display) and len(written.items) == 1
    return asked.first if single and isinstance(asked.first, ListOf) and len(asked.args) == 2 else None


@states(list)
def _list_of(asked: Asked) -> Type | None:
    return replace(asked.first, tape=False, own=True) if isinstance(asked.first, ListOf) else None


@states(runtime.array_of)
def _array_of(asked: Asked) -> Type:
    return Num(_dtype(asked.argument(1, "dtype"), "float64"), 1, (Dim(None),), contiguous=True)


@states(range)
def _range(asked: Asked) -> Type:
    for type_, arg in zip(asked.args, asked.call.args, strict=True):
        if not (isinstance(type_, Num) and type_.is_integral):
            raise TypeProblem(
                NotDifferentiable,
                f"range() of a {describe(type_)}",
                "a count is a whole number; an argument in wrt is differentiated as the real number it is",
                "leave the argument out of wrt, or convert with int(...)",
                arg.at,
            )
    return Static(range(0))


@states(float, int, round)
def _converted(asked: Asked) -> Type | None:
    first = asked.first
    if not isinstance(first, Num):
        return None
    if first.ndim != 0:
        raise TypeProblem(
            UnsupportedCall,
            f"{asked.function.__name__}() of a {describe(first)}",
            "it takes a single number",
            "index the array, or use x.sum()",
            asked.call.at,
        )
    digits = asked.argument(1, "ndigits")
    if asked.function is round and digits not in (None, Static(None)) and first.is_inexact:
        return first.plain()
    return FLOAT if asked.function is float else INT


@states(max, min)
def _one_of_two(asked: Asked) -> Type | None:
    """Which of two numbers it is shows when the program runs: `max(0, x)` is a whole number where `x` is below zero."""
    nums = [t for t in asked.args if isinstance(t, Num)]
    if len(nums) != 2 or any(t.ndim != 0 for t in nums):
        return None
    if any(t.is_float for t in nums):
        total = Call(Object(operator.add, "+"), asked.call.args, at=asked.call.at)
        return asked.type_of(total)  # of the wider kind of the two
    return joined(nums[0], nums[1], asked.call)
