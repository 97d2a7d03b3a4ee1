"""Lists and tuples that are written out where a function of NumPy takes an array: made arrays.

in:   np.dot([a, b], x)                  out:  np.dot(np.array([a, b]), x)

Which arguments those are, their names tell: NumPy gives what is no array (shapes, axes, lists of arrays) other ones.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..ir.nodes import Display, Expr
from ..rules.stacking import as_array
from .forms import parameters

_ARRAYS = frozenset(
    "a b x x1 x2 y v m p f xp fp q arr ary array A weights condition obj values prepend append to_end to_begin".split()
)
_MAKE_ARRAYS: tuple[Any, ...] = (np.array, np.asarray)  # they take structures themselves
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
