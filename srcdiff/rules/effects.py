"""Calls with an effect: they do something beside giving a value, so it matters how often they run, and in which order.

A random draw changes the state of its generator. Such a call runs once, at the user's place in the forward sweep: the
normaliser makes it a statement of its own (`normalise/effects.py`), the planner never runs it again
(`derive/choices.py`), and what nobody reads is still called (`optimise/dead.py`). Its result is a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Literal

from ..ir import nodes
from ..ir.callee import is_opaque
from ..ir.nodes import Block, Call, Expr, Object, Stmt
from ..ir.walk import expressions, map_stmt, statements, subexprs
from .registry import Writer, constant, rule_of

# Where the state that a call changes comes from: its first operand, the program's surroundings, or its other operands
# alone (it makes something new; without any, or with None, that is another one every time). What only tells something
# changes the world ("output"), what asks the clock finds another answer every time, and a mark stands for syntax.
State = Literal["operand", "outside", "new", "output", "clock", "mark"]
Lowering = Callable[[Call, Writer], tuple[Expr, Expr]]


@dataclass(frozen=True)
class Effect:
    """What is known of a function with an effect. `fix` says what to write where an operand carries a derivative; None
    where the operands may, since the function does not compute with them. `write` is given for a function that writes
    into an array: for a call it tells the array, and the new content as a value that is a constant or has a rule."""

    state: State
    fix: str | None
    write: Lowering | None = None


EFFECTS: dict[Any, Effect] = {}


def effect(*functions: Any, state: State, fix: str | None, write: Lowering | None = None) -> None:
    """Register functions that have an effect; their results are constants."""
    constant(*functions)
    EFFECTS.update(dict.fromkeys(functions, Effect(state, fix, write)))


def effect_of(e: Expr) -> Effect | None:
    """The effect of a call, or None where it is no call or has none (what it is made of is not looked at)."""
    if not isinstance(e, Call) or not isinstance(e.func, Object) or rule_of(e.func.value) is None:
        return None
    return EFFECTS.get(e.func.value)


def effect_method(owner: object, name: str) -> Any:
    """The method of that name of an object from outside, if it has an effect; else None."""
    found = next((vars(c)[name] for c in type(owner).__mro__ if name in vars(c)), None)
    if not isinstance(found, FunctionType) or rule_of(found) is None:
        return None
    return found if found in EFFECTS else None


def has_effect(e: Expr) -> bool:
    """Whether evaluating the expression changes something that can be told from outside of it."""
    return any(effect_of(p) is not None or is_opaque(p) for p in subexprs(e) if type(p) is Call)


def without_outputs(block: Block) -> Block:
    """The block without what it tells the world (`print`); the marks of `with` and `try` stay."""
    kept = (s for s in block if not (isinstance(s, nodes.Effect) and _is_output(s.value)))
    return tuple(map_stmt(s, lambda e: e, without_outputs) for s in kept)


def _is_output(e: Expr) -> bool:
    found = effect_of(e)
    return found is not None and found.state == "output"


def calls_with_effect(block: Block) -> Iterator[tuple[Stmt, Call, Effect]]:
    """All calls with an effect in a block, in text order, each with its statement."""
    for s in statements(block):
        for e in (part for top in expressions(s) for part in subexprs(top)):
            found = effect_of(e)
            if found is not None:
                assert isinstance(e, Call)
                yield s, e, found
