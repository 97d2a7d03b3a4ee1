"""Methods and attributes as the functions that they are: `x.sum` is `numpy.ndarray.sum`, `t.pop` is `list.pop`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.types import ListOf, Num, Type
from .registry import rule_of, spelled_out

_LIST_METHODS = {"append": list.append, "pop": list.pop}


def method_of(type_: Type, name: str) -> Any:
    """The unbound method (or property) that `value.name` means for a value of this type, or None."""
    if isinstance(type_, ListOf):
        return _LIST_METHODS.get(name)
    if isinstance(type_, Num) and (type_.is_array or not type_.weak):
        function = getattr(np.ndarray, name, None)
        return function if rule_of(function) is not None or spelled_out(function) is not None else None
    return None
