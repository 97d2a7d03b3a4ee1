"""Helpers of linear algebra that generated code may call.

`srcdiff.runtime` has them all under its own name, from where generated code imports them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .runtime_reductions import others


def onto_lower(g: Any) -> Any:
    """The adjoint of a matrix of which only the lower triangle is read, for the adjoint `g` of the symmetric matrix
    that it stands for: what belongs to an element above the diagonal is added to its mirror image.

    >>> onto_lower(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[1., 0.],
           [5., 4.]])
    """
    return np.tril(g) + np.triu(g, 1).T


def from_lower(a: Any) -> Any:
    """The symmetric matrix with the lower triangle of `a`.

    >>> from_lower(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[1., 3.],
           [3., 4.]])
    """
    return np.tril(a) + np.tril(a, -1).T


def lower_half(a: Any) -> Any:
    """The lower triangle with half of the diagonal: `lower_half(a) + lower_half(a).T` is `a`, if that is symmetric.

    >>> lower_half(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[0.5, 0. ],
           [3. , 2. ]])
    """
    half = np.tril(a)
    np.fill_diagonal(half, 0.5 * np.diag(a))
    return half


def inverse_gaps(w: Any) -> Any:
    """The matrix of `1 / (w[j] - w[i])`, zero on the diagonal: infinite where two values are equal.

    >>> inverse_gaps(np.array([1.0, 3.0]))
    array([[ 0. ,  0.5],
           [-0.5,  0. ]])
    """
    gaps = w - np.expand_dims(w, 1)
    np.fill_diagonal(gaps, 1.0)
    result = 1.0 / gaps
    np.fill_diagonal(result, 0.0)
    return result


def cofactors(a: Any) -> Any:
    """The matrix of the cofactors of `a`, the partials of its determinant: `det(a) * inv(a).T`, and exact where `a` is
    singular, by the singular value decomposition.

    >>> cofactors(np.array([[1.0, 2.0], [3.0, 4.0]])).round(9)
    array([[ 4., -3.],
           [-2.,  1.]])
    """
    u, s, vh = np.linalg.svd(a)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return (u * (sign * others(s, 0))) @ vh


def cofactors_tangent(a: Any, a_dot: Any) -> Any:
    """The tangent of `cofactors(a)` in the direction `a_dot`; since the second partials of the determinant are
    symmetric, this is its pullback, too. Exact where `a` is singular."""
    u, s, vh = np.linalg.svd(a)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    e = u.T @ a_dot @ vh.T
    pairs = np.zeros_like(a)  # the products of all singular values but two
    for i in range(len(s)):
        rest = [k for k in range(len(s)) if k != i]
        pairs[i, rest] = others(s[rest], 0)
    inner = -pairs * e.T
    np.fill_diagonal(inner, pairs @ np.diagonal(e))
    return sign * (u @ inner @ vh)


def power_tangent(a: Any, a_dot: Any, n: int) -> Any:
    """The tangent of `np.linalg.matrix_power(a, n)` in the direction `a_dot`: the upper right block of the power of
    `[[a, a_dot], [0, a]]` (Higham, Functions of Matrices, 2008, section 3.2)."""
    k = a.shape[0]
    block = np.zeros((2 * k, 2 * k), dtype=a.dtype)
    block[:k, :k] = a
    block[k:, k:] = a
    block[:k, k:] = a_dot
    return np.linalg.matrix_power(block, n)[:k, k:]


def left_vectors_adjoint(u_bar: Any, u: Any, s: Any, vh: Any) -> Any:
    """The adjoint of `a` for the adjoint of the left singular vectors in `u, s, vh = svd(a, full_matrices=False)`.

    Source: Townsend, Differentiating the singular value decomposition, 2016.
    """
    inner = u.T @ u_bar
    rotated = inverse_gaps(s * s) * (inner - inner.T) * s
    return (u @ rotated + (u_bar - u @ inner) / s) @ vh


def left_vectors_tangent(a_dot: Any, u: Any, s: Any, vh: Any) -> Any:
    """The tangent of the left singular vectors in `u, s, vh = svd(a, full_matrices=False)` (source: as above)."""
    moved = a_dot @ vh.T
    inner = u.T @ moved
    scaled = inner * s
    return u @ (inverse_gaps(s * s) * (scaled + scaled.T)) + (moved - u @ inner) / s
