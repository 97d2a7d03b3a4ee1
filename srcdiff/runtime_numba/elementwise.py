"""Functions of numbers, and of each element of an array, that Numba lacks."""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .register import implements, is_array, is_none, is_number, method, sample


@implements(abs)
def absolute(x: Any) -> Any:
    if not is_array(x):
        return None

    def implementation(x: Any) -> Any:
        return np.abs(x)

    return implementation


@implements(pow)
def power(base: Any, exp: Any) -> Any:
    if not (is_array(base) or is_array(exp)):
        return None

    def implementation(base: Any, exp: Any) -> Any:
        return base**exp

    return implementation


@implements(math.cbrt)
def cbrt(x: Any) -> Any:
    if not is_number(x):
        return None

    def implementation(x: Any) -> Any:
        return np.cbrt(np.float64(x))

    return implementation


@implements(math.fmod)
def fmod(x: Any, y: Any) -> Any:
    if not (is_number(x) and is_number(y)):
        return None

    def implementation(x: Any, y: Any) -> Any:
        return np.fmod(np.float64(x), np.float64(y))

    return implementation


@implements(math.log)
def log_to_base(x: Any, base: Any) -> Any:
    if not (is_number(x) and is_number(base)):
        return None

    def implementation(x: Any, base: Any) -> Any:
        return math.log(x) / math.log(base)

    return implementation


# -------------------------------------------------------------------------------------------------------- clipping


def clipped(a: Any, low: Any, high: Any) -> Any:
    """`a` between the bounds, of which one or both may be None. In compiled code only."""


@implements(clipped)
def _clipped(a: Any, low: Any, high: Any) -> Any:
    """By two ufuncs, which broadcast every operand and carry NaN on, then to the dtype that NumPy gives."""
    operands = [t for t in (a, low, high) if not is_none(t)]
    if not all(is_array(t) or is_number(t) for t in operands):
        return None
    dtype = np.asarray(np.clip(sample(a), sample(low), sample(high))).dtype
    number = dtype.type
    arrays = any(is_array(t) for t in operands)

    def below(a: Any, low: Any, high: Any) -> Any:
        return a if high is None else np.minimum(a, high)

    def above(a: Any, low: Any, high: Any) -> Any:
        return a if low is None else np.maximum(a, low)

    return None if arrays or number or below or above else None
