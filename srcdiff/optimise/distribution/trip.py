"""What one trip of a loop without branches does, and which of its statements may become loops of their own.

in:   g = u_bar[j]                    out:  v_bar[j - 1] += k * u_bar[j]   reads u_bar[j] as it is ahead of statement 0
      u_bar[j] = 0.0                        u_bar[j] = 0.0                 has to come behind it
      v_bar[j - 1] += k * g

The numbers of a trip are written out where they are used. (Distribution of loops: Kennedy and McKinley, Loop
distribution with arbitrary control flow, 1990, for the simple case that trips have nothing to do with each other.)
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ...ir.nodes import Assign, Block, Call, Comment, Const, Expr, For, Item, Name, Object, Stmt, Update
from ...ir.walk import Fresh, assigned, expressions, mentioned, names, substitute
from ..storage import Access, Storage

_CHEAP = (operator.add, operator.sub, operator.mul, operator.neg)
_ARITHMETIC = (*_CHEAP, operator.truediv)
MOST_WORK = 4  # operations that are worth doing again in several loops
MOST_COMPARISONS = 8  # of places in memory ahead of a loop; with more of them LLVM takes one element at a time


@dataclass(frozen=True)
class Part:
    """Statements of a trip, by their places in it, that may have a loop of their own; `uses` are the numbers that they
    need."""

    places: tuple[int, ...]
    accesses: tuple[tuple[int, Access], ...]  # each with the place in the trip where it happens
    uses: frozenset[str]


class Trip:
    """The body of a loop, taken apart: `body` are its statements, each number that is bound anew under another name."""

    def __init__(self, body: Block, storage: Storage) -> None:
        self.text = tuple(s for s in body if not isinstance(s, Comment))
        self.storage = storage
        self.numbers: dict[str, Expr] = {}  # the numbers of the trip, in terms of what is not one
        self.reads: dict[str, tuple[tuple[int, Access], ...]] = {}  # and what they read
        self.needs: dict[str, frozenset[str]] = {}  # and the other numbers in them
        self.body: tuple[Assign | Update, ...] = ()
        self.is_simple = all(isinstance(s, Assign | Update) for s in self.text) and self.written_out()

    def written_out(self) -> bool:
        """Whether each number of the trip is bound ahead of all that reads it."""
        numbers = bound(self.text)
        current: dict[str, str] = {}
        fresh = Fresh(mentioned(self.text))
        for k, s in enumerate(self.text):
            assert isinstance(s, Assign | Update)
            made = _number(s)
            read = names(s.value) | (names(s.target) if made is None else set())
            if read & (numbers - current.keys()) or (_is_sum(s) and names(s.target) & numbers):
                return False
            own = replace(s, value=substitute(s.value, {n: Name(m) for n, m in current.items()}))
            if made is not None:
                current[made] = fresh(made) if made in current else made
                own = replace(own, target=Name(current[made]))
                self.add(current[made], own.value, k)
            elif isinstance(s.target, Item):
                own = replace(own, target=substitute(s.target, {n: Name(m) for n, m in current.items()}))
            elif isinstance(s, Assign):
                return False
            self.body = (*self.body, own)
        return True

    def add(self, name: str, value: Expr, k: int) -> None:
        used = names(value) & self.numbers.keys()
        self.needs[name] = frozenset({name}).union(*(self.needs[n] for n in used))
        own = [(k, a) for a in self.storage.read(value)]
        self.reads[name] = (*own, *(r for n in sorted(used) for r in self.reads[n]))
        self.numbers[name] = substitute(value, self.numbers)

    def part(self, places: Sequence[int]) -> Part:
        accesses: list[tuple[int, Access]] = []
        uses: set[str] = set()
        for k in places:
            used = {n for e in expressions(self.body[k]) for n in names(e)} & self.numbers.keys()
            uses |= set().union(*(self.needs[n] for n in used))
            accesses += [(k, a) for a in self.storage.of_statement(self.body[k])]
            accesses += [r for n in sorted(used) for r in self.reads[n]]
        return Part(tuple(places), tuple(accesses), frozenset(uses))

    def lasting(self) -> list[int]:
        """The places of all statements but those that bind numbers of the trip."""
        return [k for k, s in enumerate(self.body) if _number(s) is None]

    def shared(self) -> list[str]:
        """The numbers of a trip that more than one of its statements needs."""
        uses = [self.part((k,)).uses for k in self.lasting()]
        return [n for n in self.numbers if sum(n in used for used in uses) > 1]

    def is_cheap(self, name: str) -> bool:
        """Whether a number of the trip may be computed in several loops."""
        return _work(self.numbers[name], _CHEAP) <= MOST_WORK

    def is_arithmetic(self, k: int) -> bool:
        """Whether a statement computes what a compiler computes for several elements at a time."""
        return _work(substitute(self.body[k].value, self.numbers), _ARITHMETIC) < math.inf

    def block(self, part: Part) -> Block:
        """The statements of a part, with the numbers that they need; a single one has the elements themselves."""
        if len(part.places) == 1:
            elements = {n: e for n, e in self.numbers.items() if isinstance(e, Item)}
            own = self.body[part.places[0]]
            if names(own.value) & self.numbers.keys() <= elements.keys():
                return (replace(own, value=substitute(own.value, elements)),)
        needed = (k in part.places or _number(s) in part.uses for k, s in enumerate(self.body))
        return tuple(s for s, is_needed in zip(self.text, needed, strict=True) if is_needed)


def _work(e: Expr, operations: Sequence[object]) -> float:
    """How many operations an expression is made of, without its indices; endless where there are others in it."""
    match e:
        case Name() | Const() | Object() | Item():
            return 0
        case Call(func=Object(value=f), args=args) if any(f is known for known in operations) and not e.kwargs:
            return 1 + sum(_work(a, operations) for a in args)
    return math.inf


def bound(block: Block) -> set[str]:
    """The numbers that the statements of a block bind."""
    return {n for n in map(_number, block) if n is not None}


def _number(s: Stmt) -> str | None:
    """The number that a statement binds."""
    return s.target.id if isinstance(s, Assign) and isinstance(s.target, Name) else None


def _is_sum(s: Stmt) -> bool:
    return isinstance(s, Update) and isinstance(s.target, Name)


def in_turn(found: Sequence[Part], storage: Storage) -> list[Part] | None:
    """The parts in an order in which they may follow each other as loops, if trips have nothing to do with each other;
    None where there is none. What touches the same elements on one trip stays in the order of the trip."""
    ahead = {
        (a, b)
        for a, one in enumerate(found)
        for b, other in enumerate(found)
        if a != b and any(_comes_first(x, y, storage) for x in one.accesses for y in other.accesses)
    }
    waiting, order = list(range(len(found))), []
    while waiting:
        free = [b for b in waiting if not any((a, b) in ahead for a in waiting)]
        if not free:
            return None
        order.append(free[0])
        waiting.remove(free[0])
    return [found[k] for k in order]


def _comes_first(x: tuple[int, Access], y: tuple[int, Access], storage: Storage) -> bool:
    """Whether an access has to come ahead of another one of the same trip."""
    (one, a), (other, b) = x, y
    if one >= other or a.kind == b.kind == "read" or a.kind == b.kind == "add":
        return False
    return storage.find(a.name) == storage.find(b.name)


def together(found: Sequence[Part], is_quick: Callable[[Part], bool]) -> Iterator[Part]:
    """Parts that follow each other as one, as long as a compiler still takes several trips of that at a time."""
    current: Part | None = None
    for part in found:
        whole = part if current is None else _union(current, part)
        if current is not None and not is_quick(whole):
            yield current
            whole = part
        current = whole
    if current is not None:
        yield current


def _union(a: Part, b: Part) -> Part:
    return Part(tuple(sorted(a.places + b.places)), a.accesses + b.accesses, a.uses | b.uses)


def is_quick(part: Part, counter: str, storage: Storage) -> bool:
    """Whether a compiler finds out ahead of the loop that no two trips meet: each array that is written is touched in
    one place only, and there are not too many other rows to hold that one against."""
    for _, a in part.accesses:
        if a.kind != "read":
            own = {b.place for _, b in part.accesses if storage.find(b.name) == storage.find(a.name)}
            if len(own) > 1:
                return False
    return comparisons(part, counter) <= MOST_COMPARISONS


def comparisons(part: Part, counter: str) -> int:
    """How many pairs of rows a compiler has to hold against each other ahead of the loop: those that are written, with
    each other and with those that are read."""
    rows: dict[object, bool] = {}
    for _, a in part.accesses:
        others = tuple(p for p in a.place or () if counter not in names(p))
        if a.place is not None and len(others) < len(a.place):
            rows[a.name, others] = rows.get((a.name, others), False) or a.kind != "read"
    written = sum(rows.values())
    return written * (written - 1) // 2 + written * (len(rows) - written)


def is_loop(s: Stmt) -> bool:
    """Whether a statement is a loop upwards without branches or loops in it."""
    match s:
        case For(target=Name(id=counter), iter=Call(args=args), body=body):
            step = args[2] if len(args) == 3 else Const(1)
            plain = all(isinstance(i, Assign | Update | Comment) for i in body)
            return plain and step == Const(1) and counter not in assigned(body) and not names(s.iter) & assigned(body)
    return False
