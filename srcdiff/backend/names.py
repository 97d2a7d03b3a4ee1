"""The global names of one module of generated code.

In: the functions of the module. Out: `Names`, which spells every object that they mention, and notes what has to be
imported and what has to be put into the module.
"""

from __future__ import annotations

import builtins
import keyword
import math
import re
import sys
import types
import unicodedata
from collections.abc import Iterable
from dataclasses import fields
from functools import cache

import numpy as np

from srcdiff.ir import nodes as ir
from srcdiff.ir.callee import Callee, Helper, Opaque

_RUNTIME = "srcdiff.runtime"
# The modules of Python that generated code imports.
STANDARD = ("cmath", "contextlib", "logging", "math", "time", "warnings")


@cache
def _public_names(module: types.ModuleType) -> dict[int, str]:
    """What a module offers, by identity; of several names for one object its own `__name__` wins, then the first."""
    table: dict[int, str] = {}
    for name, value in sorted(vars(module).items()):
        shown = not name.startswith("_") and (callable(value) or isinstance(value, types.ModuleType))
        if shown and (id(value) not in table or getattr(value, "__name__", None) == name):
            table[id(value)] = name
    return table


def _public_name(module: types.ModuleType, value: object) -> str | None:
    name = _public_names(module).get(id(value))
    return name if name and vars(module).get(name) is value else None  # somebody may have replaced it


# The fields of a node that hold other nodes.
_CHILDREN: dict[type, tuple[str, ...]] = {
    node: tuple(f.name for f in fields(node) if f.compare)
    for node in (
        *(ir.Attr, ir.Call, ir.Item, ir.Slice, ir.Display, ir.Choice, ir.Logic),
        *(ir.Assign, ir.Update, ir.Effect, ir.If, ir.For, ir.While, ir.Return, ir.Raise, ir.Function),
    )
}


def _scan(node: object, local: set[str], objects: list[ir.Object]) -> None:
    """Collect the local names and the objects below a node, in order."""
    match node:
        case ir.Name():
            local.add(node.id)
        case ir.Object():
            objects.append(node)
        case ir.Param():
            local.add(node.name)
            _scan(node.default, local, objects)
        case tuple():
            for child in node:
                _scan(child, local, objects)
        case _:
            for name in _CHILDREN.get(type(node), ()):
                _scan(getattr(node, name), local, objects)


class Names:
    """The global names of one module of generated code: what it imports, and what has to be put into it."""

    def __init__(self, program: Iterable[ir.Function | ir.Expr | ir.Stmt] = ()) -> None:
        local: set[str] = set()
        objects: list[ir.Object] = []
        for node in program:
            _scan(node, local, objects)
            if isinstance(node, ir.Function):
                local.add(node.name)
        self._local = frozenset(local)
        used = {_public_name(builtins, item.value) or "abs" for item in objects}
        self._taken = local | used | {"abs", "slice", "np", "math"} | set(keyword.kwlist)
        self._numpy = self._unique("np") if "np" in local else "np"
        self._math = self._unique("math") if "math" in local else "math"
        self._known: dict[tuple[object, ...], tuple[str, object]] = {}  # the object too: its id must stay its own
        self.modules: dict[str, str] = {}  # module -> the name it is imported as
        self.runtime: dict[str, str] = {}  # helper -> the name it is imported as
        self.bindings: dict[str, object] = {}

    def _unique(self, wish: str) -> str:
        name, count = wish, 0
        while name in self._taken:
            count += 1
            name = f"{wish}_{count}"
        self._taken.add(name)
        return name

    def module(self, name: str) -> str:
        """Import a module and return the name that it has in the text: `np`, `math`, `special`."""
        if name not in self.modules:
            last = name.rpartition(".")[2]
            self.modules[name] = {"numpy": self._numpy, "math": self._math}.get(name) or self._unique(last)
        return self.modules[name]

    def spell(self, item: ir.Object) -> str:
        """The dotted name under which an object is known in the module."""
        value = item.value
        if isinstance(value, Opaque):
            return self._bound_name(ir.Object(value.part, item.text))
        if isinstance(value, ir.Function | Callee | Helper):  # a function of the same module
            return value.name
        name = _public_name(builtins, value)
        if name is not None and name not in self._local:
            return name
        return self._library_name(item) or self._bound_name(item)

    def _library_name(self, item: ir.Object) -> str | None:
        value, last = item.value, item.text.rpartition(".")[2]
        for module in (np, math):
            if value is module:
                return self.module(module.__name__)
            # The user's choice among several names stays (`np.abs`, `np.absolute`); so do `np.pi` and the like.
            if vars(module).get(last, self) is value:
                return f"{self.module(module.__name__)}.{last}"
            if name := _public_name(module, value):
                return f"{self.module(module.__name__)}.{name}"
        for part in (np.linalg, np.fft):
            if name := _public_name(part, value):
                return f"{self.module('numpy')}.{part.__name__.rpartition('.')[2]}.{name}"
        random = sys.modules.get("numpy.random")
        if random is not None and (name := _public_name(random, value)):
            return f"{self.module('numpy')}.random.{name}"
        for library in ("cmath", "scipy.special", "scipy.linalg", "srcdiff.sets"):
            found = sys.modules.get(library)
            if found is not None and (name := _public_name(found, value)):
                return f"{self.module(library)}.{name}"
        numba = sys.modules.get("numba")
        if numba is not None and value is vars(numba).get("prange"):
            return self.module("numba.prange")
        for library in STANDARD:
            found = sys.modules.get(library)
            if found is not None and value is vars(found).get(last) and callable(value):
                return f"{self.module(library)}.{last}"
        if isinstance(value, types.MethodDescriptorType | types.GetSetDescriptorType):
            return f"{self.spell(ir.Object(value.__objclass__, value.__objclass__.__name__))}.{value.__name__}"
        home = str(getattr(value, "__module__", None))
        if home.startswith(_RUNTIME) and getattr(value, "__name__", "").isidentifier():
            name = str(value.__name__)
            if name not in self.runtime:
                self.runtime[name] = self._unique(name)
            return self.runtime[name]
        return None

    def _bound_name(self, item: ir.Object) -> str:
        value = item.value
        key = (type(value), repr(value), item.text) if type(value) in (int, float, complex, str) else (id(value),)
        if key not in self._known:
            wish = unicodedata.normalize("NFKC", item.text.rpartition(".")[2])
            wish = wish if wish.isidentifier() else re.sub(r"\W+", "_", wish).strip("_") or "value"
            name = self._unique(wish if wish.isidentifier() else f"value_{wish}")
            self._known[key] = name, value
            self.bindings[name] = value
        return self._known[key][0]
