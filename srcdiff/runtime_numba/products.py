"""Products of arrays that Numba lacks: `np.matmul`, operands of two dtypes, `np.dot` with a number."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numba.core import types
from numba.np.numpy_support import as_dtype

from .register import implements, is_array, is_number


@implements(np.matmul)
def matmul(a: Any, b: Any) -> Any:
    if not (is_array(a) and is_array(b) and a.ndim > 0 and b.ndim > 0):
        return None

    def implementation(a: Any, b: Any) -> Any:
        return a @ b

    return implementation


@implements(operator.matmul)
def mixed_matmul(a: Any, b: Any) -> Any:
    """BLAS takes operands of one dtype. Those of integers are left out: a product of floats would round large ones."""
    if not (is_array(a) and is_array(b)) or a.dtype == b.dtype or not 1 <= min(a.ndim, b.ndim) <= max(a.ndim, b.ndim) <= 2:
        return None
    if not any(isinstance(t.dtype, types.Float) for t in (a, b)) or not (is_number(a.dtype) and is_number(b.dtype)):
        return None
    dtype = np.result_type(as_dtype(a.dtype), as_dtype(b.dtype))

    def implementation(a: Any, b: Any) -> Any:
        return a.astype(dtype) @ b.astype(dtype)

    return implementation


@implements(np.dot)
def dot(a: Any, b: Any) -> Any:
    if is_number(a) or is_number(b):

        def scaled(a: Any, b: Any) -> Any:
            return a * b

        return scaled
    if not (is_array(a) and is_array(b)) or a.dtype == b.dtype:
        return None

    def implementation(a: Any, b: Any) -> Any:
        return a @ b

    return implementation
