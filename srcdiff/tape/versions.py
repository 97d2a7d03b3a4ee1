"""What was changed in place, and when: so that a value which the backward pass needs is known to be the one saved.

Nothing is counted when a value is saved. A change in place notes its serial number with the memory that it wrote to
(with the record of a number, which has no memory of its own); a record older than the last change in the program is
checked when the sweep comes to it: a saved value that was changed after the record was made is an error.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ChangedInPlace
from . import modes
from .arithmetic import Spread
from .record import BACK, CHANGED, CODE, PARENTS, PLACE, SAVED, SERIAL, Record, Where, about, here, line_of, serial
from .tensor import Tensor, ndarray

last = 1  # the serial number of the last change in the program; numbers fall, so older records have higher ones


@dataclass(slots=True)
class Change:
    """A change in place: when, by which operation, at which place; `memory` is a weak reference to what was changed,
    `count` how often."""

    serial: int
    operation: str
    where: Where
    memory: Any = None
    count: int = 1


_changes: dict[int, Change] = {}


def root_of(array: Any) -> Any:
    """The array whose memory this one sees."""
    while type(array.base) is ndarray:
        array = array.base
    return array


def changed(t: Tensor, operation: str, record: Record | None, number: int | None = None) -> None:
    """Note that the value of a tensor is changed in place; `record` is the one it had before, `number` that of the
    change: lower than those of all records that saved the value before it."""
    global last  # noqa: PLW0603 (one number that the sweep reads)
    last = number = serial() if number is None else number
    change = Change(number, operation, here())
    if record is not None and record[BACK] is not None:
        record[CHANGED:] = [change]
    v = t._v
    if type(v) is ndarray:
        root = root_of(v)
        if modes.SPECIAL and modes.thread.keeper is not None:
            modes.thread.keeper.before(root)
        key = id(root)
        known = _changes.get(key)
        if known is not None and known.memory() is root:
            known.serial, known.operation, known.where = change.serial, operation, change.where
            known.count += 1
            return
        change.memory = weakref.ref(root, lambda reference: _gone(key, reference))
        _changes[key] = change


def version_of(t: Tensor) -> int:
    """How often the tensor's memory was changed in place."""
    if type(t._v) is not ndarray:
        return 0
    root = root_of(t._v)
    known = _changes.get(id(root))
    return known.count if known is not None and known.memory() is root else 0


def _gone(key: int, reference: Any) -> None:
    known = _changes.get(key)
    if known is not None and known.memory is reference:
        del _changes[key]


def check(record: Record) -> None:
    """Raise ChangedInPlace if a value that this record saved was changed after it was saved."""
    saved, number = record[SAVED], record[SERIAL]
    known = about(record)
    found = _changed_memory(saved, number)
    if found is None:
        parents = record[PARENTS] if type(record[PARENTS]) is not list else (record[PARENTS],)
        kept = saved[0] if type(saved) is Spread else saved
        for operand, value in zip(known.operands, kept, strict=False):
            if operand is None or not isinstance(value, float | np.generic):  # the memory of an array tells
                continue
            owner = record if operand < 0 else parents[operand]
            if len(owner) > CHANGED and owner[CHANGED].serial < number:
                found = owner[CHANGED]
                break
    if found is not None:
        raise ChangedInPlace(
            "one of the values needed for gradient computation has been modified by an in-place operation:\n"
            f"  saved by {known.name} at {_place((record[CODE], record[PLACE]))}\n"
            f"  changed by {found.operation} at {_place(found.where)}\n"
            "  clone() the tensor before it is changed, or compute the new value out of place"
        )


class Keeper:
    """Gives records copies of what they have saved before it is written to: for functions that were written for arrays,
    in which that is no mistake."""

    def __init__(self) -> None:
        self.records: dict[int, list[Record]] = {}  # by the memory that they have saved

    def note(self, record: Record) -> None:
        """A record that was made."""
        for value in _arrays_in(record[SAVED]):
            self.records.setdefault(id(root_of(value)), []).append(record)

    def before(self, root: Any) -> None:
        """This memory is about to be written to."""
        for record in self.records.pop(id(root), ()):
            record[SAVED] = copied_from(record[SAVED], root)


def _arrays_in(saved: Any) -> Iterator[Any]:
    if type(saved) is ndarray:
        yield saved
    elif isinstance(saved, tuple):
        for value in saved:
            yield from _arrays_in(value)


def copied_from(saved: Any, root: Any) -> Any:
    """Saved values with a copy of what lies in this memory."""
    if isinstance(saved, tuple):
        return type(saved)(copied_from(s, root) for s in saved)
    return np.array(saved) if type(saved) is ndarray and root_of(saved) is root else saved


def _changed_memory(saved: Any, number: int) -> Change | None:
    if type(saved) is ndarray:
        root = root_of(saved)
        known = _changes.get(id(root))
        return known if known is not None and known.serial < number and known.memory() is root else None
    if isinstance(saved, tuple):
        for value in saved:
            found = _changed_memory(value, number)
            if found is not None:
                return found
    return _changed_memory(saved._v, number) if type(saved) is Tensor else None


def _place(where: Where) -> str:
    found = line_of(where)
    if found is None:
        return "an unknown place"
    import linecache

    text = linecache.getline(*found).strip()
    return f"{found[0]}, line {found[1]}" + (f": {text}" if text else "")


def place_of(record: Record) -> str:
    """The user's line that a record comes from."""
    return _place((record[CODE], record[PLACE]))
