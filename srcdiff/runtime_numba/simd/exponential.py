"""exp, expm1, tanh and the logistic function.

x = n*log(2) + r with |r| <= log(2)/2, where n*log(2) is taken from x in two parts (W. J. Cody and W. Waite, Software
Manual for the Elementary Functions, 1980); exp(r) is a polynomial; 2**n is put together from its bits, as a product of
two numbers, so that a subnormal result is rounded once.
"""

from __future__ import annotations

from typing import Any

from . import coefficients
from .bits import (
    SHIFT,
    SHIFT_BITS,
    SIGN,
    bits,
    error_of_product,
    error_of_sum,
    from_bits,
    kernel,
    multiply_add,
    polynomial,
    select,
)

LOG2_E, LOG2_HIGH, LOG2_LOW = coefficients.LOG2_E, coefficients.LOG2_HIGH, coefficients.LOG2_LOW
_LOWEST, _HIGHEST = -746.0, 710.0  # exp is 0 below, and infinite above
_TANH_IS_ONE = 22.0
_EXPM1_IS_LEAST = -40.0
_exp_rest = polynomial(coefficients.EXP)
_expm1_rest = polynomial(coefficients.EXPM1)


@kernel
def scaled(x: float, n: int) -> float:
    """x * 2**n for |x| near 1 and |n| < 2000."""
    half = n >> 1
    found: float = x * from_bits((half + 1023) << 52) * from_bits((n - half + 1023) << 52)
    return found


@kernel
def _reduced(x: float) -> tuple[float, float, int]:
    """r, what rounding took from it, and n."""
    shifted = multiply_add(x, LOG2_E, SHIFT)
    n = shifted - SHIFT
    first = multiply_add(n, -LOG2_HIGH, x)  # exact
    r = multiply_add(n, -LOG2_LOW, first)
    return r, multiply_add(n, -LOG2_LOW, first - r), bits(shifted) - SHIFT_BITS


@kernel
def _exp_of_sum(x: float, low: float, rest: Any) -> float:
    x = select(x > _HIGHEST, _HIGHEST, x)
    x = select(x < _LOWEST, _LOWEST, x)
    r, r_low, n = _reduced(x)
    power = 1.0 + r
    curved = r * r * rest(r)
    power_low = ((1.0 - power) + r) + multiply_add(low + r_low, power + curved, curved)
    found: float = scaled(power + power_low, n)
    return found


@kernel
def exp(x: float) -> float:
    found: float = _exp_of_sum(x, 0.0, _exp_rest)
    return found


@kernel
def exp_of_sum(x: float, low: float) -> float:
    """exp(x + low) for |low| < 1e-12."""
    found: float = _exp_of_sum(x, low, _expm1_rest)
    return found


@kernel
def _expm1_in_two_parts(x: float) -> tuple[float, float]:
    """2**n * exp(r) - 1, by half of each: 2**n itself may be infinite where the result is not."""
    x = select(x > _HIGHEST, _HIGHEST, x)
    x = select(x < _EXPM1_IS_LEAST, _EXPM1_IS_LEAST, x)
    r, r_low, n = _reduced(x)
    half = from_bits((n + 1022) << 52)
    whole, linear = half - 0.5, half * r
    total = whole + linear
    low = error_of_sum(whole, linear, total) + half * multiply_add(r * r, _expm1_rest(r), r_low)
    high = total + low
    return 2.0 * high, 2.0 * ((total - high) + low)


@kernel
def expm1(x: float) -> float:
    high, _ = _expm1_in_two_parts(x)
    found: float = select(abs(x) < 1e-17, x, high)
    return found


@kernel
def _quotient(x: float, x_low: float, y: float, y_low: float) -> float:
    """(x + x_low) / (y + y_low), with the rounding of both steps made good."""
    inverse = 1.0 / y
    quotient = x * inverse
    product = quotient * y
    rest = ((x - product) - error_of_product(quotient, y, product)) + (x_low - quotient * y_low)
    found: float = quotient + rest * inverse
    return found


@kernel
def tanh(x: float) -> float:
    """Of e = expm1(2|x|): e/(e + 2), and where that is more than a half, 1 - 2/(e + 2)."""
    size = select(abs(x) > _TANH_IS_ONE, _TANH_IS_ONE, abs(x))
    e, e_low = _expm1_in_two_parts(2.0 * size)
    is_large = e > 2.0
    above = e + 2.0
    above_low = error_of_sum(e, 2.0, above) + e_low
    ratio = _quotient(select(is_large, 2.0, e), select(is_large, 0.0, e_low), above, above_low)
    value = select(is_large, 1.0 - ratio, ratio)
    value = select(size < 1e-9, size, value)
    found: float = from_bits(bits(value) | (bits(x) & SIGN))
    return found


@kernel
def expit(x: float) -> float:
    e = exp(-abs(x))
    above = 1.0 + e
    found: float = _quotient(select(x < 0.0, e, 1.0), 0.0, above, (1.0 - above) + e)
    return found
