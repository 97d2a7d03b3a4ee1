"""What an innermost loop computes, and whether a compiler could take several of its trips at a time."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...analysis.affine import affine, constant
from ...ir.nodes import Assign, Block, Call, Const, Expr, For, Item, Name, Object, Stmt, Update, While
from ...ir.types import Num, Type
from ...ir.walk import assigned, names, subexprs
from ...normalise.iteration import plus, range_bounds
from ...rules.typing import Typer
from ..independence import Nest, Sums
from ..storage import Storage, parts

_QUICK = (operator.add, operator.sub, operator.mul, operator.neg)
_DEAR = (operator.truediv, math.sqrt, np.sqrt)
LEAST_TRIPS = 16  # of a loop with a number of trips that is known: below, one loop is as good as two


@dataclass
class Site:
    """An innermost loop; `whole` is the same on the trip of the loop around it on which it runs widest, `live` is read
    after it, `around` are the loops that it is in, from the outermost inwards."""

    loop: For
    whole: For
    live: set[str]
    types: dict[str, Type]
    storage: Storage
    around: tuple[For | While, ...]

    @property
    def counter(self) -> str:
        assert isinstance(self.loop.target, Name)
        return self.loop.target.id

    @property
    def is_dear(self) -> bool:
        """Whether the loop is arithmetic on single numbers, of which the dearer part gains by vectors."""
        return self.computes_numbers(self.loop.body) and divides(self.loop.body)

    def computes_numbers(self, body: Block) -> bool:
        typer = Typer(self.types)
        return all(
            _is_double(typer(e)) and all(_is_arithmetic(part) for part in _operations(e))
            for s in body
            if isinstance(s, Assign | Update)
            for e in (s.target, s.value)
        )

    def is_free(self, body: Block) -> bool:
        """Whether the trips of a loop with that body have nothing to do with each other but sums in any order."""
        loop = For(self.loop.target, self.loop.iter, body)
        verdict = Nest(loop, self.live, self.types, self.storage, self.around).verdict()
        return isinstance(verdict, Sums) and not any(is_in_order(body, name) for name in verdict.scalars)


def is_in_order(body: Block, name: str) -> bool:
    """Whether a sum is one of the program's own, which keeps its order."""
    return any(isinstance(s, Update) and s.target == Name(name) and s.adjoint_of is None for s in body)


def is_long(loop: For) -> bool:
    """Whether a loop may have many trips, and none of them counts below zero."""
    assert isinstance(loop.iter, Call)
    start, stop, _ = range_bounds(loop.iter)
    if not isinstance(start, Const) or start.value < 0:
        return False
    return not isinstance(stop, Const) or stop.value - start.value >= LEAST_TRIPS


def widest(loop: For, outer: For) -> For | None:
    """A loop on the trip of the one around it on which it has most trips, and all those of every other trip:
    `range(i + 1, n)` at the least `i`, `range(i)` at the greatest. None where that is not told."""
    assert isinstance(loop.iter, Call)
    assert isinstance(outer.iter, Call)
    own = assigned((outer,))
    if not names(loop.iter) & own:
        return loop
    start, stop, _ = range_bounds(loop.iter)
    first, end, step = range_bounds(outer.iter)
    if not isinstance(outer.target, Name) or names(loop.iter) & own != {outer.target.id}:
        return None
    if outer.target.id in assigned(outer.body) or step not in (Const(1), Const(-1)):
        return None
    least, most = (first, plus(end, Const(-1))) if step == Const(1) else (plus(end, Const(1)), first)
    if _grows_with(start, outer.target) and outer.target.id not in names(stop):
        start = plus(least, Const(_shift(start, outer.target)))
    elif _grows_with(stop, outer.target) and outer.target.id not in names(start):
        stop = plus(most, Const(_shift(stop, outer.target)))
    else:
        return None
    return replace(loop, iter=Call(loop.iter.func, (stop,) if start == Const(0) else (start, stop)))


def _grows_with(e: Expr, counter: Name) -> bool:
    """Whether an expression is a counter, and a number that is added to it."""
    form = affine(e, lambda v: v)
    return form is not None and form.get(counter) == 1 and form.keys() <= {counter, *constant(1)}


def _shift(e: Expr, counter: Name) -> int:
    """What is added to the counter."""
    form = affine(e, lambda v: v)
    assert form is not None
    return sum(int(n) for v, n in form.items() if v != counter)


def divides(body: Block) -> bool:
    """Whether a block divides or takes a root."""
    values = (s.value for s in body if isinstance(s, Assign | Update))
    return any(_is_of(e, _DEAR) for value in values for e in subexprs(value))


def items(body: Block) -> Iterator[tuple[Stmt, Item, bool]]:
    """The elements that a block names, each with its statement, and whether that writes it."""
    for s in body:
        if isinstance(s, Assign | Update):
            if isinstance(s.target, Item):
                yield s, s.target, True
            indices = parts(s.target) if isinstance(s.target, Item) else ()
            for e in (part for top in (s.value, *indices) for part in subexprs(top)):
                if isinstance(e, Item):
                    yield s, e, False


def mentions(e: Expr, name: str) -> bool:
    return name in names(e)


def _operations(e: Expr) -> Iterator[Expr]:
    """An expression and its operands, but for what is inside an index."""
    yield e
    if isinstance(e, Call):
        for part in e.args:
            yield from _operations(part)


def _is_arithmetic(e: Expr) -> bool:
    return isinstance(e, Name | Const | Item) or (_is_of(e, (*_QUICK, *_DEAR)))


def _is_of(e: Expr, functions: tuple[object, ...]) -> bool:
    return isinstance(e, Call) and isinstance(e.func, Object) and not e.kwargs and e.func.value in functions


def _is_double(type_: Type) -> bool:
    return isinstance(type_, Num) and type_.ndim == 0 and type_.dtype == "float64"
