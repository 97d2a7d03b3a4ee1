"""Memory that compiled derivatives use again from call to call.

What a derivative keeps between its sweeps may be many megabytes. Asked of the system anew in every call, each page of
it costs a page fault, which takes several times as long as to write the page. So the large arrays that a compiled
derivative makes for itself come from a pool and go back to it, and the next call finds them there. What a call returns
never lies in the pool. See docs/memory.md.

The environment decides how much may lie idle: `SRCDIFF_MEMORY` is in megabytes, 0 turns the pool off. The default is a
quarter of the memory that the process may use.

The numbers here are read and written by machine code (`runtime_numba.pool`), in several threads at once: nothing but
`LIMIT` is written from Python.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .errors import BadArgument

__all__ = ["Info", "info", "release", "set_limit"]

BLOCKS = 512  # how many blocks the pool knows of, at most
HEADER, BLOCK = 8, 8  # 64-bit words: of what is said of the pool, and of each block
LIMIT, IDLE, USED, SERIAL, TOP, REUSED, MADE = range(7)  # the words of the header
_MEGABYTE = 2**20
_MOST = 2**62
_UNKNOWN = 256 * _MEGABYTE  # the limit where the system does not say how much memory there is

TABLE = (ctypes.c_int64 * (HEADER + BLOCKS * BLOCK))()
_release: list[Callable[[], int]] = []  # the machine code, once there is some


@dataclass(frozen=True)
class Info:
    """The state of the pool, in bytes: what lies `idle`, what running calls have in `use`, and the `limit` of what may
    lie idle. `reused` and `made` count the arrays for which memory was there, and those for which it was not."""

    idle: int
    used: int
    limit: int
    reused: int
    made: int


def info() -> Info:
    """The state of the pool now.

    >>> import srcdiff
    >>> srcdiff.memory.info().idle <= srcdiff.memory.info().limit
    True
    """
    return Info(TABLE[IDLE], TABLE[USED], TABLE[LIMIT], TABLE[REUSED], TABLE[MADE])


def release() -> int:
    """Give all memory that lies idle back to the system, and return how many bytes that were. Calls that run in other
    threads keep theirs.

    >>> import srcdiff
    >>> _ = srcdiff.memory.release()
    >>> srcdiff.memory.info().idle
    0
    """
    return sum(free() for free in _release)


def set_limit(limit: int) -> None:
    """Let at most so many bytes lie idle; 0 turns the pool off. What is above the limit now is given back. Raises
    BadArgument for what is no such number.

    >>> import srcdiff
    >>> srcdiff.memory.set_limit(2**30)
    >>> srcdiff.memory.info().limit
    1073741824
    """
    given: object = limit
    if type(given) is not int or not 0 <= given <= _MOST:
        raise BadArgument(f"the limit is a number of bytes, 0 or more, not {given!r}")
    TABLE[LIMIT] = limit
    if TABLE[IDLE] > limit:
        release()


def released_by(free: Callable[[], int]) -> None:
    """Note the machine code that gives idle memory back."""
    _release[:] = [free]


def default_limit() -> int:
    """What the environment says, or a quarter of the memory that this process may use."""
    try:
        return min(max(int(float(os.environ["SRCDIFF_MEMORY"]) * _MEGABYTE), 0), _MOST)
    except (KeyError, ValueError, OverflowError):
        known = [size for size in (_physical(), _of_group()) if size is not None]
        return min(known) // 4 if known else _UNKNOWN


def _physical() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _of_group() -> int | None:
    """What a container may use (Linux, control groups of either version)."""
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            return int(Path("/sys/fs/cgroup", name).read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue
    return None


TABLE[LIMIT] = default_limit()
