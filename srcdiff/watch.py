"""Names bound anew. In: the outside names that a derivative was built from. Out: a check, cheap enough for every call,
whether all of them still mean the same objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import CellType, ModuleType
from typing import Any

import numpy as np

from .frontend import AnyReference, ClassReference, Reference

# What these modules define stays what it is: `np.sin` is looked up once, `np` itself at every call.
_SETTLED = ("numpy", "math", "builtins", "operator", "_operator", "srcdiff")
_MISSING = object()
_Bound = tuple[Mapping[str, Any], str, Any]  # where a name stands, the name, what is bound to it


class Unchanged:
    """A condition on what is bound outside: called, it says whether it holds. `text` is the condition as a Python
    expression in the names of `names`, for those who ask in every call."""

    def __init__(self, text: str, names: dict[str, Any]) -> None:
        self.text, self.names = text, names
        self._holds = eval(f"lambda: {text}", names)

    def __call__(self) -> bool:
        return bool(self._holds())


def watcher(references: Iterable[AnyReference], captured: Sequence[Any]) -> Unchanged:
    """A condition that says whether every name is bound to the object it was bound to, by identity, and whether every
    captured array has the shape it had. (Elements of arrays may change: the derivative reads them at every call.)"""
    names: dict[tuple[int, str], _Bound] = {}
    orders: dict[type, tuple[type, ...]] = {}
    cells: dict[int, tuple[CellType, Any]] = {}
    chains: list[AnyReference] = []
    for reference in references:
        if isinstance(reference, ClassReference) and (levels := _levels(reference)):
            names |= {(id(level), name): (level.__dict__, name, value) for level, name, value in levels}
            orders |= {reference.owner: reference.owner.__mro__} if len(levels) > 1 else {}
            continue
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
    arrays = [a for a in captured if isinstance(a, np.ndarray)]
    return _condition(names.values(), cells.values(), chains, arrays, orders)


def _levels(reference: ClassReference) -> list[tuple[type, str, Any]]:
    """The classes that decide what a class has under a name, each with what stands there itself: the first that has
    the name, and those before it, which lack it. Empty where no class is known to have it."""
    found: list[tuple[type, str, Any]] = []
    for level in reference.owner.__mro__:
        value = level.__dict__.get(reference.name, _MISSING)
        found.append((level, reference.name, value))
        if value is not _MISSING:
            return found if value is reference.value else []
    return []


def _settled(value: object) -> bool:
    return isinstance(value, ModuleType) and value.__name__.partition(".")[0] in _SETTLED


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # the cell is empty now
        return _MISSING


def _condition(
    names: Iterable[_Bound],
    cells: Iterable[tuple[CellType, Any]],
    chains: Sequence[AnyReference],
    arrays: Iterable[np.ndarray[Any, Any]],
    orders: dict[type, tuple[type, ...]],
) -> Unchanged:
    used: dict[str, Any] = {"missing": _MISSING, "contents": _contents}
    tests: list[str] = []
    for k, (space, name, value) in enumerate(names):
        used |= {f"space_{k}": space, f"value_{k}": value}
        tests.append(f"space_{k}.get({name!r}, missing) is value_{k}")
    for k, (cell, value) in enumerate(cells):
        used |= {f"cell_{k}": cell, f"held_{k}": value}
        tests.append(f"contents(cell_{k}) is held_{k}")
    for k, array in enumerate(arrays):
        used |= {f"array_{k}": array, f"form_{k}": (array.shape, array.strides)}
        tests.append(f"(array_{k}.shape, array_{k}.strides) == form_{k}")
    for k, (owner, order) in enumerate(orders.items()):
        used |= {f"owner_{k}": owner, f"order_{k}": order}
        tests.append(f"owner_{k}.__mro__ is order_{k}")
    if chains:
        used["chains_hold"] = lambda: all(r.current() is r.value for r in chains)
        tests.append("chains_hold()")
    return Unchanged(" and ".join(tests) or "True", used)
