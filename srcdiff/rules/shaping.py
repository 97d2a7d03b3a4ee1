"""The same elements in another shape or order: axes moved, arrays turned, repeated, cut and padded; diagonals.

In memory: a transposed, squeezed or flipped array is a view of its operand, a rolled, repeated or padded one is new.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..runtime import on_diagonal
from .points import call, reals
from .registry import constant, linear, pullback, pushforward, views, written

# ------------------------------------------------------------------------------------------------------------- axes


@linear(
    np.transpose,
    np.ndarray.transpose,
    points=call(reals(3, 4))
    + call(reals(3))
    + call(reals(2, 3, 4))
    + call(reals(2, 3), (0, 1))
    + call(reals(2, 3, 4), (2, 0, 1))
    + call(reals(2, 3, 4), (1, -1, 0)),
)
def transpose(y_bar: Any, y: Any, x: Any, axes: Any = None) -> Any:
    if axes is None:
        return y_bar.T
    return np.transpose(y_bar, inverse(axes))


@written
def inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    """The order of axes that takes a transposed array back."""
    return tuple(sorted(range(len(axes)), key=lambda k: axes[k] % len(axes)))


@linear(
    np.swapaxes,
    np.ndarray.swapaxes,
    points=call(reals(3, 4), 0, 1) + call(reals(2, 3, 4), 0, -1) + call(reals(2, 3, 4), 1, 1),
)
def swapaxes(y_bar: Any, y: Any, x: Any, axis1: Any, axis2: Any) -> Any:
    return np.swapaxes(y_bar, axis1, axis2)


@linear(np.matrix_transpose, np.ndarray.mT, points=call(reals(3, 4)) + call(reals(2, 3, 4)))
def matrix_transpose(y_bar: Any, y: Any, x: Any) -> Any:
    return np.swapaxes(y_bar, -1, -2)


@linear(np.moveaxis, points=call(reals(2, 3, 4), 0, -1) + call(reals(2, 3, 4), (0, 1), (-1, 0)))
def moveaxis(y_bar: Any, y: Any, x: Any, source: Any, destination: Any) -> Any:
    return np.moveaxis(y_bar, destination, source)


@linear(
    np.squeeze,
    np.ndarray.squeeze,
    points=call(reals(3, 1))
    + call(reals(1, 3, 1), axis=0)
    + call(reals(1, 3, 1), axis=-1)
    + call(reals(1, 3, 1), axis=(0, 2)),
)
def squeeze(y_bar: Any, y: Any, x: Any, axis: Any = None) -> Any:
    return np.reshape(y_bar, x.shape)


views(np.swapaxes, np.ndarray.swapaxes, np.matrix_transpose, np.ndarray.mT, np.moveaxis, np.squeeze, np.ndarray.squeeze)


# -------------------------------------------------------------------------------------------------- more elements


@linear(
    np.repeat,
    np.ndarray.repeat,
    points=call(reals(3), 2)
    + call(reals(2, 3), 2)
    + call(reals(2, 3), 3, axis=0)
    + call(reals(2, 3), 2, axis=-1)
    + call(reals(2, 3, 2), 2, 1),
)
def repeat(y_bar: Any, y: Any, x: Any, repeats: Any, axis: Any = None) -> Any:
    if x.ndim == 0:
        return np.sum(y_bar)
    if axis is None:
        return np.sum(np.reshape(y_bar, with_length(x.shape, x.ndim, repeats)), axis=-1)
    return np.sum(np.reshape(y_bar, with_length(x.shape, after(axis, x.ndim), repeats)), axis=after(axis, x.ndim))


@written
def with_length(shape: tuple[Any, ...], place: int, length: Any) -> tuple[Any, ...]:
    """A shape with one more axis."""
    return (*shape[:place], length, *shape[place:])


@written
def after(axis: int, dimensions: int) -> int:
    """The place behind an axis."""
    return axis % dimensions + 1


@linear(
    np.tile,
    points=call(reals(3), 2)
    + call(reals(2, 3), 2)
    + call(reals(2, 3), (2, 3))
    + call(reals(2, 3), (2, 1))
    + call(reals(3), (2, 3))
    + call(reals(3), (2, 1))
    + call(reals(), 3)
    + call(reals(2, 3), 1)
    + call(reals(2, 3), (3, 1, 2)),
)
def tile(y_bar: Any, y: Any, x: Any, reps: Any) -> Any:
    if x.ndim == 0:
        return np.sum(y_bar)
    return np.sum(np.reshape(y_bar, tiled(x.shape, reps)), axis=tile_axes(x.shape, reps))


@written
def tiled(shape: tuple[Any, ...], reps: Any) -> tuple[Any, ...]:
    """The shape of a tiled array in which each length stands behind the number of its repetitions."""
    return tuple(n for n, _ in _repetitions(shape, reps))


@written
def tile_axes(shape: tuple[Any, ...], reps: Any) -> Any:
    """The axes of that shape that count repetitions."""
    axes = tuple(k for k, (_, counts) in enumerate(_repetitions(shape, reps)) if counts)
    return axes if len(axes) != 1 else axes[0]


def _repetitions(shape: tuple[Any, ...], reps: Any) -> list[tuple[Any, bool]]:
    """Counts and lengths in turn, and which of them are counts; what is there once is not counted."""
    counts: tuple[Any, ...] = reps if isinstance(reps, tuple) else (reps,)
    counts = (1,) * (len(shape) - len(counts)) + counts
    if all(isinstance(n, int) and n == 1 for n in counts):
        return [(1, True), *((length, False) for length in shape)]
    found: list[tuple[Any, bool]] = []
    for k, n in enumerate(counts, len(shape) - len(counts)):
        if not isinstance(n, int) or n != 1:
            found.append((n, True))
        if k >= 0:
            found.append((shape[k], False))
    return found


# ------------------------------------------------------------------------------------------------------ other places


@linear(
    np.roll,
    points=call(reals(5), 2)
    + call(reals(3, 4), 1)
    + call(reals(3, 4), -1, axis=0)
    + call(reals(3, 4), 5, axis=-1)
    + call(reals(3, 4), (1, 2), axis=(0, 1))
    + call(reals(3, 4), 1, axis=(0, 1))
    + call(reals(3, 4), (1, 1), axis=1),
)
def roll(y_bar: Any, y: Any, x: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return np.roll(y_bar, -shift)
    return np.roll(y_bar, -shift, axis=axis)


@pullback(
    np.pad,
    points=call(reals(3), 1)
    + call(reals(3), (0, 2))
    + call(reals(2, 3), 2)
    + call(reals(2, 3), ((1, 0), (0, 2)))
    + call(reals(2, 3), ((1, 2),), "constant")
    + call(reals(2, 3), (1, 2), mode="constant", constant_values=0.5)
    + call(reals(2, 2, 2), 1),
)
def pad(y_bar: Any, y: Any, x: Any, pad_width: Any, mode: Any = "constant", constant_values: Any = 0) -> Any:
    return y_bar[inner(pad_width, x.ndim)]


@pushforward(np.pad)
def pad_tangent(y: Any, x: Any, pad_width: Any, mode: Any = "constant", constant_values: Any = 0, *, x_dot: Any) -> Any:
    return np.pad(x_dot, pad_width)


@written
def inner(widths: Any, dimensions: int) -> Any:
    """The index of what was padded."""
    index = tuple(slice(before or None, -behind or None) for before, behind in pad_widths(widths, dimensions))
    return index if dimensions > 1 else index[0]


def pad_widths(widths: Any, dimensions: int) -> list[tuple[int, int]]:
    """The number of new elements before and behind, for each axis, as `np.pad` reads its argument."""
    return [(int(a), int(b)) for a, b in np.broadcast_to(np.asarray(widths), (dimensions, 2))]


# --------------------------------------------------------------------------------------------------------- diagonals


@linear(np.tril, points=call(reals(3, 3)) + call(reals(2, 4), 1) + call(reals(4, 3), k=-1) + call(reals(2, 3, 3)))
def tril(y_bar: Any, y: Any, x: Any, k: Any = 0) -> Any:
    return np.tril(y_bar, k=k)


@linear(np.triu, points=call(reals(3, 3)) + call(reals(2, 4), 1) + call(reals(4, 3), k=-1) + call(reals(2, 3, 3)))
def triu(y_bar: Any, y: Any, x: Any, k: Any = 0) -> Any:
    return np.triu(y_bar, k=k)


@linear(np.diag, points=call(reals(3)) + call(reals(3), 1) + call(reals(3), k=-2))
def diag(y_bar: Any, y: Any, x: Any, k: Any = 0) -> Any:
    """Of a vector: what `np.diag` of a matrix means is written as `np.diagonal`."""
    return np.diagonal(y_bar, offset=k)


@linear(
    np.diagonal,
    np.ndarray.diagonal,
    points=call(reals(3, 3)) + call(reals(2, 4), 1) + call(reals(4, 3), -1) + call(reals(3, 3), 5),
)
def diagonal(y_bar: Any, y: Any, x: Any, offset: Any = 0) -> Any:
    return on_diagonal(y_bar, x, k=offset)


@linear(on_diagonal, points=call(reals(3), np.zeros((3, 3)), 0) + call(reals(2), np.zeros((2, 3)), 1))
def on_diagonal_again(y_bar: Any, y: Any, d: Any, x: Any, k: Any = 0) -> Any:
    return np.diagonal(y_bar, offset=k), None


@linear(np.trace, np.ndarray.trace, points=call(reals(3, 3)) + call(reals(2, 4), 1) + call(reals(4, 3), offset=-1))
def trace(y_bar: Any, y: Any, x: Any, offset: Any = 0) -> Any:
    if offset == 0:
        return y_bar * np.eye(x.shape[0], x.shape[1])
    return y_bar * np.eye(x.shape[0], x.shape[1], offset)


views(np.diagonal, np.ndarray.diagonal, read_only=True)
constant(np.tri)
