"""Names that keep what is read in its place are dropped where nothing changes before they are read.

in:   kept = a                           out:  b = f(a)
      b = f(kept)

in:   middle = x[i]                      out:  if 0.0 < x[i] < 1.0:
      if 0.0 < middle < 1.0:

The walk keeps a value under a name wherever a later part of the same statement may change what it is made of. Only
afterwards is it known whether one does.
"""

from __future__ import annotations

import operator
from collections import Counter
from dataclasses import replace
from itertools import pairwise

from ..ir.callee import called
from ..ir.nodes import (
    Assign,
    Attr,
    Block,
    Call,
    Closure,
    Comprehension,
    Effect,
    Expr,
    For,
    Function,
    Item,
    Logic,
    Name,
    Object,
    Stmt,
    Update,
    While,
)
from ..ir.types import Num
from ..ir.walk import assigned, expressions, is_call_of, map_stmt, names, statements, subexprs, substitute
from ..rules import rule_of
from ..rules.effects import effect_of
from .state import State


def without_copies(function: Function, state: State) -> Function:
    """The function without those of the variables that the walk has kept which stand for something that stays as it
    is."""
    return replace(function, body=_Copies(function.body, state).block(function.body)) if state.kept else function


class _Copies:
    def __init__(self, body: Block, state: State) -> None:
        self.kept = state.kept
        self.numbers = {n for n, t in state.env.items() if isinstance(t, Num) and t.ndim == 0}
        self.uses: Counter[str] = Counter(
            n.id for s in statements(body) for e in expressions(s) for n in subexprs(e) if isinstance(n, Name)
        )

    def block(self, block: Block) -> Block:
        out = [map_stmt(s, lambda e: e, self.block) for s in block]
        place = 0
        while place < len(out):
            found = self.without(out, place)
            out, place = (out, place + 1) if found is None else (found, place)
        return tuple(out)

    def without(self, out: list[Stmt], place: int) -> list[Stmt] | None:
        """The statements without the one at that place, if it only keeps what is there anyway."""
        s = out[place]
        if not isinstance(s, Assign) or not isinstance(s.target, Name) or s.target.id not in self.kept:
            return None
        name, value = s.target.id, s.value
        rest = out[place + 1 :]
        counts = [_count(later, name) for later in rest]
        if sum(counts) + 1 != self.uses[name] or name in assigned(tuple(rest)):
            return None  # it is read elsewhere, too
        until = rest[: max((k + 1 for k, count in enumerate(counts) if count), default=0)]
        if isinstance(value, Name):
            if value.id in assigned(tuple(until)):
                return None
        else:
            once = sum(counts) == 1 or (sum(counts) == 2 and _is_middle(until[-1], name) and _is_repeatable(value))
            if not once or not _is_read_by(until[-1], name) or not self.is_still(value, until[:-1]):
                return None
        table = {name: value}
        changed = [_replaced(later, table) for later in until]
        return [*out[:place], *changed, *rest[len(until) :]]

    def is_still(self, value: Expr, between: list[Stmt]) -> bool:
        """Whether a value is the same behind some statements as in front of them."""
        return not names(value) & assigned(tuple(between)) and not any(map(self.may_write, between))

    def may_write(self, s: Stmt) -> bool:
        """Whether a statement may change what an array or a list holds, or has another effect."""
        for i in statements((s,)):
            if isinstance(i, Update) and isinstance(i.target, Name) and i.target.id in self.numbers:
                continue
            if isinstance(i, Update | Effect) or (isinstance(i, Assign) and isinstance(i.target, Item)):
                return True
            if isinstance(i, Assign) and (is_call_of(i.value, list.pop) or called(i.value) is not None):
                return True
        return False


def _count(s: Stmt, name: str) -> int:
    return sum(1 for i in statements((s,)) for e in expressions(i) for n in subexprs(e) if n == Name(name))


def _is_read_by(s: Stmt, name: str) -> bool:
    """Whether a simple statement reads a variable, or the head of another one does once."""
    simple = not isinstance(s, For | While)
    return simple and any(n == Name(name) for e in expressions(s) for n in subexprs(e))


def _is_middle(s: Stmt, name: str) -> bool:
    """Whether a statement reads a variable as the middle of one chained comparison: it is evaluated once there."""
    for chain in (e for top in expressions(s) for e in subexprs(top) if isinstance(e, Logic) and e.op == "and"):
        for left, right in pairwise(chain.values):
            if _compares(left, 1, name) and _compares(right, 0, name):
                return True
    return False


def _compares(e: Expr, place: int, name: str) -> bool:
    return is_call_of(e, *_ORDERS) and isinstance(e, Call) and e.args[place] == Name(name)


_ORDERS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)


def _is_repeatable(e: Expr) -> bool:
    """Whether an expression is made of elements, slices and arithmetic. (By now no item is one of a class of the
    user's.)"""
    for part in subexprs(e):
        if isinstance(part, Attr | Closure | Comprehension):
            return False
        if isinstance(part, Call):
            rule = rule_of(part.func.value) if isinstance(part.func, Object) else None
            if rule is None or rule.kind != "partials" or effect_of(part) is not None:
                return False
    return True


def _replaced(s: Stmt, table: dict[str, Expr]) -> Stmt:
    return map_stmt(s, lambda e: substitute(e, table), lambda b: tuple(_replaced(i, table) for i in b))
