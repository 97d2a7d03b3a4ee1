"""Helpers of linear algebra that generated code may call.

`srcdiff.runtime` has them all under its own name, from where generated code imports them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import ComplexResult
from .runtime_reductions import others


def onto_lower(g: Any) -> Any:
    """The adjoint of a matrix of which only the lower triangle is read, for the adjoint `g` of the symmetric matrix
    that it stands for: what belongs to an element above the diagonal is added to its mirror image.

    >>> onto_lower(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[1., 0.],
           [5., 4.]])
    """
    return np.tril(g) + np.triu(g, 1).mT


def from_lower(a: Any) -> Any:
    """The symmetric matrix with the lower triangle of `a`.

    >>> from_lower(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[1., 3.],
           [3., 4.]])
    """
    return np.tril(a) + np.tril(a, -1).mT


def lower_half(a: Any) -> Any:
    """The lower triangle with half of the diagonal: `lower_half(a) + lower_half(a).T` is `a`, if that is symmetric.

    >>> lower_half(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[0.5, 0. ],
           [3. , 2. ]])
    """
    return (np.tril(a) + np.tril(a, -1)) / 2


def inverse_gaps(w: Any) -> Any:
    """The matrix of `1 / (w[j] - w[i])`, zero on the diagonal: infinite where two values are equal.

    >>> inverse_gaps(np.array([1.0, 3.0]))
    array([[ 0. ,  0.5],
           [-0.5,  0. ]])
    """
    one = np.eye(w.shape[-1], dtype=w.dtype)
    return 1 / (np.expand_dims(w, -2) - np.expand_dims(w, -1) + one) - one


def cofactors(a: Any) -> Any:
    """The matrix of the cofactors of `a`, the partials of its determinant: `det(a) * inv(a).T`, and exact where `a` is
    singular, by the singular value decomposition.

    >>> cofactors(np.array([[1.0, 2.0], [3.0, 4.0]])).round(9)
    array([[ 4., -3.],
           [-2.,  1.]])
    """
    u, s, vh = np.linalg.svd(a)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return (u * (sign[..., None] * others(s, -1))[..., None, :]) @ vh


def cofactors_tangent(a: Any, a_dot: Any) -> Any:
    """The tangent of `cofactors(a)` in the direction `a_dot`; since the second partials of the determinant are
    symmetric, this is its pullback, too. Exact where `a` is singular."""
    u, s, vh = np.linalg.svd(a)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    e = u.mT @ a_dot @ vh.mT
    pairs = np.zeros_like(a)  # the products of all singular values but two
    for i in range(s.shape[-1]):
        rest = [k for k in range(s.shape[-1]) if k != i]
        pairs[..., i, rest] = others(s[..., rest], -1)
    inner = -pairs * e.mT
    on = np.arange(s.shape[-1])
    inner[..., on, on] = np.einsum("...ij,...jj->...i", pairs, e)
    return sign[..., None, None] * (u @ inner @ vh)


def power_tangent(a: Any, a_dot: Any, n: int) -> Any:
    """The tangent of `np.linalg.matrix_power(a, n)` in the direction `a_dot`: the upper right block of the power of
    `[[a, a_dot], [0, a]]` (Higham, Functions of Matrices, 2008, section 3.2)."""
    k = a.shape[-1]
    block = np.zeros(a.shape[:-2] + (2 * k, 2 * k), dtype=a.dtype)  # noqa: RUF005 (as srcdiff reads it)
    block[..., :k, :k] = a
    block[..., k:, k:] = a
    block[..., :k, k:] = a_dot
    return np.linalg.matrix_power(block, n)[..., :k, k:]


def left_vectors_adjoint(u_bar: Any, u: Any, s: Any, vh: Any) -> Any:
    """The adjoint of `a` for the adjoint of the left singular vectors in `u, s, vh = svd(a, full_matrices=False)`.

    Source: Townsend, Differentiating the singular value decomposition, 2016.
    """
    inner = u.mT @ u_bar
    wide = np.expand_dims(s, -2)
    rotated = inverse_gaps(s * s) * (inner - inner.mT) * wide
    return (u @ rotated + (u_bar - u @ inner) / wide) @ vh


def left_vectors_tangent(a_dot: Any, u: Any, s: Any, vh: Any) -> Any:
    """The tangent of the left singular vectors in `u, s, vh = svd(a, full_matrices=False)` (source: as above)."""
    moved = a_dot @ vh.mT
    inner = u.mT @ moved
    wide = np.expand_dims(s, -2)
    scaled = inner * wide
    return u @ (inverse_gaps(s * s) * (scaled + scaled.mT)) + (moved - u @ inner) / wide


def full_left_adjoint(u_bar: Any, u: Any, s: Any, vh: Any) -> Any:
    """The adjoint of `a` for the adjoint of all columns of `u` in `u, s, vh = svd(a)`.

    The columns without a singular value are a basis of what is orthogonal to the others, and any basis would do: their
    adjoint says something only as far as they have to turn when the others do.
    """
    k = s.shape[-1]
    first, rest = u[..., :k], u[..., k:]
    first_bar = u_bar[..., :k] - rest @ (u_bar[..., k:].mT @ first)
    return left_vectors_adjoint(first_bar, first, s, vh[..., :k, :])


def full_left_tangent(a_dot: Any, u: Any, s: Any, vh: Any) -> Any:
    """The tangents of all columns of `u` in `u, s, vh = svd(a)`: those without a singular value turn no more than they
    have to."""
    k = s.shape[-1]
    first, rest = u[..., :k], u[..., k:]
    first_dot = left_vectors_tangent(a_dot, first, s, vh[..., :k, :])
    u_dot = np.zeros_like(u)
    u_dot[..., :k] = first_dot
    u_dot[..., k:] = -(first @ (first_dot.mT @ rest))
    return u_dot


def full_values_adjoint(s_bar: Any, u: Any, vh: Any) -> Any:
    """The adjoint of `a` for the adjoint of the singular values in `u, s, vh = svd(a)`."""
    k = s_bar.shape[-1]
    return (u[..., :k] * np.expand_dims(s_bar, -2)) @ vh[..., :k, :]


def full_values_tangent(a_dot: Any, u: Any, s: Any, vh: Any) -> Any:
    """The tangent of the singular values in `u, s, vh = svd(a)`."""
    k = s.shape[-1]
    return np.sum(u[..., :k] * (a_dot @ vh[..., :k, :].mT), axis=-2)


def real_eig(a: Any) -> Any:
    """`np.linalg.eig(a)` of a matrix whose eigenvalues are all real; ComplexResult where one is not.

    >>> real_eig(np.array([[2.0, 1.0], [0.0, 1.0]]))[0]
    array([2., 1.])
    """
    w, v = np.linalg.eig(a)
    if w.dtype.kind == "c":
        raise ComplexResult(
            "np.linalg.eig returned complex eigenvalues; srcdiff follows it where all of them are real. "
            "For a symmetric matrix use np.linalg.eigh"
        )
    return w, v


def eigenvectors_adjoint(v_bar: Any, w: Any, v: Any) -> Any:
    """The adjoint of `a` for the adjoint of the eigenvectors in `w, v = eig(a)`, whose columns have the length 1.

    Source: Giles 2008, section 3.1; what would change lengths is taken away.
    """
    square = v.mT @ v
    turned = v.mT @ v_bar - square * np.expand_dims(np.sum(v * v_bar, axis=-2), -2)
    return np.linalg.solve(v.mT, (inverse_gaps(w) * turned) @ v.mT)


def eigenvectors_tangent(a_dot: Any, w: Any, v: Any) -> Any:
    """The tangent of the eigenvectors in `w, v = eig(a)`."""
    turned = v @ (inverse_gaps(w) * np.linalg.solve(v, a_dot @ v))
    return turned - v * np.expand_dims(np.sum(v * turned, axis=-2), -2)
