"""Arrays that are zero at the beginning of every trip of a loop and at its end, without the zeros.

in:   z_bar = np.zeros(n)                         out:  z_bar = np.zeros(n)
      for k in range(n - 1, 0, -1):                     for k in range(n - 1, 0, -1):
          for i in range(k):                                for i in range(k):
              z_bar[i] += y_bar[i]                              z_bar[i] = y_bar[i]
          for i in range(k):                                for i in range(k):
              y_bar[k - 1 - i] += alpha * z_bar[i]              y_bar[k - 1 - i] += alpha * z_bar[i]
              z_bar[i] = 0.0

So it is with the adjoint of an array whose elements are written anew in each trip. A trip that adds to elements before
anything else and leaves zero in them needs neither: it may write what it adds. What is then left in elements that later
trips do not come to is not looked at.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..analysis.dependence import At, Instance, Place
from ..ir.nodes import Assign, Block, Break, Call, Const, Expr, For, Function, Item, Name, Stmt, Update, While
from ..ir.types import Type
from ..ir.walk import assigned, expressions, is_call_of, map_stmt, names, statements, subexprs
from .dead_zeros import known_of
from .storage import Storage, parts

_ZEROS = (np.zeros, np.zeros_like)


def without_trip_zeros(function: Function, types: dict[str, Type]) -> Function:
    """The function without such zeros."""
    return _Zeros(function, types).whole()


@dataclass(frozen=True)
class _Use:
    """A mention of an array: the statement, the loops around it inside the trip, and the place, if it is one of an
    element that has their counters for indices."""

    statement: Stmt
    loops: tuple[For, ...]
    top: int  # which statement of the trip it is in


class _Zeros:
    def __init__(self, function: Function, types: dict[str, Type]) -> None:
        self.function = function
        self.storage = Storage(function, types)
        self.known = known_of(function, types)
        self.mentions = _mentions(function.body)
        shared = Counter(self.storage.find(n) for n in self.mentions if self.storage.holds(n))
        params = {p.name for p in function.params}
        made = [s for s in statements(function.body) if isinstance(s, Assign) and is_call_of(s.value, *_ZEROS)]
        self.zeros = {
            s.target.id
            for s in made
            if isinstance(s.target, Name) and shared[self.storage.find(s.target.id)] == 1 and s.target.id not in params
        }

    def whole(self) -> Function:
        return replace(self.function, body=self.block(self.function.body)) if self.zeros else self.function

    def block(self, block: Block) -> Block:
        ahead: set[str] = set()  # the arrays that have been made in this block, and not been touched since
        out: list[Stmt] = []
        for s in block:
            if isinstance(s, For | While):
                for name in sorted(ahead & _mentions((s,)).keys()):
                    if self.mentions[name] == _mentions((s,))[name] + 1:  # and where it is made
                        s = self.trips(s, name)
            ahead -= _mentions((s,)).keys()
            if isinstance(s, Assign) and isinstance(s.target, Name) and s.target.id in self.zeros:
                ahead.add(s.target.id)
            out.append(map_stmt(s, lambda e: e, self.block))
        return tuple(out)

    def trips(self, loop: For | While, name: str) -> For | While:
        """The loop whose trips write what they add to an array, if they leave zero in it."""
        if any(isinstance(s, Break) for s in statements(loop.body)):
            return loop
        uses = list(self.uses(loop.body, name))
        adds, zeros = uses[0], uses[-1]
        add, zero = adds.statement, zeros.statement
        if adds.top == zeros.top or not isinstance(add, Update) or add.op.value is not operator.add:
            return loop
        if not isinstance(zero, Assign) or zero.value != Const(0.0) or name in names(add.value):
            return loop
        if sum(u.top == adds.top for u in uses) > 1 or not self.is_whole(loop, name, uses):
            return loop

        def block(b: Block) -> Block:
            return tuple(stmt(s) for s in b if s is not zero)

        def stmt(s: Stmt) -> Stmt:
            if s is add:
                return Assign(add.target, add.value, add.origin, add.adjoint_of)
            return map_stmt(s, lambda e: e, block)

        return replace(loop, body=block(loop.body))

    def is_whole(self, loop: For | While, name: str, uses: list[_Use]) -> bool:
        """Whether all uses are of elements, by the counters of loops that go the same ways."""
        ways = [s.iter for s in uses[0].loops]
        if not ways or any(names(way) & assigned(loop.body) for way in ways) or not self.are_apart(name, uses[0].loops):
            return False
        if sum(len(_elements(u.statement, name)) for u in uses) != _mentions((loop,))[name]:
            return False
        for use in uses:
            counters = tuple(s.target for s in use.loops)
            changed = {n for s in use.loops for n in assigned(s.body)}
            if [s.iter for s in use.loops] != ways or {c.id for c in counters if isinstance(c, Name)} & changed:
                return False
            if any(parts(e) != counters for e in _elements(use.statement, name)):
                return False
        return True

    def are_apart(self, name: str, loops: tuple[For, ...]) -> bool:
        """Whether the trips of loops surely come to different elements: a negative index is another name of one."""
        counters = tuple(s.target for s in loops)
        way = tuple(At(0, s) for s in loops)
        place = Instance(Place(name, counters, way), 0, 0, self.known)
        ranges = all(isinstance(s.iter, Call) and is_call_of(s.iter, range) for s in loops)
        return ranges and all(isinstance(c, Name) and place.natural(c) is not None for c in counters)

    def uses(self, block: Block, name: str, loops: tuple[For, ...] = (), top: int = -1) -> Iterator[_Use]:
        """The statements that mention an array, in loops and under no condition; others have no loops around them."""
        for k, s in enumerate(block):
            where = k if top < 0 else top
            if name not in _mentions((s,)):
                continue
            if isinstance(s, For) and name not in names(s.iter):
                yield from self.uses(s.body, name, (*loops, s), where)
            else:
                yield _Use(s, loops if isinstance(s, Assign | Update) else (), where)


def _elements(s: Stmt, name: str) -> list[Item]:
    every = (e for top in expressions(s) for e in subexprs(top))
    return [e for e in every if isinstance(e, Item) and e.base == Name(name)]


def _mentions(block: Block) -> Counter[str]:
    every: Iterator[Expr] = (e for s in statements(block) for top in expressions(s) for e in subexprs(top))
    return Counter(e.id for e in every if isinstance(e, Name))
