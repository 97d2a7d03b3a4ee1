"""Lists on which one loop keeps values that another one takes back: each chunk of trips may have a list of its own.

in:   for p in range(paths): ... s_tape.append(s)               out:  `s_tape` is filled by the first loop only, and
      for p in range(paths - 1, -1, -1): s = s_tape.pop() ...         emptied by the second one only

What a chunk of the first loop has put onto its list comes back in the reverse order, if the second loop has the same
trips in the same chunks, the last one first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..derive.stacks import DTYPES
from ..ir.nodes import Assign, Block, Call, Const, Display, Expr, For, Function, Name
from ..ir.types import ListOf, Num, Type
from ..ir.walk import assigned, expressions, is_call_of, names, statements, subexprs, targets
from ..normalise.iteration import minus, range_bounds
from ..runtime import stack
from .independence import exposed_reads
from .storage import Storage


@dataclass(frozen=True)
class ChunkedTapes:
    """The lists of a function of which each chunk may have its own."""

    function: Function
    names: frozenset[str]

    @staticmethod
    def of(function: Function, types: dict[str, Type], compiled: bool = True) -> ChunkedTapes:
        """All lists that are made once and do nothing but to keep values; of what `compiled` code can be told."""
        body = function.body
        lists = {n for n, t in types.items() if isinstance(t, ListOf) and (_is_plain(t.item) or not compiled)}
        made = Counter(n for s in statements(body) if isinstance(s, Assign) for n in targets(s.target))
        empty = {n for s in statements(body) if isinstance(s, Assign) and _is_empty(s) for n in targets(s.target)}
        mentions = Counter(_mentions(body))
        kept = Counter(n for _, n in moves(body))
        found = {n for n in lists & empty if made[n] == 1 and mentions[n] == kept[n] + 1}
        return ChunkedTapes(function, frozenset(found))

    def within(self, loops: Iterable[For], storage: Storage) -> ChunkedTapes:
        """Those of them that one of these loops fills and another one empties, which has the same trips backwards. An
        array that is kept is made by the trip that keeps it: each trip backwards has its own, too."""
        fixed = self.fixed()
        fills: dict[str, list[For]] = {}
        takes: dict[str, list[For]] = {}
        inside: Counter[str] = Counter()
        for loop in loops:
            found = list(moves(loop.body))
            inside.update(n for _, n in found)
            for is_push, n in dict.fromkeys(found):
                (fills if is_push else takes).setdefault(n, []).append(loop)
        everywhere = Counter(n for _, n in moves(self.function.body))

        def fits(name: str) -> bool:
            match fills.get(name, []), takes.get(name, []):
                case [one], [other]:
                    matches = is_reverse(one, other) and names(one.iter) <= fixed
                    return matches and inside[name] == everywhere[name] and _keeps_own(one, name, storage)
            return False

        return ChunkedTapes(self.function, frozenset(filter(fits, self.names)))

    def fixed(self) -> set[str]:
        """The variables that have one value from where they are bound to the end."""
        bound = Counter(p.name for p in self.function.params)
        for s in statements(self.function.body):
            bound.update(names(s.target) if isinstance(s, For) else targets(s.target) if isinstance(s, Assign) else ())
        return {n for n, count in bound.items() if count == 1}


def _is_plain(item: Type | None) -> bool:
    """Whether compiled code can be told the type of a list's elements."""
    known = isinstance(item, Num) and item.ndim is not None and (item.dtype == "float64" or item.dtype in DTYPES)
    return known and isinstance(item, Num) and (item.ndim == 0 or item.contiguous)


def _keeps_own(loop: For, name: str, storage: Storage) -> bool:
    """Whether all arrays that a loop puts onto a list are made in the same trip."""
    exposed, _ = exposed_reads(loop.body, set())
    mentioned_here = {a.name for a in storage.accesses(loop.body) if storage.find(a.name) == storage.find(name)}
    return mentioned_here - {name} <= assigned(loop.body) - exposed


def _is_empty(s: Assign) -> bool:
    """Whether a statement makes an empty list."""
    empty = isinstance(s.value, Display) and s.value.kind == "list" and not s.value.items
    return empty or is_call_of(s.value, stack)


def _mentions(block: Block) -> Iterator[str]:
    for s in statements(block):
        for e in (part for top in expressions(s) for part in subexprs(top)):
            if isinstance(e, Name):
                yield e.id


def moves(block: Block) -> Iterator[tuple[bool, str]]:
    """The lists that a block puts something onto (True) or takes something from."""
    for s in statements(block):
        for e in (part for top in expressions(s) for part in subexprs(top)):
            match e:
                case Call(args=(Name(id=name), _)) if is_call_of(e, list.append):
                    yield True, name
                case Call(args=(Name(id=name),)) if is_call_of(e, list.pop):
                    yield False, name


def is_reverse(one: For, other: For) -> bool:
    """Whether a loop has the trips of another one, which counts up, in the reverse order; it may leave out to count
    where it makes no use of it."""
    (start, stop, step), back = _bounds(one), _bounds(other)
    if step != Const(1):
        return False
    backwards = (minus(stop, Const(1)), minus(start, Const(1)), Const(-1))
    uncounted = isinstance(other.target, Name) and other.target.id not in set(_mentions(other.body))
    return back == backwards or (uncounted and back == (Const(0), minus(stop, start), Const(1)))


def _bounds(loop: For) -> tuple[Expr, Expr, Expr]:
    assert isinstance(loop.iter, Call)
    return range_bounds(loop.iter)
