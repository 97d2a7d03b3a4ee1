"""Sums of an innermost loop whose terms may come in any order, written so that a compiler may take several at a time.

in:   for i in range(n):                      out:  for i in range(n):
          w_bar += y_bar[i] * x[i]                      w_bar = added(w_bar, y_bar[i] * x[i])

A chain of additions in their order takes four cycles for each; NumPy does not keep to the order either. These are the
sums that `np.sum` stands for, and adjoints that are added up; what the user's program adds up itself stays in order.
"""

from __future__ import annotations

import operator
from collections.abc import Set
from dataclasses import replace

from ..derive.terms import negative
from ..ir.nodes import Assign, Block, Call, Expr, For, Function, Item, Name, Object, Stmt, Update, While
from ..ir.types import Num, Type
from ..ir.walk import children, map_stmt, statements
from ..runtime import added
from .independence import is_sum
from .storage import parts

ADDED = Object(added, "added")


def in_any_order(function: Function, types: dict[str, Type], own: Set[str]) -> Function:
    """The function with its sums marked; `own` are the counters of loops that stand for array statements."""

    def block(b: Block) -> Block:
        return tuple(loop(s) if isinstance(s, For) else map_stmt(s, lambda e: e, block) for s in b)

    def loop(s: For) -> Stmt:
        if any(isinstance(i, For | While) for i in statements(s.body)):
            return replace(s, body=block(s.body))
        is_own = isinstance(s.target, Name) and s.target.id in own
        return replace(s, body=tuple(_marked(i, s.body, types) if is_own or i.adjoint_of else i for i in s.body))

    return replace(function, body=block(function.body))


def _marked(s: Stmt, body: Block, types: dict[str, Type]) -> Stmt:
    match s:
        case Update(target=Name(id=name) as total, op=op, value=value) if op.value in (operator.add, operator.sub):
            type_ = types.get(name)
            if not isinstance(type_, Num) or type_.ndim != 0 or not type_.is_float or not is_sum(body, name):
                return s
            if not _is_of_numbers(value, types):
                return s  # what takes the time is in the call that the term comes from
            term = value if op.value is operator.add else negative(value)
            return Assign(total, Call(ADDED, (total, term)), s.origin, s.adjoint_of)
    return s


def _is_of_numbers(e: Expr, types: dict[str, Type]) -> bool:
    """Whether an expression is made of numbers and elements of arrays."""
    match e:
        case Name(id=name):
            type_ = types.get(name)
            return isinstance(type_, Num) and type_.ndim == 0
        case Item(base=Name(id=name)):
            type_ = types.get(name)
            return isinstance(type_, Num) and type_.ndim == len(parts(e))
    return all(_is_of_numbers(part, types) for part in children(e))
