"""Arrays of which each trip of a loop needs one row, as that row.

in:   e = np.empty((n, m))               out:  e = np.empty(m)
      for i in range(n):                       for i in range(n):
          for j in range(m):                       for j in range(m):
              e[i, j] = np.exp(x[i, j])                e[j] = np.exp(x[i, j])
          for j in range(m):                       for j in range(m):
              y[i, j] = e[i, j] / total                y[i, j] = e[j] / total

A row stays in the fastest memory; the whole array may be larger than any of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from ...ir.nodes import Assign, Block, Call, Const, Display, Expr, For, Item, Name, Object, Stmt
from ...ir.types import Num
from ...ir.walk import expressions, is_call_of, map_stmt, rebuild, statements, subexprs
from ..storage import parts
from .site import SHAPE, Context

_EMPTY = Object(np.empty, "np.empty")


def in_rows(context: Context, body: Block) -> Block:
    """A function's body with the arrays that lowering has made without the axes that a loop around all their uses goes
    along. Every element is written before it is read, so that each trip of that loop writes the row it reads."""
    uses = Counter(e.id for e in _all(body) if isinstance(e, Name))
    found: set[str] = set()
    for loop in (s for s in statements(body) if isinstance(s, For) and isinstance(s.target, Name)):
        assert isinstance(loop.target, Name)
        if loop.target.id in context.counters:
            inside = Counter(filter(None, (_array(e, loop.target) for e in _all(loop.body))))
            found |= {n for n, count in inside.items() if n in context.buffers and uses[n] == count + 1} - found
    made = {s.target.id: s for s in statements(body) if isinstance(s, Assign) and isinstance(s.target, Name)}
    shapes = {n: _rest(made[n].value, context) for n in found if n in made}
    shorter = {n: shape for n, shape in shapes.items() if shape is not None}
    if not shorter:
        return body
    for n in shorter:
        type_ = context.types[n]
        assert isinstance(type_, Num)
        assert type_.ndim is not None
        context.types[n] = replace(type_, ndim=type_.ndim - 1, shape=type_.shape[1:])
    return in_rows(context, _shortened(body, shorter))


def _all(block: Block) -> list[Expr]:
    return [e for s in statements(block) for top in expressions(s) for e in subexprs(top)]


def _array(e: Expr, counter: Name) -> str:
    """The array of two axes or more of which this is an element in the row of a counter; "" where it is none."""
    match e:
        case Item(base=Name(id=name)) if parts(e)[0] == counter and len(parts(e)) > 1:
            return name
    return ""


def _rest(made: Expr, context: Context) -> Expr | None:
    """How an array is made without its first axis."""
    if is_call_of(made, np.empty) and isinstance(made, Call) and isinstance(made.args[0], Display):
        lengths = made.args[0].items[1:]
        shape = lengths[0] if len(lengths) == 1 else Display("tuple", lengths)
        return replace(made, args=(shape, *made.args[1:]))
    if is_call_of(made, np.empty_like) and isinstance(made, Call) and isinstance(made.args[0], Name):
        like = context.types.get(made.args[0].id)
        if isinstance(like, Num) and like.ndim and like.dtype == "float64":
            lengths = tuple(Item(Call(SHAPE, made.args), Const(k)) for k in range(1, like.ndim))
            return Call(_EMPTY, (lengths[0] if len(lengths) == 1 else Display("tuple", lengths),))
    return None


def _shortened(body: Block, shorter: dict[str, Expr]) -> Block:
    def expr(e: Expr) -> Expr:
        match e:
            case Item(base=Name(id=name)) if name in shorter:
                rest = parts(e)[1:]
                return replace(e, index=rest[0] if len(rest) == 1 else Display("tuple", rest))
        return rebuild(e, expr)

    def statement(s: Stmt) -> Stmt:
        if isinstance(s, Assign) and isinstance(s.target, Name) and s.target.id in shorter:
            return replace(s, value=shorter[s.target.id])
        return map_stmt(s, expr, lambda b: tuple(map(statement, b)))

    return tuple(map(statement, body))
