"""Conjugates and real parts in derivatives of complex numbers.

The adjoint of a complex `z` is `z_bar = dL/d(Re z) + i dL/d(Im z)`, so that `dL = Re(conj(z_bar) dz)`. So a partial
`p` of a function with a complex derivative passes on `conj(p) * y_bar`, and what arrives at a real operand is the real
part: the rest would be the derivative by an imaginary part that is not there. (Kreutz-Delgado, The Complex Gradient
Operator and the CR-Calculus, 2009, sections 4 and 5.)
"""

from __future__ import annotations

import operator
from dataclasses import replace

import numpy as np

from ..ir.nodes import Call, Choice, Const, Expr, Object
from ..ir.types import Num
from ..ir.walk import is_call_of, rebuild
from ..rules import Rule
from ..rules.typing import Typer
from ..runtime import (
    on_diagonal,
    only_last,
    put_along,
    ratio,
    resized,
    scattered,
    tensordot_left,
    tensordot_right,
    unbroadcast,
)
from .terms import ADD, NEG, SUB, Term, build

CONJ = Object(np.conjugate, "np.conj")
REAL = Object(np.real, "np.real")
IMAG = Object(np.imag, "np.imag")

_PRODUCTS = {operator.mul, operator.truediv, operator.neg, ratio}  # the conjugate goes to the factors
_OPPOSITE = {operator.add: SUB, operator.sub: ADD}


def is_complex(e: Expr, typer: Typer) -> bool:
    type_ = typer(e)
    return isinstance(type_, Num) and type_.is_complex


def squared_size(e: Expr, typer: Typer) -> Expr | None:
    """The complex `z` of `np.abs(z) ** 2`: the derivative of this is `2 z`, without the division by `|z|` between."""
    match e:
        case Call(func=Object(value=f), args=(Call(func=Object(value=g), args=(z,)), Const(value=2))):
            return z if f is operator.pow and (g is abs or g is np.abs) and is_complex(z, typer) else None
    return None


def conjugated(e: Expr, typer: Typer) -> Expr:
    """The conjugate of an expression, as far inside as products go; what is real stays as it is."""
    if not is_complex(e, typer):
        return e
    match e:
        case Const(value=complex() as value) if value.real == 0.0:
            return Call(NEG, (e,))
        case Call(func=Object(value=f), args=(inner,)) if f is np.conjugate:
            return inner
        case Call(func=Object(value=f), args=(a, Const() as b)) if f in _OPPOSITE and not is_complex(a, typer):
            return Call(_OPPOSITE[f], (a, b))  # of `2.0 + 1j`
        case Call(func=Object(value=f)) if f in _PRODUCTS:
            return rebuild(e, lambda child: conjugated(child, typer))
        case Call(func=Object(value=f), args=(base, Const(value=int()) as n)) if f is operator.pow:
            return replace(e, args=(conjugated(base, typer), n))
        case Call(func=Object(value=f), args=(test, a, b)) if f is np.where:
            return replace(e, args=(test, conjugated(a, typer), conjugated(b, typer)))
        case Choice():
            return replace(e, then=conjugated(e.then, typer), other=conjugated(e.other, typer))
    return Call(CONJ, (e,))


_SHAPED = {  # the operands of which only the shape is read
    np.ndarray.shape: 0,
    len: 0,
    unbroadcast: 1,
    resized: 1,
    on_diagonal: 1,
    scattered: 2,
    only_last: 2,
    tensordot_left: 2,
    tensordot_right: 2,
    put_along: 2,
}


def conjugated_call(rule: Rule, e: Call, typer: Typer) -> Call:
    """The call with conjugates of the operands that its rule reads: the transpose of a function with a complex
    derivative becomes its adjoint."""
    args = [
        conjugated(a, typer) if p in rule.reads and isinstance(typer(a), Num) else a
        for a, p in zip(e.args, rule.operands, strict=False)
    ]
    return replace(e, args=(*args, *e.args[len(args) :]))


def plain_shapes(e: Expr) -> Expr:
    """An adjoint without conjugates of what is asked for its shape only."""
    match e:
        case Call(func=Object(value=f), args=args) if f in _SHAPED and len(args) > _SHAPED[f]:
            place = _SHAPED[f]
            like = args[place]
            if isinstance(like, Call) and is_call_of(like, np.conjugate):
                e = replace(e, args=(*args[:place], like.args[0], *args[place + 1 :]))
    return rebuild(e, plain_shapes)


def real_part(term: Term, typer: Typer) -> Term:
    """The real part of a product with an adjoint: its real factors stay outside, the adjoint stays the last factor."""
    *head, seed = term.factors
    outer = [f for f in head if not is_complex(f, typer)]
    inner = [f for f in head if is_complex(f, typer)]
    below = [d for d in term.denominators if is_complex(d, typer)]
    seed_is_complex = is_complex(seed, typer)
    if not inner and not below and not seed_is_complex:
        return term
    within = Term((*inner, seed) if seed_is_complex else tuple(inner), 1.0, tuple(below))
    number, part, masks = _part(_taken_apart(within), typer)
    behind = () if seed_is_complex else (seed,)
    factors = (*outer, *behind) if part is None else (*outer, part, *behind)
    rest = tuple(d for d in term.denominators if d not in below)
    found = replace(term, factors=factors, coefficient=term.coefficient * number, denominators=rest)
    for mask in masks:
        found = found.masked(mask)
    return found


def _taken_apart(term: Term) -> Term:
    """The product with the products and signs among its factors taken apart."""
    apart = Term((Const(1.0),), term.coefficient, term.denominators, term.masks)
    for factor in term.factors:
        apart = apart.times(factor, inverse=False)
    return replace(apart, factors=apart.factors[:-1])


def _part(term: Term, typer: Typer) -> tuple[float, Expr | None, tuple[Expr, ...]]:
    """The real part of a product as a number times the real or imaginary part of an expression (None for 1): that of
    `1j * z` is `-np.imag(z)`."""
    number: complex = term.coefficient
    rest: list[Expr] = []
    for factor in term.factors:
        if isinstance(factor, Const) and isinstance(factor.value, complex):
            number *= factor.value
        else:
            rest.append(factor)
    imaginary = number.real == 0.0  # literals have one part only, and so have their products
    sign, take = (-number.imag, IMAG) if imaginary else (number.real, REAL)
    if not rest and not term.denominators:
        return (0.0 if imaginary else sign), None, term.masks
    value = build(Term(tuple(rest), 1.0, term.denominators), typer)
    if not is_complex(value, typer):
        return (0.0 if imaginary else sign), value, term.masks
    if isinstance(value, Call) and is_call_of(value, np.conjugate):
        value, sign = value.args[0], -sign if imaginary else sign
    return sign, Call(take, (value,)), term.masks
