"""Nests over the same space as one nest.

in:   for i in range(n): y[i] = np.exp(x[i])        out:  for i in range(n):
      for i in range(n): z[i] = y[i] * w[i]                   y[i] = np.exp(x[i])
                                                              z[i] = y[i] * w[i]

The trips of two nests may be taken in turns if no trip of the first one then comes too late for a trip of the second:
wherever both touch one element, and one of them writes it, the first nest does so on the same trip or an earlier one.
Innermost loops are left apart where they add to, or write, shifted elements of one array, or where one looks for the
largest element: a compiler runs each of them on several elements at a time, and could not do so with both in one loop.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import replace

from ...analysis.dependence import At, Place, may_meet
from ...ir.nodes import Assign, Block, Call, Effect, Expr, For, If, Item, Name, Stmt, Update, While
from ...ir.types import Num
from ...ir.walk import names, rename, statements
from ...rules.typing import TypeProblem, Typer
from ..independence import known_in
from ..length_checks import is_check
from ..storage import Access, Storage
from .effects import Kept, Summary, summary
from .overlap import distance
from .site import Context, lasting

_SUMS = (operator.add, operator.sub)
REACH = 24  # statements that a nest may move up


class Fusion:
    """The fusion of the nests of a function."""

    def __init__(self, context: Context) -> None:
        self.context, self.storage = context, context.storage
        self.around: tuple[For | While, ...] = ()  # the loops that the walk is in
        self.summaries: Kept = {}
        self.parts: Kept = {}
        self.apart: set[str] = set()  # the arrays that this block has made, and that have no other name yet

    def block(self, block: Block, outer: tuple[str, ...] = ()) -> Block:
        """A block with its nests fused; `outer` are the counters of the nest that it is the body of."""
        out: list[Stmt] = []
        known = self.apart
        for s in block:
            self.apart = self.still_apart(s)
            match s:
                case For() if self.is_own(s):
                    if not self.joined(out, s, outer):
                        out.append(s)
                case For() | While():
                    self.around = (*self.around, s)
                    out.append(replace(s, body=self.block(s.body)))
                    self.around = self.around[:-1]
                case If():
                    out.append(replace(s, body=self.block(s.body), orelse=self.block(s.orelse)))
                case _:
                    out.append(s)
        self.apart = known
        return tuple(out)

    def still_apart(self, s: Stmt) -> set[str]:
        """The arrays that share memory with no other variable up to a statement, as far as this block has made them."""
        if isinstance(s, Assign) and isinstance(s.target, Name) and s.target.id in self.context.buffers:
            return self.apart - {s.target.id} if self.storage.shared(s.value) else self.apart | {s.target.id}
        named = (n for i in statements((s,)) if isinstance(i, Assign | Effect) for n in _names_given(self.storage, i))
        return self.apart - set(named)

    def is_own(self, s: Stmt) -> bool:
        return isinstance(s, For) and isinstance(s.target, Name) and s.target.id in self.context.counters

    def joined(self, out: list[Stmt], s: For, outer: tuple[str, ...]) -> bool:
        """Whether a nest has been made part of one of the statements in front of it."""
        for k in range(len(out) - 1, max(-1, len(out) - REACH), -1):
            first = out[k]
            if self.effect(first).fixed:
                return False
            if not (isinstance(first, For) and self.is_own(first) and self.same_space(first, s)):
                continue
            moved = self.moved(out, k, s)
            if moved is None or not self.may_fuse(first, s, outer):
                continue
            ahead, behind = moved
            out[k:] = [*ahead, self.fused(first, s, outer), *behind]
            return True
        return False

    def effect(self, s: Stmt) -> Summary:
        known = self.summaries.get(id(s))
        if known is None or known[0] is not s:
            known = self.summaries[id(s)] = s, summary(s, self.storage, self.parts)
        return known[1]

    def moved(self, out: list[Stmt], k: int, s: For) -> tuple[list[Stmt], list[Stmt]] | None:
        """The statements between two nests: those that go ahead of both since the second one needs them, and those that
        come behind; None where they cannot."""
        needed: list[Stmt] = [s]
        ahead: list[Stmt] = []
        behind: list[Stmt] = []
        for t in reversed(out[k + 1 :]):
            if is_check(t) or not all(self.effect(t).commutes(self.effect(n)) for n in needed):
                if not all(self.effect(t).commutes(self.effect(b)) for b in (out[k],)):
                    return None
                needed.append(t)
                ahead.append(t)
            else:
                behind.append(t)
        ahead.reverse()
        behind.reverse()
        order = {id(t): n for n, t in enumerate(out[k + 1 :])}
        for t in ahead:
            if any(order[id(b)] < order[id(t)] and not self.effect(t).commutes(self.effect(b)) for b in behind):
                return None
        return ahead, behind

    def same_space(self, a: For, b: For) -> bool:
        assert isinstance(a.target, Name)
        assert isinstance(b.target, Name)
        (one, _), (other, lengths) = self.context.counters[a.target.id], self.context.counters[b.target.id]
        return lengths.same(one, other) and lasting(one) and lasting(other)

    # ------------------------------------------------------------------------------------------------- legality

    def may_fuse(self, a: For, b: For, outer: tuple[str, ...]) -> bool:
        one, other = self.effect(a), self.effect(b)
        counters = {s.target.id for s in statements((a, b)) if isinstance(s, For) and isinstance(s.target, Name)}
        for x, y in ((one, other), (other, one)):
            if (x.bound - counters) & y.mentioned:
                return False
            numbers = {n for n in x.added if not self.storage.holds(n)}
            if numbers & y.mentioned - y.added or numbers & y.read:
                return False
        innermost = not has_loops(a) and not has_loops(b)
        if innermost and _searches(a) != _searches(b):
            return False
        return all(
            self.in_turn(x, y, a, b, outer, innermost)
            for x in self.storage.accesses(a.body)
            for y in self.storage.accesses(b.body)
            if self.storage.find(x.name) == self.storage.find(y.name) and not x.kind == y.kind == "read"
        )

    def in_turn(self, x: Access, y: Access, a: For, b: For, outer: tuple[str, ...], innermost: bool) -> bool:
        """Whether two accesses leave two loops free to take their trips in turns, and a compiler free to take several
        at a time."""
        assert isinstance(a.target, Name)
        assert isinstance(b.target, Name)
        sums = x.kind == y.kind == "add"
        if x.name != y.name and {x.name, y.name} & self.apart:
            return True
        if x.name != y.name or x.place is None or y.place is None:
            return sums and x.name != y.name
        for c in outer:
            if distance(x.place, y.place, c, c) not in (0, None):
                return not innermost  # on different trips of a loop around both
        ahead = distance(x.place, y.place, a.target.id, b.target.id)
        if ahead == 0 or (ahead is not None and ahead < 0 and not innermost):
            return True
        if ahead is None or not innermost:
            return (
                sums if not innermost and ahead is not None else self.never_meet(x, y, a, b) or (sums and not innermost)
            )
        return False

    def never_meet(self, x: Access, y: Access, a: For, b: For) -> bool:
        ways = (*(At(0, loop) for loop in self.around),)
        known = known_in((*self.around, a, b), self.context.types)
        fixed = known.is_fixed
        if x.name not in self.effect(a).bound | self.effect(b).bound:  # on one trip of the loops around it is one array
            known = known._replace(is_fixed=lambda n: n == x.name or fixed(n))
        one, other = (
            Place(x.name, x.place, (*ways, At(0, a), *x.way)),
            Place(y.name, y.place, (*ways, At(1, b), *y.way)),
        )
        return not may_meet(one, other, len(self.around), known)

    # ------------------------------------------------------------------------------------------------- together

    def fused(self, a: For, b: For, outer: tuple[str, ...]) -> For:
        assert isinstance(a.target, Name)
        assert isinstance(b.target, Name)
        body = (*a.body, *rename(b.body, {b.target.id: a.target.id}))
        origin = a.origin if a.origin is b.origin else None
        adjoint_of = a.adjoint_of if a.adjoint_of == b.adjoint_of else None
        whole = replace(a, body=body, origin=origin, adjoint_of=adjoint_of)
        inner = self.block(body, (*outer, a.target.id))
        return replace(whole, body=inner if has_loops(whole) else self.written_once(inner))

    def is_double(self, e: Expr) -> bool:
        """Whether this is a number that a sum in double precision is made of."""
        try:
            type_ = Typer(self.context.types)(e)
        except TypeProblem:
            return False
        return isinstance(type_, Num) and type_.ndim == 0 and type_.dtype == "float64"

    def written_once(self, body: Block) -> Block:
        """The body of an innermost loop without additions to what the statement ahead has just written: a compiler that
        does not know which arrays share memory would write both."""
        out: list[Stmt] = []
        for s in body:
            last = out[-1] if out else None
            match last, s:
                case Assign(target=Item(base=Name(id=array)) as place), Update(op=op) if s.target == place:
                    alike = (last.adjoint_of is None) == (s.adjoint_of is None)
                    read = self.storage.find(array) in map(self.storage.find, names(s.value))
                    doubles = all(map(self.is_double, (place, last.value, s.value)))
                    if doubles and alike and not read and op.value in _SUMS:
                        out[-1] = replace(last, value=Call(op, (last.value, s.value)))
                        continue
                case _:
                    pass
            out.append(s)
        return tuple(out)


def _searches(s: For) -> bool:
    """Whether a loop looks for an element, which a compiler does one by one."""
    return any(isinstance(i, If) for i in statements(s.body))


def has_loops(s: For) -> bool:
    return any(isinstance(i, For | While) for i in statements(s.body))


def _names_given(storage: Storage, s: Assign | Effect) -> Iterable[str]:
    """The arrays that another variable, or a list, may hold after a statement."""
    if isinstance(s, Effect):
        return () if is_check(s) else names(s.value)
    return () if isinstance(s.target, Item) else storage.shared(s.value)
