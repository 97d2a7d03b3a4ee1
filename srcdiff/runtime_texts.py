"""Text that programs make for messages. Generated code has these as f-strings; they are called only where a piece
cannot stand inside of one."""

from __future__ import annotations

from typing import Any


def text(*pieces: Any) -> str:
    """An f-string: texts, and values in their usual format."""
    return "".join([f"{piece}" for piece in pieces])


def formatted(value: Any, conversion: str, spec: str) -> str:
    """One field of an f-string: `{value!conversion:spec}`."""
    if conversion:
        value = ascii(value) if conversion == "a" else repr(value) if conversion == "r" else str(value)
    return format(value, spec)
