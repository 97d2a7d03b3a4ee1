"""What loops call that stand for array statements in the text for Numba."""

from __future__ import annotations

from typing import Any


class LengthsDiffer(ValueError):
    """Two lengths that a text takes to be the same are not: one of them is 1, or the operation is an error."""


def same_length(n: int, m: int) -> None:
    """Hold two lengths against each other for the loops that follow. Raises LengthsDiffer."""
    if n != m:
        raise LengthsDiffer("operands could not be broadcast together")


def adjoint_fits(n: int, m: int) -> None:
    """Hold a length of an adjoint that is given against that of the result. Raises ValueError."""
    if n != m:
        raise ValueError("the adjoint has another shape than the result")


def whole_power(base: int, exponent: int) -> int | float:
    """The power of a whole number; compiled, where it has to be whole, it raises NegativePower for a fraction.

    >>> whole_power(2, 5), whole_power(2, -1)
    (32, 0.5)
    """
    found: int | float = base**exponent
    return found


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


def all_within(indices: Any, n: int) -> None:
    """Hold the elements of an array of whole numbers against the length of an axis that they are indices of, counted
    from the end too. Raises LengthsDiffer, and what runs instead looks at every index."""
    if indices.size > 0 and (indices.min() < -n or indices.max() >= n):
        raise LengthsDiffer("index is out of bounds")


def all_below(ends: Any, n: int) -> None:
    """The same for elements that loops over such indices begin and end with, `range(ends[i], ends[i + 1])`."""
    if ends.size > 0 and (ends.min() < 0 or ends.max() > n):
        raise LengthsDiffer("index is out of bounds")
