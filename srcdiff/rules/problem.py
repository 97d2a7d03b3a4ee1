"""What the typing of an expression raises: an error class and its words, without a place in a file yet."""

from __future__ import annotations

from ..errors import Refusal, UnsupportedCall, UnsupportedType
from ..ir.nodes import Expr, Origin, Span
from ..ir.types import Num, Type, TypeMismatch, describe, join


class TypeProblem(Exception):
    """An expression that has no type; the caller turns it into a refusal with the user's place."""

    def __init__(self, error: type[Refusal], what: str, why: str, fix: str, at: Span | None = None) -> None:
        super().__init__(what)
        self.error, self.what, self.why, self.fix, self.at = error, what, why, fix, at
        self.origin: Origin | None = None  # the statement in which it was met, where that is known


def joined(a: Type, b: Type, e: Expr) -> Type:
    """The type of `e`, which has the one type or the other. Raises TypeProblem where no variable could hold both."""
    try:
        result = join(a, b)
    except TypeMismatch as mismatch:
        raise TypeProblem(
            UnsupportedType,
            f"one value here is a {describe(a)} and the other a {describe(b)}",
            "a variable of the derivative has one kind of value",
            "make both sides the same kind, for instance both arrays",
            e.at,
        ) from mismatch
    return result.plain() if isinstance(result, Num) else result


def order_problem(e: Expr) -> TypeProblem:
    """The refusal of a memory layout other than the usual one."""
    return TypeProblem(
        UnsupportedCall,
        "the argument `order=`",
        "whether later views share memory depends on it",
        "leave it out: arrays are in C order",
        e.at,
    )
