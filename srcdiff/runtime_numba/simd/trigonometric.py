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
def _reduced(x: float) -> tuple[float, float, int]:
    """x less a multiple of pi/2, in two parts, and that multiple modulo 4 (in the last two bits)."""
    e = ((bits(x) >> 52) & 2047) - 1023
    e = select(e < 0, 0, e)
    e = select(e > 1023, 1023, e)
    whole = x * from_bits((1075 - e) << 52)
    first, second = _FIRST[e], _SECOND[e]
    product = whole * first
    rest = error_of_product(whole, first, product)
    product = multiply_add(nearest(0.25 * product), -4.0, product)
    total = product + rest
    low = error_of_sum(product, rest, total)
    product = whole * second
    last = multiply_add(whole, _THIRD[e], error_of_product(whole, second, product))
    last = multiply_add(whole, _FOURTH[e], last)
    more = total + product
    lower = error_of_sum(total, product, more)
    quarters = nearest(more)
    more = more - quarters
    # near a multiple of pi/2, these cancel
    lowest = low + lower
    last = error_of_sum(low, lower, lowest) + last
    total = more + lowest
    last = error_of_sum(more, lowest, total) + last
    turn = total + last
    low = (total - turn) + last
    r = turn * PI_HALF
    low = multiply_add(low, PI_HALF, multiply_add(turn, PI_HALF_LOW, error_of_product(turn, PI_HALF, r)))
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
