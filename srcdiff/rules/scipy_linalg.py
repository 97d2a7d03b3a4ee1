"""Linear algebra of SciPy: triangular systems, Cholesky's factor, the exponential, and what NumPy has, too.

This module is imported when `scipy.linalg` is in use: `import srcdiff` does not import SciPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from ..errors import UnsupportedCall
from ..ir.types import Num, Type, describe, wider
from .linalg_types import inexact, matrix
from .points import call, parts, reals
from .problem import TypeProblem
from .registry import pullback, pushforward, spelled
from .result_types import Asked, states

# ------------------------------------------------------------------------------------------------ triangular systems

_LOWER = reals(3, 3, form="lower")
_TRIANGULAR = call(_LOWER, reals(3), lower=True) + call(_LOWER, reals(3, 2), lower=True, trans=1)
_TRIANGULAR += call(_LOWER, reals(3), trans=1, lower=True) + call(_LOWER, reals(3, 2), 0, True)
_TRIANGULAR += call(reals(3, 3, form="definite"), reals(3)) + call(reals(3, 3, form="definite"), reals(3, 2), trans=1)
_TRIANGULAR += call(reals(3, 3, form="definite"), reals(3), check_finite=False)


@pullback(linalg.solve_triangular, points=_TRIANGULAR)
def solve_triangular(
    y_bar: Any, y: Any, a: Any, b: Any, trans: Any = 0, lower: Any = False, check_finite: Any = True
) -> Any:
    """Of the matrix one triangle is read: its adjoint is zero in the other one."""
    if lower and trans:
        if b.ndim == 1:
            return (
                -np.tril(np.outer(y, linalg.solve_triangular(a, y_bar, lower=True))),
                linalg.solve_triangular(a, y_bar, lower=True),
            )
        return (
            -np.tril(y @ linalg.solve_triangular(a, y_bar, lower=True).T),
            linalg.solve_triangular(a, y_bar, lower=True),
        )
    if lower:
        if b.ndim == 1:
            return (
                -np.tril(np.outer(linalg.solve_triangular(a, y_bar, trans=1, lower=True), y)),
                linalg.solve_triangular(a, y_bar, trans=1, lower=True),
            )
        return (
            -np.tril(linalg.solve_triangular(a, y_bar, trans=1, lower=True) @ y.T),
            linalg.solve_triangular(a, y_bar, trans=1, lower=True),
        )
    if trans:
        if b.ndim == 1:
            return (
                -np.triu(np.outer(y, linalg.solve_triangular(a, y_bar))),
                linalg.solve_triangular(a, y_bar),
            )
        return -np.triu(y @ linalg.solve_triangular(a, y_bar).T), linalg.solve_triangular(a, y_bar)
    if b.ndim == 1:
        return (
            -np.triu(np.outer(linalg.solve_triangular(a, y_bar, trans=1), y)),
            linalg.solve_triangular(a, y_bar, trans=1),
        )
    return (
        -np.triu(linalg.solve_triangular(a, y_bar, trans=1) @ y.T),
        linalg.solve_triangular(a, y_bar, trans=1),
    )


@pushforward(linalg.solve_triangular)
def solve_triangular_tangent(
    y: Any,
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: Any = False,
    check_finite: Any = True,
    *,
    a_dot: Any = None,
    b_dot: Any = None,
) -> Any:
    if a_dot is None:
        return linalg.solve_triangular(a, b_dot, trans=trans, lower=lower)
    if b_dot is None:
        if trans:
            return -linalg.solve_triangular(
                a, (np.tril(a_dot) if lower else np.triu(a_dot)).T @ y, trans=trans, lower=lower
            )
        return -linalg.solve_triangular(a, (np.tril(a_dot) if lower else np.triu(a_dot)) @ y, lower=lower)
    if trans:
        return linalg.solve_triangular(
            a, b_dot - (np.tril(a_dot) if lower else np.triu(a_dot)).T @ y, trans=trans, lower=lower
        )
    return linalg.solve_triangular(a, b_dot - (np.tril(a_dot) if lower else np.triu(a_dot)) @ y, lower=lower)


@states(linalg.solve_triangular)
def _triangular(asked: Asked) -> Type | None:
    a, b, trans = matrix(asked), asked.argument(1, "b"), asked.argument(2, "trans")
    lower = asked.argument(3, "lower")
    if a is None or not isinstance(b, Num):
        return None
    for name, given in (("trans", trans), ("lower", lower)):
        if given is not None and not (isinstance(given, Num) and given.value in (0, 1)):
            raise TypeProblem(
                UnsupportedCall,
                f"the argument `{name}=` of `solve_triangular`",
                "it decides the derivative",
                f"give {name} as the literal {'0 or 1' if name == 'trans' else 'True or False'}",
                asked.call.at,
            )
    if b.ndim not in (1, 2):
        raise TypeProblem(
            UnsupportedCall,
            f"`solve_triangular` with a {describe(b)} on the right",
            "its rule is for a vector or a matrix on the right",
            "loop over the leading dimensions of a stack",
            asked.call.at,
        )
    return Num(inexact(wider(a.dtype, b.dtype)), b.ndim, b.shape)


# --------------------------------------------------------------------------------------------------------- Cholesky

_DEFINITE = reals(3, 3, form="definite")


@spelled(linalg.cholesky, points=call(_DEFINITE) + call(_DEFINITE, lower=True))
def cholesky(a: Any, lower: Any = False) -> Any:
    if lower:
        return np.linalg.cholesky(a)
    return np.linalg.cholesky(a.T).T


@spelled(linalg.cho_factor, points=parts(call(reals(1, 1, low=1.0), lower=True), 0))
def cho_factor(a: Any, lower: Any = False) -> Any:
    """The other triangle, of which SciPy leaves open what it holds, is zero."""
    if lower:
        return np.linalg.cholesky(a), True
    return np.linalg.cholesky(a.T).T, False


@spelled(linalg.cho_solve, points=call((reals(3, 3, form="lower"), True), reals(3)))
def cho_solve(c_and_lower: Any, b: Any) -> Any:
    c, lower = c_and_lower
    if lower:
        return linalg.solve_triangular(c, linalg.solve_triangular(c, b, lower=True), lower=True, trans=1)
    return linalg.solve_triangular(c, linalg.solve_triangular(c, b, trans=1))


# ----------------------------------------------------------------------------------------------------- exponentials


@pullback(linalg.expm, points=call(reals(3, 3)) + call(reals(2, 2)))
def expm(y_bar: Any, y: Any, A: Any) -> Any:  # noqa: N803 (SciPy's name)
    """Source: Al-Mohy and Higham, Computing the Frechet derivative of the matrix exponential, 2009; its transpose is
    that of the transposed matrix."""
    return linalg.expm_frechet(A.T, y_bar, compute_expm=False)


@pushforward(linalg.expm)
def expm_tangent(y: Any, A: Any, *, A_dot: Any) -> Any:  # noqa: N803
    return linalg.expm_frechet(A, A_dot, compute_expm=False)


@spelled(
    linalg.expm_frechet, points=call(reals(2, 2), reals(2, 2), compute_expm=False) + call(reals(2, 2), reals(2, 2))
)
def expm_frechet(A: Any, E: Any, compute_expm: Any = True) -> Any:  # noqa: N803
    """The upper right block of the exponential of `[[A, E], [0, A]]`."""
    k = A.shape[0]
    block = np.zeros((2 * k, 2 * k), dtype=A.dtype)
    block[:k, :k] = A
    block[k:, k:] = A
    block[:k, k:] = E
    whole = linalg.expm(block)
    if compute_expm:
        return whole[:k, :k], whole[:k, k:]
    return whole[:k, k:]


@states(linalg.expm)
def _exponential(asked: Asked) -> Type | None:
    a = matrix(asked)
    return None if a is None else Num(inexact(a.dtype), 2, a.shape)


@states(linalg.expm_frechet)
def _exponential_tangent(asked: Asked) -> Type | None:
    a, both = matrix(asked), asked.argument(4, "compute_expm")
    return Num(inexact(a.dtype), 2, a.shape) if a is not None and both == Num("bool", weak=True, value=False) else None


# ---------------------------------------------------------------------------------------- what NumPy has, too


@spelled(linalg.inv, points=call(_DEFINITE))
def inv(a: Any) -> Any:
    return np.linalg.inv(a)


@spelled(linalg.det, points=call(reals(3, 3)))
def det(a: Any) -> Any:
    return np.linalg.det(a)


@spelled(linalg.pinv, points=call(reals(4, 3)))
def pinv(a: Any) -> Any:
    return np.linalg.pinv(a)


@spelled(linalg.solve, points=call(_DEFINITE, reals(3)) + call(reals(3, 3, form="lower"), reals(3, 2)))
def solve(a: Any, b: Any) -> Any:
    return np.linalg.solve(a, b)


@spelled(linalg.svdvals, points=call(reals(4, 3)))
def svdvals(a: Any) -> Any:
    return np.linalg.svdvals(a)


@spelled(linalg.eigvalsh, points=call(reals(3, 3, form="symmetric")) + call(reals(3, 3, form="symmetric"), lower=False))
def eigvalsh(a: Any, b: Any = None, lower: Any = True) -> Any:
    if lower:
        return np.linalg.eigvalsh(a)
    return np.linalg.eigvalsh(a, UPLO="U")
