"""Statements that nothing depends on.

in:   s = s + x[i]; x_bar[i] += g        out:  x_bar[i] += g
      (s is read nowhere)

A backward walk with the set of live variables; arrays and lists that are only ever written go with all their writes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..ir.callee import called, helper_of, is_opaque
from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Display,
    Effect,
    Expr,
    For,
    Function,
    If,
    Item,
    Name,
    Object,
    Raise,
    Return,
    Stmt,
    Update,
    While,
)
from ..ir.types import Num, Type
from ..ir.walk import expressions, is_call_of, names, statements, subexprs, target_reads, targets
from ..normalise.attempts import is_attempt
from ..normalise.exits import negated
from ..rules.effects import effect_of

_FRESH = (np.empty, np.zeros, np.ones, np.full, np.zeros_like, np.ones_like, np.empty_like, np.copy, np.ndarray.copy)


def drop_dead(function: Function, types: dict[str, Type]) -> Function:
    """The function without the statements whose effect nobody sees; repeated until nothing more goes."""
    body = function.body
    while True:
        written = _write_only(body, types)
        new, _ = Liveness(types, written).block(body, set())
        if new is body:
            return function if body is function.body else replace(function, body=body)
        body = new


def _write_only(body: Block, types: dict[str, Type]) -> set[str]:
    """Local arrays and lists of their own that are never read: only made, stored into, appended to."""
    made: set[str] = set()
    read: set[str] = set()
    for s in statements(body):
        match s:
            case Assign(target=Name(id=name), value=value):
                read |= names(value)
                if _is_made(value):
                    made.add(name)
                else:
                    read.add(name)
            case Assign(target=Item(base=Name(), index=index)) | Update(target=Item(base=Name(), index=index)):
                read |= names(index) | names(s.value)
            case Update(target=Name(id=name)) if _is_array(types.get(name)):
                read |= names(s.value)
            case Effect(value=Call(args=(Name(), item)) as call) if is_call_of(call, list.append):
                read |= names(item)
            case Effect(value=Call(args=(Name(),)) as call) if is_call_of(call, list.pop):
                pass
            case _:
                for e in expressions(s):
                    read |= names(e)
    return made - read


def _is_made(e: Expr) -> bool:
    if isinstance(e, Display) and e.kind == "list":
        return True
    return isinstance(e, Call) and isinstance(e.func, Object) and e.func.value in _FRESH


def _is_array(type_: Type | None) -> bool:
    return isinstance(type_, Num) and type_.ndim != 0


def has_effect(e: Expr) -> bool:
    """Whether evaluating the expression changes something: a list, an array, or what effects change."""
    return any(
        is_call_of(part, list.pop, list.append) or effect_of(part) is not None or is_opaque(part) or _has_effect(part)
        for part in subexprs(e)
        if type(part) is Call  # (asked of every expression again and again: nothing else has one)
    )


def _is_pure_call(e: Expr) -> bool:
    """Whether this is a call of a recursive function, or of one derived from it, that changes nothing."""
    return (called(e) is not None and not is_opaque(e)) or (helper_of(e) is not None and not _has_effect(e))


def _has_effect(e: Expr) -> bool:
    helper = helper_of(e)
    return helper is not None and helper.has_effect


def live_on_entry(block: Block, types: dict[str, Type]) -> set[str]:
    """The variables that a block, which ends in `return`, reads before it assigns them."""
    body = drop_dead(Function("", (), block), types).body
    return Liveness(types, _write_only(body, types)).block(body, set())[1]


class Liveness:
    """A backward walk with the set of live variables that leaves out what nobody reads. What stays as it is stays the
    same object.

    Through the body of a loop it goes until it knows what is live ahead of a trip. A walk that `decides` something at
    each loop goes through it once more then, and looks at the loops in it in this last round only."""

    decides = False

    def __init__(self, types: dict[str, Type], write_only: set[str]) -> None:
        self.types, self.write_only = types, write_only
        self.breaks: list[set[str]] = []
        self.attempting = False  # inside `try`, where every statement may be the one that fails
        self.heads: dict[int, tuple[set[str], set[str]]] = {}  # what was live behind loops, and ahead of a trip
        self.settling = 0  # loops of which it is not known yet what is live ahead of a trip

    def block(self, block: Block, behind: set[str]) -> tuple[Block, set[str]]:
        out: list[Stmt] = []
        live = set(behind)
        ends = [k for k, s in enumerate(block) if isinstance(s, Raise)]
        block = block[: ends[0] + 1] if ends else block
        for s in reversed(block):
            out.extend(reversed(self.statement(s, live)))
        out.reverse()
        same = len(out) == len(block) and all(a is b for a, b in zip(out, block, strict=True))
        return (block if same else tuple(out)), live

    def statement(self, s: Stmt, live: set[str]) -> list[Stmt]:
        """What stays of a statement. `live` is what is live behind it, and becomes what is live ahead of it."""
        match s:
            case Assign():
                return self.assign(s, live)
            case Update(target=Name(id=name)):
                if name in self.write_only or (name not in live and not _is_array(self.types.get(name))):
                    return []
                live.add(name)
            case Update(target=target):
                if names(target) & self.write_only and _base(target) in self.write_only:
                    return []
                live |= names(target)
            case Effect(value=Call(args=(Name(id=name), *_))) if name in self.write_only:
                return []
            case Effect(value=value) if _is_pure_call(value):
                return []
            case If():
                return self.branch(s, live)
            case For() | While():
                found, ahead = self.loop(s, live)
                _become(live, ahead)
                return found
            case Break():
                _become(live, self.breaks[-1])
            case Return() | Raise():
                live.clear()
        for e in (
            expressions(s) if isinstance(s, Raise | Return) else (s.value,) if isinstance(s, Update | Effect) else ()
        ):
            live |= names(e)
        return [s]

    def assign(self, s: Assign, live: set[str]) -> list[Stmt]:
        if isinstance(s.target, Item):
            if _base(s.target) in self.write_only and not has_effect(s.value):
                return []
            live |= target_reads(s.target) | names(s.value)
            return [s]
        bound = set(targets(s.target))
        if not bound & live and not self.attempting:
            if not has_effect(s.value):
                return []
            if isinstance(s.value, Call):
                live |= names(s.value)
                return [Effect(s.value, s.origin, s.adjoint_of)]
        if isinstance(s.target, Display) and isinstance(s.value, Display) and not (bound <= live or self.attempting):
            pairs = [
                (t, v)
                for t, v in zip(s.target.items, s.value.items, strict=True)
                if set(targets(t)) & live or has_effect(v)
            ]
            left, right = (tuple(side) for side in zip(*pairs, strict=True))
            if len(pairs) == 1:
                s = replace(s, target=left[0], value=right[0])
            else:
                s = replace(s, target=Display("tuple", left), value=Display("tuple", right))
        live -= bound
        live |= names(s.value)
        return [s]

    def branch(self, s: If, live: set[str]) -> list[Stmt]:
        outer, self.attempting = self.attempting, self.attempting or is_attempt(s)
        body, a = self.block(s.body, live)
        self.attempting = outer
        orelse, b = self.block(s.orelse, live)
        if not body and not orelse:
            if not has_effect(s.test):
                return []
            live |= names(s.test)
            return [Effect(s.test, s.origin)]
        if body:
            live.clear()
            live |= a
        live |= b
        live |= names(s.test)
        if not body:
            return [replace(s, test=negated(s.test), body=orelse, orelse=())]
        return [s if body is s.body and orelse is s.orelse else replace(s, body=body, orelse=orelse)]

    def loop(self, s: For | While, live: set[str]) -> tuple[list[Stmt], set[str]]:
        head = set(live)
        behind, ahead = self.heads.get(id(s), (head, head))
        if behind <= live:  # (the loop around it is walked again, with more that is live: so is all that was)
            head |= ahead
        own = set(targets(s.target)) if isinstance(s, For) else set()
        around = names(s.iter) if isinstance(s, For) else names(s.test)
        at_test = set() if isinstance(s, For) else around
        self.breaks.append(set(live))
        self.settling += 1
        while True:
            body, entry = self.block(s.body, head | at_test)
            new = head | (entry - own) | at_test
            if new == head:
                break
            head = new
        self.settling -= 1
        if self.decides and not self.settling:
            body, _ = self.block(s.body, head | at_test)
        self.breaks.pop()
        self.heads[id(s)] = (set(live), head)
        if isinstance(s, For) and not body and not own & live:
            return [], live
        return [s if body is s.body else replace(s, body=body)], head | around


def _become(live: set[str], other: set[str]) -> None:
    live &= other  # (not cleared: they may be the same set)
    live |= other


def _base(place: Expr) -> str | None:
    while isinstance(place, Item):
        place = place.base
    return place.id if isinstance(place, Name) else None
