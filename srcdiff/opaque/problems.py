"""What is refused of a function that runs on the tape, at the place where it is defined."""

from __future__ import annotations

import itertools
import linecache
from typing import Any

from ..errors import Problem, Refusal


def described_function(function: Any) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def place_of(function: Any) -> tuple[str, int] | None:
    """File and line of a function; None where it has no source."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None:
        return None
    file, first = code.co_filename, code.co_firstlineno  # (of the first decorator, if there is one)
    lines = linecache.getlines(file)[first - 1 :]
    head = itertools.takewhile(lambda line: not line.lstrip().startswith(("def ", "async def ")), lines)
    beyond = len(list(head)) if lines and lines[0].lstrip().startswith("@") else 0
    return file, first + beyond


def refusal(error: type[Refusal], function: Any, what: str, why: str, fix: str) -> Refusal:
    """A refusal with the place of the function."""
    place = place_of(function)
    if place is None:
        return error(Problem(error, what, why, fix))
    line = linecache.getline(*place).rstrip("\n")
    start = len(line) - len(line.lstrip()) if line else None
    return error(Problem(error, what, why, fix, *place, start, len(line) if line else None, line or None))
