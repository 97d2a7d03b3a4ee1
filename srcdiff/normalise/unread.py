"""What a walk over expressions asks of functions that are not read (`Dynamics` answers)."""

from __future__ import annotations

from typing import Any

from ..ir.nodes import Call, Expr
from ..ir.types import Type
from ..opaque.parts import Part
from ..rules.typing import TypeProblem
from .forms import no_method
from .policy import Policy

_READ = Policy()


class Unread:
    """The answers where everything is read."""

    @property
    def policy(self) -> Policy:
        """What is not read; the text of a rule is, all of it."""
        return _READ

    def call_on_tape(
        self, function: Any, args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...], e: Call
    ) -> Expr:
        raise NotImplementedError

    def call_part(self, part: Part, e: Call) -> Expr:
        raise NotImplementedError

    def without_rule(
        self,
        function: Any,  # noqa: ARG002
        args: tuple[Expr, ...],  # noqa: ARG002
        kwargs: tuple[tuple[str, Expr], ...],  # noqa: ARG002
        e: Call,  # noqa: ARG002
        problem: TypeProblem,
    ) -> Expr:
        """A call of what has no rule, if it may run on the tape. Raises the problem if it may not."""
        raise problem

    def unknown_method(self, base: Expr, name: str, e: Call) -> Expr:
        """A call of a method that is not known, if it may run on the tape. Raises a problem if it may not."""
        raise no_method(self.typed(base), name, e)

    def typed(self, e: Expr) -> Type:
        raise NotImplementedError
