"""x**y of real numbers: exp(y*log(|x|)) with the logarithm to about 65 bits, as the sum of two numbers, and the sign.

The logarithm is that of `logarithm`, its first two terms 2*s + 2/3*s**3 carried with their rounding errors; sums and
products of such pairs are T. J. Dekker's (Numerische Mathematik 18, 1971). What is said of zeros, infinities and NaN is
C's: ISO/IEC 9899, annex F, pow.
"""

from __future__ import annotations

import math

from . import coefficients
from .bits import SIGN, bits, error_of_product, from_bits, kernel, multiply_add, nearest, polynomial, select
from .exponential import exp, exp_of_sum
from .logarithm import LOG2_HIGH, LOG2_LOW, ROOT_HALF_BITS, SMALLEST, as_float, log

TWO_THIRDS, TWO_THIRDS_LOW = coefficients.TWO_THIRDS, coefficients.TWO_THIRDS_LOW
_INFINITY, _NAN = math.inf, math.nan
_MOST = 800.0  # exp of this is infinite, and exp(-800) is 0
_rest = polynomial(coefficients.POW)


@kernel
def _log_in_two_parts(x: float) -> tuple[float, float]:
    """log(x) for finite x > 0."""
    is_small = x < SMALLEST
    word = bits(select(is_small, x * 2.0**54, x))
    exponent = (word - ROOT_HALF_BITS) >> 52
    k = as_float(exponent) - select(is_small, 54.0, 0.0)
    m = from_bits(word - (exponent << 52))
    # s = (m - 1)/(m + 1)
    above = m + 1.0
    inverse = 1.0 / above
    s = (m - 1.0) * inverse
    product = s * above
    s_low = (((m - 1.0) - product) - error_of_product(s, above, product) - s * (m - (above - 1.0))) * inverse
    z = s * s
    z_low = multiply_add(2.0 * s, s_low, error_of_product(s, s, z))
    # u = 2/3*z + z**2*(...)
    first = z * TWO_THIRDS
    first_low = multiply_add(z_low, TWO_THIRDS, multiply_add(z, TWO_THIRDS_LOW, error_of_product(z, TWO_THIRDS, first)))
    others = z * z * _rest(z)
    u = first + others
    u_low = ((first - u) + others) + first_low
    # 2*s + s*u
    product = s * u
    product_low = multiply_add(s, u_low, multiply_add(s_low, u, error_of_product(s, u, product)))
    high = 2.0 * s + product
    low = ((2.0 * s - high) + product) + (product_low + 2.0 * s_low)
    # k*log(2), of which the first part is exact
    many = k * LOG2_HIGH
    total = many + high
    low = ((many - total) + high) + multiply_add(k, LOG2_LOW, low)
    high = total + low
    return high, (total - high) + low


@kernel
def _completed(x: float, y: float, value: float) -> float:
    """x**y, of |x|**y for finite |x| > 0."""
    size = abs(x)
    value = select(size == 0.0, select(y < 0.0, _INFINITY, 0.0), value)
    value = select(size == _INFINITY, select(y < 0.0, 0.0, _INFINITY), value)
    value = select(size == 1.0, 1.0, value)
    is_whole = nearest(y) == y
    is_odd = is_whole & (2.0 * nearest(0.5 * y) != y)
    value = select((x < 0.0) & (size < _INFINITY) & ~is_whole, _NAN, value)
    value = from_bits(bits(value) ^ select(is_odd, bits(x) & SIGN, 0))
    value = select((x != x) | (y != y), x + y, value)  # noqa: PLR0124 (NaN)
    found: float = select((y == 0.0) | (x == 1.0), 1.0, value)
    return found


@kernel
def power(x: float, y: float) -> float:
    high, low = _log_in_two_parts(abs(x))
    exponent = y * high
    is_moderate = abs(exponent) <= _MOST
    rest = select(is_moderate, multiply_add(y, low, error_of_product(y, high, exponent)), 0.0)
    found: float = _completed(x, y, exp_of_sum(exponent, rest))
    return found


@kernel
def power_of_single(x: float, y: float) -> float:
    """The same, precise enough for a float32."""
    found: float = _completed(x, y, exp(y * log(abs(x))))
    return found


@kernel
def power_base(x: float, n: float) -> float:
    """The partial of x**n in x, as `srcdiff.runtime` has it."""
    found: float = select(n == 0.0, 0.0, n * power(x, n - 1.0))
    return found


@kernel
def power_exponent(x: float, n: float) -> float:
    """The partial of x**n in n, as `srcdiff.runtime` has it."""
    found: float = select((x == 0.0) & (n > 0.0), 0.0, power(x, n) * log(x))
    return found
