"""Imports inside a function: what they bind, found when the derivative is written."""

from __future__ import annotations

import importlib
import types
from typing import Any, NamedTuple


class Imported(NamedTuple):
    """A name that an import binds; `complaint` says what is wrong where there is no such module or name."""

    name: str
    value: object
    complaint: str = ""


def imported(node: Any, function: types.FunctionType) -> list[Imported]:
    """What an `import` or `from ... import` statement in a function binds."""
    package = str(function.__globals__.get("__package__") or "")
    found = []
    for alias in node.names:
        name = alias.asname or alias.name.partition(".")[0]
        try:
            if type(node).__name__ == "Import":
                module = importlib.import_module(alias.name)
                root = importlib.import_module(alias.name.partition(".")[0])
                found.append(Imported(name, module if alias.asname else root))
            else:
                source = "." * (node.level or 0) + (node.module or "")
                found.append(Imported(name, _attribute(source, alias.name, package)))
        except ImportError as problem:
            found.append(Imported(name, None, str(problem)))
    return found


def _attribute(source: str, name: str, package: str) -> object:
    module = importlib.import_module(source, package or None)
    if hasattr(module, name):
        return getattr(module, name)
    return importlib.import_module(f"{module.__name__}.{name}")
