"""What a statement does to variables and arrays, and which statements may change places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ...ir.callee import called, helper_of
from ...ir.nodes import Assign, Call, Comment, Effect, Expr, For, If, Item, Name, Stmt, Update, While
from ...ir.walk import children, expressions, is_call_of, names, statements, subexprs, targets
from ..dead import has_effect
from ..length_checks import is_check
from ..storage import Storage, _kind

_SHAPE_ONLY = (len, np.ndarray.shape, np.ndarray.size, np.zeros_like, np.ones_like, np.empty_like)


@dataclass
class Summary:
    """`bound` are the variables given a value, `added` those (numbers, and arrays by their alias class) that are only
    added to, `read` and `written` what elements are read and written of, `mentioned` all variables."""

    bound: set[str] = field(default_factory=set)
    mentioned: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    added: set[str] = field(default_factory=set)
    fixed: bool = False  # whether the statement keeps its place

    def join(self, other: Summary) -> None:
        """Take in what another statement does."""
        self.bound |= other.bound
        self.mentioned |= other.mentioned
        self.read |= other.read
        self.written |= other.written
        self.added |= other.added
        self.fixed |= other.fixed

    def commutes(self, other: Summary) -> bool:
        """Whether two statements next to each other may change places. (Sums may come in any order.)"""
        if self.fixed or other.fixed:
            return False
        for a, b in ((self, other), (other, self)):
            if a.bound & (b.bound | b.mentioned):
                return False
            if a.written & (b.read | b.written | b.added) or a.added & b.read:
                return False
        return True


Kept = dict[int, tuple[Stmt, Summary]]  # what statements themselves do, by the address of the statement


def summary(s: Stmt, storage: Storage, kept: Kept | None = None) -> Summary:
    """What a statement does, with all that is in it. Who asks for nests that grow hands `kept` in: what a statement in
    them does is found once then."""
    found, kept = Summary(), {} if kept is None else kept
    for part in statements((s,)):
        known = kept.get(id(part))
        if known is None or known[0] is not part:
            known = kept[id(part)] = part, Summary()
            _add(part, known[1], storage)
        found.join(known[1])
    own = {n for part in statements((s,)) if isinstance(part, For) for n in targets(part.target)}
    found.mentioned |= own
    return found


def _add(s: Stmt, found: Summary, storage: Storage) -> None:
    for e in expressions(s):
        found.mentioned |= names(e)
        calls = (p for p in subexprs(e) if type(p) is Call)
        if has_effect(e) or any(called(p) is not None or helper_of(p) is not None for p in calls):
            found.fixed = True
    match s:
        case Update(target=Name(id=name), op=op, value=value):
            into = storage.find(name) if storage.holds(name) else name
            (found.added if _kind(op) == "add" else found.written).add(into)
            if _kind(op) != "add":
                found.read.add(into)
            found.read |= set(_read(value, storage))
        case Assign(target=Item() as place, value=value) | Update(target=Item() as place, value=value):
            base = _base(place)
            kind = _kind(s.op) if isinstance(s, Update) else "write"
            changed = {storage.find(n) for n in ({base} if base is not None else names(place))}
            (found.added if kind == "add" else found.written).update(changed)
            if isinstance(s, Update) and kind != "add":
                found.read |= changed
            found.read |= {n for part in _indices(place) for n in _read(part, storage)} | set(_read(value, storage))
        case Assign(target=target, value=value):
            found.bound |= set(targets(target))
            found.read |= set(_read(value, storage))
        case For(iter=source, target=target):
            found.bound |= set(targets(target))
            found.read |= set(_read(source, storage))
        case If(test=test) | While(test=test):
            found.read |= set(_read(test, storage))
        case Comment():
            pass
        case Effect() if is_check(s):
            pass
        case _:
            found.fixed = True


def _indices(place: Expr) -> Iterator[Expr]:
    while isinstance(place, Item):
        yield place.index
        place = place.base


def _base(place: Expr) -> str | None:
    while isinstance(place, Item):
        place = place.base
    return place.id if isinstance(place, Name) else None


def _read(e: Expr, storage: Storage) -> Iterator[str]:
    """The numbers that an expression reads, and the alias classes of arrays that it reads elements of."""
    match e:
        case Name(id=name):
            yield storage.find(name) if storage.holds(name) else name
        case Call() if is_call_of(e, *_SHAPE_ONLY):
            for a in e.args:
                if isinstance(a, Item):
                    yield from (n for part in _indices(a) for n in _read(part, storage))
        case _:
            for child in children(e):
                yield from _read(child, storage)
