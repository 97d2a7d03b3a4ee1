"""What an ordinary run leaves out of the long sweeps, always the same parts; `SRCDIFF_FULL=1` leaves nothing out."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Sequence
from typing import TypeVar

FULL = os.environ.get("SRCDIFF_FULL") == "1"

T = TypeVar("T")


def share(items: Sequence[T], parts: int, name: Callable[[T], str]) -> list[T]:
    """One of `parts` about equal shares, by a checksum of the names, so that a new item moves no other."""
    return [item for item in items if FULL or zlib.crc32(name(item).encode()) % parts == 0]
