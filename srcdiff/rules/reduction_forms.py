"""Reductions that are given a start (`initial=`), a mask (`where=`) or another name of `ddof`, and those without NaN
that are not in `reductions`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..runtime import square_root
from .points import call, reals
from .registry import spelled

_MASK = np.array([[True, False, True, True], [True, True, False, False], [False, True, True, True]])
_STARTED = call(reals(5), initial=0.5) + call(reals(3, 4), axis=0, initial=1.5) + call(reals(3, 4), where=_MASK)
_STARTED += call(reals(3, 4), axis=1, keepdims=True, where=_MASK) + call(reals(3, 4), initial=reals(), where=_MASK)


@spelled(np.sum, np.ndarray.sum, given=("initial", "where"), points=_STARTED)
def sum_(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = None,
) -> Any:
    if where is not None:
        a = np.where(where, a, 0.0)
    total = np.sum(a, axis=axis, keepdims=keepdims)
    if initial is None:
        return total
    return total + initial


@spelled(np.prod, np.ndarray.prod, given=("initial", "where"), points=_STARTED)
def prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = None,
) -> Any:
    if where is not None:
        a = np.where(where, a, 1.0)
    product = np.prod(a, axis=axis, keepdims=keepdims)
    if initial is None:
        return product
    return product * initial


_BOUNDED = call(reals(5), initial=0.5) + call(reals(3, 4), axis=0, initial=-3.0)
_BOUNDED += call(reals(3, 4), axis=1, keepdims=True, where=_MASK, initial=reals()) + call(reals(3, 4), initial=reals())


@spelled(np.max, np.ndarray.max, given=("initial", "where"), points=_BOUNDED)
def max_(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None, where: Any = None
) -> Any:
    if where is not None:
        a = np.where(where, a, initial)
    return np.maximum(np.max(a, axis=axis, keepdims=keepdims), initial)


@spelled(np.min, np.ndarray.min, given=("initial", "where"), points=_BOUNDED)
def min_(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None, where: Any = None
) -> Any:
    if where is not None:
        a = np.where(where, a, initial)
    return np.minimum(np.min(a, axis=axis, keepdims=keepdims), initial)


_MASKED = call(reals(3, 4), where=_MASK) + call(reals(3, 4), axis=0, where=_MASK)
_MASKED += call(reals(3, 4), axis=1, keepdims=True, where=_MASK) + call(reals(3, 4), axis=0, where=_MASK[:, :1])


@spelled(np.mean, np.ndarray.mean, given=("where",), points=_MASKED)
def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = None
) -> Any:
    count = np.sum(np.where(where, np.ones_like(a), 0.0), axis=axis, keepdims=keepdims)
    return np.sum(np.where(where, a, 0.0), axis=axis, keepdims=keepdims) / count


_CORRECTED = call(reals(5), correction=1) + call(reals(3, 4), axis=0, correction=1, keepdims=True)


@spelled(np.var, given=("correction",), points=_CORRECTED)
def var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    correction: Any = None,
) -> Any:
    return np.var(a, axis=axis, ddof=correction, keepdims=keepdims)


@spelled(np.std, given=("correction",), points=_CORRECTED)
def std(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    correction: Any = None,
) -> Any:
    return np.std(a, axis=axis, ddof=correction, keepdims=keepdims)


# --------------------------------------------------------------------------------- without what is not a number (NaN)

_MISSING = call(reals(5)) + call(reals(3, 4), axis=0) + call(reals(3, 4), axis=-1, keepdims=True)


@spelled(np.nanmax, points=_MISSING)
def nanmax(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    missing = np.isnan(a)
    top = np.max(np.where(missing, -np.inf, a), axis=axis, keepdims=keepdims)
    return np.where(np.all(missing, axis=axis, keepdims=keepdims), np.nan, top)


@spelled(np.nanmin, points=_MISSING)
def nanmin(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    missing = np.isnan(a)
    bottom = np.min(np.where(missing, np.inf, a), axis=axis, keepdims=keepdims)
    return np.where(np.all(missing, axis=axis, keepdims=keepdims), np.nan, bottom)


@spelled(np.nanvar, points=_MISSING + call(reals(3, 4), axis=0, ddof=1))
def nanvar(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
    count = np.sum(np.where(np.isnan(a), 0.0, np.ones_like(a)), axis=axis, keepdims=keepdims)
    centred = np.where(np.isnan(a), 0.0, a - np.nanmean(a, axis=axis, keepdims=True))
    return np.sum(centred * centred, axis=axis, keepdims=keepdims) / (count - ddof)


@spelled(np.nanstd, points=_MISSING)
def nanstd(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
    return square_root(np.nanvar(a, axis=axis, ddof=ddof, keepdims=keepdims))


@spelled(np.nancumsum, points=call(reals(5)) + call(reals(3, 4), axis=0) + call(reals(3, 4)))
def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return np.cumsum(np.where(np.isnan(a), 0.0, a), axis=axis)


@spelled(np.nancumprod, points=call(reals(5)) + call(reals(3, 4), axis=0) + call(reals(3, 4)))
def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return np.cumprod(np.where(np.isnan(a), 1.0, a), axis=axis)
