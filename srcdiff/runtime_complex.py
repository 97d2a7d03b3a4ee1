"""What generated code calls of complex numbers and spectra; part of `srcdiff.runtime`."""

from __future__ import annotations

from typing import Any

import numpy as np


def unit(z: Any) -> Any:
    """`z / |z|`, and 0 where `z` is 0: the direction in which the absolute value of a complex number grows.

    >>> complex(unit(3.0 + 4.0j)), complex(unit(0j))
    ((0.6+0.8j), 0j)
    """
    size = np.abs(z)
    if isinstance(z, np.ndarray):
        return z / np.where(size == 0.0, z.real.dtype.type(1), size)
    return z / size if size != 0.0 else z


def halved(g: Any, n: int, axis: int = -1) -> Any:
    """The one-sided spectrum `g` of `n` real numbers with those bins halved that stand for two conjugate ones: all but
    the first, and the last of an even `n`.

    >>> halved(np.ones(3), 4), halved(np.ones(3), 5)
    (array([1. , 0.5, 1. ]), array([1. , 0.5, 0.5]))
    """
    return _pairs_scaled(g, n, axis, 0.5)


def doubled(g: Any, n: int, axis: int = -1) -> Any:
    """The one-sided spectrum `g` of `n` real numbers with those bins doubled that stand for two conjugate ones.

    >>> doubled(np.ones(3), 4), doubled(np.ones(3), 5)
    (array([1., 2., 1.]), array([1., 2., 2.]))
    """
    return _pairs_scaled(g, n, axis, 2.0)


def _pairs_scaled(g: Any, n: int, axis: int, factor: float) -> Any:
    result = g.copy()
    index = [slice(None)] * g.ndim
    index[axis] = slice(1, (n + 1) // 2)
    result[tuple(index)] *= factor
    return result


def resized(g: Any, x: Any) -> Any:
    """The first elements of `g` along each axis, with zeros beyond them, in the shape of `x`: the transpose of what a
    Fourier transform of a given length does to its operand.

    >>> resized(np.ones(4), np.zeros(2)), resized(np.ones(1), np.zeros(2))
    (array([1., 1.]), array([1., 0.]))
    """
    if g.shape == x.shape:
        return g
    result = np.zeros(x.shape, g.dtype)
    common = tuple(slice(min(m, n)) for m, n in zip(g.shape, x.shape, strict=True))
    result[common] = g[common]
    return result
