"""Lists as arrays and back: what crosses the border of a function of its own is numbers and arrays.

in:   f(rows)    (a list of vectors)     out:  lengths = np.empty(len(rows), np.int64); n = 0
                                               for k in range(len(rows)):
                                                   lengths[k] = len(rows[k]); n += len(rows[k])
                                               items = np.empty(n); start = 0
                                               for k in range(len(rows)):
                                                   items[start : start + len(rows[k])] = rows[k]
                                                   start += len(rows[k])
                                               f(items, lengths)

A list of numbers is the array of them. Arrays in a list, and the numbers of lists in a list, stand behind one another
in one array, with their shapes in a second one. A list that holds nothing yet is nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from ..ir.nodes import Assign, Block, Call, Const, Display, Expr, For, Item, Name, Object, Slice, Update
from ..ir.types import INT, ListOf, Num, Type
from .classes import Classes
from .forms import ADD
from .iteration import LEN, MUL, ONE, RANGE, ZERO, plus, range_of

COPY = Object(np.ndarray.copy, "copy")
RAVEL = Object(np.ravel, "np.ravel")
RESHAPE = Object(np.reshape, "np.reshape")
SHAPE = Object(np.ndarray.shape, "shape")


class Packing(Classes):
    """The lists of one function that cross a border."""

    def as_array(self, e: Expr) -> Expr:
        raise NotImplementedError

    def empty(self, lengths: tuple[Expr, ...], dtype: str) -> Expr:
        raise NotImplementedError

    def loop_counter(self) -> Name:
        raise NotImplementedError

    def each(self, source: Expr, body: Callable[[Expr], None]) -> None:
        raise NotImplementedError

    def list_name(self, base: Expr) -> Name:
        raise NotImplementedError

    def new_list(self, name: str | None = None) -> Name:
        raise NotImplementedError

    def put_in(self, base: Expr, item: Expr) -> None:
        raise NotImplementedError

    # ------------------------------------------------------------------------------------------------ into arrays

    def packed(self, e: Expr) -> list[Expr]:
        """The arrays that stand for a list."""
        type_ = self.typed(e)
        assert isinstance(type_, ListOf)
        if type_.item is None:
            return []
        if isinstance(type_.item, Num) and type_.item.ndim == 0:
            return [self.as_array(e)]
        return self.packed_rows(self.list_name(e), type_.item)

    def packed_rows(self, held: Name, item: Type) -> list[Expr]:
        count, rank = Call(LEN, (held,)), item.ndim or 1 if isinstance(item, Num) else 1
        shapes = self.empty((count,) if rank == 1 else (count, Const(rank)), "int64")
        total = self.counting("n")
        k = self.loop_counter()
        lengths = _lengths(Item(held, k), rank)
        places = _places(k, rank)
        kept = (Assign(Item(shapes, place), length) for place, length in zip(places, lengths, strict=True))
        body: Block = (*kept, Update(total, ADD, _product(lengths)))
        self.state.emit(For(k, range_of(ZERO, count, ONE), body))
        numbers = item.item if isinstance(item, ListOf) else item
        if not isinstance(numbers, Num):
            return [shapes]
        items = self.empty((total,), numbers.dtype)
        start, k = self.counting("start"), self.loop_counter()
        row, size = Item(held, k), _product(_lengths(Item(held, k), rank))
        if isinstance(item, ListOf):
            j = self.loop_counter()
            body = (For(j, range_of(ZERO, size, ONE), (Assign(Item(items, plus(start, j)), Item(row, j)),)),)
        else:
            body = (Assign(Item(items, Slice(start, plus(start, size), None)), _flat(row, rank)),)
        self.state.emit(For(k, range_of(ZERO, count, ONE), (*body, Update(start, ADD, size))))
        return [items, shapes]

    def counting(self, wish: str) -> Name:
        """A new variable for a whole number, zero at first."""
        name = Name(self.state.fresh(wish))
        self.state.emit(Assign(name, ZERO))
        self.state.env[name.id] = INT
        return name

    # ------------------------------------------------------------------------------------------------ into a list

    def fill(self, home: Name, arrays: list[Expr], type_: ListOf) -> None:
        """Put the items of a list of this type, which comes as arrays, into a list."""
        item = type_.item
        if not arrays:
            return
        if isinstance(item, Num) and item.ndim == 0:
            self.each(arrays[0], lambda one: self.put_in(home, one))
        elif item is not None:
            rank = item.ndim or 1 if isinstance(item, Num) else 1
            self.fill_rows(home, arrays, item, rank)

    def fill_rows(self, home: Name, arrays: list[Expr], item: Type, rank: int) -> None:
        *first, shapes = arrays
        start = self.counting("start")

        def put(k: Expr) -> None:
            lengths = tuple(Item(shapes, place) for place in _places(k, rank))
            stop = self.atom(plus(start, _product(lengths)), "stop")
            if isinstance(item, ListOf):
                inner = self.new_list()
                if first:  # (there are no numbers if all of them are empty)
                    self.each(Call(RANGE, (start, stop)), lambda j: self.put_in(inner, Item(first[0], j)))
                self.put_in(home, inner)
            else:
                row: Expr = Call(COPY, (Item(first[0], Slice(start, stop, None)),))  # nobody else has it
                self.put_in(home, row if rank == 1 else Call(RESHAPE, (row, Display("tuple", lengths))))
            self.state.emit(Assign(start, stop))

        self.each(Call(RANGE, (Call(LEN, (shapes,)),)), put)


def _places(k: Expr, rank: int) -> list[Expr]:
    """Where the lengths of the item `k` stand."""
    return [k] if rank == 1 else [Display("tuple", (k, Const(j))) for j in range(rank)]


def _lengths(row: Expr, rank: int) -> tuple[Expr, ...]:
    """The lengths of an array, or of a list of numbers."""
    if rank == 1:
        return (Call(LEN, (row,)),)
    return tuple(Item(Call(SHAPE, (row,)), Const(k)) for k in range(rank))


def _product(lengths: tuple[Expr, ...]) -> Expr:
    return functools.reduce(lambda a, b: Call(MUL, (a, b)), lengths)


def _flat(row: Expr, rank: int) -> Expr:
    return row if rank == 1 else Call(RAVEL, (row,))
