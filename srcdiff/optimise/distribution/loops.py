"""A loop that adds to neighbouring elements, or writes rows of many arrays, as several loops.

in:   for j in range(1, n - 1):                  out:  for j in range(1, n - 1):
          g = u_bar[j]                                     v_bar[j - 1] += k * u_bar[j]
          u_bar[j] = 0.0                               for j in range(1, n - 1):
          v_bar[j - 1] += k * g                            v_bar[j + 1] += k * u_bar[j]
          v_bar[j + 1] += k * g                        for j in range(1, n - 1):
                                                           u_bar[j] = 0.0

A compiler takes no two trips at a time that may add to the same element; of the loops on the right each is run on
several elements at a time. It is done for sums of adjoints, in innermost loops of plain arithmetic whose trips have
nothing else to do with each other. So it is where a loop goes along rows of so many arrays that a compiler gives up
asking which of them share memory: a step of a stencil and its tangent are two loops.
"""

from __future__ import annotations

import operator
from dataclasses import replace

from ...analysis.affine import affine
from ...ir.nodes import Assign, Expr, For, Function, Item, Name, Stmt, Update, While
from ...ir.types import Type
from ...ir.walk import assigned, mentioned, names
from ..dead import Liveness
from ..independence import Nest, Sums
from ..storage import Storage, parts
from .trip import MOST_COMPARISONS, Part, Trip, comparisons, in_turn, is_loop, is_quick, together


def apart(function: Function, types: dict[str, Type]) -> Function:
    """The function with such loops taken apart."""
    body, _ = _Apart(function, types).block(function.body, set())
    return replace(function, body=body)


class _Apart(Liveness):
    """A walk that knows at each loop what is read after it."""

    decides = True

    def __init__(self, function: Function, types: dict[str, Type]) -> None:
        super().__init__(types, set())
        self.storage = Storage(function, types)
        self.around: tuple[For | While, ...] = ()  # the loops that the walk is in

    def loop(self, s: For | While, live: set[str]) -> tuple[list[Stmt], set[str]]:
        self.around = (*self.around, s)
        found, head = super().loop(s, live)
        self.around = self.around[:-1]
        if not self.settling and len(found) == 1 and isinstance(found[0], For):
            found = self.taken_apart(found[0], live) or found
        return found, head

    def taken_apart(self, s: For, live: set[str]) -> list[Stmt] | None:
        """The loops that stand for one; None where it may stay or has to."""
        if not is_loop(s):
            return None
        assert isinstance(s.target, Name)
        counter = s.target.id
        trip = Trip(s.body, self.storage)
        if not trip.is_simple:
            return None
        for_neighbours = has_neighbours(trip, counter)
        if not for_neighbours and not has_many_rows(trip, counter):
            return None
        verdict = Nest(s, live, self.types, self.storage, self.around_arrays(s)).verdict()
        if not isinstance(verdict, Sums) or (not for_neighbours and (verdict.scalars or verdict.arrays)):
            return None
        places = trip.lasting()
        if not all(map(trip.is_arithmetic, places)) or not all(map(trip.is_cheap, trip.shared())):
            return None
        order = in_turn([trip.part((k,)) for k in places], self.storage)
        if order is None:
            return None

        def fits(part: Part) -> bool:
            return is_quick(part, counter, self.storage) if for_neighbours else has_few_rows(part, counter)

        return [replace(s, body=trip.block(part)) for part in together(order, fits)]

    def around_arrays(self, s: For) -> tuple[For | While, ...]:
        """The loops around one, without those that make arrays anew which it uses: on one trip of these an array is the
        same one."""
        arrays = set(filter(self.storage.is_array, mentioned(s.body)))
        binding = [k for k, loop in enumerate(self.around) if arrays & assigned(loop.body)]
        return self.around[binding[-1] + 1 :] if binding else self.around


def has_many_rows(trip: Trip, counter: str) -> bool:
    """Whether a trip writes along rows of arrays, and a compiler would find out that trips do not meet for some of its
    statements, but not for all together."""
    places = trip.lasting()
    if len(places) < 2 or not all(_goes_along_a_row(trip.body[k], counter) for k in places):
        return False
    return not has_few_rows(trip.part(places), counter) and any(has_few_rows(trip.part((k,)), counter) for k in places)


def has_few_rows(part: Part, counter: str) -> bool:
    return comparisons(part, counter) <= MOST_COMPARISONS


def _goes_along_a_row(s: Stmt, counter: str) -> bool:
    """Whether a statement writes along the last axis of an array of two axes or more. (A row stays in the cache until
    the next loop reads it.)"""
    if not isinstance(s, Assign | Update) or not isinstance(s.target, Item):
        return False
    *others, last = parts(s.target)
    return bool(others) and goes_along(last, counter) and not any(counter in names(p) for p in others)


def has_neighbours(trip: Trip, counter: str) -> bool:
    """Whether adjoints are added to several elements of one row, some way apart."""
    rows: dict[object, set[Expr]] = {}
    for s in trip.body:
        match s:
            case Update(target=Item(base=Name(id=name)) as place, op=op) if op.value in (operator.add, operator.sub):
                found = [k for k, part in enumerate(parts(place)) if counter in names(part)]
                if s.adjoint_of is not None and len(found) == 1 and goes_along(parts(place)[found[0]], counter):
                    others = tuple(p for k, p in enumerate(parts(place)) if k != found[0])
                    rows.setdefault((name, found[0], others), set()).add(parts(place)[found[0]])
            case _:
                pass
    return any(len(shifts) > 1 for shifts in rows.values())


def goes_along(part: Expr, counter: str) -> bool:
    """Whether an index goes from one element of a row to the next one as a counter does."""
    found = affine(part, lambda v: v)
    return found is not None and abs(found.get(Name(counter), 0)) == 1
