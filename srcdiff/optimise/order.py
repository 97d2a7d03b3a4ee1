"""Loops whose trips may come in any order come in the order of the user's loop, which compiles to faster code.

in:   for i in range(n - 1, -1, -1):          out:  for i in range(n):
          x_bar[i] += y_bar[i] * w                      x_bar[i] += y_bar[i] * w
          w_bar += y_bar[i] * x[i]                      w_bar += y_bar[i] * x[i]

Trips are independent if all they have in common is added to and not read, or is an element of each trip's own.
"""

from __future__ import annotations

import operator
from dataclasses import replace

from ..ir.callee import called, helper_of
from ..ir.nodes import (
    Assign,
    Block,
    Call,
    Comment,
    Const,
    Expr,
    For,
    Function,
    If,
    Name,
    Object,
    Slice,
    Stmt,
    Update,
    While,
)
from ..ir.types import Num, Type
from ..ir.walk import assigned, expressions, is_call_of, names, statements, subexprs, targets
from ..normalise.iteration import RANGE, plus, range_bounds
from ..rules.typing import Typer
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
        self.natural: set[str] = set()  # the variables of the loops around, where they are never negative

    def loop(self, s: For | While, live: set[str]) -> tuple[list[Stmt], set[str]]:
        outer = set(self.natural)
        lower = _lowest(s)
        if lower is not None and self.is_natural(lower):
            self.natural |= set(targets(s.target)) if isinstance(s, For) else set()
        found, head = super().loop(s, live)
        if len(found) == 1 and isinstance(found[0], For) and self.turns(found[0], live):
            found = [_turned(found[0])]
        self.natural = outer
        return found, head

    def is_natural(self, e: Expr) -> bool:
        """Whether the value is surely not negative."""
        match e:
            case Const(value=int(n)):
                return n >= 0
            case Name(id=name):
                return name in self.natural
            case Call(func=Object(value=f), args=(a, b)) if f is operator.add:
                return self.is_natural(a) and self.is_natural(b)
        return is_call_of(e, len)

    def turns(self, s: For, live: set[str]) -> bool:
        """Whether a loop counts down and need not."""
        assert isinstance(s.iter, Call)
        if range_bounds(s.iter)[2] != Const(-1) or not isinstance(s.target, Name):
            return False
        counter = s.target.id
        if counter in live or counter in assigned(s.body) or not all(map(_is_plain, statements(s.body))):
            return False
        return self.carries_sums_only(s.body, live) and self.apart(s.body, counter)

    def carries_sums_only(self, body: Block, live: set[str]) -> bool:
        """Whether each variable that is bound belongs to one trip, or is a sum that no trip reads."""
        exposed, _ = exposed_reads(body, set())
        sums = {s.target.id for s in statements(body) if isinstance(s, Update) and isinstance(s.target, Name)}
        for name in assigned(body):
            if self.storage.is_array(name) and name in sums and not _binds(body, name):
                continue  # an array that is added to is looked at below
            if name in exposed or name in live:
                type_ = self.types.get(name)
                if not isinstance(type_, Num) or type_.ndim != 0 or not _is_sum(body, name):
                    return False
        return True

    def apart(self, body: Block, counter: str) -> bool:
        """Whether the trips write elements of their own only, but for sums that none of them reads."""
        table: dict[str, list[Access]] = {}
        for access in self.storage.accesses(body):
            table.setdefault(self.storage.find(access.name), []).append(access)
        for accesses in table.values():
            kinds = {a.kind for a in accesses}
            if kinds == {"read"} or (kinds == {"add"} and all(map(self.adds_in_place, accesses))):
                continue
            if len({a.name for a in accesses}) > 1 or accesses[0].name in assigned(body):
                return False
            if counter not in self.natural or not self.has_own(accesses, counter):
                return False
        return True

    def adds_in_place(self, a: Access) -> bool:
        """Whether a sum is one that adds up, and not an update through an array of places that may repeat."""
        return self.storage.is_array(a.name) and (a.place is None or all(map(self.is_basic, a.place)))

    def is_basic(self, e: Expr) -> bool:
        type_ = None if isinstance(e, Slice) else Typer(self.types)(e)
        return type_ is None or (isinstance(type_, Num) and type_.is_integral and type_.dtype != "bool")

    def has_own(self, accesses: list[Access], counter: str) -> bool:
        """Whether the same part of every index is the counter of the loop."""
        common: set[int] | None = None
        for a in accesses:
            if a.place is None or not all(map(self.is_basic, a.place)):
                return False
            here = {k for k, part in enumerate(a.place) if part == Name(counter)}
            common = here if common is None else common & here
        return bool(common)


def _lowest(s: For | While) -> Expr | None:
    """The least value that the counter of a loop has."""
    if not isinstance(s, For):
        return None
    assert isinstance(s.iter, Call)
    start, stop, step = range_bounds(s.iter)
    if step == Const(-1):
        return plus(stop, Const(1))
    return start if isinstance(step, Const) and step.value > 0 else None


def _turned(s: For) -> For:
    assert isinstance(s.iter, Call)
    start, stop, _ = range_bounds(s.iter)
    first, end = plus(stop, Const(1)), plus(start, Const(1))
    return replace(s, iter=Call(RANGE, (end,) if first == Const(0) else (first, end)))


def _is_plain(s: Stmt) -> bool:
    """Whether a statement does nothing but bind, write and branch."""
    if not isinstance(s, Assign | Update | If | For | Comment):
        return False
    return not any(
        has_effect(e) or any(called(part) is not None or helper_of(part) is not None for part in subexprs(e))
        for e in expressions(s)
    )


def _binds(body: Block, name: str) -> bool:
    return any(name in targets(s.target) for s in statements(body) if isinstance(s, Assign | For))


def _is_sum(body: Block, name: str) -> bool:
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
