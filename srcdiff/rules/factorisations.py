"""Functions with several results: logarithms of determinants, eigenvalues, QR, singular values.

A pullback is asked for one result at a time: `y_bar` is None for the others. Where eigenvalues or singular values are
equal the vectors have no derivative, and it comes out as NaN; that of the values alone needs no gaps between them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..runtime import (
    from_lower,
    inverse_gaps,
    left_vectors_adjoint,
    left_vectors_tangent,
    onto_lower,
)
from .points import call, parts, reals
from .registry import constant, pullback, pushforward, spelled

_SQUARE = call(reals(3, 3)) + call(reals(2, 2)) + call(reals(3, 3, form="definite"))
_SYMMETRIC = call(reals(3, 3, form="symmetric")) + call(reals(4, 4, form="symmetric"), UPLO="U")

# ----------------------------------------------------------------------------------------------------- determinants


@pullback(np.linalg.slogdet, points=_SQUARE + parts(_SQUARE, 1))
def slogdet(y_bar: Any, y: Any, a: Any) -> Any:
    """The sign is a step: its derivative is zero. That of a singular matrix is refused by NumPy itself."""
    if y_bar[1] is None:
        return None
    return y_bar[1] * np.linalg.inv(a).T


@pushforward(np.linalg.slogdet)
def slogdet_tangent(y: Any, a: Any, *, a_dot: Any) -> Any:
    return 0.0, np.sum(np.linalg.inv(a).T * a_dot)


# ------------------------------------------------------------------------------------------------------ eigenvalues


@pullback(np.linalg.eigh, points=_SYMMETRIC + parts(_SYMMETRIC, 0, 1))
def eigh(y_bar: Any, y: Any, a: Any, UPLO: Any = "L") -> Any:  # noqa: N803 (NumPy's name)
    """Source: Giles 2008, section 3.1; of the matrix one triangle is read (see `linalg`)."""
    if UPLO == "U":
        if y_bar[0] is not None:
            return onto_lower((y[1] * y_bar[0]) @ y[1].T).T
        return onto_lower(y[1] @ (inverse_gaps(y[0]) * (y[1].T @ y_bar[1])) @ y[1].T).T
    if y_bar[0] is not None:
        return onto_lower((y[1] * y_bar[0]) @ y[1].T)
    return onto_lower(y[1] @ (inverse_gaps(y[0]) * (y[1].T @ y_bar[1])) @ y[1].T)


@pushforward(np.linalg.eigh)
def eigh_tangent(y: Any, a: Any, UPLO: Any = "L", *, a_dot: Any) -> Any:  # noqa: N803
    if UPLO == "U":
        return (
            np.sum(y[1] * (from_lower(a_dot.T) @ y[1]), axis=0),
            y[1] @ (inverse_gaps(y[0]) * (y[1].T @ (from_lower(a_dot.T) @ y[1]))),
        )
    return (
        np.sum(y[1] * (from_lower(a_dot) @ y[1]), axis=0),
        y[1] @ (inverse_gaps(y[0]) * (y[1].T @ (from_lower(a_dot) @ y[1]))),
    )


@spelled(np.linalg.eigvalsh, points=_SYMMETRIC)
def eigvalsh(a: Any, UPLO: Any = "L") -> Any:  # noqa: N803
    w, v = np.linalg.eigh(a, UPLO=UPLO)  # noqa: RUF059 (names for generated code)
    return w


# --------------------------------------------------------------------------------------------------------------- QR


_TALL = call(reals(4, 3)) + call(reals(3, 3))


@pullback(np.linalg.qr, points=_TALL + parts(_TALL, 0, 1))
def qr(y_bar: Any, y: Any, a: Any) -> Any:
    """Of matrices with full column rank; others are refused when the derivative runs: `r` has no inverse.

    Source: Walter, Lehmann and Lamour, On evaluating higher-order derivatives of the QR decomposition of tall matrices
    with full column rank in forward and reverse mode algorithmic differentiation, 2012.
    """
    if y_bar[0] is not None:
        return np.linalg.solve(y[1], (y_bar[0] - y[0] @ from_lower(y_bar[0].T @ y[0])).T).T
    return np.linalg.solve(y[1], from_lower(y[1] @ y_bar[1].T) @ y[0].T).T


@pushforward(np.linalg.qr)
def qr_tangent(y: Any, a: Any, *, a_dot: Any) -> Any:
    return (
        np.linalg.solve(y[1].T, a_dot.T).T - y[0] @ onto_lower(np.linalg.solve(y[1].T, a_dot.T) @ y[0]).T,
        onto_lower(np.linalg.solve(y[1].T, a_dot.T) @ y[0]).T @ y[1],
    )


@spelled(np.linalg.qr, given=("mode",), points=call(reals(4, 3), mode="r") + call(reals(4, 3), mode="reduced"))
def qr_mode(a: Any, mode: Any = "reduced") -> Any:
    if mode == "reduced":
        return np.linalg.qr(a)
    if mode == "r":
        q, r = np.linalg.qr(a)  # noqa: RUF059 (names for generated code)
        return r
    return np.linalg.qr(a, mode)  # which no rule covers: it is refused


# -------------------------------------------------------------------------------------------------- singular values

_THIN = call(reals(4, 3), full_matrices=False) + call(reals(2, 3), full_matrices=False)


@pullback(np.linalg.svd, points=_THIN + parts(_THIN, 0, 1, 2) + call(reals(3, 3), full_matrices=False))
def svd(y_bar: Any, y: Any, a: Any, full_matrices: Any = True) -> Any:
    if y_bar[0] is not None:
        return left_vectors_adjoint(y_bar[0], y[0], y[1], y[2])
    if y_bar[1] is not None:
        return (y[0] * y_bar[1]) @ y[2]
    return left_vectors_adjoint(y_bar[2].T, y[2].T, y[1], y[0].T).T


@pushforward(np.linalg.svd)
def svd_tangent(y: Any, a: Any, full_matrices: Any = True, *, a_dot: Any) -> Any:
    return (
        left_vectors_tangent(a_dot, y[0], y[1], y[2]),
        np.sum(y[0] * (a_dot @ y[2].T), axis=0),
        left_vectors_tangent(a_dot.T, y[2].T, y[1], y[0].T).T,
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
    u, s, vh = np.linalg.svd(a, full_matrices=False)  # noqa: RUF059 (names for generated code)
    return s


@spelled(np.linalg.svdvals, points=call(reals(4, 3)))
def svdvals(x: Any) -> Any:
    u, s, vh = np.linalg.svd(x, full_matrices=False)  # noqa: RUF059 (names for generated code)
    return s


@spelled(np.linalg.cond, points=call(reals(4, 3)) + call(reals(3, 3), 2) + call(reals(3, 3), p=-2))
def cond(x: Any, p: Any = None) -> Any:
    s = np.linalg.svdvals(x)
    if p is None:
        return s[0] / s[-1]
    if p == 2:
        return s[0] / s[-1]
    if p == -2:
        return s[-1] / s[0]
    return np.linalg.norm(x, p) * np.linalg.norm(np.linalg.inv(x), p)


constant(np.linalg.matrix_rank)

spelled(left_vectors_adjoint, points=call(reals(4, 2), reals(4, 2), reals(2, low=1.0), reals(2, 3)))(
    left_vectors_adjoint
)
spelled(left_vectors_tangent, points=call(reals(4, 3), reals(4, 2), reals(2, low=1.0), reals(2, 3)))(
    left_vectors_tangent
)
