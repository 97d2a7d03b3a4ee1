"""What the tape keeps of one operation: a record.

A record is a flat list, made for every operation whose result needs a gradient, and freed by Python with the last
tensor that comes after it. Its fields:

    SERIAL   its number, lower than those of all records that were made before: the sweep goes from low to high
    BACK     `back(g, saved)`: the gradient of the operand, or a tuple of those of the operands
    PARENTS  the record of the one operand that needs a gradient; a tuple of such records; None for a leaf
    SAVED    what `back` reads, a tuple; the `State` of its tensor for a leaf
    CODE     the user's code object that called the operation, and
    PLACE    the offset in it, from which the line is found when it is asked for
    CHANGED  only where a number was changed in place: when, and by which line

Whatever else is known of an operation belongs to its `back` and is found through `about`.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

SERIAL, BACK, PARENTS, SAVED, CODE, PLACE, CHANGED = range(7)

Record = list[Any]
Back = Callable[[Any, Any], Any]
Where = tuple[CodeType | None, int]

serial = itertools.count(0, -1).__next__  # downwards: the newest record is the least one in a heap
frame = sys._getframe


@dataclass(slots=True, eq=False)
class About:
    """What is known of a kind of record: shared by all records with the same `back`.

    `again` is the same pullback on tensors, recorded itself: `again(g, saved, values)` with the operands' tensors in
    `saved`; None where it has none. `places` are the positions of the parents among the tensors that the operation
    took, of which there were `count`. `operands` are, for each entry of `saved`, the number of the parent whose value
    it is, -1 for the result, None for anything else.
    """

    name: str
    again: Callable[[Any, Any], Any] | None
    places: tuple[int, ...] = (0,)
    count: int = 1
    operands: tuple[int | None, ...] = ()
    why_not: str = "it has no second derivative"


class Freed:
    """Stands for the saved values of a record that a backward pass has been through."""

    def __repr__(self) -> str:
        return "FREED"


FREED: Any = Freed()
LEAF: Any = None  # a leaf has no pullback
ABOUT: dict[Any, About] = {}
LEAF_ABOUT = About("AccumulateGrad", None, (), 0)


def about(record: Record) -> About:
    """What is known of this kind of record."""
    back = record[BACK]
    if back is None:
        return LEAF_ABOUT
    found: About | None = ABOUT.get(back)
    return back.about if found is None else found


# ---------------------------------------------------------------------------------------------------------- places

OURS = {str(file) for file in Path(__file__).resolve().parent.parent.rglob("*.py")}  # srcdiff's own files


def users_frame(f: FrameType | None) -> FrameType | None:
    """The first frame, from this one outwards, that is not srcdiff's nor NumPy's."""
    while f is not None and (f.f_code.co_filename in OURS or f.f_globals.get("__package__", "") == "numpy"):
        f = f.f_back
    return f


def here() -> Where:
    """The user's code that is running now."""
    found = users_frame(sys._getframe(1))
    return (None, 0) if found is None else (found.f_code, found.f_lasti)


def line_of(where: Where) -> tuple[str, int] | None:
    """File and line of a place in code."""
    code, offset = where
    if code is None:
        return None
    for start, end, line in code.co_lines():
        if line is not None and start <= offset < end:
            return code.co_filename, line
    return code.co_filename, code.co_firstlineno
