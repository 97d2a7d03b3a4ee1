"""Calls with an effect, each a statement of its own at the place where the program evaluates it.

in:   y = x + rng.normal()               out:  draw = rng.normal()
      x[rng.integers(3)] += 1.0                y = x + draw
                                               draw_1 = rng.integers(3)
                                               x[draw_1] += 1.0

The walk may look at an expression several times; a call that has brought about an effect is written once.
"""

from __future__ import annotations

from ..errors import UnsupportedCall
from ..ir.nodes import Call, Const, Effect, Expr
from ..ir.types import NONE, Held, Type
from ..rules.effects import effect_of
from ..rules.typing import TypeProblem
from .state import State


class Once:
    """What the walk over one function knows of the effects in the statement that it is at."""

    state: State
    alone: Expr | None = None  # the call that is the whole value of an assignment to a name, or a whole statement
    done: dict[int, tuple[Expr, Expr]]  # by id of the call as it was read: the call, and what stands for it

    def _call(self, e: Call) -> Expr:
        raise NotImplementedError

    def atom(self, e: Expr, wish: str) -> Expr:
        raise NotImplementedError

    def typed(self, e: Expr) -> Type:
        raise NotImplementedError

    def called(self, e: Call) -> Expr:
        """The value of a call; what it does beside that is emitted here, and only here."""
        if id(e) in self.done:
            return self.done[id(e)][1]
        before = self.state.effects
        result = self._call(e)
        found = effect_of(result)
        if found is not None:
            if e is self.alone:
                return result
            if found.write is not None:
                raise TypeProblem(
                    UnsupportedCall,
                    "a call for its effect in the middle of an expression",
                    "it writes into its argument and returns None",
                    "make it a statement of its own",
                    e.at,
                )
            result = self.apart(result)
        if self.state.effects > before:
            self.done[id(e)] = e, result
        return result

    def apart(self, call: Expr) -> Expr:
        """The call as a statement of its own."""
        type_ = self.typed(call)
        if type_ != NONE:
            return self.atom(call, "rng" if isinstance(type_, Held) else "draw")
        self.state.emit(Effect(call))
        return Const(None)
