"""What loops call that stand for array statements in the text for Numba."""

from __future__ import annotations

from typing import Any


class LengthsDiffer(ValueError):
    """Two lengths that a text takes to be the same are not: one of them is 1, or the operation is an error."""


def same_length(n: int, m: int) -> None:
    """Hold two lengths against each other for the loops that follow. Raises LengthsDiffer."""
    if n != m:
        raise LengthsDiffer("operands could not be broadcast together")


def added(total: Any, term: Any) -> Any:
    """`total + term` in a sum whose terms may come in any order: compiled, several of them are added at a time.

    >>> added(1.0, 0.5)
    1.5
    """
    return total + term


def long_enough(n: int, least: int) -> None:
    """Hold the length of an array against what the indices take it to be at least. Raises LengthsDiffer, and what runs
    instead looks at every index."""
    if n < least:
        raise LengthsDiffer("index is out of bounds")


def not_empty(n: int, lines: int = 1) -> None:
    """Hold a number of elements against 0 for the loop that follows, which looks for the largest or the smallest of
    them in each of that many lines. Raises ValueError."""
    if n == 0 and lines != 0:
        raise ValueError("zero-size array to reduction operation maximum or minimum which has no identity")


def above(x: Any, best: Any) -> Any:
    """Whether `x` takes the place of what has been the largest so far: it is larger, or the first that is NaN.

    >>> nan = float("nan")
    >>> above(2.0, 1.0), above(1.0, 1.0), above(nan, 1.0), above(nan, nan)
    (True, False, True, False)
    """
    return x > best or (x != x and best == best)  # noqa: PLR0124


def below(x: Any, best: Any) -> Any:
    """Whether `x` takes the place of what has been the smallest so far: it is smaller, or the first that is NaN."""
    return x < best or (x != x and best == best)  # noqa: PLR0124
