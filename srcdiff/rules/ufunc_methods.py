"""The methods of elementwise functions: `np.add.reduce`, `np.multiply.outer`, `np.maximum.accumulate`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.nodes import Call, Const, Expr, Object
from ..runtime import running_maxima, running_minima, shares
from .operands import arguments, needed, rank
from .points import call, reals
from .registry import Writer, constant, pullback, pushforward, rewritten, spelled
from .stacking import as_array, at_place

# -------------------------------------------------------------------------------------------------------------- outer

_OUTER = (
    *(np.add, np.subtract, np.multiply, np.divide, np.power, np.float_power, np.mod, np.fmod, np.floor_divide),
    *(np.maximum, np.minimum, np.fmax, np.fmin, np.hypot, np.arctan2, np.logaddexp, np.logaddexp2, np.copysign),
    *(np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal),
    *(np.logical_and, np.logical_or, np.logical_xor),
)
_POSITIVE = reals(3, low=0.5)
_PAIRS = call(_POSITIVE, reals(4, low=0.7)) + call(reals(2, 3, low=0.5), reals(4, low=0.7))
_PAIRS += call(_POSITIVE, reals(2, 2, low=0.7)) + call(reals(low=0.5), reals(3, low=0.7)) + call(_POSITIVE, 1.3)


@rewritten(*(ufunc.outer for ufunc in _OUTER), points=_PAIRS)
def outer(e: Call, writer: Writer) -> Expr:
    """The function itself, of the first operand with an axis more for each axis of the second one."""
    a, b = arguments(e, "A", "B")
    a, b = as_array(needed(e, a, "A")), as_array(needed(e, b, "B"))
    behind, own = rank(e, writer, b), rank(e, writer, a)
    if own and behind:
        a = at_place(a, (Const(Ellipsis), *(Const(None),) * behind))
    assert isinstance(e.func, Object)
    ufunc = e.func.value.__self__
    return Call(Object(ufunc, f"np.{ufunc.__name__}"), (a, b), (), e.at)


# ------------------------------------------------------------------------------------------------------------- reduce

_REDUCED = call(reals(5)) + call(reals(3, 4)) + call(reals(3, 4), axis=-1, keepdims=True)
_REDUCED += call(reals(2, 3, 4), axis=(0, 2)) + call(reals(3, 4), axis=None)


@spelled(np.add.reduce, points=_REDUCED)
def add_reduce(array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return np.sum(array, axis=axis, keepdims=keepdims)


@spelled(np.multiply.reduce, points=_REDUCED)
def multiply_reduce(array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return np.prod(array, axis=axis, keepdims=keepdims)


@spelled(np.maximum.reduce, points=_REDUCED)
def maximum_reduce(array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return np.max(array, axis=axis, keepdims=keepdims)


@spelled(np.minimum.reduce, points=_REDUCED)
def minimum_reduce(array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return np.min(array, axis=axis, keepdims=keepdims)


@spelled(np.hypot.reduce, points=_REDUCED)
def hypot_reduce(array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return np.linalg.norm(array, axis=axis, keepdims=keepdims)


@pullback(np.logaddexp.reduce, points=_REDUCED[:3])
def logaddexp_reduce(y_bar: Any, y: Any, array: Any, axis: Any = 0, keepdims: Any = False) -> Any:
    """The logarithm of a sum of exponentials; of several axes NumPy refuses it."""
    if axis is None or keepdims:
        return y_bar * shares(array, axis)
    return np.expand_dims(y_bar, axis) * shares(array, axis)


@pushforward(np.logaddexp.reduce)
def logaddexp_reduce_tangent(y: Any, array: Any, axis: Any = 0, keepdims: Any = False, *, array_dot: Any) -> Any:
    return np.sum(shares(array, axis) * array_dot, axis=axis, keepdims=keepdims)


@pullback(shares, points=_REDUCED[:2] + call(reals(3, 4), axis=-1) + call(reals(2, 3, 4), axis=(0, 2)))
def softmax(y_bar: Any, y: Any, x: Any, axis: Any = None) -> Any:
    return y * (y_bar - np.sum(y * y_bar, axis=axis, keepdims=True))


@pushforward(shares)
def softmax_tangent(y: Any, x: Any, axis: Any = None, *, x_dot: Any) -> Any:
    return y * (x_dot - np.sum(y * x_dot, axis=axis, keepdims=True))


constant(np.logical_and.reduce, np.logical_or.reduce, np.bitwise_or.reduce, np.bitwise_and.reduce)


# --------------------------------------------------------------------------------------------------------- accumulate

_RUNNING = call(reals(5)) + call(reals(3, 4)) + call(reals(3, 4), axis=1) + call(reals(2, 3, 2), axis=-2)


@spelled(np.add.accumulate, points=_RUNNING)
def add_accumulate(array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
    return np.cumsum(array, axis=axis)


@spelled(np.multiply.accumulate, points=_RUNNING)
def multiply_accumulate(array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
    return np.cumprod(array, axis=axis)


@spelled(np.maximum.accumulate, points=_RUNNING)
def maximum_accumulate(array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
    """Of equal elements the first is the largest one so far."""
    return np.take_along_axis(array, running_maxima(array, axis), axis)


@spelled(np.minimum.accumulate, points=_RUNNING)
def minimum_accumulate(array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
    return np.take_along_axis(array, running_minima(array, axis), axis)


constant(running_maxima, running_minima)
