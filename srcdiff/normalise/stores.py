"""Writes into arrays made core: at places of variables, by masks and arrays of places, of tuples and lists.

in:   A[i][j] = a + b                    out:  A[i, j] = a + b
      x[mask] = v                              x[...] = replaced(x, mask, v)
      x[0:2] = p, q                            x[0:2] = np.array([p, q])
"""

from __future__ import annotations

from dataclasses import replace

from ..errors import AmbiguousAlias, UnsupportedMutation, UnsupportedType
from ..ir.nodes import Assign, Call, Const, Display, Expr, Item, Object, Slice, Update
from ..ir.types import ListOf, Num, Static, Tup, Type, describe
from ..rules import rule_of
from ..rules.complex_operands import check_real_place
from ..rules.registry import is_view
from ..rules.stacking import as_array
from ..rules.typing import TypeProblem
from ..runtime import replaced, scattered
from .expressions import GETITEM, Rewriter
from .literals import as_written

REPLACED = Object(replaced, "replaced")
SCATTERED = Object(scattered, "scattered")


def whole(place: Item) -> Expr:
    """`x` for `x[...]`, where it is only read."""
    return place.base if place.index == Const(Ellipsis) else place


def leaves(e: Expr) -> list[Expr]:
    """What a tuple or list that is written out is made of."""
    return [leaf for i in e.items for leaf in leaves(i)] if isinstance(e, Display) else [e]


def is_made(function: Expr) -> bool:
    """Whether a function makes the array that it returns."""
    known = isinstance(function, Object) and rule_of(function.value) is not None
    return known and isinstance(function, Object) and not is_view(function.value)


class Stores(Rewriter):
    """The writes into arrays of one function."""

    def store(self, target: Item, value: Expr) -> None:
        self.write(self.item(target), value)

    def item(self, target: Item) -> Item:
        """The target of a write with its base and index made core."""
        return Item(self.expr(target.base), self.index(target.index), target.at)

    def as_content(self, value: Expr) -> Expr:
        """What is written into an array: a list or tuple as the array that NumPy makes of it."""
        if isinstance(value, Display) and value.kind != "record" and value.items:
            return as_array(as_written(value))
        return self.as_array(value) if isinstance(self.typed(value), ListOf) else value

    def check_apart(self, value: Display, target: Expr) -> None:
        """Refuse arrays in a list that is written into an array where they may share memory with it: NumPy writes one
        after the other, and the later ones may have changed by then."""
        for item in leaves(value)[1:]:
            if self.is_array(item) and not (isinstance(item, Call) and is_made(item.func)):
                raise TypeProblem(
                    AmbiguousAlias,
                    "arrays in a tuple or list that is written into an array",
                    "NumPy writes them one after the other, and they may share memory with what is written",
                    "make one array of them first: np.stack((a, b)), or write them one by one",
                    target.at,
                )

    def write(self, target: Item, value: Expr) -> None:
        """`target = value`, all of it core."""
        if isinstance(value, Display):
            self.check_apart(value, target)
        given, value = value, self.as_content(value)
        fancy = self.fancy(target.index)
        if fancy is not None:
            array = self.written_array(target)
            part = self.typed(Call(GETITEM, (whole(array), fancy), at=target.at))
            self.check_written(self.typed(value), target, part)
            self.state.emit(Assign(array, Call(REPLACED, (array, fancy, value), at=target.at)))
            return
        place = self.place(target)
        self.check_room(given, place)
        self.check_written(self.typed(value), target, self.typed(place))
        self.state.emit(Assign(place, value))

    def check_room(self, value: Expr, place: Item) -> None:
        """Refuse a list or tuple where one element is written."""
        type_, room = self.typed(value), self.typed(place)
        if isinstance(type_, Tup | ListOf) and isinstance(room, Num) and room.ndim == 0:
            raise TypeProblem(
                UnsupportedType,
                f"a {describe(type_)} written into one element of an array",
                "NumPy itself refuses this",
                "write it into a part that has its shape: a[0:2] = (p, q)",
                place.at,
            )

    def written_array(self, target: Item) -> Item:
        """The whole of the array in which a mask or an array of places selects what is written."""
        return self.place(replace(target, index=Const(Ellipsis)))

    def held(self, index: Expr) -> Expr:
        """An index that is read twice, its arrays under names."""
        if isinstance(index, Display):
            return replace(index, items=tuple(map(self.held, index.items)))
        return index if isinstance(index, Slice) else self.atom(index, "places")

    def add_at(self, target: Item, op: Object, value: Expr) -> None:
        """`target op= value` (of `+` and `-`), where an element that the index names several times is updated as often:
        for a mask that is the ordinary update."""
        array, fancy = self.written_array(target), self.fancy(target.index)
        whole = Call(SCATTERED, (value, fancy if fancy is not None else target.index, array), at=target.at)
        self.typed(whole)
        self.state.emit(Update(array, op, whole))

    def check_written(self, type_: Type, target: Expr, place: Type) -> None:
        """Refuse a list or tuple where an array or number is written, and what does not fit into an array of reals."""
        check_real_place(place, type_, target)
        if not isinstance(type_, Num):
            raise TypeProblem(
                UnsupportedType,
                f"a {describe(type_)} written into an array",
                "only numbers and arrays are followed into an array",
                "make it an array first: np.array([...])",
                target.at,
            )

    def place(self, target: Item) -> Item:
        """The target of a write as an item of a variable: what stands before the last index is a view with a name."""
        base, index = target.base, target.index
        type_ = self.typed(base)
        if isinstance(type_, Tup | Static) or (isinstance(type_, Num) and type_.ndim == 0):
            raise TypeProblem(
                UnsupportedMutation,
                "a write into something that is not an array",
                "only arrays have elements that can be written",
                "make it an array with np.array(...)",
                target.at,
            )
        if isinstance(type_, ListOf):
            raise TypeProblem(
                UnsupportedMutation,
                "a write into a list as if it were an array",
                "only arrays are written into in this way",
                "make it an array with np.array(...), or write the items one by one: xs[i] = ...",
                target.at,
            )
        return self.joined(base, index) or Item(self.atom(base, "view"), index, target.at)

    def is_mask(self, index: Expr) -> bool:
        type_ = self.typed(index)
        return isinstance(type_, Num) and type_.dtype == "bool"

    def is_array(self, e: Expr | None) -> bool:
        type_ = None if e is None else self.typed(e)
        return isinstance(type_, Num) and bool(type_.ndim)
