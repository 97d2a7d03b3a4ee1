"""Numba's first step for generated functions: what code without branches says again about places is said once.

A derivative reads and writes many elements at few places (`u[i + 1, j]`, `u_bar[i + 1, j]`), and says each time which,
as a programmer would. For Numba a mention is six statements, and each goes through all of its passes. Here later
mentions take what the first one has made: numbers, lengths of arrays, and arithmetic that ends in a subscript or in a
range. Such a value is only read, so nobody can tell whether it was made once or twice. Everything else is made as often
as the text says it: an array that is made twice is two arrays.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Hashable
from typing import Any

import numba.core.compiler_machinery
import numba.core.ir
import numba.core.ir_utils

ir: Any = numba.core.ir
_put_instead: Any = numba.core.ir_utils.replace_vars_stmt
_pass: Any = numba.core.compiler_machinery.FunctionPass
_register: Any = numba.core.compiler_machinery.register_pass

_ARITHMETIC = {operator.add, operator.sub, operator.mul, operator.floordiv}


@_register(mutates_CFG=False, analysis_only=False)
class Repeats(_pass):  # type: ignore[misc,unused-ignore]
    """Leaves out what has been said before."""

    _name = "srcdiff_repeats"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        function = state.func_ir
        blocks = [block.body for block in function.blocks.values()]
        assigned = Counter(s.target.name for body in blocks for s in body if isinstance(s, ir.Assign))
        mentioned = Counter(name for body in blocks for name in {v.name for s in body for v in s.list_vars()})
        own = {name for name, times in assigned.items() if times == mentioned[name] == 1 and name.startswith("$")}
        gone: set[str] = set()
        for block in function.blocks.values():
            block.body = _Piece(block.body, own).said_once(gone)
        for name in gone:
            function._definitions.pop(name, None)  # noqa: SLF001 (kept by Numba's passes in this way, too)
        return bool(gone)


class _Piece:
    """A piece of code without branches. `own` are the values without a name that are made in one place and read in one
    piece."""

    def __init__(self, body: list[Any], own: set[str]) -> None:
        self.body, self.own = body, own
        self.made = {s.target.name: s.value for s in body if isinstance(s, ir.Assign) and s.target.name in own}
        self.subscripts = self._subscripts()
        self.known: dict[Hashable, Any] = {}  # how a value is made, and the variable that holds it
        self.versions: Counter[str] = Counter()  # how often a variable has been assigned

    def _subscripts(self) -> set[str]:
        """The results of arithmetic, and the tuples of them, from which only subscripts and ranges are made."""
        found = {name for name, value in self.made.items() if _is_arithmetic(value) or _is(value, "build_tuple")}
        for statement in reversed(self.body):  # whoever reads a value comes behind it
            found -= {v.name for v in statement.list_vars()} - self._as_subscripts(statement, found)
        return found

    def _as_subscripts(self, statement: Any, found: set[str]) -> set[str]:
        """What a statement makes or reads as a subscript."""
        if isinstance(statement, ir.SetItem):
            return {statement.index.name} - {statement.target.name, statement.value.name}
        if not isinstance(statement, ir.Assign):
            return set()
        target, value = statement.target.name, statement.value
        if target in found:
            return {target, *(v.name for v in value.list_vars())}
        if _is(value, "getitem"):
            return {value.index.name} - {value.value.name}
        if _is(value, "call") and _is_range(self.made.get(value.func.name)):
            return {v.name for v in value.args}
        return set()

    def said_once(self, gone: set[str]) -> list[Any]:
        """The statements without those that make again what is there."""
        kept: list[Any] = []
        instead: dict[str, Any] = {}  # variables whose values are there
        for statement in self.body:
            if instead:
                _put_instead(statement, instead)
            if isinstance(statement, ir.Assign):
                name = statement.target.name
                self.versions[name] += 1
                key = self._key(name, statement.value) if name in self.own else None
                if key is not None and self.known.setdefault(key, statement.target) is not statement.target:
                    instead[name] = self.known[key]
                    gone.add(name)
                    continue
            elif isinstance(statement, ir.SetAttr):
                self.versions[statement.target.name] += 1
            kept.append(statement)
        return kept

    def _key(self, name: str, value: Any) -> Hashable | None:
        """How a value is made, where it is one that may be made once."""
        if isinstance(value, ir.Const):
            return (type(value.value), repr(value.value)) if type(value.value) in (int, float) else None
        if _is(value, "getattr") and value.attr == "shape":
            return "shape", self._version(value.value)
        if _is(value, "getitem") and _is_length(self.made, value):
            return "length", self._version(value.value), self._version(value.index)
        if name not in self.subscripts:
            return None
        if _is(value, "build_tuple"):
            return "tuple", *map(self._version, value.items)
        return value.fn, self._version(value.lhs), self._version(value.rhs)

    def _version(self, variable: Any) -> tuple[str, int]:
        return variable.name, self.versions[variable.name]


def _is(value: Any, op: str) -> bool:
    return isinstance(value, ir.Expr) and bool(value.op == op)


def _is_arithmetic(value: Any) -> bool:
    return _is(value, "binop") and value.fn in _ARITHMETIC


def _is_range(value: Any) -> bool:
    return isinstance(value, ir.Global) and value.value is range


def _is_length(made: dict[str, Any], value: Any) -> bool:
    """Whether this is `x.shape[0]`."""
    lengths: Any = made.get(value.value.name)
    axis = made.get(value.index.name)
    return _is(lengths, "getattr") and lengths.attr == "shape" and isinstance(axis, ir.Const)
