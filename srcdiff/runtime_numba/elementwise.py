"""Functions of numbers, and of each element of an array, that Numba lacks."""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# The bounds of `clip` have the names that NumPy gives them.
# ruff: noqa: ARG001, A002

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import runtime
from ..errors import NegativePower
from .register import as_dtype, implements, is_array, is_none, is_number, jitable, method, sample


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


@implements(runtime.whole_power)
def whole_power(base: Any, exponent: Any) -> Any:
    def of_numbers(base: Any, exponent: Any) -> Any:
        if exponent < 0:
            raise NegativePower("a whole number to a power below zero is no whole number; write the base as a float")
        return base**exponent

    return of_numbers


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
    if is_none(a) or not all(is_array(t) or is_number(t) for t in operands):
        return None
    dtype = np.asarray(np.clip(*(sample(t) for t in (a, low, high)))).dtype
    number = dtype.type
    bounded = _bounded(is_none(low), is_none(high))
    if not any(is_array(t) for t in operands):

        def of_numbers(a: Any, low: Any, high: Any) -> Any:
            return number(bounded(a, low, high))

        return of_numbers
    if np.result_type(*(as_dtype(t.dtype if is_array(t) else t) for t in operands)) == dtype:

        def as_is(a: Any, low: Any, high: Any) -> Any:
            return bounded(a, low, high)

        return as_is

    def cast(a: Any, low: Any, high: Any) -> Any:
        return bounded(a, low, high).astype(dtype)

    return cast


def _bounded(no_low: bool, no_high: bool) -> Any:
    if no_low and no_high:

        def unbounded(a: Any, low: Any, high: Any) -> Any:
            return np.positive(a)

        return jitable(unbounded)
    if no_low:

        def from_above(a: Any, low: Any, high: Any) -> Any:
            return np.minimum(a, high)

        return jitable(from_above)
    if no_high:

        def from_below(a: Any, low: Any, high: Any) -> Any:
            return np.maximum(a, low)

        return jitable(from_below)

    def from_both(a: Any, low: Any, high: Any) -> Any:
        return np.minimum(np.maximum(a, low), high)

    return jitable(from_both)


# Before Numba's own, which gives the dtype of `a` whatever the bounds are.
@implements(np.clip, target="cpu")
def clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, min: Any = None, max: Any = None) -> Any:
    if not is_none(out) or not (is_array(a) or is_number(a)):
        return None
    if is_none(min) and is_none(max):

        def by_position(
            a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, min: Any = None, max: Any = None
        ) -> Any:
            return clipped(a, a_min, a_max)

        return by_position
    if not (is_none(a_min) and is_none(a_max)):
        return None

    def by_name(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, min: Any = None, max: Any = None) -> Any:
        return clipped(a, min, max)

    return by_name


@method("clip")
def clip_method(a: Any, min: Any = None, max: Any = None, out: Any = None) -> Any:
    if is_none(out):

        def implementation(a: Any, min: Any = None, max: Any = None, out: Any = None) -> Any:
            return clipped(a, min, max)

        return implementation

    def into(a: Any, min: Any = None, max: Any = None, out: Any = None) -> Any:
        return np.clip(a, min, max, out)

    return into
