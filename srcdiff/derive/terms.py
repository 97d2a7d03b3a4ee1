"""Sums of products: the form in which partial derivatives are collected before they are printed.

A `Term` is `coefficient * factors / denominators`, counted only where all `masks` hold. Equal products are added, so
that the derivative of `0.5 * r * r` comes out as `r`. Every term of an adjoint has exactly one adjoint among its
factors (the seed), so a term whose seed is zero vanishes whole.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..ir.nodes import Call, Choice, Const, Expr, Item, Logic, Name, Object
from ..ir.types import Num, Type
from ..ir.walk import names, rebuild
from ..normalise import negated
from ..rules.typing import Typer
from ..runtime import power_base

ADD = Object(operator.add, "+")
SUB = Object(operator.sub, "-")
MUL = Object(operator.mul, "*")
DIV = Object(operator.truediv, "/")
NEG = Object(operator.neg, "-")
POW = Object(operator.pow, "**")
WHERE = Object(np.where, "np.where")
COPY = Object(np.ndarray.copy, "copy")
QUOTIENTS = {operator.truediv, np.true_divide}
INVERT = Object(operator.invert, "~")
AND = Object(operator.and_, "&")
ZERO = Const(0.0)


@dataclass(frozen=True)
class Term:
    factors: tuple[Expr, ...]
    coefficient: float | int = 1.0
    denominators: tuple[Expr, ...] = ()
    masks: tuple[Expr, ...] = ()
    singular: bool = False  # whether a partial in it may be infinite where the primal is not

    def mentions(self, wanted: set[str]) -> bool:
        return any(names(e) & wanted for e in (*self.factors, *self.denominators))

    def scaled(self, partial: Expr) -> Term:
        """This term times a partial derivative; products, quotients and signs are taken apart.

        The new factors stand before the last one, which is the seed.
        """
        return self.times(partial, inverse=False)

    def times(self, e: Expr, inverse: bool) -> Term:
        """This term times `e`, or divided by it (`inverse`)."""
        match e:
            case Const(value=bool()):
                pass
            case Const(value=float() | int() as c) if not inverse:
                return replace(self, coefficient=self.coefficient * c)
            case Const(value=float() | int() as c) if c != 0 and abs(math.frexp(c)[0]) == 0.5:
                return replace(self, coefficient=self.coefficient / c)  # exact: a power of two
            case Call(func=Object(value=f), args=(a,)) if f is np.ndarray.copy:
                return self.times(a, inverse)
            case Call(func=Object(value=op), args=(a,)) if op is operator.neg:
                return replace(self, coefficient=-self.coefficient).times(a, inverse)
            case Call(func=Object(value=op), args=(a, b)) if op is operator.mul:
                return self.times(a, inverse).times(b, inverse)
            case Call(func=Object(value=op), args=(a, b)) if op is operator.truediv:
                return self.times(a, inverse).times(b, not inverse)
            case Choice(test=test, then=Const(value=1.0), other=Const(value=0.0)) if not inverse:
                return self.masked(test)
            case Choice(test=test, then=Const(value=0.0), other=Const(value=1.0)) if not inverse:
                return self.masked(opposite(test, array=False))
            case Call(func=Object(value=f), args=(test, Const(value=1.0), Const(value=0.0))) if f is np.where:
                return self.masked(test)
            case Call(func=Object(value=f), args=(test, Const(value=0.0), Const(value=1.0))) if f is np.where:
                return self.masked(opposite(test, array=True))
        *head, seed = self.factors
        below = list(self.denominators)
        if _is_number(e) and e in (head if inverse else below):  # `math.pi` over `math.pi`
            (head if inverse else below).remove(e)
        else:
            (below if inverse else head).append(e)
        return replace(self, factors=(*head, seed), denominators=tuple(below))

    def masked(self, test: Expr) -> Term:
        return self if test in self.masks else replace(self, masks=(*self.masks, test))


def _is_number(e: Expr) -> bool:
    return isinstance(e, Object) and isinstance(e.value, float) and math.isfinite(e.value) and e.value != 0


def opposite(test: Expr, array: bool) -> Expr:
    """The mask of what `test` leaves out (`a > b` is not turned into `a <= b`: with NaN neither holds)."""
    return Call(INVERT, (test,)) if array else negated(test)


def collected(terms: Iterable[Term]) -> list[Term]:
    """Like terms added, in order of first appearance; those that cancel are gone."""
    groups: dict[object, Term] = {}
    for t in terms:
        key = (tuple(sorted(map(repr, t.factors))), tuple(sorted(map(repr, t.denominators))), frozenset(t.masks))
        known = groups.get(key)
        groups[key] = t if known is None else replace(known, coefficient=known.coefficient + t.coefficient)
    return [t for t in groups.values() if t.coefficient != 0]


def build(term: Term, typer: Typer) -> Expr:
    """The term as an expression, sign included."""
    value = _product(replace(term, coefficient=abs(term.coefficient), masks=()), typer)
    if term.coefficient < 0:
        value = negative(value)
    if not term.masks:
        return value
    type_ = typer(value)
    arrays = any(isinstance(t, Num) and t.ndim != 0 for t in (type_, *(_type_of_mask(m, typer) for m in term.masks)))
    if not arrays:
        test = term.masks[0] if len(term.masks) == 1 else Logic("and", term.masks)
        return Choice(test, value, ZERO)
    match term.masks:
        case (Call(func=Object(value=op), args=(left_out,)),) if op is operator.invert:
            return Call(WHERE, (left_out, ZERO, value))
    mask = _as_bool(term.masks[0], typer)
    for m in term.masks[1:]:
        mask = Call(AND, (mask, _as_bool(m, typer)))
    return Call(WHERE, (mask, value, ZERO))


def _as_bool(mask: Expr, typer: Typer) -> Expr:
    """A mask of bools: the complement of a whole number `n` is `n == 0`, not `~n`."""
    match mask:
        case Call(func=Object(value=op), args=(inner,)) if op is operator.invert:
            return mask if _is_bool(inner, typer) else Call(Object(operator.eq, "=="), (inner, Const(0)))
    return mask if _is_bool(mask, typer) else Call(Object(operator.ne, "!="), (mask, Const(0)))


def _type_of_mask(mask: Expr, typer: Typer) -> Type:
    match mask:
        case Call(func=Object(value=op), args=(inner,)) if op is operator.invert:
            return typer(inner)
    return typer(mask)


def _is_bool(e: Expr, typer: Typer) -> bool:
    type_ = typer(e)
    return isinstance(type_, Num) and type_.dtype == "bool"


def guarded(term: Term, typer: Typer) -> Term:
    """The term with its singular partial left out where the seed is exactly zero."""
    if not _is_singular(term):
        return term
    seed = term.factors[-1]
    test = Call(Object(operator.ne, "!="), (seed, ZERO))
    type_ = typer(seed)
    if isinstance(type_, Num) and type_.ndim == 0:
        return term.masked(test)
    safe = tuple(Call(WHERE, (test, d, Const(1.0))) for d in term.denominators)
    return replace(term, factors=tuple(_at_one_where(f, test) for f in term.factors), denominators=safe)


def _is_singular(term: Term) -> bool:
    """Whether the product divides by something, or takes a negative power of it."""
    return bool(term.denominators) or any(map(_is_root, term.factors))


def _is_root(e: Expr) -> bool:
    match e:
        case Call(func=Object(value=f), args=(_, Const(value=int() | float() as n))) if f is operator.pow:
            return n < 0
        case Call(func=Object(value=f)) if f is power_base:
            return True
    return False


def _at_one_where(e: Expr, test: Expr) -> Expr:
    """A root with its base replaced by 1 where the test fails; any other factor as it is."""
    if not _is_root(e) or not isinstance(e, Call):
        return e
    return replace(e, args=(Call(WHERE, (test, e.args[0], Const(1.0))), *e.args[1:]))


def negative(e: Expr) -> Expr:
    """`-e`, the sign on the leftmost factor, where a person writes it."""
    match e:
        case Const(value=c) if isinstance(c, int | float):
            return Const(-c)
        case Call(func=Object(value=op), args=(a, b)) if op in (operator.mul, operator.truediv):
            return replace(e, args=(negative(a), b))
        case Call(func=Object(value=op), args=(a, b)) if op is operator.sub:
            return Call(SUB, (b, a))
    return Call(NEG, (e,))


def _product(t: Term, typer: Typer) -> Expr:
    head = _of_numbers(t, typer)
    if head is None:
        return _in_order(t, typer)
    arrays = (f for f in t.factors if f not in head.factors)
    return functools.reduce(lambda a, b: Call(MUL, (a, b)), arrays, _in_order(head, typer))


def _of_numbers(t: Term, typer: Typer) -> Term | None:
    """The numbers of a product with arrays, if it takes fewer passes over these when they come first."""
    numbers = [f for f in t.factors if _is_scalar(f, typer)]
    arrays = sum(_is_array(f, typer) for f in t.factors)
    if not arrays or len(numbers) + arrays != len(t.factors) or not all(_is_scalar(d, typer) for d in t.denominators):
        return None
    ahead = next(k for k, f in enumerate(t.factors) if f not in numbers) + (t.coefficient != 1)
    is_any = t.coefficient != 1 or bool(numbers)
    if len(numbers) + (t.coefficient != 1) - ahead + bool(t.denominators) <= (is_any and not ahead):
        return None
    floats = [f for f in numbers if not _may_overflow(f, typer)]
    if t.coefficient == 1 and not floats:
        return None
    return replace(t, factors=(*floats, *(f for f in numbers if f not in floats)))


def _is_scalar(e: Expr, typer: Typer) -> bool:
    type_ = typer(e)
    return isinstance(type_, Num) and type_.ndim == 0


def _is_array(e: Expr, typer: Typer) -> bool:
    type_ = typer(e)
    return isinstance(type_, Num) and type_.is_array


def _in_order(t: Term, typer: Typer) -> Expr:
    value: Expr | None = None
    if t.coefficient != 1 or not t.factors:
        value = Const(float(t.coefficient))
    for factor in t.factors if value is not None else _in_floats(t.factors, typer):
        value = factor if value is None else Call(MUL, (value, factor))
    assert value is not None
    if sum(_may_overflow(d, typer) for d in t.denominators) > 1:
        return functools.reduce(lambda a, b: Call(DIV, (a, b)), t.denominators, value)
    below = functools.reduce(lambda a, b: Call(MUL, (a, b)), t.denominators) if t.denominators else None
    return value if below is None else Call(DIV, (value, below))


def _in_floats(factors: tuple[Expr, ...], typer: Typer) -> tuple[Expr, ...]:
    """Factors in an order in which no two whole numbers are multiplied with each other: of `int8`, 100 times 100 is 16.
    The program may multiply each of them with a float."""
    if len(factors) < 3 or not all(_may_overflow(f, typer) for f in factors[:2]):
        return factors
    first = next((f for f in factors if not _may_overflow(f, typer)), None)
    if first is None:
        return factors
    k = factors.index(first)
    return (first, *factors[:k], *factors[k + 1 :])


def _may_overflow(e: Expr, typer: Typer) -> bool:
    """Whether this is a whole number, or an array of them, in so many bits."""
    if isinstance(e, Const):
        return False
    type_ = typer(e)
    return isinstance(type_, Num) and not type_.is_inexact and type_.dtype != "bool"


def adds_up(terms: Sequence[Term], typer: Typer) -> bool:
    """Whether a sum of these products is one of floats: `True + True` of two arrays is True, of `int8` 100 + 100 is
    -56."""
    whole = 0
    for t in terms:
        types = [typer(f) for f in t.factors]
        whole += abs(t.coefficient) == 1 and not any(isinstance(n, Num) and n.is_inexact for n in types)
    return whole < 2


def total(terms: Sequence[Term], typer: Typer) -> Expr:
    """The sum of the terms; a last factor common to all (the seed) is taken out."""
    if not terms:
        return ZERO
    seed = terms[0].factors[-1] if terms[0].factors else None
    common = len(terms) > 1 and all(
        t.factors and t.factors[-1] == seed and not t.denominators and not t.masks for t in terms
    )
    inner = [replace(t, factors=t.factors[:-1]) for t in terms] if common else []
    if seed is not None and inner and adds_up(inner, typer):
        return Call(MUL, (_sum(inner, typer), seed))
    return _sum(terms, typer)


def _sum(terms: Sequence[Term], typer: Typer) -> Expr:
    ordered = sorted(terms, key=lambda t: t.coefficient < 0) if terms[0].coefficient < 0 else list(terms)
    value = build(ordered[0], typer)
    for t in ordered[1:]:
        if t.coefficient < 0:
            value = Call(SUB, (value, build(replace(t, coefficient=-t.coefficient), typer)))
        else:
            value = Call(ADD, (value, build(t, typer)))
    return value


def simplified(e: Expr) -> Expr:
    """A partial as the rules give it, made plain where operands are literals: `power_base(x, 2)` is `2 * x`."""
    match e:
        case Call(func=Object(value=f), args=(x, Const(value=int() | float() as n))) if f is power_base:
            n = int(n) if isinstance(n, bool) else n
            if n == 0:
                return ZERO
            if n == 1:
                return Const(1.0)
            if n == 2:
                return Call(MUL, (Const(2.0), x))
            return Call(MUL, (Const(float(n)), Call(POW, (x, Const(n - 1)))))
        case Call(func=Object(value=op), args=(a, b)) if op is operator.mul and a == Const(1.0):
            return b
        case Call(func=Object(value=op), args=(a, b)) if op is operator.mul and b == Const(1.0):
            return a
        case Call(func=Object(value=f), args=(Call(func=Object(value=g), args=(a,)),)) if f is g is np.ndarray.T:
            return simplified(a)
    return rebuild(e, simplified)


def is_plain(e: Expr) -> bool:
    """Whether repeating the expression costs nothing: a name, a literal, an element."""
    return isinstance(e, Name | Const) or (isinstance(e, Item) and isinstance(e.base, Name))
