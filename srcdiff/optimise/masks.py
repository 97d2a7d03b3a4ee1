"""Masks that more than one statement of a block takes are computed once, in plain text.

in:   y = np.where(x > 0.0, x, 0.1 * x)               out:  mask = x > 0.0
      ...                                                   y = np.where(mask, x, 0.1 * x)
      x_bar = np.where(x > 0.0, y_bar, 0.1 * y_bar)         ...
                                                            x_bar = np.where(mask, y_bar, 0.1 * y_bar)

The adjoint of a choice takes the same mask, as its tangent does. One bool for each element is kept instead of several
passes over the arrays that it is made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..ir.nodes import Assign, Block, Call, Expr, Function, Name, Stmt, Update
from ..ir.types import Num, Type
from ..ir.walk import Fresh, is_call_of, map_stmt, mentioned, rebuild
from ..rules.typing import Typer
from .moves import only_reads
from .storage import Storage


def masked_once(function: Function, types: dict[str, Type], wished: dict[str, str]) -> Function:
    """The function with each such mask under a name."""
    fresh = Fresh(mentioned(function.body) | {p.name for p in function.params})
    storage, typer = Storage(function, types), Typer(types)

    def block(b: Block) -> Block:
        out = [map_stmt(s, lambda e: e, block) for s in b]
        made: dict[int, list[Stmt]] = {}
        for mask, places in _repeated(out, storage, typer):
            name, first = fresh("mask"), out[places[0]]
            wished[name], types[name] = "mask", typer(mask)
            made.setdefault(places[0], []).append(Assign(Name(name), mask, first.origin, first.adjoint_of))
            for k in places:
                out[k] = _with(out[k], mask, Name(name))
        return tuple(new for k, s in enumerate(out) for new in (*made.get(k, ()), s))

    return replace(function, body=block(function.body))


def _repeated(block: list[Stmt], storage: Storage, typer: Typer) -> Iterator[tuple[Expr, list[int]]]:
    """The masks of several statements of a block, and the places of those, in which they are the same."""
    places: dict[Expr, list[int]] = {}
    for k, s in enumerate(block):
        if isinstance(s, Assign | Update) and only_reads(s.value):
            for mask in {m: None for m in _masks(s.value) if _is_array(typer(m))}:
                places.setdefault(mask, []).append(k)
    for mask, found in places.items():
        while len(found) > 1:
            same = found
            while storage.reads_any(mask, storage.changed(tuple(block[same[0] : same[-1]]))):
                same = same[:-1]
            if len(same) > 1:
                yield mask, same
            found = found[len(same) :]


def _masks(e: Expr) -> Iterator[Expr]:
    """What an expression surely evaluates as the mask of a choice."""
    if not isinstance(e, Call):
        return
    own = e.args[0] if is_call_of(e, np.where) and len(e.args) == 3 and isinstance(e.args[0], Call) else None
    if own is not None:
        yield own
    for a in e.args:
        if a is not own:
            yield from _masks(a)


def _is_array(type_: Type | None) -> bool:
    return isinstance(type_, Num) and type_.is_array


def _with(s: Stmt, mask: Expr, name: Name) -> Stmt:
    def expr(e: Expr) -> Expr:
        return name if e == mask else rebuild(e, expr)

    assert isinstance(s, Assign | Update)
    return replace(s, value=expr(s.value))
