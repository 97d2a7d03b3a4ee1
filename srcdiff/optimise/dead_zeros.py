"""Elements of adjoints that nobody looks at again stay what they are; others become zero when they have been used.

in:   for k in range(n):                                out:  for k in range(n):
          out_bar_1 = out_bar[:, k].copy()                        out_bar_1 = out_bar[:, k]
          out_bar[:, k] = 0.0
          x_bar[:, k] += out_bar_1                                x_bar[:, k] += out_bar_1
          out_bar[:, k + 1] -= above[:, k] * out_bar_1            out_bar[:, k + 1] -= above[:, k] * out_bar_1

A write takes an element's adjoint and leaves zero there, for what has been in it before. Often nothing has been: then
no trip comes back to it, as the inequalities of loops and indices prove (`analysis/dependence`). Where one does, the
zero may be written behind the statements that use the adjoint, if these stay away from it. Then no copy is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..analysis.dependence import At, Known, Place, loops_of, may_meet, may_meet_before
from ..ir.nodes import Assign, Block, Call, Const, For, Function, If, Item, Name, Stmt, Update, While
from ..ir.types import Num, Type
from ..ir.walk import expressions, is_call_of, mentioned, statements, subexprs, targets
from .storage import Access, Storage, parts

Way = tuple[At, ...]


def without_dead_zeros(function: Function, types: dict[str, Type], compiled: bool) -> Function:
    """The function without zeros that nobody looks at. Text that is `compiled` keeps copies: they become loops."""
    zeros = [s for s in statements(function.body) if _zeroed(s) is not None]
    if not zeros:
        return function
    return replace(function, body=_Zeros(function, types, compiled).block(function.body, ()))


@dataclass(frozen=True)
class _Zero:
    """A part of an array that is set to zero."""

    name: str
    place: Place


class _Zeros:
    def __init__(self, function: Function, types: dict[str, Type], compiled: bool) -> None:
        self.types, self.compiled = types, compiled
        self.storage = Storage(function, types)
        self.classes = Counter(self.storage.find(n) for n in mentioned(function.body) if self.storage.holds(n))
        self.mentions = _mentions(function.body)
        self.params = {self.storage.find(p.name) for p in function.params}
        self.known = known_of(function, types)
        self.accesses: dict[str, list[Access]] = {}
        for access in self.storage.in_order(function.body):
            self.accesses.setdefault(self.storage.find(access.name), []).append(access)

    # -------------------------------------------------------------------------------------------------- statements

    def block(self, block: Block, outer: Way) -> Block:
        out: list[Stmt] = []
        late: list[tuple[int, Stmt]] = []  # zeros that are written behind a place in the block
        for p, s in enumerate(block):
            way = (*outer, At(p))
            zero = self.zero(s, way)
            if zero is not None:
                held = self.held(block, p, out)
                if not self.meets_later(zero, any_kind=False):
                    if held is not None and not self.meets_later(zero, any_kind=True):
                        out[-1] = held
                elif held is not None and (last := self.used_until(block, p, held, zero, outer)) is not None:
                    out[-1] = held
                    late.append((last, s))
                else:
                    out.append(s)
            else:
                out.append(self.inside(s, outer, p))
            out += [z for last, z in late if last == p]
            late = [(last, z) for last, z in late if last != p]
        return tuple(out)

    def inside(self, s: Stmt, outer: Way, p: int) -> Stmt:
        match s:
            case For() | While():
                return replace(s, body=self.block(s.body, (*outer, At(p, s))))
            case If():
                one = self.block(s.body, (*outer, At(p, side=1, test=s.test)))
                other = self.block(s.orelse, (*outer, At(p, side=2, test=s.test)))
                return replace(s, body=one, orelse=other)
        return s

    def zero(self, s: Stmt, way: Way) -> _Zero | None:
        """What a statement sets to zero, if it is part of an array that has one name and is the function's own."""
        name = _zeroed(s)
        if name is None or not isinstance(s, Assign) or not isinstance(s.target, Item):
            return None
        where = self.storage.find(name)
        if where in self.params or self.classes[where] != 1 or not self.storage.is_array(name):
            return None
        index = parts(s.target)
        if not all(map(self.storage.is_basic, index)):
            return None
        return _Zero(name, Place(name, index, way))

    def held(self, block: Block, p: int, out: list[Stmt]) -> Assign | None:
        """The statement ahead of a zero that takes the same part, without the copy."""
        if self.compiled or not p or not out or out[-1] is not block[p - 1]:
            return None
        s, zero = block[p - 1], block[p]
        assert isinstance(zero, Assign)
        match s:
            case Assign(target=Name(id=name), value=Call(args=(part,)) as value) if is_call_of(value, np.ndarray.copy):
                whole = part == zero.target and name not in self.mutated(name)
                return replace(s, value=part) if whole else None
        return None

    def mutated(self, name: str) -> set[str]:
        """The variable, if it is more than a value that is read."""
        others = self.accesses.get(self.storage.find(name), ())
        return {name} if self.classes[self.storage.find(name)] != 1 or any(a.kind != "read" for a in others) else set()

    # ---------------------------------------------------------------------------------------------------- legality

    def meets_later(self, zero: _Zero, any_kind: bool) -> bool:
        """Whether some element may be looked at afterwards (or, of `any_kind`, be written)."""
        for a in self.accesses[self.storage.find(zero.name)]:
            itself = a.kind == "write" and a.way == zero.place.way
            overwrites = a.kind == "write" and isinstance(a.statement, Assign)
            if itself or (overwrites and not any_kind):
                continue
            if may_meet_before(Place(a.name, a.place, a.way), zero.place, self.known):
                return True
        return False

    def used_until(self, block: Block, p: int, held: Assign, zero: _Zero, outer: Way) -> int | None:
        """Where the last statement stands that uses what is held, if up to there nothing else looks at the elements."""
        assert isinstance(held.target, Name)
        name = held.target.id
        uses = [k for k, s in enumerate(block) if name in mentioned((s,))]
        after = [k for k in uses if k > p]
        elsewhere = self.mentions[name] != _mentions(block)[name]
        if (
            not after
            or elsewhere
            or uses[0] != p - 1
            or any(name in targets(s.target) for s in _assigns(block[p + 1 :]))
        ):
            return None
        last = after[-1]
        depth = len(loops_of(outer))
        for a in self.accesses[self.storage.find(zero.name)]:
            at = a.way[len(outer)] if a.way[: len(outer)] == outer else None
            near = at is not None and p < at.position <= last
            if near and may_meet(Place(a.name, a.place, a.way), zero.place, depth, self.known):
                return None
        return last


def _mentions(block: Block) -> Counter[str]:
    every = (e for s in statements(block) for top in expressions(s) for e in subexprs(top))
    return Counter(e.id for e in every if isinstance(e, Name))


def _assigns(block: Block) -> Iterator[Assign | For]:
    return (s for s in statements(block) if isinstance(s, Assign | For))


def _zeroed(s: Stmt) -> str | None:
    """The array of which a statement sets a part to zero."""
    match s:
        case Assign(target=Item(base=Name(id=name)), value=Const(value=value)):
            return name if value == 0 and not isinstance(value, bool) else None
    return None


def known_of(function: Function, types: Mapping[str, Type]) -> Known:
    """What is known of variables in a whole function: those are fixed that are bound once, in no loop."""
    bound: Counter[str] = Counter(p.name for p in function.params)
    heads: set[str] = set()
    others: set[str] = set()
    for s in statements(function.body):
        match s:
            case For(target=target):
                heads |= set(targets(target))
                others |= {n for inner in _assigns(s.body) if isinstance(inner, Assign) for n in targets(inner.target)}
            case While(body=body):
                others |= {n for inner in _assigns(body) if isinstance(inner, Assign) for n in targets(inner.target)}
            case Assign(target=target):
                bound.update(targets(target))
            case Update(target=Name(id=name)) if not _is_array(types.get(name)):
                bound.update([name, name])
            case _:
                pass

    def is_whole(name: str) -> bool:
        type_ = types.get(name)
        return isinstance(type_, Num) and type_.is_integral

    return Known(
        lambda n: bound[n] == 1 and n not in heads and n not in others,
        is_whole,
        lambda n: n in heads and not bound[n],
        types,
    )


def _is_array(type_: Type | None) -> bool:
    return isinstance(type_, Num) and type_.is_array
