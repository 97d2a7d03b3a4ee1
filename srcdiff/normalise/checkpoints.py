"""Calls of `checkpoint(f)`, and loops over `checkpointed(...)`, marked for what is made of them (`outline`).

in:   y = checkpoint(step)(x)            out:  recomputing("step")
                                               step_1 = ...
                                               recomputed()
                                               y = step_1

      for t in checkpointed(range(n), snapshots=k):      keeping(k)
          ...                                            for t in range(n):
                                                             ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

from ..errors import UnsupportedCall, UnsupportedSyntax
from ..ir.marks import recomputed, recomputing
from ..ir.nodes import Call, Const, Display, Effect, Expr, Object
from ..ir.walk import is_call_of
from ..rules.typing import TypeProblem
from ..runtime import checkpoint, checkpointed
from .closures import Closures
from .contexts import mark


@dataclass(frozen=True, eq=False)
class Again:
    """`checkpoint(function)`, where the function is one that the program defines."""

    function: Object

    @property
    def __name__(self) -> str:
        return self.function.text.rpartition(".")[2]


class Checkpoints(Closures):
    """The checkpoints of one function."""

    def _call(self, e: Call) -> Expr:
        made = e.func
        if is_call_of(made, checkpoint) and isinstance(made, Call):
            function = self.checkpointed_function(made)
            name = str(getattr(function, "text", "") or getattr(function, "name", ""))
            inner = replace(e, func=function)
            return self.region(name.rpartition(".")[2], lambda: super(Checkpoints, self)._call(inner))
        return super()._call(e)

    def special_call(self, function: Any, e: Call) -> Expr | None:
        if function is checkpoint:
            found = self.expr(self.checkpointed_function(e))
            if isinstance(found, Object):
                return Object(Again(found), found.text, e.at)
            raise TypeProblem(
                UnsupportedCall,
                "`checkpoint` of a value that is computed",
                "which function it is has to be known when the derivative is written",
                "call it where it is made, `checkpoint(f)(x)`, or decorate the function",
                e.at,
            )
        if isinstance(function, Again):
            return self.region(function.__name__, lambda: self.expr(replace(e, func=function.function)))
        if function is checkpointed:
            raise TypeProblem(
                UnsupportedSyntax,
                "`checkpointed` outside of the head of a loop",
                "it says how the derivative of a loop is to be computed",
                "write `for t in srcdiff.checkpointed(range(n), snapshots=k):`",
                e.at,
            )
        return super().special_call(function, e)

    def checkpointed_function(self, e: Call) -> Expr:
        if len(e.args) != 1 or e.kwargs:
            raise TypeProblem(
                UnsupportedCall,
                "`checkpoint` of other than one function",
                "Python itself refuses this call",
                "call checkpoint(f)",
                e.at,
            )
        return e.args[0]

    def inline(
        self, function: FunctionType, args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...], e: Call
    ) -> Expr:
        inner = getattr(function, "checkpointed", None)
        if inner is None:
            return super().inline(function, args, kwargs, e)
        keys = [key for key, _ in kwargs]

        def called() -> Expr:
            with self.under_names((*args, *(v for _, v in kwargs))) as names:
                given = tuple(names[: len(args)]), tuple(zip(keys, names[len(args) :], strict=True))
                return self.expr(Call(Object(inner, function.__name__), *given, e.at))

        return self.region(function.__name__, called)

    def region(self, name: str, call: Callable[[], Expr]) -> Expr:
        """A call, its statements between marks; its result under names."""
        self.state.emit(Effect(mark(recomputing, Const(name))))
        result = self.under_own_names(call(), "result")
        self.state.emit(Effect(mark(recomputed)))
        return result

    def under_own_names(self, e: Expr, wish: str) -> Expr:
        if isinstance(e, Display):
            return replace(e, items=tuple(self.under_own_names(i, wish) for i in e.items))
        return e if isinstance(e, Object) else self.atom(e, wish)
