"""Which variables a program decides by: a last bit of theirs may send it another way.

in:   r = w @ x[t] - y[t]                       out:  r and whatever it is computed from, but not s
      s += r * r
      if r > 0.0: ...
"""

from __future__ import annotations

import operator

import numpy as np

from ..analysis.aliases import Aliases
from ..ir.callee import called, helper_of
from ..ir.nodes import Assign, Call, Choice, Effect, Expr, Function, If, Item, Logic, Name, Object, Update, While
from ..ir.types import Num
from ..ir.walk import children, expressions, is_call_of, names, statements, subexprs, targets
from ..rules import rule_of
from ..rules.typing import TypeProblem, Typer

_BY_SHAPE = (len, np.ndarray.shape, np.ndarray.size, np.ndarray.ndim, np.zeros_like, np.ones_like, np.empty_like)
_STEPS = (operator.mod, np.mod, np.fmod, operator.floordiv, np.floor_divide)


def decided_by(function: Function, typer: Typer, aliases: Aliases) -> set[str]:
    """The variables that tests, indices and steps depend on, as far as anything but their shapes matters."""
    found: set[str] = set()
    made_of: dict[str, set[str]] = {}
    for s in statements(function.body):
        place = s.target if isinstance(s, Assign | Update) else None
        while isinstance(place, Item):
            place = place.base
        match s:
            case If(test=test) | While(test=test):
                found |= _read(test)
            case Assign() | Update():
                for name in targets(place) if place is not None else ():
                    made_of.setdefault(aliases.find(name), set()).update(_read(s.value))
            case Effect(value=value):
                for name in names(value):
                    made_of.setdefault(aliases.find(name), set()).update(_read(value))
            case _:
                pass
        for e in (part for top in expressions(s) for part in subexprs(top)):
            found |= _read(e) if _decides(e, typer) else set()
    waiting = list(found)
    known = {aliases.find(n) for n in found}
    while waiting:
        more = {aliases.find(n) for n in made_of.get(aliases.find(waiting.pop()), ())} - known
        known |= more
        waiting += more
    return {n for n in aliases.types if aliases.find(n) in known}


def _decides(e: Expr, typer: Typer) -> bool:
    """Whether an expression makes a whole number, a truth value or a step of numbers."""
    match e:
        case Choice() | Logic():
            return True
        case Call(func=Object(value=f)):
            if any(f is known for known in _BY_SHAPE):
                return False
            if called(e) is not None or helper_of(e) is not None or is_call_of(e, *_STEPS):
                return True
            rule = rule_of(f)
            return (rule is not None and rule.kind == "constant") or _is_whole(e, typer)
    return False


def _read(e: Expr) -> set[str]:
    """The variables of which an expression reads more than the shape."""
    if isinstance(e, Name):
        return {e.id}
    if is_call_of(e, *_BY_SHAPE):
        return set()
    return {name for part in children(e) for name in _read(part)}


def _is_whole(e: Expr, typer: Typer) -> bool:
    try:
        type_ = typer(e)
    except TypeProblem:
        return True
    return isinstance(type_, Num) and not type_.is_inexact
