"""Classes that a function defines. In: a `class` statement. Out: the class, made when the derivative is written.

It is made of the code that Python has compiled for it, so that its methods are found in the text like those of any
other class. Where a method reads a variable of the function, the class has a `Local` in its place, which stands for
that variable as it is when the method is called.
"""

from __future__ import annotations

import builtins
import dataclasses
import functools
import types
import typing
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from srcdiff.frontend.names import MISSING, Scope
from srcdiff.frontend.refusals import Problems
from srcdiff.frontend.scopes import loaded_by_class
from srcdiff.frontend.text import Text
from srcdiff.ir.nodes import Call, Const, Expr, Object

_DECORATORS: tuple[Any, ...] = (dataclasses.dataclass, functools.total_ordering, typing.final)
_MADE: weakref.WeakKeyDictionary[types.FunctionType, dict[types.CodeType, type]] = weakref.WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Local:
    """A variable of a function, in the methods of a class that the function defines."""

    name: str
    code: types.CodeType  # of the class


class _Refused(Exception):
    """Why a class cannot be made."""


def local_class(
    node: Any,
    scope: Scope,
    text: Text,
    read: Callable[[Any], Expr],
    problems: Problems,
    shift: int,
    classes: dict[str, types.CellType],
) -> type | None:
    """The class that the statement makes; None where that is noted as a problem. `shift`: by how many lines the code
    of the function lies behind its text. `classes`: the cells of the names of all classes of the function."""
    try:
        code = _code(node, scope.function.__code__, shift)
        made = _MADE.setdefault(scope.function, {})
        if code not in made:
            made[code] = _made(node, code, scope, read, classes)
        for name in code.co_freevars:
            scope.is_local(name)  # notes that the variable is asked for
        classes[node.name].cell_contents = made[code]
        return made[code]
    except _Refused as why:
        problems.add("ClassDef", text.header(node), name=node.name, why=str(why))
        return None


def frame_of(cls: type) -> types.CodeType | None:
    """The code of a class that a function defines, if its methods read variables of that function; else None."""
    found = (c for member in vars(cls).values() for c in _cells(member))
    return next((c.code for c in found if isinstance(c, Local)), None)


def _cells(member: object) -> Iterator[object]:
    if isinstance(member, staticmethod | classmethod):
        member = member.__func__
    found = [member] if not isinstance(member, property) else [member.fget, member.fset]
    for function in found:
        for cell in getattr(function, "__closure__", None) or ():
            try:
                yield cell.cell_contents
            except ValueError:
                continue


def _code(node: Any, outer: types.CodeType, shift: int) -> types.CodeType:
    """The code of a class body."""
    lines = {shift + n.lineno for n in (node, *node.decorator_list)}
    for const in outer.co_consts:
        if isinstance(const, types.CodeType):
            if const.co_name == node.name and const.co_firstlineno in lines:
                return const
            try:
                return _code(node, const, shift)
            except _Refused:
                continue
    raise _Refused("its compiled code is not found")


def _made(
    node: Any, code: types.CodeType, scope: Scope, read: Callable[[Any], Expr], classes: dict[str, types.CellType]
) -> type:
    if any(type(s).__name__ == "Expr" and type(s.value).__name__ != "Constant" for s in node.body):
        raise _Refused("its body does more than to define things, and would do that at every call")
    at_once = loaded_by_class(node) & set(code.co_freevars)
    cells = []
    for name in code.co_freevars:
        if name in classes:
            cells.append(classes[name])
        elif not scope.is_local(name):
            cells.append(_cell(name, scope))
        elif name in at_once:
            raise _Refused(f"its body reads `{name}`, a variable that has a value only when the function runs")
        else:
            cells.append(types.CellType(Local(name, code)))
    body = types.FunctionType(code, scope.function.__globals__, node.name, None, tuple(cells))
    bases = [_known(read(base), "a base class") for base in node.bases]
    keywords = {k.arg: _known(read(k.value), "a keyword") for k in node.keywords}
    decorators = [_decorator(read(d)) for d in node.decorator_list]
    try:
        made: type = builtins.__build_class__(body, node.name, *bases, **keywords)
        for decorator in reversed(decorators):
            made = decorator(made)
    except Exception as problem:
        raise _Refused(f"Python makes no class of it: {type(problem).__name__}: {problem}") from problem
    return made


def _cell(name: str, scope: Scope) -> types.CellType:
    """The cell of a variable that is known: the function's own where it has one."""
    where, value = scope.lookup(name)
    function = scope.function
    if where == "closure" and function.__closure__:
        return function.__closure__[function.__code__.co_freevars.index(name)]
    if value is MISSING:
        raise _Refused(f"`{name}` has no value yet")
    return types.CellType(value)


def _known(e: Expr, what: str) -> Any:
    if isinstance(e, Object | Const):
        return e.value
    raise _Refused(f"{what} of it is known only when the function runs")


def _decorator(e: Expr) -> Callable[[type], type]:
    keywords: dict[str, Any] = {}
    if isinstance(e, Call) and not e.args:
        keywords = {k: _known(v, "a decorator") for k, v in e.kwargs}
        e = e.func
    if not isinstance(e, Object) or not any(e.value is known for known in _DECORATORS):
        raise _Refused("what its decorator makes of it is not known")
    decorator: Any = e.value
    return functools.partial(decorator, **keywords) if keywords else decorator
