"""Arrays that keep values for one trip of a loop only: the values under their own names, and arrays of one row.

in:   root_tape = np.empty((n, m))            out:  root_tape = np.empty(m)
      total_tape = np.empty(n)
      for i in range(n):                            for i in range(n):
          for j in range(m):                            for j in range(m):
              root_tape[i, j] = root                        root_tape[j] = root
          total_tape[i] = total
          ...                                           ...
          total = total_tape[i]
          for j in range(m):                            for j in range(m):
              root = root_tape[i, j]                        root = root_tape[j]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..derive.tapes import POP
from ..ir.nodes import Assign, Block, Call, Const, Display, Effect, Expr, For, Function, If, Item, Name, Stmt, While
from ..ir.types import ListOf, Num, Type
from ..ir.walk import (
    Fresh,
    assigned,
    expressions,
    is_call_of,
    map_stmt,
    mentioned,
    rebuild,
    rename,
    statements,
    subexprs,
    targets,
)
from .storage import Storage, parts


def rows(body: Block, first: For, second: For, tapes: Set[str]) -> frozenset[str]:
    """The arrays of which two loops, with the same counter, use one row on each trip, and which nothing else uses."""
    both = (*first.body, *second.body)
    found = tapes & mentioned(first.body) & mentioned(second.body)
    everywhere = Counter(e.id for e in _all(body) if isinstance(e, Name) and e.id in found)
    here = Counter(_array(e) for e in _all(both) if isinstance(e, Item) and parts(e)[0] == first.target)
    return frozenset(name for name in found if everywhere[name] == here[name] + 1)


class Row(NamedTuple):
    """What an array of which one row is left was: the counters of that row, how the array was made, and its type."""

    counters: tuple[Name, ...]
    maker: Assign
    type: Type


class Kept:
    """The arrays and lists of a function that keep values, and how those are made that are left."""

    def __init__(self, function: Function, types: dict[str, Type], wished: dict[str, str], tapes: Set[str]) -> None:
        self.function, self.types, self.wished = function, types, wished
        self.fresh = Fresh(mentioned(function.body) | {p.name for p in function.params})
        made = [(s.target.id, s) for s in function.body if isinstance(s, Assign) and isinstance(s.target, Name)]
        self.rows: dict[str, Row] = {}
        self.makers: dict[str, Assign | None] = {name: s for name, s in made if name in tapes}

    def applied(self, body: Block) -> Block:
        """The function's body with what makes the arrays and lists that are left."""
        out: list[Stmt] = []
        for s in body:
            name = s.target.id if isinstance(s, Assign) and isinstance(s.target, Name) else ""
            made = self.makers.get(name, s)
            out += [made] if made is not None else []
        return tuple(out)

    def whole_again(self, body: Block) -> Block:
        """A block with the arrays as they were of which one row is left: for trips that run at the same time."""
        left = {name: row for name, row in self.rows.items() if self.makers[name] is not None}
        for name, row in left.items():
            self.makers[name], self.types[name] = row.maker, row.type

        def expr(e: Expr) -> Expr:
            match e:
                case Item(base=Name(id=name)) if name in left:
                    rest = () if e.index == Const(Ellipsis) else tuple(map(expr, parts(e)))
                    index = (*left[name].counters, *rest)
                    return Item(e.base, index[0] if len(index) == 1 else Display("tuple", index))
                case Name(id=name) if name in left:
                    return expr(Item(e, Const(Ellipsis)))
            return rebuild(e, expr)

        def stmt(s: Stmt) -> Stmt:
            if isinstance(s, Assign) and isinstance(s.target, Name) and s.target.id in left:
                return s
            return map_stmt(s, expr, lambda b: tuple(map(stmt, b)))

        return tuple(map(stmt, body))

    def for_one_trip(self, tape: str, loop: For) -> For:
        """A loop that keeps in a variable, or in one row, what an array or list has kept for all trips."""
        type_, made = self.types[tape], self.makers.get(tape)
        if made is None:
            return loop
        is_list = isinstance(type_, ListOf)
        if is_list and not is_once(tape, loop.body):
            return loop
        found = self.at_hand(tape, loop)
        if found is None and (is_list or (isinstance(type_, Num) and type_.ndim == 1)):
            found = replaced(loop, tape, self.variable(tape, type_))
        if found is not None:
            self.makers[tape] = None
            return found
        shorter = _rest(made)
        if shorter is None or not isinstance(type_, Num) or type_.ndim is None:
            return loop
        assert isinstance(loop.target, Name)
        row = self.rows.get(tape, Row((), made, type_))
        self.rows[tape] = row._replace(counters=(*row.counters, loop.target))
        self.makers[tape] = shorter
        self.types[tape] = replace(type_, ndim=type_.ndim - 1, shape=type_.shape[1:])
        return replaced(loop, tape, Name(tape))

    def at_hand(self, tape: str, loop: For) -> For | None:
        """The loop that reads what is kept where it was kept from, if that is still there."""
        is_list = isinstance(self.types[tape], ListOf)
        place: Expr = Call(POP, (Name(tape),)) if is_list else Item(Name(tape), loop.target)
        stores = [v for s in statements(loop.body) if (v := _kept(s, tape)) is not None]
        where = _path(loop.body, tape)
        if len(stores) != 1 or where is None or not isinstance(kept := stores[0], Name):
            return None
        behind = _behind(loop.body, where)
        last = max((k for k, s in enumerate(behind) if tape in mentioned((s,))), default=-1)
        rest = _without_returns(behind, kept, place)
        if kept.id in assigned(_without_returns(behind[: last + 1], kept, place)):
            return None
        if not is_list and not self.lasts(kept.id, rest):
            return None
        body = _without_returns(_without_store(loop.body, tape), kept, place)
        again = [s for s in statements(body) if isinstance(s, Assign) and s.value == place]
        match again:
            case [Assign(target=Name(id=name))] if _bindings(body)[name] == 1 and kept.id not in assigned(rest):
                body = rename(_without_returns(body, Name(name), place), {name: kept.id})
            case _:
                pass
        return replaced(replace(loop, body=body), tape, kept)

    def lasts(self, name: str, later: Block) -> bool:
        """Whether no statement changes what an array holds."""
        type_ = self.types.get(name)
        if isinstance(type_, Num) and type_.ndim == 0:
            return True
        storage = Storage(self.function, self.types)
        return not any(a.kind != "read" and storage.find(a.name) == storage.find(name) for a in storage.accesses(later))

    def another(self, name: str) -> str:
        """Another variable like this one."""
        other = self.fresh(self.wished.get(name, name))
        self.wished[other], self.types[other] = self.wished.get(name, name), self.types[name]
        return other

    def variable(self, tape: str, type_: Type) -> Name:
        """A variable for what an array or a list has kept."""
        wish = self.wished.get(tape, tape).removesuffix("_tape") + "_was"
        name = self.fresh(wish)
        self.wished[name] = wish
        if isinstance(type_, ListOf):
            assert type_.item is not None
            self.types[name] = type_.item
        else:
            assert isinstance(type_, Num)
            self.types[name] = replace(type_, ndim=0, shape=(), contiguous=False)
        return Name(name)


def replaced(loop: For, tape: str, by: Name) -> For:
    """A loop in which a variable stands for what of a tape belongs to a trip."""

    def expr(e: Expr) -> Expr:
        if isinstance(e, Item) and e.base == Name(tape):
            rest = tuple(map(expr, parts(e)[1:]))
            return by if not rest else Item(by, rest[0] if len(rest) == 1 else Display("tuple", rest))
        return by if e == Call(POP, (Name(tape),)) else rebuild(e, expr)

    def stmt(s: Stmt) -> Stmt:
        kept = _kept(s, tape)
        if kept is not None and isinstance(s, Assign | Effect):
            place = Item(by, Const(Ellipsis)) if by.id == tape else by
            return Assign(place, expr(kept), s.origin, s.adjoint_of)
        return map_stmt(s, expr, lambda b: tuple(map(stmt, b)))

    return replace(loop, body=tuple(map(stmt, loop.body)))


def _kept(s: Stmt, tape: str) -> Expr | None:
    """What a statement keeps on a tape, in an element or row of it that has one index, or on the list."""
    match s:
        case Assign(target=Item(base=Name(id=name), index=index), value=value) if name == tape:
            return None if isinstance(index, Display) else value
        case Effect(value=Call(args=(Name(id=name), value)) as push) if name == tape and is_call_of(push, list.append):
            return value
    return None


def _path(block: Block, tape: str) -> tuple[tuple[int, int], ...] | None:
    """Where the only statement stands that keeps something on a tape, in no loop: places in blocks, and sides of
    branches."""
    for k, s in enumerate(block):
        if _kept(s, tape) is not None:
            return ((k, 0),)
        if isinstance(s, If):
            for side, inner in enumerate((s.body, s.orelse)):
                found = _path(inner, tape)
                if found is not None:
                    return ((k, side), *found)
    return None


def _behind(block: Block, path: tuple[tuple[int, int], ...]) -> Block:
    """All that comes after a statement on its own trip."""
    k, side = path[0]
    s = block[k]
    inner = _behind((s.body, s.orelse)[side], path[1:]) if isinstance(s, If) and path[1:] else ()
    return (*inner, *block[k + 1 :])


def _without_store(block: Block, tape: str) -> Block:
    kept = (s for s in block if _kept(s, tape) is None)
    return tuple(map_stmt(s, lambda e: e, lambda b: _without_store(b, tape)) for s in kept)


def is_conditional(tape: str, body: Block) -> bool:
    """Whether some trips may keep nothing."""
    return not any(_kept(s, tape) is not None for s in body)


def is_once(tape: str, body: Block) -> bool:
    """Whether a trip puts one value at most onto a list."""
    return len([e for e in _all(body) if e == Name(tape)]) == 2 and not any(
        tape in mentioned((s,)) for s in statements(body) if isinstance(s, For | While)
    )


def _bindings(block: Block) -> Counter[str]:
    return Counter(n for s in statements(block) if isinstance(s, Assign | For) for n in targets(s.target))


def _without_returns(block: Block, name: Name, place: Expr) -> Block:
    """A block without the statements that give a variable the value that is kept."""
    back = Assign(name, place)
    return tuple(map_stmt(s, lambda e: e, lambda b: _without_returns(b, name, place)) for s in block if s != back)


def _all(block: Block) -> list[Expr]:
    return [e for s in statements(block) for top in expressions(s) for e in subexprs(top)]


def _array(e: Expr) -> str:
    """The array that an expression is a part of; "" where it is none."""
    return e.base.id if isinstance(e, Item) and isinstance(e.base, Name) else ""


def _rest(made: Assign) -> Assign | None:
    """The statement that makes an array without its first axis."""
    if not (isinstance(made.value, Call) and is_call_of(made.value, np.empty)):
        return None
    shape = made.value.args[0]
    if not isinstance(shape, Display):
        return None
    lengths = shape.items[1:]
    first = lengths[0] if len(lengths) == 1 else Display("tuple", lengths)
    return replace(made, value=replace(made.value, args=(first, *made.value.args[1:])))
