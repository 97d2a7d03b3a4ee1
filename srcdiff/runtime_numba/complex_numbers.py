"""The helpers of derivatives for complex numbers: the same functions as for reals, where one of them is complex."""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

from typing import Any

import numpy as np

from .. import runtime
from .register import implements, is_array, is_number, jitable, sample, types, vectorize


def _holds_complex(t: Any) -> bool:
    return isinstance(t.dtype if is_array(t) else t, types.Complex)


def _operands(*given: Any) -> bool:
    """Whether all are numbers or arrays, one of them complex."""
    return all(is_array(t) or is_number(t) or isinstance(t, types.Complex) for t in given) and any(
        map(_holds_complex, given)
    )


@jitable
def _unit(z: Any) -> Any:
    size = abs(z)
    return z / size if size != 0.0 else z


_units = vectorize(_unit)


@implements(runtime.unit)
def unit(z: Any) -> Any:
    if not (is_array(z) or is_number(z) or isinstance(z, types.Complex)):
        return None
    call = _units if is_array(z) else _unit

    def implementation(z: Any) -> Any:
        return call(z)

    return implementation


@jitable
def _ratio(a: Any, b: Any) -> Any:
    return a / b if b != 0.0 else 0.0 * a


@jitable
def _power_base(x: Any, n: Any) -> Any:
    return n * np.complex128(x) ** (n - 1.0) if n != 0.0 else np.complex128(0.0)


@jitable
def _power_exponent(x: Any, n: Any) -> Any:
    base, exponent = np.complex128(x), np.complex128(n)
    if base == 0.0 and exponent.real > 0.0:
        return np.complex128(0.0)
    return base**exponent * np.log(base)


@jitable
def _power_mixed(x: Any, n: Any) -> Any:
    base, exponent = np.complex128(x), np.complex128(n)
    if base == 0.0 and exponent.real > 1.0:
        return np.complex128(0.0)
    return base ** (exponent - 1.0) * (1.0 + exponent * np.log(base))


@jitable
def _power_curvature(x: Any, n: Any) -> Any:
    base, exponent = np.complex128(x), np.complex128(n)
    if base == 0.0 and exponent.real > 0.0:
        return np.complex128(0.0)
    return base**exponent * np.log(base) ** 2


def _of_pairs(function: Any, scalar: Any) -> None:
    """Register `scalar` for numbers and arrays of which one is complex."""
    elementwise = vectorize(scalar)

    @implements(function)
    def choose(x: Any, n: Any) -> Any:
        if not _operands(x, n):
            return None
        if not is_array(x) and not is_array(n):

            def of_numbers(x: Any, n: Any) -> Any:
                return scalar(x, n)

            return of_numbers
        dtype = np.asarray(function(sample(x), sample(n))).dtype

        def of_arrays(x: Any, n: Any) -> Any:
            return elementwise(x, n).astype(dtype)

        return of_arrays


_of_pairs(runtime.power_base, _power_base)
_of_pairs(runtime.power_exponent, _power_exponent)
_of_pairs(runtime.power_mixed, _power_mixed)
_of_pairs(runtime.power_curvature, _power_curvature)

_ratios = vectorize(_ratio)


@implements(runtime.ratio)
def ratio(a: Any, b: Any) -> Any:
    if not _operands(a, b):
        return None
    call = _ratios if is_array(a) or is_array(b) else _ratio

    def implementation(a: Any, b: Any) -> Any:
        return call(a, b)

    return implementation


@implements(runtime.unbroadcast)
def unbroadcast(g: Any, x: Any) -> Any:
    """Of complex adjoints for what has no dimensions; arrays go the way of reals."""
    if not _holds_complex(g) or (is_array(x) and x.ndim):
        return None
    if is_array(g):

        def from_array(g: Any, x: Any) -> Any:
            return np.sum(g)

        return from_array

    def from_number(g: Any, x: Any) -> Any:
        return np.complex128(g)

    return from_number
