"""Arrays that a compiled derivative makes for itself: their memory comes from a pool, and goes back to it.

in:   s_tape = np.empty((n, m))             out:  s_tape = workspace((n, m))
      v_bar = np.zeros_like(v)                    v_bar = zeroed_workspace(v.shape)
      v = u.copy()                                v = copied_workspace(u)

What may be returned, in whatever variable, list or view, is made as it was. So are arrays in a loop that runs on
several cores, where an exception is lost with what the trip holds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..derive.nests import SHAPE
from ..derive.stacks import DTYPES
from ..ir.nodes import Assign, Block, Call, Expr, For, Function, Item, Name, Object, Return, Stmt
from ..ir.types import Num, Type
from ..ir.walk import is_call_of, map_stmt, names, statements, targets
from ..rules.typing import TypeProblem, Typer
from ..runtime import copied_workspace, workspace, zeroed_workspace
from .storage import Storage

_LEAST = 1024  # elements: an array that is known to have fewer never comes from the pool
_WORKSPACE = Object(workspace, "workspace")
_ZEROED = Object(zeroed_workspace, "zeroed_workspace")
_COPIED = Object(copied_workspace, "copied_workspace")


def with_workspaces(function: Function, types: Mapping[str, Type]) -> Function:
    """The function with its own large arrays in the pool."""
    storage = Storage(function, types)
    seen = {storage.find(name) for name in _seen(function, storage)}
    once = {name for name, count in _definitions(function.body).items() if count == 1}
    in_order = dict(types)  # with what is known of the arrays from the pool
    typer = Typer(in_order)

    def made(s: Stmt) -> Stmt:
        match s:
            case Assign(target=Name(id=name), value=Call() as value) if storage.find(name) not in seen:
                type_ = types.get(name)
                pooled = _from_pool(value, type_, typer)
                if pooled is not None and name in once and isinstance(type_, Num):
                    in_order[name] = replace(type_, contiguous=True)
                return replace(s, value=pooled or value)
            case For(iter=Call(func=Object(text="prange"))):
                return s
        return map_stmt(s, lambda e: e, block)

    def block(b: Block) -> Block:
        return tuple(map(made, b))

    return replace(function, body=block(function.body))


def _definitions(block: Block) -> Counter[str]:
    return Counter(n for s in statements(block) if isinstance(s, Assign | For) for n in targets(s.target))


def _seen(function: Function, storage: Storage) -> set[str]:
    """Variables whose memory the caller may hold: parameters, what is returned, and what is put into a structure."""
    found = {p.name for p in function.params}
    for s in statements(function.body):
        match s:
            case Return(value=value) if value is not None:
                found |= names(value)
            case Assign(target=Item(base=base), value=value) if not _is_array(base, storage):
                found |= names(value)
            case _:
                pass
    return {n for n in found if storage.holds(n)}


def _is_array(base: Expr, storage: Storage) -> bool:
    return isinstance(base, Name) and storage.is_array(base.id)


def _from_pool(value: Call, type_: Type | None, typer: Typer) -> Expr | None:
    """The call that makes the same array in the pool."""
    if not isinstance(type_, Num) or not type_.ndim or not _is_large(type_):
        return None
    dtype = DTYPES.get(type_.dtype)
    if value.kwargs or len(value.args) > 2 or (dtype is None and type_.dtype != "float64"):
        return None
    if is_call_of(value, np.ndarray.copy, np.copy) and len(value.args) == 1:
        own = is_call_of(value, np.ndarray.copy) or _is_in_order(value.args[0], typer)  # (the method makes C order)
        return Call(_COPIED, value.args) if own else None
    if is_call_of(value, np.empty, np.zeros):
        shape = value.args[:1]
    elif (
        is_call_of(value, np.empty_like, np.zeros_like) and len(value.args) == 1 and _is_in_order(value.args[0], typer)
    ):
        shape = (Call(SHAPE, value.args),)
    else:
        return None
    which = _ZEROED if is_call_of(value, np.zeros, np.zeros_like) else _WORKSPACE
    return Call(which, shape if dtype is None else (*shape, Object(dtype, f"np.{dtype.__name__}")))


def _is_in_order(e: Expr, typer: Typer) -> bool:
    """Whether an array like this one is in C order: this one is, or it is a part of one that is. (Of what is not
    contiguous Numba makes arrays in C order, other than NumPy.)"""
    try:
        type_ = typer(e)
    except TypeProblem:
        return False
    if isinstance(e, Item):
        return _is_in_order(e.base, typer)
    return isinstance(type_, Num) and type_.contiguous


def _is_large(type_: Num) -> bool:
    """Whether it may be worth it."""
    lengths = [d.token for d in type_.shape]
    return not all(isinstance(n, int) for n in lengths) or math.prod(n for n in lengths if isinstance(n, int)) >= _LEAST
