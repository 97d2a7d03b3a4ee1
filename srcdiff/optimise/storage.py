"""Which variables may share memory, and how a block reaches the arrays: what it reads, writes and adds to."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from ..analysis.dependence import At
from ..derive.zeros import is_fresh
from ..ir.callee import called, helper_of
from ..ir.nodes import (
    Assign,
    Block,
    Call,
    Const,
    Display,
    Effect,
    Expr,
    For,
    Function,
    If,
    Item,
    Name,
    Object,
    Slice,
    Stmt,
    Update,
    While,
)
from ..ir.types import Num, Type
from ..ir.walk import assigned, children, expressions, is_call_of, names, statements, subexprs, targets
from ..rules.typing import Typer
from .length_checks import is_length_check

_SHAPE_ONLY = (len, np.ndarray.shape, np.ndarray.size, np.ndarray.ndim, np.zeros_like, np.ones_like, np.empty_like)


class Access(NamedTuple):
    """One mention of an array: `kind` is "read", "write" or "add" (`+=` and `-=`); `place` has the parts of the index,
    and is None where the whole array is meant, or a part that is not told by one index of numbers and slices; `way`
    leads there through loops and branches; `whole` says that the whole array is meant; `statement` is the one it is
    part of."""

    kind: str
    name: str
    place: tuple[Expr, ...] | None
    way: tuple[At, ...] = ()
    whole: bool = False
    statement: Stmt | None = None


class Storage:
    """Alias classes: two variables of different classes never share memory. (The parameters are one class.)"""

    def __init__(self, function: Function, types: Mapping[str, Type]) -> None:
        self.types = types
        self.parent: dict[str, str] = {}
        self.told: dict[int, tuple[Stmt, list[Access]]] = {}
        for p in function.params:
            self.join(function.params[0].name, p.name)
        for s in statements(function.body):
            match s:
                case Assign(target=target, value=value) if not isinstance(target, Item):
                    for made in filter(self.holds, targets(target)):
                        for base in self.shared(value):
                            self.join(made, base)
                case Effect(value=value) if not is_length_check(value):
                    held = sorted(filter(self.holds, names(value)))
                    for name in held[1:]:
                        self.join(held[0], name)
                case _:
                    pass

    def find(self, name: str) -> str:
        while self.parent.get(name, name) != name:
            name = self.parent[name]
        return name

    def join(self, a: str, b: str) -> None:
        first, second = sorted((self.find(a), self.find(b)))
        self.parent[second] = first

    def holds(self, name: str) -> bool:
        """Whether the variable holds memory that others may share."""
        type_ = self.types.get(name)
        return not isinstance(type_, Num) or type_.is_array or type_.boxed

    def is_array(self, name: str) -> bool:
        type_ = self.types.get(name)
        return isinstance(type_, Num) and type_.is_array

    def shared(self, value: Expr) -> set[str]:
        """The variables whose memory a value may share."""
        calls = any(called(e) is not None or helper_of(e) is not None for e in subexprs(value))
        if is_fresh(value) and not calls and not isinstance(value, Display) and not _is_popped(value):
            return set()
        return {n for n in names(value) if self.holds(n)}

    # ------------------------------------------------------------------------------------------------- accesses

    def accesses(self, block: Block, way: tuple[At, ...] = ()) -> Iterator[Access]:
        """Every mention of an array in a block, but for those of its shape alone; `way` leads to the block."""
        for s in block:
            for access in self.known(s):
                yield access._replace(way=way, statement=s)
            match s:
                case For(body=body) | While(body=body):
                    yield from self.accesses(body, (*way, At(0, s)))
                case If(test=test, body=body, orelse=orelse):
                    yield from self.accesses(body, (*way, At(0, side=1, test=test)))
                    yield from self.accesses(orelse, (*way, At(0, side=2, test=test)))
                case _:
                    pass

    def in_order(self, block: Block, way: tuple[At, ...] = ()) -> Iterator[Access]:
        """The same, each with a way that tells what comes first."""
        for p, s in enumerate(block):
            for access in self.known(s):
                yield access._replace(way=(*way, At(p)), statement=s)
            match s:
                case For() | While():
                    yield from self.in_order(s.body, (*way, At(p, s)))
                case If():
                    yield from self.in_order(s.body, (*way, At(p, side=1, test=s.test)))
                    yield from self.in_order(s.orelse, (*way, At(p, side=2, test=s.test)))
                case _:
                    pass

    def known(self, s: Stmt) -> list[Access]:
        """The mentions in a statement itself. (Passes ask for those of one statement many times: they are kept.)"""
        kept = self.told.get(id(s))
        if kept is None or kept[0] is not s:
            kept = self.told[id(s)] = s, list(self.of_statement(s))
        return kept[1]

    def changed(self, block: Block) -> set[str]:
        """The variables that a block binds, and one of each class of those whose arrays it may write."""
        written = {a.name for a in self.accesses(block) if a.kind != "read"}
        for s in statements(block):
            if isinstance(s, Effect):
                written |= set(filter(self.holds, names(s.value)))  # what a call does with its arguments
        return assigned(block) | {self.find(name) for name in written}

    def reads_any(self, e: Expr, changed: set[str]) -> bool:
        """Whether an expression is made of something in `changed`, as the method of this name gives it."""
        return any(n in changed or (self.holds(n) and self.find(n) in changed) for n in names(e))

    def of_statement(self, s: Stmt) -> Iterator[Access]:
        match s:
            case Assign(target=Item() as place, value=value):
                yield from self.at(place, "write")
                yield from self.read(value)
            case Update(target=Item() as place, op=op, value=value):
                yield from self.at(place, _kind(op))
                yield from self.read(value)
            case Update(target=Name(id=name), op=op, value=value):
                if self.holds(name):
                    yield Access(_kind(op), name, None, whole=True)
                yield from self.read(value)
            case Assign(value=value):
                yield from self.read(value)
            case _:
                for e in expressions(s):
                    yield from self.read(e)

    def at(self, place: Item, kind: str) -> Iterator[Access]:
        """A place that is read or written; what it takes to find it is read."""
        yield from self.read(place.index)
        match place.base:
            case Name(id=name):
                found = parts(place)
                yield Access(kind, name, found if all(map(self.is_basic, found)) else None)
            case Item():
                for access in self.at(place.base, kind):
                    yield access._replace(place=None)
            case Call(args=(Name(),)) if is_call_of(place.base, *_SHAPE_ONLY):
                pass
            case base:
                for name in names(base):
                    if self.holds(name):
                        yield Access(kind, name, None)

    def is_basic(self, e: Expr) -> bool:
        """Whether a part of an index is a whole number or a slice."""
        if is_call_of(e, operator.add, operator.sub) and isinstance(e, Call) and all(map(self.is_basic, e.args)):
            return True  # (as most are, and it is quicker to see than its type)
        type_ = None if isinstance(e, Slice) else Typer(self.types)(e)
        return type_ is None or (isinstance(type_, Num) and type_.is_integral and type_.dtype != "bool")

    def read(self, e: Expr) -> Iterator[Access]:
        match e:
            case Name(id=name):
                if self.holds(name):
                    yield Access("read", name, None)
            case Item():
                yield from self.at(e, "read")
            case Call(args=(Name(),)) if is_call_of(e, *_SHAPE_ONLY):
                pass
            case _:
                for child in children(e):
                    yield from self.read(child)


def parts(place: Item) -> tuple[Expr, ...]:
    """The parts of an index."""
    return place.index.items if isinstance(place.index, Display) else (place.index,)


def element_name(place: Item, wished: Mapping[str, str]) -> str:
    """What a variable for an element is called: `a_ij` for `a[i, j]`; `wished` has the names that variables get."""
    assert isinstance(place.base, Name)
    base = wished.get(place.base.id, place.base.id)
    letters = [_letter(part, wished) for part in parts(place)]
    return f"{base}_{''.join(letters)}" if all(letters) else f"{base}_1"


def _letter(part: Expr, wished: Mapping[str, str]) -> str:
    """An index as a part of a name, if it is short."""
    match part:
        case Name(id=name):
            name = wished.get(name, name)
            return name if len(name) == 1 else ""
        case Const(value=int(n)) if 0 <= n < 10:
            return str(n)
    return ""


def _kind(op: Object) -> str:
    return "add" if op.value in (operator.add, operator.sub) else "write"


def _is_popped(e: Expr) -> bool:
    return is_call_of(e, list.pop)
