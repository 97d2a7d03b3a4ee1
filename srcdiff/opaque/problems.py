"""What is refused of a function that runs on the tape, at the place where it is defined."""

from __future__ import annotations

import linecache
from typing import Any

from ..errors import Problem, Refusal


def described_function(function: Any) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def place_of(function: Any) -> tuple[str, int] | None:
    """File and line of a function; None where it has no source."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return None if code is None else (code.co_filename, code.co_firstlineno)


def refusal(error: type[Refusal], function: Any, what: str, why: str, fix: str) -> Refusal:
    """A refusal with the place of the function."""
    place = place_of(function)
    if place is None:
        return error(Problem(error, what, why, fix))
    line = linecache.getline(*place).rstrip("\n") or None
    return error(Problem(error, what, why, fix, file=place[0], line=place[1], source_line=line))
