"""The helpers of linear algebra for compiled code. The meaning of each is in `srcdiff.runtime`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import runtime
from .register import attribute, implements, is_array, jitable

for _plain in (
    *(runtime.onto_lower, runtime.from_lower, runtime.lower_half, runtime.inverse_gaps, runtime.power_tangent),
    *(runtime.left_vectors_adjoint, runtime.left_vectors_tangent, runtime.full_left_adjoint),
    *(runtime.full_left_tangent, runtime.full_values_adjoint, runtime.full_values_tangent),
    *(runtime.eigenvectors_adjoint, runtime.eigenvectors_tangent),
):
    jitable(_plain)


@attribute("mT")
def matrix_transpose(x: Any) -> Any:
    """Of one matrix: what Numba has of linear algebra is for one matrix, too."""
    if x.ndim != 2:
        return None

    def implementation(x: Any) -> Any:
        return x.T

    return implementation


@implements(runtime.real_eig)
def real_eig(a: Any) -> Any:
    """Numba itself raises ValueError where an eigenvalue is complex."""
    if not is_array(a) or a.ndim != 2:
        return None

    def implementation(a: Any) -> Any:
        return np.linalg.eig(a)

    return implementation


@jitable
def _product_without(s: Any, i: int, j: int) -> Any:
    product = s.dtype.type(1)
    for k in range(s.size):
        if k not in (i, j):
            product *= s[k]
    return product


@implements(runtime.cofactors)
def cofactors(a: Any) -> Any:
    if not is_array(a) or a.ndim != 2:
        return None

    def implementation(a: Any) -> Any:
        u, s, vh = np.linalg.svd(a)
        sign = np.linalg.det(u) * np.linalg.det(vh)
        others = np.empty_like(s)
        for i in range(s.size):
            others[i] = sign * _product_without(s, i, i)
        return (u * others) @ vh

    return implementation


@implements(runtime.cofactors_tangent)
def cofactors_tangent(a: Any, a_dot: Any) -> Any:
    if not is_array(a) or a.ndim != 2 or not is_array(a_dot) or a_dot.ndim != 2:
        return None

    def implementation(a: Any, a_dot: Any) -> Any:
        u, s, vh = np.linalg.svd(a)
        sign = np.linalg.det(u) * np.linalg.det(vh)
        e = u.T @ a_dot @ vh.T
        inner = np.zeros_like(e)
        for i in range(s.size):
            for j in range(s.size):
                if i != j:
                    product = sign * _product_without(s, i, j)
                    inner[i, j] = -product * e[j, i]
                    inner[i, i] += product * e[j, j]
        return u @ inner @ vh

    return implementation
