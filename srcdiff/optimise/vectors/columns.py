"""Columns of arrays that an innermost loop goes down, as arrays of their own around the loop outside of it.

in:   for i in range(n):                        out:  x_0 = np.empty(n)
          for j in range(n):                          for j in range(n):
              w = m[j] / (x[j, 0] - c)                    x_0[j] = x[j, 0]
              x_bar[j, 0] -= w * w                    x_bar_0 = np.zeros(n)
                                                      for i in range(n):
                                                          for j in range(n):
                                                              w = m[j] / (x_0[j] - c)
                                                              x_bar_0[j] -= w * w
                                                      for j in range(n):
                                                          x_bar[j, 0] += x_bar_0[j]

Columns are read that the outer loop does not write; sums are gathered of adjoints, which it does nothing but add to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...analysis.affine import difference, impossible
from ...analysis.dependence import At, Instance, Place, range_of
from ...derive.nests import MAX
from ...derive.nests import Nest as Bounds
from ...ir.nodes import Assign, Block, Call, Choice, Const, Expr, For, Item, Logic, Name, Object, Stmt, Update, While
from ...ir.types import Type
from ...ir.walk import assigned, expressions, map_stmt, names, rebuild, statements, subexprs, targets
from ...normalise.expressions import ADD
from ...normalise.iteration import range_bounds
from ..distribution.loops import goes_along
from ..existing import Inside
from ..independence import known_in
from ..storage import parts
from .sites import Site, items

EMPTY, ZEROS = Object(np.empty, "np.empty"), Object(np.zeros, "np.zeros")


@dataclass(frozen=True)
class Column:
    """Elements `array[j, c]` for the `j` of a loop, under a name; `is_sum` if they are added to."""

    name: str
    element: Item
    loop: For
    is_sum: bool


class Columns:
    """The columns that the loops right in one loop go down. `named` makes a name for one."""

    def __init__(
        self, outer: For, around: tuple[For | While, ...], inside: Inside, named: Callable[[Item, str], str]
    ) -> None:
        self.outer, self.around, self.inside, self.named = outer, around, inside, named
        self.found: dict[tuple[Expr, Expr, bool], Column] = {}
        self.replaced: dict[int, dict[Expr, str]] = {}  # elements and their columns, by id of the loop
        self.accesses = list(inside.storage.accesses(outer.body))
        self.bound = {n for s in statements(outer.body) if isinstance(s, Assign | For) for n in targets(s.target)}

    def fit(self, site: Site) -> dict[Expr, bool] | None:
        """The elements of a loop that take columns, and whether these are sums; None if some element neither lies next
        to that of the following trip, nor can be in a column."""
        wanted: dict[Expr, bool] = {}
        for s, e, writes in items(site.loop.body):
            along = [k for k, part in enumerate(parts(e)) if site.counter in names(part)]
            if not isinstance(e.base, Name) or not self.inside.storage.is_array(e.base.id) or len(along) > 1:
                return None
            if not along or (along[0] == len(parts(e)) - 1 and goes_along(parts(e)[-1], site.counter)):
                continue
            if not self.is_column(e, s, writes, site):
                return None
            wanted[e] = writes
        return wanted

    def is_column(self, e: Item, s: Stmt, writes: bool, site: Site) -> bool:
        """Whether a column can stand for an element that a statement reads, or writes."""
        assert isinstance(e.base, Name)
        others = [p for p in parts(e) if p != Name(site.counter)]
        own = assigned((self.outer,))
        if len(others) != len(parts(e)) - 1 or any(names(p) & own for p in others) or e.base.id in self.bound:
            return False
        storage = self.inside.storage
        same = [a for a in self.accesses if storage.find(a.name) == storage.find(e.base.id)]
        if not writes:
            fits = all(a.kind == "read" for a in same)
        else:
            adds = isinstance(s, Update) and s.adjoint_of is not None
            fits = adds and all(a.kind == "add" and a.place is not None for a in same)
        return fits and ((_is_sure(s) and self.runs(site.whole)) or self.exists(e, site))

    def exists(self, e: Item, site: Site) -> bool:
        assert isinstance(e.base, Name)
        loops = (*self.around, site.whole)
        return self.inside.exists(e.base.id, parts(e), loops, known_in(loops, self.inside.types))

    def runs(self, loop: For) -> bool:
        """Whether the outer loop has a trip if the inner one has any."""
        known = known_in((*self.around, self.outer), self.inside.types)
        at = Instance(Place("", None, tuple(At(0, s) for s in (*self.around, loop))), 1, 0, known)
        start, stop, step = range_of(self.outer)
        first, end = at.form(start), at.form(stop)
        if first is None or end is None or step not in (Const(1), Const(-1)):
            return False
        none = difference(first, end) if step == Const(1) else difference(end, first)
        return impossible([*at.bounds, *at.lengths(first, end), none])

    def take(self, site: Site, wanted: dict[Expr, bool]) -> None:
        """Have columns for a loop's elements."""
        table = self.replaced.setdefault(id(site.loop), {})
        for e, is_sum in wanted.items():
            assert isinstance(e, Item)
            general = _with(e, site.counter, "")
            key = general, site.whole.iter, is_sum
            if key not in self.found:
                self.found[key] = Column(self.named(e, site.counter), e, site.whole, is_sum)
            table[e] = self.found[key].name

    def written(self, loop: For, body: Block) -> Block:
        """A part of a loop's body with the columns."""
        table = self.replaced.get(id(loop), {})
        assert isinstance(loop.target, Name)
        return _replaced(body, {e: Item(Name(name), loop.target) for e, name in table.items()})

    def ahead(self) -> list[Stmt]:
        """The columns made ahead of the outer loop, those of one inner loop's length in one loop."""
        lengths = [length_of(c.loop, self.inside.types) for c in self.found.values()]
        made = [ZEROS if c.is_sum else EMPTY for c in self.found.values()]
        out: list[Stmt] = [
            Assign(Name(c.name), Call(how, (n,))) for c, how, n in zip(self.found.values(), made, lengths, strict=True)
        ]
        read = [c for c in self.found.values() if not c.is_sum]
        return [*out, *_loops(read, lambda c: Assign(_place(c), c.element))]

    def behind(self) -> list[Stmt]:
        sums = [c for c in self.found.values() if c.is_sum]
        return _loops(sums, lambda c: Update(c.element, ADD, _place(c)))


def length_of(loop: For, types: dict[str, Type]) -> Expr:
    """A number that the counter of a loop stays below, never negative."""
    assert isinstance(loop.iter, Call)
    stop = range_bounds(loop.iter)[1]
    return stop if Bounds((), types, set()).is_natural(stop) else Call(MAX, (stop, Const(0)))


def _place(c: Column) -> Item:
    return Item(Name(c.name), c.loop.target)


def _loops(columns: list[Column], statement: Callable[[Column], Stmt]) -> list[Stmt]:
    loops: dict[tuple[Expr, Expr], list[Column]] = {}
    for c in columns:
        loops.setdefault((c.loop.target, c.loop.iter), []).append(c)
    return [For(target, source, tuple(map(statement, own))) for (target, source), own in loops.items()]


def _with(e: Item, counter: str, name: str) -> Expr:
    def expr(part: Expr) -> Expr:
        return Name(name) if part == Name(counter) else rebuild(part, expr)

    return expr(e)


def _is_sure(s: Stmt) -> bool:
    """Whether a statement evaluates all that it mentions."""
    return not any(isinstance(part, Choice | Logic) for e in expressions(s) for part in subexprs(e))


def _replaced(body: Block, table: dict[Expr, Item]) -> Block:
    def expr(e: Expr) -> Expr:
        return table[e] if e in table else rebuild(e, expr)

    def statement(s: Stmt) -> Stmt:
        match s:
            case Assign(target=Item() as place) | Update(target=Item() as place):
                return replace(s, target=expr(place), value=expr(s.value))
        return map_stmt(s, expr, lambda b: tuple(map(statement, b)))

    return tuple(map(statement, body))
