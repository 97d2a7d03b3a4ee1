"""Arrays that a loop goes through column by column lie in memory that way, in plain text.

in:   s = np.zeros((paths, steps))                 out:  s = np.zeros((steps, paths)).T
      for t in range(1, steps):                          for t in range(1, steps):
          s[:, t] = s[:, t - 1] * growth[:, t]               s[:, t] = s[:, t - 1] * growth[:, t]

NumPy finds each number of a column in another line of the cache, so a sweep over all columns moves the whole array
through the cache as often as a line has numbers. Arrays made like such ones (`np.zeros_like(s)`) have their layout,
too. It is seen nowhere else: these arrays are the function's own, and only columns of them are read and written.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from ..derive.push import TRANSPOSE
from ..ir.nodes import Assign, Block, Call, Const, Display, Expr, For, Function, Item, Name, Object, Slice, Stmt, While
from ..ir.types import Num, Type
from ..ir.walk import assigned, blocks, children, expressions, is_call_of, map_stmt, names, statements, targets
from ..rules import is_elementwise
from ..rules.typing import Typer
from .storage import parts

_MADE, _LIKE = (np.zeros, np.empty, np.ones), (np.zeros_like, np.empty_like, np.ones_like)
_SHAPE = (len, np.ndarray.shape, np.ndarray.size, np.ndarray.ndim)
_SAME_BITS = (np.ndarray.copy, np.sum, np.mean, np.max, np.min)  # whatever the strides of their argument
_MOVED = Object(np.ndarray.transpose, "transpose")


def columns_first(function: Function, types: dict[str, Type]) -> Function:
    """The function with the last axis of such arrays first in memory."""
    made = {n for s in statements(function.body) if (n := _made(s)) is not None}
    uses = _Uses(function, types)
    found = {n for n in made & uses.moving if uses.is_by_columns(n)}
    return replace(function, body=_turned(function.body, found)) if found else function


def _made(s: Stmt) -> str | None:
    """The array of several axes that a statement makes, its lengths written out."""
    match s:
        case Assign(target=Name(id=name), value=Call(args=(Display(kind="tuple", items=items), *_)) as value):
            return name if len(items) > 1 and is_call_of(value, *_MADE) else None
    return None


class _Uses:
    """How arrays are used: `others` not by columns, `moving` by another column on each trip of a loop; `like` has what
    is made like each."""

    def __init__(self, function: Function, types: dict[str, Type]) -> None:
        self.typer = Typer(types)
        self.bound = Counter(n for s in statements(function.body) if isinstance(s, Assign) for n in targets(s.target))
        self.moving: set[str] = set()
        self.others = {p.name for p in function.params}
        self.like: dict[str, set[str]] = {}
        self.block(function.body, frozenset())

    def is_by_columns(self, name: str) -> bool:
        """Whether an array, and all that are made like it, are bound once and reached by columns only."""
        like = self.like.get(name, set())
        return self.bound[name] == 1 and name not in self.others and all(map(self.is_by_columns, like - {name}))

    def block(self, block: Block, bound: frozenset[str]) -> None:
        for s in block:
            match s:
                case Assign(target=Name(id=name), value=Call(args=(Name(id=base), *_)) as value) if (
                    is_call_of(value, *_LIKE) and not value.kwargs
                ):
                    self.like.setdefault(base, set()).add(name)
                case Assign(target=Name(), value=value):
                    self.read(value, s, None, bound)
                case _:
                    for e in expressions(s):
                        self.read(e, s, s, bound)
            match s:
                case For() | While():
                    self.block(s.body, bound | assigned((s,)))
                case _:
                    for inner in blocks(s):
                        self.block(inner, bound)

    def read(self, e: Expr, s: Stmt, around: Expr | Stmt | None, bound: frozenset[str]) -> None:
        """An expression of a statement, and what it is an operand of."""
        match e:
            case Item(base=Name(id=name)):
                own = parts(e)
                if not self.is_column(name, own) or not (s.adjoint_of is not None or _keeps_bits(around)):
                    self.others.add(name)
                if own and names(own[-1]) & bound:
                    self.moving.add(name)
                self.read(e.index, s, e, bound)
            case Name(id=name):
                self.others.add(name)
            case Call(args=(Name(),)) if is_call_of(e, *_SHAPE):
                pass
            case _:
                for child in children(e):
                    self.read(child, s, e, bound)

    def is_column(self, name: str, own: tuple[Expr, ...]) -> bool:
        """Whether an index has slices for all axes but the last."""
        type_ = self.typer.types.get(name)
        if not isinstance(type_, Num) or type_.ndim != len(own) or not all(isinstance(p, Slice) for p in own[:-1]):
            return False
        last = None if isinstance(own[-1], Slice) else self.typer(own[-1])
        return isinstance(last, Num) and last.ndim == 0 and last.is_integral and last.dtype != "bool"


def _keeps_bits(around: Expr | Stmt | None) -> bool:
    """Whether what is made of a column is the same to the last bit, however far apart its numbers are. (Products of
    vectors are not.)"""
    match around:
        case Call(func=Object(value=function)):
            return is_elementwise(function) or function in _SAME_BITS
    return isinstance(around, Stmt)


def _turned(block: Block, found: set[str]) -> Block:
    def statement(s: Stmt) -> Stmt:
        match s:
            case Assign(target=Name(id=name), value=Call(args=(Display(items=items) as shape, *others)) as value) if (
                name in found
            ):
                made = replace(value, args=(replace(shape, items=(items[-1], *items[:-1])), *others))
                return replace(s, value=_moved(made, len(items)))
        return map_stmt(s, lambda e: e, lambda b: _turned(b, found))

    return tuple(map(statement, block))


def _moved(made: Expr, ndim: int) -> Expr:
    """The array with its first axis as the last one."""
    if ndim == 2:
        return Call(TRANSPOSE, (made,))
    return Call(_MOVED, (made, Display("tuple", (*map(Const, range(1, ndim)), Const(0)))))
