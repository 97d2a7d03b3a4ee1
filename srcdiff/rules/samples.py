"""Types from values, and values from types: a function is asked for its result on small arrays of ones."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Hashable
from typing import Any

import numpy as np

from ..errors import UnsupportedCall
from ..ir.nodes import Call
from ..ir.types import COMPLEX, FLOAT, Dim, Form, Held, ListOf, Num, Static, Tup, Type, describe, held
from .problem import TypeProblem

_NUMBERS: dict[str, Any] = {"bool": True, "int64": 2}


def type_of_value(value: Any, token: Hashable = None) -> Type:
    """The type of a Python value; lengths get tokens made from `token`, or are unknown if it is None."""
    match value:
        case bool() | np.bool_():
            return Num("bool", weak=isinstance(value, bool), value=bool(value))
        case int():
            return Num("int64", weak=True, value=value)
        case np.integer() if value.dtype.kind in "iu":  # (NumPy counts durations among them)
            return Num("int64", value=int(value))
        case np.floating() | np.complexfloating():  # before float: np.float64 is one
            return Num(str(value.dtype))
        case float():
            return FLOAT
        case complex():
            return COMPLEX
        case np.ndarray():
            dtype = "int64" if value.dtype.kind in "iu" else str(value.dtype.newbyteorder("="))
            shape = tuple(Dim((token, axis), n == 1) for axis, n in enumerate(value.shape))
            if value.ndim == 0:
                return Num(dtype)
            return Num(dtype, value.ndim, shape, contiguous=value.flags.c_contiguous)
        case tuple():
            return Tup(tuple(type_of_value(item, (token, i)) for i, item in enumerate(value)))
        case _:
            return held(value) or Static(value)


def sample(type_: Type, number: float = 0.5) -> Any:
    """A value of the given type: small, harmless, every unknown length 2."""
    match type_:
        case Num(ndim=0):
            if type_.value is not None and not isinstance(type_.value, Dim):
                return type_.value
            if type_.is_complex:
                return complex(number, 0.25) if type_.weak else np.dtype(type_.dtype).type(complex(number, 0.25))
            if type_.is_float:
                return number if type_.weak else np.dtype(type_.dtype).type(number)
            return _NUMBERS[type_.dtype]
        case Num(ndim=int(rank)):
            return np.ones((2,) * rank, type_.dtype)
        case Tup(form=Form(kind="slice", keys=bounds)):
            given = dict(zip(bounds, map(sample, type_.items), strict=True))
            return slice(*(given.get(bound) for bound in ("start", "stop", "step")))
        case Tup():
            return tuple(map(sample, type_.items))
        case Static():
            return type_.value
        case Held():
            return type_  # some object: what is asked with it is whether it is None
        case ListOf(item=item):
            return [] if item is None else [sample(item)] * 2
        case _:
            raise LookupError(type_)


def ask(function: Any, args: tuple[Type, ...], kwargs: tuple[tuple[str, Type], ...], e: Call) -> Type:
    """The type of what the function returns for small values of these types; a TypeProblem if it raises on them."""
    try:
        return answer(function, args, kwargs)
    except Exception as problem:  # whatever the user's call raises on such values is the reason we give
        raise TypeProblem(
            UnsupportedCall,
            f"`{getattr(function, '__name__', function)}` on " + ", ".join(map(describe, args)),
            f"called on small values of these types it raises {type(problem).__name__}: {problem}",
            "check the ranks and types of the arguments",
            e.at,
        ) from problem


@functools.lru_cache(maxsize=4096)
def answer(function: Any, args: tuple[Type, ...], kwargs: tuple[tuple[str, Type], ...]) -> Type:
    """The type of what the function returns for small values of these types, or whatever it raises on them."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            result = function(*map(sample, args), **{k: sample(t) for k, t in kwargs})
        except ValueError:  # outside the domain, as acosh(0.5) is
            result = function(*(sample(t, 1.5) for t in args), **{k: sample(t, 1.5) for k, t in kwargs})
    found = type_of_value(result)
    if isinstance(found, Num):
        shape = tuple(Dim(None) for _ in found.shape)
        return Num(found.dtype, found.ndim, shape, found.weak)
    return found
