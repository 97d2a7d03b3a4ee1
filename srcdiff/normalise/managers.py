"""Context managers: which of them leave numbers alone, and let every exception through.

What a manager does when it is entered and left is seen in its Python code: one that writes outside of itself could
change what the function computes with, one that stops exceptions would let it go on half-way.
"""

from __future__ import annotations

import contextlib
import dis
import inspect
import sys
import types
import warnings
from typing import Any

import numpy as np

from ..errors import UnsupportedSyntax
from ..ir.nodes import Call
from ..rules.typing import TypeProblem

_HARMLESS = (np.errstate, np.printoptions, warnings.catch_warnings, contextlib.nullcontext)
_WRITES = {"STORE_GLOBAL", "DELETE_GLOBAL", "STORE_SUBSCR", "DELETE_SUBSCR", "STORE_DEREF"}
_STOPS = {"CHECK_EXC_MATCH", "CHECK_EG_MATCH"}


def check_manager(value: object, e: Call) -> None:
    """Refuse a context manager that srcdiff cannot see to be harmless."""
    complaint = _complaint(value)
    if complaint:
        raise TypeProblem(
            UnsupportedSyntax,
            f"`with` of `{getattr(value, '__qualname__', type(value).__qualname__)}`",
            complaint,
            "put the `with` around the call of the function, or take the lines that compute out of it",
            e.at,
        )


def _complaint(value: object) -> str:
    if any(value is known for known in _HARMLESS) or _is_lock(value):
        return ""
    wrapped = getattr(value, "__wrapped__", None)
    if isinstance(wrapped, types.FunctionType) and inspect.isgeneratorfunction(wrapped):
        return _of_code(wrapped, "the generator")
    cls = value if isinstance(value, type) else type(value)
    parts = [inspect.getattr_static(cls, name, None) for name in ("__init__", "__enter__", "__exit__")]
    own = [part for part in parts if isinstance(part, types.FunctionType)]
    if not {"__enter__", "__exit__"} <= {part.__name__ for part in own}:
        return "srcdiff cannot look into it, and it may change what is computed inside"
    found = (_of_code(part, f"`{part.__name__}`") for part in own)
    return next(filter(None, found), "") or _of_exit(next(p for p in own if p.__name__ == "__exit__"))


def _is_lock(value: object) -> bool:
    threading: Any = sys.modules.get("threading")
    return threading is not None and isinstance(value, type(threading.Lock()) | type(threading.RLock()))


def _of_code(function: types.FunctionType, where: str) -> str:
    for instruction in dis.get_instructions(function):
        if instruction.opname in _WRITES:
            return f"{where} writes into what it has not made, which the function may compute with"
        if inspect.isgeneratorfunction(function) and instruction.opname in _STOPS:
            return f"{where} catches exceptions, and the function would go on half-way"
    return ""


def _of_exit(function: types.FunctionType) -> str:
    """What `__exit__` returns has to be false: True stops the exception."""
    before: object = None
    for instruction in dis.get_instructions(function):
        constant = instruction.argval if instruction.opname == "RETURN_CONST" else before
        if instruction.opname in ("RETURN_VALUE", "RETURN_CONST") and constant not in (None, False):
            return "its `__exit__` may stop exceptions, and the function would go on half-way"
        before = instruction.argval if instruction.opname == "LOAD_CONST" else instruction.opname
    return ""
