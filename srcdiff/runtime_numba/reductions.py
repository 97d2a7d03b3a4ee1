"""Reductions along an axis, along several, and with `keepdims`: `sum`, `mean`, `prod`, `max` and `min`.

Numba has the sum along axes, and the others of whole arrays; those stay as they are.
"""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

from typing import Any

import numpy as np

from .lines import kept_shape, lines, reduced_shape
from .register import OWN_ATTRIBUTES, flag, implements, is_array, is_axes, is_none, jitable, method, sample, types

# ----------------------------------------------------------------------------------- along the middle of three axes


def _accumulated(plain: Any) -> Any:
    """The function of lines from that of arrays, `np.sum` or `np.prod`: the two of one dtype, NumPy says which."""

    def accumulate(parts: Any) -> Any:
        """In compiled code only."""

    def choose(parts: Any) -> Any:
        number = plain(sample(parts)).dtype.type
        adds = plain is np.sum
        start = number(0 if adds else 1)

        def implementation(parts: Any) -> Any:
            result = np.full((parts.shape[0], parts.shape[2]), start)
            for i in range(parts.shape[0]):
                for j in range(parts.shape[1]):
                    for k in range(parts.shape[2]):
                        if adds:
                            result[i, k] += parts[i, j, k]
                        else:
                            result[i, k] *= parts[i, j, k]
            return result

        return implementation

    implements(accumulate)(choose)
    return accumulate


_sum = _accumulated(np.sum)
_prod = _accumulated(np.prod)


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
    number = np.mean(sample(parts)).dtype.type
    zero = number(0)

    def implementation(parts: Any) -> Any:
        n = number(parts.shape[1])
        result = np.full((parts.shape[0], parts.shape[2]), zero)
        for i in range(parts.shape[0]):
            for j in range(parts.shape[1]):
                for k in range(parts.shape[2]):
                    result[i, k] += parts[i, j, k]
            for k in range(parts.shape[2]):
                result[i, k] = np.true_divide(result[i, k], n)  # NaN, and no error, where `n` is 0
        return result

    return implementation


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


def sum_method(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    if flag(keepdims) is False and is_none(out):  # Numba has all of this

        def implementation(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
            return np.sum(a, axis, dtype)

        return implementation
    return _function_with_dtype(SUM)(a, axis, dtype, out, keepdims)


# In Numba up to 0.66, `np.sum` is this method: one of ours that calls it would call itself. (There, `keepdims` is for
# the function only.)
if not hasattr(OWN_ATTRIBUTES, "resolve_sum"):
    method("sum")(sum_method)


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
