"""Whether every index of a function surely fits its array: then compiled code need not look.

in:   for i in range(1, len(x) - 1): y[i] = x[i + 1]        out:  yes, if `y` is as long as `x`

A look at each index costs little by itself, but a loop that may stop at any of them is not vectorised.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator

import numpy as np

from ..analysis.affine import Form
from ..analysis.dependence import At, Instance, Known, Place, length_form
from ..ir.nodes import (
    Assign,
    Block,
    Call,
    Const,
    Display,
    Expr,
    For,
    Function,
    If,
    Item,
    Name,
    Object,
    Slice,
    Stmt,
    Update,
    While,
)
from ..ir.types import Num, Type
from ..ir.walk import children, expressions, is_call_of, names, statements, targets
from ..rules import is_elementwise
from ..rules.typing import Typer
from ..runtime import unbroadcast, zeros_like
from .order import known_in
from .storage import parts

# What reaches no element by an index, besides elementwise functions.
_WHOLE: tuple[object, ...] = (
    *(len, range, max, min, float, int, list.append, list.pop, unbroadcast, zeros_like),
    *(np.ndarray.shape, np.ndarray.size, np.ndarray.ndim, np.ndarray.T, np.ndarray.copy, np.copy),
    *(np.zeros, np.ones, np.empty, np.zeros_like, np.ones_like, np.empty_like, np.full_like),
    *(np.sum, np.ndarray.sum, operator.matmul, np.dot, np.outer),
)
_MADE = (np.empty, np.zeros, np.ones)


def stays_inside(function: Function, types: dict[str, Type]) -> bool:
    """Whether no index of the function, which is about to be compiled, can miss its array. Variables have the names
    that `types` knows them by."""
    return _Bounds(function, types).block(function.body, ())


class _Bounds:
    def __init__(self, function: Function, types: dict[str, Type]) -> None:
        self.types = types
        self.times = dict.fromkeys((p.name for p in function.params), 1)  # how often a variable is bound
        for s in statements(function.body):
            bound = targets(s.target) if isinstance(s, Assign | For) else []
            if isinstance(s, Update) and isinstance(s.target, Name) and not self.is_array(s.target.id):
                bound = [s.target.id]
            for name in bound:
                self.times[name] = self.times.get(name, 0) + 1
        settled = {n for s in function.body if isinstance(s, Assign) for n in targets(s.target)}
        settled = {n for n in settled | {p.name for p in function.params} if self.times[n] == 1}
        self.made: dict[str, tuple[Expr, ...]] = {}  # the lengths of arrays that are made once and for all
        for s in function.body:
            match s:
                case Assign(target=Name(id=name), value=Call(args=(shape, *_)) as call) if is_call_of(call, *_MADE):
                    if {name} | names(shape) <= settled:
                        self.made[name] = shape.items if isinstance(shape, Display) else (shape,)
                case _:
                    pass

    def block(self, block: Block, way: tuple[At, ...]) -> bool:
        return all(self.statement(s, way) for s in block)

    def statement(self, s: Stmt, way: tuple[At, ...]) -> bool:
        if isinstance(s, For):
            return self.fits(s.iter, way) and self.block(s.body, (*way, At(0, s)))
        if not all(self.fits(e, way) for e in expressions(s)):
            return False
        match s:
            case While():
                return self.block(s.body, (*way, At(0, s)))
            case If():
                then, other = (At(0, side=side, test=s.test) for side in (1, 2))
                return self.block(s.body, (*way, then)) and self.block(s.orelse, (*way, other))
        return True

    def fits(self, e: Expr, way: tuple[At, ...]) -> bool:
        match e:
            case Item(base=base):
                return self.fits_item(e, way) and all(self.fits(part, way) for part in (base, *parts(e)))
            case Call(func=Object(value=f)):
                return _is_whole(f) and all(self.fits(child, way) for child in children(e)[1:])
            case Call():
                return False
        return all(self.fits(child, way) for child in children(e))

    def fits_item(self, e: Item, way: tuple[At, ...]) -> bool:
        """Whether the numbers in an index lie inside; a slice always does, and lists look for themselves."""
        array = Typer(self.types)(e.base)
        if not isinstance(array, Num):
            return True
        index = parts(e)
        others = [part for part in index if isinstance(part, Const) and part.value in (None, ...)]
        if len(index) > len(array.shape) or others:
            return False
        name = e.base.id if isinstance(e.base, Name) else ""
        at = Instance(Place(name, index, way), 1, 0, self.known(way))
        for axis, part in enumerate(index):
            if not isinstance(part, Slice) and not self.lies_in(at, part, axis, array, name):
                return False
        return True

    def lies_in(self, at: Instance, part: Expr, axis: int, array: Num, name: str) -> bool:
        form = at.natural(part)
        ends = [*self.ends(at, name, axis), length_form(array.shape[axis])]
        return form is not None and any(end is not None and at.is_below(form, end) for end in ends)

    def ends(self, at: Instance, name: str, axis: int) -> Iterator[Form | None]:
        """The length with which an array is made; `max(n, 0)` is at least `n`."""
        shape = self.made.get(name, ())
        if axis < len(shape):
            length = shape[axis]
            several = length.args if isinstance(length, Call) and is_call_of(length, max) else (length,)
            yield from map(at.form, several)

    def known(self, way: tuple[At, ...]) -> Known:
        """What is known of variables at the end of a way: only those that are bound once stay what they are."""
        loops = tuple(at.loop for at in way if at.loop is not None)
        if not loops:
            return Known(lambda n: self.times.get(n) == 1, self.is_whole, lambda _: False, self.types)
        inside = known_in(loops, self.types)
        return inside._replace(is_fixed=lambda n: self.times.get(n) == 1 and inside.is_fixed(n))

    def is_array(self, name: str) -> bool:
        type_ = self.types.get(name)
        return not isinstance(type_, Num) or type_.is_array

    def is_whole(self, name: str) -> bool:
        type_ = self.types.get(name)
        return isinstance(type_, Num) and type_.is_integral


def _is_whole(f: object) -> bool:
    """Whether a function reaches no element by an index of its caller's."""
    of_math = getattr(math, str(getattr(f, "__name__", "")), None)
    return any(f is own for own in _WHOLE) or of_math is f or is_elementwise(f)
