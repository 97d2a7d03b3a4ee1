"""Products of arrays other than the plain ones: contractions, outer products, convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..runtime import in_full, part_of_full, tensordot_left, tensordot_right, unbroadcast
from .complex_operands import holds_complex
from .points import call, reals
from .registry import bilinear, decided, linear, spelled
from .subscripts import missing, transposed

# ------------------------------------------------------------------------------------------------------- contractions

_TENSORS = call(reals(2, 3), reals(3, 4), 1) + call(reals(2, 3), reals(2, 3)) + call(reals(2, 3), reals(4), axes=0)
_TENSORS += call(reals(2, 3, 2), reals(3, 2, 4), axes=((1, 0), (0, 1))) + call(reals(2, 3, 2), reals(2, 4, 3), (1, 2))
_TENSORS += call(reals(2, 3), reals(3), (-1, 0))


@bilinear(np.tensordot, points=_TENSORS)
def tensordot(y_bar: Any, y: Any, a: Any, b: Any, axes: Any = 2) -> Any:
    return tensordot_left(y_bar, b, a, axes), tensordot_right(y_bar, a, b, axes)


@bilinear(tensordot_left, points=call(reals(2, 4), reals(3, 4), np.zeros((2, 3)), 1))
def tensordot_left_again(y_bar: Any, y: Any, g: Any, b: Any, a: Any, axes: Any = 2) -> Any:
    return np.tensordot(y_bar, b, axes), tensordot_right(g, y_bar, b, axes), None


@bilinear(tensordot_right, points=call(reals(2, 4), reals(2, 3), np.zeros((3, 4)), 1))
def tensordot_right_again(y_bar: Any, y: Any, g: Any, a: Any, b: Any, axes: Any = 2) -> Any:
    return np.tensordot(a, y_bar, axes), tensordot_left(g, y_bar, a, axes), None


@spelled(
    np.inner,
    points=call(reals(3), reals(3))
    + call(reals(2, 3), reals(3))
    + call(reals(3), reals(2, 3))
    + call(reals(2, 3), reals(4, 3))
    + call(reals(2, 2, 3), reals(4, 3)),
)
def inner(a: Any, b: Any) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    if b.ndim == 1:
        return a @ b
    if a.ndim == 1:
        return b @ a
    if a.ndim == 2 and b.ndim == 2:
        return a @ b.T
    return np.tensordot(a, b, (-1, -1))


@spelled(np.vdot, points=call(reals(3), reals(3)) + call(reals(2, 3), reals(2, 3)))
def vdot(a: Any, b: Any) -> Any:
    if holds_complex(a):
        return np.ravel(np.conj(a)) @ np.ravel(b)
    if a.ndim == 1 and b.ndim == 1:
        return a @ b
    return np.ravel(a) @ np.ravel(b)


_SUBSCRIPTS = call("ij,jk->ik", reals(2, 3), reals(3, 4)) + call("ij->", reals(2, 3)) + call("ij->i", reals(2, 3))
_SUBSCRIPTS += call("ij->ji", reals(2, 3)) + call("i,j", reals(2), reals(3)) + call("ba", reals(2, 3))
_SUBSCRIPTS += call("i,ij,j", reals(2), reals(2, 3), reals(3)) + call("bij,bjk->bik", reals(2, 2, 3), reals(2, 3, 2))
_SUBSCRIPTS += call("ij,ij->j", reals(2, 3), reals(1, 3)) + call("ij,k->k", reals(2, 3), reals(2))
_SUBSCRIPTS += call("ai,bi,ci,i->abc", reals(2, 3), reals(2, 3), reals(2, 3), reals(3))
_SUBSCRIPTS += call("ij,jk,kl->il", reals(2, 3), reals(3, 4), reals(4, 2), optimize=True)
_SUBSCRIPTS += call("i,i,i,i,i->i", reals(2), reals(2), reals(2), reals(2), reals(2))


@bilinear(np.einsum, of=("a", "b", "c", "d", "e"), points=_SUBSCRIPTS)
def einsum(
    y_bar: Any,
    y: Any,
    s: Any,
    a: Any,
    b: Any = None,
    c: Any = None,
    d: Any = None,
    e: Any = None,
    optimize: Any = False,
) -> Any:
    if b is None:
        return None, np.expand_dims(np.einsum(transposed(s, 0), y_bar), missing(s, 0))
    if c is None:
        return (
            None,
            unbroadcast(np.expand_dims(np.einsum(transposed(s, 0), y_bar, b), missing(s, 0)), a),
            unbroadcast(np.expand_dims(np.einsum(transposed(s, 1), y_bar, a), missing(s, 1)), b),
        )
    if d is None:
        return (
            None,
            unbroadcast(np.expand_dims(np.einsum(transposed(s, 0), y_bar, b, c), missing(s, 0)), a),
            unbroadcast(np.expand_dims(np.einsum(transposed(s, 1), y_bar, a, c), missing(s, 1)), b),
            unbroadcast(np.expand_dims(np.einsum(transposed(s, 2), y_bar, a, b), missing(s, 2)), c),
        )
    if e is None:
        return (
            None,
            unbroadcast(np.expand_dims(np.einsum(transposed(s, 0), y_bar, b, c, d), missing(s, 0)), a),
            unbroadcast(np.expand_dims(np.einsum(transposed(s, 1), y_bar, a, c, d), missing(s, 1)), b),
            unbroadcast(np.expand_dims(np.einsum(transposed(s, 2), y_bar, a, b, d), missing(s, 2)), c),
            unbroadcast(np.expand_dims(np.einsum(transposed(s, 3), y_bar, a, b, c), missing(s, 3)), d),
        )
    return (
        None,
        unbroadcast(np.expand_dims(np.einsum(transposed(s, 0), y_bar, b, c, d, e), missing(s, 0)), a),
        unbroadcast(np.expand_dims(np.einsum(transposed(s, 1), y_bar, a, c, d, e), missing(s, 1)), b),
        unbroadcast(np.expand_dims(np.einsum(transposed(s, 2), y_bar, a, b, d, e), missing(s, 2)), c),
        unbroadcast(np.expand_dims(np.einsum(transposed(s, 3), y_bar, a, b, c, e), missing(s, 3)), d),
        unbroadcast(np.expand_dims(np.einsum(transposed(s, 4), y_bar, a, b, c, d), missing(s, 4)), e),
    )


decided(transposed, missing)


# ----------------------------------------------------------------------------------------------------- outer products


@bilinear(np.kron, points=call(reals(2), reals(3)) + call(reals(2, 3), reals(3, 2)))
def kron(y_bar: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == 1:
        return np.reshape(y_bar, (a.shape[0], b.shape[0])) @ b, a @ np.reshape(y_bar, (a.shape[0], b.shape[0]))
    return (
        np.einsum("ikjl,kl->ij", np.reshape(y_bar, (a.shape[0], b.shape[0], a.shape[1], b.shape[1])), b),
        np.einsum("ikjl,ij->kl", np.reshape(y_bar, (a.shape[0], b.shape[0], a.shape[1], b.shape[1])), a),
    )


@bilinear(np.cross, points=call(reals(3), reals(3)) + call(reals(4, 3), reals(3)) + call(reals(4, 3), reals(4, 3)))
def cross(y_bar: Any, y: Any, a: Any, b: Any) -> Any:
    return unbroadcast(np.cross(b, y_bar), a), unbroadcast(np.cross(y_bar, a), b)


# ------------------------------------------------------------------------------------------------------- convolutions

_LINES = call(reals(5), reals(3)) + call(reals(3), reals(5)) + call(reals(4), reals(2), "same")
_LINES += call(reals(2), reals(5), mode="same") + call(reals(5), reals(3), "valid") + call(reals(2), reals(4), "valid")
_LINES += call(reals(3), reals(5), "same") + call(reals(4), reals(3), mode="full")


@bilinear(np.convolve, points=_LINES)
def convolve(y_bar: Any, y: Any, a: Any, v: Any, mode: Any = "full") -> Any:
    if mode == "full":
        return np.correlate(y_bar, v, "valid"), np.correlate(y_bar, a, "valid")
    return (
        np.correlate(in_full(y_bar, a, v, mode), v, "valid"),
        np.correlate(in_full(y_bar, a, v, mode), a, "valid"),
    )


@bilinear(np.correlate, points=_LINES)
def correlate(y_bar: Any, y: Any, a: Any, v: Any, mode: Any = "valid") -> Any:
    if mode == "full":
        return np.convolve(y_bar, v, "valid"), np.conj(np.correlate(y_bar, a, "valid"))[::-1]
    if mode == "same":
        return (
            np.convolve(in_full(y_bar, a, v, "mirrored"), v, "valid"),
            np.conj(np.correlate(in_full(y_bar, a, v, "mirrored"), a, "valid"))[::-1],
        )
    return (
        np.convolve(in_full(y_bar, a, v, mode), v, "valid"),
        np.conj(np.correlate(in_full(y_bar, a, v, mode), a, "valid"))[::-1],
    )


@linear(in_full, points=call(reals(4), np.ones(4), np.ones(2), "same"))
def in_full_transpose(y_bar: Any, y: Any, g: Any, a: Any, v: Any, mode: Any) -> Any:
    return part_of_full(y_bar, a, v, mode), None, None


@linear(part_of_full, points=call(reals(5), np.ones(4), np.ones(2), "same"))
def part_of_full_transpose(y_bar: Any, y: Any, g: Any, a: Any, v: Any, mode: Any) -> Any:
    return in_full(y_bar, a, v, mode), None, None
