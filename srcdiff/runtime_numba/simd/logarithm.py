"""log and log1p.

x = 2**k * m with sqrt(1/2) <= m < sqrt(2); log(m) is a polynomial in s = (m - 1)/(m + 1), put together with k*log(2) in
an order in which what is rounded is small: as in K. C. Ng's log for fdlibm (Sun Microsystems, 1993).
"""

from __future__ import annotations

import math

import numpy as np

from . import coefficients
from .bits import SHIFT, SHIFT_BITS, bits, error_of_sum, from_bits, kernel, multiply_add, polynomial, select

LOG2_HIGH, LOG2_LOW = coefficients.LOG2_HIGH, coefficients.LOG2_LOW
ROOT_HALF_BITS = int(np.float64(math.sqrt(0.5)).view(np.int64))
SMALLEST, LARGEST = float(np.finfo(np.float64).tiny), float(np.finfo(np.float64).max)
_INFINITY, _NAN = math.inf, math.nan
_rest = polynomial(coefficients.LOG)


@kernel
def as_float(n: int) -> float:
    """A whole number below 2**51 in size."""
    found: float = from_bits(n + SHIFT_BITS) - SHIFT
    return found


@kernel
def _put_together(k: float, f: float, correction: float) -> float:
    """k*log(2) + log(1 + f) + correction."""
    s = f / (2.0 + f)
    z = s * s
    half = 0.5 * f * f
    low = multiply_add(s, multiply_add(z, _rest(z), half), multiply_add(k, LOG2_LOW, correction))
    found: float = k * LOG2_HIGH - ((half - low) - f)
    return found


@kernel
def log(x: float) -> float:
    is_small = x < SMALLEST
    word = bits(select(is_small, x * 2.0**54, x))
    k = (word - ROOT_HALF_BITS) >> 52
    f = from_bits(word - (k << 52)) - 1.0
    value = _put_together(as_float(k) - select(is_small, 54.0, 0.0), f, 0.0)
    value = select(x <= LARGEST, value, x)  # infinity, NaN
    value = select(x < 0.0, _NAN, value)
    found: float = select(x == 0.0, -_INFINITY, value)
    return found


@kernel
def log1p(x: float) -> float:
    """log(u) for u = 1 + x rounded, and what rounding took, over u; where u is near 1, of x itself."""
    u = 1.0 + x
    word = bits(u)
    k = (word - ROOT_HALF_BITS) >> 52
    is_near = k == 0
    f = select(is_near, x, from_bits(word - (k << 52)) - 1.0)
    correction = select(is_near, 0.0, error_of_sum(1.0, x, u) / u)
    value = _put_together(as_float(k), f, correction)
    value = select(abs(x) < 1e-17, x, value)
    value = select(x <= LARGEST, value, x)
    value = select(x < -1.0, _NAN, value)
    found: float = select(x == -1.0, -_INFINITY, value)
    return found
