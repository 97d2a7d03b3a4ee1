"""A program on the tape as it stands: in, a case; out, why it does not run there, or nothing where the gradient agrees.

`off_tape.txt` has the programs that do not, with the reason; `scripts/language_table.py --tape` writes it.
"""

from __future__ import annotations

import inspect
import math
from pathlib import Path
from typing import Any

import numpy as np

import srcdiff
from srcdiff import tape
from srcdiff.tape.retracing import Module, NumPy
from srcdiff.tape.tensor import Tensor
from srcdiff.testing.values import leaves

from .registry import Case

OFF_TAPE = Path(__file__).with_name("off_tape.txt")


class WrongOnTape(AssertionError):
    """The tape gives another gradient than the generated source."""


def off_tape() -> dict[str, str]:
    """The reason for each program that does not run on the tape."""
    lines = OFF_TAPE.read_text(encoding="utf-8").splitlines() if OFF_TAPE.exists() else []
    return dict(line.split(": ", 1) for line in lines if line)


def on_tape(case: Case) -> str:
    """Why the program does not run on the tape; empty where it does. Raises WrongOnTape for another gradient."""
    point = case.points[0]
    if case.kwargs:
        return "keywords"
    if not all(isinstance(a, float | int | str | np.ndarray) for a in point):
        return "an argument that is no number or array"
    try:
        value, adjoints = _pulled_back(case, point)
    except Exception as problem:  # noqa: BLE001  whatever it says, it does not run there
        return type(problem).__name__
    wrt = active(case)
    if not isinstance(value, tuple | list | dict) and np.ndim(value) == 0:
        wanted = srcdiff.grad(case.function, wrt=wrt)(*case.at(point))
    else:
        expected, pullback = srcdiff.vjp(case.function, *case.at(point))
        by_all = pullback(_ones(expected))
        wanted = tuple(by_all[k] for k in wrt)
    for k, right in zip(wrt, wanted, strict=True):
        found = np.zeros_like(right) if adjoints[k] is None else adjoints[k]
        if np.any(np.isnan(found) & ~np.isnan(right)):
            return "NaN"  # 0 * inf, where the source leaves out what is chosen away
        if not np.allclose(found, right, rtol=1e-6, atol=1e-9, equal_nan=True):
            raise WrongOnTape(f"{case.name}: {found!r}, and {right!r} by source")
    return ""


def active(case: Case) -> tuple[int, ...]:
    """The arguments to differentiate by: those that the case names, else all that hold floats."""
    if case.wrt is None:
        return tuple(k for k, a in enumerate(case.points[0]) if np.asarray(a).dtype.kind == "f")
    names = tuple(inspect.signature(case.function).parameters)
    wrt = case.wrt if isinstance(case.wrt, tuple) else (case.wrt,)
    return tuple(names.index(k) if isinstance(k, str) else k for k in wrt)


def _pulled_back(case: Case, point: tuple[Any, ...]) -> tuple[Any, Any]:
    scope = case.function.__globals__
    before = dict(scope)
    scope.update({name: tape.tensor(v) for name, v in before.items() if isinstance(v, np.ndarray) and name.isupper()})
    scope.update({"np": NumPy(np), "math": Module(math), "float": lambda x: x if type(x) is Tensor else float(x)})
    try:
        wrt = active(case)
        args = (_real(a) if k in wrt else a for k, a in enumerate(case.at(point)))
        value, back = tape.pullback(case.function, *args)
    finally:
        scope.clear()
        scope.update(before)
    return value, back(_ones(value))


def _real(a: Any) -> Any:
    """An argument as the real numbers that it is differentiated as."""
    return a.astype(float) if isinstance(a, np.ndarray) and a.dtype.kind != "f" else float(a) if type(a) is int else a


def _ones(value: Any) -> Any:
    """An adjoint of ones for a result."""
    if isinstance(value, tuple):
        return tuple(map(_ones, value))
    number = np.asarray(next(iter(leaves(value))))
    return np.ones_like(number) if number.ndim else 1.0
