"""The helpers of norms, running sums and products, orders and tables for compiled code: those along an axis for arrays
of one dimension."""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

from typing import Any

import numpy as np

from .. import runtime
from .register import flag, implements, is_array, is_none, is_number, jitable, sample, types, vectorize

# -------------------------------------------------------------------------------------------------------------- norms


@jitable
def _ratio(a: Any, b: Any) -> Any:
    return a / b if b != 0 else 0.0


_ratios = vectorize(_ratio)


@implements(runtime.ratio)
def ratio(a: Any, b: Any) -> Any:
    if is_number(a) and is_number(b):

        def of_numbers(a: Any, b: Any) -> Any:
            return _ratio(a, b)

        return of_numbers
    if not all(is_array(t) or is_number(t) for t in (a, b)):
        return None
    dtype = runtime.ratio(sample(a), sample(b)).dtype

    def of_arrays(a: Any, b: Any) -> Any:
        return _ratios(a, b).astype(dtype)

    return of_arrays


jitable(runtime.root)
jitable(runtime.square_root)


@implements(np.linalg.norm)
def norm_along(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:  # noqa: A002
    keep = flag(keepdims)
    if not is_array(x) or not is_none(ord) or keep is None or not isinstance(x.dtype, types.Float):
        return None
    if keep:

        def kept(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:  # noqa: A002
            return np.sqrt(np.sum(x * x, axis=axis, keepdims=True))

        return kept

    def implementation(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:  # noqa: A002
        return np.sqrt(np.sum(x * x, axis=axis))

    return implementation


# ------------------------------------------------------------------------------------------- running sums and products


def _is_line(x: Any) -> bool:
    return is_array(x) and x.ndim == 1


@implements(runtime.previous)
def previous(x: Any, first: Any, axis: Any) -> Any:
    def implementation(x: Any, first: Any, axis: Any) -> Any:
        result = np.empty(x.shape, x.dtype)
        result[:1] = first
        result[1:] = x[:-1]
        return result

    return implementation if _is_line(x) else None


@implements(runtime.following)
def following(x: Any, axis: Any) -> Any:
    def implementation(x: Any, axis: Any) -> Any:
        result = np.zeros(x.shape, x.dtype)
        result[:-1] = x[1:]
        return result

    return implementation if _is_line(x) else None


@implements(runtime.recurrence)
def recurrence(c: Any, b: Any, axis: Any) -> Any:
    def implementation(c: Any, b: Any, axis: Any) -> Any:
        result = np.zeros(c.shape, c.dtype) + b
        for i in range(1, len(c)):
            result[i] += c[i] * result[i - 1]
        return result

    return implementation if _is_line(c) and _is_line(b) else None


@implements(runtime.recurrence_back)
def recurrence_back(c: Any, b: Any, axis: Any) -> Any:
    def implementation(c: Any, b: Any, axis: Any) -> Any:
        result = np.zeros(c.shape, c.dtype) + b
        for i in range(len(c) - 2, -1, -1):
            result[i] += c[i + 1] * result[i + 1]
        return result

    return implementation if _is_line(c) and _is_line(b) else None


# ------------------------------------------------------------------------------------------------------------- orders


@implements(runtime.ordering)
def ordering(x: Any, axis: Any = -1) -> Any:
    def implementation(x: Any, axis: Any = -1) -> Any:
        return np.argsort(x, kind="mergesort")

    return implementation if _is_line(x) else None


@implements(runtime.put_along)
def put_along(y: Any, places: Any, x: Any, axis: Any) -> Any:
    def implementation(y: Any, places: Any, x: Any, axis: Any) -> Any:
        result = np.zeros(x.shape, y.dtype)
        for i in range(len(places)):
            result[places[i]] += y[i]
        return result

    return implementation if _is_line(x) and _is_line(y) and _is_line(places) else None


@implements(runtime.median_weights)
def median_weights(x: Any, axis: Any = None) -> Any:
    def implementation(x: Any, axis: Any = None) -> Any:
        result = np.zeros(x.shape, x.dtype)
        order, n = np.argsort(np.ravel(x), kind="mergesort"), x.size
        result.reshape(-1)[order[(n - 1) // 2]] += 0.5
        result.reshape(-1)[order[n // 2]] += 0.5
        return result

    return implementation if is_array(x) and (is_none(axis) or x.ndim == 1) else None


# ------------------------------------------------------------------------------------------------------------- tables


@jitable
def _interval(x: Any, xp: Any) -> Any:
    """The number of the interval that holds `x`, and -1 outside."""
    if len(xp) < 2 or not (xp[0] <= x <= xp[-1]):
        return -1
    return min(np.searchsorted(xp, x, side="right") - 1, len(xp) - 2)


@jitable
def _slope(x: Any, xp: Any, fp: Any) -> Any:
    k = _interval(x, xp)
    return (fp[k + 1] - fp[k]) / (xp[k + 1] - xp[k]) if k >= 0 else 0.0


@implements(runtime.interp_slope)
def interp_slope(x: Any, xp: Any, fp: Any) -> Any:
    def of_number(x: Any, xp: Any, fp: Any) -> Any:
        return _slope(x, xp, fp)

    def of_array(x: Any, xp: Any, fp: Any) -> Any:
        result = np.empty(x.shape)
        for i in range(len(x)):
            result[i] = _slope(x[i], xp, fp)
        return result

    return of_number if is_number(x) else of_array if _is_line(x) else None


@jitable
def _share(result: Any, y: Any, x: Any, xp: Any) -> Any:
    k = _interval(x, xp)
    if k < 0:
        result[0 if x < xp[0] or len(xp) == 1 else len(xp) - 1] += y
        return
    right = (x - xp[k]) / (xp[k + 1] - xp[k])
    result[k] += (1.0 - right) * y
    result[k + 1] += right * y


@implements(runtime.interp_back)
def interp_back(y: Any, x: Any, xp: Any) -> Any:
    def of_number(y: Any, x: Any, xp: Any) -> Any:
        result = np.zeros(len(xp))
        _share(result, y, x, xp)
        return result

    def of_array(y: Any, x: Any, xp: Any) -> Any:
        result = np.zeros(len(xp))
        for i in range(len(x)):
            _share(result, y[i], x[i], xp)
        return result

    return of_number if is_number(x) else of_array if _is_line(x) else None
