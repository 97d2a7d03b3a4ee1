"""Effects on what carries a derivative: a random draw whose parameters depend on the arguments in question.

The result of a draw is a constant. Where a parameter of it varies, the derivative of the draw would be missing without
a word; so that is refused, whatever the draw serves for.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import NotDifferentiable
from ..ir.nodes import Function, Object
from ..rules.effects import calls_with_effect
from ..rules.problem import TypeProblem
from .activity import sources, varied_names
from .aliases import Aliases


def check_effects(function: Function, wrt: Iterable[str], aliases: Aliases, user_name: dict[str, str]) -> None:
    """Refuse calls with an effect that compute with a value that depends on `wrt`. `user_name` gives the names in the
    user's program."""
    found = [c for c in calls_with_effect(function.body) if c[2].fix is not None]
    varied = varied_names(function, wrt, aliases) if found else set()
    for s, call, effect in found:
        operands = (*call.args, *(v for _, v in call.kwargs))
        hit = sorted({user_name.get(n, n) for a in operands for n in sources(a) & varied})
        if hit:
            assert isinstance(call.func, Object)
            problem = TypeProblem(
                NotDifferentiable,
                f"`{call.func.text}` of `{hit[0]}`, which depends on what is differentiated",
                "the draw is no differentiable function of this parameter (it is discrete, or a parameter of shape)",
                effect.fix or "",
                call.at,
            )
            problem.origin = s.origin
            raise problem
