"""How much there is to do in a loop, as far as its text tells, and whether other cores are worth starting for it.

Starting a loop on several cores costs some microseconds each time, more where the threads sleep, and compiling it most
of a second. What its trips take is estimated in nanoseconds, as a polynomial of the lengths of the arguments:

in:   for i in range(n):                              out:  n * (d * 8.1 + 2.4) - START
          for j in range(d): s += math.exp(x[i, j])
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .. import runtime
from ..ir.callee import called, helper_of
from ..ir.nodes import Block, Call, Const, Expr, For, Function, If, Item, Name, Object, Stmt, Update, While
from ..ir.types import ListOf, Num, Type
from ..ir.walk import expressions, mentioned, names, paths, statements, subexprs
from ..normalise.iteration import range_bounds
from .amounts import UNKNOWN, Amount, Lengths
from .chunks import CHUNKS
from .independence import Sums

# Nanoseconds, at the lower end of what was measured: a compiler takes several trips of most inner loops at a time.
START = 60_000.0  # what a loop has to do for two cores to make up for their start
BESIDE_PRODUCTS = 150 * START  # where the threads of the BLAS library, which wait for more, hold the cores
LEAST_SHARE = 0.2  # of all others: two cores gain the half of what a loop does
_PART = 1.0  # an element of a partial sum is zeroed, and added up
_QUICK = 0.1  # a sum, a product, an element of an array
_QUOTIENT = 1.5
_LIST = 2.0  # what is put onto a list, or taken from it
_GROWTH = 500.0  # a list of a chunk's own grows from nothing
_ELEMENTARY = 6.0
_OTHER = 50.0  # a statement about arrays, which has not become a loop

_QUICKLY = (
    *(abs, math.fabs, np.absolute),
    *(min, max, np.sign, np.minimum, np.maximum, np.where, runtime.added, runtime.larger, runtime.smaller),
)
_QUOTIENTS = (operator.truediv, operator.floordiv, operator.mod, math.sqrt, np.sqrt)
_FREE = (len, range, np.ndarray.shape, float, int)
_COSTS = ((_FREE, 0.0), (_QUICKLY, _QUICK), (_QUOTIENTS, _QUOTIENT), ((list.append, list.pop), _LIST))
_PRODUCTS = (operator.matmul, np.matmul, np.dot, np.ndarray.dot, np.vdot, np.tensordot)


@dataclass(frozen=True)
class Region:
    """A loop that may run on several cores, the loops that it is in, and what its trips add to together."""

    loop: For
    around: tuple[For | While, ...]
    sums: Sums


class Work:
    """What the loops of a function take."""

    def __init__(self, function: Function, types: dict[str, Type]) -> None:
        self.function, self.types = function, types
        self.lengths = Lengths(types)
        for s in statements(function.body):
            if isinstance(s, For) and isinstance(s.target, Name):
                start, stop, _ = _bounds(s)
                self.lengths.counters[s.target.id] = (self.lengths.amount(start) + self.lengths.amount(stop)) * _HALF

    def gain(self, regions: Sequence[Region]) -> Amount:
        """By how much what these loops do exceeds what makes up for their starts, and a share of what all others do."""
        inside = {id(s) for r in regions for s in (r.loop, *statements(r.loop.body))}
        beside = any(_is_product(e) for s in statements(self.function.body) if id(s) not in inside for e in _parts(s))
        start = Amount.of(BESIDE_PRODUCTS if beside else START)
        done = Amount.sum(self.starts(r) * self.loop(r.loop) for r in regions)
        spent = Amount.sum(self.starts(r) * (start + self.parts(r)) for r in regions)
        return done - spent - (self.block(self.function.body) - done) * Amount.of(LEAST_SHARE)

    def slight(self, regions: Sequence[Region]) -> list[Region]:
        """The loops next to which another one does more, the more the larger the arguments are: all in all, or in each
        of fewer starts."""
        each = [(r, self.starts(r), self.loop(r.loop)) for r in regions]

        def is_slight(starts: Amount, work: Amount) -> bool:
            totals = ((starts * work, other * more, more) for _, other, more in each)
            return any(a.is_beside(b) or (work.is_beside(more) and a.is_within(b)) for a, b, more in totals)

        return [r for r, starts, work in each if is_slight(starts, work) and work.least() < START]

    def starts(self, r: Region) -> Amount:
        """How often a loop is started."""
        return _product(self.trips(s) for s in r.around)

    def parts(self, r: Region) -> Amount:
        """What the partial sums of arrays take, and the lists of each chunk."""
        types = [t for t in map(self.types.get, r.sums.arrays) if isinstance(t, Num)]
        lists = sum(isinstance(self.types.get(n), ListOf) for n in mentioned(r.loop.body))
        return Amount.sum((*map(self.lengths.size, types), Amount.of(lists * _GROWTH))) * Amount.of(CHUNKS * _PART)

    def trips(self, s: For | While) -> Amount:
        if isinstance(s, While):
            return UNKNOWN
        start, stop, step = _bounds(s)
        count = self.lengths.amount(stop) - self.lengths.amount(start)
        return count * Amount.of(1.0 / step.value if isinstance(step, Const) and step.value else 1.0)

    def loop(self, s: For | While) -> Amount:
        return self.trips(s) * (self.block(s.body) + Amount.of(_QUICK))

    def block(self, block: Block) -> Amount:
        return Amount.sum(map(self.statement, block))

    def statement(self, s: Stmt) -> Amount:
        own = Amount.of(sum(_cost(e) for e in _parts(s)))
        match s:
            case For() | While():
                return own + self.loop(s)
            case If():
                return own + (self.block(s.body) + self.block(s.orelse)) * _HALF
        return own


_HALF = Amount.of(0.5)


def _product(parts: Iterable[Amount]) -> Amount:
    found = Amount.of(1.0)
    for part in parts:
        found = found * part
    return found


def _bounds(s: For) -> tuple[Expr, Expr, Expr]:
    assert isinstance(s.iter, Call)
    return range_bounds(s.iter)


def _parts(s: Stmt) -> Iterable[Expr]:
    return (part for e in expressions(s) for part in subexprs(e))


def _cost(e: Expr) -> float:
    if isinstance(e, Item):
        return _QUICK
    if not isinstance(e, Call):
        return 0.0
    if called(e) is not None or helper_of(e) is not None or not isinstance(e.func, Object):
        return _OTHER
    f = e.func.value
    for functions, cost in _COSTS:
        if any(f is other for other in functions):
            return cost
    home = getattr(f, "__module__", None) or ""
    if isinstance(f, np.ufunc) or home == "math":
        return _ELEMENTARY
    return _QUICK if home in ("_operator", "builtins", "srcdiff.runtime") else _OTHER


def _is_product(e: Expr) -> bool:
    """Whether an expression is computed by the BLAS library, on threads of its own."""
    if not isinstance(e, Call) or not isinstance(e.func, Object):
        return False
    f = e.func.value
    of_matrices = (getattr(f, "__module__", None) or "").startswith(("numpy.linalg", "scipy.linalg"))
    return of_matrices or any(f is other for other in _PRODUCTS)


def depth(s: For, around: Sequence[For | While]) -> int:
    """How many loops are in each other here, at most: around it, itself and inside; those with a known, that is small,
    number of trips not counted."""
    inside = (sum(_is_long(i) for i in (*path, last)) for last, path in paths(s.body))
    return sum(map(_is_long, around)) + _is_long(s) + max(inside, default=0)


def _is_long(s: Stmt) -> bool:
    match s:
        case For(iter=Call() as trips):
            return not all(isinstance(bound, Const) for bound in range_bounds(trips))
        case While():
            return True
    return False


def as_large(s: For, array: str) -> bool:
    """Whether the trips add to about as many elements of an array as there are trips, those of loops inside counted.

    Partial sums for each chunk would cost many times what the loop does: a stencil's `v_bar[i - 1, j] += ...`.
    """
    loops = (i for i in (s, *statements(s.body)) if isinstance(i, For) and _is_long(i))
    counters = {i.target.id for i in loops if isinstance(i.target, Name)}
    items = (i.target for i in statements(s.body) if isinstance(i, Update))
    used = [_counted(i.index, counters) for i in items if isinstance(i, Item) and i.base == Name(array)]
    return max(used, default=0) >= depth(s, ())


def _counted(index: Expr, counters: set[str]) -> int:
    """How many counters an index is made of; of `places[i]`, which may be few, none."""
    return 0 if any(isinstance(part, Item) for part in subexprs(index)) else len(names(index) & counters)
