"""Sums of products of two arrays in adjoints: a call of BLAS that makes no array for the product.

in:   r_bar += np.sum(-q[1:-1] * s_bar / p)          out:  r_bar -= q[1:-1] @ s_bar / p
      a_bar = np.sum(u * v_bar)   (matrices)               a_bar = np.vdot(u, v_bar)

For plain text that nobody reads again: Numba has loops for such sums, and warns of `@` where rows are not contiguous.
Only where both arrays surely have one shape, in double precision (BLAS adds single precision less exactly than NumPy).
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..derive.directions import MATMUL
from ..derive.push import same_shape
from ..derive.terms import ADD, DIV, MUL, SUB, negative
from ..ir.nodes import Assign, Block, Call, Expr, Function, Object, Stmt, Update
from ..ir.types import Num, Type
from ..ir.walk import is_call_of, map_stmt, rebuild
from ..rules.typing import Typer

DOT = Object(np.dot, "np.dot")
VDOT = Object(np.vdot, "np.vdot")


def as_dots(function: Function, types: dict[str, Type]) -> Function:
    """The function with the sums of products in its adjoint statements as inner products."""
    typer = Typer(types)

    def expr(e: Expr) -> Expr:
        return _dot(e, typer) or rebuild(e, expr)

    def block(b: Block) -> Block:
        return tuple(statement(map_stmt(s, lambda e: e, block)) for s in b)

    def statement(s: Stmt) -> Stmt:
        if not isinstance(s, Assign | Update) or not s.adjoint_of:
            return s
        s = replace(s, value=expr(s.value))
        match s:
            case Update(op=op, value=Call(func=Object(value=operator.neg), args=(a,))) if op.value in _OPPOSITE:
                return replace(s, op=_OPPOSITE[op.value], value=a)
        return s

    return replace(function, body=block(function.body))


_OPPOSITE = {operator.add: SUB, operator.sub: ADD}


@dataclass
class _Product:
    """The factors of a product: arrays, numbers, and the numbers it is divided by."""

    typer: Typer
    arrays: list[Expr] = field(default_factory=list)
    numbers: list[Expr] = field(default_factory=list)
    under: list[Expr] = field(default_factory=list)
    minus: bool = False

    def take(self, e: Expr) -> bool:
        """Take a product apart; whether all of it is made of real arrays of one rank and of numbers."""
        match e:
            case Call(func=Object(value=operator.mul), args=(a, b)):
                return self.take(a) and self.take(b)
            case Call(func=Object(value=operator.truediv), args=(a, b)) if self.rank(b) == 0:
                self.under.append(b)
                return self.take(a)
            case Call(func=Object(value=operator.neg), args=(a,)):
                self.minus = not self.minus
                return self.take(a)
        rank = self.rank(e)
        if rank is not None:
            (self.arrays if rank else self.numbers).append(e)
        return rank is not None

    def rank(self, e: Expr) -> int | None:
        type_ = self.typer(e)
        if not isinstance(type_, Num) or (type_.ndim and type_.dtype != "float64") or type_.is_complex:
            return None
        return type_.ndim


def _dot(e: Expr, typer: Typer) -> Expr | None:
    """A sum over all of a product of arrays as an inner product, if it is one."""
    if not is_call_of(e, np.sum) or not isinstance(e, Call) or len(e.args) != 1 or e.kwargs:
        return None
    product = _Product(typer)
    if not product.take(e.args[0]) or len(product.arrays) < 2:
        return None
    left, right = _times(product.arrays[:-1]), product.arrays[-1]
    one, other = typer(left), typer(right)
    if not isinstance(one, Num) or not isinstance(other, Num) or not same_shape(one, other):
        return None
    among = VDOT if one.ndim != 1 else DOT if is_call_of(left, operator.mul) else MATMUL  # (`a * b @ c` is misread)
    value: Expr = Call(among, (left, right))
    value = _times([*product.numbers, value])
    value = Call(DIV, (value, _times(product.under))) if product.under else value
    return negative(value) if product.minus else value


def _times(factors: Sequence[Expr]) -> Expr:
    found, *others = factors
    for factor in others:
        found = Call(MUL, (found, factor))
    return found
