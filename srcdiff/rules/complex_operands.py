"""The one gate for complex numbers: a call with a complex operand or result has a type only if its function is known to
be right for complex operands. All others are refused, whatever their rule would make of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import UnsupportedType
from ..ir.nodes import Attr, Call, Expr, Object
from ..ir.types import ListOf, Num, Tup, Type, describe
from .problem import TypeProblem
from .registry import of_complex


def check_complex(function: Any, types: tuple[Type, ...], e: Call) -> None:
    """Raise TypeProblem where one of the types (of operands and result) is complex and the function is not one that
    takes complex operands."""
    if any(map(is_complex, types)) and of_complex(function) is None:
        raise complex_problem(e)


def is_complex(type_: Type | None) -> bool:
    """Whether a value holds complex numbers."""
    match type_:
        case Num():
            return type_.is_complex
        case Tup():
            return any(map(is_complex, type_.items))
        case ListOf():
            return is_complex(type_.item)
    return False


def complex_problem(e: Call) -> TypeProblem:
    text = e.func.text if isinstance(e.func, Object) else e.func.name if isinstance(e.func, Attr) else "this function"
    return TypeProblem(
        UnsupportedType,
        f"`{text}` of complex numbers",
        "its rule is for real numbers",
        "take the real and imaginary parts (or np.abs) first, or use functions that have a complex derivative",
        e.at,
    )


def check_real_place(place: Type, value: Type | None, e: Expr) -> None:
    """Refuse complex numbers that are written into a real array."""
    if isinstance(place, Num) and isinstance(value, Num) and value.is_complex and not place.is_complex:
        raise TypeProblem(
            UnsupportedType,
            f"complex numbers written into a {describe(place)}",
            "a real array drops their imaginary parts, which NumPy only warns of",
            "make it a complex array, as in np.zeros(n, dtype=complex), or write np.real(...)",
            e.at,
        )


def kept_complex(operand: Num, dtype: str, e: Call) -> str:
    """The dtype that an operand is converted to. Refuses a real one for complex numbers."""
    if operand.is_complex and not dtype.startswith("complex"):
        raise TypeProblem(
            UnsupportedType,
            f"complex numbers converted to {dtype}",
            "their imaginary parts are dropped, which NumPy only warns of",
            "write np.real(...) where that is meant",
            e.at,
        )
    return dtype


def holds_complex(x: Any) -> bool:
    """Whether `x` is made of complex numbers: decided by its type when the derivative is written. For rules, and for
    functions that stand for others."""
    return bool(np.iscomplexobj(x))
