"""The first thing added to a place that has just been set to zero: it is put there.

in:   a_bar[1:-1] = 0.0                 out:  b_bar[:-2] += g
      b_bar[:-2] += g                         a_bar[1:-1] = h
      a_bar[1:-1] += h

in:   u_bar = np.zeros_like(u)          out:  u_bar = np.zeros_like(u)
      u_bar[1:] += g                          u_bar[1:] = g
"""

from __future__ import annotations

import operator
from dataclasses import replace

import numpy as np

from ..ir.nodes import Assign, Block, Break, Comment, Const, Expr, Function, Item, Name, Stmt, Update
from ..ir.types import Num, Type
from ..ir.walk import assigned, is_call_of, map_stmt, mentioned, names
from ..rules.typing import Typer
from .dead import has_effect
from .storage import Storage, parts

_GONE = Break()


def refilled(function: Function, types: dict[str, Type]) -> Function:
    """The function with the first sum in a place of zeros as an assignment."""
    storage = Storage(function, types)

    def block(b: Block) -> Block:
        out: list[Stmt] = [map_stmt(s, lambda e: e, block) for s in b]
        for k, s in enumerate(b):
            place = _zeroed(s)
            if place is None:
                continue
            later = _first_sum(place, b, k, storage)
            update = b[later] if later is not None else None
            if later is not None and isinstance(update, Update) and _fits(update, place, types, storage):
                out[later] = Assign(update.target, update.value, update.origin, update.adjoint_of)
                if isinstance(place, Item):
                    out[k] = _GONE
        return tuple(s for s in out if s is not _GONE)

    return replace(function, body=block(function.body))


def _zeroed(s: Stmt) -> Name | Item | None:
    """The array, or the place in one, that a statement of an adjoint fills with zeros."""
    match s:
        case Assign(target=Item(base=Name()) as place, value=Const(value=0.0)) if s.adjoint_of:
            return place
        case Assign(target=Name() as made, value=value) if is_call_of(value, np.zeros_like):
            return made
    return None


def _first_sum(place: Name | Item, block: Block, zeroed: int, storage: Storage) -> int | None:
    """Where the block next mentions the array, or another name of it."""
    base = place.base if isinstance(place, Item) else place
    assert isinstance(base, Name)
    for k in range(zeroed + 1, len(block)):
        if any(storage.holds(n) and storage.find(n) == storage.find(base.id) for n in mentioned((block[k],))):
            between = assigned(block[zeroed + 1 : k])
            if not all(isinstance(s, Assign | Update | Comment) for s in block[zeroed + 1 : k]):
                return None  # it may never be reached
            return None if isinstance(place, Item) and names(place.index) & between else k
    return None


def _fits(s: Update, place: Name | Item, types: dict[str, Type], storage: Storage) -> bool:
    """Whether a statement adds something to just that place (or to any one in new zeros), which it does not read."""
    if (
        not s.adjoint_of
        or s.op.value is not operator.add
        or not isinstance(s.target, Item)
        or not isinstance(s.target.base, Name)
    ):
        return False
    there = s.target == place if isinstance(place, Item) else s.target.base == place
    if not there or has_effect(s.value) or not all(map(storage.is_basic, parts(s.target))):
        return False
    own = storage.find(s.target.base.id)
    reads: set[str] = {n for e in (s.value, s.target.index) for n in names(e) if storage.holds(n)}
    kinds = [_dtype(e, types) for e in (s.target, s.value)]
    return kinds[0] == kinds[1] is not None and all(storage.find(n) != own for n in reads)


def _dtype(e: Expr, types: dict[str, Type]) -> str | None:
    type_ = Typer(types)(e)
    return type_.dtype if isinstance(type_, Num) and type_.is_inexact else None
