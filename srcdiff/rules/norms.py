"""Norms of vectors and matrices. At the origin, where a norm has a kink, the derivative is 0 by convention; a largest
or smallest element that occurs several times passes the derivative on to the first."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..runtime import power_exponent, ratio, root, square_root
from .complex_operands import holds_complex
from .points import call, over, reals
from .refusals import is_written_out, refused
from .registry import partials, pullback, pushforward, spelled

_ALL = call(reals(4)) + call(reals(3, 4)) + call(reals(3, 4), axis=0) + call(reals(3, 4), axis=-1, keepdims=True)
_ALL += call(reals(2, 3, 4), axis=(0, 2)) + call(reals(3, 4), keepdims=True)
_ORDERS = call(reals(4), 1) + call(reals(4), 2) + call(reals(4), np.inf) + call(reals(4), -np.inf) + call(reals(4), 3)
_ORDERS += call(reals(4), 0) + call(reals(3, 4), 2.5, axis=0) + call(reals(3, 4), 1, axis=-1, keepdims=True)
_ORDERS += call(reals(3, 4), np.inf, axis=0) + call(reals(3, 4), "fro") + call(reals(2, 3, 4), "fro", axis=(1, 2))
_ORDERS += call(reals(3, 4), 1) + call(reals(3, 4), -1) + call(reals(3, 4), np.inf) + call(reals(3, 4), -np.inf)


@pullback(np.linalg.norm, points=_ALL)
def euclidean(y_bar: Any, y: Any, x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    if axis is None or keepdims:
        return ratio(y_bar, y) * x
    return np.expand_dims(ratio(y_bar, y), axis) * x


@pushforward(np.linalg.norm)
def euclidean_tangent(y: Any, x: Any, axis: Any = None, keepdims: Any = False, *, x_dot: Any) -> Any:
    if axis is None and not keepdims:
        return ratio(np.sum(np.real(np.conj(x) * x_dot)), y)
    if keepdims:
        return ratio(np.sum(np.real(np.conj(x) * x_dot), axis=axis, keepdims=True), y)
    return ratio(np.sum(np.real(np.conj(x) * x_dot), axis=axis), y)


_OF_MATRICES = call(reals(3, 4), 1, None, True)
for _order in (1, -1, np.inf, -np.inf):
    _OF_MATRICES += call(reals(2, 3, 4), _order, axis=(1, 2)) + call(reals(2, 3, 4), _order, (-1, 0), keepdims=True)


@spelled(np.linalg.norm, points=_ALL + _ORDERS + _OF_MATRICES)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:  # noqa: A002
    if ord is None:
        return np.linalg.norm(x, axis=axis, keepdims=keepdims)
    if not is_written_out(ord):
        return refused("an order of `np.linalg.norm` that is a variable", "write the order as a literal")
    if ord == "fro" and (isinstance(axis, tuple) or (axis is None and x.ndim == 2)):
        return np.linalg.norm(x, axis=axis, keepdims=keepdims)
    if isinstance(axis, tuple):
        return norm_of_matrices(x, ord, axis, keepdims)
    if axis is None and x.ndim == 2:
        return norm_of_matrices(x, ord, (0, 1), keepdims)
    if x.ndim == 0 or (axis is None and x.ndim > 2):
        return refused("`np.linalg.norm` of this order and rank", "give an axis, or use np.ravel(x)")
    if ord == 2:
        return np.linalg.norm(x, axis=axis, keepdims=keepdims)
    if ord == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == np.inf:
        return np.max(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == -np.inf:
        return np.min(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == 0 and holds_complex(x):
        return np.sum(np.where(x == 0, 0.0, 1.0), axis=axis, keepdims=keepdims)
    if ord == 0:
        return np.sum(np.where(x == 0, 0.0, np.ones_like(x)), axis=axis, keepdims=keepdims)
    return root(np.sum(np.abs(x) ** ord, axis=axis, keepdims=keepdims), ord)


def norm_of_matrices(x: Any, ord: Any, axis: Any, keepdims: Any) -> Any:  # noqa: A002
    """Of the matrices that lie along two axes: the orders that are sums over columns or rows, and those of singular
    values."""
    if ord == 1:
        return np.max(np.sum(np.abs(x), axis=axis[0], keepdims=True), axis=axis, keepdims=keepdims)
    if ord == -1:
        return np.min(np.sum(np.abs(x), axis=axis[0], keepdims=True), axis=axis, keepdims=keepdims)
    if ord == np.inf:
        return np.max(np.sum(np.abs(x), axis=axis[1], keepdims=True), axis=axis, keepdims=keepdims)
    if ord == -np.inf:
        return np.min(np.sum(np.abs(x), axis=axis[1], keepdims=True), axis=axis, keepdims=keepdims)
    s = np.linalg.svdvals(x if x.ndim == 2 else np.moveaxis(x, axis, (-2, -1)))
    if ord == 2:
        size = s[..., 0]
    elif ord == -2:
        size = s[..., -1]
    elif ord == "nuc":
        size = np.sum(s, axis=-1)
    else:
        return refused("this order of `np.linalg.norm` of a matrix", "write it with np.linalg.svdvals(x)")
    return np.expand_dims(size, axis) if keepdims else size


@spelled(
    np.linalg.matrix_norm, points=call(reals(3, 4)) + call(reals(2, 3, 4), ord=2) + call(reals(2, 3, 4), keepdims=True)
)
def matrix_norm(x: Any, keepdims: Any = False, ord: Any = "fro") -> Any:  # noqa: A002
    if ord == "fro":
        return np.linalg.norm(x, axis=(-2, -1), keepdims=keepdims)
    return norm_of_matrices(x, ord, (-2, -1), keepdims)


@spelled(
    np.linalg.vector_norm,
    points=call(reals(3, 4)) + call(reals(2, 3, 4), axis=1, ord=1) + call(reals(2, 3, 4), axis=(0, 1), keepdims=True),
)
def vector_norm(x: Any, axis: Any = None, keepdims: Any = False, ord: Any = 2) -> Any:  # noqa: A002
    if ord == 2:
        return np.linalg.norm(x, axis=axis, keepdims=keepdims)
    if ord == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == np.inf:
        return np.max(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == -np.inf:
        return np.min(np.abs(x), axis=axis, keepdims=keepdims)
    return refused("this order of `np.linalg.vector_norm`", "use np.linalg.norm along one axis")


@partials(ratio, points=over((-2, 2), (0.5, 2)))
def ratio_again(y: Any, a: Any, b: Any) -> Any:
    return ratio(1.0, b), -ratio(y, b)


@partials(square_root, points=over((0.3, 2)))
def square_root_again(y: Any, x: Any) -> Any:
    return ratio(0.5, y)


@partials(root, points=over((0.3, 2), (1.5, 3)))
def root_again(y: Any, x: Any, n: Any) -> Any:
    return ratio(y, n * x), -power_exponent(x, 1.0 / n) / (n * n)
