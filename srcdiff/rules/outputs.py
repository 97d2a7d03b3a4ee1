"""What a program tells, and what it asks the clock: effects on the world outside, each as the program has it.

The methods and functions of `logging` are registered when that is in use.
"""

from __future__ import annotations

import time
import warnings
from typing import Any

from ..ir.types import FLOAT, INT, NONE, Type
from .effects import effect
from .result_types import Asked, states

_CLOCKS = (time.time, time.perf_counter, time.monotonic, time.process_time, time.thread_time)
_COUNTERS = (time.time_ns, time.perf_counter_ns, time.monotonic_ns, time.process_time_ns, time.thread_time_ns)
_SILENT = (print, warnings.warn, time.sleep)

effect(*_SILENT, state="output", fix=None)
effect(*_CLOCKS, *_COUNTERS, state="clock", fix=None)


@states(*_SILENT)
def _nothing(asked: Asked) -> Type:
    return NONE


@states(*_CLOCKS)
def _seconds(asked: Asked) -> Type:
    return FLOAT


@states(*_COUNTERS)
def _nanoseconds(asked: Asked) -> Type:
    return INT


def tells(owner: Any, *names: str) -> None:
    """Register functions or methods that write something and return None."""
    functions = [getattr(owner, name) for name in names if hasattr(owner, name)]
    effect(*functions, state="output", fix=None)
    states(*functions)(_nothing)
