"""A loop with independent trips in chunks, which Numba's `prange` runs on several cores.

in:   for i in range(n):              out:  total_parts = np.zeros(32)
          total += x[i] * x[i]              for chunk in prange(32):
                                                total_part = 0.0
                                                for i in range(chunk * n // 32, (chunk + 1) * n // 32):
                                                    total_part += x[i] * x[i]
                                                total_parts[chunk] = total_part
                                            for chunk in range(32):
                                                total += total_parts[chunk]

How many chunks there are does not depend on the machine, and what they add up is added in their order: the result is
the same in every run, to the last bit, on any number of cores. (Numba's own sums in `prange` depend on that number,
and those of elements of arrays lose some.)

An exception that ends a chunk is lost in Numba. Where one is possible, each chunk says that it has got to its end.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from .. import runtime
from ..derive.stacks import DTYPES, example
from ..ir.nodes import (
    Assign,
    Call,
    Const,
    Display,
    Effect,
    Expr,
    For,
    Function,
    Item,
    Name,
    Object,
    Stmt,
    Update,
    While,
)
from ..ir.types import Dim, ListOf, Num, Type
from ..ir.walk import Fresh, assigned, mentioned, names, rename, subexprs
from ..normalise.iteration import LEN, MUL, RANGE, minus, plus, range_bounds, range_of, times
from .failing import may_fail
from .independence import Sums
from .inside import Indices

CHUNKS = 32
_ADD = Object(operator.add, "+")
_FLOOR = Object(operator.floordiv, "//")
_ZEROS = Object(np.zeros, "np.zeros")
_BOOL = Object(np.bool_, "np.bool_")
_SHAPE = Object(np.ndarray.shape, "shape")
_CHECK = Object(runtime.check_finished, "check_finished")
_STACKS = Object(runtime.stacks, "stacks")
_INT = Num("int64", weak=True)
_SHORT = 7  # parts of an expression: `x.shape[0] - 1`, and no more


@dataclass
class _Parts:
    """What belongs to a loop in chunks: statements in front of all chunks, at the beginning and at the end of each, and
    behind all of them, there for each chunk."""

    ahead: list[Stmt] = field(default_factory=list)
    first: list[Stmt] = field(default_factory=list)
    last: list[Stmt] = field(default_factory=list)
    check: list[Stmt] = field(default_factory=list)
    sums: list[Stmt] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # that variables have inside of a chunk


class Chunks:
    """Writes the chunks of loops of one function. Of the lists in `tapes` each chunk has its own."""

    def __init__(
        self,
        function: Function,
        indices: Indices,
        wished: dict[str, str],
        tapes: frozenset[str],
    ) -> None:
        self.indices, self.types, self.wished = indices, indices.types, wished
        self.fresh = Fresh(mentioned(function.body) | {p.name for p in function.params})
        self.tapes = {n: self.named(f"{wished.get(n, n)}s", ListOf(self.types[n], tape=True)) for n in sorted(tapes)}

    def made(self, s: Stmt) -> Stmt:
        """The statement that makes a list, as one that makes a list for each chunk."""
        match s:
            case Assign(target=Name(id=name)) if name in self.tapes:
                type_ = self.types[name]
                assert isinstance(type_, ListOf)
                item = example(type_.item) if type_.item is not None else Const(0.0)
                return replace(s, target=self.tapes[name], value=Call(_STACKS, (Const(CHUNKS), item)))
        return s

    def of(self, s: For, sums: Sums, around: tuple[For | While, ...], own: Mapping[str, Expr]) -> list[Stmt]:
        """The loop in chunks, with what belongs in front of it and behind it. Of the arrays `own` each chunk makes one
        for itself."""
        import numba

        chunk, parts = self.named("chunk", _INT), _Parts()
        for name in sorted(mentioned(s.body) & set(self.tapes)):
            parts.first.append(Assign(Name(name), Item(self.tapes[name], chunk)))
        for name in (*sums.scalars, *sums.arrays):
            self.sum(name, chunk, parts)
        parts.first += [Assign(Name(name), value) for name, value in own.items()]
        if own or may_fail(s, around, self.indices):
            finished = self.named("finished", Num("bool", 1, (Dim.known(CHUNKS),)))
            parts.ahead.append(Assign(finished, Call(_ZEROS, (Const(CHUNKS), _BOOL))))
            parts.last.append(Assign(Item(finished, chunk), Const(True)))
            parts.check.append(Effect(Call(_CHECK, (finished,))))
        trips = self.trips(s, chunk, parts)
        body = (*parts.first, replace(s, iter=trips, body=rename(s.body, parts.names)), *parts.last)
        count = (Const(CHUNKS),)
        run = For(chunk, Call(Object(numba.prange, "prange"), count), body, origin=s.origin)
        after = [For(chunk, Call(RANGE, count), tuple(parts.sums), origin=s.origin)] if parts.sums else []
        return [*parts.ahead, run, *parts.check, *after]

    def sum(self, name: str, chunk: Name, parts: _Parts) -> None:
        """A partial sum for each chunk."""
        type_, user = self.types[name], self.wished.get(name, name)
        assert isinstance(type_, Num)
        each = Num(type_.dtype, len(type_.shape) + 1, (Dim.known(CHUNKS), *type_.shape), contiguous=True)
        whole, own = self.named(f"{user}_parts", each), self.named(f"{user}_part", replace(type_, value=None))
        place = Item(whole, chunk)
        parts.names[name] = own.id
        parts.ahead.append(Assign(whole, _zeros(Name(name), type_)))
        parts.first.append(Assign(own, _start(type_) or place))
        parts.last += [] if type_.ndim else [Assign(place, own)]
        parts.sums.append(Update(Name(name), _ADD, place))

    def trips(self, s: For, chunk: Name, parts: _Parts) -> Expr:
        """The trips of one chunk. Those of a loop that counts down by one are the same as if it counted up."""
        assert isinstance(s.iter, Call)
        start, stop, step = (self.fixed(e, s, parts) for e in range_bounds(s.iter))
        assert isinstance(step, Const)
        if step == Const(-1):
            start, stop = plus(stop, Const(1)), plus(start, Const(1))
            up = [plus(start, _share(k, minus(stop, start))) for k in (chunk, plus(chunk, Const(1)))]
            return range_of(minus(up[1], Const(1)), minus(up[0], Const(1)), step)
        count = minus(stop, start)
        if step != Const(1):
            count = self.named("trips", _INT)
            parts.ahead.append(Assign(count, Call(LEN, (Call(RANGE, (start, stop, step)),))))
        first, end = (plus(start, times(_share(k, count), step)) for k in (chunk, plus(chunk, Const(1))))
        return range_of(first, end, step)

    def fixed(self, e: Expr, s: For, parts: _Parts) -> Expr:
        """A bound that is the same in every chunk, and short."""
        if len(list(subexprs(e))) <= _SHORT and not names(e) & assigned((s,)):
            return e
        name = self.named("end", _INT)
        parts.ahead.append(Assign(name, e))
        return name

    def named(self, wish: str, type_: Type) -> Name:
        name = self.fresh(wish)
        self.wished[name], self.types[name] = wish, type_
        return Name(name)


def has_parts(type_: Num) -> bool:
    """Whether there can be an array of partial sums for a sum of this type."""
    return type_.ndim is not None and not type_.boxed and (type_.dtype == "float64" or type_.dtype in DTYPES)


def _share(k: Expr, count: Expr) -> Expr:
    """The first trip of a chunk."""
    if isinstance(count, Const) and count.value % CHUNKS == 0:
        return times(k, Const(count.value // CHUNKS))
    return Call(_FLOOR, (Call(MUL, (k, count)), Const(CHUNKS)))


def _zeros(e: Name, type_: Num) -> Expr:
    """Zeros for the partial sums of every chunk."""
    if type_.ndim == 1:
        lengths: list[Expr] = [Call(LEN, (e,))]
    else:
        lengths = [Item(Call(_SHAPE, (e,)), Const(k)) for k in range(type_.ndim or 0)]
    shape = Display("tuple", (Const(CHUNKS), *lengths)) if lengths else Const(CHUNKS)
    dtype = DTYPES.get(type_.dtype)
    return Call(_ZEROS, (shape,) if dtype is None else (shape, Object(dtype, f"np.{dtype.__name__}")))


def _start(type_: Num) -> Expr | None:
    """What a partial sum begins with; None where that is the element of its array."""
    if type_.ndim or type_.dtype not in ("float64", "int64"):
        return None
    return Const(0.0) if type_.dtype == "float64" else Const(0)
