"""A derivative against central finite differences, at several steps: one of them has to agree."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .problem import Key, Problem
from .values import GradientMismatch, leaves

STEPS = (1e-4, 1e-5, 1e-3, 1e-6, 1e-7)
STEPS_FLOAT32 = (1e-2, 1e-3, 3e-2, 1e-4, 1e-1)
EVERY_ELEMENT_UP_TO = 32  # a larger array is checked at some elements and along directions
SOME_ELEMENTS = 8
DIRECTIONS = 3
SEED = 20240229

# What a function may raise when a step leaves its domain; that step then says nothing.
OUT_OF_DOMAIN = (ValueError, ZeroDivisionError, OverflowError, FloatingPointError)


@dataclass(frozen=True)
class Probe:
    """A direction in one argument, and the derivative along it that srcdiff claims."""

    key: Key
    label: str
    index: tuple[int, ...] | str | None
    point: Any  # a float, or an array in double precision
    direction: Any
    claimed: float


Claim = Callable[[int, Any, tuple[int, ...] | None], float]


def probes(problem: Problem, claim: Claim) -> Iterator[Probe]:
    """For an array: elements (all of a small one, some of a large one), then random directions. `claim(k, direction,
    index)` is the derivative in the `k`-th of the arguments along a direction, that of one element where there is an
    index."""
    rng = np.random.default_rng(SEED + 1)
    for place, (key, label) in enumerate(zip(problem.wrt, problem.labels, strict=True)):
        argument = problem.argument(key)
        if not isinstance(argument, np.ndarray):
            yield Probe(key, label, None, float(argument), 1.0, claim(place, 1.0, None))
            continue
        point = argument.astype(np.float64)
        few = rng.choice(point.size, SOME_ELEMENTS, replace=False) if point.size > EVERY_ELEMENT_UP_TO else None
        for i in range(point.size) if few is None else few:
            index = tuple(int(k) for k in np.unravel_index(i, point.shape))
            unit = np.zeros(point.shape)
            unit[index] = 1.0
            yield Probe(key, label, index, point, unit, claim(place, unit, index))
        for k in range(DIRECTIONS if point.size > 1 else 0):
            direction = rng.normal(size=point.shape)
            yield Probe(key, label, f"direction {k}", point, direction, claim(place, direction, None))


def check_probes(problem: Problem, gradients: tuple[Any, ...], weights: Any) -> None:
    """The gradients against finite differences of the results, each times its weight."""
    wide = [np.asarray(g, dtype=np.float64) for g in gradients]

    def claim(k: int, direction: Any, index: tuple[int, ...] | None) -> float:
        return float(wide[k][index]) if index is not None else float(np.sum(wide[k] * direction))

    size = max((float(np.max(np.abs(g), initial=0.0)) for g in wide), default=0.0)
    for probe in probes(problem, claim):
        check_one(problem, probe, weights, size)


def check_one(problem: Problem, probe: Probe, weights: Any, size: float) -> None:
    """The claimed derivative is finite and agrees with the finite difference of at least one step."""
    steps = STEPS_FLOAT32 if problem.float32 else STEPS
    rtol = problem.rtol if problem.rtol is not None else (1e-3 if problem.float32 else 1e-5)
    spread = max(1.0, float(np.max(np.abs(probe.point * (probe.direction != 0.0)), initial=0.0)))
    tried: list[float] = []
    for step in steps:
        expected, noise = _difference(problem, probe, step * spread, weights)
        tried.append(expected)
        # rounding noise is forgiven, but never so much that a wrong gradient could hide behind it
        allowed = rtol * max(abs(expected), abs(probe.claimed)) + min(noise, max(1e-4 * size, problem.atol))
        if math.isfinite(probe.claimed) and abs(expected - probe.claimed) <= allowed:
            return
    at = probe.index
    place = f", random {at}" if isinstance(at, str) else f"{[*at]}" if at else ""
    rows = [f"derivative of {problem.name} by {probe.label}{place}"]
    rows += [f"  srcdiff:            {probe.claimed!r}", "  finite differences:"]
    rows += [f"    step {step:7.0e}:     {value!r}" for step, value in zip(steps, tried, strict=True)]
    where: dict[str, Any] = {"argument": probe.label, "index": probe.index}
    raise GradientMismatch("\n".join(rows), **where, got=probe.claimed, expected=tried, steps=steps)


def _difference(problem: Problem, probe: Probe, h: float, weights: Any) -> tuple[float, float]:
    """The central difference of the weighted results, and how far rounding alone could have moved it."""
    ahead, behind = probe.point + h * probe.direction, probe.point - h * probe.direction
    width = 2.0 * h if np.ndim(ahead) else ahead - behind  # of a number, the step that was really taken
    if isinstance(probe.point, np.ndarray):
        ahead, behind = np.asarray(ahead), np.asarray(behind)  # a 0-d array stays one
    with np.errstate(all="ignore"):
        try:
            up, down = problem.evaluate({probe.key: ahead}), problem.evaluate({probe.key: behind})
        except OUT_OF_DOMAIN:
            return math.nan, 0.0
        change = size = 0.0
        for a, b, w in zip(leaves(up), leaves(down), leaves(weights), strict=True):
            if a.shape != b.shape:
                return math.nan, 0.0
            change += float(np.sum(w * (a.astype(np.float64) - b.astype(np.float64))))
            size += float(np.sum(np.abs(w * a)))
    unit = np.finfo(np.float32 if problem.float32 else np.float64).eps
    return change / width, 32.0 * float(unit) * size / h
