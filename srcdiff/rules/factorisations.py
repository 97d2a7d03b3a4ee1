"""Functions with several results: logarithms of determinants, eigenvalues, QR, singular values.

A pullback is asked for one result at a time: `y_bar` is None for the others. Where eigenvalues or singular values are
equal the vectors have no derivative, and it comes out as NaN; that of the values alone needs no gaps between them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.nodes import Call, Expr, Object
from ..runtime import (
    eigenvectors_adjoint,
    eigenvectors_tangent,
    from_lower,
    full_left_adjoint,
    full_left_tangent,
    full_values_adjoint,
    full_values_tangent,
    inverse_gaps,
    left_vectors_adjoint,
    left_vectors_tangent,
    onto_lower,
    real_eig,
)
from .operands import arguments, needed
from .points import call, parts, reals
from .refusals import refused
from .registry import Writer, constant, pullback, pushforward, rewritten, spelled

_SQUARE = call(reals(3, 3)) + call(reals(2, 2)) + call(reals(3, 3, form="definite")) + call(reals(2, 3, 3))
_SYMMETRIC = call(reals(3, 3, form="symmetric")) + call(reals(4, 4, form="symmetric"), UPLO="U")
_SYMMETRIC += call(reals(2, 3, 3, form="symmetric"))

# ----------------------------------------------------------------------------------------------------- determinants


@pullback(np.linalg.slogdet, points=_SQUARE + parts(_SQUARE, 1))
def slogdet(y_bar: Any, y: Any, a: Any) -> Any:
    """The sign is a step: its derivative is zero. That of a singular matrix is refused by NumPy itself."""
    if y_bar[1] is None:
        return None
    if a.ndim > 2:
        return np.expand_dims(y_bar[1], (-2, -1)) * np.linalg.inv(a).mT
    return y_bar[1] * np.linalg.inv(a).T


@pushforward(np.linalg.slogdet)
def slogdet_tangent(y: Any, a: Any, *, a_dot: Any) -> Any:
    if a.ndim > 2:
        return np.zeros_like(y[0]), np.sum(np.linalg.inv(a).mT * a_dot, axis=(-2, -1))
    return 0.0, np.sum(np.linalg.inv(a).T * a_dot)


# ------------------------------------------------------------------------------------------------------ eigenvalues


@pullback(np.linalg.eigh, points=_SYMMETRIC + parts(_SYMMETRIC, 0, 1))
def eigh(y_bar: Any, y: Any, a: Any, UPLO: Any = "L") -> Any:  # noqa: N803 (NumPy's name)
    """Source: Giles 2008, section 3.1; of the matrix one triangle is read (see `linalg`)."""
    if UPLO == "U":
        if y_bar[0] is None:
            return onto_lower(y[1] @ (inverse_gaps(y[0]) * (y[1].mT @ y_bar[1])) @ y[1].mT).mT
        if a.ndim > 2:
            return onto_lower((y[1] * np.expand_dims(y_bar[0], -2)) @ y[1].mT).mT
        return onto_lower((y[1] * y_bar[0]) @ y[1].T).T
    if y_bar[0] is None:
        return onto_lower(y[1] @ (inverse_gaps(y[0]) * (y[1].mT @ y_bar[1])) @ y[1].mT)
    if a.ndim > 2:
        return onto_lower((y[1] * np.expand_dims(y_bar[0], -2)) @ y[1].mT)
    return onto_lower((y[1] * y_bar[0]) @ y[1].T)


@pushforward(np.linalg.eigh)
def eigh_tangent(y: Any, a: Any, UPLO: Any = "L", *, a_dot: Any) -> Any:  # noqa: N803
    if UPLO == "U":
        return (
            np.sum(y[1] * (from_lower(a_dot.mT) @ y[1]), axis=-2),
            y[1] @ (inverse_gaps(y[0]) * (y[1].mT @ (from_lower(a_dot.mT) @ y[1]))),
        )
    return (
        np.sum(y[1] * (from_lower(a_dot) @ y[1]), axis=-2),
        y[1] @ (inverse_gaps(y[0]) * (y[1].mT @ (from_lower(a_dot) @ y[1]))),
    )


@spelled(np.linalg.eigvalsh, points=_SYMMETRIC)
def eigvalsh(a: Any, UPLO: Any = "L") -> Any:  # noqa: N803
    w, v = np.linalg.eigh(a, UPLO=UPLO)  # noqa: RUF059 (names for generated code)
    return w


_REAL = call(reals(3, 3, form="distinct")) + call(reals(2, 2, 2, form="distinct"))


@rewritten(np.linalg.eig, points=_REAL)
def eig(e: Call, writer: Writer) -> Expr:
    return Call(Object(real_eig, "real_eig"), (needed(e, arguments(e, "a")[0], "a"),), (), e.at)


@pullback(real_eig, points=_REAL + parts(_REAL, 0, 1))
def real_eig_adjoint(y_bar: Any, y: Any, a: Any) -> Any:
    """Source: Giles 2008, section 3.1. The columns of the second result have the length 1."""
    if y_bar[0] is None:
        return eigenvectors_adjoint(y_bar[1], y[0], y[1])
    return np.linalg.solve(y[1].mT, np.expand_dims(y_bar[0], -1) * y[1].mT)


@pushforward(real_eig)
def real_eig_tangent(y: Any, a: Any, *, a_dot: Any) -> Any:
    return (
        np.sum(np.linalg.inv(y[1]).mT * (a_dot @ y[1]), axis=-2),
        eigenvectors_tangent(a_dot, y[0], y[1]),
    )


spelled(eigenvectors_adjoint, points=call(reals(2, 2), reals(2, form="sorted"), reals(2, 2, form="lower")))(
    eigenvectors_adjoint
)
spelled(eigenvectors_tangent, points=call(reals(2, 2), reals(2, form="sorted"), reals(2, 2, form="lower")))(
    eigenvectors_tangent
)


@spelled(np.linalg.eigvals, points=_REAL)
def eigvals(a: Any) -> Any:
    w, v = np.linalg.eig(a)  # noqa: RUF059 (names for generated code)
    return w


# --------------------------------------------------------------------------------------------------------------- QR


_TALL = call(reals(4, 3)) + call(reals(3, 3)) + call(reals(2, 4, 3))


@pullback(np.linalg.qr, points=_TALL + parts(_TALL, 0, 1))
def qr(y_bar: Any, y: Any, a: Any) -> Any:
    """Of matrices with full column rank; others are refused when the derivative runs: `r` has no inverse.

    Source: Walter, Lehmann and Lamour, On evaluating higher-order derivatives of the QR decomposition of tall matrices
    with full column rank in forward and reverse mode algorithmic differentiation, 2012.
    """
    if y_bar[0] is not None:
        return np.linalg.solve(y[1], (y_bar[0] - y[0] @ from_lower(y_bar[0].mT @ y[0])).mT).mT
    return np.linalg.solve(y[1], from_lower(y[1] @ y_bar[1].mT) @ y[0].mT).mT


@pushforward(np.linalg.qr)
def qr_tangent(y: Any, a: Any, *, a_dot: Any) -> Any:
    return (
        np.linalg.solve(y[1].mT, a_dot.mT).mT - y[0] @ onto_lower(np.linalg.solve(y[1].mT, a_dot.mT) @ y[0]).mT,
        onto_lower(np.linalg.solve(y[1].mT, a_dot.mT) @ y[0]).mT @ y[1],
    )


@spelled(np.linalg.qr, given=("mode",), points=call(reals(4, 3), mode="r") + call(reals(4, 3), "reduced"))
def qr_mode(a: Any, mode: Any = "reduced") -> Any:
    if mode == "reduced":
        return np.linalg.qr(a)
    if mode == "r":
        q, r = np.linalg.qr(a)  # noqa: RUF059 (names for generated code)
        return r
    return refused("this mode of `np.linalg.qr`", 'use the modes "reduced" or "r"')


# -------------------------------------------------------------------------------------------------- singular values

_THIN = call(reals(4, 3), full_matrices=False) + call(reals(2, 3), full_matrices=False)
_THIN += call(reals(2, 3, 2), full_matrices=False)


@pullback(
    np.linalg.svd,
    points=_THIN + parts(_THIN, 0, 1, 2) + call(reals(3, 3), full_matrices=False) + call(reals(3, 3)),
)
def svd(y_bar: Any, y: Any, a: Any, full_matrices: Any = True) -> Any:
    """The vectors without a singular value, which full matrices have, are an arbitrary basis: the derivative is right
    for what does not depend on the choice, as the projection `u[:, k:] @ u[:, k:].T`."""
    if y_bar[1] is not None:
        if full_matrices:
            return full_values_adjoint(y_bar[1], y[0], y[2])
        if a.ndim > 2:
            return (y[0] * np.expand_dims(y_bar[1], -2)) @ y[2]
        return (y[0] * y_bar[1]) @ y[2]
    if full_matrices:
        if y_bar[0] is not None:
            return full_left_adjoint(y_bar[0], y[0], y[1], y[2])
        return full_left_adjoint(y_bar[2].mT, y[2].mT, y[1], y[0].mT).mT
    if y_bar[0] is not None:
        return left_vectors_adjoint(y_bar[0], y[0], y[1], y[2])
    return left_vectors_adjoint(y_bar[2].mT, y[2].mT, y[1], y[0].mT).mT


@pushforward(np.linalg.svd)
def svd_tangent(y: Any, a: Any, full_matrices: Any = True, *, a_dot: Any) -> Any:
    if full_matrices:
        return (
            full_left_tangent(a_dot, y[0], y[1], y[2]),
            full_values_tangent(a_dot, y[0], y[1], y[2]),
            full_left_tangent(a_dot.mT, y[2].mT, y[1], y[0].mT).mT,
        )
    return (
        left_vectors_tangent(a_dot, y[0], y[1], y[2]),
        np.sum(y[0] * (a_dot @ y[2].mT), axis=-2),
        left_vectors_tangent(a_dot.mT, y[2].mT, y[1], y[0].mT).mT,
    )


@spelled(
    np.linalg.svd,
    given=("compute_uv",),
    points=call(reals(4, 3), compute_uv=False)
    + call(reals(2, 3), full_matrices=False, compute_uv=False)
    + call(reals(3, 2), full_matrices=False, compute_uv=True),
)
def svd_form(a: Any, full_matrices: Any = True, compute_uv: Any = True) -> Any:
    if compute_uv:
        return np.linalg.svd(a, full_matrices=full_matrices)
    return np.linalg.svdvals(a)


@spelled(np.linalg.svdvals, points=call(reals(4, 3)))
def svdvals(x: Any) -> Any:
    u, s, vh = np.linalg.svd(x, full_matrices=False)  # noqa: RUF059 (names for generated code)
    return s


@spelled(np.linalg.cond, points=call(reals(4, 3)) + call(reals(3, 3), 2) + call(reals(3, 3), p=-2))
def cond(x: Any, p: Any = None) -> Any:
    s = np.linalg.svdvals(x)
    if p is None:
        return s[..., 0] / s[..., -1]
    if p == 2:
        return s[..., 0] / s[..., -1]
    if p == -2:
        return s[..., -1] / s[..., 0]
    return np.linalg.norm(x, p, axis=(-2, -1)) * np.linalg.norm(np.linalg.inv(x), p, axis=(-2, -1))


constant(np.linalg.matrix_rank)

_FACTORS = (reals(4, 2), reals(2, low=1.0), reals(2, 3))
spelled(left_vectors_adjoint, points=call(reals(4, 2), *_FACTORS))(left_vectors_adjoint)
spelled(left_vectors_tangent, points=call(reals(4, 3), *_FACTORS))(left_vectors_tangent)
_FULL = (reals(4, 4), reals(2, low=1.0), reals(2, 2))
spelled(full_left_adjoint, points=call(reals(4, 4), *_FULL))(full_left_adjoint)
spelled(full_left_tangent, points=call(reals(4, 2), *_FULL))(full_left_tangent)
spelled(full_values_adjoint, points=call(reals(2), reals(3, 3), reals(2, 2)))(full_values_adjoint)
spelled(full_values_tangent, points=call(reals(3, 2), reals(3, 3), reals(2), reals(2, 2)))(full_values_tangent)
