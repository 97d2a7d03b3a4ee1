"""Partials of the functions of `scipy.special`; imported when a program uses SciPy, and not before.

Conventions: `xlogy(x, y)` and `xlog1py(x, y)` have the derivative 0 by `y` where `x` and the logarithm's argument are
both 0; by `x` it is the logarithm itself, which is -inf there. `logsumexp`: the largest elements have equal shares also
where they are infinite, so an element -inf has none beside a larger one. The orders of Bessel functions and the first
parameters of incomplete gamma and beta functions are constants: a derivative in them is refused.

Sources: Abramowitz and Stegun, Handbook of Mathematical Functions (AS); NIST Digital Library of Mathematical Functions.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from ..runtime import shares
from . import scipy_bessel  # noqa: F401  (registers its rules, too)
from .helper_types import real_as_first
from .points import call, over, reals
from .registry import constant, partials, pullback, pushforward
from .ufunc_methods import softmax, softmax_tangent

# ------------------------------------------------------------------------------------------- logistic and logarithms


@partials(special.expit, points=over((-2, 2)) + call(reals(3, low=-40.0, high=40.0)))
def expit(y: Any, x: Any) -> Any:
    return y * (1.0 - y)


@partials(special.log_expit, points=over((-2, 2)) + call(reals(3, low=-900.0, high=900.0)))
def log_expit(y: Any, x: Any) -> Any:
    return special.expit(-x)


def softplus(y: Any, x: Any) -> Any:
    return special.expit(x)


if hasattr(special, "softplus"):  # since SciPy 1.17
    partials(special.softplus, points=over((-2, 2)))(softplus)


@partials(special.logit, points=over((0.1, 0.9)))
def logit(y: Any, x: Any) -> Any:
    return 1.0 / (x * (1.0 - x))


@partials(special.xlogy, points=over((-2, 2), (0.3, 2)) + call(np.array([0.0, 1.0]), reals(2, low=0.3)))
def xlogy(y: Any, a: Any, b: Any) -> Any:
    return np.log(b), a / np.where((a == 0) & (b == 0), 1.0, b)


@partials(special.xlog1py, points=over((-2, 2), (-0.7, 2)))
def xlog1py(y: Any, a: Any, b: Any) -> Any:
    return np.log1p(b), a / np.where((a == 0) & (b == -1), 1.0, 1.0 + b)


@partials(special.entr, points=over((0.1, 2)))
def entr(y: Any, x: Any) -> Any:
    return -1.0 - np.log(x)


@partials(special.rel_entr, points=over((0.1, 2), (0.2, 2)))
def rel_entr(y: Any, a: Any, b: Any) -> Any:
    return 1.0 + np.log(a / b), -a / b


@partials(special.kl_div, points=over((0.1, 2), (0.2, 2)))
def kl_div(y: Any, a: Any, b: Any) -> Any:
    return np.log(a / b), 1.0 - a / b


@partials(special.huber, points=call(0.5, reals(4)) + call(np.array([0.5, 3.0]), reals(2)), unknown=("delta",))
def huber(y: Any, delta: Any, r: Any) -> Any:
    return None, np.clip(r, -delta, delta)


@partials(special.pseudo_huber, points=over((0.5, 1.5), (-2, 2)))
def pseudo_huber(y: Any, delta: Any, r: Any) -> Any:
    return (
        2.0 * y / delta - r * r / (delta * np.sqrt(1.0 + (r / delta) * (r / delta))),
        r / np.sqrt(1.0 + (r / delta) * (r / delta)),
    )


@partials(special.boxcox, points=call(reals(3, low=0.3), 0.5) + call(reals(2, 3, low=0.3), 0.0), unknown=("lmbda",))
def boxcox(y: Any, x: Any, lmbda: Any) -> Any:
    return x ** (lmbda - 1.0), None


@partials(special.expm1, points=over((-2, 2)))
def expm1(y: Any, x: Any) -> Any:
    return y + 1.0


@partials(special.log1p, points=over((-0.8, 2)))
def log1p(y: Any, x: Any) -> Any:
    return 1.0 / (1.0 + x)


@partials(special.exp2, points=over((-2, 2)))
def exp2(y: Any, x: Any) -> Any:
    return math.log(2.0) * y


@partials(special.exp10, points=over((-1, 1)))
def exp10(y: Any, x: Any) -> Any:
    return math.log(10.0) * y


@partials(special.cbrt, points=over((0.2, 3)))
def cbrt(y: Any, x: Any) -> Any:
    return 1.0 / (3.0 * y * y)


# ----------------------------------------------------------------------------------- sums of exponentials, along axes

_AXES = call(reals(5)) + call(reals(3, 4), axis=0) + call(reals(3, 4), axis=-1) + call(reals(2, 3, 4), axis=(0, 2))
_LARGE = call(reals(3, 4, low=720.0, high=723.0), axis=1)


@pullback(
    special.logsumexp,
    points=_AXES + _LARGE + call(reals(3, 4), axis=1, keepdims=True) + call(reals(2, 3), keepdims=True) + call(reals()),
)
def logsumexp(y_bar: Any, y: Any, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    if axis is None or keepdims:
        return y_bar * shares(a, axis)
    return np.expand_dims(y_bar, axis) * shares(a, axis)


@pushforward(special.logsumexp)
def logsumexp_tangent(y: Any, a: Any, axis: Any = None, keepdims: Any = False, *, a_dot: Any) -> Any:
    if axis is None and not keepdims:
        return np.sum(shares(a) * a_dot)
    if keepdims:
        return np.sum(shares(a, axis) * a_dot, axis=axis, keepdims=True)
    return np.sum(shares(a, axis) * a_dot, axis=axis)


pullback(special.softmax, points=_AXES + _LARGE)(softmax)
pushforward(special.softmax)(softmax_tangent)


@pullback(special.log_softmax, points=_AXES + _LARGE)
def log_softmax(y_bar: Any, y: Any, x: Any, axis: Any = None) -> Any:
    return y_bar - np.exp(y) * np.sum(y_bar, axis=axis, keepdims=True)


@pushforward(special.log_softmax)
def log_softmax_tangent(y: Any, x: Any, axis: Any = None, *, x_dot: Any) -> Any:
    return x_dot - np.sum(np.exp(y) * x_dot, axis=axis, keepdims=True)


real_as_first(special.softmax, special.log_softmax)

# ------------------------------------------------------------------------------------------------- gamma and beta


@partials(special.gamma, points=over((0.5, 4)) + call(reals(3, low=-0.8, high=-0.2)))
def gamma(y: Any, x: Any) -> Any:
    return y * special.digamma(x)


@partials(special.rgamma, points=over((0.5, 4)))
def rgamma(y: Any, x: Any) -> Any:
    return -y * special.digamma(x)


@partials(special.gammaln, special.loggamma, points=over((0.5, 4)))
def gammaln(y: Any, x: Any) -> Any:
    return special.digamma(x)


@partials(special.digamma, points=over((0.5, 4)))
def digamma(y: Any, x: Any) -> Any:
    return special.zeta(2.0, x)  # AS 6.4.10


@partials(
    special.polygamma,
    points=call(1, reals(3, low=0.5)) + call(2, reals(low=0.5)) + call(0, reals(3, low=0.5)),
    unknown=("n",),
)
def polygamma(y: Any, n: Any, x: Any) -> Any:
    return None, special.polygamma(n + 1, x)


@partials(
    special.zeta,
    points=call(2.0, reals(3, low=0.5)) + call(3.5, reals(2, 3, low=0.5)) + call(2.0, reals(low=0.5)),
    unknown=("s",),
)
def zeta(y: Any, s: Any, q: Any) -> Any:
    return None, -s * special.zeta(s + 1.0, q)


@partials(special.beta, points=over((0.5, 3), (0.5, 3)))
def beta(y: Any, a: Any, b: Any) -> Any:
    return (
        y * (special.digamma(a) - special.digamma(a + b)),
        y * (special.digamma(b) - special.digamma(a + b)),
    )


@partials(special.betaln, points=over((0.5, 3), (0.5, 3)))
def betaln(y: Any, a: Any, b: Any) -> Any:
    return special.digamma(a) - special.digamma(a + b), special.digamma(b) - special.digamma(a + b)


_IN_X = call(1.5, reals(3, low=0.2)) + call(0.7, reals(low=0.2)) + call(np.array([[1.0], [2.5]]), reals(3, low=0.2))


@partials(special.gammainc, points=_IN_X, unknown=("a",))
def gammainc(y: Any, a: Any, x: Any) -> Any:
    return None, np.exp(special.xlogy(a - 1.0, x) - x - special.gammaln(a))


@partials(special.gammaincc, points=_IN_X, unknown=("a",))
def gammaincc(y: Any, a: Any, x: Any) -> Any:
    return None, -np.exp(special.xlogy(a - 1.0, x) - x - special.gammaln(a))


@partials(
    special.betainc,
    points=call(1.5, 2.0, reals(3, low=0.1, high=0.9)) + call(2.0, 0.7, reals(low=0.1, high=0.9)),
    unknown=("a", "b"),
)
def betainc(y: Any, a: Any, b: Any, x: Any) -> Any:
    return None, None, np.exp(special.xlogy(a - 1.0, x) + special.xlog1py(b - 1.0, -x) - special.betaln(a, b))


# ------------------------------------------------------------------------------------------------- error functions


@partials(special.erf, points=over((-2, 2)))
def erf(y: Any, x: Any) -> Any:
    return 2.0 / math.sqrt(math.pi) * np.exp(-x * x)


@partials(special.erfc, points=over((-2, 2)))
def erfc(y: Any, x: Any) -> Any:
    return -2.0 / math.sqrt(math.pi) * np.exp(-x * x)


@partials(special.erfcx, points=over((-2, 2)))
def erfcx(y: Any, x: Any) -> Any:
    return 2.0 * x * y - 2.0 / math.sqrt(math.pi)


@partials(special.erfi, points=over((-1, 1)))
def erfi(y: Any, x: Any) -> Any:
    return 2.0 / math.sqrt(math.pi) * np.exp(x * x)


@partials(special.dawsn, points=over((-2, 2)))
def dawsn(y: Any, x: Any) -> Any:
    return 1.0 - 2.0 * x * y


@partials(special.erfinv, points=over((-0.9, 0.9)))
def erfinv(y: Any, x: Any) -> Any:
    return 0.5 * math.sqrt(math.pi) * np.exp(y * y)


@partials(special.erfcinv, points=over((0.1, 1.9)))
def erfcinv(y: Any, x: Any) -> Any:
    return -0.5 * math.sqrt(math.pi) * np.exp(y * y)


@partials(special.ndtr, points=over((-2, 2)))
def ndtr(y: Any, x: Any) -> Any:
    return np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


@partials(special.log_ndtr, points=over((-2, 2)) + call(reals(3, low=-40.0, high=-30.0)))
def log_ndtr(y: Any, x: Any) -> Any:
    return math.sqrt(2.0 / math.pi) / special.erfcx(-x / math.sqrt(2.0))  # the density would vanish in the tail


@partials(special.ndtri, points=over((0.1, 0.9)))
def ndtri(y: Any, p: Any) -> Any:
    return math.sqrt(2.0 * math.pi) * np.exp(0.5 * y * y)


@partials(special.ndtri_exp, points=over((-2, -0.2)))
def ndtri_exp(y: Any, p: Any) -> Any:
    return math.sqrt(2.0 * math.pi) * np.exp(p + 0.5 * y * y)


@partials(special.stdtr, points=call(4.0, reals(3)) + call(2.5, reals()), unknown=("df",))
def stdtr(y: Any, df: Any, t: Any) -> Any:
    return None, np.exp(-special.betaln(0.5, 0.5 * df) - 0.5 * (df + 1.0) * np.log1p(t * t / df)) / np.sqrt(df)


@partials(special.exp1, points=over((0.2, 2)))
def exp1(y: Any, x: Any) -> Any:
    return -np.exp(-x) / x


@partials(special.expi, points=over((0.2, 2)))
def expi(y: Any, x: Any) -> Any:
    return np.exp(x) / x


constant(special.gammasgn, special.round, elementwise=True)
