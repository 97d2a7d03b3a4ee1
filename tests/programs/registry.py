"""The list of end-to-end programs: `@case(...)` adds a function with the arguments to differentiate it at.

In: plain functions, left as they are. Out: `CASES`, in the order of definition.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """One program, the points at which it is checked and what is checked there."""

    function: Callable[..., Any]
    points: tuple[tuple[Any, ...], ...]
    wrt: Any  # None: every argument that holds floats
    second: bool  # second derivatives too
    jit: bool  # under Numba too
    reason: str  # why not under Numba
    kwargs: dict[str, Any]
    rtol: float | None

    @property
    def name(self) -> str:
        return f"{self.function.__module__.rpartition('.')[2]}.{self.function.__name__}"

    def at(self, point: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments of one point, the arrays as fresh copies."""
        return tuple(_fresh(a) for a in point)


CASES: list[Case] = []


def _fresh(a: Any) -> Any:
    """A copy in the same layout: contiguous, Fortran-ordered or with gaps; a generator that draws the same."""
    if not isinstance(a, np.ndarray):
        return copy.deepcopy(a)
    if a.flags.c_contiguous or a.flags.f_contiguous:
        return a.copy(order="K")
    return np.repeat(a, 2, axis=-1)[..., ::2]


def case(
    args: tuple[Any, ...],
    *,
    also: tuple[tuple[Any, ...], ...] = (),
    wrt: Any = None,
    second: bool = False,
    jit: bool = True,
    reason: str = "",
    kwargs: dict[str, Any] | None = None,
    rtol: float | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function at `args`, and at each of `also`: other branches, other exits, other sizes."""
    if jit == bool(reason):
        raise ValueError("jit=False takes a reason, and only jit=False does")

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        CASES.append(Case(function, (args, *also), wrt, second, jit, reason, kwargs or {}, rtol))
        return function

    return register


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    """Reproducible normal numbers."""
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def positive(*shape: int, seed: int = 0) -> np.ndarray:
    """Reproducible numbers between 0.5 and 2."""
    return np.random.default_rng([seed, *shape]).uniform(0.5, 2.0, size=shape)
