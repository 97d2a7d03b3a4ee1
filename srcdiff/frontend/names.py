"""What names mean. In: a function and a dotted name it uses. Out: the object, found without running user code.

Python's own order is followed: local, closure cell, global, builtin; then attributes of modules, classes and functions.
"""

from __future__ import annotations

import enum
import inspect
import operator
import types
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from srcdiff.ir.types import Form
from srcdiff.records import form_of, parts_of


class Unbound:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Unbound()  # the name is bound to nothing
NOT_STATIC: Final = Unbound()  # the attribute belongs to a value and is looked up when the program runs


@dataclass(frozen=True, eq=False)
class Reference:
    """One static name that a function uses from outside."""

    path: str  # as spelled in the user's text: "np.sin", "RATE"
    scope: str  # "global", "closure", "builtin" or "import"
    value: object
    _scope: Scope = field(repr=False)

    def current(self) -> object:
        """What the name means now, or MISSING."""
        root, *attributes = self.path.split(".")
        _, value = self._scope.lookup(root)
        for attribute in attributes:
            if value is MISSING:
                break
            value = getattr(value, self._scope.spelled(attribute), MISSING)
        return value


@dataclass(frozen=True, eq=False)
class ClassReference:
    """An attribute of a class that a function reads through an object: a method, a property, a constant."""

    path: str
    owner: type
    name: str
    value: object

    def current(self) -> object:
        return inspect.getattr_static(self.owner, self.name, MISSING)


@dataclass(frozen=True, eq=False)
class PartsReference:
    """A structure from outside that a function reads the parts of."""

    path: str
    value: object
    form: Form | None
    parts: tuple[object, ...]

    def current(self) -> object:
        """The structure, if it still has the parts that it had, or MISSING."""
        same = form_of(self.value) == self.form
        parts = parts_of(self.value, self.form) if same else ()
        same = len(parts) == len(self.parts) and all(map(operator.is_, parts, self.parts))
        return self.value if same else MISSING


class Scope:
    """The names that a function sees."""

    def __init__(self, function: types.FunctionType, owner: str | None) -> None:
        code = function.__code__
        self.function = function
        self.owner = owner
        self.locals = frozenset(code.co_varnames) | frozenset(code.co_cellvars)
        self.imports: dict[str, object] = {}  # what imports inside the function bind
        self.taken = self.locals | frozenset(code.co_names) | frozenset(code.co_freevars)

    def spelled(self, name: str) -> str:
        """The name that Python uses for `name`: inside a class, `__x` is `_Class__x`."""
        if self.owner is None or not name.startswith("__") or name.endswith("__"):
            return name
        stripped = self.owner.lstrip("_")
        return f"_{stripped}{name}" if stripped else name

    def is_local(self, name: str) -> bool:
        return self.spelled(name) in self.locals and name not in self.imports

    def lookup(self, name: str) -> tuple[str, object]:
        """The scope that binds a name that is not local, and its value or MISSING."""
        if name in self.imports:
            return "import", self.imports[name]
        name = self.spelled(name)
        function = self.function
        if name in function.__code__.co_freevars:
            cell = (function.__closure__ or ())[function.__code__.co_freevars.index(name)]
            try:
                return "closure", cell.cell_contents
            except ValueError:
                return "closure", MISSING
        if name in function.__globals__:
            return "global", function.__globals__[name]
        builtins: dict[str, object] = function.__builtins__  # type: ignore[attr-defined,unused-ignore]
        return ("builtin", builtins[name]) if name in builtins else ("global", MISSING)

    def fresh(self, stem: str) -> str:
        """A name that the function does not use."""
        number, name = 0, stem
        while name in self.taken:
            number += 1
            name = f"{stem}_{number}"
        self.taken |= {name}
        return name


class InnerScope(Scope):
    """The names that a function inside another one sees: its own, and those of the functions around it."""

    def __init__(self, outer: Scope, own: set[str]) -> None:
        self.function, self.owner, self.outer = outer.function, outer.owner, outer
        self.locals = frozenset(map(self.spelled, own))
        self.taken = self.locals | outer.taken
        self.imports = {}
        self.free: dict[str, None] = {}  # variables of the functions around it that it mentions

    def is_local(self, name: str) -> bool:
        if self.spelled(name) in self.locals:
            return name not in self.imports
        if not self.outer.is_local(name):
            return False
        self.free[self.spelled(name)] = None
        return True

    def lookup(self, name: str) -> tuple[str, object]:
        return super().lookup(name) if name in self.imports else self.outer.lookup(name)


def static_attribute(base: object, name: str) -> object:
    """`base.name` where that is decided by the program's text, else NOT_STATIC; MISSING where there is none."""
    if isinstance(base, type):
        return _class_attribute(base, name)
    if isinstance(base, types.ModuleType | types.FunctionType | types.BuiltinFunctionType | np.ufunc):
        try:
            return getattr(base, name, MISSING)
        except ImportError:  # a module that loads its parts on demand, and lacks this one
            return MISSING
    return NOT_STATIC


def _class_attribute(base: type, name: str) -> object:
    """An attribute of a class, unless a metaclass or a descriptor written in Python has a say in it."""
    if isinstance(base, enum.EnumMeta):
        return getattr(base, name, MISSING)
    meta = type(base)
    if meta.__getattribute__ is not type.__getattribute__:
        return NOT_STATIC
    if any(name in vars(level) for level in type.mro(meta) if level not in (type, object)):
        return NOT_STATIC
    for level in inspect.getmro(base):
        if name in vars(level):
            get = inspect.getattr_static(type(vars(level)[name]), "__get__", None)
            return NOT_STATIC if isinstance(get, types.FunctionType) else getattr(base, name, MISSING)
    return NOT_STATIC if hasattr(meta, "__getattr__") else getattr(base, name, MISSING)


AnyReference = Reference | ClassReference | PartsReference
