"""What a value is, as far as the types of the arguments tell: `isinstance` and the patterns of `match`."""

from __future__ import annotations

import collections.abc
from typing import Any

import numpy as np

from ..ir.types import ListOf, Num, Static, Tup, Type


def class_of(type_: Type) -> type | None:
    """The class that every value of the type belongs to, or None where there are several."""
    match type_:
        case Tup(form=None):
            return tuple
        case Tup(form=form) if form is not None:
            return form.cls
        case ListOf(frozen=frozen):
            return tuple if frozen else list
        case Static(value=value):
            return type(value)
        case Num(ndim=int(rank)) if rank > 0:
            return np.ndarray
    return None


def is_instance(type_: Type, cls: type) -> bool | None:
    """`isinstance` of any value of the type; None where values of the type differ in that."""
    own = class_of(type_)
    if own is not None:
        return issubclass(own, cls)
    if not isinstance(type_, Num) or type_.ndim is None or type_.boxed:
        return None
    if type_.dtype in ("float64", "float32"):
        own_classes: tuple[Any, ...] = (np.float32,) if type_.dtype == "float32" else (float, np.float64)
    else:
        plain, array = (int, np.int64) if type_.dtype == "int64" else (bool, np.bool_)
        own_classes = (plain,) if type_.weak else (array,)
    found = {issubclass(own, cls) for own in own_classes}
    return found.pop() if len(found) == 1 else None


def fits_sequence(type_: Type, length: int, starred: bool) -> bool | None:
    """Whether a sequence pattern of `length` items (and a starred one) fits."""
    if not isinstance(type_, Tup):
        own = class_of(type_)
        return None if own in (list, tuple) else False  # arrays, texts and numbers are no sequences to `match`
    if type_.form is not None and not issubclass(type_.form.cls, collections.abc.Sequence):
        return False
    return len(type_.items) >= length if starred else len(type_.items) == length


def fits_mapping(type_: Type) -> bool:
    """Whether a mapping pattern looks into values of the type."""
    own = class_of(type_)
    return own is not None and issubclass(own, collections.abc.Mapping)
