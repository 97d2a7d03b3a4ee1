"""Methods and attributes as the functions that they are: `x.sum` is `numpy.ndarray.sum`, `t.pop` is `list.pop`; those
of an object that a program has from outside, as `scipy.stats.norm.logpdf`, are the methods bound to this object."""

from __future__ import annotations

import inspect
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from ..ir.types import TEXT, Held, ListOf, Num, Static, Type
from .registry import rewriting, rule_of, spelled_out, writes
from .texts import METHODS as TEXT_METHODS

_LIST_METHODS = {"append": list.append, "pop": list.pop}


def method_of(type_: Type, name: str) -> Any:
    """The unbound method (or property) that `value.name` means for a value of this type, or None."""
    if isinstance(type_, ListOf):
        return _LIST_METHODS.get(name)
    if isinstance(type_, Num) and (type_.is_array or not type_.weak or name in ("real", "imag", "conjugate")):
        function = getattr(np.ndarray, name, None)
        return function if _is_known(function) else None
    if isinstance(type_, Held):
        function = vars(type_.kind).get(name)
        return function if _is_known(function) else None
    if type_ == TEXT or (isinstance(type_, Static) and type(type_.value) is str):
        return getattr(str, name) if name in TEXT_METHODS else None
    if isinstance(type_, Static):
        function = inspect.getattr_static(type(type_.value), name, None)
        if isinstance(function, FunctionType) and name not in getattr(type_.value, "__dict__", ()):
            bound = MethodType(function, type_.value)  # equal to any other binding of the two
            return bound if _is_known(bound) else None
    return None


def _is_known(function: Any) -> bool:
    return rule_of(function) is not None or any(f(function) is not None for f in (spelled_out, rewriting, writes))
