"""Slices whose bounds are lengths, for the text for Numba: taken to be places in their axes, behind a check.

in:   take = gates[:width]                      out:  long_enough(len(gates), 2 * width)
      keep = gates[width : 2 * width]                 take = gates[:width]
                                                      keep = gates[width : 2 * width]

`gates[:width]` has `width` elements only if `gates` has as many. Where that is so, the lengths of what is computed from
the slice are known, and loops take its place; where it is not, `long_enough` raises LengthsDiffer, and code runs that
takes nothing for granted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..ir.nodes import (
    Assign,
    Block,
    Call,
    Const,
    Display,
    Effect,
    Expr,
    Function,
    Item,
    Name,
    Object,
    Return,
    Slice,
    Stmt,
    Update,
)
from ..ir.types import Dim, Num, Type
from ..ir.walk import map_stmt, rebuild, statements, targets
from ..normalise.iteration import LEN
from ..rules.typing import Typer
from ..runtime import long_enough

LONG_ENOUGH = Object(long_enough, "long_enough")
SHAPE = Object(np.ndarray.shape, "shape")


def with_slices_within(function: Function, types: Mapping[str, Type]) -> Function:
    """The function with the checks, and with marks on the slices (`Slice.within`)."""
    bound = {n for s in statements(function.body) if isinstance(s, Assign) for n in targets(s.target)}
    arguments = {p.name: t for p in function.params if isinstance(t := types[p.name], Num) and p.name not in bound}
    return replace(function, body=_Marker(Typer(types), arguments).block(function.body))


class _Marker:
    def __init__(self, typer: Typer, arguments: Mapping[str, Num]) -> None:
        self.typer, self.arguments = typer, arguments  # those that keep their value
        self.checks: list[Expr] = []  # of the statement at hand

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for s in block:
            if isinstance(s, Assign | Update | Effect | Return):
                self.checks = []
                marked = map_stmt(s, self.marked, self.block)
                out += [Effect(check, s.origin) for check in self.checks]
                out.append(marked)
            else:
                out.append(map_stmt(s, lambda e: e, self.block))
        return tuple(out)

    def marked(self, e: Expr) -> Expr:
        match e:
            case Item(base=Name() as base, index=index):
                parts = index.items if isinstance(index, Display) and index.kind == "tuple" else (index,)
                if any(isinstance(p, Slice) for p in parts) and not any(_moves(p) for p in parts):
                    found = tuple(self.part(base, axis, p) for axis, p in enumerate(parts))
                    return replace(e, index=replace(index, items=found) if isinstance(index, Display) else found[0])
        return rebuild(e, self.marked)

    def part(self, base: Name, axis: int, part: Expr) -> Expr:
        """One index of an array, with a check noted where it is a slice that is to be taken to be inside."""
        type_ = self.typer(base)
        if not isinstance(part, Slice) or not isinstance(type_, Num) or part.step not in (None, Const(1)):
            return part
        if not type_.ndim or axis >= type_.ndim:
            return part
        dim, bounds = type_.shape[axis], [b for b in (part.lower, part.upper) if b is not None]
        places = [self.place(b) for b in bounds]
        if not bounds or all(isinstance(b, Const) for b in bounds) or not all(p.is_natural() for p in places):
            return part
        start = Dim.known(0) if part.lower is None else places[0]
        if dim.between(start, dim if part.upper is None else places[-1]) is not None:
            return part  # it surely is
        if part.upper is not None and places[-1].beyond(start) is None:
            return part
        check = Call(LONG_ENOUGH, (self.length(base, axis, type_), bounds[-1]))
        if check not in self.checks:
            self.checks.append(check)
        return replace(part, within=True)

    def length(self, base: Name, axis: int, type_: Num) -> Expr:
        """The length of an axis: that of an argument which has as many elements, if there is one."""
        for name, other in self.arguments.items():
            for k, dim in enumerate(other.shape):
                if dim.same(type_.shape[axis]):
                    base, axis, type_ = Name(name), k, other
                    break
        return Call(LEN, (base,)) if type_.ndim == 1 else Item(Call(SHAPE, (base,)), Const(axis))

    def place(self, e: Expr) -> Dim:
        type_ = self.typer(e)
        value = type_.value if isinstance(type_, Num) else None
        return value if isinstance(value, Dim) else Dim.known(value) if type(value) is int else Dim(None)


def _moves(part: Expr) -> bool:
    """Whether an index is none of one axis of its own."""
    return isinstance(part, Const) and (part.value is None or part.value is Ellipsis)
