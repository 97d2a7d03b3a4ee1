"""Diagonals of matrices: `np.diagonal`, and srcdiff's helper that makes a matrix of one."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import runtime
from .register import implements, is_array, method, types


@implements(np.diagonal)
def diagonal(a: Any, offset: Any = 0) -> Any:
    """A copy, where NumPy gives a view that cannot be written."""
    if not is_array(a) or a.ndim != 2 or isinstance(offset, types.Float):
        return None

    def implementation(a: Any, offset: Any = 0) -> Any:
        return np.diag(a, offset)

    return implementation


@method("diagonal")
def diagonal_method(a: Any, offset: Any = 0) -> Any:
    return diagonal(a, offset)


@implements(runtime.on_diagonal)
def on_diagonal(d: Any, x: Any, k: Any = 0) -> Any:
    if not is_array(d) or not is_array(x) or isinstance(k, types.Float):
        return None

    def implementation(d: Any, x: Any, k: Any = 0) -> Any:
        result = np.zeros(x.shape, d.dtype)
        for i in range(d.size):
            result[i + max(0, -k), i + max(0, k)] = d[i]
        return result

    return implementation
