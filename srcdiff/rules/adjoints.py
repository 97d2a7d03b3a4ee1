"""The place where a program looks at an adjoint: the value passes as it is, the adjoint through the program's own
statements (`srcdiff.adjoint_of`)."""

from __future__ import annotations

from typing import Any

from ..ir.types import Type
from ..runtime import as_it_is, hooked, watched
from .points import call, reals
from .registry import VIEWS, pullback, pushforward
from .result_types import Asked, states


@pullback(
    watched,
    points=call(reals(), as_it_is, ()) + call(reals(3), as_it_is, ()),
    first_order="what the statements make of an adjoint has no derivative that is known",
)
def _watched(y_bar: Any, y: Any, x: Any, hook: Any, free: Any) -> Any:
    return hooked(y_bar, hook, free), None, None


@pushforward(watched)
def _watched_tangent(y: Any, x: Any, hook: Any, free: Any, *, x_dot: Any) -> Any:
    return x_dot


VIEWS.add(watched)


@states(watched, hooked)
def _as_given(asked: Asked) -> Type:
    return asked.args[0]
