"""Immutable values of the standard library that programs compute with beside numbers: dates, fractions, members of an
enumeration. What is computed of them alone is known when the derivative is written."""

from __future__ import annotations

import enum
from collections.abc import Hashable

_CLASSES = {
    *(("datetime", name) for name in ("date", "datetime", "time", "timedelta", "timezone")),
    ("fractions", "Fraction"),
}


def is_plain_constant(value: object) -> bool:
    """Whether this is such a value (of exactly that class: a subclass may do anything)."""
    cls = type(value)
    return (cls.__module__, cls.__qualname__) in _CLASSES or isinstance(value, enum.Enum)


def is_plain_class(value: object) -> bool:
    """Whether this is a class of such values that a program may call."""
    return isinstance(value, type) and (value.__module__, value.__qualname__) in _CLASSES


def is_passed(value: object) -> bool:
    """Whether generated code takes a value that is no number: a text, None; not what it has no use for."""
    return not callable(value) and not is_plain_constant(value)


def identity(value: object) -> Hashable:
    """What tells a value that is no number from others of its class. (Dates of two time zones may be equal and differ
    in what they are made of; their texts do not.)"""
    if isinstance(value, str):
        return value
    return repr(value) if is_plain_constant(value) and not isinstance(value, enum.Enum) else id(value)
