"""Structures of values at run time: tuples, lists, dicts, named tuples, dataclasses and objects of ordinary classes.

In: a structure. Out: its form and its parts, which generated code takes one by one; and, from parts computed for them,
a structure of the same form. Nothing of the structure itself is changed, and no code of its class runs.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import types
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import numpy as np

from .ir.types import Form

_LIBRARIES = ("srcdiff", "numpy", "numba", "scipy", "pandas", "torch", "jax", "sklearn", "logging", "random", "_io")
_PLAIN_KEYS = (str, int, bool, float, type(None), enum.Enum)
CACHED: Any = type(functools.cache(len))  # what functools.lru_cache makes
_NO_OBJECTS = (
    *(type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, np.ufunc, enum.Enum),
    CACHED,
    *(np.ndarray, np.generic, str, int, float, complex, bytes, BaseException),
)


SLICE_BOUNDS = "start", "stop", "step"
_WHOLE: dict[int, Any] = {}  # by identity (an object that is kept here keeps its own)


def keep_whole(value: Any) -> None:
    """From now on this object is no structure: it is called as it is."""
    _WHOLE[id(value)] = value


def is_whole(value: Any) -> bool:
    """Whether an object was said to be no structure."""
    return id(value) in _WHOLE


def form_of(value: Any) -> Form | None:
    """How a structure is put together; None for a plain tuple and for what is no structure."""
    cls = type(value)
    if cls is list:
        return Form("list", list, tuple(range(len(value))))
    if cls is dict:
        return Form("dict", dict, tuple(value)) if all(map(_is_plain, value)) else None
    if cls is slice:
        return Form("slice", slice, tuple(n for n in SLICE_BOUNDS if getattr(value, n) is not None))
    if isinstance(value, tuple):
        names = getattr(cls, "_fields", None)
        return Form("named", cls, tuple(names)) if names is not None and len(names) == len(value) else None
    if not _is_object(value, cls):
        return None
    names = attribute_names(value)
    return Form("dataclass" if dataclasses.is_dataclass(cls) else "object", cls, names)


def _is_plain(key: Hashable) -> bool:
    return isinstance(key, _PLAIN_KEYS) or (type(key) is tuple and all(map(_is_plain, key)))


def _is_object(value: Any, cls: type) -> bool:
    """Whether this is an object of a class written in Python whose attributes are just stored and read."""
    if isinstance(value, _NO_OBJECTS) or is_whole(value):
        return False
    homes = {level.__module__.partition(".")[0] for level in cls.__mro__}
    made_by_users = homes.isdisjoint(_LIBRARIES) and not any(home.startswith("_cython") for home in homes)
    if not cls.__flags__ & (1 << 9) or not made_by_users:  # (a heap type)
        return False
    if not hasattr(value, "__dict__") and not all_slots(cls):
        return False
    attributes = (getattr(level, "__dict__", {}) for level in cls.__mro__ if level is not object)
    special = ("__getattribute__", "__getattr__")
    return not any(name in found for found in attributes for name in special)


def all_slots(cls: type) -> tuple[str, ...]:
    """The slots that objects of a class have, under the names that lead to them from outside."""
    found: dict[str, None] = {}
    for level in reversed(cls.__mro__):
        slots = level.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__"):
                hidden = name.startswith("__") and not name.endswith("__")
                found[f"_{level.__name__.lstrip('_')}{name}" if hidden else name] = None
    return tuple(found)


def attribute_names(value: Any) -> tuple[str, ...]:
    """The attributes that an object holds itself, in the order in which they were set; those in slots first."""
    slots = tuple(name for name in all_slots(type(value)) if hasattr(value, name))
    return (*slots, *getattr(value, "__dict__", ()))


def is_structure(value: Any) -> bool:
    return type(value) is tuple or form_of(value) is not None


def parts_of(value: Any, form: Form | None) -> tuple[Any, ...]:
    """The items of a structure, in the order of the form's keys."""
    if form is None or form.kind in ("list", "named"):
        return tuple(value)
    if form.kind == "dict":
        return tuple(value.values())
    return tuple([getattr(value, str(name)) for name in form.keys])


def rebuilt(form: Form | None, parts: tuple[Any, ...]) -> Any:
    """A structure of this form. `__init__` and `__setattr__` of its class are not run: a gradient need not be what
    they ask of the structure itself."""
    match form:
        case None:
            return parts
        case Form(kind="list"):
            return list(parts)
        case Form(kind="frozen"):
            return tuple(*parts)
        case Form(kind="columns"):
            return [rebuilt(item_form(form), row) for row in zip(*parts, strict=True)]
        case Form(kind="dict"):
            return dict(zip(form.keys, parts, strict=True))
        case Form(kind="named"):
            return tuple.__new__(form.cls, parts)
        case Form(kind="slice"):
            given = dict(zip(form.keys, parts, strict=True))
            return slice(*map(given.get, SLICE_BOUNDS))
    new: Any = object.__new__(form.cls)
    for name, part in zip(form.keys, parts, strict=True):
        object.__setattr__(new, str(name), part)
    return new


def columns_of(item: Form | None, count: int) -> Form:
    """The form of a list of structures that is kept as a list for each of their parts."""
    return Form("columns", tuple, tuple(range(count))) if item is None else Form("columns", item.cls, item.keys)


FROZEN = Form("frozen", tuple, (0,))


def is_columns(form: Form | None) -> bool:
    return form is not None and form.kind == "columns"


def item_form(columns: Form | None) -> Form | None:
    """The form of the structures in such a list."""
    assert columns is not None
    cls = columns.cls
    if cls is tuple:
        return None
    if cls is slice:
        return Form("slice", cls, columns.keys)
    kind = "named" if issubclass(cls, tuple) else "dataclass" if dataclasses.is_dataclass(cls) else "object"
    return Form(kind, cls, columns.keys)


def name_of(name: str, form: Form | None, k: int) -> str:
    """How the item `k` of the structure `name` is written in Python."""
    if form is None or form.kind == "list":
        return f"{name}[{k}]"
    return f"{name}[{form.keys[k]!r}]" if form.kind == "dict" else f"{name}.{form.keys[k]}"


def leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The values that a structure is made of, each with the Python expression for it."""
    form = form_of(value)
    if form is None and type(value) is not tuple:
        yield name, value
        return
    for k, part in enumerate(parts_of(value, form)):
        yield from leaves(part, name_of(name, form, k))


def mapped(change: Callable[..., Any], *values: Any) -> Any:
    """A structure like the first of `values`, of `change(leaf, ...)` for the leaves of all in the same places."""
    first = values[0]
    form = form_of(first)
    if form is None and type(first) is not tuple:
        return change(*values)
    columns = zip(*(parts_of(v, form) for v in values), strict=True)
    return rebuilt(form, tuple(mapped(change, *column) for column in columns))
