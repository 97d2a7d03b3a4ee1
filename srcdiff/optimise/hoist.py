"""Elements that an innermost loop of the reverse sweep reads on every trip are read ahead of it.

in:   for k in range(m):                              out:  C_bar_ij = C_bar[i, j]
          A_bar[i, k] += B[k, j] * C_bar[i, j]              for k in range(m):
          B_bar[k, j] += A[i, k] * C_bar[i, j]                  A_bar[i, k] += B[k, j] * C_bar_ij
                                                                B_bar[k, j] += A[i, k] * C_bar_ij

A compiler cannot do it: it does not know that the arrays which the loop writes are others. Read is only what surely
exists, since the loop may have no trips.
"""

from __future__ import annotations

from dataclasses import replace

from ..analysis.dependence import At, Place, may_meet
from ..ir.nodes import Assign, Block, Expr, For, Function, Item, Name, Stmt, Update, While
from ..ir.types import Num, Type
from ..ir.walk import Fresh, assigned, expressions, map_stmt, mentioned, names, rebuild, statements, subexprs
from ..rules.typing import Typer
from .existing import Inside
from .independence import known_in
from .storage import Access, Storage, element_name, parts


def hoisted(function: Function, types: dict[str, Type], wished: dict[str, str]) -> Function:
    """The function with loads moved out of its innermost loops of adjoints."""
    return replace(function, body=_Hoist(function, types, wished).block(function.body, ()))


class _Hoist:
    def __init__(self, function: Function, types: dict[str, Type], wished: dict[str, str]) -> None:
        self.types, self.wished = types, wished
        self.storage = Storage(function, types)
        self.fresh = Fresh(mentioned(function.body) | {p.name for p in function.params})
        self.inside = Inside(function, self.storage, types)

    def block(self, block: Block, around: tuple[For | While, ...]) -> Block:
        out: list[Stmt] = []
        for s in block:
            match s:
                case For() if not any(isinstance(i, For | While) for i in statements(s.body)):
                    out.extend(self.innermost(s, around, self.inside.reached(block)))
                case For() | While():
                    out.append(replace(s, body=self.block(s.body, (*around, s))))
                case _:
                    out.append(map_stmt(s, lambda e: e, lambda b: self.block(b, around)))
        return tuple(out)

    def innermost(self, s: For, around: tuple[For | While, ...], sure: list[Access]) -> list[Stmt]:
        accesses = list(self.storage.accesses(s.body, (*(At(0, loop) for loop in around), At(0, s))))
        if all(a.kind == "read" for a in accesses) or not all(i.adjoint_of for i in _leaves(s.body) if _writes(i)):
            return [s]
        found: dict[Expr, Name] = {}
        for i in statements(s.body):
            for e in (part for top in expressions(i) for part in subexprs(top)):
                if isinstance(e, Item) and e not in found and self.may_move(e, s, around, accesses, sure):
                    found[e] = self.named(e, s.body)
        body = tuple(i for i in s.body if not (isinstance(i, Assign) and found.get(i.value) == i.target))
        ahead: list[Stmt] = [Assign(name, e) for e, name in found.items()]
        return [*ahead, replace(s, body=_replaced(body, found))]

    def may_move(
        self, e: Item, s: For, around: tuple[For | While, ...], accesses: list[Access], sure: list[Access]
    ) -> bool:
        """Whether an element is the same one on every trip, exists, and is not written by the loop."""
        if not isinstance(e.base, Name) or names(e) & assigned((s,)):
            return False
        array, element = self.types.get(e.base.id), Typer(self.types)(e)
        if not isinstance(array, Num) or not isinstance(element, Num) or element.ndim != 0:
            return False
        place = Place(e.base.id, parts(e), tuple(At(0, loop) for loop in around))
        known = known_in((*around, s), self.types)
        assert place.index is not None
        seen = any(a.place == place.index and self.inside.is_alike(a.name, place.name) for a in sure)
        if not seen and not self.inside.exists(place.name, place.index, around, known):
            return False
        written = [a for a in accesses if a.kind != "read" and self.same(a.name, place.name)]
        return not any(may_meet(place, Place(a.name, a.place, a.way), len(around), known) for a in written)

    def same(self, a: str, b: str) -> bool:
        return self.storage.find(a) == self.storage.find(b)

    def named(self, e: Item, body: Block) -> Name:
        """A variable for the element: one that the loop gives it anyway, and nothing else, or a new one."""
        for i in body:
            if (
                isinstance(i, Assign)
                and i.value == e
                and isinstance(i.target, Name)
                and self.inside.times[i.target.id] == 1
            ):
                return i.target
        wish = element_name(e, self.wished)
        name = self.fresh(wish)
        self.wished[name], self.types[name] = wish, Typer(self.types)(e)
        return Name(name)


def _leaves(block: Block) -> list[Stmt]:
    return [s for s in statements(block) if isinstance(s, Assign | Update)]


def _writes(s: Stmt) -> bool:
    return isinstance(s, Assign | Update) and isinstance(s.target, Item)


def _replaced(body: Block, found: dict[Expr, Name]) -> Block:
    def expr(e: Expr) -> Expr:
        return found[e] if e in found else rebuild(e, expr)

    def statement(s: Stmt) -> Stmt:
        match s:
            case Assign(target=Item(index=index)) | Update(target=Item(index=index)):
                assert isinstance(s.target, Item)
                return replace(s, target=replace(s.target, index=expr(index)), value=expr(s.value))
        return map_stmt(s, expr, lambda b: tuple(map(statement, b)))

    return tuple(map(statement, body))
