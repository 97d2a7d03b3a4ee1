"""Elementwise operations under torch's names, as functions and methods; and the operators."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from . import activations
from .apply import apply
from .arithmetic import _NUMBERS, add, binary, constant, div, mul, radd, rdiv, rmul, rsub, sub, unary
from .tensor import Tensor, methods, plain, wrapped

exp = unary(np.exp, math.exp)
exp2 = unary(np.exp2, math.exp2)
expm1 = unary(np.expm1, math.expm1)
log = unary(np.log, math.log)
log2 = unary(np.log2, math.log2)
log10 = unary(np.log10, math.log10)
log1p = unary(np.log1p, math.log1p)
sqrt = unary(np.sqrt, math.sqrt)
sin = unary(np.sin, math.sin)
cos = unary(np.cos, math.cos)
tan = unary(np.tan, math.tan)
asin = unary(np.arcsin, math.asin)
acos = unary(np.arccos, math.acos)
atan = unary(np.arctan, math.atan)
sinh = unary(np.sinh, math.sinh)
cosh = unary(np.cosh, math.cosh)
tanh = unary(np.tanh, math.tanh)
asinh = unary(np.arcsinh, math.asinh)
acosh = unary(np.arccosh, math.acosh)
atanh = unary(np.arctanh, math.atanh)
abs = unary(np.absolute, operator.abs)
neg = unary(np.negative, operator.neg)
square = unary(np.square, lambda x: x * x)
reciprocal = unary(np.reciprocal, lambda x: 1.0 / x)
relu = unary(activations.relu, lambda x: x if x > 0.0 or x != x else 0.0)  # noqa: PLR0124 (NaN stays NaN)
sigmoid = unary(activations.sigmoid, activations.sigmoid)
softplus = unary(activations.softplus, activations.softplus)

maximum, _ = binary(np.maximum, lambda a, b: a if a >= b or a != a else b)  # noqa: PLR0124
minimum, _ = binary(np.minimum, lambda a, b: a if a <= b or a != a else b)  # noqa: PLR0124
atan2, _ = binary(np.arctan2, math.atan2)
_power, _rpower = binary(np.power, lambda x, n: float(np.power(x, n)))
_float_power, _ = binary(np.float_power, lambda x, n: float(np.power(x, n)))
remainder, _rremainder = binary(np.mod, operator.mod)


def as_operand(x: Any) -> Tensor:
    """The tensor itself, or a constant: also of nested lists."""
    return x if type(x) is Tensor else constant(x)


UFUNCS: dict[Any, Any] = {
    np.exp: exp,
    np.exp2: exp2,
    np.expm1: expm1,
    np.log: log,
    np.log2: log2,
    np.log10: log10,
    np.log1p: log1p,
    np.sqrt: sqrt,
    np.sin: sin,
    np.cos: cos,
    np.tan: tan,
    np.arcsin: asin,
    np.arccos: acos,
    np.arctan: atan,
    np.sinh: sinh,
    np.cosh: cosh,
    np.tanh: tanh,
    np.arcsinh: asinh,
    np.arccosh: acosh,
    np.arctanh: atanh,
    np.absolute: abs,
    np.negative: neg,
    np.square: square,
    np.reciprocal: reciprocal,
    np.add: add,
    np.subtract: sub,
    np.multiply: mul,
    np.true_divide: div,
    np.arctan2: atan2,
    np.mod: remainder,
    np.maximum: maximum,
    np.minimum: minimum,
    np.float_power: _float_power,
}


def pow(x: Any, exponent: Any) -> Any:
    """`x ** exponent`, element by element."""
    if type(exponent) is int and type(x) is Tensor:
        if exponent == 2:
            return square(x)
        if x.dtype.kind == "f":
            exponent = float(exponent)
    elif type(exponent) is float and exponent == 2.0 and type(x) is Tensor and x.dtype.kind == "f":
        return square(x)
    return _power(x, exponent)


def _rpow(x: Tensor, base: Any) -> Any:
    return _rpower(x, float(base) if type(base) is int and x.dtype.kind == "f" else base)


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """`x` where the condition holds, else `y`; with the condition alone the places where it holds, as `np.nonzero`."""
    if x is None and y is None:
        return wrapped(np.nonzero(plain(condition)))
    return apply(np.where, condition, x, y)


def clamp(x: Any, min: Any = None, max: Any = None) -> Tensor:
    """Each element, or the bound that is nearest to it."""
    if min is None and max is None:
        raise ValueError("clamp takes min, max, or both")
    found: Tensor = apply(np.clip, x if type(x) is Tensor else constant(x), min, max)
    return found


def _scaled(function: Any) -> Any:
    def call(x: Any, other: Any, *, alpha: float = 1) -> Any:
        return function(x, other if alpha == 1 else mul(other, alpha))

    call.__name__ = function.__name__
    call.__doc__ = f"`{function.__name__}` of `x` and `alpha * other`."
    return call


def _step(function: Any) -> Any:
    """An elementwise function whose derivative is zero: of values, never recorded."""

    def call(x: Any, *others: Any) -> Any:
        values = [plain(x), *map(plain, others)]
        if not all(isinstance(v, _NUMBERS) for v in values):
            return NotImplemented
        return wrapped(function(*values))

    call.__name__ = call.__qualname__ = function.__name__
    call.__doc__ = f"`numpy.{function.__name__}`, whose derivative is zero."
    return call


eq, ne, lt, le, gt, ge = map(_step, (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal))
floor, ceil, trunc, sign, round_ = map(_step, (np.floor, np.ceil, np.trunc, np.sign, np.rint))
isnan, isinf, isfinite, logical_not = map(_step, (np.isnan, np.isinf, np.isfinite, np.logical_not))
logical_and, logical_or, logical_xor = map(_step, (np.logical_and, np.logical_or, np.logical_xor))
floor_divide = _step(np.floor_divide)
_and, _or, _xor, _invert = map(_step, (np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert))


def _swapped(function: Any) -> Any:
    return lambda x, other: function(other, x)


methods(
    __add__=add,
    __radd__=radd,
    __sub__=sub,
    __rsub__=rsub,
    __mul__=mul,
    __rmul__=rmul,
    __truediv__=div,
    __rtruediv__=rdiv,
    __pow__=pow,
    __rpow__=_rpow,
    __neg__=neg,
    __mod__=remainder,
    __rmod__=_rremainder,
    __abs__=abs,
    __eq__=eq,
    __ne__=ne,
    __lt__=lt,
    __le__=le,
    __gt__=gt,
    __ge__=ge,
    __and__=_and,
    __or__=_or,
    __xor__=_xor,
    __invert__=_invert,
    __rand__=_swapped(_and),
    __ror__=_swapped(_or),
    __rxor__=_swapped(_xor),
    __floordiv__=floor_divide,
    __rfloordiv__=_swapped(floor_divide),
    __pos__=lambda x: x,
)
methods(
    add=_scaled(add),
    sub=_scaled(sub),
    mul=mul,
    div=div,
    pow=pow,
    neg=neg,
    exp=exp,
    exp2=exp2,
    expm1=expm1,
    log=log,
    log2=log2,
    log10=log10,
    log1p=log1p,
    sqrt=sqrt,
    sin=sin,
    cos=cos,
    tan=tan,
    asin=asin,
    acos=acos,
    atan=atan,
    atan2=atan2,
    sinh=sinh,
    cosh=cosh,
    tanh=tanh,
    asinh=asinh,
    acosh=acosh,
    atanh=atanh,
    abs=abs,
    square=square,
    reciprocal=reciprocal,
    relu=relu,
    sigmoid=sigmoid,
    maximum=maximum,
    minimum=minimum,
    clamp=clamp,
    remainder=remainder,
    eq=eq,
    ne=ne,
    lt=lt,
    le=le,
    gt=gt,
    ge=ge,
    floor_divide=floor_divide,
    floor=floor,
    ceil=ceil,
    trunc=trunc,
    sign=sign,
    round=round_,
    isnan=isnan,
    isinf=isinf,
    isfinite=isfinite,
    logical_not=logical_not,
    logical_and=logical_and,
    logical_or=logical_or,
    logical_xor=logical_xor,
    where=lambda x, condition, other: where(condition, x, other),
)
