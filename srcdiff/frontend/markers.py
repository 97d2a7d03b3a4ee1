"""What the frontend says by calls of functions of its own, where Python has syntax: the normaliser resolves them.

None of them is called.
"""

from __future__ import annotations

from typing import Any


def deleted(name: Any) -> None:
    """`del name`: the variable has no value from here on."""


def matches_sequence(subject: Any, length: int, starred: bool) -> bool:
    """Whether a sequence pattern of that many items fits; `starred` where it takes any further ones, too."""
    raise NotImplementedError


def matches_mapping(subject: Any) -> bool:
    """Whether a value is what a mapping pattern looks into."""
    raise NotImplementedError
