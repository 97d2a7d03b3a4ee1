"""Python's search for garbage in cycles, while a derivative is written and compiled.

Both make and drop a great many small objects, with no cycles among them that would be worth the search: each time, it
looks at all objects that there are, and those of Numba and LLVM are many. Meanwhile it is rare, not turned off: other
threads may leave garbage behind. (In a first call that took 6 seconds,
half a second went into it.)
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_RARE = (50_000, 1_000, 1_000)


class _State:
    """How many wait for it to be as it was, and how it was."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.count = 0
        self.before = gc.get_threshold()


_STATE = _State()


@contextmanager
def rare_collections() -> Iterator[None]:
    """Inside, cycles are looked for rarely; whoever has turned that off, or made it rarer, has it so."""
    with _STATE.lock:
        if not _STATE.count:
            _STATE.before = gc.get_threshold()
            if 0 < _STATE.before[0] < _RARE[0]:
                gc.set_threshold(*_RARE)
        _STATE.count += 1
    try:
        yield
    finally:
        with _STATE.lock:
            _STATE.count -= 1
            if not _STATE.count and gc.get_threshold() == _RARE:  # (if nobody has changed it in between)
                gc.set_threshold(*_STATE.before)
