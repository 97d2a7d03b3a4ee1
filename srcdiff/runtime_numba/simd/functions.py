"""The elementary functions for numbers and arrays of every type. Whatever is not real numbers goes to the function that
each of them stands for."""

# Numba takes what calls a function for another one, and asks for the same names of parameters.
# ruff: noqa: PLW0108

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import runtime
from ..register import implements, is_array, types
from . import exponential, logarithm, power, trigonometric
from .bits import OPTIONS


def _is_real(t: Any) -> bool:
    """A number that these functions make a float64 of, where it is not a float32."""
    return isinstance(t, types.Float) or (isinstance(t, types.Integer) and t.bitwidth >= 32)


def _bare(function: Any) -> Any:
    """The function without annotations: Numba compares those of an implementation with those of who chooses it."""
    function.__annotations__ = {}
    return function


def _named(original: Any, function: Any) -> Any:
    """The function, which Numba names when it has something to say of it."""
    function.__name__ = function.__qualname__ = f"simd_{original.__name__}"
    return function


def _of_one(original: Any, number: Any) -> Any:
    """The function of numbers and arrays that comes from that of a float64."""
    function = _named(original, lambda x: original(x))

    @implements(function, jit_options=OPTIONS)
    @_bare
    def choose(x: Any) -> Any:
        if x == types.float32:
            return lambda x: np.float32(number(np.float64(x)))
        if _is_real(x):
            return lambda x: number(np.float64(x))
        if not (is_array(x) and x.ndim and _is_real(x.dtype)):
            return lambda x: original(x)
        if x.layout == "F":
            return lambda x: function(x.T).T
        if x.layout == "A":
            return lambda x: function(x.copy())
        dtype = np.float32 if x.dtype == types.float32 else np.float64

        @_bare
        def of_elements(x: Any) -> Any:
            out = np.empty(x.shape, dtype)
            given, taken = x.ravel(), out.ravel()
            for k in range(given.size):
                taken[k] = function(given[k])
            return out

        return of_elements

    return function


def _of_powers(original: Any, number: Any) -> Any:
    """The same for powers. A whole exponent is left to repeated multiplication, and what is to be broadcast to
    the function itself."""
    function = _named(original, lambda x, y: original(x, y))

    @implements(function, jit_options=OPTIONS)
    @_bare
    def choose(x: Any, y: Any) -> Any:
        kinds = [t.dtype if is_array(t) else t for t in (x, y)]
        if not (_is_real(kinds[0]) and isinstance(kinds[1], types.Float)):
            return lambda x, y: original(x, y)
        is_single = kinds[0] == kinds[1] == types.float32
        arrays = [t for t in (x, y) if is_array(t)]
        if not arrays:
            if is_single:
                return lambda x, y: np.float32(power.power_of_single(np.float64(x), np.float64(y)))
            return lambda x, y: number(np.float64(x), np.float64(y))
        if any(t.layout != "C" or t.ndim != arrays[0].ndim or t.ndim == 0 for t in arrays):
            return lambda x, y: original(x, y)
        dtype = np.float32 if is_single else np.float64
        return _of_lines(function, original, dtype, is_array(x), is_array(y))

    return function


def _of_lines(function: Any, original: Any, dtype: Any, many_x: bool, many_y: bool) -> Any:
    """Of arrays in C order and numbers."""

    @_bare
    def of_number_and_array(x: Any, y: Any) -> Any:
        out = np.empty(y.shape, dtype)
        given, taken = y.ravel(), out.ravel()
        for k in range(given.size):
            taken[k] = function(x, given[k])
        return out

    @_bare
    def of_array_and_number(x: Any, y: Any) -> Any:
        out = np.empty(x.shape, dtype)
        given, taken = x.ravel(), out.ravel()
        for k in range(given.size):
            taken[k] = function(given[k], y)
        return out

    @_bare
    def of_arrays(x: Any, y: Any) -> Any:
        if x.shape != y.shape:
            return original(x, y)
        out = np.empty(x.shape, dtype)
        first, second, taken = x.ravel(), y.ravel(), out.ravel()
        for k in range(first.size):
            taken[k] = function(first[k], second[k])
        return out

    return of_arrays if many_x and many_y else of_array_and_number if many_x else of_number_and_array


def _of_two(original: Any, number: Any) -> Any:
    """The function of two numbers for a helper of `srcdiff.runtime` that gives float64 for numbers of any kind."""
    function = _named(original, lambda x, y: original(x, y))

    @implements(function, jit_options=OPTIONS)
    @_bare
    def choose(x: Any, y: Any) -> Any:
        if _is_real(x) and isinstance(y, types.Float):
            return lambda x, y: number(np.float64(x), np.float64(y))
        return lambda x, y: original(x, y)

    return function


_KERNELS: list[tuple[Callable[[Any, Any], Any], Any, tuple[Any, ...]]] = [
    (_of_one, exponential.exp, (np.exp, math.exp)),
    (_of_one, exponential.expm1, (np.expm1, math.expm1)),
    (_of_one, exponential.tanh, (np.tanh, math.tanh)),
    (_of_one, logarithm.log, (np.log, math.log)),
    (_of_one, logarithm.log1p, (np.log1p, math.log1p)),
    (_of_one, trigonometric.sin, (np.sin, math.sin)),
    (_of_one, trigonometric.cos, (np.cos, math.cos)),
    (_of_powers, power.power, (operator.pow, np.power, math.pow)),
    (_of_two, power.power_base, (runtime.power_base,)),
    (_of_two, power.power_exponent, (runtime.power_exponent,)),
]
_known: dict[Any, Callable[..., Any]] = {
    original: made(original, number) for made, number, originals in _KERNELS for original in originals
}
_known[pow] = _known[operator.pow]


def register_late() -> None:
    """Know the functions of SciPy, if that is in use. (Numba looks for what is new when it begins to compile.)"""
    special = sys.modules.get("scipy.special")
    if special is not None and special.expit not in _known:
        _known[special.expit] = _of_one(special.expit, exponential.expit)


def stand_in(function: Any, count: int) -> Callable[..., Any] | None:
    """The function of this module that stands for a function of NumPy, SciPy or Python that is called with so many
    arguments, if there is one."""
    try:
        found = _known.get(function)
    except TypeError:  # what has no hash is no function
        return None
    return found if found is not None and found.__code__.co_argcount == count else None
