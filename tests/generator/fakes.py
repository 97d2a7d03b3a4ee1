"""Stand-ins for srcdiff with which the harness itself is tested: in, a function; out, its gradient by differences."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .oracle import copied, moved, weigh


def by_differences(
    f: Callable[..., Any], args: tuple[Any, ...], weights: Any, jit: bool, how: int
) -> tuple[Any, tuple[Any, ...]]:
    """A right gradient, to the accuracy that a fourth-order difference has."""
    value = copied(f(*[a.copy() if np.ndim(a) else a for a in args]))
    step = 5e-4
    gradients = []
    for position, arg in enumerate(args):
        grad = np.zeros(np.shape(arg))
        for index in np.ndindex(grad.shape):
            directions = [np.zeros(np.shape(a)) for a in args]
            directions[position][index] = 1.0
            one, two, back, back_two = (weigh(f(*moved(args, directions, k * step)), weights) for k in (1, 2, -1, -2))
            grad[index] = (8.0 * (one - back) - (two - back_two)) / (12.0 * step)
        gradients.append(grad if grad.ndim else float(grad))
    return value, tuple(gradients)


def forgetting(feature: str) -> Callable[..., tuple[Any, tuple[Any, ...]]]:
    """A wrong gradient wherever the text of the program contains `feature`: what the shrinker is tested with."""

    def differentiate(
        f: Callable[..., Any], args: tuple[Any, ...], weights: Any, jit: bool, how: int
    ) -> tuple[Any, tuple[Any, ...]]:
        value, gradients = by_differences(f, args, weights, jit, how)
        wrong = feature in Path(f.__code__.co_filename).read_text(encoding="utf-8")
        return value, tuple(g + 1.0 for g in gradients) if wrong else gradients

    return differentiate


def changing_arguments(
    f: Callable[..., Any], args: tuple[Any, ...], weights: Any, jit: bool, how: int
) -> tuple[Any, tuple[Any, ...]]:
    """A right gradient from something that leaves f's writes in its caller's arrays."""
    result = by_differences(f, args, weights, jit, how)
    f(*args)
    return result
