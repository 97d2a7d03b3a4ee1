"""What the trips of a loop keep of an array, each before it writes there, is kept ahead of the loop, in plain text.

in:   for i in range(1, n):                     out:  q_tape.append(q[1:n].copy())
          q_tape.append(q[i].copy())                  for i in range(1, n):
          q[i] = r * q[i - 1] + x[i]                      q[i] = r * q[i - 1] + x[i]
      ...                                             ...
      for i in range(n - 1, 0, -1):                   for i in range(n - 1, 0, -1):
          q_1 = q[i].copy()                               r_bar += q[i - 1] @ q_bar[i] - q[i] @ s
          q[i] = q_tape.pop()                         q[1:n] = q_tape.pop()
          r_bar += q[i - 1] @ q_bar[i] - q_1 @ s

No trip finds there what another one has written, and no trip of the reverse loop looks at what has been put back: the
inequalities of loops and indices prove it (`analysis/dependence`). The trips may be none: then what is kept is put
back as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..analysis.dependence import At, Place, may_meet_before
from ..derive.tapes import APPEND
from ..derive.terms import COPY
from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Const,
    Display,
    Effect,
    Expr,
    For,
    Function,
    Item,
    Name,
    Raise,
    Return,
    Slice,
    Stmt,
)
from ..ir.types import ListOf, Type
from ..ir.walk import (
    assigned,
    blocks,
    expressions,
    is_call_of,
    map_stmt,
    names,
    ordered_names,
    statements,
    substitute,
    targets,
)
from ..normalise.attempts import is_attempt
from ..normalise.iteration import plus, range_bounds
from ..rules.typing import Typer
from .chunked_tapes import is_reverse
from .dead_zeros import known_of
from .storage import Access, Storage, parts


def kept_at_once(function: Function, types: dict[str, Type]) -> Function:
    """The function with such parts of arrays kept and put back as a whole."""
    if any(map(is_attempt, statements(function.body))):
        return function  # (a trip that fails has kept less than all of them)
    while (found := next(_Tapes(function, types).found(), None)) is not None:
        function = found
    return function


class _Tape(NamedTuple):
    """The loops that push and pop, and where in their bodies they do."""

    name: str
    first: For
    push: int
    second: For
    pop: int


class _Tapes:
    def __init__(self, function: Function, types: dict[str, Type]) -> None:
        self.function, self.types = function, types
        self.storage, self.known = Storage(function, types), known_of(function, types)
        self.uses = Counter(n for s in statements(function.body) for e in expressions(s) for n in ordered_names(e))

    def found(self) -> Iterator[Function]:
        """What the function becomes by each tape that may be filled at once."""
        pushes = dict(self.moves(self.function.body, _pushed))
        pops = dict(self.moves(self.function.body, _popped))
        for name in (n for n in pushes if n in pops):
            (first, push, depth), (second, pop, other) = pushes[name], pops[name]
            tape = _Tape(name, first, push, second, pop)
            if self.uses[name] == 3 and depth == other and (new := self.at_once(tape)) is not None:
                yield new

    def moves(
        self, block: Block, of: Callable[[Stmt], str | None], way: tuple[type[Stmt], ...] = ()
    ) -> Iterator[tuple[str, tuple[For, int, tuple[type[Stmt], ...]]]]:
        """The statements of loops that push or pop, by the name of the tape, with what is around the loops."""
        for s in block:
            if isinstance(s, For):
                for k, inner in enumerate(s.body):
                    if (name := of(inner)) is not None:
                        yield name, (s, k, way)
            for b in blocks(s):
                yield from self.moves(b, of, (*way, type(s)))

    def at_once(self, tape: _Tape) -> Function | None:
        push, pop = tape.first.body[tape.push], tape.second.body[tape.pop]
        assert isinstance(push, Effect)
        assert isinstance(push.value, Call)
        assert isinstance(pop, Assign)
        kept, place = _uncopied(push.value.args[1]), pop.target
        if not isinstance(kept, Item) or not isinstance(place, Item) or not isinstance(kept.base, Name):
            return None
        whole = self.whole(kept, tape.first)
        if whole is None or not names(whole) <= self.made_before(tape.first):
            return None
        if place != substitute(kept, {_counter(tape.first): tape.second.target}):
            return None
        turned = is_reverse(tape.first, tape.second) or is_reverse(tape.second, tape.first)
        if not turned or not self.is_apart(tape, kept, place):
            return None
        known = self.types[tape.name]
        if not isinstance(known, ListOf) or not known.tape:
            return None
        self.types[tape.name] = replace(known, item=Typer(self.types)(whole))
        body = self.without_copies(tape.second, tape.pop, place)
        filled = Effect(Call(APPEND, (Name(tape.name), Call(COPY, (whole,)))), push.origin, push.adjoint_of)
        first = replace(tape.first, body=_without(tape.first.body, tape.push))
        second = replace(tape.second, body=body)
        back = replace(pop, target=whole)
        new: dict[int, Block] = {id(tape.first): (filled, first), id(tape.second): (second, back)}

        def block(b: Block) -> Block:
            return tuple(t for s in b for t in new.get(id(s), (map_stmt(s, lambda e: e, block),)))

        return replace(self.function, body=block(self.function.body))

    def whole(self, place: Item, loop: For) -> Item | None:
        """The places of all trips of a loop: one index is its counter, all others are slices."""
        own = parts(place)
        counter = Name(_counter(loop))
        if not isinstance(loop.iter, Call) or own.count(counter) != 1:
            return None
        start, stop, step = range_bounds(loop.iter)
        if step == Const(-1):
            start, stop = plus(stop, Const(1)), plus(start, Const(1))
        elif step != Const(1):
            return None
        if not (isinstance(start, Const) and isinstance(start.value, int) and start.value >= 0):
            return None  # (a negative index is another name of a place)
        others = [p for p in own if p != counter]
        if not all(isinstance(p, Slice) for p in others) or not self.is_fixed(stop, *others):
            return None
        rows = Slice(None if start == Const(0) else start, stop, None)
        items = tuple(rows if p == counter else p for p in own)
        return replace(place, index=items[0] if len(items) == 1 else Display("tuple", items))

    def made_before(self, loop: For) -> set[str]:
        """The variables that surely have been bound when the program comes to a loop, even if it has no trips."""
        made = {p.name for p in self.function.params}
        for s in self.function.body:
            if any(t is loop for t in statements((s,))):
                break
            made |= set(targets(s.target)) if isinstance(s, Assign) else set()
        return made

    def is_fixed(self, *wanted: Expr) -> bool:
        return all(map(self.known.is_fixed, {n for e in wanted for n in names(e)}))

    def is_apart(self, tape: _Tape, kept: Item, place: Item) -> bool:
        """Whether trips find what has been there ahead of the loop, and do not look at what others have put back."""
        assert isinstance(kept.base, Name)
        array = kept.base.id
        if not self.storage.is_array(array) or not self.is_fixed(kept.base):
            return False
        writes = self.accesses(tape.first, array)
        reads = self.accesses(tape.second, array)
        if writes is None or reads is None:
            return False
        at = Place(array, parts(kept), (At(0, tape.first), At(tape.push)))
        back = Place(array, parts(place), (At(0, tape.second), At(tape.pop)))
        own = tape.second.body[tape.pop]
        if any(a.kind != "read" and may_meet_before(at, Place(array, a.place, a.way), self.known) for a in writes):
            return False
        return not any(
            a.statement is not own
            and (a.kind != "read" or may_meet_before(Place(array, a.place, a.way), back, self.known))
            for a in reads
        )

    def accesses(self, loop: For, array: str) -> list[Access] | None:
        """How a loop comes to the elements of an array; None where it may do so in other ways, or be left early."""
        where = self.storage.find(array)
        found = []
        for s in statements(loop.body):
            if isinstance(s, Break | Return | Raise):
                return None
            if isinstance(s, Effect) and _pushed(s) is None and _mentions(s, where, self.storage):
                return None
        if any(self.storage.holds(n) and self.storage.find(n) == where for n in assigned(loop.body) | names(loop.iter)):
            return None
        for a in self.storage.in_order((loop,)):
            if self.storage.find(a.name) == where and not self.is_tapes(a):
                if a.name != array or a.place is None:
                    return None
                found.append(a)
        return found

    def is_tapes(self, a: Access) -> bool:
        """Whether a list is meant, not an array that may lie in it."""
        s, type_ = a.statement, self.types.get(a.name)
        back = isinstance(s, Assign) and isinstance(s.target, Item)
        return isinstance(type_, ListOf) and type_.tape and (_pushed(s) == a.name or (back and _popped(s) == a.name))

    def without_copies(self, loop: For, pop: int, place: Item) -> Block:
        """The body without the pop, and what it has read of the place before as it is there."""
        body = _without(loop.body, pop)
        for k, s in enumerate(body[:pop]):
            match s:
                case Assign(target=Name(id=name), value=Call(args=(Item() as there,)) as value) if (
                    is_call_of(value, np.ndarray.copy) and there == place
                ):
                    later = [n for t in statements(body[k + 1 :]) for e in expressions(t) for n in ordered_names(e)]
                    if self.uses[name] == 2 and later.count(name) == 1 and _is_operand(body[k + 1 :], name):
                        rest = tuple(_with(t, name, there) for t in body[k + 1 :])
                        return (*body[:k], *rest)
        return body


def _is_operand(block: Block, name: str) -> bool:
    """Whether the one mention of a variable is in a value that a statement of the block itself computes."""
    reading = [s for s in block if isinstance(s, Assign) and isinstance(s.value, Call) and name in names(s.value)]
    return len(reading) == 1 and isinstance(reading[0].target, Name)


def _with(s: Stmt, name: str, there: Item) -> Stmt:
    if isinstance(s, Assign) and name in names(s.value):
        return replace(s, value=substitute(s.value, {name: there}))
    return s


def _without(block: Block, k: int) -> Block:
    return (*block[:k], *block[k + 1 :])


def _counter(loop: For) -> str:
    return loop.target.id if isinstance(loop.target, Name) else ""


def _uncopied(e: Expr) -> Expr:
    return e.args[0] if isinstance(e, Call) and is_call_of(e, np.ndarray.copy) else e


def _mentions(s: Stmt, where: str, storage: Storage) -> bool:
    return any(storage.holds(n) and storage.find(n) == where for e in expressions(s) for n in names(e))


def _pushed(s: Stmt | None) -> str | None:
    match s:
        case Effect(value=Call(args=(Name(id=name), _)) as call) if is_call_of(call, list.append):
            return name
    return None


def _popped(s: Stmt | None) -> str | None:
    match s:
        case Assign(value=Call(args=(Name(id=name),)) as call) if is_call_of(call, list.pop):
            return name
    return None
