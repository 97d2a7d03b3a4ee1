"""Reductions that are made of simpler ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..runtime import square_root
from .complex_operands import holds_complex
from .points import call, reals
from .refusals import refused
from .registry import spelled

_AXES = call(reals(5)) + call(reals(3, 4), axis=0) + call(reals(3, 4), axis=-1, keepdims=True)
_AXES += call(reals(2, 3, 4), axis=(0, 2)) + call(reals(3, 4), axis=1, ddof=1)


@spelled(np.var, np.ndarray.var, points=_AXES)
def var(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
    centred = a - np.mean(a, axis=axis, keepdims=True)
    if holds_complex(a):
        total = np.sum(np.real(np.conj(centred) * centred), axis=axis, keepdims=keepdims)
    else:
        total = np.sum(centred * centred, axis=axis, keepdims=keepdims)
    return total / (a.size // total.size - ddof)


@spelled(np.std, np.ndarray.std, points=_AXES)
def std(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
    return square_root(np.var(a, axis=axis, ddof=ddof, keepdims=keepdims))


@spelled(np.amax, points=_AXES[:4])
def amax(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return np.max(a, axis=axis, keepdims=keepdims)


@spelled(np.amin, points=_AXES[:4])
def amin(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return np.min(a, axis=axis, keepdims=keepdims)


@spelled(np.ptp, points=_AXES[:4])
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


@spelled(
    np.average,
    points=_AXES[:4]
    + call(reals(5), weights=reals(5, low=0.5))
    + call(reals(3, 4), axis=1, weights=reals(4, low=0.5))
    + call(reals(3, 4), axis=0, weights=reals(3, low=0.5), keepdims=True)
    + call(reals(3, 4), axis=-1, weights=reals(3, 4, low=0.5))
    + call(reals(3, 4), weights=reals(3, 4, low=0.5)),
)
def average(a: Any, axis: Any = None, weights: Any = None, returned: Any = False, *, keepdims: Any = False) -> Any:
    if weights is None:
        return np.mean(a, axis=axis, keepdims=keepdims)
    if weights.ndim == a.ndim:
        total = np.sum(weights, axis=axis, keepdims=keepdims)
        return np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    if keepdims:
        return np.expand_dims(np.tensordot(a, weights, (axis, 0)), axis) / np.sum(weights)
    return np.tensordot(a, weights, (axis, 0)) / np.sum(weights)


# --------------------------------------------------------------------------------- without what is not a number (NaN)

_MISSING = call(reals(5)) + call(reals(3, 4), axis=0) + call(reals(3, 4), axis=-1, keepdims=True)


@spelled(np.nansum, points=_MISSING)
def nansum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return np.sum(np.where(np.isnan(a), 0.0, a), axis=axis, keepdims=keepdims)


@spelled(np.nanprod, points=_MISSING)
def nanprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return np.prod(np.where(np.isnan(a), 1.0, a), axis=axis, keepdims=keepdims)


@spelled(np.nanmean, points=_MISSING)
def nanmean(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    count = np.sum(np.where(np.isnan(a), 0.0, np.ones_like(a)), axis=axis, keepdims=keepdims)
    return np.sum(np.where(np.isnan(a), 0.0, a), axis=axis, keepdims=keepdims) / count


# ------------------------------------------------------------------------------------------------------- covariances


@spelled(
    np.cov,
    points=call(reals(3, 5))
    + call(reals(5))
    + call(reals(5), reals(5))
    + call(reals(5, 3), rowvar=False)
    + call(reals(3, 5), bias=True)
    + call(reals(3, 5), ddof=0),
)
def cov(m: Any, y: Any = None, rowvar: Any = True, bias: Any = False, ddof: Any = None) -> Any:
    if y is not None and (m.ndim != 1 or y.ndim != 1):
        return refused("`np.cov` of two matrices", "put them together in one matrix")
    if y is None and m.ndim == 1:
        return np.var(m, ddof=(0 if bias else 1) if ddof is None else ddof)
    if y is not None:
        rows = np.array([m, y])
        centred = rows - np.mean(rows, axis=1, keepdims=True)
    elif rowvar:
        centred = m - np.mean(m, axis=1, keepdims=True)
    else:
        centred = m.T - np.mean(m.T, axis=1, keepdims=True)
    return centred @ centred.T / (centred.shape[1] - ((0 if bias else 1) if ddof is None else ddof))


@spelled(np.corrcoef, points=call(reals(3, 5)) + call(reals(5), reals(5)) + call(reals(5, 3), rowvar=False))
def corrcoef(x: Any, y: Any = None, rowvar: Any = True) -> Any:
    if (x.ndim == 1 and y is None) or (y is not None and (x.ndim != 1 or y.ndim != 1)):
        return refused("`np.corrcoef` of these ranks", "give two vectors, or one matrix")
    if y is not None:
        rows = np.array([x, y])
        centred = rows - np.mean(rows, axis=1, keepdims=True)
    elif rowvar:
        centred = x - np.mean(x, axis=1, keepdims=True)
    else:
        centred = x.T - np.mean(x.T, axis=1, keepdims=True)
    scaled = centred / np.sqrt(np.sum(centred * centred, axis=1, keepdims=True))
    return scaled @ scaled.T
