"""`grad_fn`: the record of a tensor as users see it."""

from __future__ import annotations

from typing import Any

from .record import PARENTS, SERIAL, Record, about


class GradFunction:
    """The operation that made a tensor. `name()` is what it is called, `next_functions` the operations before it."""

    __slots__ = ("_record",)

    def __init__(self, record: Record) -> None:
        self._record = record

    def name(self) -> str:
        """As torch has it: `MulBackward0`; `AccumulateGrad` for a leaf."""
        return about(self._record).name

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """For each tensor that the operation took the function that made it, or None where it needs no gradient; and
        which of that function's results it is."""
        record = self._record
        known = about(record)
        parents = _parents(record)
        found: list[tuple[Any, int]] = [(None, 0)] * max(known.count, len(parents))
        places = known.places if len(known.places) == len(parents) else range(len(parents))
        for place, parent in zip(places, parents, strict=True):
            found[min(place, len(found) - 1)] = (GradFunction(parent), 0)
        return tuple(found)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GradFunction) and other._record is self._record

    def __hash__(self) -> int:
        return hash(self._record[SERIAL])

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self._record):#x}>"


def _parents(record: Record) -> tuple[Record, ...]:
    parents = record[PARENTS]
    if parents is None:
        return ()
    return (parents,) if type(parents) is list else tuple(parents)
