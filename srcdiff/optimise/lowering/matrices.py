"""Elements of triangles, diagonals and outer products.

in:   np.tril(a, -1)        at:  (i, j)        out:  a[i, j] if j <= i - 1 else 0.0
"""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np

from ...ir.nodes import Call, Choice, Const, Expr, Object
from ...ir.types import Num
from ...ir.walk import is_call_of
from ...normalise.iteration import plus
from ...runtime import on_diagonal
from .site import Site

MUL, EQ = Object(operator.mul, "*"), Object(operator.eq, "==")
_LE, _GE = Object(operator.le, "<="), Object(operator.ge, ">=")
_DIAGONALS = (np.diagonal, np.ndarray.diagonal)

Element = Callable[[Expr, tuple[Expr, ...]], Expr]


def element_of(site: Site, element: Element, e: Call, index: tuple[Expr, ...]) -> Expr | None:
    """The element of what a call returns, at a place in it; None where it is none of these functions. `element` gives
    that of an operand."""
    named = dict(e.kwargs)
    if is_call_of(e, np.outer) and len(e.args) == 2 and not named:
        if not all(site.num(a).ndim == 1 for a in e.args):
            return None
        return Call(MUL, (element(e.args[0], index[:1]), element(e.args[1], index[1:])))
    is_back = is_call_of(e, on_diagonal)
    first = 2 if is_back else 1
    given = e.args[first] if len(e.args) == first + 1 else named.pop("k", named.pop("offset", Const(0)))
    k = None if named or len(e.args) > first + 1 else site.literal(given)
    if k is None:
        return None
    if is_call_of(e, np.tril, np.triu) and len(index) >= 2:
        test = Call(_LE if is_call_of(e, np.tril) else _GE, (index[-1], plus(index[-2], Const(k))))
        return Choice(test, element(e.args[0], index), Const(0.0))
    if k != 0:
        return None
    if (is_call_of(e, np.diag) or is_back) and site.num(e.args[0]).ndim == 1:
        return Choice(Call(EQ, index), element(e.args[0], index[:1]), Const(0.0))
    if is_call_of(e, *_DIAGONALS) and _is_square(site.num(e.args[0])):
        return element(e.args[0], (index[0], index[0]))
    return None


def _is_square(type_: Num) -> bool:
    return type_.ndim == 2 and type_.shape[0].same(type_.shape[1])
