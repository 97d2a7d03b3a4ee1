"""The rest of NumPy's and `math`'s elementwise functions.

Conventions: where both operands of `logaddexp` are the same infinity, each has half of the derivative. The quotient of
a remainder is constant, and so is what `nan_to_num` puts in the place of a value; `heaviside` is differentiated in its
value at 0 alone.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..runtime import i0_derivative, share, sinc_derivative
from .points import call, over, reals
from .registry import constant, partials, pullback, pushforward, spelled

# ------------------------------------------------------------------------------------------- sums of exponentials


@partials(
    np.logaddexp, points=over((-2, 2), (-2, 2)) + call(reals(3, low=800.0, high=802.0), reals(3, low=799.0, high=803.0))
)
def logaddexp(y: Any, a: Any, b: Any) -> Any:
    return share(a, b), share(b, a)


@partials(
    np.logaddexp2,
    points=over((-2, 2), (-2, 2)) + call(reals(3, low=1100.0, high=1102.0), reals(3, low=1099.0, high=1103.0)),
)
def logaddexp2(y: Any, a: Any, b: Any) -> Any:
    return share(math.log(2.0) * a, math.log(2.0) * b), share(math.log(2.0) * b, math.log(2.0) * a)


@partials(share, points=over((-2, 2), (-2, 2)))
def share_again(y: Any, a: Any, b: Any) -> Any:
    return y * share(b, a), -y * share(b, a)


# ------------------------------------------------------------------------------------------------ special functions


@partials(np.sinc, points=over((-2, 2)) + call(reals(5, low=-0.01, high=0.01)))
def sinc(y: Any, x: Any) -> Any:
    return sinc_derivative(1, x)


@partials(sinc_derivative, points=call(1, reals(4)) + call(2, reals(4)) + call(1, reals(2, 3, low=-0.01, high=0.01)))
def sinc_again(y: Any, n: Any, x: Any) -> Any:
    return None, sinc_derivative(n + 1, x)


@partials(np.i0, points=over((-2, 2)) + call(reals(3, low=3.0, high=4.0)))
def i0(y: Any, x: Any) -> Any:
    return i0_derivative(1, x)


@partials(i0_derivative, points=call(1, reals(4)) + call(2, reals(2, 3)) + call(1, reals()))
def i0_again(y: Any, n: Any, x: Any) -> Any:
    return None, i0_derivative(n + 1, x)


# ------------------------------------------------------------------------------------------- remainders, and parts


@partials(math.remainder, points=call(reals(low=0.1, high=0.3), reals(low=0.9, high=1.1)))
def remainder(y: Any, a: Any, b: Any) -> Any:
    return 1.0, np.rint((y - a) / b)


@spelled(np.divmod, points=call(reals(3), reals(3, low=0.7, high=1.9)) + call(reals(2, 3), 0.7))
def numpy_divmod(x1: Any, x2: Any) -> Any:
    return x1 // x2, x1 % x2


@spelled(divmod, points=call(reals(), reals(low=0.7, high=1.9)) + call(reals(3), 0.7))
def builtin_divmod(a: Any, b: Any) -> Any:
    return a // b, a % b


@spelled(np.modf, points=call(reals(3)) + call(reals()))
def modf(x: Any) -> Any:
    return x - np.trunc(x), np.trunc(x)


@partials(np.ldexp, points=call(reals(3), 3) + call(reals(2, 3), np.array([1, -2, 3])) + call(reals(), -2))
def ldexp(y: Any, x: Any, e: Any) -> Any:
    return np.exp2(e), None


@partials(math.ldexp, points=call(reals(), 3))
def math_ldexp(y: Any, x: Any, e: Any) -> Any:
    return 2.0**e, None


# -------------------------------------------------------------------------------------- almost the operand itself


@partials(np.nextafter, math.nextafter, points=over((-2, -1), (1, 2)))
def nextafter(y: Any, x: Any, towards: Any) -> Any:
    return 1.0, None


@partials(
    np.nan_to_num,
    points=over((-2, 2)) + call(reals(3), nan=0.5, posinf=1.0, neginf=-1.0),
    unknown=("nan", "posinf", "neginf"),
)
def nan_to_num(y: Any, x: Any, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    return np.where(np.isfinite(x), 1.0, 0.0), None, None, None


@partials(np.heaviside, points=over((-2, 2), (-2, 2)) + call(np.array([0.0, 1.0, -1.0]), reals(3)))
def heaviside(y: Any, x: Any, at_zero: Any) -> Any:
    return None, np.where(x == 0, 1.0, 0.0)


@pullback(np.unwrap, points=call(reals(4, low=0.1, high=0.5)) + call(reals(2, 3), axis=0) + call(reals(2, 3), axis=1))
def unwrap(y_bar: Any, y: Any, p: Any, discont: Any = None, axis: Any = -1) -> Any:
    return y_bar, None, None


@pushforward(np.unwrap)
def unwrap_tangent(y: Any, p: Any, discont: Any = None, axis: Any = -1, *, p_dot: Any) -> Any:
    return p_dot


# ----------------------------------------------------------------------------------------- steps, tests and counts

constant(
    *(np.spacing, math.ulp, np.fix, np.isneginf, np.isposinf, np.isreal, np.iscomplex, np.gcd, np.lcm),
    *(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.bitwise_not, np.bitwise_count, np.left_shift, np.right_shift),
    *(math.factorial, math.comb, math.perm, math.gcd, math.lcm, math.isqrt),
    elementwise=True,
)
constant(np.ndarray.round, np.isclose, np.allclose, np.array_equal, math.isclose)
