"""Calls of compiled code whose loops run on several cores: from several threads at once, and in forked processes.

Numba's `workqueue` layer ends the process where two threads start parallel loops at the same time; GNU's OpenMP ends
that of a child which was forked after such loops had run. So calls take turns, and a child is told before it tries.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from .errors import ParallelUnavailable


class _Turns:
    """The state of this process: whose turn it is, and whether parallel loops would end it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.forked = False

    def after_fork(self) -> None:
        self.lock = threading.RLock()  # another thread of the parent may have held it
        self.forked = sys.platform.startswith("linux") and _layer() == "omp"


def _layer() -> str | None:
    """The threading layer that Numba uses; None as long as it uses none."""
    numba = sys.modules.get("numba")
    try:
        return None if numba is None else str(numba.threading_layer())
    except (ValueError, AttributeError):
        return None


_TURNS = _Turns()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_TURNS.after_fork)


def in_turn(run: Callable[..., Any]) -> Callable[..., Any]:
    """A function with parallel loops that waits until no other one runs.

    It raises ParallelUnavailable in a process in which it cannot run.
    """

    def call(*args: Any) -> Any:
        if _TURNS.forked:
            raise ParallelUnavailable(
                "parallel loops cannot run here: this process was forked from one that had run some, which GNU's "
                "OpenMP does not allow. Start processes with multiprocessing.get_context('spawn'), or set "
                "NUMBA_THREADING_LAYER=workqueue or tbb in front of everything"
            )
        with _TURNS.lock:
            return run(*args)

    return call
