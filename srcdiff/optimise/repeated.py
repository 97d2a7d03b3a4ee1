"""Array arithmetic that is written several times and computed once.

in:   h_bar = (1.0 - h * h) * y_bar                        out:  h_bar = (1.0 - h * h) * y_bar
      b_bar = np.sum((1.0 - h * h) * y_bar, axis=0)              b_bar = np.sum(h_bar, axis=0)

in:   u_bar_1 = u_bar[1:-1].copy()                         out:  u_bar_1 = 0.2 * u_bar[1:-1]
      a_bar[1:-1] += 0.2 * u_bar_1                               a_bar[1:-1] += u_bar_1
      a_bar[2:] += 0.2 * u_bar_1                                 a_bar[2:] += u_bar_1
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from .. import runtime
from ..derive.terms import COPY
from ..derive.zeros import is_fresh
from ..ir.nodes import Assign, Block, Call, Comment, Expr, Function, Name, Object, Return, Stmt, Update
from ..ir.types import Num, Type
from ..ir.walk import expressions, is_call_of, map_stmt, mentioned, names, rebuild, statements, subexprs, substitute
from ..rules import is_view, rule_of
from ..rules.typing import Typer
from .moves import only_reads, shared_arrays
from .storage import Storage

SCALING = (operator.mul, operator.truediv)


def computed_once(function: Function, types: dict[str, Type]) -> Function:
    """The function with each array product under the one name that it has, factors common to all uses taken in."""
    function = scaled_at_once(function, types)
    known = _Known(types, shared_arrays(function.body, types))
    return replace(function, body=known.block(function.body))


class _Known:
    """What variables hold, statement by statement; `apart` are arrays that others may be views of."""

    def __init__(self, types: dict[str, Type], apart: set[str]) -> None:
        self.types = types
        self.apart = apart

    def block(self, block: Block) -> Block:
        held: dict[Expr, str] = {}
        out: list[Stmt] = []
        for s in block:
            s = map_stmt(s, lambda e: e, self.block) if not isinstance(s, Assign | Update | Return | Comment) else s
            new = self.read(s, held)
            out.append(new)
            changed = mentioned((s,)) if not isinstance(s, Assign | Update | Return) else _written(s)
            held = {e: n for e, n in held.items() if n not in changed and not names(e) & changed}
            if isinstance(new, Assign) and isinstance(new.target, Name) and self.is_dear(new.value):
                own = names(new.value)
                if new.target.id not in own and not {*own, new.target.id} & self.apart:
                    held.setdefault(new.value, new.target.id)
        return tuple(out)

    def read(self, s: Stmt, held: dict[Expr, str]) -> Stmt:
        """The statement with what is held already; the whole value of a new array is computed, lest it be shared."""

        def expr(e: Expr) -> Expr:
            return Name(held[e]) if e in held else rebuild(e, expr)

        match s:
            case Assign(target=Name()):
                return replace(s, value=rebuild(s.value, expr))
            case Assign() | Update():
                return replace(s, value=expr(s.value))
        return s

    def is_dear(self, e: Expr) -> bool:
        """Whether it is elementwise arithmetic on arrays, and nothing else."""
        if not _is_elementwise(e) or not all(map(_is_pure, subexprs(e))):
            return False
        type_ = Typer(self.types)(e)
        return isinstance(type_, Num) and bool(type_.ndim)


def _is_elementwise(e: Expr) -> bool:
    rule = rule_of(e.func.value) if isinstance(e, Call) and isinstance(e.func, Object) else None
    return rule is not None and rule.kind == "partials"


def _is_pure(e: Expr) -> bool:
    """Whether an expression says nothing but its value, its parts aside."""
    is_view_of = isinstance(e, Call) and isinstance(e.func, Object) and is_view(e.func.value)
    return not isinstance(e, Call) or is_view_of or _is_elementwise(e)


def _written(s: Stmt) -> set[str]:
    """The variables that a statement binds or whose arrays it writes."""
    found: set[str] = set()
    if isinstance(s, Assign | Update):
        found |= names(s.target)
        if not only_reads(s.value):
            found |= names(s.value)
    return found


def scaled_at_once(function: Function, types: dict[str, Type]) -> Function:
    """Arrays that are only read multiplied by one number, as the products."""
    uses = Counter(e.id for e in _everything(function.body) if isinstance(e, Name))
    storage = Storage(function, types)
    kept = {p.name for p in function.params}

    def block(b: Block) -> Block:
        out = [map_stmt(s, lambda e: e, block) for s in b]
        for k, s in enumerate(out):
            if not isinstance(s, Assign) or not isinstance(s.target, Name) or s.target.id in kept:
                continue
            type_ = types.get(s.target.id)
            if not isinstance(type_, Num) or not type_.ndim:
                continue
            if not _is_new(s.value, out[k - 1] if k else None, uses):
                continue
            count = uses[s.target.id] - 1
            product = _common(s.target, out[k + 1 :], count, types, storage) if count > 1 else None
            if product is not None:
                out[k] = replace(s, value=substitute(product, {s.target.id: _uncopied(s.value)}))
                out[k + 1 :] = [_with(other, product, s.target) for other in out[k + 1 :]]
        return tuple(out)

    return replace(function, body=block(function.body))


def _is_new(value: Expr, before: Stmt | None, uses: Counter[str]) -> bool:
    """Whether a value is an array that nobody else has, who could write it before it is read."""
    match value, before:
        case Call(func=Object(value=runtime.unbroadcast), args=(Name(id=given), _)), Assign(target=Name(id=made)):
            return given == made and uses[made] == 2 and is_fresh(before.value)
    return isinstance(value, Call) and is_fresh(value) and only_reads(value)


def _everything(block: Block) -> Iterator[Expr]:
    return (e for s in statements(block) for top in expressions(s) for e in subexprs(top))


def _common(array: Name, block: list[Stmt], count: int, types: dict[str, Type], storage: Storage) -> Expr | None:
    """The product of an array with numbers that are still what they were, if all its uses are in that product."""
    found: Counter[Expr] = Counter()
    changed: set[str] = set()  # variables and what shares memory with arrays that are written
    for s in block:
        if isinstance(s, Assign | Update):
            if array.id in names(s.value):
                scaled = (e for e in subexprs(s.value) if _is_scaled(e, array, types))
                found.update(e for e in scaled if not changed & {*names(e), *map(storage.find, names(e))})
            own = _written(s)
        else:
            own = set() if isinstance(s, Comment) else mentioned((s,))
        changed |= own | set(map(storage.find, own))
    product, times = found.most_common(1)[0] if found else (None, 0)
    return product if times == count and array.id not in changed else None


def _is_scaled(e: Expr, array: Name, types: dict[str, Type]) -> bool:
    if not isinstance(e, Call) or not is_call_of(e, *SCALING) or array not in e.args:
        return False
    others = [a for a in e.args if a != array]
    own, scaled = types.get(array.id), Typer(types)(e)
    if not isinstance(own, Num) or not isinstance(scaled, Num) or not own.ndim or own.dtype != scaled.dtype:
        return False
    return len(others) < len(e.args) and all(isinstance(t := Typer(types)(a), Num) and t.ndim == 0 for a in others)


def _uncopied(e: Expr) -> Expr:
    return e.args[0] if isinstance(e, Call) and is_call_of(e, np.ndarray.copy) else e


def _with(s: Stmt, product: Expr, array: Name) -> Stmt:
    """The statement with the array in place of the product. A variable that would be the array itself is a copy."""

    def expr(e: Expr) -> Expr:
        return array if e == product else rebuild(e, expr)

    if isinstance(s, Assign) and isinstance(s.target, Name) and s.value == product:
        return replace(s, value=Call(COPY, (array,)))
    return replace(s, value=expr(s.value)) if isinstance(s, Assign | Update) else s
