"""Outer products that are added up: no array is made for one that is added to another array at once.

in:   for t in range(n):                        out:  for t in range(n):
          W_bar += np.outer(g, x)                         g_rows[t] = g
                                                          x_rows[t] = x
                                                      W_bar += g_rows.T @ x_rows

in:   W_bar = np.outer(g, x)                    out:  W_bar = np.stack((g, h), axis=1) @ np.stack((x, y))
      W_bar += np.outer(h, y)

For Numba the rows are copied by loops, and what is not in a loop becomes one:

in:   W_bar += np.outer(g, x)                   out:  for i in range(W_bar.shape[0]):
                                                          for j in range(W_bar.shape[1]):
                                                              W_bar[i, j] += g[i] * x[j]

The adjoint of `W @ x` is such a sum. A loop that runs a known number of times keeps the vectors, and one product of
matrices adds them up behind it.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..derive.directions import MATMUL
from ..derive.nests import MAX, SHAPE
from ..derive.stacks import EMPTY
from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Const,
    Display,
    Expr,
    For,
    Function,
    Item,
    Name,
    Object,
    Stmt,
    Update,
)
from ..ir.types import Dim, Num, Type
from ..ir.walk import (
    Fresh,
    assigned,
    expressions,
    is_call_of,
    map_stmt,
    mentioned,
    names,
    statements,
    subexprs,
    targets,
)
from ..normalise.iteration import LEN, MUL, RANGE, minus, plus, range_bounds
from ..rules.typing import Typer
from .dead import has_effect
from .storage import Storage, parts

TRANSPOSED = Object(np.ndarray.T, "T")
LETTERS = "ijklmn"


def turned(function: Function) -> Function:
    """`np.outer(a, b).T` is `np.outer(b, a)`, also where it has a name for itself."""
    uses: dict[str, int] = {}
    for name in (e.id for s in statements(function.body) for e in _parts_of(s) if isinstance(e, Name)):
        uses[name] = uses.get(name, 0) + 1

    def block(b: Block) -> Block:
        out: list[Stmt] = []
        for s in b:
            match out[-1] if out else None, s:
                case Assign(target=Name(id=made), value=value), Assign() | Update() if (
                    is_call_of(value, np.outer) and uses[made] == 2 and _is_turned(s.value, made)
                ):
                    assert isinstance(value, Call)
                    out[-1] = replace(s, value=replace(value, args=value.args[::-1]))
                case _:
                    out.append(map_stmt(s, lambda e: e, block))
        return tuple(out)

    return replace(function, body=block(function.body))


def _parts_of(s: Stmt) -> Iterator[Expr]:
    for e in expressions(s):
        yield from subexprs(e)


def _is_turned(e: Expr, name: str) -> bool:
    """Whether this is the transpose of a variable, or a copy of that."""
    if is_call_of(e, np.ndarray.copy):
        assert isinstance(e, Call)
        return _is_turned(e.args[0], name)
    return is_call_of(e, np.ndarray.T) and e == Call(TRANSPOSED, (Name(name),))


def added_at_once(
    function: Function, types: dict[str, Type], wished: dict[str, str], compiled: bool, as_loops: bool = False
) -> Function:
    """The function with the outer products that it adds up as products of matrices, behind their loops where they are
    in one; with `as_loops`, those in no loop as loops.

    Where the sum is no adjoint the shapes may differ, so it stays what it is."""
    return replace(function, body=_Outer(function, types, wished, compiled, as_loops).block(function.body))


class Trips(NamedTuple):
    """A loop's counter, from `low` to below `high`."""

    counter: Name
    low: Expr
    high: Expr


class Kept(NamedTuple):
    """A vector, the statement that makes the matrix for its values, and how many statements of the loop's body are
    there when they have been kept."""

    vector: Expr
    made: Assign
    filled: int


class _Outer:
    def __init__(
        self, function: Function, types: dict[str, Type], wished: dict[str, str], compiled: bool, as_loops: bool
    ) -> None:
        self.types, self.wished, self.compiled, self.as_loops = types, wished, compiled, as_loops
        self.storage = Storage(function, types)
        taken = mentioned(function.body) | {p.name for p in function.params}
        self.fresh = Fresh(taken)
        taken = taken | {wished.get(n, n) for n in taken}
        self.letters = [c for c in LETTERS if c not in taken] + ["p", "q"]
        bound = Counter(n for s in statements(function.body) if isinstance(s, Assign) for n in targets(s.target))
        bound.update(p.name for p in function.params)
        self.shapes: dict[str, Expr] = {}  # arrays of the same shape that are there before the sum is
        self.rows_made: dict[str, Expr] = {}  # of matrices that are made once, out of what is bound once
        self.accesses = tuple(self.storage.accesses(function.body))
        for s in statements(function.body):
            match s:
                case Assign(target=Name(id=made), value=Call(args=(Display(items=(rows, _)), *_)) as empty):
                    if is_call_of(empty, np.empty) and bound[made] == 1 and all(bound[n] == 1 for n in names(rows)):
                        self.rows_made[made] = rows
                case Assign(target=Name(id=made), value=Call(args=(Name(id=like),)) as zeros):
                    if is_call_of(zeros, np.zeros_like) and bound[made] == bound[like] == 1:
                        self.shapes[made] = Name(like)
                case _:
                    pass

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for s in block:
            match s:
                case For():
                    out.extend(self.loop(s))
                case Update() if self.as_loops and (pair := self.added(s)) is not None:
                    out.extend(self.in_loops(s, *pair))
                case _:
                    out.append(map_stmt(s, lambda e: e, self.block))
        return tuple(out)

    def added(self, s: Stmt) -> tuple[Expr, Expr] | None:
        """The vectors whose outer product a statement adds to a matrix."""
        match s:
            case Update(target=Name() as total, op=op, value=Call(args=(a, b)) as product):
                if op.value in (operator.add, operator.sub) and is_call_of(product, np.outer) and s.adjoint_of:
                    vectors = self.number(a), self.number(b)
                    if self.number(total).ndim == 2 and all(v.ndim == 1 and not v.is_complex for v in vectors):
                        return a, b
        return None

    def number(self, e: Expr) -> Num:
        type_ = Typer(self.types)(e)
        return type_ if isinstance(type_, Num) else Num("object")

    # --------------------------------------------------------------------------------------------------- in loops

    def in_loops(self, s: Update, a: Expr, b: Expr) -> list[Stmt]:
        ahead: list[Stmt] = []
        left, right = self.named(a, ahead), self.named(b, ahead)
        i, j = self.counter(0), self.counter(1)
        assert isinstance(s.target, Name)
        place = Item(s.target, Display("tuple", (i, j)))
        body: Stmt = replace(s, target=place, value=Call(MUL, (element(left, i), element(right, j))))
        for axis, counter in ((1, j), (0, i)):
            body = For(counter, Call(RANGE, (length(s.target, axis),)), (body,), (), s.origin, s.adjoint_of)
        return [*ahead, body]

    def named(self, e: Expr, ahead: list[Stmt]) -> Name | Item:
        """A vector whose elements can be told: a variable, or a row of one."""
        if isinstance(e, Name):
            return e
        match e:
            case Item(base=Name() as base, index=Name() | Const()) if self.number(base).ndim == 2:
                return e
        name = self.variable("row", self.number(e))
        ahead.append(Assign(name, e))
        return name

    def counter(self, depth: int) -> Name:
        return self.variable(self.letters[depth], Num("int64", weak=True))

    def variable(self, wish: str, type_: Type) -> Name:
        name = self.fresh(wish)
        self.types[name], self.wished[name] = type_, wish
        return Name(name)

    # ----------------------------------------------------------------------------------------- behind their loops

    def loop(self, s: For) -> list[Stmt]:
        sums = [k for k, i in enumerate(s.body) if isinstance(i, Update) and self.waits(i, s)]
        trips = self.trips(s) if sums else None
        if trips is None:
            return [replace(s, body=self.block(s.body))]
        kept: list[Kept] = []
        behind: list[Stmt] = []
        body: list[Stmt] = []
        for k, inner in enumerate(s.body):
            pair = self.added(inner) if k in sums else None
            if pair is None or not isinstance(inner, Update):
                body.append(inner)
                continue
            left, right = (self.rows(inner, e, axis, s, trips, kept, body) for axis, e in enumerate(pair))
            behind.append(replace(inner, value=Call(MATMUL, (Call(TRANSPOSED, (left,)), right))))
        return [*(v.made for v in kept), replace(s, target=trips.counter, body=self.block(tuple(body))), *behind]

    def trips(self, s: For) -> Trips | None:
        """The counter of a loop that runs to its end, and what it goes through."""
        assert isinstance(s.iter, Call)
        start, stop, step = range_bounds(s.iter)
        if any(isinstance(i, Break) for i in statements(s.body)) or not isinstance(s.target, Name):
            return None
        if ({s.target.id} | names(start) | names(stop)) & assigned(s.body) or has_effect(start) or has_effect(stop):
            return None
        counter = self.variable("t", Num("int64", weak=True)) if s.target.id == "_" else s.target
        if step == Const(1):
            return Trips(counter, start, stop)
        return Trips(counter, plus(stop, Const(1)), plus(start, Const(1))) if step == Const(-1) else None

    def waits(self, s: Update, loop: For) -> bool:
        """Whether a sum of outer products is not looked at before the loop has ended; BLAS takes one dtype."""
        pair = self.added(s)
        if pair is None:
            return False
        assert isinstance(s.target, Name)
        own = [a for a in self.storage.accesses(loop.body) if self.same(a.name, s.target.id)]
        bound = {n for i in statements(loop.body) if isinstance(i, Assign) for n in targets(i.target)}
        dtypes = {self.number(e).dtype for e in (s.target, *pair)}
        return all(a.kind == "add" and a.whole for a in own) and s.target.id not in bound and dtypes == {"float64"}

    def same(self, a: str, b: str) -> bool:
        return self.storage.find(a) == self.storage.find(b)

    def rows(self, s: Update, e: Expr, axis: int, loop: For, trips: Trips, kept: list[Kept], body: list[Stmt]) -> Expr:
        """A matrix with the vector of each trip in a row: one that is there, or one that the loop fills."""
        match e:
            case Item(base=Name() as whole, index=k) if k == loop.target and self.is_swept(whole, loop, trips):
                return whole
        there = self.there(e, loop, trips, tuple(body)) if isinstance(e, Name) else None
        if there is not None:
            return there
        for known in kept:
            if known.vector == e and not self.storage.reads_any(e, self.storage.changed(tuple(body[known.filled :]))):
                return known.made.target
        vector = self.named(e, body) if self.compiled else e
        base = vector.base if isinstance(vector, Item) else vector
        base = base if isinstance(base, Name) else Name("row")
        assert isinstance(s.target, Name)
        shape = Dim(None), self.number(s.target).shape[axis]
        made = self.variable(f"{self.wished.get(base.id, base.id)}_rows", Num("float64", 2, shape, contiguous=True))
        extent = length(self.shapes.get(s.target.id, s.target), axis)
        size = Display("tuple", (self.count(trips), extent))
        row = minus(trips.counter, trips.low)
        if self.compiled:
            assert isinstance(vector, Name | Item)
            i = self.counter(0)
            place = Item(made, Display("tuple", (row, i)))
            body.append(For(i, Call(RANGE, (extent,)), (Assign(place, element(vector, i)),)))
        else:
            body.append(Assign(Item(made, row), vector, s.origin, s.adjoint_of))
        kept.append(Kept(e, Assign(made, Call(EMPTY, (size,))), len(body)))
        return made

    def there(self, e: Name, loop: For, trips: Trips, body: Block) -> Name | None:
        """A matrix that holds the vector of each trip anyway: it has been read from there, or added to zeros there."""
        for k in reversed(range(len(body))):
            match body[k]:
                case Assign(target=Name(id=bound), value=Item(base=Name() as whole, index=index)) if bound == e.id:
                    found = index == loop.target and self.is_swept(whole, loop, trips)
                case Update(target=Item(base=Name() as whole, index=index), op=op, value=value) if (
                    value == e and op.value is operator.add
                ):
                    found = index == loop.target and self.is_filled(whole, e, body[k], trips)
                case _:
                    found = False
            if found:
                return None if self.storage.reads_any(e, self.storage.changed(body[k + 1 :])) else whole
            if e.id in assigned((body[k],)):
                return None
        return None

    def is_filled(self, whole: Name, row: Name, s: Stmt, trips: Trips) -> bool:
        """Whether a matrix of zeros gets a row of its own in each trip, in that statement, and nothing else."""
        (*_, width), (length,) = self.number(whole).shape, self.number(row).shape
        fits = width.same(length) or (width.one is False and length.one is False)
        own = [a for a in self.accesses if a.kind != "read" and self.same(a.name, whole.id)]
        only = [a.statement for a in own] == [s] and whole.id in self.shapes
        return fits and only and self.is_whole(whole, trips) and self.number(whole).dtype == "float64"

    def count(self, trips: Trips) -> Expr:
        found = minus(trips.high, trips.low)
        natural = is_call_of(found, len) or (isinstance(found, Const) and found.value >= 0)
        return found if natural else Call(MAX, (found, Const(0)))

    def is_swept(self, whole: Name, loop: For, trips: Trips) -> bool:
        """Whether a loop goes through all rows of a matrix, and does not change it."""
        if whole.id in assigned((loop,)) or not self.is_whole(whole, trips):
            return False
        return all(a.kind == "read" for a in self.storage.accesses(loop.body) if self.same(a.name, whole.id))

    def is_whole(self, whole: Name, trips: Trips) -> bool:
        """Whether a matrix has as many rows as a loop has trips."""
        dim, end = self.number(whole).shape, self.number(trips.high)
        if self.number(whole).ndim != 2 or trips.low != Const(0):
            return False
        known = isinstance(end.value, Dim) and end.value.same(dim[0])
        made = self.rows_made.get(whole.id)
        return known or trips.high in (Call(LEN, (whole,)), length(whole, 0)) or made in (trips.high, self.count(trips))


def element(e: Name | Item, index: Expr) -> Item:
    """An element of a vector."""
    if isinstance(e, Name):
        return Item(e, index)
    return Item(e.base, Display("tuple", (*parts(e), index)))


def length(e: Expr, axis: int) -> Expr:
    return Item(Call(SHAPE, (e,)), Const(axis))
