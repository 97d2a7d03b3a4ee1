"""Whether the trips of a loop may run in any order: nothing passes from one to another but sums.

in:   for i in range(n):                      out:  independent; `w_bar` is a sum that several trips add to
          x_bar[i] += y_bar[i] * w
          w_bar += y_bar[i] * x[i]

Trips are independent if all they have in common is added to and not read, or is an element of each trip's own. What
cannot be proved is an `Obstacle`, with the statement that stands in the way.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..analysis.dependence import At, Known, Place, meet_on_trips
from ..ir.callee import called, helper_of, is_opaque
from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Comment,
    Const,
    Effect,
    Expr,
    For,
    If,
    Item,
    Name,
    Object,
    Raise,
    Stmt,
    Update,
    While,
)
from ..ir.types import Num, Type
from ..ir.walk import assigned, blocks, expressions, is_call_of, names, statements, subexprs, target_reads, targets
from ..rules.effects import effect_of
from ..runtime import hooked
from .length_checks import is_length_check
from .storage import Access, Storage

_COMPARISONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)


@dataclass(frozen=True)
class Sums:
    """What the trips of an independent loop add to together: scalars, and arrays of which they may add to the same
    elements. `mixed` is a statement through which trips reach such an array in another way than by its name."""

    scalars: tuple[str, ...] = ()
    arrays: tuple[str, ...] = ()
    mixed: Obstacle | None = None


@dataclass(frozen=True)
class Obstacle:
    """Why the trips of a loop are not known to be independent; in `why`, `{}` stands for the variable `name`."""

    why: str
    statement: Stmt | None
    name: str = ""


@dataclass
class Nest:
    """A loop with what is around it: the loops it is in, and the variables that are read after it (`live`; for a loop
    in another one, also those that later trips of that one read). The lists and arrays in `tapes` are none that trips
    share."""

    loop: For
    live: set[str]
    types: dict[str, Type]
    storage: Storage
    around: tuple[For | While, ...] = ()
    tapes: frozenset[str] = frozenset()
    bound: set[str] = field(init=False)
    exposed: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.bound = assigned(self.loop.body)
        self.exposed, _ = exposed_reads(self.loop.body, set())

    def verdict(self) -> Sums | Obstacle:
        s = self.loop
        if not isinstance(s.target, Name) or s.target.id in self.bound | self.live:
            return Obstacle("the counter is changed in the loop, or read after it", s)
        found = next(filter(None, (_hindrance(i, inner, self.tapes) for i, inner in _inside(s.body))), None)
        if found is not None:
            return found
        scalars = self.scalar_sums()
        if isinstance(scalars, Obstacle):
            return scalars
        arrays: list[str] = []
        mixed: Obstacle | None = None
        for accesses in self.classes().values():
            shared = self.array_sums(accesses)
            if isinstance(shared, Obstacle):
                return shared
            if shared:
                arrays += shared
                mixed = mixed or self.mixed(accesses)
        return Sums(scalars, tuple(arrays), mixed)

    # --------------------------------------------------------------------------------------------------- variables

    def scalar_sums(self) -> tuple[str, ...] | Obstacle:
        """The variables that are sums of what the trips add and no trip reads, if each other one that is bound belongs
        to one trip."""
        body, found = self.loop.body, []
        updated = {s.target.id: s for s in statements(body) if isinstance(s, Update) and isinstance(s.target, Name)}
        for name in _in_order(body, self.bound):
            if self.storage.is_array(name) and name in updated and not _binds(body, name):
                continue  # an array that is added to is one of the places that trips write
            if name in self.exposed or name in self.live:
                type_ = self.types.get(name)
                if not isinstance(type_, Num) or type_.ndim != 0 or not is_sum(body, name):
                    return self.carried(name)
                found.append(name)
        return tuple(found)

    def carried(self, name: str) -> Obstacle:
        binding = next(s for s in statements(self.loop.body) if name in _bound_by(s))
        if name in self.exposed:
            return Obstacle("it passes `{}` on to later trips", binding, name)
        return Obstacle("the value that its last trip gives `{}` is read after the loop", binding, name)

    # ------------------------------------------------------------------------------------------------------ arrays

    def classes(self) -> dict[str, list[Access]]:
        """How the loop reaches arrays, by what may share memory."""
        table: dict[str, list[Access]] = {}
        way = (*(At(0, loop) for loop in self.around), At(0, self.loop))
        for access in self.storage.accesses(self.loop.body, way):
            table.setdefault(self.storage.find(access.name), []).append(access)
        return table

    def array_sums(self, accesses: list[Access]) -> list[str] | Obstacle:
        """The arrays of one class to whose elements different trips may add, if no trip writes or adds to what another
        one reads, nor writes what another one writes."""
        if all(a.kind == "read" for a in accesses) or self.are_own(accesses):
            return []
        for a in accesses:
            if a.kind == "add" and not self.adds_up(a):
                return Obstacle(
                    "it adds to places of `{}` that are not told by numbers and slices", a.statement, a.name
                )
        known = known_in((*self.around, self.loop), self.types)
        shared: dict[str, None] = {}
        for k, a in enumerate(accesses):
            for b in accesses[k:]:
                if a.kind == b.kind == "read" or not self.meet(a, b, known):
                    continue
                if not a.kind == b.kind == "add":  # (sums may come in any order)
                    return _conflict(a, b)
                shared |= {a.name: None, b.name: None}
        return list(shared)

    def meet(self, a: Access, b: Access, known: Known) -> bool:
        """Whether two accesses may be of the same element on different trips."""
        one, other = (Place(x.name, x.place, x.way) for x in (a, b))
        depth = len(self.around)
        return meet_on_trips(one, other, depth, known) or meet_on_trips(other, one, depth, known)

    def mixed(self, accesses: list[Access]) -> Obstacle | None:
        """What keeps trips from adding to other arrays in the place of these: that they do more than to add."""
        for a in accesses:
            if a.kind != "add" or _binds(self.loop.body, a.name):
                return Obstacle("trips add to the same elements of `{}`, and do more with it", a.statement, a.name)
        return None

    def are_own(self, accesses: list[Access]) -> bool:
        """Whether every array of a class that the loop mentions is made by the trip that uses it."""
        return {a.name for a in accesses} - self.tapes <= self.bound - self.exposed - self.live

    def adds_up(self, a: Access) -> bool:
        """Whether a sum is one that adds up, and not an update through an array of places that may repeat."""
        return self.storage.is_array(a.name) and (a.place is not None or a.whole)


def _conflict(a: Access, b: Access) -> Obstacle:
    first, second = sorted((a, b), key=lambda access: access.kind == "read")
    what = "reads" if second.kind == "read" else "writes"
    verb = "adds to" if first.kind == "add" else "writes"
    why = f"it {verb} an element of `{{}}` that another trip {what}, or may do so"
    return Obstacle(why, first.statement, first.name)


def _inside(block: Block, inner: bool = False) -> Iterator[tuple[Stmt, bool]]:
    """The statements of a block, and whether they are in a loop in it."""
    for s in block:
        yield s, inner
        for b in blocks(s):
            yield from _inside(b, inner or isinstance(s, For | While))


def _hindrance(s: Stmt, inner: bool, tapes: frozenset[str]) -> Obstacle | None:
    """Why a statement belongs into the loop's own order."""
    parts = [part for e in expressions(s) for part in subexprs(e)]
    lists = [part for part in parts if is_call_of(part, list.append, list.pop)]
    match s:
        case Break() if inner:
            return None
        case Break():
            return Obstacle("the loop may end early", s)
        case Raise():
            return Obstacle("an exception ends the loop early", s)
        case Assign() | Update() | If() | For() | While() | Comment():
            pass
        case Effect(value=value) if is_length_check(value):
            return Obstacle("the lengths of arrays are held against each other in each trip", s)
        case _ if not lists:
            return Obstacle("what it does happens in the order of the trips", s)
    for part in parts:
        if effect_of(part) is not None or is_opaque(part) or is_call_of(part, hooked):
            return Obstacle("what it does happens in the order of the trips", s)
        if called(part) is not None or helper_of(part) is not None:
            return Obstacle("it calls a function that is not looked into", s)
    if any(not isinstance(part, Call) or not _is_of(part.args[0], tapes) for part in lists):
        return Obstacle("what it keeps is in a list, in the order of the trips", s)
    return None


def is_plain(s: Stmt) -> bool:
    """Whether a statement does nothing but bind, write and branch, a fixed number of times."""
    return isinstance(s, Assign | Update | If | For | Comment) and _hindrance(s, False, frozenset()) is None


def _is_of(e: Expr, names: frozenset[str]) -> bool:
    return isinstance(e, Name) and e.id in names


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


def _binds(body: Block, name: str) -> bool:
    return any(name in targets(s.target) for s in statements(body) if isinstance(s, Assign | For))


def _in_order(body: Block, wanted: set[str]) -> list[str]:
    """Variables in the order in which they are bound."""
    found = dict.fromkeys(n for s in statements(body) if not isinstance(s, Comment) for n in sorted(_bound_by(s)))
    return [n for n in found if n in wanted]


def _bound_by(s: Stmt) -> set[str]:
    return set(targets(s.target)) if isinstance(s, Assign | Update | For) else set()


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


Facts = dict[Expr, tuple[set[str], set[str]]]  # what is surely assigned where a test holds, and where it does not


def exposed_reads(block: Block, sure: set[str], facts: Facts | None = None) -> tuple[set[str], set[str]]:
    """The variables that a block may read before it has assigned them (`sure` are assigned in front of it), and those
    that are surely assigned after it. What one branch assigns, a later branch with the same test may read."""
    found: set[str] = set()
    facts = facts or {}
    for s in block:
        match s:
            case Assign(target=target, value=value):
                found |= (names(value) | target_reads(target)) - sure
                sure = sure | set(targets(target))
            case If(test=test, body=body, orelse=orelse):
                then, other = facts.get(test, (set(), set()))
                one, left = exposed_reads(body, sure | then, facts)
                two, right = exposed_reads(orelse, sure | other, facts)
                found |= (names(test) - sure) | one | two
                sure = left & right
                facts = {**facts, test: (left, right)} if _is_settled(test) else facts
            case For(target=target, iter=source, body=body):
                inner, _ = exposed_reads(body, sure | set(targets(target)), _without(facts, s))
                found |= (names(source) - sure) | inner
            case While(test=test, body=body):
                inner, _ = exposed_reads(body, sure, _without(facts, s))
                found |= (names(test) - sure) | inner
            case _:
                found |= {n for e in expressions(s) for n in names(e)} - sure
        facts = _without(facts, s)
    return found, sure


def _without(facts: Facts, s: Stmt) -> Facts:
    """What is still known of tests when a statement has run."""
    if not facts:
        return facts
    changed = assigned((s,))
    for t in statements((s,)):
        if isinstance(t, Assign | Update) and isinstance(t.target, Item):
            changed |= names(t.target.base)
    return {test: known for test, known in facts.items() if not names(test) & changed}


def _is_settled(test: Expr) -> bool:
    """Whether a test has the same outcome until one of its variables is bound anew."""
    if isinstance(test, Call):
        is_comparison = isinstance(test.func, Object) and test.func.value in _COMPARISONS
        return is_comparison and all(isinstance(a, Name | Const) for a in test.args)
    return isinstance(test, Name)
