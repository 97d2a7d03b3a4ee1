"""Which names a function binds. In: a gast definition. Out: its parameters and locals, by Python's own rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_DEFINITIONS = ("FunctionDef", "AsyncFunctionDef", "ClassDef", "Lambda")
_COMPREHENSIONS = ("ListComp", "SetComp", "DictComp", "GeneratorExp")


def parameter_names(arguments: Any) -> list[str]:
    """The names of the parameters, in the order of `co_varnames`."""
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [a.id for a in (*named, arguments.vararg, arguments.kwarg) if a is not None]


def bound_names(definition: Any) -> set[str]:
    """What a function's parameters and statements bind, without what it declares global or nonlocal."""
    declared = {n for node in _own(_body(definition)) if _kind(node) in ("Global", "Nonlocal") for n in node.names}
    imported = {name for s in import_statements(definition) for name in _imported(s)}
    return (stored_names(definition) | imported) - declared


def stored_names(definition: Any) -> set[str]:
    """What a function binds by anything but an import, whatever it declares."""
    return variable_names(definition) | {n.name for n in class_statements(definition)}


def variable_names(definition: Any) -> set[str]:
    """What a function binds by anything but an import or a `class` statement."""
    found = set(parameter_names(definition.args))
    for node in _own(_body(definition)):
        kind = _kind(node)
        if kind == "Name" and type(node.ctx).__name__ in ("Store", "Del"):
            found.add(node.id)
        elif kind in ("FunctionDef", "AsyncFunctionDef") or (kind in ("MatchAs", "MatchStar") and node.name):
            found.add(node.name)
        elif kind == "MatchMapping" and node.rest:
            found.add(node.rest)
        elif kind == "ExceptHandler" and node.name:
            found.add(node.name if isinstance(node.name, str) else node.name.id)
    return found


def import_statements(definition: Any) -> list[Any]:
    """The imports of a function, without those of functions inside it."""
    return [n for n in _own(_body(definition)) if _kind(n) in ("Import", "ImportFrom")]


def _imported(statement: Any) -> list[str]:
    return [(alias.asname or alias.name).partition(".")[0] for alias in statement.names]


def class_statements(definition: Any) -> list[Any]:
    """The classes that a function defines, without those of functions inside it."""
    return [n for n in _own(_body(definition)) if _kind(n) == "ClassDef"]


def loaded_by_class(node: Any) -> set[str]:
    """The names that the body of a class reads when it runs: not what its methods read."""
    found: set[str] = set()
    waiting = list(node.body)
    while waiting:
        part = waiting.pop()
        if _kind(part) == "Name" and type(part.ctx).__name__ == "Load":
            found.add(part.id)
        if _kind(part) in ("FunctionDef", "AsyncFunctionDef", "Lambda"):
            decorators = getattr(part, "decorator_list", [])
            waiting += [*decorators, *_defaults(part), *_annotations(part)]
        else:
            waiting += _children(part)
    return found


def _annotations(node: Any) -> list[Any]:
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    found = [getattr(a, "annotation", None) for a in named if a is not None]
    return [a for a in (*found, getattr(node, "returns", None)) if a is not None]


def nonlocal_names(definition: Any) -> list[str]:
    """What a function declares nonlocal."""
    return [name for node in _own(_body(definition)) if _kind(node) == "Nonlocal" for name in node.names]


def _body(definition: Any) -> list[Any]:
    return definition.body if isinstance(definition.body, list) else [definition.body]


def _kind(node: Any) -> str:
    return type(node).__name__


def _own(nodes: list[Any]) -> Iterator[Any]:
    """The syntax nodes of a function's own body: not those inside other definitions, nor the targets of
    comprehensions."""
    for node in nodes:
        yield node
        kind = type(node).__name__
        if kind in _DEFINITIONS:
            outside = [*getattr(node, "decorator_list", []), *_defaults(node)]
            yield from _own(outside)
        elif kind in _COMPREHENSIONS:
            yield from (n.target for n in _own(_children(node)) if _kind(n) == "NamedExpr")
        else:
            yield from _own(_children(node))


def _defaults(node: Any) -> list[Any]:
    arguments: Any = getattr(node, "args", None)
    if not hasattr(arguments, "defaults"):
        return []
    return [d for d in (*arguments.defaults, *arguments.kw_defaults) if d is not None]


def _children(node: Any) -> list[Any]:
    found: list[Any] = []
    for field in getattr(node, "_fields", ()):
        value = getattr(node, field, None)
        found.extend(part for part in (value if isinstance(value, list) else [value]) if hasattr(part, "_fields"))
    return found
