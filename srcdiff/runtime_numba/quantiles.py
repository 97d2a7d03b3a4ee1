"""The helpers of quantiles for compiled code: of all elements of an array, by NumPy's own method, which is what Numba
has of `np.quantile` itself."""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

from typing import Any

import numpy as np

from .. import runtime
from .register import implements, is_array, is_none, is_number, jitable, types


@jitable
def _between(n: int, q: Any, m: int) -> Any:
    """The lower neighbour of a quantile in the order, and the weights of both neighbours."""
    if not 0.0 <= q <= 1.0:
        raise ValueError("Quantiles must be in the range [0, 1]")
    place = q * (n - 1)
    lower = min(int(np.floor(place)), max(n - 2, 0))
    if m == 0:
        return lower, 1.0 - (place - lower), place - lower
    slope = n - 1.0 if m == 1 else 0.0
    return lower, -slope, slope


@jitable
def _one_of(values: Any, order: Any, q: Any, m: int) -> Any:
    lower, below, above = _between(len(order), q, m)
    return below * values[order[lower]] + above * values[order[min(lower + 1, len(order) - 1)]]


@jitable
def _one_back(result: Any, g: Any, order: Any, q: Any, m: int) -> None:
    lower, below, above = _between(len(order), q, m)
    result[order[lower]] += below * g
    result[order[min(lower + 1, len(order) - 1)]] += above * g


def _is_covered(arrays: tuple[Any, ...], axis: Any, method: Any, missing: Any) -> bool:
    usual = getattr(method, "value", method) == "linear" or getattr(method, "literal_value", None) == "linear"
    all_elements = is_none(axis) and not isinstance(missing, types.Boolean)
    return all_elements and usual and all(map(is_array, arrays))


@implements(runtime.quantile_of)
def quantile_of(
    v: Any, x: Any, q: Any, axis: Any = None, method: Any = "linear", m: Any = 0, missing: Any = False
) -> Any:
    def of_number(
        v: Any, x: Any, q: Any, axis: Any = None, method: Any = "linear", m: Any = 0, missing: Any = False
    ) -> Any:
        return _one_of(np.ravel(v), np.argsort(np.ravel(x), kind="mergesort"), q, m)

    def of_array(
        v: Any, x: Any, q: Any, axis: Any = None, method: Any = "linear", m: Any = 0, missing: Any = False
    ) -> Any:
        values, order = np.ravel(v), np.argsort(np.ravel(x), kind="mergesort")
        result = np.empty(len(q))
        for k in range(len(q)):
            result[k] = _one_of(values, order, q[k], m)
        return result

    if not _is_covered((v, x), axis, method, missing):
        return None
    return of_number if is_number(q) else of_array if is_array(q) and q.ndim == 1 else None


@implements(runtime.quantile_back)
def quantile_back(
    g: Any, x: Any, q: Any, axis: Any = None, method: Any = "linear", m: Any = 0, missing: Any = False
) -> Any:
    def of_number(
        g: Any, x: Any, q: Any, axis: Any = None, method: Any = "linear", m: Any = 0, missing: Any = False
    ) -> Any:
        result = np.zeros(x.shape, x.dtype)
        _one_back(result.reshape(-1), g, np.argsort(np.ravel(x), kind="mergesort"), q, m)
        return result

    def of_array(
        g: Any, x: Any, q: Any, axis: Any = None, method: Any = "linear", m: Any = 0, missing: Any = False
    ) -> Any:
        result, order = np.zeros(x.shape, x.dtype), np.argsort(np.ravel(x), kind="mergesort")
        for k in range(len(q)):
            _one_back(result.reshape(-1), g[k], order, q[k], m)
        return result

    if not _is_covered((x,), axis, method, missing):
        return None
    return of_number if is_number(q) else of_array if is_array(q) and q.ndim == 1 else None
