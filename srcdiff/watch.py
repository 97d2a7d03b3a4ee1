"""Names bound anew. In: the outside names that a derivative was built from. Out: a check, cheap enough for every call,
whether all of them still mean the same objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import CellType, ModuleType
from typing import Any

import numpy as np

from .frontend import AnyReference, Reference

# What these modules define stays what it is: `np.sin` is looked up once, `np` itself at every call.
_SETTLED = ("numpy", "math", "builtins", "operator", "_operator", "srcdiff")
_MISSING = object()


def watcher(references: Iterable[AnyReference], captured: Sequence[Any]) -> Callable[[], bool]:
    """A function that says whether every name is bound to the object it was bound to, by identity, and whether every
    captured array has the shape it had. (Elements of arrays may change: the derivative reads them at every call.)"""
    names: dict[tuple[int, str], tuple[dict[str, Any], str, Any]] = {}
    cells: dict[int, tuple[CellType, Any]] = {}
    chains: list[AnyReference] = []
    for reference in references:
        if not isinstance(reference, Reference):
            chains.append(reference)
            continue
        scope = reference._scope  # noqa: SLF001 (its public `current` takes ten times as long)
        root = scope.spelled(reference.path.partition(".")[0])
        space = scope.function.__globals__
        if space.get("__name__", "").startswith("srcdiff_generated."):
            continue  # nobody binds names in there
        kind, value = scope.lookup(root)
        if "." not in reference.path:
            value = reference.value
        elif not _settled(value):
            chains.append(reference)
        if kind == "closure":
            position = scope.function.__code__.co_freevars.index(root)
            cell = (scope.function.__closure__ or ())[position]
            cells[id(cell)] = cell, value
        else:  # a builtin is one as long as no global has its name
            names[id(space), root] = space, root, _MISSING if kind == "builtin" else value
    arrays = [(a, a.shape, a.strides) for a in captured if isinstance(a, np.ndarray)]
    return _check(list(names.values()), list(cells.values()), chains, arrays)


def _settled(value: object) -> bool:
    return isinstance(value, ModuleType) and value.__name__.partition(".")[0] in _SETTLED


def _check(
    names: list[tuple[dict[str, Any], str, Any]],
    cells: list[tuple[CellType, Any]],
    chains: list[AnyReference],
    arrays: list[tuple[np.ndarray[Any, Any], tuple[int, ...], tuple[int, ...]]],
) -> Callable[[], bool]:
    def unchanged() -> bool:
        for space, name, value in names:
            if space.get(name, _MISSING) is not value:
                return False
        for reference in chains:
            if reference.current() is not reference.value:
                return False
        for array, shape, strides in arrays:
            if array.shape != shape or array.strides != strides:
                return False
        try:
            for cell, value in cells:
                if cell.cell_contents is not value:
                    return False
        except ValueError:  # the cell is empty now
            return False
        return True

    return unchanged
