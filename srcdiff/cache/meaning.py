"""What the names in a generated module mean, as text. In: a loaded module. Out: a description that is the same in every
process in which the text means the same; None where that cannot be told.

The text itself says most. What it takes from outside are values that became constants, which are described by their
bits, and names of libraries, which are described by the library's name and version: here it is made sure that such a
name still means what the library itself put there, for anything in Python can be replaced.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, MethodDescriptorType, ModuleType, NoneType
from typing import Any

import numpy as np

LIBRARIES = ("builtins", "math", "cmath", "operator", "_operator", "numpy", "scipy", "srcdiff", "numba")


def constant(value: Any) -> str | None:
    """A value that compiled code may hold as a constant, by its type and its bits."""
    kind = type(value)
    if value is None or kind in (bool, int, str, bytes):
        return f"{kind.__name__} {value!r}"
    if kind is float:
        return f"float {np.float64(value).tobytes().hex()}"
    if kind is complex:
        return f"complex {np.complex128(value).tobytes().hex()}"
    if isinstance(value, np.generic) and value.dtype.kind in "biufc":
        return f"{value.dtype.str} {value.tobytes().hex()}"
    if isinstance(value, np.dtype) and value.kind in "biufc":
        return f"dtype {value.str}"
    if kind is tuple:
        parts = [constant(part) for part in value]
        return None if None in parts else f"({', '.join(map(str, parts))})"
    return None


def globals_of(namespace: dict[str, Any], functions: dict[str, FunctionType]) -> list[str] | None:
    """What the global names that these functions of a module use mean."""
    used = {name for function in functions.values() for name in _names(function.__code__)}
    found: list[str] = []
    for name in sorted(used):
        if name in functions:
            continue
        value = namespace.get(name, vars(builtins).get(name, _NOTHING))
        if value is not _NOTHING and not _describe(name, value, used, found):
            return None
    return found


_NOTHING = object()


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _describe(name: str, value: Any, used: set[str], found: list[str]) -> bool:
    """Note what a name means; of a module, also all of its attributes that the text may mention."""
    bits = constant(value)
    if bits is None and not is_of_library(value):
        return False
    if not isinstance(value, ModuleType):
        found.append(f"{name}: {bits or home(value)}")
        return True
    found.append(f"{name}: module {value.__name__}")
    parts = [(n, vars(value)[n]) for n in sorted(used) if n in vars(value)]
    return all(_describe(f"{name}.{n}", part, used, found) for n, part in parts if part is not value)


def is_of_library(value: Any) -> bool:
    """Whether this is a module, function or class that a library made, and not one of the user's under its name."""
    match value:
        case ModuleType():
            return _root(value.__name__) in LIBRARIES and sys.modules.get(value.__name__) is value
        case FunctionType():  # (functools.wraps copies a name, but not the globals)
            return _root(str(value.__globals__.get("__name__"))) in LIBRARIES
        case type():
            return _root(value.__module__) in LIBRARIES and _exported(value) is value
        case np.ufunc():  # (that of np.frompyfunc works on objects only)
            return any("O" not in loop for loop in value.types)
        case BuiltinFunctionType():
            return isinstance(value.__self__, ModuleType | NoneType) and _root(home(value)) in LIBRARIES
        case MethodDescriptorType():
            return is_of_library(value.__objclass__)
    return type(value) is type(np.sum) and _root(home(value)) in LIBRARIES


def _exported(value: type) -> Any:
    """What a class's module has under its name."""
    found: Any = sys.modules.get(value.__module__)
    for part in value.__qualname__.split("."):
        found = getattr(found, part, None)
    return found


def home(value: Any) -> str:
    """The module and name by which an object calls itself; ufuncs name no module."""
    module = getattr(value, "__module__", None) or type(value).__module__
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", type(value).__name__)
    return f"{module}.{name}"


def _root(name: str) -> str:
    return name.partition(".")[0]
