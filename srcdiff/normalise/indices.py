"""Indices made core: masks and arrays of places, items of tuples, one index after another.

in:   x[np.nonzero(m)] + A[i][j]      out:  p, q = np.nonzero(m); getitem(x, (p, q)) + A[i, j]
"""

from __future__ import annotations

import operator
from dataclasses import replace

import numpy as np

from ..errors import UnsupportedSyntax, UnsupportedType
from ..ir.nodes import Call, Const, Display, Expr, Item, Object, Slice
from ..ir.types import ListOf, Num, Tup, Type
from ..rules.typing import TypeProblem
from .forms import has_several_results, wish_of
from .literals import as_index, as_written, is_list, of_index, part_of_tuple
from .side_by_side import MAKERS, parts, side_by_side

GETITEM = Object(operator.getitem, "getitem")
ARRAY = Object(np.array, "np.array")


class Indices:
    """The part of the rewriter that reads `base[index]`."""

    def expr(self, e: Expr) -> Expr:
        raise NotImplementedError

    def typed(self, e: Expr) -> Type:
        raise NotImplementedError

    def atom(self, e: Expr, wish: str) -> Expr:
        raise NotImplementedError

    def part(self, base: Display, index: Expr, e: Item) -> Expr:
        raise NotImplementedError

    def item_of_list(self, base: Expr, e: Item) -> Expr:
        """An item or a part of a list whose length is not known."""
        raise NotImplementedError

    def check_item(self, base: Display, known: bool) -> None:
        """An item of a structure is read, at a place that is known or one that the run tells."""

    def item_of(self, e: Item) -> Expr:
        base = self.unpacked(self.expr(e.base))
        if isinstance(base, Object) and (base.value is np.s_ or base.value is np.index_exp):
            found = of_index(self.expr(e.index))
            is_tuple = base.value is np.s_ or (isinstance(found, Display) and found.kind == "tuple")
            return found if is_tuple else Display("tuple", (found,), e.at)
        if isinstance(base, Object) and any(base.value is maker for maker in MAKERS):
            items = tuple(i if isinstance(i, Slice) else self.expr(i) for i in parts(e))
            return self.expr(side_by_side(base.value, items, self.typed, e))
        if not isinstance(base, Display) and isinstance(self.typed(base), ListOf):
            return self.item_of_list(base, e)
        index = self.index(e.index)
        if isinstance(base, Display) and base.form is not None and base.form.kind == "dict":
            return self.part(base, index, e)
        if isinstance(index, Slice) and isinstance(whole := self.typed(base), Tup) and not isinstance(base, Display):
            base = Display("tuple", tuple(Item(base, Const(k)) for k, _ in enumerate(whole.items)))  # of a shape
        if isinstance(base, Display) and isinstance(index, Slice):
            return part_of_tuple(base, index, self.typed, e)
        elif isinstance(base, Display):
            type_ = self.typed(index)
            self.check_item(base, known=isinstance(type_, Num) and isinstance(type_.value, int))
            if isinstance(type_, Num) and isinstance(type_.value, int):
                check_range(base, type_.value, e)
                return base.items[type_.value]
        if isinstance(self.typed(base), Num) and (fancy := self.fancy(index)) is not None:
            return Call(GETITEM, (base, fancy), at=e.at)
        joined = self.joined(base, index)
        return joined if joined is not None else Item(base, index, e.at)

    def unpacked(self, e: Expr) -> Expr:
        """The results of a function that has several, under names."""
        several = has_several_results(e) and isinstance(self.typed(e), Tup)
        return self.atom(e, wish_of(e)) if several else e

    def index(self, e: Expr) -> Expr:
        """An index, made core: `x[np.nonzero(m)]` is `x[i, j]`, and what variables hold is written out."""
        return self.places(as_index(self.unpacked(self.expr(e))))

    def places(self, e: Expr) -> Expr:
        """An index in which a list whose length is not known is an array."""
        if isinstance(e, Display) and _is_several(e):
            return replace(e, items=tuple(map(self.places, e.items)))
        is_places = not isinstance(e, Display | Slice) and isinstance(self.typed(e), ListOf)
        return self.as_array(e) if is_places else e

    def as_array(self, e: Expr) -> Expr:
        """A list whose length is not known as an array."""
        raise NotImplementedError

    def fancy(self, index: Expr) -> Expr | None:
        """An index that holds an array or mask, with lists in it made arrays; None for any other index. What it
        selects is a copy, not a view."""
        given = _parts(index)
        parts = [Call(ARRAY, (as_written(p),), at=getattr(p, "at", None)) if is_list(p) else p for p in given]
        arrays = [not isinstance(p, Slice | Const) and self.is_index_array(p) for p in parts]
        for part, is_array in zip(given, arrays, strict=True):
            if is_list(part) and not is_array:
                raise TypeProblem(
                    UnsupportedSyntax,
                    "indexing with a list that is not made of whole numbers, or of bools",
                    "an array made of it holds neither places nor a mask, nor does that of an empty list",
                    "index with an array: np.array(places, dtype=int)",
                    getattr(part, "at", None) or getattr(index, "at", None),
                )
        if not any(arrays):
            return None
        return Display("tuple", tuple(parts)) if _is_several(index) else parts[0]

    def is_index_array(self, part: Expr) -> bool:
        type_ = self.typed(part)
        return isinstance(type_, Num) and bool(type_.ndim) and not type_.is_float

    def joined(self, base: Expr, index: Expr) -> Item | None:
        """`x[i][j]` as `x[i, j]`, which is the same where `i` is made of whole numbers only."""
        if not isinstance(base, Item) or not isinstance(self.typed(base.base), Num):
            return None
        first = _parts(base.index)
        if all(isinstance(t := self.typed(p), Num) and t.is_integral for p in first):
            return Item(base.base, Display("tuple", (*first, *_parts(index))))
        return None


def check_range(base: Display, place: int, e: Item) -> None:
    """Refuse an item that a structure does not have."""
    count = len(base.items)
    if not -count <= place < count:
        raise TypeProblem(
            UnsupportedType,
            f"item {place} of a structure that has {count} item{'' if count == 1 else 's'} here",
            "Python raises an IndexError there",
            "read an item that there is, or test the length first",
            e.at,
        )


def _parts(index: Expr) -> tuple[Expr, ...]:
    return index.items if isinstance(index, Display) and _is_several(index) else (index,)


def _is_several(index: Expr) -> bool:
    """Whether an index is one for each dimension. A list is one index, of places or a mask, whatever holds it."""
    return isinstance(index, Display) and index.kind == "tuple" and not is_list(index)
