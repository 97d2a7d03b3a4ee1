"""The commonest functions of `scipy.special` for compiled code; imported when SciPy is in use, and not before."""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from .. import runtime
from .reductions import MAX, SUM
from .register import flag, implements, is_array, is_none
from .special import elementwise_of_one, elementwise_of_two, powers, shares

# ------------------------------------------------------------------------------------------------------ elementwise


def _expit(x: Any) -> Any:
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0.0 else math.exp(x) / (1.0 + math.exp(x))


def _log_expit(x: Any) -> Any:
    return -math.log1p(math.exp(-x)) if x >= 0.0 else x - math.log1p(math.exp(x))


def _logit(x: Any) -> Any:
    twice = 2.0 * (np.float64(x) - 0.5)
    return float(np.log1p(twice) - np.log1p(-twice) if abs(twice) < 0.5 else np.log(x / (1.0 - x)))


def _erf(x: Any) -> Any:
    return math.erf(x)


def _erfc(x: Any) -> Any:
    return math.erfc(x)


def _ndtr(x: Any) -> Any:
    return 0.5 * math.erfc(-x * math.sqrt(0.5))


def _gamma(x: Any) -> Any:
    return math.gamma(x)


def _gammaln(x: Any) -> Any:
    return math.lgamma(x)


def _digamma(x: Any) -> Any:
    return runtime.polygamma(0, x)


def _xlogy(x: Any, y: Any) -> Any:
    return 0.0 if x == 0.0 and y == y else x * np.log(np.float64(y))  # noqa: PLR0124


def _xlog1py(x: Any, y: Any) -> Any:
    return 0.0 if x == 0.0 and y == y else x * np.log1p(np.float64(y))  # noqa: PLR0124


elementwise_of_one(special.expit, _expit)
elementwise_of_one(special.log_expit, _log_expit)
elementwise_of_one(special.logit, _logit)
elementwise_of_one(special.erf, _erf)
elementwise_of_one(special.erfc, _erfc)
elementwise_of_one(special.ndtr, _ndtr)
elementwise_of_one(special.gamma, _gamma)
elementwise_of_one(special.gammaln, _gammaln)
elementwise_of_one(special.digamma, _digamma)
elementwise_of_two(special.xlogy, _xlogy)
elementwise_of_two(special.xlog1py, _xlog1py)

# ------------------------------------------------------------------------------------------------------ along axes

implements(special.softmax)(shares)


@implements(special.logsumexp)
def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: Any = False, return_sign: Any = False) -> Any:
    keep = flag(keepdims)
    if not is_array(a) or keep is None or not is_none(b) or flag(return_sign) is not False:
        return None
    top, total = MAX[keep], SUM[keep]

    def implementation(a: Any, axis: Any = None, b: Any = None, keepdims: Any = False, return_sign: Any = False) -> Any:
        return np.log(total(powers(a, axis), axis)) + top(a, axis)

    return implementation


@implements(special.log_softmax)
def log_softmax(x: Any, axis: Any = None) -> Any:
    if not is_array(x):
        return None
    top, total = MAX[True], SUM[True]

    def implementation(x: Any, axis: Any = None) -> Any:
        return x - top(x, axis) - np.log(total(powers(x, axis), axis))

    return implementation
