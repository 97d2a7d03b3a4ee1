"""Small real-life functions whose derivatives are stored as text: one module each, the function named as the module.

A module may also give `ARGS` (a point, which decides the argument types), `ALSO` (more points, for other branches),
`WRT` (default: every argument that holds floats), `FORM` ("grad", "value_and_grad", "vjp" or "second": the derivative
of the derivative) and `RTOL`. `GOLDEN` holds them all, the two targets of the project first.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import srcdiff
from srcdiff.derivative import Derivative, Options


@dataclass(frozen=True)
class Golden:
    """One program, where it is evaluated and which derivative of it is stored."""

    function: Callable[..., Any]
    points: tuple[tuple[Any, ...], ...]
    wrt: int | str | tuple[int | str, ...]
    form: str
    rtol: float | None

    @property
    def name(self) -> str:
        return self.function.__name__

    def derivative(self) -> Derivative:
        """The derivative, built anew."""
        if self.form == "vjp":
            return Derivative(self.function, Options("vjp", self.wrt, False, False))
        if self.form == "value_and_grad":
            return srcdiff.value_and_grad(self.function, wrt=self.wrt)
        first = srcdiff.grad(self.function, wrt=self.wrt)
        return srcdiff.grad(first, wrt=self.wrt) if self.form == "second" else first

    def text(self) -> str:
        """What runs at the program's own arguments."""
        return srcdiff.source(self.derivative(), *self.at(0))

    def at(self, point: int) -> tuple[Any, ...]:
        """The arguments of one point, the arrays as fresh copies."""
        return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in self.points[point])


def _load(name: str) -> Golden:
    module: Any = importlib.import_module(f"{__name__}.{name}")
    args = module.ARGS
    floats = tuple(i for i, a in enumerate(args) if np.asarray(a).dtype.kind == "f")
    return Golden(
        getattr(module, name),
        (args, *getattr(module, "ALSO", ())),
        getattr(module, "WRT", floats),
        getattr(module, "FORM", "grad"),
        getattr(module, "RTOL", None),
    )


TARGETS = ("huber_walk", "relax")
_OTHERS = sorted({m.name for m in pkgutil.iter_modules(__path__)} - set(TARGETS))
GOLDEN: tuple[Golden, ...] = tuple(map(_load, (*TARGETS, *_OTHERS)))
