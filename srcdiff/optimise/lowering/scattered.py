"""Loops of a program over all elements of an array but a few at the borders, counted as those of array statements are.

in:   for i in range(1, n - 1):                out:  for i in range(n - 2):
          g = u_bar[i]                                   g = u_bar[i + 1]
          v_bar[i - 1] += a * g                          v_bar[i] += a * g
          v_bar[i + 1] += a * g                          v_bar[i + 2] += a * g

What its adjoints add to neighbours may be gathered then, and both loops may become one nest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...analysis.dependence import name_in
from ...ir.nodes import Assign, Block, Call, Comment, Const, Expr, For, Item, Name, Stmt, Update
from ...ir.types import Dim, Num
from ...ir.walk import assigned, blocks, expressions, is_call_of, map_stmt, names, rebuild, subexprs, targets
from ...normalise.iteration import RANGE, minus, plus
from ..dead import has_effect
from ..storage import Storage
from .overlap import form
from .site import Context


@dataclass(frozen=True)
class Axis:
    """A loop with `less` trips less than an axis has elements: `whole` tells their number, `first` is where the loop
    begins."""

    loop: For
    whole: Expr
    length: Dim
    first: int
    less: int


@dataclass(frozen=True)
class Scattered:
    """A nest whose loops count from zero: `loops` from the outermost inwards, `wholes` the lengths that they go
    through, but for the borders, and the statements in all of them."""

    loops: tuple[For, ...]
    wholes: tuple[Expr, ...]
    body: tuple[Assign | Update, ...]

    def is_fixed(self, value: Expr, first: int, storage: Storage) -> bool:
        """Whether a value is the same number in all statements of a trip from one of them on."""
        times = Counter(s.target.id for s in self.body if isinstance(s.target, Name))
        late = {s.target.id for s in self.body[first:] if isinstance(s.target, Name)}
        changed = {storage.find(a.name) for a in storage.accesses(self.body) if a.kind != "read"}
        return all(
            storage.find(n) not in changed if storage.holds(n) else times[n] <= 1 and n not in late
            for n in names(value)
        )

    def only_adds(self, target: str, storage: Storage) -> bool:
        """Whether nothing is done with an array but to add to its elements."""
        found = [a for a in storage.accesses(self.body) if storage.find(a.name) == storage.find(target)]
        return all(a.kind == "add" and a.place is not None for a in found)

    def nest(self, body: Block) -> Stmt:
        """Other statements in these loops."""
        for loop in reversed(self.loops):
            body = (replace(loop, body=body),)
        return body[0]


def scattered(context: Context, s: For, free: set[str]) -> Scattered | None:
    """The nest that a loop of the program is, if it is one of plain statements; `free` are counters that are read in
    loops over them only."""
    loops: list[For] = []
    block: Block = (s,)
    while len(block) == 1 and isinstance(block[0], For) and not block[0].orelse:
        loops.append(block[0])
        block = tuple(i for i in block[0].body if not isinstance(i, Comment))
    axes = [axis for axis in (_axis(context, loop) for loop in loops) if axis is not None]
    body = tuple(i for i in block if isinstance(i, Assign | Update))
    if len(axes) < len(loops) or len(body) < len(block) or not any(axis.less for axis in axes):
        return None
    own = {axis.loop.target.id for axis in axes if isinstance(axis.loop.target, Name)}
    if not own <= free - assigned(body) or any(has_effect(e) for i in body for e in expressions(i)):
        return None
    counters: dict[Expr, Expr] = {}
    made: list[For] = []
    for axis in axes:
        assert isinstance(axis.loop.target, Name)
        wish = context.wished.get(axis.loop.target.id, axis.loop.target.id)
        counter = context.counter(wish, axis.length.minus(axis.less), context.lengths.inside())
        context.counted.add(counter.id)
        counters[axis.loop.target] = plus(counter, Const(axis.first))
        header = Call(RANGE, (minus(axis.whole, Const(axis.less)),))
        made.append(For(counter, header, (), (), axis.loop.origin, axis.loop.adjoint_of))
    return Scattered(tuple(made), tuple(a.whole for a in axes), tuple(_counted(body, counters)))


def _axis(context: Context, loop: For) -> Axis | None:
    """What a loop goes through, if it begins at a number and ends a few elements ahead of a length."""
    if not isinstance(loop.target, Name) or not is_call_of(loop.iter, range) or not isinstance(loop.iter, Call):
        return None
    args = loop.iter.args if len(loop.iter.args) > 1 else (Const(0), *loop.iter.args)
    first, end = args[0].value if isinstance(args[0], Const) else None, form(args[1])
    if type(first) is not int or first < 0 or end is None or args[2:] not in ((), (Const(1),)):
        return None
    whole = next((e for e in subexprs(args[1]) if e in end), None)
    if whole is None or {v: n for v, n in end.items() if v is not None} != {whole: 1}:
        return None
    length, less = _length(context, whole), first - end.get(None, 0)
    return None if length is None or less < 0 else Axis(loop, whole, length, first, less)


def _length(context: Context, e: Expr) -> Dim | None:
    """The length that a variable of the function, `len(a)` or `a.shape[k]` is, from beginning to end."""
    name = name_in(e).id
    type_ = context.types.get(name)
    if name not in context.lasting or not isinstance(type_, Num):
        return None
    if isinstance(e, Name):
        return type_.value if isinstance(type_.value, Dim) else None
    axis = e.index.value if isinstance(e, Item) and isinstance(e.index, Const) else 0
    return type_.shape[axis] if 0 <= axis < len(type_.shape) else None


def _counted(body: Sequence[Assign | Update], counters: Mapping[Expr, Expr]) -> Iterator[Assign | Update]:
    """Statements in terms of other counters."""

    def expr(e: Expr) -> Expr:
        own = form(e) or {}
        counter = next((v for v in own if isinstance(v, Name) and v in counters), None)
        if counter is not None and {v: n for v, n in own.items() if v is not None} == {counter: 1}:
            return plus(counters[counter], Const(own.get(None, 0)))
        return rebuild(e, expr)

    for s in body:
        made = map_stmt(s, expr, lambda block: block)
        assert isinstance(made, Assign | Update)
        yield made


def only_in_loops(body: Block) -> set[str]:
    """The variables that are mentioned in loops over them only."""
    found: set[str] = set()
    outside: set[str] = set()

    def walk(block: Block, around: frozenset[str]) -> None:
        for s in block:
            own = frozenset(targets(s.target)) if isinstance(s, For) else frozenset()
            found.update(own)
            seen = names(s.iter) if isinstance(s, For) else {n for e in expressions(s) for n in names(e)}
            outside.update(seen - around)
            for inner in blocks(s):
                walk(inner, around | own)

    walk(body, frozenset())
    return found - outside
