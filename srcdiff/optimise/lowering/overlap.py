"""Whether the trips of nests get in each other's way: which elements one reads that another one has written."""

from __future__ import annotations

from collections.abc import Sequence

from ...analysis.affine import Form, affine, difference
from ...ir.nodes import Assign, Expr, Item, Name, Update
from ...ir.walk import subexprs
from ..storage import Storage, parts


def form(e: Expr) -> Form | None:
    """An index as a sum of multiples of variables."""
    return affine(e, lambda v: v)


def distance(a: Sequence[Expr], b: Sequence[Expr], one: str, other: str) -> int | None:
    """By how much the trip of loop `one` on which `a` is an element is ahead of the trip of loop `other` on which `b`
    is the same element, as far as an index tells; None where none does."""
    for x, y in zip(a, b, strict=True):
        left, right = form(x), form(y)
        if left is None or right is None or left.get(Name(one)) != 1 or right.get(Name(other)) != 1:
            continue
        left, right = dict(left), dict(right)
        del left[Name(one)], right[Name(other)]
        apart = difference(right, left)
        if not set(apart) - {None}:
            return apart.get(None, 0)
    return None


def reads_what_it_wrote(s: Assign | Update, counters: list[str], storage: Storage) -> bool:
    """Whether a statement in a nest may read an element that it has written on an earlier trip."""
    assert isinstance(s.target, Item)
    assert isinstance(s.target.base, Name)
    written = s.target.base.id
    return any(
        not _comes_first(e, s.target, counters)
        for e in subexprs(s.value)
        if isinstance(e, Item) and isinstance(e.base, Name) and storage.find(e.base.id) == storage.find(written)
    )


def _comes_first(read: Item, written: Item, counters: list[str]) -> bool:
    """Whether each element is read on the trip that writes it, or on an earlier one."""
    if read.base != written.base:
        return False
    a, b = parts(read), parts(written)
    if len(a) != len(b):
        return False
    for c in counters:
        ahead = distance(a, b, c, c)  # the trip that reads, less the one that writes
        if ahead is None or ahead > 0:
            return False
        if ahead < 0:
            return True
    return True
