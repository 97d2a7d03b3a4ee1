"""What the instruments call while a derivative runs: in plain Python, and in compiled code.

A value on a tape has the size of its data: 8 bytes for a float or a whole number, one for a bool; an array has that of
the memory it keeps alive, which counts once. What the reverse sweep puts on a tape again counts every time.
"""

from __future__ import annotations

import platform
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Books = tuple[Any, ...]  # see `instrument.PARTS`


@dataclass(frozen=True)
class Bench:
    """How one kind of code is measured: what it calls, its books, how functions are made to run, and how long one
    count of its clock takes in seconds."""

    helpers: dict[str, Callable[..., Any]]
    books: Callable[[int, int], Books]  # for so many groups, and what a call costs in counts
    made: Callable[[Any], Any]
    tick: float


# -------------------------------------------------------------------------------------------------------- plain Python


def stored(value: Any) -> int:
    """The size of a value."""
    if isinstance(value, list | tuple):
        return sum(map(stored, value))
    if isinstance(value, np.ndarray | np.generic):
        return int(value.nbytes)
    return {type(None): 0, bool: 1, complex: 16}.get(type(value), 8)


def kept(value: Any, seen: dict[int, Any]) -> int:
    """The size of what was put on a tape; that of an array which is there already is nothing."""
    if isinstance(value, list | tuple):
        return sum(kept(v, seen) for v in value)
    if not isinstance(value, np.ndarray):
        return stored(value)
    while isinstance(value.base, np.ndarray):
        value = value.base
    known = seen.get(id(value))
    if known is not None and known() is value:
        return 0
    seen[id(value)] = weakref.ref(value)
    return int(value.nbytes)


def alive(value: Any, seen: dict[int, Any]) -> int:
    """The size of the arrays and lists that a variable holds."""
    return kept(value, seen) if isinstance(value, np.ndarray | list | tuple) else 0


def plain_bench() -> Bench:
    """In plain Python: the clock counts nanoseconds."""

    def books(count: int, call: int) -> Books:
        return [0] * count, [0] * count, [0] * count, [0, call], {}

    helpers: dict[str, Callable[..., Any]] = {
        "clock": time.perf_counter_ns,
        "stored": stored,
        "kept": kept,
        "alive": alive,
    }
    return Bench(helpers, books, lambda function: function, 1e-9)


# ------------------------------------------------------------------------------------------------------- compiled code


def has_counter() -> bool:
    """Whether compiled code can read the processor's own counter of time."""
    return platform.machine().lower() in ("x86_64", "amd64", "i386", "i686")


def compiled_bench(made: Callable[[Any], Any]) -> Bench:
    """Under Numba: the clock is the counter of the processor, which runs at one pace. `made` compiles a function."""
    from . import clocks_numba as compiled

    def books(count: int, call: int) -> Books:
        columns = (np.zeros(count, np.int64) for _ in range(3))
        return *columns, np.array([0, call]), compiled.nothing_seen()

    helpers: dict[str, Callable[..., Any]] = {
        "clock": compiled.ticks,
        "stored": compiled.stored,
        "kept": compiled.kept,
        "alive": compiled.alive,
    }
    return Bench(helpers, books, made, _seconds_per_tick(compiled.now))


def _seconds_per_tick(now: Callable[[], int]) -> float:
    now()
    first, start = now(), time.perf_counter_ns()
    while time.perf_counter_ns() - start < 20_000_000:
        pass
    last, end = now(), time.perf_counter_ns()
    return (end - start) * 1e-9 / (last - first)
