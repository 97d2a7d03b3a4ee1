"""Products that several statements of one sweep need, computed once: of matrices, and in plain text of arrays.

in:   out_dot = (a @ b) * alpha_dot + alpha * (a_dot @ b)      out:  a_b = a @ b
      out = alpha * (a @ b)                                          out_dot = a_b * alpha_dot + alpha * (a_dot @ b)
                                                                     out = alpha * a_b

in:   y_bar[:-1] += a * out_bar                                out:  a_out_bar = a * out_bar
      x_bar[1:] -= a * out_bar                                       y_bar[:-1] += a_out_bar
                                                                     x_bar[1:] -= a_out_bar
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from ..ir.nodes import Assign, Block, Call, Const, Expr, Function, Item, Name, Stmt, Update
from ..ir.types import Num, Type
from ..ir.walk import (
    Fresh,
    expressions,
    is_call_of,
    map_stmt,
    mentioned,
    names,
    ordered_names,
    rebuild,
    statements,
    subexprs,
    substitute,
)
from ..rules.typing import Typer
from .moves import only_reads
from .storage import Storage

PRODUCTS = (operator.matmul, np.matmul, np.dot)
_ARITHMETIC = (operator.add, operator.sub, operator.mul, operator.truediv, operator.neg)


@dataclass
class Use:
    """A product, and the places in a block of the statements that have it while its operands stay what they are."""

    product: Expr
    places: list[int] = field(default_factory=list)


def multiplied_once(
    function: Function, types: dict[str, Type], wished: dict[str, str], elementwise: bool = False
) -> Function:
    """The function with each such product under a name; also of arrays, element by element, if that is said."""
    fresh = Fresh(mentioned(function.body) | {p.name for p in function.params})
    storage = Storage(function, types)
    uses = Counter(n for s in statements(function.body) for e in expressions(s) for n in ordered_names(e))

    def block(b: Block) -> Block:
        out = [map_stmt(s, lambda e: e, block) for s in b]
        while use := next(_repeated(out, types, storage, elementwise), None):
            named = [e.id for e in subexprs(use.product) if isinstance(e, Name)]
            wish = "_".join(wished.get(n, n) for n in named)
            name = fresh(wish)
            wished[name], types[name] = wish, Typer(types)(use.product)
            for k in use.places:
                out[k] = _with(out[k], use.product, Name(name))
            first = out[use.places[0]]
            made = Assign(Name(name), use.product, first.origin, first.adjoint_of)
            ahead = out[use.places[0] - 1] if use.places[0] else None
            match ahead:
                case Assign(target=Name(id=part), value=Item()) if part in names(use.product) and uses[part] == 1 + len(
                    use.places
                ):
                    assert isinstance(ahead, Assign)
                    out[use.places[0] - 1] = replace(made, value=substitute(use.product, {part: ahead.value}))
                case _:
                    out.insert(use.places[0], made)
        return tuple(out)

    return replace(function, body=block(function.body))


def _repeated(block: list[Stmt], types: dict[str, Type], storage: Storage, elementwise: bool) -> Iterator[Use]:
    """Products that more than one statement has, the first of them first."""
    current: dict[Expr, Use] = {}
    for k, s in enumerate(block):
        plain = isinstance(s, Assign | Update) and only_reads(s.value)
        if plain and isinstance(s, Assign | Update):
            copied = elementwise and (isinstance(s, Update) or isinstance(s.target, Item))  # so its value stays
            found = [s.value] if copied and _is_scaled(s.value, types) else []
            for e in [*found, *(e for e in _parts(s.value) if _is_product(e, types))]:
                current.setdefault(e, Use(e)).places.append(k)
        # what is more than a statement of its own, a loop or the heading of a sweep, ends all
        changed = _changed(s, storage) if plain else None
        for e in [e for e in current if changed is None or changed & {*names(e), *map(storage.find, names(e))}]:
            use = current.pop(e)
            if len(set(use.places)) > 1:
                yield use
    yield from (use for use in current.values() if len(set(use.places)) > 1)


def _changed(s: Stmt, storage: Storage) -> set[str]:
    """The variable that a statement binds, or what shares memory with the array that it writes to."""
    assert isinstance(s, Assign | Update)
    own = names(s.target)
    return own | set(map(storage.find, own)) if isinstance(s, Update) or isinstance(s.target, Item) else own


def _parts(e: Expr) -> Iterator[Expr]:
    """The operands of arithmetic, and theirs: all are evaluated, and what comes out shares no memory with them."""
    if isinstance(e, Call) and is_call_of(e, *_ARITHMETIC, *PRODUCTS):
        for part in e.args:
            yield part
            yield from _parts(part)


def _is_product(e: Expr, types: dict[str, Type]) -> bool:
    """Whether this is a product of variables that are arrays, as they are or turned."""
    if not is_call_of(e, *PRODUCTS) or not isinstance(e, Call) or len(e.args) != 2 or e.kwargs:
        return False
    type_ = Typer(types)(e)
    return all(map(_is_variable, e.args)) and isinstance(type_, Num) and bool(type_.ndim)


def _is_scaled(e: Expr, types: dict[str, Type]) -> bool:
    """Whether this is a product of variables and literals, one of them an array, element by element."""
    if not is_call_of(e, operator.mul) or not isinstance(e, Call):
        return False
    if not all(isinstance(a, Name | Const) for a in e.args):
        return False
    type_ = Typer(types)(e)
    return isinstance(type_, Num) and bool(type_.ndim)


def _is_variable(e: Expr) -> bool:
    return isinstance(e, Name) or (is_call_of(e, np.ndarray.T) and isinstance(e, Call) and isinstance(e.args[0], Name))


def _with(s: Stmt, product: Expr, name: Name) -> Stmt:
    def expr(e: Expr) -> Expr:
        return name if e == product else rebuild(e, expr)

    assert isinstance(s, Assign | Update)
    return replace(s, value=expr(s.value))
