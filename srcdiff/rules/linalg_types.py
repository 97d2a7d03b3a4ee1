"""The types of what linear algebra returns, and the forms that its rules cover."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import runtime
from ..errors import UnsupportedCall
from ..ir.types import INT, Dim, Num, Static, Tup, Type, describe, wider
from .problem import TypeProblem
from .result_types import Asked, states


def matrix(asked: Asked, place: int = 0) -> Num | None:
    """The operand that has to be a matrix of floats or ints."""
    type_ = asked.args[place] if len(asked.args) > place else None
    if not isinstance(type_, Num):
        return None
    if type_.ndim != 2:
        raise TypeProblem(
            UnsupportedCall,
            f"`{_name(asked)}` of a {describe(type_)}",
            "its rule is for one matrix",
            "loop over the leading dimensions of a stack, and give a matrix two dimensions on all paths",
            asked.call.at,
        )
    return type_


def _name(asked: Asked) -> str:
    return f"{getattr(asked.function, '__name__', asked.function)}"


def inexact(dtype: str) -> str:
    """The dtype of what is computed from numbers of this one: whole numbers are taken as float64."""
    return dtype if dtype.startswith(("float", "complex")) else "float64"


def _like(a: Num, *shape: Dim) -> Num:
    return Num(inexact(a.dtype), len(shape), shape)


def _least(a: Num) -> Dim:
    """The smaller one of the two lengths of a matrix."""
    m, n = a.shape
    if m.same(n):
        return m
    if isinstance(m.token, int) and isinstance(n.token, int):
        return Dim.known(min(m.token, n.token))
    return Dim(None if m.token is None or n.token is None else ("least", m.token, n.token))


@states(np.linalg.inv, np.linalg.cholesky)
def _square(asked: Asked) -> Type | None:
    a = matrix(asked)
    return None if a is None else _like(a, *a.shape)


@states(np.linalg.matrix_power)
def _power(asked: Asked) -> Type | None:
    a, n = matrix(asked), asked.argument(1, "n")
    if a is None or not isinstance(n, Num):
        return None
    if not n.is_integral:
        raise TypeProblem(
            UnsupportedCall,
            f"`matrix_power` with a {describe(n)} as its exponent",
            "the exponent is a whole number",
            "give an int that is not in wrt",
            asked.call.at,
        )
    return _like(a, *a.shape)


@states(np.linalg.pinv)
def _pseudoinverse(asked: Asked) -> Type | None:
    a = matrix(asked)
    return None if a is None else _like(a, *reversed(a.shape))


@states(np.linalg.det)
def _determinant(asked: Asked) -> Type | None:
    a = matrix(asked)
    return None if a is None else Num(inexact(a.dtype))


@states(np.linalg.solve)
def _solution(asked: Asked) -> Type | None:
    a, b = matrix(asked), asked.argument(1, "b")
    if a is None or not isinstance(b, Num):
        return None
    if b.ndim not in (1, 2):
        raise TypeProblem(
            UnsupportedCall,
            f"`solve` with a {describe(b)} on the right",
            "its rule is for one matrix and a vector or a matrix on the right",
            "loop over the leading dimensions of a stack",
            asked.call.at,
        )
    return Num(inexact(wider(a.dtype, b.dtype)), b.ndim, (a.shape[1], *b.shape[1:]))


# -------------------------------------------------------------------------------------------------- several results


@states(np.linalg.lstsq)
def _least_squares(asked: Asked) -> Type | None:
    a, b = matrix(asked), asked.argument(1, "b")
    if a is None or not isinstance(b, Num):
        return None
    dtype = inexact(wider(a.dtype, b.dtype))
    shape = (a.shape[1], *b.shape[1:])
    return Tup((Num(dtype, len(shape), shape), Num(dtype, 1, (Dim(None),)), INT, Num(dtype, 1, (_least(a),))))


@states(np.linalg.slogdet)
def _log_determinant(asked: Asked) -> Type | None:
    a = matrix(asked)
    number = None if a is None else Num(inexact(a.dtype))
    return None if number is None else Tup((number, number))


@states(np.linalg.eigh)
def _eigen(asked: Asked) -> Type | None:
    a, triangle = matrix(asked), asked.argument(1, "UPLO")
    if triangle is not None and triangle not in (Static("L"), Static("U")):
        raise TypeProblem(
            UnsupportedCall,
            "the argument `UPLO=` of `eigh`",
            "which triangle is read decides the derivative",
            'give it as a literal, "L" or "U"',
            asked.call.at,
        )
    return None if a is None else Tup((_like(a, a.shape[0]), _like(a, *a.shape)))


@states(np.linalg.qr)
def _qr(asked: Asked) -> Type | None:
    a = matrix(asked)
    if a is None:
        return None
    return Tup((_like(a, a.shape[0], _least(a)), _like(a, _least(a), a.shape[1])))


@states(np.linalg.svd)
def _svd(asked: Asked) -> Type | None:
    a, full = matrix(asked), asked.argument(1, "full_matrices")
    if a is None:
        return None
    if not isinstance(full, Num) or full.value is not False:
        raise TypeProblem(
            UnsupportedCall,
            "`svd` with full matrices",
            "the vectors that complete a basis are arbitrary and have no derivative",
            "use np.linalg.svd(a, full_matrices=False)",
            asked.call.at,
        )
    return Tup((_like(a, a.shape[0], _least(a)), _like(a, _least(a)), _like(a, _least(a), a.shape[1])))


# ----------------------------------------------------------------------------------------------- srcdiff's helpers


@states(
    *(runtime.onto_lower, runtime.from_lower, runtime.lower_half),
    *(runtime.cofactors, runtime.cofactors_tangent, runtime.power_tangent),
)
def _as_first(asked: Asked) -> Type | None:
    a = asked.first
    return Num(a.dtype, a.ndim, a.shape) if isinstance(a, Num) else None


@states(runtime.inverse_gaps)
def _gaps(asked: Asked) -> Type | None:
    w = asked.first
    return Num(w.dtype, 2, (w.shape[0], w.shape[0])) if isinstance(w, Num) and w.shape else None


@states(runtime.left_vectors_adjoint)
def _factored(asked: Asked) -> Type | None:
    u, vh = asked.argument(1, "u"), asked.argument(3, "vh")
    if not isinstance(u, Num) or not isinstance(vh, Num) or not u.shape or not vh.shape:
        return None
    return Num(u.dtype, 2, (u.shape[0], vh.shape[-1]))


@states(runtime.left_vectors_tangent)
def _vectors(asked: Asked) -> Any:
    u = asked.argument(1, "u")
    return Num(u.dtype, u.ndim, u.shape) if isinstance(u, Num) else None
