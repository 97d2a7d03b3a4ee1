"""Rows of tapes that nobody reads back, as arrays of the trip that makes them.

in:   y_tape = np.empty((max(n, 0), m))      out:  for k in range(n):
      for k in range(n):                               y = np.empty(m)
          y = y_tape[k]                                for i in range(m):
          for i in range(m):                               y[i] = np.exp(x[i])
              y[i] = np.exp(x[i])

Whether the reverse sweep needs an array, or only its lengths, shows when its statements are loops: by then the array
is made on its tape.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from ...ir.nodes import Assign, Block, Call, Display, Expr, Function, Item, Name, Stmt
from ...ir.walk import expressions, is_call_of, map_stmt, names, statements, subexprs
from ..storage import parts
from .site import Context


def without_unread_tapes(context: Context, function: Function) -> Function:
    """The function without the tapes whose rows are only named where they are made. What was in a row before is never
    read, so that it may be memory of the trip's own; lowering may make a number of it like of any array it has made."""
    mentions = Counter(
        e.id for s in statements(function.body) for top in expressions(s) for e in subexprs(top) if isinstance(e, Name)
    )
    tapes = {
        s.target.id: s.value
        for s in function.body
        if isinstance(s, Assign) and isinstance(s.target, Name) and is_call_of(s.value, np.empty)
    }
    rows: dict[Expr, Expr] = {}
    for s in statements(function.body):
        match s:
            case Assign(target=Name(id=row), value=Item(base=Name(id=tape)) as place):
                made = _row(tapes[tape], place, context) if tape in tapes and mentions[tape] == 2 else None
                if made is not None:
                    rows[place] = made
                    context.buffers.add(row)
    return replace(function, body=_replaced(function.body, rows)) if rows else function


def _row(tape: Expr, place: Item, context: Context) -> Expr | None:
    """A new array like a row of a tape, if its lengths are still what they were where the tape was made."""
    match tape:
        case Call(args=(Display(items=lengths), *_)) if len(parts(place)) < len(lengths):
            rest = lengths[len(parts(place)) :]
            if all(names(e) <= context.lasting for e in rest):
                return replace(tape, args=(rest[0] if len(rest) == 1 else Display("tuple", rest), *tape.args[1:]))
    return None


def _replaced(body: Block, rows: dict[Expr, Expr]) -> Block:
    gone = [place.base for place in rows if isinstance(place, Item)]

    def statement(s: Stmt) -> Stmt:
        if isinstance(s, Assign) and s.value in rows:
            return replace(s, value=rows[s.value])
        return map_stmt(s, lambda e: e, block)

    def block(b: Block) -> Block:
        return tuple(statement(s) for s in b if not (isinstance(s, Assign) and s.target in gone))

    return block(body)
