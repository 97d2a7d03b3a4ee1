"""Loops whose trips may come in any order come in the order of the user's loop, which compiles to faster code.

in:   for i in range(n - 1, -1, -1):          out:  for i in range(n):
          x_bar[i] += y_bar[i] * w                      x_bar[i] += y_bar[i] * w
          w_bar += y_bar[i] * x[i]                      w_bar += y_bar[i] * x[i]

Trips are independent if all they have in common is added to and not read, or is an element of each trip's own.
"""

from __future__ import annotations

import operator
from dataclasses import replace

from ..analysis.dependence import At, Known, Place, meet_on_trips
from ..ir.callee import called, helper_of
from ..ir.nodes import (
    Assign,
    Block,
    Call,
    Comment,
    Const,
    For,
    Function,
    If,
    Name,
    Stmt,
    Update,
    While,
)
from ..ir.types import Num, Type
from ..ir.walk import assigned, expressions, names, statements, subexprs, targets
from ..normalise.iteration import RANGE, plus, range_bounds
from .dead import Liveness, has_effect
from .storage import Access, Storage


def in_order(function: Function, types: dict[str, Type]) -> Function:
    """The function with its independent loops counting upwards."""
    body, _ = _Order(function, types).block(function.body, set())
    return replace(function, body=body)


class _Order(Liveness):
    """A walk that knows at each loop what is read after it."""

    def __init__(self, function: Function, types: dict[str, Type]) -> None:
        super().__init__(types, set())
        self.storage = Storage(function, types)
        self.around: tuple[For | While, ...] = ()  # the loops that the walk is in

    def loop(self, s: For | While, live: set[str]) -> tuple[list[Stmt], set[str]]:
        self.around = (*self.around, s)
        found, head = super().loop(s, live)
        self.around = self.around[:-1]
        if len(found) == 1 and isinstance(found[0], For) and self.turns(found[0], live):
            found = [_turned(found[0])]
        return found, head

    def turns(self, s: For, live: set[str]) -> bool:
        """Whether a loop counts down and need not."""
        assert isinstance(s.iter, Call)
        if range_bounds(s.iter)[2] != Const(-1) or not isinstance(s.target, Name):
            return False
        counter = s.target.id
        if counter in live or counter in assigned(s.body) or not all(map(is_plain, statements(s.body))):
            return False
        return self.carries_sums_only(s.body, live) and self.apart(s)

    def carries_sums_only(self, body: Block, live: set[str]) -> bool:
        """Whether each variable that is bound belongs to one trip, or is a sum that no trip reads."""
        exposed, _ = exposed_reads(body, set())
        sums = {s.target.id for s in statements(body) if isinstance(s, Update) and isinstance(s.target, Name)}
        for name in assigned(body):
            if self.storage.is_array(name) and name in sums and not _binds(body, name):
                continue  # an array that is added to is looked at below
            if name in exposed or name in live:
                type_ = self.types.get(name)
                if not isinstance(type_, Num) or type_.ndim != 0 or not is_sum(body, name):
                    return False
        return True

    def apart(self, s: For) -> bool:
        """Whether no trip writes or adds to what another one reads, nor writes what another one writes."""
        table: dict[str, list[Access]] = {}
        for access in self.storage.accesses(s.body, (*(At(0, loop) for loop in self.around), At(0, s))):
            table.setdefault(self.storage.find(access.name), []).append(access)
        return all(self.are_apart(s, accesses) for accesses in table.values())

    def are_apart(self, s: For, accesses: list[Access]) -> bool:
        """The same for the arrays of one class."""
        kinds = {a.kind for a in accesses}
        if kinds == {"read"}:
            return True
        if not all(self.adds_up(a) for a in accesses if a.kind == "add"):
            return False
        known = known_in((*self.around, s), self.types)
        depth = len(self.around)
        for k, a in enumerate(accesses):
            for b in accesses[k:]:
                if a.kind == b.kind != "write":
                    continue  # sums may come in any order
                one, other = (Place(x.name, x.place, x.way) for x in (a, b))
                if meet_on_trips(one, other, depth, known) or meet_on_trips(other, one, depth, known):
                    return False
        return True

    def adds_up(self, a: Access) -> bool:
        """Whether a sum is one that adds up, and not an update through an array of places that may repeat."""
        return self.storage.is_array(a.name) and (a.place is not None or a.whole)


def _turned(s: For) -> For:
    assert isinstance(s.iter, Call)
    start, stop, _ = range_bounds(s.iter)
    first, end = plus(stop, Const(1)), plus(start, Const(1))
    return replace(s, iter=Call(RANGE, (end,) if first == Const(0) else (first, end)))


def known_in(loops: tuple[For | While, ...], types: dict[str, Type]) -> Known:
    """What is known of variables inside a nest of loops, as long as the outermost of them runs."""
    rebound = {n for s in statements(loops[:1]) if isinstance(s, Assign | For) for n in targets(s.target)}
    in_place = {n for n in assigned(loops[:1]) - rebound if isinstance(t := types.get(n), Num) and t.ndim}
    bound = assigned(loops[:1]) - in_place
    counters = {
        s.target.id
        for s in (*loops, *(inner for inner in statements(loops[-1].body) if isinstance(inner, For)))
        if isinstance(s, For) and isinstance(s.target, Name) and s.target.id not in assigned(s.body)
    }

    def is_whole(name: str) -> bool:
        type_ = types.get(name)
        return isinstance(type_, Num) and type_.is_integral

    return Known(lambda n: n not in bound, is_whole, lambda n: n in counters, types)


def is_plain(s: Stmt) -> bool:
    """Whether a statement does nothing but bind, write and branch."""
    if not isinstance(s, Assign | Update | If | For | Comment):
        return False
    return not any(
        has_effect(e) or any(called(part) is not None or helper_of(part) is not None for part in subexprs(e))
        for e in expressions(s)
    )


def _binds(body: Block, name: str) -> bool:
    return any(name in targets(s.target) for s in statements(body) if isinstance(s, Assign | For))


def is_sum(body: Block, name: str) -> bool:
    """Whether a block does nothing with a variable but add to it."""
    for s in statements(body):
        match s:
            case Update(target=Name(id=own), op=op, value=value) if own == name:
                if op.value not in (operator.add, operator.sub) or name in names(value):
                    return False
            case _:
                if any(name in names(e) for e in expressions(s)):
                    return False
    return True


def exposed_reads(block: Block, sure: set[str]) -> tuple[set[str], set[str]]:
    """The variables that a block may read before it has assigned them (`sure` are assigned in front of it), and those
    that are surely assigned after it."""
    found: set[str] = set()
    for s in block:
        match s:
            case Assign(target=target, value=value):
                reads = names(value) | (names(target) - set(targets(target)))
                found |= reads - sure
                sure = sure | set(targets(target))
            case If(test=test, body=body, orelse=orelse):
                one, left = exposed_reads(body, sure)
                two, right = exposed_reads(orelse, sure)
                found |= (names(test) - sure) | one | two
                sure = left & right
            case For(target=target, iter=source, body=body):
                inner, _ = exposed_reads(body, sure | set(targets(target)))
                found |= (names(source) - sure) | inner
            case _:
                found |= {n for e in expressions(s) for n in names(e)} - sure
    return found, sure
