"""Adjoints of a copy, as those of the original from the beginning.

in:   v_bar = np.zeros_like(v)                                  out:  for i in range(n):
      for i in range(n):                                                  g = u_bar[i]
          g = u_bar[i]                                                    u_bar[i] = a * g
          u_bar[i] = 0.0                                                  terms[i + 1] = g
          v_bar[i] += a * g                                           for i in range(n):
          terms[i + 1] = g                                                u_bar[i] += terms[i] + terms[i + 2]
      for i in range(n): v_bar[i] += terms[i] + terms[i + 2]
      for i in range(n): u_bar[i] += v_bar[i]

Nothing may read or overwrite an element between an addition, which comes earlier now, and the place where it was.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...ir.nodes import Assign, Block, Comment, Const, Expr, For, If, Item, Name, Stmt, Update, While
from ...ir.types import Num
from ...ir.walk import expressions, is_call_of, map_stmt, mentioned, names, rename, statements, subexprs, targets
from ..storage import Storage, parts
from .overlap import form
from .site import Context


def added_directly(context: Context, body: Block) -> Block:
    """A function's body with adjoints of copies in the place of arrays of their own."""
    mentions = _mentions(body)

    def block(b: Block) -> Block:
        out = [map_stmt(s, lambda e: e, block) if isinstance(s, For | While | If) else s for s in b]
        for s in tuple(out):
            pair = _copied(context, s)
            if pair is not None and mentions[pair[0]] == _mentions(out)[pair[0]]:
                out = _direct(context.storage, out, s, *pair) or out
        return tuple(out)

    return block(body)


def _mentions(block: Sequence[Stmt]) -> Counter[str]:
    parts = (e for s in statements(tuple(block)) for top in expressions(s) for e in subexprs(top))
    return Counter(e.id for e in parts if isinstance(e, Name))


def _copied(context: Context, s: Stmt) -> tuple[str, str] | None:
    """The adjoints that a nest adds to others of the same shape, all of them, and these."""
    loops: list[Expr] = []
    while isinstance(s, For) and isinstance(s.target, Name) and s.target.id in context.counters and len(s.body) == 1:
        loops.append(s.target)
        s = s.body[0]
    match s:
        case Update(target=Item(base=Name(id=into)) as place, value=Item(base=Name(id=own)) as value, op=op):
            one, other = context.types.get(own), context.types.get(into)
            if not (isinstance(one, Num) and isinstance(other, Num)) or one.dtype != other.dtype:
                return None
            if op.value is not operator.add or not list(parts(place)) == list(parts(value)) == loops:
                return None
            counters = [context.counters[c.id] for c in loops if isinstance(c, Name)]
            alike = all(
                lengths.same(dim, a) and lengths.same(dim, b)
                for (dim, lengths), a, b in zip(counters, one.shape, other.shape, strict=True)
            )
            return (own, into) if alike and s.adjoint_of is not None else None
    return None


def _direct(storage: Storage, block: Sequence[Stmt], copy: Stmt, own: str, into: str) -> list[Stmt] | None:
    """A block without the array of its own for adjoints, and without the nest that adds it to the others."""
    end = next(k for k, s in enumerate(block) if s is copy)
    start = next((k for k in reversed(range(end)) if _makes_zeros(block[k], own)), None)
    if start is None or any(own in _bound(s) for k, s in enumerate(block) if k != start):
        return None
    between = tuple(block[start + 1 : end])
    if own in mentioned(tuple(block[end + 1 :])):  # the sum of this adjoint alone is needed, too
        return None
    if any(into in _bound(s) for s in between) or storage.find(own) == storage.find(into):
        return None
    added = False
    for s in between:
        adds = [a for a in storage.accesses((s,)) if storage.find(a.name) == storage.find(own)]
        if any(a.kind != "add" or a.place is None or a.name != own for a in adds):
            return None
        others = [a for a in storage.accesses((s,)) if storage.find(a.name) == storage.find(into)]
        if any(a.kind != "add" for a in others) and (added or (adds and not _is_in_turn(storage, s, own, into))):
            return None
        added = added or bool(adds)
    moved = [_written(storage, s, into) for s in rename(between, {own: into})]
    return [*block[:start], *moved, *block[end + 1 :]]


def _makes_zeros(s: Stmt, name: str) -> bool:
    return isinstance(s, Assign) and s.target == Name(name) and is_call_of(s.value, np.zeros, np.zeros_like)


def _bound(s: Stmt) -> set[str]:
    return {n for i in statements((s,)) if isinstance(i, Assign | For) for n in targets(i.target)}


def _is_in_turn(storage: Storage, s: Stmt, own: str, into: str) -> bool:
    """Whether a nest adds to an element on the one trip that does anything with the same element of the other array,
    and behind it."""
    loops, body = _nest(s)
    adds = {k: i.target for k, i in enumerate(body) if isinstance(i, Update) and own in names(i.target)}
    places = {parts(place) for place in adds.values() if isinstance(place, Item)}
    if len(places) != 1 or not all(isinstance(i, Assign | Update | Comment) for i in body):
        return False
    place = next(iter(places))
    forms = [form(e) for e in place]
    if not all(any(f == {**(f or {}), c: 1} and _alone(f, c, loops) for f in forms) for c in loops):
        return False
    return all(
        a.name == into and a.place == place and k <= min(adds)
        for k, i in enumerate(body)
        for a in storage.of_statement(i)
        if storage.find(a.name) == storage.find(into) and a.kind != "add"
    )


def _alone(own: dict[object, int], counter: Expr, loops: Sequence[Expr]) -> bool:
    return not any(c in own for c in loops if c != counter)


def _nest(s: Stmt) -> tuple[list[Expr], Block]:
    """The counters of a nest, from the outermost inwards, and what is in all its loops."""
    loops: list[Expr] = []
    block: Block = (s,)
    while len(block) == 1 and isinstance(block[0], For):
        loops.append(block[0].target)
        block = block[0].body
    return loops, block


def _written(storage: Storage, s: Stmt, into: str) -> Stmt:
    """A nest that writes what it used to add to zeros that it has just written."""
    if isinstance(s, For):
        body = s.body
        for k, i in enumerate(body):
            if isinstance(i, Update) and into in names(i.target) and i.op.value is operator.add:
                body = _merged(storage, body, k, i) or body
        return replace(s, body=tuple(_written(storage, i, into) for i in body))
    return s


def _merged(storage: Storage, body: Block, k: int, s: Update) -> Block | None:
    if not isinstance(s.target, Item):
        return None  # a sum of the whole
    home = next(a.name for a in storage.of_statement(s) if a.kind == "add")
    for n in reversed(range(k)):
        i = body[n]
        if isinstance(i, Assign) and i.target == s.target and i.value == Const(0.0):
            if any(storage.find(a.name) == storage.find(home) for a in storage.read(s.value)):
                return None
            made = Assign(s.target, s.value, s.origin, s.adjoint_of)
            return (*body[:n], *body[n + 1 : k], made, *body[k + 1 :])
        touched = not isinstance(i, Comment | Assign | Update) or any(
            storage.find(a.name) == storage.find(home) for a in storage.of_statement(i)
        )
        if touched or (isinstance(i, Assign | Update) and set(targets(i.target)) & names(s.target)):
            return None
    return None
