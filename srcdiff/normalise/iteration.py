"""`for` over anything as a `for` over `range`: how many trips, and what the loop's target is on trip `k`.

in:   for k, (a, b) in enumerate(zip(x, y), 1):      out:  for k in range(min(len(x), len(y))):
                                                               # the target: (k + 1, (x[k], y[k]))

Sources: `range`, arrays (their rows), `enumerate`, `zip`, `reversed`, and nests of these.
"""

from __future__ import annotations

import functools
import itertools
import operator
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import UnsupportedSyntax
from ..ir.nodes import Assign, Call, Const, Display, Expr, For, Item, Name, Object, While
from ..ir.types import ListOf, Num, Tup, Type, describe
from ..ir.walk import is_call_of
from ..rules.typing import TypeProblem
from .displays import Displays
from .expressions import ADD, Rewriter

SUB = Object(operator.sub, "-")
MUL = Object(operator.mul, "*")
RANGE = Object(range, "range")
LEN = Object(len, "len")
MIN = Object(min, "min")


@dataclass(frozen=True)
class Trips:
    """`bounds` are the (start, stop, step) of the counter; `element(k)` what the target is bound to."""

    bounds: tuple[Expr, Expr, Expr]
    element: Callable[[Expr], Expr]


ZERO, ONE = Const(0), Const(1)
ENDLESS = Const(sys.maxsize)  # the number of trips of a loop that only a `break` leaves


def trips(rewriter: Rewriter, source: Expr, by_step: bool = True) -> Trips:
    """How to run a loop over `source` (already core) by counting; `by_step` if the counter may take other steps than
    1."""
    if is_call_of(source, range):
        assert isinstance(source, Call)
        bounds = range_bounds(source)
        if by_step or bounds[2] == ONE:
            return Trips(bounds, lambda k: k)
    count, element = _counted(rewriter, source)
    return Trips((ZERO, count, ONE), element)


def endless(loop: For, counter: str) -> tuple[Assign, While]:
    """A loop that only a `break` leaves, with a counter of its own."""
    assert isinstance(loop.target, Name)
    head = Assign(loop.target, Name(counter), loop.origin)
    step = Assign(Name(counter), Call(ADD, (Name(counter), ONE)), loop.origin)
    start = Assign(Name(counter), ZERO, loop.origin)
    return start, While(Const(True), (head, step, *loop.body), (), loop.origin)


def _is_shape(type_: Type) -> bool:
    """Whether this is what the lengths of an array come in: the tuple that is no structure of the program."""
    return isinstance(type_, Tup) and type_.form is None


def static_items(rewriter: Displays, source: Expr) -> list[Expr] | None:
    """The elements of a source over a structure, whose parts are known one by one; None for any other source."""
    match source:
        case Display():
            parts = rewriter.items_of(source, source)
            return list(parts if is_live(source) else map(rewriter.kept, parts))
        case Name() | Call(func=Object(value=np.ndarray.shape | np.shape)) if _is_shape(rewriter.typed(source)):
            return list(rewriter.items_of(source, source))
        case Call(func=Object(value=function), args=(inner, *rest)) if function is enumerate:
            items = static_items(rewriter, inner)
            first = rest[0] if rest else dict(source.kwargs).get("start", ZERO)
            if items is None:
                return None
            return [Display("tuple", (plus(Const(k), first), item)) for k, item in enumerate(items)]
        case Call(func=Object(value=function), args=(inner,)) if function is reversed:
            items = static_items(rewriter, inner)
            return None if items is None else items[::-1]
        case Call(func=Object(value=function), args=args) if function is zip:
            columns = [static_items(rewriter, a) for a in args]
            counts = [len(c) for c in columns if c is not None]
            if not counts:
                return None
            pairs = zip(columns, args, strict=True)
            elements = [c.__getitem__ if c is not None else _nth(rewriter, a) for c, a in pairs]
            return [Display("tuple", tuple(element(k) for element in elements)) for k in range(min(counts))]
    return None


def is_live(source: Display) -> bool:
    """Whether the items of a structure are read when their turn comes: of a list or dict that others may change."""
    return source.home is not None or source.view_of is not None


def _nth(rewriter: Rewriter, source: Expr) -> Callable[[int], Expr]:
    _, element = _counted(rewriter, source)
    return lambda k: element(Const(k))


def range_bounds(call: Call) -> tuple[Expr, Expr, Expr]:
    args = call.args
    if len(args) == 1:
        return ZERO, args[0], ONE
    return args[0], args[1], args[2] if len(args) > 2 else ONE


def range_of(start: Expr, stop: Expr, step: Expr) -> Call:
    """`range` of these bounds, without those that it has anyway."""
    if step != ONE:
        return Call(RANGE, (start, stop, step))
    return Call(RANGE, (start, stop) if start != ZERO else (stop,))


def never_runs(rewriter: Rewriter, source: Expr) -> bool:
    """Whether a source has no elements, since nothing has been put into its list on the ways that lead here."""
    if is_call_of(source, enumerate, zip, reversed):
        assert isinstance(source, Call)
        return any(never_runs(rewriter, a) for a in source.args)
    type_ = rewriter.typed(source) if isinstance(source, Name | Item) else None
    return isinstance(type_, ListOf) and type_.item is None


def _counted(rewriter: Rewriter, source: Expr) -> tuple[Expr, Callable[[Expr], Expr]]:
    """The number of elements of `source`, and the element at position `k`."""
    match source:
        case Call(func=Object(value=function), args=args) if function is range:
            start, stop, step = range_bounds(source)
            count = stop if (start, step) == (ZERO, ONE) else Call(LEN, (source,))
            return count, lambda k: plus(start, times(k, step))
        case Call(func=Object(value=function), args=args) if function is itertools.count:
            given = dict(zip(("start", "step"), args, strict=False)) | dict(source.kwargs)
            start, step = given.get("start", ZERO), given.get("step", ONE)
            return ENDLESS, lambda k: plus(start, times(k, step))
        case Call(func=Object(value=function), args=(inner, *rest)) if function is enumerate:
            first = rest[0] if rest else dict(source.kwargs).get("start", ZERO)
            count, element = _counted(rewriter, inner)
            return count, lambda k: Display("tuple", (plus(k, first), element(k)))
        case Call(func=Object(value=function), args=args) if function is zip and args:
            parts = [_counted(rewriter, a) for a in args]
            counts = list(dict.fromkeys(c for c, _ in parts if c != ENDLESS)) or [ENDLESS]
            count = functools.reduce(lambda a, b: Call(MIN, (a, b)), counts)
            return count, lambda k: Display("tuple", tuple(element(k) for _, element in parts))
        case Call(func=Object(value=function), args=(inner,)) if function is reversed:
            count, element = _counted(rewriter, inner)
            fixed = rewriter.atom(count, "n")
            return fixed, lambda k: element(minus(minus(fixed, ONE), k))
    type_ = rewriter.typed(source)
    if isinstance(type_, Num) and type_.ndim != 0:
        array = rewriter.atom(source, "rows")
        return Call(LEN, (array,)), lambda k: Item(array, k)
    if isinstance(type_, ListOf):
        held = rewriter.atom(source, "row")
        assert isinstance(held, Name)
        rewriter.state.walked.append(held.id)
        return Call(LEN, (held,)), lambda k: Item(held, k)
    what = "a tuple" if isinstance(type_, Tup) else f"a {describe(type_)}"
    raise TypeProblem(
        UnsupportedSyntax,
        f"a loop over {what}",
        "loops run over range, arrays, enumerate, zip and reversed",
        "loop over an array or over a range of indices",
        getattr(source, "at", None),
    )


def plus(a: Expr, b: Expr) -> Expr:
    """`a + b`, folded where that is plain."""
    match a, b:
        case Const(value=int(x)), Const(value=int(y)):
            return Const(x + y)
        case _, Const(value=0):
            return a
        case Const(value=0), _:
            return b
        case _, Const(value=int(y)) if y < 0:
            return minus(a, Const(-y))
        case Call(func=Object(value=op), args=(x, Const(value=int(c)))), Const(value=int(y)) if op is operator.sub:
            return minus(x, Const(c - y))
        case Call(func=Object(value=op), args=(x, Const(value=int(c)))), Const(value=int(y)) if op is operator.add:
            return plus(x, Const(c + y))
    return Call(ADD, (a, b))


def minus(a: Expr, b: Expr) -> Expr:
    """`a - b`, folded where that is plain."""
    match a, b:
        case Const(value=int(x)), Const(value=int(y)):
            return Const(x - y)
        case _, Const(value=0):
            return a
        case _, Const(value=int(y)) if y < 0:
            return plus(a, Const(-y))
        case Call(func=Object(value=op), args=(x, Const(value=int(c)))), Const(value=int(y)) if op is operator.sub:
            return minus(x, Const(c + y))
        case Call(func=Object(value=op), args=(x, Const(value=int(c)))), Const(value=int(y)) if op is operator.add:
            return plus(x, Const(c - y))
    if a == b:
        return Const(0)
    return Call(SUB, (a, b))


def times(a: Expr, b: Expr) -> Expr:
    """`a * b`, folded where that is plain."""
    match a, b:
        case _, Const(value=1):
            return a
        case Const(value=1), _:
            return b
        case Const(value=int(x)), Const(value=int(y)):
            return Const(x * y)
    return Call(MUL, (a, b))
