"""Linear algebra with one result: inverses, systems of equations, determinants, powers, Cholesky's factor.

Source of the formulas, where none is given: Giles, Collected matrix derivative results for forward and reverse mode
algorithmic differentiation, 2008.

Of a matrix that has to be symmetric NumPy reads one triangle. The derivatives are those of what is computed: the
adjoint is zero in the other triangle, and an element outside the diagonal has the sum of both mirror images. For a
matrix that is symmetric by the way it is made (`X @ X.T`) this gives the same as a symmetric adjoint.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..runtime import (
    cofactors,
    cofactors_tangent,
    from_lower,
    inverse_gaps,
    lower_half,
    onto_lower,
    power_tangent,
    unbroadcast,
)
from .points import call, parts, reals
from .registry import linear, pullback, pushforward, spelled

_SQUARE = call(reals(3, 3, form="definite")) + call(reals(2, 2, form="lower")) + call(reals(1, 1, low=1.0))
_SQUARE += call(reals(2, 3, 3, form="definite"))

# ------------------------------------------------------------------------------------------- inverses and equations


@pullback(np.linalg.inv, points=_SQUARE)
def inv(y_bar: Any, y: Any, a: Any) -> Any:
    return -(y.mT @ y_bar @ y.mT)


@pushforward(np.linalg.inv)
def inv_tangent(y: Any, a: Any, *, a_dot: Any) -> Any:
    return -(y @ a_dot @ y)


@pullback(
    np.linalg.solve,
    points=call(reals(3, 3, form="definite"), reals(3))
    + call(reals(3, 3, form="lower"), reals(3, 2))
    + call(reals(3, 3, form="definite"), np.ones(3))
    + call(2.0 * np.eye(3), reals(3, 1))
    + call(reals(2, 3, 3, form="definite"), reals(2, 3, 2))
    + call(reals(2, 3, 3, form="definite"), reals(3))
    + call(reals(2, 3, 3, form="definite"), reals(3, 2))
    + call(reals(3, 3, form="definite"), reals(2, 3, 1))
    + call(reals(2, 1, 2, 2, form="lower"), reals(3, 2, 1)),
)
def solve(y_bar: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == 2 and b.ndim == 1:
        return -np.outer(np.linalg.solve(a.T, y_bar), y), np.linalg.solve(a.T, y_bar)
    if a.ndim == 2 and b.ndim == 2:
        return -np.linalg.solve(a.T, y_bar) @ y.T, np.linalg.solve(a.T, y_bar)
    if b.ndim == 1:
        return (
            -(np.linalg.solve(a.mT, np.expand_dims(y_bar, -1)) @ np.expand_dims(y, -2)),
            unbroadcast(np.squeeze(np.linalg.solve(a.mT, np.expand_dims(y_bar, -1)), -1), b),
        )
    return (
        -unbroadcast(np.linalg.solve(a.mT, y_bar) @ y.mT, a),
        unbroadcast(np.linalg.solve(a.mT, y_bar), b),
    )


@pushforward(np.linalg.solve)
def solve_tangent(y: Any, a: Any, b: Any, *, a_dot: Any = None, b_dot: Any = None) -> Any:
    if a_dot is None:
        return np.linalg.solve(a, b_dot)
    if a.ndim > 2 and b.ndim == 1:
        if b_dot is None:
            return -np.squeeze(np.linalg.solve(a, a_dot @ np.expand_dims(y, -1)), -1)
        return np.squeeze(np.linalg.solve(a, np.expand_dims(b_dot, -1) - a_dot @ np.expand_dims(y, -1)), -1)
    if b_dot is None:
        return -np.linalg.solve(a, a_dot @ y)
    return np.linalg.solve(a, b_dot - a_dot @ y)


@pullback(
    np.linalg.pinv,
    points=call(reals(4, 3))
    + call(reals(2, 3))
    + call(reals(3, 3, form="lower"))
    + call(reals(3, 2), rcond=1e-10)
    + call(reals(2, 3, 2)),
)
def pinv(y_bar: Any, y: Any, a: Any, rcond: Any = None) -> Any:
    """Where the rank of `a` is the same nearby. Source: Golub and Pereyra, The differentiation of pseudo-inverses and
    nonlinear least squares problems whose variables separate, 1973."""
    return (
        (y_bar.mT - a @ (y @ y_bar.mT)) @ (y @ y.mT)
        + (y.mT @ y) @ (y_bar.mT - (y_bar.mT @ y) @ a)
        - y.mT @ y_bar @ y.mT
    )  # fmt: skip


@pushforward(np.linalg.pinv)
def pinv_tangent(y: Any, a: Any, rcond: Any = None, *, a_dot: Any) -> Any:
    return (
        (y @ y.mT) @ (a_dot.mT - (a_dot.mT @ a) @ y)
        + (a_dot.mT - y @ (a @ a_dot.mT)) @ (y.mT @ y)
        - y @ a_dot @ y
    )  # fmt: skip


@pullback(
    np.linalg.lstsq,
    results=(0,),
    points=parts(
        call(reals(4, 3), reals(4))
        + call(reals(2, 3), reals(2, 2))
        + call(reals(2, 3), reals(2))
        + call(reals(4, 3), reals(4, 2), rcond=1e-10),
        0,
    ),
)
def lstsq(y_bar: Any, y: Any, a: Any, b: Any, rcond: Any = None) -> Any:
    """Of the solution, where the rank of `a` is the same nearby (from Golub and Pereyra, as above)."""
    if b.ndim == 1:
        return (
            np.outer(b - a @ y[0], np.linalg.pinv(a, rcond=rcond) @ (np.linalg.pinv(a, rcond=rcond).T @ y_bar[0]))
            + np.outer(
                np.linalg.pinv(a, rcond=rcond).T @ y[0],
                y_bar[0] - a.T @ (np.linalg.pinv(a, rcond=rcond).T @ y_bar[0]),
            )
            - np.outer(np.linalg.pinv(a, rcond=rcond).T @ y_bar[0], y[0])
        ), np.linalg.pinv(a, rcond=rcond).T @ y_bar[0]
    return (
        (b - a @ y[0]) @ (np.linalg.pinv(a, rcond=rcond) @ (np.linalg.pinv(a, rcond=rcond).T @ y_bar[0])).T
        + np.linalg.pinv(a, rcond=rcond).T @ y[0] @ (y_bar[0] - a.T @ (np.linalg.pinv(a, rcond=rcond).T @ y_bar[0])).T
        - np.linalg.pinv(a, rcond=rcond).T @ y_bar[0] @ y[0].T
    ), np.linalg.pinv(a, rcond=rcond).T @ y_bar[0]


@pushforward(np.linalg.lstsq)
def lstsq_tangent(y: Any, a: Any, b: Any, rcond: Any = None, *, a_dot: Any = None, b_dot: Any = None) -> Any:
    if a_dot is None:
        return np.linalg.pinv(a, rcond=rcond) @ b_dot, None, None, None
    return (
        (
            np.linalg.pinv(a, rcond=rcond) @ (-(a_dot @ y[0]) if b_dot is None else b_dot - a_dot @ y[0])
            + np.linalg.pinv(a, rcond=rcond) @ (np.linalg.pinv(a, rcond=rcond).T @ (a_dot.T @ (b - a @ y[0])))
            + a_dot.T @ (np.linalg.pinv(a, rcond=rcond).T @ y[0])
            - np.linalg.pinv(a, rcond=rcond) @ (a @ (a_dot.T @ (np.linalg.pinv(a, rcond=rcond).T @ y[0])))
        ),
        None,
        None,
        None,
    )


# ----------------------------------------------------------------------------------------------------- determinants


@pullback(np.linalg.det, points=_SQUARE + call(reals(3, 3)) + call(reals(4, 4)))
def det(y_bar: Any, y: Any, a: Any) -> Any:
    """The adjoint is right for a singular matrix, too."""
    if a.ndim > 2:
        return np.expand_dims(y_bar, (-2, -1)) * cofactors(a)
    return y_bar * cofactors(a)


@pushforward(np.linalg.det)
def det_tangent(y: Any, a: Any, *, a_dot: Any) -> Any:
    if a.ndim > 2:
        return np.sum(cofactors(a) * a_dot, axis=(-2, -1))
    return np.sum(cofactors(a) * a_dot)


@pullback(
    cofactors,
    points=call(reals(3, 3)) + call(reals(4, 4)) + call(reals(1, 1)),
    first_order="third derivatives of a determinant are not written",
)
def cofactors_again(y_bar: Any, y: Any, a: Any) -> Any:
    return cofactors_tangent(a, y_bar)


@pushforward(cofactors)
def cofactors_pushed(y: Any, a: Any, *, a_dot: Any) -> Any:
    return cofactors_tangent(a, a_dot)


# ----------------------------------------------------------------------------------------------------------- powers

_POWERS = (
    call(reals(2, 3, 3), 3)
    + call(reals(2, 3, 3), 2)
    + call(reals(3, 3), 0)
    + call(reals(3, 3), 1)
    + call(reals(3, 3), 2)
    + call(reals(3, 3), 5)
)


@pullback(np.linalg.matrix_power, points=_POWERS + call(reals(3, 3, form="definite"), -2))
def matrix_power(y_bar: Any, y: Any, a: Any, n: Any) -> Any:
    if n == 2:
        return y_bar @ a.mT + a.mT @ y_bar, None
    return power_tangent(a.mT, y_bar, n), None


@pushforward(np.linalg.matrix_power)
def matrix_power_tangent(y: Any, a: Any, n: Any, *, a_dot: Any) -> Any:
    if n == 2:
        return a_dot @ a + a @ a_dot
    return power_tangent(a, a_dot, n)


spelled(power_tangent, points=call(reals(2, 2), reals(2, 2), 3))(power_tangent)


@spelled(np.linalg.multi_dot, points=call([reals(3, 4), reals(4, 2), reals(2, 3)]) + call([reals(4, 3), reals(3)]))
def multi_dot(arrays: Any) -> Any:
    """From the right where that is a vector, else from the left: the result is the same up to rounding."""
    if arrays[-1].ndim == 1:
        right = arrays[-1]
        for x in arrays[-2::-1]:
            right = x @ right
        return right
    left = arrays[0]
    for x in arrays[1:]:
        left = left @ x
    return left


@spelled(np.linalg.tensorsolve, points=call(reals(4, 2, 2), reals(4)) + call(reals(2, 3, 6), reals(2, 3)))
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    n = b.size
    return np.reshape(np.linalg.solve(np.reshape(a, (n, n)), np.ravel(b)), a.shape[b.ndim :])


@spelled(np.linalg.tensorinv, points=call(reals(4, 2, 2), 1) + call(reals(2, 3, 6)))
def tensorinv(a: Any, ind: Any = 2) -> Any:
    n = math.isqrt(a.size)
    return np.reshape(np.linalg.inv(np.reshape(a, (n, n))), a.shape[ind:] + a.shape[:ind])


@spelled(np.linalg.tensordot, points=call(reals(2, 3), reals(3, 4), axes=1))
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    return np.tensordot(x1, x2, axes)


@spelled(np.linalg.matrix_transpose, points=call(reals(2, 3)) + call(reals(2, 2, 3)))
def matrix_transpose(x: Any) -> Any:
    return np.matrix_transpose(x)


@spelled(np.linalg.cross, points=call(reals(3), reals(3)) + call(reals(4, 3), reals(3)))
def cross(x1: Any, x2: Any) -> Any:
    return np.cross(x1, x2)


@spelled(np.linalg.vecdot, points=call(reals(3), reals(3)) + call(reals(2, 3), reals(3)))
def vecdot(x1: Any, x2: Any) -> Any:
    return np.sum(x1 * x2, axis=-1)


@spelled(np.linalg.diagonal, points=call(reals(3, 3)) + call(reals(2, 3, 4), offset=1))
def diagonal(x: Any, offset: Any = 0) -> Any:
    return np.diagonal(x, offset, -2, -1)


@spelled(np.linalg.trace, points=call(reals(3, 3)) + call(reals(2, 3, 4), offset=-1))
def trace(x: Any, offset: Any = 0) -> Any:
    return np.trace(x, offset, -2, -1)


@spelled(np.linalg.matmul, points=call(reals(3, 4), reals(4, 2)) + call(reals(3, 4), reals(4)))
def matmul(x1: Any, x2: Any) -> Any:
    return x1 @ x2


@spelled(np.linalg.outer, points=call(reals(3), reals(4)))
def outer(x1: Any, x2: Any) -> Any:
    return np.outer(x1, x2)


# --------------------------------------------------------------------------------------------------------- Cholesky


@pullback(np.linalg.cholesky, points=_SQUARE[:1] + _SQUARE[2:])
def cholesky(y_bar: Any, y: Any, a: Any) -> Any:
    """Source: Murray, Differentiation of the Cholesky decomposition, 2016 (arXiv:1602.07527), section 3.1."""
    return onto_lower(np.linalg.solve(y.mT, np.linalg.solve(y.mT, lower_half(y.mT @ y_bar)).mT))


@pushforward(np.linalg.cholesky)
def cholesky_tangent(y: Any, a: Any, *, a_dot: Any) -> Any:
    return y @ lower_half(np.linalg.solve(y, np.linalg.solve(y, from_lower(a_dot)).mT))


@spelled(
    np.linalg.cholesky,
    given=("upper",),
    points=call(reals(3, 3, form="definite"), upper=True) + call(reals(2, 3, 3, form="definite"), upper=False),
)
def cholesky_form(a: Any, upper: Any = False) -> Any:
    """The upper factor is found from the upper triangle."""
    if upper:
        return np.linalg.cholesky(a.mT).mT
    return np.linalg.cholesky(a)


@linear(onto_lower, points=call(reals(3, 3)))
def onto_lower_transposed(y_bar: Any, y: Any, g: Any) -> Any:
    return from_lower(y_bar)


@linear(from_lower, points=call(reals(3, 3)))
def from_lower_transposed(y_bar: Any, y: Any, a: Any) -> Any:
    return onto_lower(y_bar)


@linear(lower_half, points=call(reals(3, 3)))
def lower_half_transposed(y_bar: Any, y: Any, a: Any) -> Any:
    return lower_half(y_bar)


@pullback(inverse_gaps, points=call(reals(4, form="sorted")) + call(reals(2, 3, form="sorted")))
def inverse_gaps_pullback(y_bar: Any, y: Any, w: Any) -> Any:
    return np.sum(y_bar * y * y, axis=-1) - np.sum(y_bar * y * y, axis=-2)


@pushforward(inverse_gaps)
def inverse_gaps_tangent(y: Any, w: Any, *, w_dot: Any) -> Any:
    return y * y * (np.expand_dims(w_dot, -1) - np.expand_dims(w_dot, -2))
