"""Whether every index of a function is surely inside its array, so that compiled code need not look.

Surely inside are the places of loops that stand for array statements, whose lengths are those of the arrays or have
been held against them; the rows of tapes, which are made for the loops that index them; and what the inequalities of
loop bounds and lengths prove. Others are inside where an array is long enough: an element in a fixed place, `p[-1]`,
or one that a loop goes through which runs as long as another array, `v[i]` for all `i` below `len(m)`. That is looked
at once, at the head of the function, if the types say whose lengths these are; as are indices that are read from an
array (`lookups`). Where an array is shorter, the text that looks at every index runs instead.
"""

from __future__ import annotations

import operator
from collections.abc import Hashable, Set
from dataclasses import replace

import numpy as np

from ..analysis.dependence import At, Instance, Place, range_of
from ..ir.nodes import Block, Call, Const, Effect, Expr, For, Function, If, Item, Name, Object, Slice, While
from ..ir.types import Dim, Num, Tup, Type
from ..ir.walk import assigned, expressions, is_call_of, names, subexprs
from ..normalise.iteration import LEN, minus
from ..rules.typing import TypeProblem, Typer
from ..runtime import long_enough
from .independence import known_in
from .lookups import Lookups, lookups
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
        indices.axes, indices.bounds = _axes(function, types), _numbers(function, types)
        indices.lookups = lookups(function, types, tapes)
    if not indices.block(function.body, ()):
        return function, False
    checks = tuple(Effect(Call(LONG_ENOUGH, (e, least))) for e, found in indices.least.items() for least in found)
    return replace(function, body=(*checks, *map(Effect, indices.lookups.checks), *function.body)), True


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


def _numbers(function: Function, types: dict[str, Type]) -> dict[Hashable, Expr]:
    """The arguments that are whole numbers, by their tokens."""
    tokens = ((p.name, t.value.token) for p in function.params if isinstance(t := types.get(p.name), Num) and t.value)
    return {token: Name(name) for name, token in tokens if token == ("argument", name)}


class Indices:
    """A walk over blocks, each with the way that leads to it."""

    def __init__(self, types: dict[str, Type], own: Set[str], tapes: Set[str]) -> None:
        self.types, self.own, self.tapes = types, own, tapes
        self.seen: dict[tuple[Item, tuple[tuple[int, int, int], ...]], bool] = {}
        self.axes: dict[Hashable, Expr] = {}  # the lengths that may be taken to be long enough
        self.bounds: dict[Hashable, Expr] = {}  # whole numbers that they may be long enough for
        self.least: dict[Expr, list[Expr]] = {}  # and those that are, with what they are to be at least
        self.lookups = Lookups(types)

    def block(self, block: Block, way: tuple[At, ...]) -> bool:
        for s in block:
            if not all(self.expression(e, way) for e in expressions(s)):
                return False
            match s:
                case For(body=body) | While(body=body):
                    if not self.block(body, (*way, At(0, s))) or not self.block(s.orelse, way):
                        return False
                case If():
                    for side, branch in ((1, s.body), (2, s.orelse)):
                        if not self.block(branch, (*way, At(0, side=side, test=_lasting_test(s, branch, way)))):
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
        if loops:
            at = Instance(Place("", (part,), way), 1, len(loops), known_in(loops, self.types))
            if at.is_inside((dim,)) or self.is_as_long_as_another(at, dim, way):
                return True
        return self.is_looked_up(part, dim, way)

    def is_looked_up(self, part: Expr, dim: Dim, way: tuple[At, ...]) -> bool:
        """Whether an index is an element of an argument's, all of which may be held against the length of the axis."""
        length = {**self.bounds, **self.axes}.get(dim.token)
        if length is None or any(step.side for step in way):
            return False  # (a test may be what keeps an index inside)
        return self.lookups.fits(part, length, way)

    def is_as_long_as_another(self, at: Instance, dim: Dim, way: tuple[At, ...]) -> bool:
        """Whether an index that every trip looks at is inside an axis of some other argument, or below a number that
        is one or that bounds a loop: then it is inside its own argument's axis if that is as long."""
        length = self.axes.get(dim.token)
        if length is None or any(step.side for step in way):
            return False  # (a test may be what keeps an index inside)
        for end in (range_of(s)[1] for s in at.loops if isinstance(s, For)):
            shorter = self.shorter(end)
            if shorter is not None and at.is_below(end):
                self.take(length, shorter)
                return True
        ends = (e for s in at.loops if isinstance(s, For) for e in range_of(s))
        fixed = {e.value: e for e in ends if isinstance(e, Const) and _is_number(e)}
        for token, bound in {**self.axes, **self.bounds, **fixed}.items():
            if at.is_inside((Dim(token),)):
                self.take(length, bound)
                return True
        return False

    def shorter(self, end: Expr) -> Expr | None:
        """The end of a loop that is an argument's length less a fixed number, in terms of the argument."""
        match end:
            case Call(func=Object(value=operator.sub), args=(whole, Const(value=int(less)))) if less > 0:
                type_ = Typer(self.types)(whole)
                known = type_.value if isinstance(type_, Num) else None
                axis = self.axes.get(known.token) if isinstance(known, Dim) else None
                return None if axis is None else minus(axis, Const(less))
        return None

    def take(self, length: Expr, least: Expr) -> None:
        """Note that a length is to be at least so much."""
        found = self.least.setdefault(length, [])
        if any(_is_less(least, other) for other in found):
            return
        found[:] = [other for other in found if not _is_less(other, least)]
        if isinstance(least, Const):
            least = Const(max(e.value for e in (least, *found) if isinstance(e, Const)))
            found[:] = [e for e in found if not isinstance(e, Const)]
        if least not in found:
            found.append(least)

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
        self.take(length, Const(least))
        return True


def _is_less(e: Expr, other: Expr) -> bool:
    """Whether one is the other less a fixed number, or less more of it."""
    match e, other:
        case Call(func=Object(value=operator.sub), args=(a, Const(value=int(m)))), _ if a == other:
            return m > 0
        case Call(args=(a, Const(value=int(m)))), Call(args=(b, Const(value=int(n)))) if a == b:
            both = is_call_of(e, operator.sub) and is_call_of(other, operator.sub)
            return both and m > n
    return False


def _lasting_test(s: If, branch: Block, way: tuple[At, ...]) -> Expr | None:
    """The test of an `if`, where what it says holds on all of a branch: outside of loops, `k = k + 5` may come between
    the test and the loop with the index. (In a loop, nothing is taken to be known of what is bound there.)"""
    in_loop = any(at.loop is not None for at in way)
    return s.test if in_loop or not names(s.test) & assigned(branch) else None


def _is_number(e: Expr) -> bool:
    return isinstance(e, Const) and isinstance(e.value, int)
