"""Partials of elementwise functions: operators, `math`, NumPy's ufuncs.

Conventions at kinks: the derivative of `abs` at 0 is 0; where two operands of a maximum or minimum tie, the first
one has the whole derivative.
"""

# The formulas are the standard ones of any calculus text; special functions cite their source.

from __future__ import annotations

import cmath
import math
import operator
from typing import Any

import numpy as np

from ..runtime import polygamma, power_base, power_curvature, power_exponent, power_mixed, ratio, unit, whole_power
from .complex_operands import holds_complex
from .points import call, over, reals
from .registry import constant, jointly_linear, partials


@partials(operator.add, np.add, points=over((-2, 2), (-2, 2)))
def add(y: Any, a: Any, b: Any) -> Any:
    return 1.0, 1.0


@partials(operator.sub, np.subtract, points=over((-2, 2), (-2, 2)))
def subtract(y: Any, a: Any, b: Any) -> Any:
    return 1.0, -1.0


@partials(operator.mul, np.multiply, points=over((-2, 2), (-2, 2)))
def multiply(y: Any, a: Any, b: Any) -> Any:
    return b, a


@partials(operator.truediv, np.true_divide, points=over((-2, 2), (0.5, 2)))
def divide(y: Any, a: Any, b: Any) -> Any:
    return 1.0 / b, -a / (b * b)


@partials(operator.neg, np.negative, points=over((-2, 2)))
def negative(y: Any, a: Any) -> Any:
    return -1.0


@partials(operator.pos, np.positive, float, np.float64, points=over((-2, 2)))
def positive(y: Any, a: Any) -> Any:
    return 1.0


@partials(operator.mod, np.mod, points=over((-2, 2), (0.7, 1.9)))
def mod(y: Any, a: Any, b: Any) -> Any:
    return 1.0, -(a // b)


@partials(np.fmod, math.fmod, points=over((-2, 2), (0.7, 1.9)))
def fmod(y: Any, a: Any, b: Any) -> Any:
    return 1.0, np.rint((y - a) / b)


@partials(operator.pow, pow, np.power, np.float_power, math.pow, points=over((0.3, 2), (-2, 2)))
def power(y: Any, x: Any, n: Any) -> Any:
    return power_base(x, n), power_exponent(x, n)


@partials(power_base, points=over((0.3, 2), (-2, 2)))
def power_base_again(y: Any, x: Any, n: Any) -> Any:
    return np.where(n == 0, 0.0, n * power_base(x, n - 1.0)), power_mixed(x, n)


@partials(power_exponent, points=over((0.3, 2), (-2, 2)))
def power_exponent_again(y: Any, x: Any, n: Any) -> Any:
    return power_mixed(x, n), power_curvature(x, n)


@partials(power_mixed, points=over((0.3, 2), (-2, 2)))
def power_mixed_again(y: Any, x: Any, n: Any) -> Any:
    return x ** (n - 2.0) * ((n - 1.0) * (1.0 + n * np.log(x)) + n), x ** (n - 1.0) * np.log(x) * (2.0 + n * np.log(x))


@partials(power_curvature, points=over((0.3, 2), (-2, 2)))
def power_curvature_again(y: Any, x: Any, n: Any) -> Any:
    return x ** (n - 1.0) * np.log(x) * (2.0 + n * np.log(x)), x**n * np.log(x) ** 3


@partials(np.square, points=over((-2, 2)))
def square(y: Any, x: Any) -> Any:
    return 2.0 * x


@partials(np.reciprocal, points=over((0.5, 2)))
def reciprocal(y: Any, x: Any) -> Any:
    return -y * y


@partials(abs, np.abs, np.fabs, math.fabs, points=over((-2, -0.1)))
def absolute(y: Any, x: Any) -> Any:
    if holds_complex(x):
        return np.conj(unit(x))
    return np.sign(x)


@partials(math.copysign, np.copysign, points=over((0.1, 2), (-2, -0.1)))
def copysign(y: Any, x: Any, s: Any) -> Any:
    return np.sign(x) * np.sign(y), None


@partials(np.exp, math.exp, cmath.exp, points=over((-2, 2)))
def exp(y: Any, x: Any) -> Any:
    return y


@partials(np.exp2, math.exp2, points=over((-2, 2)))
def exp2(y: Any, x: Any) -> Any:
    return math.log(2.0) * y


@partials(np.expm1, math.expm1, points=over((-2, 2)))
def expm1(y: Any, x: Any) -> Any:
    return y + 1.0


@partials(np.log, math.log, cmath.log, points=over((0.2, 3)))
def log(y: Any, x: Any) -> Any:
    return 1.0 / x


@partials(np.log1p, math.log1p, points=over((-0.8, 2)))
def log1p(y: Any, x: Any) -> Any:
    return 1.0 / (1.0 + x)


@partials(np.log2, math.log2, points=over((0.2, 3)))
def log2(y: Any, x: Any) -> Any:
    return 1.0 / (math.log(2.0) * x)


@partials(np.log10, math.log10, cmath.log10, points=over((0.2, 3)))
def log10(y: Any, x: Any) -> Any:
    return 1.0 / (math.log(10.0) * x)


@partials(np.sqrt, math.sqrt, cmath.sqrt, points=over((0.2, 3)))
def sqrt(y: Any, x: Any) -> Any:
    return 0.5 / y


@partials(np.cbrt, math.cbrt, points=over((0.2, 3)))
def cbrt(y: Any, x: Any) -> Any:
    return 1.0 / (3.0 * y * y)


@partials(np.sin, math.sin, cmath.sin, points=over((-2, 2)))
def sin(y: Any, x: Any) -> Any:
    return np.cos(x)


@partials(np.cos, math.cos, cmath.cos, points=over((-2, 2)))
def cos(y: Any, x: Any) -> Any:
    return -np.sin(x)


@partials(np.tan, math.tan, cmath.tan, points=over((-1.3, 1.3)))
def tan(y: Any, x: Any) -> Any:
    return 1.0 + y * y


@partials(np.arcsin, math.asin, points=over((-0.9, 0.9)))
def arcsin(y: Any, x: Any) -> Any:
    return 1.0 / np.sqrt(1.0 - x * x)


@partials(np.arccos, math.acos, points=over((-0.9, 0.9)))
def arccos(y: Any, x: Any) -> Any:
    return -1.0 / np.sqrt(1.0 - x * x)


@partials(np.arctan, math.atan, points=over((-2, 2)))
def arctan(y: Any, x: Any) -> Any:
    return 1.0 / (1.0 + x * x)


@partials(np.arctan2, math.atan2, points=over((-2, 2), (0.5, 2)))
def arctan2(y: Any, a: Any, b: Any) -> Any:
    return b / (a * a + b * b), -a / (a * a + b * b)


@partials(np.sinh, math.sinh, cmath.sinh, points=over((-2, 2)))
def sinh(y: Any, x: Any) -> Any:
    return np.cosh(x)


@partials(np.cosh, math.cosh, cmath.cosh, points=over((-2, 2)))
def cosh(y: Any, x: Any) -> Any:
    return np.sinh(x)


@partials(np.tanh, math.tanh, cmath.tanh, points=over((-2, 2)))
def tanh(y: Any, x: Any) -> Any:
    return 1.0 - y * y


@partials(np.arcsinh, math.asinh, points=over((-2, 2)))
def arcsinh(y: Any, x: Any) -> Any:
    return 1.0 / np.sqrt(x * x + 1.0)


@partials(np.arccosh, math.acosh, points=over((1.2, 3)))
def arccosh(y: Any, x: Any) -> Any:
    if holds_complex(x):
        return 1.0 / (np.sqrt(x - 1.0) * np.sqrt(x + 1.0))
    return 1.0 / np.sqrt(x * x - 1.0)


@partials(np.arctanh, math.atanh, points=over((-0.9, 0.9)))
def arctanh(y: Any, x: Any) -> Any:
    return 1.0 / (1.0 - x * x)


@partials(np.hypot, math.hypot, points=over((0.2, 2), (0.2, 2)))
def hypot(y: Any, a: Any, b: Any) -> Any:
    return ratio(a, y), ratio(b, y)


@partials(np.deg2rad, np.radians, math.radians, points=over((-2, 2)))
def radians(y: Any, x: Any) -> Any:
    return math.pi / 180.0


@partials(np.rad2deg, np.degrees, math.degrees, points=over((-2, 2)))
def degrees(y: Any, x: Any) -> Any:
    return 180.0 / math.pi


@partials(math.erf, points=over((-2, 2)))
def erf(y: Any, x: Any) -> Any:
    return 2.0 / math.sqrt(math.pi) * np.exp(-x * x)


@partials(math.erfc, points=over((-2, 2)))
def erfc(y: Any, x: Any) -> Any:
    return -2.0 / math.sqrt(math.pi) * np.exp(-x * x)


@partials(math.gamma, points=over((0.5, 4)))
def gamma(y: Any, x: Any) -> Any:
    return y * polygamma(0, x)


@partials(math.lgamma, points=over((0.5, 4)))
def lgamma(y: Any, x: Any) -> Any:
    return polygamma(0, x)


@partials(polygamma, points=call(1, reals(low=0.5, high=4.0)))
def polygamma_again(y: Any, n: Any, x: Any) -> Any:
    return None, polygamma(n + 1, x)


@partials(np.maximum, points=over((-2, 2), (-2, 2)))
def maximum(y: Any, a: Any, b: Any) -> Any:
    return np.where(a >= b, 1.0, 0.0), np.where(a < b, 1.0, 0.0)


@partials(np.minimum, points=over((-2, 2), (-2, 2)))
def minimum(y: Any, a: Any, b: Any) -> Any:
    return np.where(a <= b, 1.0, 0.0), np.where(a > b, 1.0, 0.0)


@partials(max, points=over((-2, 2), (-2, 2)))
def builtin_max(y: Any, a: Any, b: Any) -> Any:
    return np.where(b > a, 0.0, 1.0), np.where(b > a, 1.0, 0.0)


@partials(min, points=over((-2, 2), (-2, 2)))
def builtin_min(y: Any, a: Any, b: Any) -> Any:
    return np.where(b < a, 0.0, 1.0), np.where(b < a, 1.0, 0.0)


@partials(np.fmax, points=over((-2, 2), (-2, 2)))
def fmax(y: Any, a: Any, b: Any) -> Any:
    return np.where((a >= b) | np.isnan(b), 1.0, 0.0), np.where((a >= b) | np.isnan(b), 0.0, 1.0)


@partials(np.fmin, points=over((-2, 2), (-2, 2)))
def fmin(y: Any, a: Any, b: Any) -> Any:
    return np.where((a <= b) | np.isnan(b), 1.0, 0.0), np.where((a <= b) | np.isnan(b), 0.0, 1.0)


@partials(
    np.where,
    points=call(np.array([True, False, True]), reals(3), reals(3))
    + call(np.array([[True], [False]]), reals(3), reals()),
)
def where(y: Any, condition: Any, a: Any, b: Any) -> Any:
    return None, np.where(condition, 1.0, 0.0), np.where(condition, 0.0, 1.0)


jointly_linear(np.where, of=("a", "b"))


@partials(
    np.clip,
    np.ndarray.clip,
    points=call(reals(5), -0.5, 0.7) + call(reals(2, 3), reals(low=-1.0, high=-0.5), reals(3, low=0.2, high=0.8)),
)
def clip(y: Any, x: Any, a_min: Any, a_max: Any) -> Any:
    if a_min is None and a_max is None:
        return 1.0, None, None
    if a_min is None:
        return np.where(x <= a_max, 1.0, 0.0), None, np.where(x <= a_max, 0.0, 1.0)
    if a_max is None:
        return np.where(x >= a_min, 1.0, 0.0), np.where(x >= a_min, 0.0, 1.0), None
    return (  # min(max(x, a_min), a_max), as NumPy has it also where a_min > a_max
        np.where((x >= a_min) & (x <= a_max), 1.0, 0.0),
        np.where((x < a_min) & (a_min <= a_max), 1.0, 0.0),
        np.where(np.maximum(x, a_min) > a_max, 1.0, 0.0),
    )


constant(
    *(operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge, operator.not_),
    *(operator.floordiv, operator.and_, operator.or_, operator.xor, operator.invert),
    *(operator.lshift, operator.rshift, whole_power),
    *(np.less, np.less_equal, np.equal, np.not_equal, np.greater, np.greater_equal),
    *(np.logical_and, np.logical_or, np.logical_not, np.logical_xor, np.floor_divide),
    *(np.sign, np.floor, np.ceil, np.trunc, np.rint, np.isnan, np.isfinite, np.isinf, np.signbit),
    *(math.floor, math.ceil, math.trunc, math.isnan, math.isfinite, math.isinf, int, bool),
    elementwise=True,
)
constant(operator.is_, operator.is_not, round, np.round, np.around)
