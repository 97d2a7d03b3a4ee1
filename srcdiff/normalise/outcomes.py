"""Exceptions that a program raises: their classes and what they are made of.

in:   raise Diverged(f"at {t}", t)         out:  the same, with core arguments

An exception leaves the derivative as it leaves the function. It is made where the program makes it, by its own class.
"""

from __future__ import annotations

from ..errors import UnsupportedSyntax
from ..ir.nodes import Call, Expr, Object
from ..rules.typing import TypeProblem
from .literals import as_written
from .loops import Loops


class Outcomes(Loops):
    """The exceptions of one function."""

    def exception(self, e: Expr) -> Expr:
        """What is raised, with core operands."""
        callee = e.func if isinstance(e, Call) else e
        found = callee if isinstance(callee, Object) else self.expr(callee)
        if isinstance(found, Object) and is_exception_class(found.value):
            if not isinstance(e, Call):
                return found
            args, kwargs = self.arguments(e)
            operands = tuple(map(self.operand, args)), tuple((k, self.operand(v)) for k, v in kwargs)
            return Call(found, *operands, e.at)
        if isinstance(found, Object) and isinstance(found.value, BaseException | None) and not isinstance(e, Call):
            return found
        raise TypeProblem(
            UnsupportedSyntax,
            "`raise` of a value that is computed",
            "which exception it is has to be known when the derivative is written",
            "raise an exception class, or call it here: `raise ValueError(...)`",
            e.at,
        )

    def operand(self, e: Expr) -> Expr:
        """An argument of an exception: a number, an array, a text, or a tuple or list of these."""
        return as_written(e)


def is_exception_class(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)
