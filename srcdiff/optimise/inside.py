"""Whether every index of a function is surely inside its array, so that compiled code need not look.

Surely inside are the places of loops that stand for array statements, whose lengths are those of the arrays or have
been held against them; the rows of tapes, which are made for the loops that index them; and what the inequalities of
loop bounds and lengths prove. An element in a fixed place, `p[-1]`, is there where the array is long enough: that is
looked at once, at the head of the function, if the types say whose length it is. Where an array is shorter, the text
that looks at every index runs instead.
"""

from __future__ import annotations

from collections.abc import Hashable, Set
from dataclasses import replace

import numpy as np

from ..analysis.dependence import At, Instance, Place
from ..ir.nodes import Block, Call, Const, Effect, Expr, For, Function, If, Item, Name, Object, Slice, While
from ..ir.types import Dim, Num, Tup, Type
from ..ir.walk import expressions, names, subexprs
from ..normalise.iteration import LEN
from ..rules.typing import TypeProblem, Typer
from ..runtime import long_enough
from .independence import known_in
from .storage import parts

SHAPE = Object(np.ndarray.shape, "shape")
LONG_ENOUGH = Object(long_enough, "long_enough")


def all_inside(
    function: Function, types: dict[str, Type], own: Set[str], tapes: Set[str], may_assume: bool
) -> tuple[Function, bool]:
    """Whether all indices are inside, and the function with the checks that this takes. `own` are the counters of loops
    that stand for array statements, `tapes` the arrays that keep values; `may_assume` says whether checks may be
    written."""
    indices = Indices(types, own, tapes)
    if may_assume:
        indices.axes = _axes(function, types)
    if not indices.block(function.body, ()):
        return function, False
    checks = tuple(Effect(Call(LONG_ENOUGH, (e, Const(least)))) for e, least in indices.least.items())
    return replace(function, body=(*checks, *function.body)), True


def _axes(function: Function, types: dict[str, Type]) -> dict[Hashable, Expr]:
    """The lengths of the arguments, by their tokens."""
    found: dict[Hashable, Expr] = {}
    for p in function.params:
        type_ = types.get(p.name)
        for axis, dim in enumerate(type_.shape if isinstance(type_, Num) else ()):
            if dim.token == ("argument", p.name, axis):
                length = Call(LEN, (Name(p.name),)) if axis == 0 else Item(Call(SHAPE, (Name(p.name),)), Const(axis))
                found[dim.token] = length
    return found


class Indices:
    """A walk over blocks, each with the way that leads to it."""

    def __init__(self, types: dict[str, Type], own: Set[str], tapes: Set[str]) -> None:
        self.types, self.own, self.tapes = types, own, tapes
        self.seen: dict[tuple[Item, tuple[tuple[int, int, int], ...]], bool] = {}
        self.axes: dict[Hashable, Expr] = {}  # the lengths that may be taken to be long enough
        self.least: dict[Expr, int] = {}  # and those that are, with what they are to be at least

    def block(self, block: Block, way: tuple[At, ...]) -> bool:
        for s in block:
            if not all(self.expression(e, way) for e in expressions(s)):
                return False
            match s:
                case For(body=body) | While(body=body):
                    if not self.block(body, (*way, At(0, s))) or not self.block(s.orelse, way):
                        return False
                case If(test=test, body=body, orelse=orelse):
                    one, other = At(0, side=1, test=test), At(0, side=2, test=test)
                    if not self.block(body, (*way, one)) or not self.block(orelse, (*way, other)):
                        return False
                case _:
                    pass
        return True

    def expression(self, e: Expr, way: tuple[At, ...]) -> bool:
        return all(self.item(part, way) for part in subexprs(e) if isinstance(part, Item))

    def item(self, e: Item, way: tuple[At, ...]) -> bool:
        key = e, tuple((id(at.loop), id(at.test), at.side) for at in way)
        if key not in self.seen:
            self.seen[key] = self.is_inside(e, way)
        return self.seen[key]

    def is_inside(self, e: Item, way: tuple[At, ...]) -> bool:
        try:
            base = Typer(self.types)(e.base)
        except TypeProblem:
            return False
        if isinstance(base, Tup):
            return True  # its places are known when the text is compiled
        if not isinstance(base, Num) or base.ndim is None:
            return False
        if isinstance(e.base, Name) and e.base.id in self.tapes:
            return True
        if any(p == Const(Ellipsis) or p == Const(None) for p in parts(e)):
            return all(isinstance(p, Slice | Const) and not _is_number(p) for p in parts(e))
        return all(self.part(p, dim, way) for p, dim in zip(parts(e), base.shape, strict=False))

    def part(self, part: Expr, dim: Dim, way: tuple[At, ...]) -> bool:
        if isinstance(part, Slice) or names(part) & self.own:
            return True
        if part == Const(0) and dim.one is True:
            return True
        if self.is_long_enough(part, dim):
            return True
        loops = tuple(at.loop for at in way if at.loop is not None)
        if not loops:
            return False
        known = known_in(loops, self.types)
        return Instance(Place("", (part,), way), 1, len(loops), known).is_inside((dim,))

    def is_long_enough(self, part: Expr, dim: Dim) -> bool:
        """Whether a fixed place is one of an argument's axis, or of one that is shorter by a fixed number: if the
        argument is long enough."""
        if not isinstance(part, Const) or type(part.value) is not int:
            return False
        least = part.value + 1 if part.value >= 0 else -part.value
        token = dim.token
        if isinstance(token, tuple) and token[:1] == ("minus",):
            token, least = token[1], least + token[2]
        length = self.axes.get(token)
        if length is None:
            return False
        self.least[length] = max(least, self.least.get(length, 0))
        return True


def _is_number(e: Expr) -> bool:
    return isinstance(e, Const) and isinstance(e.value, int)
