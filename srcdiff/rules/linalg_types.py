"""The types of what linear algebra returns, and the forms that its rules cover."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from .. import runtime
from ..errors import UnsupportedCall
from ..ir.types import INT, Dim, Form, Num, Static, Tup, Type, broadcast, describe, wider
from .problem import TypeProblem
from .result_types import Asked, states


def matrix(asked: Asked, place: int = 0) -> Num | None:
    """The operand that has to be a matrix, or a stack of matrices, of floats or ints."""
    type_ = asked.args[place] if len(asked.args) > place else None
    if not isinstance(type_, Num):
        return None
    if type_.ndim is None or type_.ndim < 2:
        raise TypeProblem(
            UnsupportedCall,
            f"`{_name(asked)}` of a {describe(type_)}",
            "its rule is for a matrix or a stack of matrices",
            "give it the same number of dimensions, at least two, on all paths",
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
    m, n = a.shape[-2:]
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
    inverted = type(n.value) is int and n.value < 0
    return _like(a, *a.shape) if inverted else Num(a.dtype, a.ndim, a.shape)


@states(np.linalg.pinv)
def _pseudoinverse(asked: Asked) -> Type | None:
    a = matrix(asked)
    return None if a is None else _like(a, *a.shape[:-2], a.shape[-1], a.shape[-2])


@states(np.linalg.det)
def _determinant(asked: Asked) -> Type | None:
    a = matrix(asked)
    return None if a is None else _like(a, *a.shape[:-2])


@states(np.linalg.solve)
def _solution(asked: Asked) -> Type | None:
    a, b = matrix(asked), asked.argument(1, "b")
    if a is None or not isinstance(b, Num):
        return None
    if not b.ndim:
        raise TypeProblem(
            UnsupportedCall,
            f"`solve` with a {describe(b)} on the right",
            "its rule is for a vector, a matrix or a stack of matrices on the right",
            "give it the same number of dimensions on all paths",
            asked.call.at,
        )
    dtype = inexact(wider(a.dtype, b.dtype))
    if b.ndim == 1:
        return Num(dtype, a.ndim - 1 if a.ndim else None, a.shape[:-1])
    shape = (*broadcast([a.shape[:-2], b.shape[:-2]]), a.shape[-1], b.shape[-1])
    return Num(dtype, len(shape), shape)


# -------------------------------------------------------------------------------------------------- several results


@functools.cache
def _named(function: Any) -> Form:
    """The named tuple that a function returns."""
    cls = type(function(np.eye(1)))
    return Form("named", cls, cls._fields)


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
    number = None if a is None else _like(a, *a.shape[:-2])
    return None if number is None else Tup((number, number), _named(np.linalg.slogdet))


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
    return None if a is None else Tup((_like(a, *a.shape[:-1]), _like(a, *a.shape)), _named(np.linalg.eigh))


@states(runtime.real_eig)
def _real_eigen(asked: Asked) -> Type | None:
    a = matrix(asked)
    return None if a is None else Tup((_like(a, *a.shape[:-1]), _like(a, *a.shape)), _named(np.linalg.eig))


@states(np.linalg.qr)
def _qr(asked: Asked) -> Type | None:
    a = matrix(asked)
    if a is None:
        return None
    *front, m, n = a.shape
    return Tup((_like(a, *front, m, _least(a)), _like(a, *front, _least(a), n)), _named(np.linalg.qr))


@states(np.linalg.svd)
def _svd(asked: Asked) -> Type | None:
    a, full = matrix(asked), asked.argument(1, "full_matrices")
    if a is None:
        return None
    *front, m, n = a.shape
    if full is None or (isinstance(full, Num) and full.value is True):
        return Tup((_like(a, *front, m, m), _like(a, *front, _least(a)), _like(a, *front, n, n)), _named(np.linalg.svd))
    if not isinstance(full, Num) or full.value is not False:
        raise TypeProblem(
            UnsupportedCall,
            "`full_matrices` of `svd`, which is known only when the program runs",
            "it decides the shape of the results",
            "write it as a literal",
            asked.call.at,
        )
    k = _least(a)
    return Tup((_like(a, *front, m, k), _like(a, *front, k), _like(a, *front, k, n)), _named(np.linalg.svd))


# ----------------------------------------------------------------------------------------------- srcdiff's helpers


@states(
    *(runtime.onto_lower, runtime.from_lower, runtime.lower_half),
    *(runtime.cofactors, runtime.cofactors_tangent, runtime.power_tangent, runtime.eigenvectors_adjoint),
)
def _as_first(asked: Asked) -> Type | None:
    a = asked.first
    return Num(a.dtype, a.ndim, a.shape) if isinstance(a, Num) else None


@states(runtime.inverse_gaps)
def _gaps(asked: Asked) -> Type | None:
    w = asked.first
    return Num(w.dtype, len(w.shape) + 1, (*w.shape, w.shape[-1])) if isinstance(w, Num) and w.shape else None


@states(runtime.left_vectors_adjoint, runtime.full_left_adjoint)
def _factored(asked: Asked) -> Type | None:
    u, vh = asked.argument(1, "u"), asked.argument(3, "vh")
    return _from_factors(u, vh)


@states(runtime.full_values_adjoint)
def _factored_values(asked: Asked) -> Type | None:
    return _from_factors(asked.argument(1, "u"), asked.argument(2, "vh"))


def _from_factors(u: Type | None, vh: Type | None) -> Type | None:
    if not isinstance(u, Num) or not isinstance(vh, Num) or not u.shape or not vh.shape:
        return None
    return Num(u.dtype, u.ndim, (*u.shape[:-1], vh.shape[-1]))


@states(runtime.left_vectors_tangent, runtime.full_left_tangent)
def _vectors(asked: Asked) -> Type | None:
    u = asked.argument(1, "u")
    return Num(u.dtype, u.ndim, u.shape) if isinstance(u, Num) else None


@states(runtime.full_values_tangent, runtime.eigenvectors_tangent)
def _like_third(asked: Asked) -> Type | None:
    third = asked.args[2]
    return Num(third.dtype, third.ndim, third.shape) if isinstance(third, Num) else None
