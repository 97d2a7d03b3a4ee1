"""Methods and attributes as the functions that they are: `x.sum` is `numpy.ndarray.sum`, `t.pop` is `list.pop`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.types import ListOf, Num, Type

_METHODS = {
    name: getattr(np.ndarray, name)
    for name in (
        *("sum", "mean", "prod", "max", "min", "copy", "reshape", "ravel", "flatten", "dot", "transpose", "astype"),
        *("argmax", "argmin", "all", "any", "clip"),
    )
}
_ATTRIBUTES = {name: getattr(np.ndarray, name) for name in ("shape", "ndim", "size", "T", "dtype")}
_LIST_METHODS = {"append": list.append, "pop": list.pop}


def method_of(type_: Type, name: str) -> Any:
    """The unbound method (or property) that `value.name` means for a value of this type, or None."""
    if isinstance(type_, ListOf):
        return _LIST_METHODS.get(name)
    if isinstance(type_, Num) and (type_.is_array or not type_.weak):
        return _METHODS.get(name) or _ATTRIBUTES.get(name)
    return None
