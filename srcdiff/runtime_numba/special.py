"""The helpers for sums of exponentials and special functions, for compiled code. The meaning of each is in
`srcdiff.runtime`."""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import runtime
from .reductions import MAX, SUM
from .register import as_dtype, implements, is_array, is_number, jitable, sample, types, vectorize


def elementwise_of_one(function: Any, scalar: Any) -> None:
    """Give `function` the implementation for numbers and arrays that comes from that for numbers."""
    number, of_elements = jitable(scalar), vectorize(scalar)

    def choose(x: Any) -> Any:
        if is_number(x):

            def of_number(x: Any) -> Any:
                return number(x)

            return of_number
        if not is_array(x):
            return None
        dtype = function(sample(x)).dtype

        def implementation(x: Any) -> Any:
            return of_elements(x).astype(dtype)

        return implementation

    implements(function)(choose)


def elementwise_of_two(function: Any, scalar: Any) -> None:
    """The same for a function of two operands, which broadcast."""
    number, of_elements = jitable(scalar), vectorize(scalar)

    def choose(x: Any, y: Any) -> Any:
        if is_number(x) and is_number(y):

            def of_number(x: Any, y: Any) -> Any:
                return number(x, y)

            return of_number
        if not all(is_array(t) or is_number(t) for t in (x, y)):
            return None
        dtype = function(sample(x), sample(y)).dtype

        def implementation(x: Any, y: Any) -> Any:
            return of_elements(x, y).astype(dtype)

        return implementation

    implements(function)(choose)


def _share(a: float, b: float) -> float:
    return 0.5 if a == b else math.exp(-np.logaddexp(0.0, b - a))


elementwise_of_two(runtime.share, _share)

# --------------------------------------------------------------------------------------------- sums of exponentials


@vectorize  # type: ignore[untyped-decorator,unused-ignore]
def _power(x: float, top: float) -> float:
    return 1.0 if x == top else math.exp(x - top)


def powers(x: Any, axis: Any) -> Any:
    """`exp(x - top)` for the largest elements `top` along the axis, 1 for these. In compiled code only."""


@implements(powers)
def _powers(x: Any, axis: Any) -> Any:
    dtype = as_dtype(x.dtype) if isinstance(x.dtype, types.Float) else np.dtype(np.float64)
    top = MAX[True]

    def implementation(x: Any, axis: Any) -> Any:
        return _power(x, top(x, axis)).astype(dtype)

    return implementation


@implements(runtime.shares)
def shares(x: Any, axis: Any = None) -> Any:
    if not is_array(x):
        return None
    total = SUM[True]

    def implementation(x: Any, axis: Any = None) -> Any:
        raised = powers(x, axis)
        return raised / total(raised, axis)

    return implementation


# ------------------------------------------------------------------------------------------------ special functions


@jitable
def _sinc_derivative(n: int, x: float) -> float:
    t = math.pi * x
    if abs(t) > n + 1.0:
        value = math.sin(t) / t
        for m in range(1, n + 1):
            sine = math.cos(t) if m % 2 else math.sin(t)
            value = ((-sine if m % 4 in (2, 3) else sine) - m * value) / t
        return math.pi**n * value
    first, series = (n + 1) // 2, 0.0
    for k in range(first + 20 + 3 * n, first - 1, -1):
        series = t * t * series + (-1.0) ** k / (math.gamma(2.0 * k - n + 1.0) * (2.0 * k + 1.0))
    return math.pi**n * (t * series if n % 2 else series)


@jitable
def _i0_derivative(n: int, x: float) -> float:
    size = abs(x)
    steps = 8 + int(3.0 * math.sqrt(size)) if size < 800.0 else 8
    total = 0.0 * x
    for k in range(steps):
        c = math.cos((k + 0.5) * math.pi / (2 * steps))
        total += c**n * (math.sinh(c * x) if n % 2 else math.cosh(c * x))
    return total / steps


def _of_order(function: Any, scalar: Any) -> None:
    of_elements = vectorize(scalar.py_func if hasattr(scalar, "py_func") else scalar)

    def choose(n: Any, x: Any) -> Any:
        if is_number(x):

            def of_number(n: Any, x: Any) -> Any:
                return scalar(n, x)

            return of_number
        if not is_array(x):
            return None
        dtype = function(1, sample(x)).dtype

        def implementation(n: Any, x: Any) -> Any:
            return of_elements(n, x).astype(dtype)

        return implementation

    implements(function)(choose)


_of_order(runtime.sinc_derivative, _sinc_derivative)
_of_order(runtime.i0_derivative, _i0_derivative)


def _i0(x: float) -> float:
    return _i0_derivative(0, x)


elementwise_of_one(np.i0, _i0)
