"""The items of lists whose length is known only when the program runs: read, written, updated.

in:   t[i][j] = xs[-1]                   out:  t[i][j] = xs[-1]
      xs[k] += 1                               xs[k] += 1
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import UnsupportedMutation, UnsupportedSyntax
from ..ir.nodes import Assign, Call, Display, Expr, Item, Name, Slice, Update
from ..ir.types import ListOf, Num, Tup, Type, describe
from ..rules.typing import TypeProblem
from .lazy import Side
from .lists import Lists, alike, is_dynamic
from .literals import as_index, is_list, literal
from .state import Empty, Grows, to_problem


class Items(Lists):
    """The items of the lists of one function."""

    def item_of_list(self, base: Expr, e: Item) -> Expr:
        index = as_index(self.expr(e.index))
        if isinstance(index, Slice):
            return self.part_of_list(base, index, e)
        item = self.place_in(base, index, e)
        is_array = isinstance(t := self.typed(item), Num) and t.ndim != 0
        named = (self.hasty or is_array) and e is not self.direct and not self.is_generated
        return self.atom(item, "item") if named else item

    def side(self, e: Expr, read: Callable[[Any], Expr] | None = None) -> Side:
        """One side of a choice; one that reads an item of an empty list is not taken."""
        try:
            return super().side(e, read)
        except Empty as problem:  # which the next walk of the loop forgets
            self.note(to_problem(self.program, problem, self.state.origin, self.chain))
            return Side(None, (), self.state.env)

    def check_item(self, base: Display, known: bool) -> None:
        """An item of a list that is written out: of an empty one, or at a place that the run tells."""
        site = base.form.site if is_list(base) and base.form is not None else None
        plain = known or all(isinstance(literal(i), int | float) for i in base.items)
        if site is not None and not (base.items and plain):
            raise Grows(frozenset((site,)))

    def place_in(self, base: Expr, index: Expr, e: Item) -> Item:
        """`base[index]`, for one item of a list."""
        self.item_type(base, e)
        if isinstance(index, Slice):
            raise TypeProblem(
                UnsupportedMutation,
                "a write to a slice of a list whose length is not known",
                "the list may be longer or shorter after it",
                "write the items one by one, or make a new list: xs = xs[:a] + new + xs[b:]",
                e.at,
            )
        type_ = self.typed(index)
        if not isinstance(type_, Num) or not type_.is_integral:
            raise TypeProblem(
                UnsupportedSyntax,
                f"a {describe(type_)} as a place in a list",
                "Python itself refuses this",
                "use a whole number",
                e.at,
            )
        return Item(base, index, e.at)

    def is_record_place(self, target: Expr) -> bool:
        found = super().is_record_place(target)
        if found and isinstance(target, Item):
            type_ = self.type_apart(target.base)
            form = type_.form if isinstance(type_, Tup) else None
            if (
                form is not None
                and form.kind == "list"
                and form.site is not None
                and self.count_of(target.index) is None
            ):
                raise Grows(frozenset((form.site,)))
        return found

    def store(self, target: Item, value: Expr) -> None:
        if not is_dynamic(self.type_apart(target.base)):
            super().store(target, value)
            return
        base = self.expr(target.base)
        place = self.place_in(base, self.expr(target.index), target)
        held, value = self.typed(place), self.one_item(value)
        if is_dynamic(held):
            raise TypeProblem(
                UnsupportedMutation,
                "a list that takes the place of a list in a list",
                "whether somebody else has the old one is not followed",
                "write the new items into the list that is there, one by one",
                target.at,
            )
        self.hold_at(base, place, value)
        self.state.emit(Assign(place, value))

    def hold_at(self, base: Expr, place: Item, value: Expr) -> None:
        """Note the type of what is written at a place of a list."""
        if isinstance(base, Name):
            self.holds(base, value)
            return
        item = self.typed(value)
        if not alike(self.typed(place), item):
            self.holds(self.list_name(base), value)  # raises
        while isinstance(base, Item):
            item, base = ListOf(item), base.base
        assert isinstance(base, Name)
        self.note_item(base.id, item)

    def update_item(self, s: Update, target: Item, held: Type) -> None:
        """`xs[i] += value`."""
        value = self.expr(s.value)
        base = self.expr(target.base)
        index = self.expr(target.index)
        place = self.place_in(base, index, target)
        if isinstance(type_ := self.typed(place), Num) and type_.ndim == 0:
            self.hold_at(base, place, Call(s.op, (place, value), at=target.at))
            self.state.emit(Update(place, s.op, value))
            return
        if self.is_generated:
            self.typed(Call(s.op, (place, value), at=target.at))
            self.state.emit(Update(place, s.op, value))
            return
        raise TypeProblem(
            UnsupportedMutation,
            f"an update in place of a {describe(held.item or held) if isinstance(held, ListOf) else 'value'} in a list",
            "it changes under all its names, and which item it is, only the run knows",
            "write xs[i].extend(...)" if is_dynamic(type_) else "write xs[i] = xs[i] + ..., a new value",
            target.at,
        )
