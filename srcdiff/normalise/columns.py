"""Lists of structures that a function returns: as a list for each of their parts.

in:   path.append((x, v))                out:  path_0 = []; path_1 = []
      ...                                      for k in range(len(path)):
      return path                                  path_0.append(part_0[path[k]])
                                                   path_1.append(part_1[path[k]])
                                               return path_0, path_1

The places in the lists of the parts (see `pools`) mean nothing to who calls the function. The type of the result says
how the lists are to be put together again (`records.columns_of`).
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.nodes import Call, Display, Expr, Item, Name
from ..ir.types import ListOf, Pooled, Tup, Type
from ..records import FROZEN, columns_of, is_columns, item_form
from .iteration import LEN, ONE, ZERO, range_of
from .pools import Pool
from .state import kind_of


class Columns(Pool):
    """The lists of structures that one function returns."""

    def in_columns(self, value: Expr) -> Expr:
        """A result in which a list of structures is a list for each of their parts, and a tuple of it says so."""
        if isinstance(value, Display):
            items = tuple(map(self.in_columns, value.items))
            return value if items == value.items else replace(value, items=items, home=None)
        type_ = self.typed(value)
        if isinstance(type_, ListOf) and type_.frozen:
            whole = self.list_name(value)
            return Display("tuple", (self.columns_for(whole, replace(type_, frozen=False)),), form=FROZEN)
        return self.columns_for(value, type_)

    def columns_for(self, value: Expr, type_: Type) -> Expr:
        pool = type_.item if isinstance(type_, ListOf) else None
        if not isinstance(pool, Pooled):
            return value
        held, columns = self.list_name(value), [self.new_list() for _ in pool.pool]

        def put(place: Expr) -> None:
            for column, part in zip(columns, pool.pool, strict=True):
                self.put_in(column, Item(Name(part), place))

        self.each(held, put)
        form = columns_of(pool.form, len(columns))
        return Display("tuple", tuple(map(self.in_columns, columns)), form=form)

    def reformed(self, e: Expr, type_: Type) -> Expr:
        if not isinstance(type_, Tup) or not isinstance(e, Display) or not is_columns(type_.form):
            return super().reformed(e, type_)
        columns = [self.list_name(self.reformed(i, t)) for i, t in zip(e.items, type_.items, strict=True)]
        form, home = item_form(type_.form), self.new_list()

        def put(place: Expr) -> None:
            items = tuple(Item(column, place) for column in columns)
            self.put_in(home, Display(kind_of(form), items, form=form))

        self.each(range_of(ZERO, Call(LEN, (columns[0],)), ONE), put)
        return home
