"""Iterators under a name that is read once, put where they are read.

in:   squares = map(square, x)           out:  for v in map(square, x):
      for v in squares:                            s = s + v
          s = s + v

The elements are made when they are asked for, so nothing is moved by that, as long as the iterator means the same
there.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.nodes import Assign, Block, Call, Closure, Comprehension, Effect, Expr, For, If, Name, Return, Stmt, Update
from ..ir.walk import assigned, blocks, expressions, names, statements, subexprs, substitute
from .generators import changed_names, free_names, is_iterator


def put_in_place(block: Block, function: Block) -> Block:
    """The block of a function without iterators under names, where that can be seen to mean the same."""
    if not any(isinstance(s, Assign) and isinstance(s.target, Name) and is_iterator(s.value) for s in block):
        return block
    out = list(block)
    for s in block:
        if not isinstance(s, Assign) or not isinstance(s.target, Name) or not is_iterator(s.value):
            continue
        name, value = s.target.id, s.value
        here = next(k for k, other in enumerate(out) if other is s)
        place = next((k for k in range(here + 1, len(out)) if _mentions(out[k], name)), None)
        if place is None or sum(_count(i, name) for i in statements(function)) != 2:
            continue  # with the assignment itself
        if _stays(value, out[here + 1 : place]) and _reads_itself(out[place], name):
            out[place] = _with(out[place], name, value)
            del out[here]
    return tuple(out)


def _count(s: Stmt, name: str) -> int:
    return sum(_is(e, name) for top in expressions(s) for e in subexprs(top))


def _is(e: Expr, name: str) -> bool:
    if isinstance(e, Closure):
        return name in e.free or name in e.nonlocals
    return e == Name(name)


def _mentions(s: Stmt, name: str) -> bool:
    return any(_count(i, name) for i in statements((s,)))


def _stays(value: Expr, between: list[Stmt]) -> bool:
    """Whether an iterator stands for the same behind some statements as in front of them."""
    free = free_names(value)
    changed = {n for i in statements(tuple(between)) for n in changed_names(i)} | assigned(tuple(between))
    calls = (e for i in statements(tuple(between)) for top in expressions(i) for e in subexprs(top))
    return not free & changed and not any(isinstance(e, Call) and free & names(e) for e in calls)


def _reads_itself(s: Stmt, name: str) -> bool:
    """Whether a statement reads a name when it begins, and once: not in its blocks, nor in what it defines."""
    if any(_mentions(i, name) for b in blocks(s) for i in b) or not isinstance(
        s, Assign | Update | Effect | For | Return | If
    ):
        return False
    within = (e for top in expressions(s) for e in subexprs(top) if isinstance(e, Closure | Comprehension))
    return not any(name in (free_names(e) if isinstance(e, Closure) else _later(e)) for e in within)


def _later(e: Expr) -> set[str]:
    """What a comprehension reads when it has begun."""
    if not isinstance(e, Comprehension):
        return set()
    first, *rest = e.clauses
    parts = [e.element, *first.conditions, *(p for c in rest for p in (c.iter, *c.conditions))]
    return {n for p in parts for n in names(p)}


def _with(s: Stmt, name: str, value: Expr) -> Stmt:
    table = {name: value}
    match s:
        case For():
            return replace(s, iter=substitute(s.iter, table))
        case If():
            return replace(s, test=substitute(s.test, table))
        case Assign() | Update() | Effect():
            return replace(s, value=substitute(s.value, table))
        case Return() if s.value is not None:
            return replace(s, value=substitute(s.value, table))
    raise TypeError(f"not one that reads an iterator: {s!r}")
