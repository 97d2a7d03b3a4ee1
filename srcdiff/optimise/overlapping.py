"""Updates whose value shares memory with what they change: for Numba the value is an array of its own.

in:   y_bar[::-1] += y_bar                    out:  y_bar[::-1] += y_bar.copy()

NumPy sees to it that the value is the old one; what Numba compiles reads elements that it has written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..derive.places import base_of, entire
from ..derive.terms import COPY
from ..derive.zeros import is_fresh
from ..ir.nodes import Block, Call, Expr, Function, Stmt, Update
from ..ir.types import Num, Type
from ..ir.walk import map_stmt
from ..rules.typing import Typer
from .storage import Storage


def with_old_values(function: Function, types: Mapping[str, Type]) -> Function:
    """The function with copies where an array is added to another view of itself."""
    storage, typer = Storage(function, types), Typer(types)

    def block(b: Block) -> Block:
        return tuple(map(changed, b))

    def changed(s: Stmt) -> Stmt:
        if isinstance(s, Update) and _meet(s.target, s.value, storage) and not is_fresh(s.value):
            same = entire(s.target) == entire(s.value)
            return s if same or not _is_array(s.value, typer) else replace(s, value=Call(COPY, (s.value,)))
        return map_stmt(s, lambda e: e, block)

    return replace(function, body=block(function.body))


def _meet(target: Expr, value: Expr, storage: Storage) -> bool:
    one, other = base_of(target), base_of(value)
    return one is not None and other is not None and storage.find(one) == storage.find(other)


def _is_array(e: Expr, typer: Typer) -> bool:
    type_ = typer(e)
    return isinstance(type_, Num) and type_.ndim != 0
