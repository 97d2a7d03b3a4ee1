"""`zip(*rows)` of a list or array whose length the run decides: what goes with one another turned round.

in:   xs, ys = zip(*points)              out:  xs, ys = [], []
                                               for k in range(len(points)):
                                                   xs.append(part_0[points[k]])
                                                   ys.append(part_1[points[k]])

in:   for column in zip(*rows): ...      out:  n = min(len(rows[0]), ...)
                                               columns = []
                                               for j in range(n):
                                                   column = []
                                                   for k in range(len(rows)): column.append(rows[k][j])
                                                   columns.append(column)
                                               for i in range(len(columns)): ...
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..ir.nodes import Assign, Call, Choice, Const, Display, Expr, If, Item, Name, Object, Raise
from ..ir.types import ListOf, Num, Pooled, Type
from ..ir.walk import is_call_of
from .classes import sequence
from .columns import Columns
from .iteration import LEN, MIN, ONE, RANGE, ZERO, range_of, static_items

EQ = Object(operator.eq, "==")
SHAPE = Object(np.ndarray.shape, "shape")


class Turned(Columns):
    """The transposed lists of one function."""

    def source(self, raw: Expr) -> Expr:
        rows = starred(raw)
        if rows is None or not is_turned(self.type_apart(rows)):
            return super().source(raw)
        found = self.expr(rows)
        type_ = self.typed(found)
        if isinstance(type_, ListOf) and isinstance(type_.item, Pooled):
            return self.parts_apart(self.list_name(found), type_.item)
        return self.turned(self.atom(found, "rows"), type_)

    def special_call(self, function: Any, e: Call) -> Expr | None:
        rows = starred(e.args[0]) if function in (list, tuple) and len(e.args) == 1 else None
        if rows is None or not is_turned(self.type_apart(rows)):
            return super().special_call(function, e)
        source = self.source(e.args[0])
        items = static_items(self, source)
        return source if items is None else sequence(tuple(items), function is list, e)

    def is_long(self, raw: Expr) -> bool:
        rows = starred(raw)
        return super().is_long(raw) or (rows is not None and is_turned(self.type_apart(rows)))

    def parts_apart(self, held: Name, pool: Pooled) -> Expr:
        """A list for each part of the tuples in a list."""
        columns = [self.new_list() for _ in pool.pool]
        error = Call(Object(ValueError, "ValueError"), (Const("zip(*...) of a list that holds nothing"),))
        self.state.emit(If(Call(EQ, (Call(LEN, (held,)), ZERO)), (Raise(error),)))

        def put(place: Expr) -> None:
            for column, part in zip(columns, pool.pool, strict=True):
                self.put_in(column, Item(Name(part), place))

        self.each(held, put)
        return Display("tuple", tuple(columns))

    def turned(self, held: Expr, type_: Type) -> Expr:
        """A list of lists of what stands at one place in all rows."""
        count = self.counting("n")
        rows = Call(LEN, (held,))
        none = Call(EQ, (rows, ZERO))
        if isinstance(type_, Num):
            self.state.emit(Assign(count, Choice(none, ZERO, Item(Call(SHAPE, (held,)), ONE))))
        else:
            self.state.emit(Assign(count, Choice(none, ZERO, Call(LEN, (Item(held, ZERO),)))))
            self.each(
                range_of(ONE, rows, ONE),
                lambda k: self.state.emit(Assign(count, Call(MIN, (count, Call(LEN, (Item(held, k),)))))),
            )
        columns = self.new_list()

        def column(j: Expr) -> None:
            own = self.new_list()
            self.each(Call(RANGE, (rows,)), lambda k: self.put_in(own, self.entry(held, type_, k, j)))
            self.put_in(columns, own)

        self.each(Call(RANGE, (count,)), column)
        return columns

    def entry(self, held: Expr, type_: Type, k: Expr, j: Expr) -> Expr:
        return Item(held, Display("tuple", (k, j))) if isinstance(type_, Num) else Item(Item(held, k), j)


def starred(raw: Expr) -> Expr | None:
    """`rows` of `zip(*rows)`."""
    if not is_call_of(raw, zip) or not isinstance(raw, Call) or len(raw.args) != 1 or raw.kwargs:
        return None
    (given,) = raw.args
    return given.items[0] if isinstance(given, Display) and given.kind == "starred" else None


def is_turned(type_: Type) -> bool:
    """Whether this is a list of tuples, lists or arrays, or a matrix, of which only the run knows how long it is."""
    if isinstance(type_, Num):
        return type_.ndim == 2 and not isinstance(type_.shape[0].token, int)
    item = type_.item if isinstance(type_, ListOf) else None
    if isinstance(item, Pooled):
        return item.form is None or item.form.kind == "named"
    return isinstance(item, ListOf) or (isinstance(item, Num) and bool(item.ndim))
