"""Statements that go through an array backwards while their loop goes forward, turned round.

in:   for i in range(k):                          out:  for i in range(k):
          r_bar[k - 1 - i] += y[i] * s_bar                  r_bar[i] += y[k - 1 - i] * s_bar
          y_bar[i] += r[k - 1 - i] * s_bar                  y_bar[i] += r[k - 1 - i] * s_bar

What several elements at a time are added to has to lie in the order of the loop: reading the other way round costs
little, reading, adding and writing several times as much. A statement may be turned if the trips are independent and
no other statement of the loop has a part in what it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..analysis.affine import Form, affine, combined, constant, difference
from ..ir.nodes import (
    Assign,
    Block,
    Call,
    Comment,
    Const,
    Display,
    Expr,
    For,
    Function,
    Item,
    Name,
    Stmt,
    Update,
    While,
)
from ..ir.types import Type
from ..ir.walk import assigned, expressions, map_stmt, names, rebuild
from ..normalise.iteration import minus, range_bounds
from .dead import Liveness
from .independence import Nest, Sums
from .lowering.effects import summary
from .storage import Storage, parts


def turned_round(function: Function, types: dict[str, Type]) -> Function:
    """The function with such statements turned round."""
    body, _ = _Mirrors(function, types).block(function.body, set())
    return replace(function, body=body)


class _Mirrors(Liveness):
    """A walk that knows at each loop what is read after it."""

    decides = True

    def __init__(self, function: Function, types: dict[str, Type]) -> None:
        super().__init__(types, set())
        self.storage = Storage(function, types)
        self.around: tuple[For | While, ...] = ()  # the loops that the walk is in

    def loop(self, s: For | While, live: set[str]) -> tuple[list[Stmt], set[str]]:
        self.around = (*self.around, s)
        found, head = super().loop(s, live)
        self.around = self.around[:-1]
        if not self.settling:
            found = [self.round(t, live) if isinstance(t, For) else t for t in found]
        return found, head

    def round(self, s: For, live: set[str]) -> For:
        mirror = _mirror(s)
        if mirror is None or not all(isinstance(t, Assign | Update | Comment) for t in s.body):
            return s
        groups = [g for g in self.groups(s.body) if mirror.turns([s.body[k] for k in g])]
        if not groups or not isinstance(Nest(s, live, self.types, self.storage, self.around).verdict(), Sums):
            return s
        chosen = {k for g in groups for k in g}
        return replace(s, body=tuple(mirror.turned(t) if k in chosen else t for k, t in enumerate(s.body)))

    def groups(self, body: Block) -> list[list[int]]:
        """The statements in groups that have nothing to do with each other."""
        effects = [summary(s, self.storage) for s in body]
        groups: list[list[int]] = []
        for k, effect in enumerate(effects):
            apart = [g for g in groups if all(effect.commutes(effects[j]) for j in g)]
            mine = [j for g in groups if g not in apart for j in g]
            groups = [*apart, sorted([*mine, k])]
        return groups


def _mirror(s: For) -> _Mirror | None:
    """The places of a loop over `range(n)`, if nothing in it changes them."""
    if not isinstance(s.target, Name) or not isinstance(s.iter, Call):
        return None
    start, stop, step = range_bounds(s.iter)
    if start != Const(0) or step != Const(1) or {s.target.id, *names(stop)} & assigned(s.body):
        return None
    length = _form(stop)
    return None if length is None else _Mirror(s.target, stop, length)


class _Mirror:
    """What is at the counter's place counted from the other end: `length - 1 - counter`."""

    def __init__(self, counter: Name, stop: Expr, length: Form) -> None:
        self.counter = counter
        self.opposite = minus(minus(stop, Const(1)), counter)
        self.form = difference(combined(length, 1, constant(1), -1), {counter.id: 1})

    def is_opposite(self, e: Expr) -> bool:
        form = _form(e)
        return form is not None and form == self.form

    def turns(self, group: Sequence[Stmt]) -> bool:
        """Whether statements add to places counted from the other end, and mention the counter in no other way."""
        added = [s.target for s in group if isinstance(s, Update)]
        if not added or not all(isinstance(t, Item) and self.is_opposite(parts(t)[-1]) for t in added):
            return False
        return all(self.is_plain(e) for s in group for e in expressions(s))

    def is_plain(self, e: Expr) -> bool:
        """Whether the counter is mentioned as an index of an array alone, by itself or counted from the other end."""
        if self.counter.id not in names(e):
            return True
        if isinstance(e, Item) and isinstance(e.base, Name):
            return all(p == self.counter or self.is_opposite(p) or self.counter.id not in names(p) for p in parts(e))
        return isinstance(e, Call) and all(map(self.is_plain, e.args)) and not e.kwargs

    def turned(self, s: Stmt) -> Stmt:
        def expr(e: Expr) -> Expr:
            if isinstance(e, Item) and isinstance(e.base, Name):
                index = tuple(map(self.other, parts(e)))
                return replace(e, index=Display("tuple", index) if isinstance(e.index, Display) else index[0])
            return rebuild(e, expr)

        return map_stmt(s, expr, lambda block: block)

    def other(self, part: Expr) -> Expr:
        if part == self.counter:
            return self.opposite
        return self.counter if self.is_opposite(part) else part


def _form(e: Expr) -> Form | None:
    """The form of a whole number in variables; lengths of arrays are variables, too."""
    return affine(e, lambda v: v.id if isinstance(v, Name) else v)
