"""The calls that stand for `with` and `try` (`ir/marks.py`): effects, which stay where they are."""

from __future__ import annotations

from ..ir.marks import (
    attempt,
    attempted,
    caught,
    concluded,
    concluding,
    entering,
    keeping,
    leaving,
    recomputed,
    recomputing,
    trying,
)
from ..ir.types import BOOL, INT, NONE, Held, Type
from .effects import effect
from .registry import constant
from .result_types import Asked, states

FIX = "give it what does not depend on the arguments in question (srcdiff.stop_gradient)"

effect(entering, leaving, state="mark", fix=FIX)
effect(attempt, attempted, trying, concluding, concluded, state="mark", fix=None)
effect(recomputing, recomputed, keeping, state="mark", fix=None)
constant(caught)


@states(entering)
def _entered(asked: Asked) -> Type:
    return Held(object)


@states(caught)
def _caught(asked: Asked) -> Type:
    return Held(BaseException)


@states(leaving, attempted, trying, concluding, concluded, recomputing, recomputed, keeping)
def _nothing(asked: Asked) -> Type:
    return NONE


@states(attempt)
def _outcome(asked: Asked) -> Type:
    return BOOL if len(asked.args) == 1 else INT
