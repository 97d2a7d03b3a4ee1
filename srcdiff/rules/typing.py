"""The types of expressions: what comes out of a call, an index or an operator, given the types that go in.

Elementwise functions broadcast; a few functions state their own result; all others are asked: they are called once on
small arrays of ones of the right rank and dtype, and what comes back tells the rank and dtype.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping
from dataclasses import replace

from ..errors import UnresolvedName
from ..ir.nodes import (
    Attr,
    Call,
    Choice,
    Closure,
    Comprehension,
    Const,
    Display,
    Expr,
    Item,
    Logic,
    Name,
    Object,
    Slice,
)
from ..ir.types import TAPE, Dim, ListOf, Num, Static, Tup, Type, wider
from .calls import call_type
from .indexing import item_type
from .methods import method_of
from .problem import TypeProblem, joined
from .samples import type_of_value

__all__ = ["TypeProblem", "Typer", "like", "method_of", "settled", "type_of_value", "wider"]


class Typer:
    """Types of expressions under types of variables."""

    def __init__(self, types: Mapping[str, Type]) -> None:
        self.types = types

    def __call__(self, e: Expr) -> Type:
        if type(e) is Name:  # (the commonest ones first: this is asked of every part of every expression)
            return self._name(e)
        if type(e) is Call:
            return _of_itself(call_type(self, e), e)
        return self._other(e)

    def _other(self, e: Expr) -> Type:
        match e:
            case Const():
                return type_of_value(e.value)
            case Object():
                return type_of_value(e.value, ("captured", id(e.value)))
            case Display():
                items = tuple(map(self, e.items))
                if e.kind != "list":
                    return Tup(items, e.form)
                item = functools.reduce(lambda a, b: joined(a, b, e), items) if items else None
                return ListOf(item, tape=e.form == TAPE)
            case Choice():
                self(e.test)
                return joined(self(e.then), self(e.other), e)
            case Logic():
                return functools.reduce(lambda a, b: joined(a, b, e), map(self, e.values))
            case Item():
                return item_type(self, e)
            case Slice():
                return Static(slice(None))
            case Name() | Call() | Attr() | Closure() | Comprehension():
                raise TypeError(f"not lowered: {e!r}")

    def _name(self, e: Name) -> Type:
        known = self.types.get(e.id)
        if known is None:
            raise TypeProblem(
                UnresolvedName,
                f"`{e.id}` is read where nothing has been assigned to it",
                "no path of the program reaches this place with a value for it",
                f"assign `{e.id}` before this statement",
                e.at,
            )
        return _of_itself(known, e.id)


def _of_itself(type_: Type, owner: str | Call) -> Type:
    """The type of a variable or a call where it is read: an unknown length is at least the same in the statement."""
    if isinstance(type_, Num) and type_.shape and any(d.token is None for d in type_.shape):
        shape = tuple(Dim(("of", owner, k), d.one) if d.token is None else d for k, d in enumerate(type_.shape))
        return replace(type_, shape=shape)
    return type_


def like(name: str, type_: Type) -> Type:
    """The type of an adjoint: the lengths of its variable, those that are not known under the variable's name."""
    known = _of_itself(type_, name)
    return known.plain() if isinstance(known, Num) else known


def settled(type_: Type) -> Type:
    """The type that a variable may keep: without the lengths that were known within one statement only."""
    match type_:
        case Num():
            if type_.shape and any(_is_passing(d.token) for d in type_.shape):
                shape = tuple(Dim(None, d.one) if _is_passing(d.token) else d for d in type_.shape)
                type_ = replace(type_, shape=shape)
            if isinstance(type_.value, Dim) and _is_passing(type_.value.token):
                type_ = type_.plain()
            return type_
        case Tup():
            return Tup(tuple(map(settled, type_.items)), type_.form)
        case ListOf(item=item) if item is not None:
            return replace(type_, item=settled(item))
    return type_


def _is_passing(token: Hashable) -> bool:
    """Whether a length is one that `_of_itself` has named, or made of such."""
    if isinstance(token, tuple):
        return token[:1] == ("of",) or any(_is_passing(t) for t in token if isinstance(t, tuple))
    return False
