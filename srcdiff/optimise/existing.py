"""Elements that surely exist, whether or not the statement that names them runs.

in:   A_bar[i, k] inside `for k in range(m)`        out:  yes: A has m columns
      a[i, j] inside `for k in range(0)`            out:  yes: another nest reads a[p, q] for all p, q below n

Python raises an error where an index does not fit. What moves to where it may run more often, or sooner, must not
raise one that the program does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..analysis.affine import constant, difference, impossible
from ..analysis.dependence import At, Instance, Known, Place
from ..ir.nodes import Assign, Block, Break, Call, Choice, Const, Expr, For, Function, Logic, Name, Stmt, Update, While
from ..ir.types import Num, Type
from ..ir.walk import assigned, expressions, names, statements, subexprs, targets
from ..normalise.iteration import plus, range_bounds
from .storage import Access, Storage


class Box(NamedTuple):
    """All elements of an array with indices from `low` to below `high`; every run of the function reaches them."""

    name: str
    low: tuple[Expr, ...]
    high: tuple[Expr, ...]


class Inside:
    """What is known of the elements of a function's arrays."""

    def __init__(self, function: Function, storage: Storage, types: dict[str, Type]) -> None:
        self.storage, self.types = storage, types
        self.times: dict[str, int] = dict.fromkeys((p.name for p in function.params), 1)  # how often one is bound
        for s in statements(function.body):
            bound = targets(s.target) if isinstance(s, Assign | Update | For) else []
            for name in bound if not isinstance(s, Update) else filter(lambda n: not storage.is_array(n), bound):
                self.times[name] = self.times.get(name, 0) + 1
        settled = {n for s in function.body if isinstance(s, Assign) for n in targets(s.target)}
        settled |= {p.name for p in function.params}
        self.settled = {n for n in settled if self.times[n] == 1}  # those that are bound once and for all
        self.boxes = list(self.swept(function.body, ()))

    def exists(self, name: str, index: tuple[Expr, ...], around: tuple[For | While, ...], known: Known) -> bool:
        """Whether the array has that element, on every trip of the loops around."""
        array = self.types.get(name)
        if not isinstance(array, Num):
            return False
        at = Instance(Place(name, index, tuple(At(0, loop) for loop in around)), 1, len(around), known)
        boxes = (b for b in self.boxes if self.is_alike(b.name, name) and (b.name != name or name in self.settled))
        return at.is_inside(array.shape) or any(_lies_in(at, box) for box in boxes)

    def reached(self, block: Block) -> list[Access]:
        """The elements that a block surely reads or writes itself, with indices that stay what they are in it."""
        bound = assigned(block)
        found = self.storage.accesses(tuple(s for s in block if is_sure(s)))
        return [a for a in found if a.place is not None and not any(names(part) & bound for part in a.place)]

    def is_alike(self, one: str, other: str) -> bool:
        """Whether two variables are arrays of the same shape."""
        if one == other and self.times.get(one) == 1:
            return True
        a, b = self.types.get(one), self.types.get(other)
        if not isinstance(a, Num) or not isinstance(b, Num) or a.ndim != b.ndim or not a.ndim:
            return False
        return all(d.same(e) for d, e in zip(a.shape, b.shape, strict=True))

    # ---------------------------------------------------------------------------------------------------- the boxes

    def swept(self, block: Block, loops: tuple[For, ...]) -> Iterator[Box]:
        """What plain nests of loops reach, each loop on every trip of the one around it."""
        for s in block:
            if isinstance(s, For) and isinstance(s.target, Name) and not _may_end(s):
                yield from self.swept(s.body, (*loops, s))
            elif loops and is_sure(s):
                for access in self.storage.of_statement(s):
                    sides = [self.side(part, loops) for part in access.place or ()]
                    used = {n for part in access.place or () for n in names(part)}
                    named = [s for s in loops if set(targets(s.target)) & used]
                    whole = len(used) == len(named) == sum(isinstance(p, Name) for p in access.place or ())
                    whole = whole and all(self.runs_like(other, named, loops) for other in loops if other not in named)
                    if whole and all(sides):
                        yield Box(access.name, *zip(*filter(None, sides), strict=True))

    def runs_like(self, loop: For, others: list[For], loops: tuple[For, ...]) -> bool:
        """Whether a loop has a trip if each of the others, in the same nest, has one."""
        own = self.side(loop.target, loops)
        return own is not None and any(self.side(other.target, loops) == own for other in others)

    def side(self, part: Expr, loops: tuple[For, ...]) -> tuple[Expr, Expr] | None:
        """The least index of one axis and the one behind the last, where they stay what they are."""
        if isinstance(part, Const) and isinstance(part.value, int):
            return part, plus(part, Const(1))
        for loop in loops:
            if loop.target == part:
                assert isinstance(loop.iter, Call)
                start, stop, step = range_bounds(loop.iter)
                down = plus(stop, Const(1)), plus(start, Const(1))
                found = (start, stop) if step == Const(1) else down if step == Const(-1) else None
                bounds = {n for e in found or () for n in names(e)}
                return found if all(self.times.get(n) == 1 for n in bounds) and not bounds & _counters(loops) else None
        return None


def _lies_in(at: Instance, box: Box) -> bool:
    """Whether an element is one of a box."""
    assert at.place.index is not None
    if len(at.place.index) != len(box.low):
        return False
    for part, low, high in zip(at.place.index, box.low, box.high, strict=True):
        form, least, end = (at.form(e) for e in (part, low, high))
        if form is None or least is None or end is None:
            return False
        system = [*at.bounds, *at.lengths(form, least, end)]
        below = difference(difference(least, form), constant(1))
        if not impossible([*system, below]) or not impossible([*system, difference(form, end)]):
            return False
    return True


def is_sure(s: Stmt) -> bool:
    """Whether a statement evaluates all that it mentions."""
    if not isinstance(s, Assign | Update):
        return False
    return not any(isinstance(part, Choice | Logic) for e in expressions(s) for part in subexprs(e))


def _may_end(s: For) -> bool:
    """Whether a loop may be left early, or has a counter that is more than that."""
    return any(isinstance(i, Break) for i in statements(s.body)) or bool(set(targets(s.target)) & assigned(s.body))


def _counters(loops: tuple[For, ...]) -> set[str]:
    return {n for loop in loops for n in targets(loop.target)}
