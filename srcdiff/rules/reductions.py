"""Reductions that are made of simpler ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from .points import call, reals
from .registry import spelled

_AXES = call(reals(5)) + call(reals(3, 4), axis=0) + call(reals(3, 4), axis=-1, keepdims=True)
_AXES += call(reals(2, 3, 4), axis=(0, 2)) + call(reals(3, 4), axis=1, ddof=1)


@spelled(np.var, np.ndarray.var, points=_AXES)
def var(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
    centred = a - np.mean(a, axis=axis, keepdims=True)
    total = np.sum(centred * centred, axis=axis, keepdims=keepdims)
    return total / (a.size // total.size - ddof)


@spelled(np.std, np.ndarray.std, points=_AXES)
def std(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
    return np.sqrt(np.var(a, axis=axis, ddof=ddof, keepdims=keepdims))
