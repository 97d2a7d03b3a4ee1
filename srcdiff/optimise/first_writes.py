"""What is added to an element of zeros that nothing has been added to before: it is put there.

in:   x_bar = np.zeros_like(x)                  out:  x_bar = np.zeros_like(x)
      for i in range(n - 1, -1, -1):                  for i in range(n - 1, -1, -1):
          x_bar[i] += r * s_bar                           x_bar[i] = r * s_bar
          s_bar -= rate * r * s_bar                       s_bar -= rate * r * s_bar

That no trip has come to the element before, the inequalities of loops and indices prove (`analysis/dependence`).
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..analysis.dependence import Place, loops_of, may_meet_before, meet_on_trips
from ..derive.terms import negative
from ..ir.nodes import Assign, Block, Function, Item, Name, Stmt, Update
from ..ir.types import Num, Type
from ..ir.walk import is_call_of, map_stmt, names
from ..rules.typing import Typer
from .dead_zeros import known_of
from .storage import Access, Storage

_ZEROS = (np.zeros, np.zeros_like)


def with_first_writes(function: Function, types: dict[str, Type]) -> Function:
    """The function with the first sums into elements of zeros as assignments."""
    sums = _Sums(function, types)
    first = {id(s) for name in sums.zeros for s in sums.first(name)}

    def statement(s: Stmt) -> Stmt:
        if isinstance(s, Update) and id(s) in first:
            value = s.value if s.op.value is operator.add else negative(s.value)
            return Assign(s.target, value, s.origin, s.adjoint_of)
        return map_stmt(s, lambda e: e, block)

    def block(b: Block) -> Block:
        return tuple(map(statement, b))

    return replace(function, body=block(function.body)) if first else function


class _Sums:
    """The arrays that are zeros at first, and how the program comes to their elements, also under other names."""

    def __init__(self, function: Function, types: dict[str, Type]) -> None:
        self.typer, self.storage = Typer(types), Storage(function, types)
        params = {self.storage.find(p.name) for p in function.params}
        made = (s.target for s in function.body if isinstance(s, Assign) and is_call_of(s.value, *_ZEROS))
        self.zeros = {n.id for n in made if isinstance(n, Name) and self.storage.find(n.id) not in params}
        self.known = known_of(function, types)
        self.accesses: dict[str, list[Access]] = {self.storage.find(n): [] for n in self.zeros}
        for access in self.storage.in_order(function.body) if self.zeros else ():
            where = self.storage.find(access.name)
            if where in self.accesses:
                self.accesses[where].append(access)

    def first(self, name: str) -> Iterator[Update]:
        """The sums that find zero in their elements."""
        accesses = self.accesses[self.storage.find(name)]
        for a in accesses:
            s = a.statement
            if not isinstance(s, Update) or a.kind != "add" or a.place is None or not self.fits(s, name):
                continue
            place = Place(name, a.place, a.way)
            others = (Place(b.name, b.place, b.way) for b in accesses if b is not a)
            again = any(meet_on_trips(place, place, depth, self.known) for depth in range(len(loops_of(a.way))))
            if not again and not any(may_meet_before(place, other, self.known) for other in others):
                yield s

    def fits(self, s: Update, name: str) -> bool:
        """Whether an assignment leaves what the sum would: the value is of the element's type."""
        if not isinstance(s.target, Item) or s.target.base != Name(name) or name in names(s.value):
            return False
        there, value = self.typer(s.target), self.typer(s.value)
        if not isinstance(there, Num) or not isinstance(value, Num):
            return False
        turned = s.op.value is operator.sub and value.ndim != 0  # (the sign would be one more pass over an array)
        return there.is_inexact and there.dtype == value.dtype and not turned
