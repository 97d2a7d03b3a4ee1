"""An element that an innermost loop only adds to is a number inside of it.

in:   for k in range(j):                              out:  a_ij = a[i, j]
          a[i, j] -= a[i, k] * a[k, j]                      for k in range(j):
                                                                a_ij -= a[i, k] * a[k, j]
                                                            a[i, j] = a_ij

A compiler cannot do it: it does not know that a[i, k] is never a[i, j]. Where a loop of adjoints does nothing with an
array but add to it, the sum is taken apart and added behind the loop, whatever other elements are added to.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..analysis.dependence import At, Place, may_meet
from ..ir.nodes import Assign, Block, Const, Expr, For, Function, Item, Name, Stmt, Update, While
from ..ir.types import Num, Type
from ..ir.walk import Fresh, assigned, map_stmt, mentioned, names, statements
from ..normalise.expressions import ADD
from ..rules.typing import Typer
from .existing import Inside
from .independence import is_plain, known_in
from .storage import Access, Storage, element_name, parts


def with_sums(function: Function, types: dict[str, Type], wished: dict[str, str]) -> Function:
    """The function with the sums of its innermost loops in variables of their own."""
    return replace(function, body=_Sums(function, types, wished).block(function.body, ()))


@dataclass
class Sum:
    """An element that is added to, under the name that it gets. `apart`: it begins with zero, and the element is not
    looked at before the loop has ended."""

    element: Item
    name: Name
    apart: bool


class _Sums:
    def __init__(self, function: Function, types: dict[str, Type], wished: dict[str, str]) -> None:
        self.types, self.wished = types, wished
        self.storage = Storage(function, types)
        self.inside = Inside(function, self.storage, types)
        self.fresh = Fresh(mentioned(function.body) | {p.name for p in function.params})

    def block(self, block: Block, around: tuple[For | While, ...]) -> Block:
        out: list[Stmt] = []
        for s in block:
            match s:
                case For() if not any(isinstance(i, For | While) for i in statements(s.body)):
                    out.extend(self.innermost(s, around, block))
                case For() | While():
                    out.append(replace(s, body=self.block(s.body, (*around, s))))
                case _:
                    out.append(map_stmt(s, lambda e: e, lambda b: self.block(b, around)))
        return tuple(out)

    def innermost(self, s: For, around: tuple[For | While, ...], block: Block) -> list[Stmt]:
        if not all(map(is_plain, statements(s.body))):
            return [s]
        accesses = list(self.storage.accesses(s.body, (*(At(0, loop) for loop in around), At(0, s))))
        found: dict[Expr, Sum] = {}
        for e, _ in _added(s.body):
            if e not in found and self.is_settled(e, s, around, block):
                apart = self.is_apart(e, s, accesses)
                if apart or self.is_alone(e, s, around, accesses):
                    found[e] = Sum(e, self.named(e), apart)
        ahead = [Assign(v.name, Const(0.0) if v.apart else v.element) for v in found.values()]
        behind = [_put_back(v) for v in found.values()]
        return [*ahead, replace(s, body=_summed(s.body, found)), *behind]

    def is_settled(self, e: Item, s: For, around: tuple[For | While, ...], block: Block) -> bool:
        """Whether an element is the same one on every trip and exists, and sums are as exact in a variable."""
        assert isinstance(e.base, Name)
        if names(e) & assigned((s,)):
            return False
        values = [Typer(self.types)(update.value) for other, update in _added(s.body) if other == e]
        if not _is_double(Typer(self.types)(e)) or not all(isinstance(v, Num) and v.ndim == 0 for v in values):
            return False
        seen = any(a.place == parts(e) and self.inside.is_alike(a.name, e.base.id) for a in self.inside.reached(block))
        return seen or self.inside.exists(e.base.id, parts(e), around, known_in((*around, s), self.types))

    def is_alone(self, e: Item, s: For, around: tuple[For | While, ...], accesses: list[Access]) -> bool:
        """Whether nothing else in the loop reaches the element."""
        assert isinstance(e.base, Name)
        place = Place(e.base.id, parts(e), tuple(At(0, loop) for loop in around))
        known = known_in((*around, s), self.types)
        others = (a for a in self.like(e, accesses) if (a.kind, a.name, a.place) != ("add", place.name, place.index))
        return not any(may_meet(place, Place(a.name, a.place, a.way), len(around), known) for a in others)

    def is_apart(self, e: Item, s: For, accesses: list[Access]) -> bool:
        """Whether the loop, of adjoints, does nothing but add to the arrays that the element may lie in, and to others
        of their elements too: alone, it keeps the order of its sum."""
        own = self.like(e, accesses)
        adjoint = all(i.adjoint_of for i in statements(s.body) if isinstance(i, Update) and isinstance(i.target, Item))
        others = any(a.place != parts(e) for a in own)
        return adjoint and others and all(a.kind == "add" and a.place is not None for a in own)

    def like(self, e: Item, accesses: list[Access]) -> list[Access]:
        """The accesses of arrays that may share memory with that of an element."""
        assert isinstance(e.base, Name)
        return [a for a in accesses if self.storage.find(a.name) == self.storage.find(e.base.id)]

    def named(self, e: Item) -> Name:
        """A variable for a sum: `a_ij` for `a[i, j]`."""
        wish = element_name(e, self.wished)
        name = self.fresh(wish)
        self.wished[name], self.types[name] = wish, Typer(self.types)(e)
        return Name(name)


def _is_double(type_: Type) -> bool:
    return isinstance(type_, Num) and type_.ndim == 0 and type_.dtype == "float64"


def _added(block: Block) -> Iterator[tuple[Item, Update]]:
    """The elements that a block adds to."""
    for s in statements(block):
        match s:
            case Update(target=Item(base=Name()) as element, op=op) if op.value in (operator.add, operator.sub):
                yield element, s
            case _:
                pass


def _put_back(v: Sum) -> Stmt:
    return Update(v.element, ADD, v.name) if v.apart else Assign(v.element, v.name)


def _summed(block: Block, found: dict[Expr, Sum]) -> Block:
    def statement(s: Stmt) -> Stmt:
        match s:
            case Update(target=target) if target in found:
                return replace(s, target=found[target].name)
        return map_stmt(s, lambda e: e, lambda b: tuple(map(statement, b)))

    return tuple(map(statement, block))
