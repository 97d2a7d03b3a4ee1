"""Structures and their numbers: the arguments of a function put together, its result taken apart.

A type stands for the way in which a value is put together; of an array it tells the rank and the dtype, and nothing of
its lengths.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Hashable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir.types import Dim, Held, Num, Static, Tup, Type, describe
from ..records import form_of, is_structure, parts_of, rebuilt

_DTYPES = ("bool", "float32", "float64")


class Unfit(Exception):
    """Why generated code cannot call a function: `what` it does."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def lasting(type_: Type) -> Type:
    """The type without what is known of one value or one array only."""
    match type_:
        case Num():
            shape = tuple(Dim(None) for _ in type_.shape)
            return Num(type_.dtype, type_.ndim, shape, type_.weak)
        case Tup():
            return Tup(tuple(map(lasting, type_.items)), type_.form)
    return type_


def kind(type_: Type) -> Hashable:
    """What makes another function of one that is given such an argument."""
    match type_:
        case Num():
            return type_.dtype, type_.ndim
        case Tup():
            return type_.form, tuple(map(kind, type_.items))
    return type_


def numbers(type_: Type) -> list[Num | Held]:
    """The numbers, arrays and generators that a value of the type consists of, in their order."""
    if isinstance(type_, Tup):
        return [leaf for item in type_.items for leaf in numbers(item)]
    return [type_] if isinstance(type_, Num | Held) else []


def labels_of(function: Any, args: tuple[Type, ...], kwargs: tuple[tuple[str, Type], ...]) -> tuple[str, ...]:
    """A name for each number and array that a function is given."""
    try:
        own = [p.name for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_POSITIONAL]
    except (TypeError, ValueError):
        own = []
    names = [*own[: len(args)], *(f"argument_{k}" for k in range(len(own), len(args)))]
    found: dict[str, None] = {}
    for name, type_ in (*zip(names, args, strict=True), *kwargs):
        for wish in _labels(name, type_):
            label, count = wish, 0
            while label in found:
                count += 1
                label = f"{wish}_{count}"
            found[label] = None
    return tuple(found)


def _labels(name: str, type_: Type) -> Iterator[str]:
    if isinstance(type_, Tup):
        keys = range(len(type_.items)) if type_.form is None else type_.form.keys
        for key, item in zip(keys, type_.items, strict=True):
            word = str(key).strip("_")
            yield from _labels(f"{name}_{word}" if f"a{word}".isidentifier() else f"{name}_", item)
    elif isinstance(type_, Num | Held):
        yield name


def built(type_: Type, leaves: Iterator[Any]) -> Any:
    """A value of the type from its numbers and arrays."""
    match type_:
        case Tup():
            return rebuilt(type_.form, tuple([built(t, leaves) for t in type_.items]))
        case Static():
            return type_.value
    return next(leaves)


def flat(value: Any) -> Iterator[Any]:
    """The leaves of a value, what is no number among them."""
    if is_structure(value):
        for part in parts_of(value, form_of(value)):
            yield from flat(part)
    else:
        yield value


def taken_apart(value: Any, type_: Type) -> Iterator[Any]:
    """The numbers and arrays (or tensors) of a value of the type. Raises Unfit for one of another type."""
    found = type_of(value)
    if not _fits(found, type_):
        raise Unfit(f"returns {described(found)}, and did not before")
    return (leaf for leaf in flat(value) if isinstance(type_of(leaf), Num | Held))


def _fits(found: Type, type_: Type) -> bool:
    match found, type_:
        case Tup(), Tup():
            same = found.form == type_.form and len(found.items) == len(type_.items)
            return same and all(map(_fits, found.items, type_.items))
        case Num(), Num():
            return found.dtype == type_.dtype and found.ndim == type_.ndim
    return found == type_


def described(type_: Type) -> str:
    return f"a {describe(type_)}" if type_ != Static(None) else "None"


def type_of(value: Any) -> Type:
    """The type of a result: a number, an array, a tensor, None, a string, or a structure of these. Raises Unfit."""
    if is_structure(value):
        form = form_of(value)
        return Tup(tuple(map(type_of, parts_of(value, form))), form)
    if value is None or type(value) is str:
        return Static(value)
    if isinstance(value, bool | int | float):
        weak = not isinstance(value, np.generic)
        return Num("bool" if isinstance(value, bool) else "int64" if isinstance(value, int) else "float64", weak=weak)
    dtype: Any = getattr(value, "dtype", None)
    if not isinstance(dtype, np.dtype) or type(value).__module__.partition(".")[0] not in ("numpy", "srcdiff"):
        raise Unfit(f"returns an object of class {type(value).__name__}")
    name = "int64" if dtype.kind in "iu" else dtype.name
    if name != "int64" and name not in _DTYPES:
        raise Unfit(f"returns an array of {dtype}" if value.ndim else f"returns a {dtype}")
    return Num(name, value.ndim, (Dim(None),) * value.ndim)


def as_typed(value: Any, type_: Num | Held) -> Any:
    """A number or array of one's own as generated code takes it: Python's own number where the type says so."""
    if isinstance(type_, Held):
        return value
    if type_.ndim:
        return np.array(value)
    plain = value[()] if isinstance(value, np.ndarray) else value
    if type_.weak:
        return {"bool": bool, "int64": int}.get(type_.dtype, float)(plain)
    return plain if isinstance(plain, np.generic) else np.dtype(type_.dtype).type(plain)


def same_leaves(a: Any, b: Any) -> bool:
    """Whether two structures are put together alike of the very same leaves."""
    one, other = list(flat(a)), list(flat(b))
    if len(one) != len(other) or not all(map(operator.is_, one, other)):
        return False
    return _skeleton(a) == _skeleton(b)


def _skeleton(value: Any) -> Hashable:
    if not is_structure(value):
        return None
    form = form_of(value)
    return form, tuple(map(_skeleton, parts_of(value, form)))


def owned(type_: Num) -> Num:
    """The type of an array of one's own like one of that type."""
    return replace(type_, value=None, weak=False, contiguous=False, boxed=False)
