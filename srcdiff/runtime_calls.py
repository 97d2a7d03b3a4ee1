"""Calls of functions that are recorded when they run."""

from __future__ import annotations

from typing import Any


def pulled_back(function: Any, *args: Any) -> tuple[Any, ...]:
    """What a function that is not read returns for these numbers and arrays, one by one, and after that its pullback:
    from the adjoints of these results to those of the arguments that they depend on (see `srcdiff.opaque`)."""
    found: tuple[Any, ...] = function.pulled_back(args)
    return found
