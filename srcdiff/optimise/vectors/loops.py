"""Loops over pairs: what their innermost loop reads and adds to lies side by side, and its chains have their own loop.

in:   for i in range(n):                             out:  for j in range(n):
          for j in range(n):                                   x_0[j] = x[j, 0]
              d = x[j, 0] - x[i, 0]                        for i in range(n):
              w = 1.0 / math.sqrt(d * d + c)                   for j in range(n):
              total += w * m[j]                                    d = x_0[j] - x[i, 0]
                                                                   w = 1.0 / math.sqrt(d * d + c)
                                                                   w_row[j] = w
                                                               for j in range(n):
                                                                   total += w_row[j] * m[j]

A compiler takes several trips of a loop at a time if the elements of one array that they need lie next to each other,
and if no trip waits for another one. It is done where the loop divides or takes roots, which is what several trips at a
time are worth; that loop's columns are copied once for all trips of the loop around it.
"""

from __future__ import annotations

from dataclasses import replace

from ...ir.callee import called, helper_of
from ...ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Display,
    Effect,
    For,
    Function,
    Item,
    Name,
    Raise,
    Return,
    Stmt,
    While,
)
from ...ir.types import Dim, Num, Type
from ...ir.walk import Fresh, expressions, map_stmt, mentioned, statements, subexprs
from ..dead import Liveness, has_effect
from ..distribution.trip import is_loop
from ..existing import Inside
from ..storage import Storage, element_name, parts
from .chains import Split, split
from .columns import EMPTY, Columns, length_of
from .sites import Site, is_long, widest


def in_vectors(
    function: Function, types: dict[str, Type], wished: dict[str, str]
) -> tuple[Function, set[str], set[str]]:
    """The function with such loops, and the arrays that this takes; every place of these that is named exists. At the
    end those of them that are filled wherever they are used."""
    after = _After(types)
    after.block(function.body, set())
    walk = _Vectors(function, types, wished, after.found)
    return replace(function, body=walk.block(function.body, ())), walk.made, walk.rows


class _After(Liveness):
    """A walk that takes down what is read after each loop."""

    def __init__(self, types: dict[str, Type]) -> None:
        super().__init__(types, set())
        self.found: dict[int, set[str]] = {}

    def loop(self, s: For | While, live: set[str]) -> tuple[list[Stmt], set[str]]:
        self.found[id(s)] = self.found.get(id(s), set()) | live
        return super().loop(s, live)


class _Vectors:
    def __init__(
        self, function: Function, types: dict[str, Type], wished: dict[str, str], after: dict[int, set[str]]
    ) -> None:
        self.types, self.wished, self.after = types, wished, after
        self.storage = Storage(function, types)
        self.inside = Inside(function, self.storage, types)
        self.fresh = Fresh(mentioned(function.body) | {p.name for p in function.params})
        self.made: set[str] = set()
        self.rows: set[str] = set()

    def block(self, block: Block, around: tuple[For | While, ...]) -> Block:
        out: list[Stmt] = []
        for s in block:
            match s:
                case For() if (found := self.over_pairs(s, around)) is not None:
                    out += found
                case For() | While():
                    out.append(replace(s, body=self.block(s.body, (*around, s))))
                case _:
                    out.append(map_stmt(s, lambda e: e, lambda b: self.block(b, around)))
        return tuple(out)

    def over_pairs(self, s: For, around: tuple[For | While, ...]) -> list[Stmt] | None:
        """The statements that stand for a loop with innermost loops right in it; None where it stays."""
        if not all(map(_is_told, statements(s.body))):
            return None
        columns = Columns(s, around, self.inside, self.column)
        parted: dict[int, Split] = {}
        for i in s.body:
            whole = widest(i, s) if isinstance(i, For) and is_loop(i) and id(i) in self.after else None
            if whole is not None and is_long(whole):
                assert isinstance(i, For)
                site = Site(i, whole, self.after[id(i)], self.types, self.storage, (*around, s))
                wanted = columns.fit(site) if site.is_dear else None
                two = None if wanted is None else split(site, self.row)
                if two is not None:
                    parted[id(i)] = two
                if wanted is not None and (two is not None or (wanted and site.is_free(i.body))):
                    columns.take(site, wanted)
        if not columns.replaced:
            return None
        body: list[Stmt] = []
        for i in s.body:
            if id(i) in columns.replaced:
                assert isinstance(i, For)
                halves = (parted[id(i)].first, parted[id(i)].second) if id(i) in parted else (i.body,)
                body += [replace(i, body=columns.written(i, half)) for half in halves]
            else:
                body.append(i)
        rows = [
            Assign(Name(name), Call(EMPTY, (length_of(parted[id(i)].whole, self.types),)))
            for i in s.body
            if id(i) in parted
            for name in parted[id(i)].rows.values()
        ]
        return [*columns.ahead(), *rows, replace(s, body=tuple(body)), *columns.behind()]

    def column(self, e: Item, counter: str) -> str:
        """A variable for a column: `x_0` for `x[j, 0]`."""
        assert isinstance(e.base, Name)
        others = tuple(part for part in parts(e) if part != Name(counter))
        return self.array(element_name(replace(e, index=Display("tuple", others)), self.wished))

    def row(self, number: str) -> str:
        """A variable for the values that a number has in a loop."""
        name = self.array(f"{self.wished.get(number, number)}_row")
        self.rows.add(name)
        return name

    def array(self, wish: str) -> str:
        name = self.fresh(wish)
        self.wished[name], self.types[name] = wish, Num("float64", 1, (Dim(None),), contiguous=True)
        self.made.add(name)
        return name


def _is_told(s: Stmt) -> bool:
    """Whether a statement leaves no loop and does nothing but what is seen: then each trip of the loop that it is in
    comes to its end."""
    if isinstance(s, Break | Raise | Return | Effect | While):
        return False
    every = [part for e in expressions(s) for part in subexprs(e)]
    return not any(has_effect(e) or called(e) is not None or helper_of(e) is not None for e in every)
