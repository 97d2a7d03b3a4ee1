"""The loops around a save: how many trips they run at most, told in front of the outermost one.

in:   for i in range(n): for j in range(i): push        out:  a tape of shape (n, n), indexed [i, j]
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Mapping, Set
from dataclasses import dataclass, field

import numpy as np

from ..ir.nodes import Call, Const, Expr, For, Item, Name, Object
from ..ir.types import Dim, Num, Type
from ..ir.walk import assigned, is_call_of, mentioned, names
from ..normalise.iteration import LEN, MIN, MUL, minus, plus, range_bounds
from .acts import Round
from .terms import ADD, SUB

MAX = Object(max, "max")
SHAPE = Object(np.ndarray.shape, "shape")


@dataclass
class Nest:
    """The loops from the outermost inwards; `defined` are the variables surely assigned in front of them."""

    loops: tuple[Round, ...]
    types: Mapping[str, Type]
    defined: Set[str]
    counters: list[str] = field(default_factory=list)  # the variables of the loops looked at so far
    limits: list[Expr] = field(default_factory=list)  # and a number that each stays below

    def shape(self) -> list[Expr] | None:
        """For each loop a number that its counter stays below, evaluable in front of the nest and never negative; None
        if some loop has none, or counts below zero, or if there may be far fewer trips than these numbers say."""
        if any(loop.trips is not None for loop in self.loops) or not self.is_straight():
            return None
        fixed = set(self.defined) - assigned((self.loops[0].stmt,))
        for loop in self.loops:
            limit = self.limit(loop.stmt, fixed) if isinstance(loop.stmt, For) else None
            if limit is None:
                return None
            assert isinstance(loop.stmt, For)
            assert isinstance(loop.stmt.target, Name)
            self.counters.append(loop.stmt.target.id)
            self.limits.append(limit)
        return self.limits

    def is_straight(self) -> bool:
        """Whether each loop runs on every trip of the one around it."""
        pairs = itertools.pairwise(self.loops)
        return all(any(node is inner for node in outer.body) for outer, inner in pairs)

    def lengths(self, type_: Num) -> list[Expr] | None:
        """The shape of an array that is made inside the nest, evaluable in front of it."""
        inside = mentioned((self.loops[0].stmt,))
        fixed = sorted(set(self.defined) - assigned((self.loops[0].stmt,)), key=lambda n: (n not in inside, n))
        found = [self.length(dim, fixed) for dim in type_.shape]
        return None if None in found else [e for e in found if e is not None]

    def length(self, dim: Dim, fixed: list[str]) -> Expr | None:
        match dim.token:
            case int(n):
                return Const(n)
            case ("argument", _, _):
                pass
            case ("sum", int(n), tuple(tokens)):
                return self.total(n, tokens, fixed)
            case ("slice", token, start, None, None):
                whole, rest = (self.length(Dim(part), fixed) for part in (token, start))
                return None if whole is None or rest is None else Call(MAX, (minus(whole, rest), Const(0)))
            case ("minus", token, int(n)):
                whole = self.length(Dim(token), fixed)
                return None if whole is None else Call(MAX, (minus(whole, Const(n)), Const(0)))
            case _:
                return None
        for name in fixed:
            known = self.types.get(name)
            if isinstance(known, Num) and known.is_integral and isinstance(known.value, Dim) and known.value.same(dim):
                return Name(name)
        for name in fixed:
            known = self.types.get(name)
            for axis, other in enumerate(known.shape if isinstance(known, Num) else ()):
                if other.same(dim):
                    return Call(LEN, (Name(name),)) if axis == 0 else Item(Call(SHAPE, (Name(name),)), Const(axis))
        return None

    def total(self, known: int, tokens: tuple[Hashable, ...], fixed: list[str]) -> Expr | None:
        """A sum of lengths, `known` to begin with."""
        found: Expr = Const(known)
        for token in dict.fromkeys(tokens):
            part = self.length(Dim(token), fixed)
            if part is None:
                return None
            count = tokens.count(token)
            found = plus(found, part if count == 1 else Call(MUL, (Const(count), part)))
        return found

    def limit(self, s: For, fixed: Set[str]) -> Expr | None:
        assert isinstance(s.iter, Call)
        start, stop, step = range_bounds(s.iter)
        if not isinstance(s.target, Name) or s.target.id in assigned(s.body):
            return None
        if step == Const(1):
            return self.above(stop, fixed) if self.is_natural(start) and self.is_wide(start, stop) else None
        if step == Const(-1) and (stop == Const(-1) or self.is_natural(stop)) and self.is_wide(stop, start):
            return self.above(plus(start, Const(1)), fixed)
        return None

    def is_wide(self, low: Expr, high: Expr) -> bool:
        """Whether a loop is not one over a band such as `range(i, i + 3)`, which would leave most of a tape empty."""
        if isinstance(low, Const) and isinstance(high, Const):
            return bool(high.value >= 2 * low.value)
        return names(low) <= set(self.counters) - names(high)

    def above(self, e: Expr, fixed: Set[str]) -> Expr | None:
        """A number that is at least `e` and at least zero, whatever the counters are."""
        match e:
            case Const(value=int(n)) if not isinstance(n, bool):
                return Const(max(n, 0))
            case Name(id=name) if name in self.counters:
                return self.limits[self.counters.index(name)]
            case Call(func=Object(value=f), args=(a, Const(value=int(n)))) if f is SUB.value and n >= 0:
                return self.above(a, fixed)
            case Call(func=Object(value=f), args=(Name(id=name), Const(value=int(n)))) if (
                f is ADD.value and n > 0 and name in self.counters
            ):
                return plus(self.limits[self.counters.index(name)], Const(n - 1))
            case Call(func=Object(value=f), args=(a, b)) if f is min:
                one, other = self.above(a, fixed), self.above(b, fixed)
                return one or other if one is None or other is None else Call(MIN, (one, other))
            case Call(args=(Name(id=name),)) if is_call_of(e, len) and name not in fixed:
                known = self.types.get(name)
                return self.length(known.shape[0], sorted(fixed)) if isinstance(known, Num) and known.shape else None
        if not names(e) <= fixed or not self.is_plain(e):
            return None
        return e if self.is_natural(e) else Call(MAX, (e, Const(0)))

    def is_plain(self, e: Expr) -> bool:
        """Whether `e` is a whole number that is read off variables at no cost, and not out of an array."""
        match e:
            case Name(id=name):
                type_ = self.types.get(name)
                return isinstance(type_, Num) and type_.is_integral
            case Const():
                return True
            case Call(args=(Name(id=name),)) if is_call_of(e, len, np.ndarray.size):
                return isinstance(self.types.get(name), Num)  # a list may grow
            case Item(base=Call(func=Object(value=f), args=(Name(),)), index=Const()):
                return f is np.ndarray.shape
            case Call(func=Object(value=f), args=(a, b)) if f in (ADD.value, SUB.value):
                return self.is_plain(a) and self.is_plain(b)
        return False

    def is_natural(self, e: Expr) -> bool:
        """Whether the value is surely not negative."""
        match e:
            case Call(func=Object(value=f), args=(a, b)) if f is ADD.value:
                return self.is_natural(a) and self.is_natural(b)
            case Call():
                return is_call_of(e, len, np.ndarray.size)
            case Item(base=Call(func=Object(value=f))):
                return f is np.ndarray.shape
            case Const(value=int(n)):
                return n >= 0
            case Name(id=name):
                type_ = self.types.get(name)
                return name in self.counters or _is_length(type_)
        return False


def _is_length(type_: Type | None) -> bool:
    value = type_.value if isinstance(type_, Num) else None
    return value.is_natural() if isinstance(value, Dim) else isinstance(value, int) and value >= 0
