"""Discrete Fourier transforms. The adjoint of a transform is the inverse one with the scaling of the other direction:
`norm="backward"` and `norm="forward"` change places, "ortho" stays. A transform of real numbers knows each pair of
conjugate bins by one of them: its adjoint counts half of it, that of its inverse counts it twice.

The formulas are the standard ones of any text on the discrete Fourier transform; the conventions are NumPy's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..runtime import doubled, halved, resized
from .points import call, complexes, reals
from .registry import decided, linear, pullback, pushforward, spelled, written

# -------------------------------------------------------------------------------------------------------- along an axis


def swapped(norm: Any) -> Any:
    """The normalisation of the transform in the other direction that leaves out what this one puts in."""
    return {"ortho": "ortho", "forward": None}.get(norm, "forward")


decided(swapped)

_LINES = (
    call(reals(5)) + call(complexes(6)) + call(reals(4), 6) + call(complexes(5), n=3) + call(complexes(3, 4), axis=0)
)
_LINES += call(reals(3, 4), norm="ortho") + call(complexes(4), norm="forward")
_LINES += call(complexes(2, 3), 4, -2, "ortho") + call(reals(2, 5), 3, norm="forward") + call(reals(4), norm="backward")


@linear(np.fft.fft, points=_LINES)
def fft(y_bar: Any, y: Any, a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    if n is None:
        return np.fft.ifft(y_bar, axis=axis, norm=swapped(norm))
    return resized(np.fft.ifft(y_bar, axis=axis, norm=swapped(norm)), a)


@linear(np.fft.ifft, points=_LINES)
def ifft(y_bar: Any, y: Any, a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    if n is None:
        return np.fft.fft(y_bar, axis=axis, norm=swapped(norm))
    return resized(np.fft.fft(y_bar, axis=axis, norm=swapped(norm)), a)


_REAL_LINES = call(reals(5)) + call(reals(6)) + call(reals(4), 6) + call(reals(5), n=3) + call(reals(3, 4), axis=0)
_REAL_LINES += call(reals(3, 5), norm="ortho") + call(reals(4), norm="forward") + call(reals(2, 3), 4, -2, "ortho")
_REAL_LINES += call(reals(2, 5), 4, norm="forward") + call(reals(1)) + call(reals(2))


@linear(np.fft.rfft, points=_REAL_LINES)
def rfft(y_bar: Any, y: Any, a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    if n is not None:
        return resized(np.fft.irfft(halved(y_bar, n, axis=axis), n, axis=axis, norm=swapped(norm)), a)
    if a.ndim == 1:
        return np.fft.irfft(halved(y_bar, len(a)), len(a), norm=swapped(norm))
    return np.fft.irfft(halved(y_bar, a.shape[axis], axis=axis), a.shape[axis], axis=axis, norm=swapped(norm))


_HALF_LINES = call(reals(3)) + call(complexes(4)) + call(complexes(4), 7) + call(complexes(4), n=5)
_HALF_LINES += call(complexes(3), 8) + call(complexes(3, 2), axis=0) + call(complexes(2, 3), norm="ortho")
_HALF_LINES += call(reals(2, 3), 5, -1, "forward") + call(complexes(3), norm="backward") + call(complexes(2))


@linear(np.fft.irfft, points=_HALF_LINES)
def irfft(y_bar: Any, y: Any, a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    if n is not None:
        return resized(doubled(np.fft.rfft(y_bar, axis=axis, norm=swapped(norm)), n, axis=axis), a)
    if a.ndim == 1:
        return doubled(np.fft.rfft(y_bar, norm=swapped(norm)), len(y_bar))
    return doubled(np.fft.rfft(y_bar, axis=axis, norm=swapped(norm)), y_bar.shape[axis], axis=axis)


@spelled(np.fft.hfft, points=_HALF_LINES)
def hfft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None, out: Any = None) -> Any:
    return np.fft.irfft(np.conj(a), n, axis, swapped(norm))


@spelled(np.fft.ihfft, points=_REAL_LINES)
def ihfft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None, out: Any = None) -> Any:
    return np.conj(np.fft.rfft(a, n, axis, swapped(norm)))


@linear(halved, points=call(complexes(3), 4) + call(complexes(3), 5) + call(complexes(3, 2), 5, 0))
def halved_again(y_bar: Any, y: Any, g: Any, n: Any, axis: Any = -1) -> Any:
    return halved(y_bar, n, axis=axis)


@linear(doubled, points=call(complexes(3), 4) + call(complexes(3), 5) + call(complexes(3, 2), 5, 0))
def doubled_again(y_bar: Any, y: Any, g: Any, n: Any, axis: Any = -1) -> Any:
    return doubled(y_bar, n, axis=axis)


@linear(resized, points=call(reals(4), np.zeros(3)) + call(complexes(2, 3), np.zeros((3, 2))))
def resized_again(y_bar: Any, y: Any, g: Any, x: Any) -> Any:
    return resized(y_bar, g), None


# ------------------------------------------------------------------------------------------------------ along several

_PLANES = call(reals(3, 4)) + call(complexes(2, 3)) + call(complexes(2, 3, 2)) + call(complexes(3, 4), norm="ortho")
_PLANES += call(reals(3, 4), (2, 5), (0, 1)) + call(complexes(3, 4), s=(4, 4), axes=(-2, -1), norm="forward")
_PLANES += call(complexes(2, 3, 2), axes=(0, 1)) + call(complexes(2, 3), axes=(1, 0))


@linear(np.fft.fft2, points=_PLANES)
def fft2(y_bar: Any, y: Any, a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    if s is None:
        return np.fft.ifft2(y_bar, axes=axes, norm=swapped(norm))
    return resized(np.fft.ifft2(y_bar, axes=axes, norm=swapped(norm)), a)


@linear(np.fft.ifft2, points=_PLANES)
def ifft2(y_bar: Any, y: Any, a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    if s is None:
        return np.fft.fft2(y_bar, axes=axes, norm=swapped(norm))
    return resized(np.fft.fft2(y_bar, axes=axes, norm=swapped(norm)), a)


@linear(np.fft.fftn, points=_PLANES + call(complexes(3)))
def fftn(y_bar: Any, y: Any, a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    if s is None:
        return np.fft.ifftn(y_bar, axes=axes, norm=swapped(norm))
    return resized(np.fft.ifftn(y_bar, axes=axes_of(a.ndim, s, axes), norm=swapped(norm)), a)


@linear(np.fft.ifftn, points=_PLANES + call(complexes(3)))
def ifftn(y_bar: Any, y: Any, a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    if s is None:
        return np.fft.fftn(y_bar, axes=axes, norm=swapped(norm))
    return resized(np.fft.fftn(y_bar, axes=axes_of(a.ndim, s, axes), norm=swapped(norm)), a)


_REAL_PLANES = call(reals(3, 4)) + call(reals(2, 5)) + call(reals(2, 3, 2)) + call(reals(3, 4), norm="ortho")
_REAL_PLANES += call(reals(3, 4), (2, 5), (0, 1)) + call(reals(3, 4), s=(4, 4), axes=(-2, -1), norm="forward")
_REAL_PLANES += call(reals(2, 3, 2), axes=(0, 1)) + call(reals(2, 3), axes=(1, 0))


@linear(np.fft.rfft2, points=_REAL_PLANES)
def rfft2(y_bar: Any, y: Any, a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    if s is None and axes is None and a.ndim == 2:
        return np.fft.irfft2(halved(y_bar, a.shape[1]), a.shape, norm=swapped(norm))
    return resized(
        np.fft.irfft2(
            halved(y_bar, last_of(planes(a.shape, s, axes)), axis=last_axis(axes)),
            planes(a.shape, s, axes),
            axes=axes,
            norm=swapped(norm),
        ),
        a,
    )


@linear(np.fft.rfftn, points=_REAL_PLANES + call(reals(5)))
def rfftn(y_bar: Any, y: Any, a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    return resized(
        np.fft.irfftn(
            halved(y_bar, last_of(lengths(a.shape, s, axes)), axis=last_axis(axes)),
            lengths(a.shape, s, axes),
            axes=all_axes(a.ndim, s, axes),
            norm=swapped(norm),
        ),
        a,
    )


_HALF_PLANES = (
    call(complexes(3, 3)) + call(complexes(2, 4)) + call(complexes(2, 3, 2)) + call(complexes(3, 3), norm="ortho")
)
_HALF_PLANES += call(complexes(3, 4), (2, 5), (0, 1)) + call(reals(3, 3), s=(4, 4), axes=(-2, -1), norm="forward")
_HALF_PLANES += call(complexes(2, 3, 2), axes=(0, 1)) + call(complexes(3, 2), axes=(1, 0))


@linear(np.fft.irfft2, points=_HALF_PLANES)
def irfft2(y_bar: Any, y: Any, a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    return resized(
        doubled(np.fft.rfft2(y_bar, axes=axes, norm=swapped(norm)), y_bar.shape[last_axis(axes)], axis=last_axis(axes)),
        a,
    )


@linear(np.fft.irfftn, points=_HALF_PLANES + call(complexes(4)))
def irfftn(y_bar: Any, y: Any, a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    return resized(
        doubled(
            np.fft.rfftn(y_bar, axes=axes_of(a.ndim, s, axes), norm=swapped(norm)),
            y_bar.shape[last_axis(axes)],
            axis=last_axis(axes),
        ),
        a,
    )


@written
def axes_of(dimensions: int, s: Any, axes: Any) -> Any:
    """The axes of a transform: those given, or as many of the last ones as there are lengths; None for all."""
    return axes if axes is not None or s is None else tuple(range(dimensions - len(s), dimensions))


@written
def all_axes(dimensions: int, s: Any, axes: Any) -> Any:
    """The same, with all axes written out: NumPy wants that beside lengths."""
    return tuple(range(dimensions)) if axes is None and s is None else axes_of(dimensions, s, axes)


@written
def last_axis(axes: Any) -> int:
    """The axis along which real numbers have a one-sided spectrum."""
    return -1 if axes is None else int(axes[-1])


@written
def lengths(shape: tuple[Any, ...], s: Any, axes: Any) -> tuple[Any, ...]:
    """The number of points along each axis of a transform of an array of this shape."""
    if axes is None:
        axes = range(-len(shape if s is None else s), 0)
    own = tuple(shape[k] for k in axes)
    return own if s is None else tuple(n if m == -1 else m for m, n in zip(s, own, strict=True))


@written
def planes(shape: tuple[Any, ...], s: Any, axes: Any) -> tuple[Any, ...]:
    """The same for a transform of planes, along the last two axes unless others are given."""
    return lengths(shape, s, (-2, -1) if axes is None else axes)


@written
def last_of(lengths: tuple[Any, ...]) -> Any:
    """The number of points along the axis with the one-sided spectrum."""
    return lengths[-1]


# ------------------------------------------------------------------------------------------- shifts and frequencies

_SHIFTED = call(reals(5)) + call(complexes(4)) + call(complexes(2, 3)) + call(reals(2, 3), axes=1)
_SHIFTED += call(complexes(2, 3, 2), axes=(0, 2)) + call(reals(2, 3), 0)


@linear(np.fft.fftshift, points=_SHIFTED)
def fftshift(y_bar: Any, y: Any, x: Any, axes: Any = None) -> Any:
    return np.fft.ifftshift(y_bar, axes=axes)


@linear(np.fft.ifftshift, points=_SHIFTED)
def ifftshift(y_bar: Any, y: Any, x: Any, axes: Any = None) -> Any:
    return np.fft.fftshift(y_bar, axes=axes)


@pullback(np.fft.fftfreq, np.fft.rfftfreq, points=call(5, reals(low=0.5, high=2.0)) + call(6, reals(low=0.5, high=2.0)))
def fftfreq(y_bar: Any, y: Any, n: Any, d: Any = 1.0) -> Any:
    return None, -np.sum(y * y_bar) / d


@pushforward(np.fft.fftfreq, np.fft.rfftfreq)
def fftfreq_tangent(y: Any, n: Any, d: Any = 1.0, *, d_dot: Any) -> Any:
    return -d_dot / d * y
