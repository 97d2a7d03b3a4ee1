"""What to write instead of a function that has no rule: a known equivalent, or the nearest name that has one."""

from __future__ import annotations

import collections
import math
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import numpy as np

from ..ir.types import Num, Type
from .registry import REWRITTEN, RULES, SPELLED, WRITING

REGISTER = "register a rule for it (srcdiff.rules: partials, linear, pullback, constant)"

_EQUIVALENTS = {
    "apply_along_axis": "write a loop over the rows",
    "apply_over_axes": "use the function with a tuple of axes",
    "asfortranarray": "leave it out: arrays are in C order",
    "frompyfunc": "write a loop",
    "fromfunction": "use np.arange and broadcasting",
    "geomspace": "use np.exp(np.linspace(np.log(a), np.log(b), n))",
    "logspace": "use 10.0 ** np.linspace(a, b, n)",
    "piecewise": "use np.select or np.where",
    "poly": "multiply the factors with np.convolve",
    "polyadd": "add the coefficients, the shorter ones with zeros in front",
    "polyfit": "use np.linalg.lstsq(np.vander(x, n + 1), y)[0]",
    "polyint": "divide the coefficients by np.arange(n, 0, -1)",
    "polymul": "use np.convolve(a, b)",
    "resize": "use np.tile and a slice",
    "rollaxis": "use np.moveaxis",
    "vectorize": "write a loop, or use NumPy's functions of arrays",
}


# containers that are refused by decision, with the reason and the remedy
CONTAINERS: dict[Any, tuple[str, str]] = {
    collections.deque: (
        "it grows and shrinks at both ends, and only lists are followed through that",
        "use a list: q.append(x), q.pop(), q.insert(0, x) and q.pop(0)",
    ),
    collections.defaultdict: (
        "which keys it has is decided when the program runs",
        'write the keys out: d = {"a": 0.0, "b": 0.0}; or keep the values in an array',
    ),
    collections.Counter: (
        "which keys it has is decided when the program runs",
        'write the keys out: d = {"a": 0, "b": 0}; or count in an array',
    ),
    dict.fromkeys: (
        "its keys are not written out",
        "use a comprehension over keys that are: {k: 0.0 for k in (...)}",
    ),
    set: (
        "a set drops equal values and has no order, so no derivative can be assigned to its elements",
        "use a tuple or a list; test membership with `in (a, b, c)`",
    ),
}


def instead(function: Any) -> str:
    """A remedy for a call of a function without a rule."""
    name = str(getattr(function, "__name__", ""))
    library = library_of(function)
    known = _EQUIVALENTS.get(name) if library == "numpy" else None
    if known is None:
        near = nearest(name) if library else None
        known = f"use {near}, which has one" if near else "write it with functions that have a rule"
    return f"{known}; or {REGISTER}"


def missing_method(type_: Type, name: str) -> str:
    """Why a method cannot be called."""
    if isinstance(type_, Num) and type_.is_array and not hasattr(np.ndarray, name):
        return "arrays have no such method"
    return "there is no derivative rule for it"


def method_instead(name: str) -> str:
    """A remedy for a call of a method of arrays without a rule."""
    names = covered()
    methods = [m for m in dir(np.ndarray) if not m.startswith("_") and _has_rule(getattr(np.ndarray, m))]
    near = _like(name, methods)
    if name in names:
        known = f"use {names[name]}(...)"
    elif name in _EQUIVALENTS:
        known = _EQUIVALENTS[name]
    elif near:
        known = f"use the method `{near[0]}`, which has one"
    else:
        known = "write the operation out with functions that have a rule"
    return known


def nearest(name: str) -> str | None:
    """How the covered function is spelled whose name is most like this one."""
    names = covered()
    found = _like(name, names)
    return names[found[0]] if found else None


def _like(name: str, names: Iterable[str]) -> list[str]:
    """The name among these that is most like this one, if one is."""
    import difflib

    return difflib.get_close_matches(name, list(names), n=1, cutoff=0.8)


def covered() -> dict[str, str]:
    """The public functions that have a rule, by their own names, as users spell them."""
    found: dict[str, str] = {}
    for prefix, module in _modules():
        for name in dir(module):
            value = getattr(module, name, None)
            if callable(value) and not name.startswith("_") and name not in found and _has_rule(value):
                found[name] = f"{prefix}.{name}"
    return found


def _modules() -> list[tuple[str, ModuleType]]:
    late = [(name, sys.modules[name]) for name in ("scipy.special", "scipy.linalg") if name in sys.modules]
    return [("np", np), ("np.linalg", np.linalg), *late, ("math", math)]


def _has_rule(value: Any) -> bool:
    try:
        return any(value in table for table in (RULES, SPELLED, REWRITTEN, WRITING))
    except TypeError:
        return False


def library_of(function: Any) -> str | None:
    """The library of functions of arrays or numbers that a function is from, or None."""
    module = str(getattr(function, "__module__", None) or type(function).__module__)
    root = module.split(".", maxsplit=1)[0]
    return root if root in ("numpy", "scipy", "math") else None
