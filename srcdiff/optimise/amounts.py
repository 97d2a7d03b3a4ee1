"""Amounts that depend on the lengths of arrays and on counts, as polynomials of what the arguments tell.

in:   for i in range(len(x)):        out:  len(x) * len(w), which `Amount.of_lengths` gives for the arguments of a call
          for j in range(len(w)): ...
"""

from __future__ import annotations

import operator
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ir.nodes import Call, Const, Expr, Item, Name, Object
from ..ir.types import Dim, Num, Type

Monomial = tuple[Hashable, ...]  # tokens of lengths (see `ir.types.Dim`), in order
_UNKNOWN = 4.0  # what stands for a number that only the run tells


@dataclass(frozen=True)
class Amount:
    """A sum of products of lengths and counts: the factor of each product."""

    terms: Mapping[Monomial, float]

    @staticmethod
    def of(number: float) -> Amount:
        return Amount({(): number} if number else {})

    @staticmethod
    def sum(parts: Iterable[Amount]) -> Amount:
        found: dict[Monomial, float] = {}
        for part in parts:
            for monomial, factor in part.terms.items():
                found[monomial] = found.get(monomial, 0.0) + factor
        return Amount({m: f for m, f in found.items() if f})

    def __add__(self, other: Amount) -> Amount:
        return Amount.sum((self, other))

    def __sub__(self, other: Amount) -> Amount:
        return self + other * Amount.of(-1.0)

    def __mul__(self, other: Amount) -> Amount:
        pairs = ((a, f, b, g) for a, f in self.terms.items() for b, g in other.terms.items())
        return Amount.sum(Amount({tuple(sorted((*a, *b), key=repr)): f * g}) for a, f, b, g in pairs)

    def is_beside(self, other: Amount) -> bool:
        """Whether the other amount grows faster, whatever grows: each product is a part of a longer one of the other's
        that is not taken away."""
        return all(any(_is_part(m, n) and len(m) < len(n) for n in other.growing()) for m in self.terms)

    def is_within(self, other: Amount) -> bool:
        """Whether the other amount grows as fast, but for a factor."""
        return all(any(_is_part(m, n) for n in other.growing()) for m in self.terms)

    def growing(self) -> list[Monomial]:
        return [m for m, factor in self.terms.items() if factor > 0.0]

    def least(self) -> float:
        """What it comes to at least, whatever the arguments are."""
        return self.terms.get((), 0.0)

    def for_arguments(self, types: Iterable[Type | None]) -> Sized:
        """The amount as a function of arguments of these types."""
        mentioned = {t for m in self.terms for t in m}
        known: dict[Hashable, tuple[int, int | None]] = {}
        for k, type_ in enumerate(types):
            if isinstance(type_, Num):
                axes = [(dim.token, (k, axis)) for axis, dim in enumerate(type_.shape)]
                own = [(type_.value.token, (k, None))] if isinstance(type_.value, Dim) else []
                known |= {t: place for t, place in (*axes, *own) if t in mentioned and t not in known}
        wanted = list(known)
        products = tuple(
            (factor * _UNKNOWN ** sum(t not in known for t in m), tuple(wanted.index(t) for t in m if t in known))
            for m, factor in self.terms.items()
        )
        return Sized(tuple(known.values()), products)


UNKNOWN = Amount({("unknown",): 1.0})


def _is_part(one: Monomial, other: Monomial) -> bool:
    return all(one.count(t) <= other.count(t) for t in one)


@dataclass(frozen=True)
class Sized:
    """An amount as a function of arguments: `numbers` are places of arguments and their axes (None for the argument
    itself), `products` a factor and places in `numbers` each."""

    numbers: tuple[tuple[int, int | None], ...]
    products: tuple[tuple[float, tuple[int, ...]], ...]

    def __call__(self, *args: Any) -> float:
        """The amount for these arguments."""
        found = [float(args[k]) if axis is None else float(args[k].shape[axis]) for k, axis in self.numbers]
        total = 0.0
        for factor, places in self.products:
            for k in places:
                factor *= max(found[k], 0.0)
            total += factor
        return total


class Lengths:
    """What the numbers of a function come to. The counters of loops are taken to be halfway."""

    def __init__(self, types: Mapping[str, Type]) -> None:
        self.types = types
        self.counters: dict[str, Amount] = {}

    def amount(self, e: Expr) -> Amount:
        """What a whole number comes to."""
        match e:
            case Const(value=bool() | int() as value):
                return Amount.of(float(value))
            case Name(id=name) if name in self.counters:
                return self.counters[name]
            case Name(id=name):
                return _of_type(self.types.get(name))
            case Call(func=Object(value=function), args=(a,)) if function is len:
                return self.length(a, 0)
            case Item(base=Call(func=Object(value=np.ndarray.shape), args=(a,)), index=Const(value=int(axis))):
                return self.length(a, axis)
            case Call(func=Object(value=function), args=(a, b)):
                return self.of_two(function, a, b)
        return UNKNOWN

    def of_two(self, function: Any, a: Expr, b: Expr) -> Amount:
        match function:
            case operator.add:
                return self.amount(a) + self.amount(b)
            case operator.sub:
                return self.amount(a) - self.amount(b)
            case operator.mul:
                return self.amount(a) * self.amount(b)
            case operator.floordiv if isinstance(b, Const) and b.value:
                return self.amount(a) * Amount.of(1.0 / b.value)
        if function in (max, min) and Const in map(type, (a, b)):
            return self.amount(b if isinstance(a, Const) else a)
        return UNKNOWN

    def length(self, array: Expr, axis: int) -> Amount:
        type_ = self.types.get(array.id) if isinstance(array, Name) else None
        known = isinstance(type_, Num) and axis < len(type_.shape)
        return of_dim(type_.shape[axis]) if known and isinstance(type_, Num) else UNKNOWN

    def size(self, type_: Num) -> Amount:
        """How many elements an array has."""
        total = Amount.of(1.0)
        for dim in type_.shape:
            total = total * of_dim(dim)
        return total


def _of_type(type_: Type | None) -> Amount:
    match type_:
        case Num(value=Dim() as dim):
            return of_dim(dim)
        case Num(value=int(number)):
            return Amount.of(float(number))
    return UNKNOWN


def of_dim(dim: Dim) -> Amount:
    match dim.token:
        case int(count):
            return Amount.of(float(count))
        case ("sum", int(count), tuple(tokens)):
            return Amount.sum((Amount.of(float(count)), *(of_dim(Dim(t)) for t in tokens)))
        case ("minus", token, int(count)):
            return of_dim(Dim(token)) - Amount.of(float(count))
        case ("argument", *_):
            return Amount({(dim.token,): 1.0})
    return UNKNOWN
