"""sin and cos, of arguments of any size.

x = M * 2**e with a whole M of 53 bits, so x * 2/pi is, but for multiples of four quarter turns, M times (2**e * 2/pi
modulo 4), and that number is kept for each e in four parts: the idea is that of M. H. Payne and R. N. Hanek, "Radian
reduction for trigonometric functions", SIGNUM Newsletter 18 (1983). No float64 but 0 lies nearer than 2**-61 to a
multiple of pi/2 (J.-M. Muller, Elementary Functions, 3rd ed., section 11.3), so that four parts leave 80 bits and more.
"""

from __future__ import annotations

import math

import numpy as np

from . import coefficients
from .bits import (
    SHIFT,
    SIGN,
    bits,
    error_of_product,
    error_of_sum,
    from_bits,
    kernel,
    multiply_add,
    nearest,
    polynomial,
    select,
)

PI_HALF, PI_HALF_LOW = coefficients.PI_HALF, coefficients.PI_HALF_LOW
_PLACES = 1280
_sine_rest = polynomial(coefficients.SIN)
_cosine_rest = polynomial(coefficients.COS)


def _turns() -> np.ndarray:
    """2**(e - 52) * 2/pi modulo 4, between -2 and 2, in four parts, for e = 0, 1, ..., 1023."""
    found = np.empty((4, 1024))
    scale = _PLACES + 52
    for e in range(1024):
        rest = (coefficients.TWO_OVER_PI << e) % (4 << scale)
        rest -= (4 << scale) if rest >= 2 << scale else 0
        for part in range(4):
            shift = max(rest.bit_length() - 53, 0)
            leading = rest >> shift
            found[part, e] = math.ldexp(leading, shift - scale)
            rest -= leading << shift
    return found


_FIRST, _SECOND, _THIRD, _FOURTH = _turns()


@kernel
def _sum(x: float, y: float) -> tuple[float, float]:
    """The sum rounded, and what rounding took."""
    total = x + y
    return total, error_of_sum(x, y, total)


@kernel
def _product(x: float, y: float) -> tuple[float, float]:
    """The product rounded, and what rounding took."""
    product = x * y
    return product, error_of_product(x, y, product)


@kernel
def _reduced(x: float) -> tuple[float, float, int]:
    """x less a multiple of pi/2, in two parts, and that multiple modulo 4 (in the last two bits).

    Near a multiple of pi/2 all that is larger than 2**-61 cancels, so it is added up without an error."""
    e = ((bits(x) >> 52) & 2047) - 1023
    e = select(e < 0, 0, e)
    e = select(e > 1023, 1023, e)
    whole = x * from_bits((1075 - e) << 52)
    first, first_low = _product(whole, _FIRST[e])  # up to 2**54, and 2
    second, second_low = _product(whole, _SECOND[e])  # 1, and 2**-53
    third, third_low = _product(whole, _THIRD[e])  # 2**-52, and 2**-105
    first = multiply_add(nearest(0.25 * first), -4.0, first)
    turn, first_low = _sum(first, first_low)
    turn, second = _sum(turn, second)
    quarters = nearest(turn)
    small, first_low = _sum(first_low, second)
    third, second_low = _sum(third, second_low)
    small, third = _sum(small, third)
    turn, small = _sum(turn - quarters, small)
    small = small + ((first_low + second_low) + (third + multiply_add(whole, _FOURTH[e], third_low)))
    turn, low = _sum(turn, small)
    r, r_low = _product(turn, PI_HALF)
    low = multiply_add(low, PI_HALF, multiply_add(turn, PI_HALF_LOW, r_low))
    return r, low, bits(quarters + SHIFT)


@kernel
def _quarter(r: float, low: float, quarters: int) -> float:
    """sin(r + low + quarters*pi/2)."""
    z = r * r
    half = 0.5 * z
    near = 1.0 - half
    sine = r + multiply_add(z * r, _sine_rest(z), low * near)
    cosine = near + (((1.0 - near) - half) + multiply_add(z * z, _cosine_rest(z), -r * low))
    value = bits(select((quarters & 1) == 0, sine, cosine))
    found: float = from_bits(value ^ ((quarters << 62) & SIGN))
    return found


@kernel
def sin(x: float) -> float:
    r, low, quarters = _reduced(x)
    found: float = select(abs(x) < 1e-9, x, _quarter(r, low, quarters))
    return found


@kernel
def cos(x: float) -> float:
    r, low, quarters = _reduced(x)
    found: float = _quarter(r, low, quarters + 1)
    return found
