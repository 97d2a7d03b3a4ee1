"""Lists and tuples that are written out where a function of NumPy takes an array: made arrays.

in:   np.dot([a, b], x)                  out:  np.dot(np.array([a, b]), x)

Which arguments those are, their names tell: NumPy gives what is no array (shapes, axes, lists of arrays) other ones.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..errors import UnsupportedCall
from ..ir.nodes import Call, Display, Expr
from ..ir.types import Num, Type
from ..rules.stacking import as_array
from ..rules.typing import TypeProblem
from .forms import parameters
from .literals import is_list

_ARRAYS = frozenset(
    [
        "a",
        "b",
        "x",
        "x1",
        "x2",
        "y",
        "v",
        "m",
        "p",
        "f",
        "xp",
        "fp",
        "q",
        "arr",
        "ary",
        "array",
        "A",
        "weights",
        "condition",
        "obj",
        "values",
        "prepend",
        "append",
        "to_end",
        "to_begin",
    ]
)
_MAKE_ARRAYS: tuple[Any, ...] = (np.array, np.asarray)  # they take structures themselves
_OPERATORS = "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "neg", "pos"
_ARITHMETIC = tuple(getattr(operator, name) for name in _OPERATORS)
Keywords = tuple[tuple[str, Expr], ...]


def takes_arrays(function: Any) -> bool:
    """Whether this is a function of NumPy or SciPy, or a method of arrays."""
    if function is operator.matmul or isinstance(function, np.ufunc):
        return True
    if isinstance(getattr(function, "__self__", None), np.ufunc):  # np.add.reduce
        return True
    if getattr(function, "__objclass__", None) is np.ndarray:
        return True
    home = str(getattr(function, "__module__", None)).partition(".")[0]
    return home in ("numpy", "scipy") and function not in _MAKE_ARRAYS


def with_arrays(names: Iterable[str], args: tuple[Expr, ...], kwargs: Keywords) -> tuple[tuple[Expr, ...], Keywords]:
    """The arguments of such a function, whose parameters have these names."""
    known = (*names, *("" for _ in args))
    placed = tuple(_operand(name, arg) for name, arg in zip(known, args, strict=False))
    return placed, tuple((name, _operand(name, arg)) for name, arg in kwargs)


def operands_of(function: Any, args: tuple[Expr, ...], kwargs: Keywords) -> tuple[tuple[Expr, ...], Keywords]:
    """The arguments of a call of a function that has a rule."""
    given = (*args, *(v for _, v in kwargs))
    if not any(isinstance(a, Display) for a in given) or not takes_arrays(function):
        return args, kwargs
    return with_arrays(parameters(function), args, kwargs)


def _operand(name: str, arg: Expr) -> Expr:
    is_sequence = isinstance(arg, Display) and arg.kind in ("tuple", "list") and arg.items
    return as_array(arg) if name in _ARRAYS and is_sequence else arg


def check_operands(e: Call, args: tuple[Expr, ...], typed: Callable[[Expr], Type]) -> None:
    """Refuse arithmetic of a tuple or list with a number."""
    if getattr(e.func, "value", None) not in _ARITHMETIC:
        return
    whole = [a for a in args if isinstance(a, Display)]
    rest = [typed(a) for a in args if not isinstance(a, Display)]
    if whole and all(isinstance(t, Num) and t.ndim == 0 for t in rest):
        raise TypeProblem(
            UnsupportedCall,
            f"a {'list' if is_list(whole[0]) else 'tuple'} as an operand of `{getattr(e.func, 'text', '')}`",
            "only arrays are computed with element by element",
            "make it an array first: np.array(...)",
            e.at,
        )
