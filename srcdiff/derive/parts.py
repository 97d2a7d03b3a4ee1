"""The parts of an adjoint that belong to the arrays, written out in a list or tuple, that a function puts together.

in:   np.concatenate((a, b, c))        out:  y_bar[:len(a)], y_bar[len(a) : len(a) + len(b)], y_bar[len(a) + len(b) :]
      np.stack((a, b), axis=1)               y_bar[:, 0], y_bar[:, 1]
      np.array([[p, q], r])                  y_bar[0, 0], y_bar[0, 1], y_bar[1]
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np

from ..ir.nodes import Call, Const, Display, Expr, Item, Name, Object
from ..ir.types import Num, Type
from ..ir.walk import is_call_of, subexprs
from ..rules import Rule
from ..rules.typing import Typer
from .places import is_place
from .splice import splice
from .terms import ADD

LEN = Object(len, "len")
SHAPE = Object(np.ndarray.shape, "shape")


def parts(rule: Rule, e: Call, seed: Expr, types: Mapping[str, Type]) -> list[tuple[Expr, Expr]]:
    """Each item of the first operand of `e` with its part of `seed`, the adjoint of `e`."""
    written = e.args[0]
    assert isinstance(written, Display)
    if is_call_of(e, np.array, np.asarray):
        return _elements(written, seed, ())
    assert rule.body is not None
    axis = axis_of(e, Typer(types))
    e = Call(e.func, (written,), (("axis", Const(axis)),), e.at)
    found: list[tuple[Expr, Expr]] = []
    before: list[Expr] = []
    for k, item in enumerate(written.items):
        fixed: dict[str, Expr] = {"y": e, "y_bar": seed}
        if "k" in rule.body.__code__.co_varnames:
            fixed["k"] = Const(k)
        else:
            fixed["start"] = _total(before) if before else Const(None)
            last = k == len(written.items) - 1
            if not last:
                before.append(length(item, axis, Typer(types)) or _measured(item, axis))
            fixed["stop"] = Const(None) if last else _total(before)
        (part,) = splice(rule, e, fixed, types)
        assert part is not None
        found.append((item, part))
    return found


def without_length(e: Call, items: tuple[Expr, ...], typer: Typer) -> set[int]:
    """The places of those items whose length is asked for and is not told by a variable: they are to be named."""
    if is_call_of(e, np.array, np.asarray, np.stack):
        return set()
    axis = axis_of(e, typer)
    return {k for k, item in enumerate(items[:-1]) if length(item, axis, typer) is None}


def axis_of(e: Call, typer: Typer) -> int:
    """The axis along which arrays are put together, counted from the first."""
    given = e.args[1] if len(e.args) > 1 else dict(e.kwargs).get("axis", Const(0))
    type_, whole = typer(given), typer(e)
    assert isinstance(type_, Num)
    assert isinstance(whole, Num)
    return int(type_.value) % (whole.ndim or 1)


def length(e: Expr, axis: int, typer: Typer) -> Expr | None:
    """How long `e` is along the axis, without computing it: a literal, or the length of a variable."""
    type_ = typer(e)
    assert isinstance(type_, Num)
    dim = type_.shape[axis]
    if isinstance(dim.token, int):
        return Const(dim.token)
    if is_place(e):
        return _measured(e, axis)
    for name in (n for n in subexprs(e) if isinstance(n, Name)):
        known = typer(name)
        same = [k for k, d in enumerate(known.shape) if d.same(dim)] if isinstance(known, Num) else []
        if same:
            return _measured(name, same[0])
    return None


def _measured(e: Expr, axis: int) -> Expr:
    return Call(LEN, (e,)) if axis == 0 else Item(Call(SHAPE, (e,)), Const(axis))


def _total(lengths: list[Expr]) -> Expr:
    known = sum(n.value for n in lengths if isinstance(n, Const))
    unknown = [n for n in lengths if not isinstance(n, Const)]
    terms = [*unknown, Const(known)] if known or not unknown else unknown
    return functools.reduce(lambda a, b: Call(ADD, (a, b)), terms)


def _elements(written: Display, seed: Expr, place: tuple[Expr, ...]) -> list[tuple[Expr, Expr]]:
    """The items of an array that is written out take the elements of its adjoint."""
    found: list[tuple[Expr, Expr]] = []
    for k, item in enumerate(written.items):
        here = (*place, Const(k))
        if isinstance(item, Display):
            found.extend(_elements(item, seed, here))
        else:
            found.append((item, Item(seed, here[0] if len(here) == 1 else Display("tuple", here))))
    return found
