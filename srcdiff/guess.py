"""Argument types for the generic form of a derivative: what annotations, defaults and use suggest.

`source(df)` without arguments shows the derivative for these; a call always goes by the arguments themselves.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from .errors import BadArgument
from .frontend import Program
from .ir.nodes import Attr, Call, Const, Display, Expr, For, Item, Name, Object
from .ir.types import FLOAT, Dim, Held, Num, Type
from .ir.walk import children, expressions, statements, subexprs
from .signature import fitted, type_of

_ARRAY_FUNCTIONS = (len, sum, enumerate, zip, reversed, np.sum, np.mean, np.prod, np.max, np.min, np.zeros_like)
_PRODUCTS = (operator.matmul, np.dot, np.matmul)


def guesses(program: Program, wrt: Collection[str]) -> Iterator[list[Type]]:
    """Lists of types of the parameters, the likeliest first; what is differentiated is no whole number."""
    names = [p.name for p in program.function.params]
    ranks = {name: _rank(program, name) for name in names}
    fixed = {p.name: p.default.value for p in program.function.params if p.default is not None}
    choices: list[list[Type]] = []
    for name in names:
        generator = _generator(program, name)
        if generator is not None:
            choices.append([generator])
        elif name in fixed and ranks[name] == 0:
            choices.append([_default(fixed[name], name, name in wrt)])
        elif name not in wrt and _counts(program, name):
            choices.append([Num("int64", weak=True, value=Dim(("argument", name)))])
        else:
            likely = [array(name, ranks[name]), *(array(name, r) for r in (0, 1, 2) if r > ranks[name])]
            choices.append(likely)
    yield from (list(c) for c in itertools.islice(itertools.product(*choices), 81))


def _generator(program: Program, name: str) -> Held | None:
    """A random generator, where the parameter has a method that only these have."""
    wanted = Name(name)
    used = {e.name for e in _all(program) if isinstance(e, Attr) and e.base == wanted}
    if not any(not hasattr(np.ndarray, n) for n in used):
        return None
    kinds = (np.random.Generator, np.random.RandomState)
    return next((Held(k) for k in kinds if all(n in vars(k) for n in used)), None)


def _default(value: Any, name: str, differentiate: bool) -> Type:
    """The type that a default has when it is left to stand."""
    try:
        return type_of(fitted(value, name, differentiate), name)
    except BadArgument:
        return FLOAT if differentiate else type_of(value, name)


def array(name: str, rank: int) -> Type:
    """A float64 argument of that rank with no length 1."""
    if rank == 0:
        return FLOAT
    return Num("float64", rank, tuple(Dim(("argument", name, axis), False) for axis in range(rank)), contiguous=True)


def _all(program: Program) -> Iterator[Expr]:
    for s in statements(program.function.body):
        for e in expressions(s):
            yield from subexprs(e)


def _rank(program: Program, name: str) -> int:
    """The least rank that the uses of a parameter ask for."""
    rank = 0
    wanted = Name(name)
    for e in _all(program):
        match e:
            case Item(base=base, index=index) if base == wanted:
                rank = max(rank, len(index.items) if isinstance(index, Display) else 1)
            case Item(base=Item(base=base)) if base == wanted:
                rank = max(rank, 2)
            case Item(base=Attr(base=base, name="shape"), index=Const(value=int(k))) if base == wanted:
                rank = max(rank, k + 1)
            case Attr(base=base, name=attr) if base == wanted:
                rank = max(rank, 2 if attr == "T" else 1)
            case Call(func=Object(value=f), args=args) if wanted in args:
                if any(f is g for g in (*_ARRAY_FUNCTIONS, *_PRODUCTS)):
                    rank = max(rank, 1)
    for s in statements(program.function.body):
        if isinstance(s, For) and s.iter == wanted:
            rank = max(rank, 1)
    return rank


def _counts(program: Program, name: str) -> bool:
    """Whether a parameter is a count or an index."""
    wanted = Name(name)
    for e in _all(program):
        match e:
            case Call(func=Object(value=f), args=args) if f is range:
                if any(_as_number(a, wanted) for a in args):
                    return True
            case Item(index=index) if _as_number(index, wanted):
                return True
    return False


def _as_number(e: Expr, wanted: Name) -> bool:
    """Whether the value of the parameter itself (not its length or an element) takes part in `e`."""
    match e:
        case Name():
            return e == wanted
        case Call(func=Object(value=f)) if f is len:
            return False
        case Attr() | Item():
            return False
    return any(_as_number(child, wanted) for child in children(e))
