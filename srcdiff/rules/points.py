"""Where a rule is tested: each rule is registered with calls of its functions, with drawn numbers as operands.

`over((-2, 2))` stands for calls of an elementwise function with operands in that range, `call(reals(3, 4), axis=0)` for
one call; what is drawn is differentiated, everything else is passed as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Reals:
    """An array of random reals (a number for the shape `()`), no two of which are closer than a hundredth."""

    shape: tuple[int, ...]
    low: float
    high: float
    form: str  # "", "symmetric", "definite" (positive), "lower" (triangular), "distinct" (eigenvalues) or "sorted"


@dataclass(frozen=True)
class Complexes:
    """An array of random complex numbers (a number for the shape `()`); their parts are drawn like reals."""

    shape: tuple[int, ...]
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Example:
    """One call of a function."""

    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]
    part: int | None = None  # which of several results is looked at; all of them if that is None


Points = tuple[Example, ...]


def reals(*shape: int, low: float = -2.0, high: float = 2.0, form: str = "") -> Reals:
    """An operand to be drawn and differentiated: of this shape, in the range from `low` to `high`."""
    return Reals(shape, low, high, form)


def complexes(*shape: int, low: float = -2.0, high: float = 2.0) -> Complexes:
    """An operand of complex numbers to be drawn and differentiated, by real and imaginary parts in this range."""
    return Complexes(shape, low, high)


def call(*args: Any, **kwargs: Any) -> Points:
    """One call, with these operands and keywords; calls are added up: `call(reals(3)) + call(reals(3, 4), axis=0)`."""
    return (Example(args, tuple(kwargs.items())),)


def parts(points: Points, *places: int) -> Points:
    """The same calls, of a function with several results, once for each of these results alone."""
    return tuple(replace(example, part=place) for example in points for place in places)


def over(*ranges: tuple[float, float]) -> Points:
    """Calls of an elementwise function with one operand for each range: numbers, arrays, and shapes that broadcast."""
    count = len(ranges)
    shapes: list[tuple[tuple[int, ...], ...]] = [((),) * count, ((3,),) * count]
    if count == 2:
        shapes += [((2, 3), (3,)), ((), (3,)), ((2, 1), (1, 3))]
    elif count == 1:
        shapes += [((2, 3),)]
    found: Points = ()
    for each in shapes:
        found += call(*(Reals(shape, low, high, "") for shape, (low, high) in zip(each, ranges, strict=True)))
    return found
