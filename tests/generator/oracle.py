"""What the gradient of a program is, without srcdiff: in, a program; out, its gradient, or why the case is discarded.

Two oracles. Central differences at three steps along random directions are the judge of whether the point is a good
one: where the steps disagree, or the differences to the left and to the right do, a branch flips or a kink is near,
and the case is discarded and counted. The complex step (see `complex_step`) then gives every entry of the gradient to
rounding; it must agree with the differences. It was chosen over higher-order differences in `longdouble` because those
need a program without `math`, `float` and buffers of float64, which is nearly none, and reach 1e-10 at best, while the
complex step runs every construct here once the module's `np` is replaced and tells 1e-12. Where it does not run (it
says so), differences by each entry stand in with a wider tolerance.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import complex_step
from .program import Program

STEPS = (1e-4, 1e-5, 1e-6)
DIRECTIONS = 2


class Discarded(Exception):
    """The point is not one where differences can tell the gradient."""


@dataclass(frozen=True)
class Truth:
    """The value, the weights that make a scalar of it, the gradient by each argument, and how exact that is."""

    value: Any
    weights: Any
    gradients: list[np.ndarray]
    rtol: float
    by: str


def weights_for(value: Any, seed: int) -> Any:
    """Cotangents of the result's structure: 1.0 for a scalar alone."""
    rng = np.random.RandomState(seed % 2**31)
    if isinstance(value, tuple):
        return tuple(rng.uniform(-1.0, 1.0, np.shape(v)) if np.ndim(v) else float(rng.uniform(-1, 1)) for v in value)
    return rng.uniform(-1.0, 1.0, np.shape(value)) if np.ndim(value) else 1.0


def weigh(value: Any, weights: Any) -> Any:
    """The sum of the result's entries times the weights."""
    if isinstance(weights, tuple):
        return sum(weigh(v, w) for v, w in zip(value, weights, strict=True))
    return np.sum(value * weights)


def moved(args: tuple[Any, ...], directions: list[np.ndarray], step: float) -> list[Any]:
    """The arguments moved along the directions, arrays fresh, numbers as floats."""
    return [a + step * d if np.ndim(a) else float(a + step * d) for a, d in zip(args, directions, strict=True)]


def copied(value: Any) -> Any:
    """A result that shares nothing with the arguments."""
    if isinstance(value, tuple):
        return tuple(copied(v) for v in value)
    return value.copy() if isinstance(value, np.ndarray) else value


def truth(program: Program, f: Callable[..., Any]) -> Truth:
    """The gradient of the program; raises `Discarded`."""
    value = copied(f(*program.fresh_args()))
    weights = weights_for(value, program.seed)

    def along(directions: list[np.ndarray], step: float) -> float:
        return float(weigh(f(*moved(program.args, directions, step)), weights))

    base = along([np.zeros(np.shape(a)) for a in program.args], 0.0)
    rng = random.Random(f"directions {program.seed}")
    trials = []
    for _ in range(DIRECTIONS):
        data = np.random.RandomState(rng.randrange(2**31))
        directions = [np.asarray(data.uniform(-1.0, 1.0, np.shape(a))) for a in program.args]
        trials.append((directions, _slope(lambda h, d=directions: along(d, h), base)))

    gradients = complex_step.gradient(program.source, program.args, lambda y: weigh(y, weights))
    if gradients is None:
        return Truth(value, weights, _by_entry(program, along), 1e-5, "differences")
    for directions, slope in trials:
        exact = sum(float(np.sum(g * d)) for g, d in zip(gradients, directions, strict=True))
        if abs(exact - slope) > 1e-5 * _scale(gradients):
            raise Discarded("the complex step and the differences disagree")
    return Truth(value, weights, gradients, 1e-9, "complex step")


def _scale(gradients: list[np.ndarray]) -> float:
    return 1.0 + max((float(np.max(np.abs(g))) for g in gradients if g.size), default=0.0)


def _slope(along: Callable[[float], float], base: float) -> float:
    """The derivative at 0, if three steps and both sides agree on it."""
    slopes = []
    for step in STEPS:
        right, left = along(step), along(-step)
        slopes.append((right - left) / (2.0 * step))
    size = 1.0 + max(abs(s) for s in slopes)
    if max(slopes) - min(slopes) > 1e-4 * size:
        raise Discarded("the differences disagree between steps")
    if abs((right - base) - (base - left)) / step > 1e-3 * size:
        raise Discarded("the differences disagree between sides")
    return slopes[1]


def _by_entry(program: Program, along: Callable[[list[np.ndarray], float], float]) -> list[np.ndarray]:
    """The gradient by differences, entry by entry."""
    gradients = [np.zeros(np.shape(a)) for a in program.args]
    for position, grad in enumerate(gradients):
        for index in np.ndindex(grad.shape):
            directions = [np.zeros(np.shape(a)) for a in program.args]
            directions[position][index] = 1.0
            grad[index] = (along(directions, STEPS[1]) - along(directions, -STEPS[1])) / (2.0 * STEPS[1])
    return gradients
