"""Reductions along an axis, along several, and with `keepdims`: `sum`, `mean`, `prod`, `max` and `min`.

Numba has the sum along axes, and the others of whole arrays; those stay as they are.
"""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

from typing import Any

import numpy as np

from .lines import kept_shape, lines, reduced_shape
from .register import flag, implements, is_array, is_axes, is_none, jitable, method, types

# ----------------------------------------------------------------------------------- along the middle of three axes


@jitable
def _sum(parts: Any) -> Any:
    return np.sum(parts, axis=1)


@jitable
def _prod(parts: Any) -> Any:
    result = np.ones_like(np.sum(parts, axis=1))  # the dtype of a product is that of a sum
    for i in range(parts.shape[0]):
        for j in range(parts.shape[1]):
            for k in range(parts.shape[2]):
                result[i, k] *= parts[i, j, k]
    return result


@jitable
def _greatest(parts: Any, sign: int) -> Any:
    """The largest elements of `sign * parts`, times `sign`; NaN where there is one."""
    result = np.empty((parts.shape[0], parts.shape[2]), parts.dtype)
    if parts.shape[1] == 0 and result.size > 0:
        raise ValueError("zero-size array to reduction operation maximum or minimum which has no identity")
    for i in range(parts.shape[0]):
        for k in range(parts.shape[2]):
            best = parts[i, 0, k]
            for j in range(1, parts.shape[1]):
                v = parts[i, j, k]
                if v != v or (v > best if sign > 0 else v < best):  # noqa: PLR0124
                    best = v
            result[i, k] = best
    return result


@jitable
def _max(parts: Any) -> Any:
    return _greatest(parts, 1)


@jitable
def _min(parts: Any) -> Any:
    return _greatest(parts, -1)


def mean_of_lines(parts: Any) -> Any:
    """The means of the lines, in the precision that NumPy has for the dtype. In compiled code only."""


@implements(mean_of_lines)
def _mean(parts: Any) -> Any:
    if isinstance(parts.dtype, types.Float):

        def of_floats(parts: Any) -> Any:
            return np.sum(parts, axis=1) / parts.dtype.type(parts.shape[1])

        return of_floats

    def of_integers(parts: Any) -> Any:
        return np.sum(parts.astype(np.float64), axis=1) / np.float64(parts.shape[1])

    return of_integers


# ------------------------------------------------------------------------------------------ any axis, of any array


def _reduction(whole: Any, along: Any, keep: bool) -> Any:
    """The function of an array and an axis; `whole` reduces an array to a number, `along` the middle axis of three.

    `keepdims` is no parameter: it would have to be a literal, and then a tuple of axes would come as one, too.
    """

    def reduce(a: Any, axis: Any) -> Any:
        """In compiled code only."""

    def choose(a: Any, axis: Any) -> Any:
        if not is_array(a):
            return None
        ones = (1,) * a.ndim
        if is_none(axis):

            def of_all(a: Any, axis: Any) -> Any:
                return whole(a)

            def of_all_kept(a: Any, axis: Any) -> Any:
                return np.full(ones, whole(a))

            return of_all_kept if keep else of_all
        given = axis.count if is_axes(axis) else 1
        if not (isinstance(axis, types.Integer) or is_axes(axis)) or given > a.ndim:
            return None
        if keep:

            def kept(a: Any, axis: Any) -> Any:
                return along(lines(a, axis)).reshape(kept_shape(a, axis))

            return kept
        if given == a.ndim:

            def to_number(a: Any, axis: Any) -> Any:
                return along(lines(a, axis))[0, 0]

            return to_number

        def reduced(a: Any, axis: Any) -> Any:
            return along(lines(a, axis)).reshape(reduced_shape(a, axis))

        return reduced

    implements(reduce)(choose)
    return reduce


def _both(whole: Any, along: Any) -> dict[bool, Any]:
    """By `keepdims`."""
    return {keep: _reduction(whole, along, keep) for keep in (False, True)}


SUM = _both(np.sum, _sum)
MEAN = _both(np.mean, mean_of_lines)
PROD = _both(np.prod, _prod)
MAX = _both(np.max, _max)
MIN = _both(np.min, _min)

# ---------------------------------------------------------------------------- as functions and as methods, in NumPy's
# two orders of parameters


def _function_with_dtype(by_keepdims: dict[bool, Any]) -> Any:
    def choose(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
        keep = flag(keepdims)
        if not is_array(a) or keep is None or not is_none(dtype) or not is_none(out):
            return None
        along = by_keepdims[keep]

        def implementation(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
            return along(a, axis)

        return implementation

    return choose


def _function(by_keepdims: dict[bool, Any]) -> Any:
    def choose(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
        keep = flag(keepdims)
        if not is_array(a) or keep is None or not is_none(out):
            return None
        along = by_keepdims[keep]

        def implementation(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
            return along(a, axis)

        return implementation

    return choose


implements(np.sum)(_function_with_dtype(SUM))
implements(np.mean)(_function_with_dtype(MEAN))
implements(np.prod)(_function_with_dtype(PROD))
implements(np.max, np.amax)(_function(MAX))
implements(np.min, np.amin)(_function(MIN))


@method("sum")
def sum_method(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    if flag(keepdims) is False and is_none(out):  # Numba has all of this

        def implementation(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
            return np.sum(a, axis, dtype)

        return implementation
    return _function_with_dtype(SUM)(a, axis, dtype, out, keepdims)


@method("mean")
def mean_method(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return _function_with_dtype(MEAN)(a, axis, dtype, out, keepdims)


@method("prod")
def prod_method(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return _function_with_dtype(PROD)(a, axis, dtype, out, keepdims)


@method("max")
def max_method(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return _function(MAX)(a, axis, out, keepdims)


@method("min")
def min_method(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return _function(MIN)(a, axis, out, keepdims)
