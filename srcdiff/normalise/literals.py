"""Values that are written out in a program, and what is decided by them when the derivative is written."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import UnsupportedSyntax
from ..ir.nodes import Call, Const, Display, Expr, Object, Slice
from ..ir.types import Form, Num, Static, Type
from ..records import SLICE_BOUNDS
from ..rules.registry import is_elementwise
from ..rules.stacking import as_array
from ..rules.typing import TypeProblem


def literal(e: Expr) -> Any:
    """The number or string that is written out here, or None."""
    match e:
        case Const(value=value) | Object(value=value):
            return value if isinstance(value, int | float | str) else None
        case Call(func=Object(value=operator.neg), args=(a,)) if isinstance(value := literal(a), int | float):
            return -value
    return None


def is_list(e: Expr) -> bool:
    """Whether this is a list, written out or held by variables."""
    return isinstance(e, Display) and (e.kind == "list" or (e.form is not None and e.form.kind == "list"))


def as_value(e: Expr) -> Expr:
    """A list that is written out, as the structure that a variable can hold."""
    if not isinstance(e, Display) or e.home is not None:
        return e
    items = tuple(map(as_value, e.items))
    if e.kind == "list":
        return Display("tuple", items, e.at, Form("list", list, tuple(range(len(items))), e.at))
    return replace(e, items=items)


def as_written(e: Expr) -> Expr:
    """A structure as an argument of a function with a rule: lists and tuples are written out there."""
    if is_slice(e):
        return as_index(e)
    if not isinstance(e, Display) or e.form is None or not e.form.is_sequence:
        return e
    return Display("list" if is_list(e) else "tuple", tuple(map(as_written, e.items)), e.at)


def as_arrays(function: Expr, args: tuple[Expr, ...], typed: Callable[[Expr], Type]) -> tuple[Expr, ...]:
    """The operands of elementwise arithmetic as NumPy takes them: a tuple or list beside an array, or given to one of
    its own functions, is an array."""
    value = getattr(function, "value", None)
    if not any(isinstance(a, Display) and a.kind != "record" for a in args) or not is_elementwise(value):
        return args
    numbers = [typed(a) for a in args if not isinstance(a, Display)]
    if not isinstance(value, np.ufunc) and not any(isinstance(t, Num) and t.ndim != 0 for t in numbers):
        return args
    return tuple(map(as_array, args))


def sliced(*bounds: Expr) -> Slice:
    """`slice(stop)` or `slice(start, stop, step)`, None for what is left out."""
    given: list[Expr | None] = [None if b == Const(None) else b for b in bounds]
    lower, upper, step = [None, *given, None] if len(given) == 1 else [*given, None][:3]
    return Slice(lower, upper, step)


def held_slice(index: Slice) -> Display:
    """A slice as a value that a variable can hold: a structure of those of its bounds that are not None."""
    bounds = zip(SLICE_BOUNDS, (index.lower, index.upper, index.step), strict=True)
    given = {name: bound for name, bound in bounds if bound is not None}
    return Display("record", tuple(given.values()), index.at, Form("slice", slice, tuple(given)))


def is_slice(e: Expr) -> bool:
    """Whether this is a slice as a value."""
    return isinstance(e, Display) and e.form is not None and e.form.kind == "slice"


def as_index(e: Expr) -> Expr:
    """What stands between brackets, its slices written out."""
    if not isinstance(e, Display):
        return e
    if e.form is not None and e.form.kind == "slice":
        given = dict(zip(e.form.keys, e.items, strict=True))
        lower, upper, step = map(given.get, SLICE_BOUNDS)
        return Slice(lower, upper, step, e.at)
    return replace(e, items=tuple(map(as_index, e.items))) if e.kind == "tuple" and e.form is None else e


def of_index(e: Expr) -> Expr:
    """An index as a value, as `np.s_` gives it."""
    if isinstance(e, Slice):
        return held_slice(e)
    return replace(e, items=tuple(map(of_index, e.items))) if isinstance(e, Display) else e


def decision(function: Any, args: Iterable[Expr]) -> Expr:
    """What a function that serves the rules returns for these literals (None stands for any other argument)."""
    found = function(*map(literal, args))
    return Display("tuple", tuple(map(Const, found))) if isinstance(found, tuple) else Const(found)


def part_of_tuple(base: Display, index: Slice, typed: Callable[[Expr], Type], e: Expr) -> Expr:
    """Some items of a tuple, which the types of the bounds have to tell."""
    values: list[int | None] = []
    for bound in (index.lower, index.upper, index.step):
        type_ = Static(None) if bound is None else typed(bound)
        if isinstance(type_, Num) and isinstance(type_.value, int):
            values.append(type_.value)
        elif type_ == Static(None):
            values.append(None)
        else:
            raise TypeProblem(
                UnsupportedSyntax,
                "a part of a tuple with bounds that are known only when the program runs",
                "how many values there are is not known when the derivative is written",
                "write the bounds as literals, or use an array",
                e.at,
            )
    items = base.items[slice(*values)]
    # a new list, whoever holds the old one; of a named tuple, a plain one
    form = Form("list", list, tuple(range(len(items))), e.at) if is_list(base) and base.kind == "tuple" else None
    return Display(base.kind, items, base.at, form)
