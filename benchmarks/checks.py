"""Whether what the libraries computed is right: against finite differences of the kernel, and against each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from .kernels import Kernel

STEPS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
AGREE = 1e-8  # relative to the largest element; they order their sums differently


def error_by_differences(kernel: Kernel, arguments: tuple[Any, ...], result: list[np.ndarray]) -> float:
    """The least relative error over several steps of a central difference along a random direction."""
    rng = np.random.default_rng(6)
    if kernel.task == "blocks":
        along = rng.normal(size=15)
        by_rule = result[0] @ along
        errors = [
            np.abs(_moved_residuals(kernel, arguments, step * along) / (2.0 * step) - by_rule).max() for step in STEPS
        ]
        return float(min(errors) / np.abs(by_rule).max())

    slopes = result[1:] if kernel.task == "gradient" else result[:1]
    direction = [rng.normal(size=np.shape(arguments[p])) for p in kernel.positions]
    expected = _inner(slopes, direction)

    def at(step: float) -> float:
        moved = list(arguments)
        for p, d in zip(kernel.positions, direction, strict=True):
            moved[p] = arguments[p] + step * d if np.ndim(arguments[p]) else float(arguments[p] + step * d)
        return float(kernel.f(*moved))

    # a direction may be nearly orthogonal to the gradient: what is left of it is measured by the gradient's own size
    scale = max(abs(expected), np.sqrt(_inner(slopes, slopes)))
    errors = [abs((at(step) - at(-step)) / (2.0 * step) - expected) / scale for step in STEPS]
    if kernel.task == "curvature":
        second = _inner([result[1]], [direction[0] ** 2])
        bends = [(at(step) - 2.0 * at(0.0) + at(-step)) / step**2 for step in STEPS]
        # a second difference loses twice the digits
        return float(max(min(errors), 1e-2 * min(abs(bend - second) / abs(second) for bend in bends)))
    return float(min(errors))


def _moved_residuals(kernel: Kernel, arguments: tuple[Any, ...], shift: np.ndarray) -> np.ndarray:
    cameras, points, weights, *rest = arguments
    one, other = (kernel.f(cameras + s[:11], points + s[11:14], weights + s[14], *rest) for s in (shift, -shift))
    return one - other


def _inner(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    return sum(float(np.sum(a * b)) for a, b in zip(one, other, strict=True))


def difference(expected: list[np.ndarray], got: list[np.ndarray]) -> float:
    """The largest difference, relative to the largest element of its array; infinite where the shapes differ."""
    if [a.shape for a in expected] != [a.shape for a in got]:
        return float("inf")
    errors = [
        float(np.max(np.abs(a - b), initial=0.0)) / max(float(np.max(np.abs(a), initial=0.0)), 1e-300)
        for a, b in zip(expected, got, strict=True)
    ]
    return float("inf") if any(np.isnan(errors)) else max(errors)
