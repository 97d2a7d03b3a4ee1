"""Writes whose old contents nobody reads, element by element: they are not taken back, and nothing is kept for them.

in:   for k in range(j): L[i, j] -= L[i, k] * L[j, k]        out:  no tape: the adjoint reads columns that were ready
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..analysis.dependence import At, Known, Place, may_meet_before
from ..analysis.lost import SHAPE_ONLY
from ..ir.nodes import Assign, Call, Display, Effect, Expr, Item, Name, Object, Slice, Update
from ..ir.types import Num
from ..ir.walk import children
from ..rules.typing import Typer
from ..runtime import unbroadcast
from .acts import Acc, Act, Do, Fork, Kill, Let, Node, Pull, Round, Step, Together, When
from .facts import Facts, passed
from .schedule import Key

Way = tuple[At, ...]


class Reads:
    """What the reverse sweep reads of arrays that are written in place, place by place."""

    def __init__(self, facts: Facts, recomputed: set[int], undo: set[int], bool_tests: set[int]) -> None:
        self.facts, self.recomputed, self.undo, self.bool_tests = facts, recomputed, undo, bool_tests
        self.places: dict[Key, list[Place]] = {}
        self.ways: dict[int, Way] = {}  # by id of the statement
        self.block(facts.nodes, ())

    def needs_old(self, s: Assign | Update, known: Known) -> bool:
        """Whether an element that the statement overwrites may have been read, with the value that it had.
        (Items of a list move.)"""
        if any(key.startswith("*[") for key in self.facts.content_written(s)):
            return True
        written = Place(*self.element(s.target), self.ways[id(s)])
        return any(
            may_meet_before(written, read, known)
            for key in self.facts.content_written(s)
            for read in self.places.get(key, ())
        )

    # ------------------------------------------------------------------------------------------------ the program

    def block(self, nodes: list[Node], outer: Way) -> None:
        for p, node in enumerate(nodes):
            here = (*outer, At(p))
            self.ways[id(node.stmt)] = here
            match node:
                case Step(stmt=s):
                    self.acts(node.acts, here)
                    if id(s) in self.recomputed and isinstance(s, Assign):
                        self.expressions((s.value,), here)
                    if id(s) in self.undo and isinstance(s, Assign | Update):
                        self.place(s.target, here)
                case Fork():
                    self.acts((*node.before, *node.ends[0], *node.ends[1]), here)
                    if id(node.stmt) not in self.bool_tests:
                        self.expressions((node.stmt.test,), here)
                    self.block(node.body, (*outer, At(p, side=1, test=node.stmt.test)))
                    self.block(node.orelse, (*outer, At(p, side=2, test=node.stmt.test)))
                case Round():
                    self.acts(node.before, here)
                    inside = (*outer, At(p, node.stmt))
                    self.acts(node.end, (*inside, At(-1)))
                    self.block(node.body, inside)

    def acts(self, acts: Iterable[Act], way: Way) -> None:
        for act in acts:
            match act:
                case Acc():
                    for t in act.terms:
                        self.expressions((*t.factors, *t.denominators, *t.masks), way)
                    self.place(act.target, way)
                case Together(parts=parts):
                    self.acts(parts, way)
                case Let(value=value) | Pull(call=value) | Do(stmt=Effect(value=value)):
                    self.expressions((value,), way)
                case When():
                    self.expressions((act.test,), way)
                    self.acts((*act.then, *act.other), way)
                case Kill() | Do():
                    pass

    # -------------------------------------------------------------------------------------------------- the places

    def expressions(self, several: Iterable[Expr], way: Way) -> None:
        for e in several:
            for name, index in self.reads(passed(e)):
                if name not in self.facts.adjoints and self.is_written(name):
                    place = Place(name, index, way)
                    self.places.setdefault("*" + self.facts.aliases.find(name), []).append(place)

    def place(self, e: Expr, way: Way) -> None:
        """What it takes to find a place: the indices on the way to it."""
        match e:
            case Item(base=base, index=index):
                self.expressions((index,), way)
                self.place(base, way)
            case Call(args=args):
                self.expressions(args[1:], way)
                if args:
                    self.place(args[0], way)
            case _:
                pass

    def is_written(self, name: str) -> bool:
        return self.facts.aliases.is_array(name) and self.facts.aliases.mutable(name)

    def reads(self, e: Expr) -> Iterator[tuple[str, tuple[Expr, ...] | None]]:
        """The arrays that an expression reads, as far as it reads more than their shapes."""
        match e:
            case Name(id=name):
                yield name, None
            case Item(base=Name()):
                yield self.element(e)
                yield from self.reads(e.index)
            case Call(func=Object(value=f), args=(g, _)) if f is unbroadcast:
                yield from self.reads(g)
            case Call(func=Object(value=f), args=args) if f in SHAPE_ONLY:
                for part in (p for a in args for p in _items(a)):
                    yield from self.reads(part.index)
            case _:
                for child in children(e):
                    yield from self.reads(child)

    def element(self, e: Expr) -> tuple[str, tuple[Expr, ...] | None]:
        """The array that a place lies in, and its index where that consists of numbers and slices."""
        if not (isinstance(e, Item) and isinstance(e.base, Name)):
            base = e
            while isinstance(base, Item | Call):
                base = base.base if isinstance(base, Item) else base.args[0]
            return base.id if isinstance(base, Name) else "", None
        parts = e.index.items if isinstance(e.index, Display) else (e.index,)
        return e.base.id, parts if all(map(self.is_number_or_slice, parts)) else None

    def is_number_or_slice(self, e: Expr) -> bool:
        type_ = None if isinstance(e, Slice) else Typer(self.facts.types)(e)
        return type_ is None or (isinstance(type_, Num) and type_.is_integral and type_.dtype != "bool")


def _items(e: Expr) -> Iterator[Item]:
    if isinstance(e, Item):
        yield e
    for child in children(e):
        yield from _items(child)
