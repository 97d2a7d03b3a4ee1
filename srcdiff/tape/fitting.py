"""Adjoints of the shape of their operand, and what rules ask of numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .kernels import sum_rows


class Like:
    """Stands for an operand of which a rule reads no more than the shape."""

    __slots__ = ("dtype", "ndim", "shape", "size")

    def __init__(self, x: Any) -> None:
        array = x if hasattr(x, "shape") else np.asarray(x)
        self.shape, self.ndim, self.dtype, self.size = array.shape, array.ndim, array.dtype, int(array.size)


def fit(g: Any, shape: tuple[int, ...]) -> Any:
    """The adjoint of an operand of this shape: what a rule returned is expanded, or summed."""
    if g is None or (type(g) is np.ndarray and g.shape == shape):
        return g
    if not shape:
        return g if type(g) is float else float(g) if np.ndim(g) == 0 else float(np.sum(g))
    if np.ndim(g) == 0:
        return expanded(g, shape)
    return _reduced(np.asarray(g), shape)


def expanded(g: Any, shape: tuple[int, ...]) -> Any:
    """A number as an array of this shape, not to be written to: a large one is the number seen many times."""
    size = math.prod(shape)
    if size <= 4096:
        result = np.empty(shape, getattr(g, "dtype", np.float64))
        result.fill(g)
        return result
    return np.ndarray(shape, getattr(g, "dtype", np.float64), np.array(g), 0, (0,) * len(shape))


def _reduced(g: Any, shape: tuple[int, ...]) -> Any:
    if g.ndim < len(shape) or any(a < b for a, b in zip(g.shape[::-1], shape[::-1], strict=False)):
        return np.broadcast_to(g, np.broadcast_shapes(g.shape, shape)) if g.ndim <= len(shape) else g
    lead = g.ndim - len(shape)
    if lead:
        g = sum_rows(g) if lead == 1 else g.sum(axis=tuple(range(lead)))
    if g.shape != shape:
        axes = tuple(k for k, n in enumerate(shape) if n == 1 and g.shape[k] != 1)
        g = g.sum(axis=axes, keepdims=True)
    return g


def number(x: Any) -> Any:
    """An operand as rules ask it for its rank: a Python number as NumPy's."""
    return np.float64(x) if type(x) is float else x


def sign(x: float) -> float:
    """The sign of a number, that of zero and NaN being itself."""
    return 1.0 if x > 0 else -1.0 if x < 0 else x


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of an array or number."""
    return x.shape if type(x) is np.ndarray else np.shape(x)
