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


def sum_along(a: Any, axis: Any, keep: Any) -> Any:
    """`np.sum(a, axis, keepdims=keep)`; `keep` is a constant. This and the following are for compiled code only."""


def mean_along(a: Any, axis: Any, keep: Any) -> Any:
    """`np.mean(a, axis, keepdims=keep)`."""


def prod_along(a: Any, axis: Any, keep: Any) -> Any:
    """`np.prod(a, axis, keepdims=keep)`."""


def max_along(a: Any, axis: Any, keep: Any) -> Any:
    """`np.max(a, axis, keepdims=keep)`."""


def min_along(a: Any, axis: Any, keep: Any) -> Any:
    """`np.min(a, axis, keepdims=keep)`."""


def _reduction(whole: Any, along: Any) -> Any:
    """The implementation for an axis: `whole` reduces an array to a number, `along` the middle axis of three."""

    def choose(a: Any, axis: Any, keep: Any) -> Any:
        if not is_array(a) or flag(keep) is None:
            return None
        ones = (1,) * a.ndim
        if is_none(axis):

            def of_all(a: Any, axis: Any, keep: Any) -> Any:
                return whole(a)

            def of_all_kept(a: Any, axis: Any, keep: Any) -> Any:
                return np.full(ones, whole(a))

            return of_all_kept if flag(keep) else of_all
        given = axis.count if is_axes(axis) else 1
        if not (isinstance(axis, types.Integer) or is_axes(axis)) or given > a.ndim:
            return None
        if flag(keep):

            def kept(a: Any, axis: Any, keep: Any) -> Any:
                return along(lines(a, axis)).reshape(kept_shape(a, axis))

            return kept
        if given == a.ndim:

            def to_number(a: Any, axis: Any, keep: Any) -> Any:
                return along(lines(a, axis))[0, 0]

            return to_number

        def reduced(a: Any, axis: Any, keep: Any) -> Any:
            return along(lines(a, axis)).reshape(reduced_shape(a, axis))

        return reduced

    return choose


implements(sum_along)(_reduction(np.sum, _sum))
implements(mean_along)(_reduction(np.mean, mean_of_lines))
implements(prod_along)(_reduction(np.prod, _prod))
implements(max_along)(_reduction(np.max, _max))
implements(min_along)(_reduction(np.min, _min))

# ---------------------------------------------------------------------------- as functions and as methods, in NumPy's
# two orders of parameters


def _function_with_dtype(along: Any) -> Any:
    def choose(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
        keep = flag(keepdims)
        if not is_array(a) or keep is None or not is_none(dtype) or not is_none(out):
            return None

        def implementation(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
            return along(a, axis, keep)

        return implementation

    return choose


def _function(along: Any) -> Any:
    def choose(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
        keep = flag(keepdims)
        if not is_array(a) or keep is None or not is_none(out):
            return None

        def implementation(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
            return along(a, axis, keep)

        return implementation

    return choose


implements(np.sum)(_function_with_dtype(sum_along))
implements(np.mean)(_function_with_dtype(mean_along))
implements(np.prod)(_function_with_dtype(prod_along))
implements(np.max, np.amax)(_function(max_along))
implements(np.min, np.amin)(_function(min_along))


@method("sum")
def sum_method(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    if flag(keepdims) is False and is_none(out):  # Numba has all of this

        def implementation(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
            return np.sum(a, axis, dtype)

        return implementation
    return _function_with_dtype(sum_along)(a, axis, dtype, out, keepdims)


@method("mean")
def mean_method(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return _function_with_dtype(mean_along)(a, axis, dtype, out, keepdims)


@method("prod")
def prod_method(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return _function_with_dtype(prod_along)(a, axis, dtype, out, keepdims)


@method("max")
def max_method(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return _function(max_along)(a, axis, out, keepdims)


@method("min")
def min_method(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return _function(min_along)(a, axis, out, keepdims)
