"""A record for an operation: of the user's line that called it, if anything is recorded."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import modes
from .record import OURS, Record, frame, serial, users_frame


def recorded(back: Any, parents: Any, saved: Any, value: Any) -> Record | None:
    """The record of an operation whose function calls this; None if nothing is recorded in this thread."""
    if modes.SPECIAL and not modes.thread.recording:
        return None
    f = frame(2)
    code = f.f_code
    if code.co_filename in OURS:
        found = users_frame(f)
        record = [serial(), back, parents, saved, *((None, 0) if found is None else (found.f_code, found.f_lasti))]
    else:
        record = [serial(), back, parents, saved, code, f.f_lasti]
    if modes.SPECIAL:
        _tell(record, value)
    return record


def apart(saved: Any, arrays: list[Any]) -> Any:
    """Saved values with a copy of these arrays, which are the user's: nobody would notice if they were written to."""
    if not arrays:
        return saved
    return tuple(np.array(s) if any(s is a for a in arrays) else s for s in saved)


def _tell(record: Record, value: Any) -> None:
    """Let know who listens; look for a NaN where anomalies are watched."""
    thread = modes.thread
    if thread.listener is not None:
        thread.listener(record)
    if thread.anomaly and _first_nan is None and has_nan(value):
        _remember(record)


# the record that made the first NaN while anomalies are watched
_first_nan: Record | None = None


def _remember(record: Record) -> None:
    global _first_nan  # noqa: PLW0603 (one place for all operations)
    _first_nan = record


def first_nan() -> Record | None:
    """The record of the first operation whose result had a NaN since `forget` was called."""
    return _first_nan


def forget() -> None:
    """Look for the first NaN anew."""
    global _first_nan  # noqa: PLW0603
    _first_nan = None


def has_nan(value: Any) -> bool:
    """Whether there is a NaN in a value."""
    if value is None:
        return False
    if type(value) is float:
        return value != value  # noqa: PLR0124 (only NaN is not itself)
    if isinstance(value, tuple):
        return any(map(has_nan, value))
    array = np.asarray(getattr(value, "_v", value))
    return array.dtype.kind == "f" and bool(np.isnan(array).any())
