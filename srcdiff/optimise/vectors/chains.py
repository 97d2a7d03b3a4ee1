"""A loop whose sums keep their order, as one that computes what is added and one that adds it.

in:   for j in range(n):                       out:  for j in range(n):
          d = x[j] - x_i                                 d = x[j] - x_i
          w = m[j] / math.sqrt(d * d + c)                w_row[j] = m[j] / math.sqrt(d * d + c)
          force += w * d                             for j in range(n):
                                                         d = x[j] - x_i
                                                         w = w_row[j]
                                                         force += w * d

The additions stay what they were and in their order; the divisions no longer wait for them. What is cheap is computed
in both loops, what a tape keeps is read from there, other numbers go through a row of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ...ir.nodes import Assign, Block, Comment, For, Item, Name, Stmt, Update
from ...ir.walk import expressions, names
from ..distribution.trip import Trip
from ..independence import exposed_reads, is_sum
from ..storage import parts
from .sites import Site, divides, is_in_order, items


@dataclass
class Split:
    """The two bodies; `whole` is the loop where it is widest, `rows` are the numbers that go through rows of their own,
    with the rows' names."""

    whole: For
    first: Block
    second: Block
    rows: dict[str, str] = field(default_factory=dict)


def split(site: Site, row: Callable[[str], str]) -> Split | None:
    """The loop taken apart; None where it cannot be, or has no sums that keep their order. `row` makes the variable for
    the row of a number's values."""
    body = tuple(s for s in site.loop.body if not isinstance(s, Comment))
    exposed, _ = exposed_reads(body, {site.counter})
    chains = {s.target.id for s in body if isinstance(s, Update) and isinstance(s.target, Name)}
    chains = {n for n in chains & (exposed | site.live) if is_sum(body, n) and is_in_order(body, n)}
    adding = tuple(s for s in body if isinstance(s, Update) and s.target in [Name(n) for n in chains])
    if not chains or not site.is_free(tuple(s for s in body if s not in adding)):
        return None
    values = _Values(site, body, adding, row)
    return values.split() if divides(values.rest) else None


class _Values:
    """The numbers of a trip that the sums need."""

    def __init__(self, site: Site, body: Block, adding: Block, row: Callable[[str], str]) -> None:
        self.site, self.row = site, row
        self.adding = [s for s in adding if isinstance(s, Update)]
        self.rest = tuple(s for s in body if s not in adding or divides((s,)))
        numbers = [s for s in self.rest if isinstance(s, Assign | Update) and s not in adding]
        self.bound = {s.target.id for s in numbers if isinstance(s.target, Name)}
        self.written = {site.storage.find(e.base.id) for _, e, w in items(self.rest) if w and isinstance(e.base, Name)}
        bindings = tuple(s for s in numbers if isinstance(s, Assign) and isinstance(s.target, Name))
        self.trip = Trip(bindings, site.storage)
        self.again: dict[str, Stmt] = {}  # what the second loop begins with
        self.rows: dict[str, str] = {}

    def split(self) -> Split | None:
        if not self.trip.is_simple:
            return None
        second: list[Stmt] = []
        for s in self.adding:
            assert isinstance(s.target, Name)
            if s.target.id in self.rows:
                return None  # (two terms of one sum)
            if divides((s,)):
                self.rows[s.target.id] = self.row(s.target.id)
                second.append(replace(s, value=self.place(s.target.id)))
            elif self.reads_unwritten((s,)) and all(self.need(n) for n in sorted(names(s.value) & self.bound)):
                second.append(s)
            else:
                return None
        first = [i for s in self.rest for i in self.computed(s)]
        ahead = [self.again[n] for n in self.order() if n in self.again]
        return Split(self.site.whole, self.needed(tuple(first)), (*ahead, *second), self.rows)

    def computed(self, s: Stmt) -> Block:
        """What the first loop has of a statement."""
        match s:
            case Update() if s in self.adding:
                assert isinstance(s.target, Name)
                return (Assign(self.place(s.target.id), s.value, s.origin),)
            case Assign(target=Name(id=name)) if name in self.rows:
                return s, Assign(self.place(name), s.target, s.origin)
        return (s,)

    def place(self, name: str) -> Item:
        return Item(Name(self.rows[name]), Name(self.site.counter))

    def order(self) -> list[str]:
        return [s.target.id for s in self.rest if isinstance(s, Assign) and isinstance(s.target, Name)]

    def need(self, name: str) -> bool:
        """Whether the second loop can have a number, and how it gets it."""
        if name in self.again:
            return True
        binding = [s for s in self.rest if isinstance(s, Assign | Update) and s.target == Name(name)]
        if len(binding) != 1 or not isinstance(binding[0], Assign):
            return False
        own = binding[0]
        cheap = self.trip.is_cheap(name) and self.reads_unwritten((own,))
        if cheap and all(self.need(n) for n in sorted(names(own.value) & self.bound)):
            self.again[name] = own
            return True
        place = self.kept(name)
        if place is None:
            self.rows[name] = self.row(name)
            place = self.place(name)
        self.again[name] = Assign(Name(name), place, own.origin)
        return True

    def reads_unwritten(self, block: Block) -> bool:
        """Whether what a block reads is in no array that the loop writes."""
        return not any(self.site.storage.find(a.name) in self.written for a in self.site.storage.accesses(block))

    def kept(self, name: str) -> Item | None:
        """The element of a tape that keeps a number, where the loop does nothing else with the tape."""
        storage = self.site.storage
        for s in self.rest:
            match s:
                case Assign(target=Item(base=Name(id=tape)) as place, value=Name(id=own)) if own == name:
                    uses = [a for a in storage.accesses(self.rest) if storage.find(a.name) == storage.find(tape)]
                    if len(uses) == 1 and parts(place)[-1] == Name(self.site.counter):
                        return place
                case _:
                    pass
        return None

    def needed(self, body: Block) -> Block:
        """The first loop without the numbers that only the second one needs."""
        out: list[Stmt] = []
        read = set(self.site.live)
        for s in reversed(body):
            if not isinstance(s, Assign) or not isinstance(s.target, Name) or s.target.id in read:
                read |= {n for e in expressions(s) for n in names(e)}
                out.append(s)
        return tuple(reversed(out))
