"""Derivatives of programs with functions that are not read: what a derivative object has to see to.

What such a function returns is found out by running it; that it is not read is told, once for each place.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from .build import Built
from .errors import FallbackWarning, Refusal, UnresolvedName
from .frontend import Program, read
from .ir.types import held
from .normalise.policy import OnTape, whole
from .normalise.specialise import Instead
from .opaque.marks import is_dynamic
from .opaque.parts import Learned
from .opaque.problems import place_of
from .records import leaves, mapped
from .runtime import duplicate
from .signature import duplicated, fitted

__all__ = ["Instead", "Learned", "copied", "learned", "read_or_whole", "rewinding", "tell", "whole"]


def copied(a: Any) -> Any:
    """An argument that nobody else changes; arrays in the same order of axes in memory."""
    return mapped(lambda leaf: np.array(leaf, copy=True, order="K") if isinstance(leaf, np.ndarray) else leaf, a)


@contextmanager
def rewinding(args: Iterable[Any]) -> Iterator[None]:
    """A run that may have to begin anew: then random generators are as they were."""
    generators = [leaf for a in args for _, leaf in leaves(a, "") if held(leaf) is not None]
    before = list(map(duplicate, generators))
    try:
        yield
    except Learned:
        for generator, was in zip(generators, before, strict=True):
            if isinstance(generator, np.random.RandomState):
                generator.set_state(was.get_state())
            else:
                generator.bit_generator.state = was.bit_generator.state
        raise


_told: set[tuple[str, str]] = set()  # the places, and what has been said of them


def tell(on_tape: Iterable[OnTape], name: str, jit: bool) -> None:
    """Warn of the functions that run on the tape, once for each place."""
    for met in on_tape:
        place = place_of(met.function)
        file, line = place or ((met.reason.file, met.reason.line) if met.reason is not None else (None, None))
        where = f" ({Path(file).name}, line {line})" if file is not None else ""
        why = f"{met.reason.what}; {met.reason.why}" if met.reason is not None else "it is marked @srcdiff.dynamic"
        text = f"`{met.name}`{where} runs on srcdiff.tape: {why}"
        if jit:
            text += f". The derivative of `{name}` runs in plain Python, though jit=True asks for compiled code"
        if (key := (f"{file}:{line}", text)) not in _told:
            _told.add(key)
            warnings.warn_explicit(text, FallbackWarning, file or "<unknown>", line or 1)


def read_or_whole(function: FunctionType, fallback: str | None) -> Program:
    """The program of a function; where it is not read, one that calls it."""
    if is_dynamic(function):
        return whole(function, None)
    try:
        return read(function)
    except Refusal as refusal:
        if fallback is None or any(p.error is UnresolvedName for p in refusal.problems):
            raise
        return whole(function, refusal.problems[0])


def learned(written: Callable[[], Built], given: Callable[[], Iterable[Any]]) -> bool:
    """Run a program, `written` anew each time, until it meets no function any more whose result is not known; whether
    it has met any. `given` are the arguments of one run."""
    found = False
    while True:
        built = written()
        if not built.unknown:
            return found
        captured = duplicated(copied(fitted(a, "a captured array", False)) for _, a in built.captured)
        try:
            built.plain(*given(), *captured)
        except Learned:
            found = True
            continue
        except Refusal:
            raise
        except Exception:  # noqa: BLE001 (the program's own, whatever it is: the derivative will meet it, too)
            return found
        return found
