"""The arguments of a call that is rewritten, by name; what is refused about them."""

from __future__ import annotations

from ..errors import UnsupportedCall, UnsupportedType
from ..ir.nodes import Call, Const, Display, Expr, Object
from ..ir.types import Num, describe
from .problem import TypeProblem
from .registry import Writer

NONE = Const(None)


def arguments(e: Call, *names: str) -> list[Expr | None]:
    """What is given for each of the parameters `names`, by position or name; None for what is not."""
    if len(e.args) > len(names):
        raise uncovered("the number of arguments of", e, names)
    found = dict(zip(names, e.args, strict=False))
    for name, value in e.kwargs:
        if name not in names:
            raise uncovered(f"the argument `{name}=` of", e, names)
        found[name] = value
    return [found.get(name) for name in names]


def needed(e: Call, value: Expr | None, name: str) -> Expr:
    """An argument that NumPy cannot do without."""
    if value is None:
        raise problem(e, f"`{spelling(e)}` without the argument `{name}`", "Python itself refuses this call")
    return value


def spelling(e: Call) -> str:
    return e.func.text if isinstance(e.func, Object) else str(e.func)


def uncovered(what: str, e: Call, names: tuple[str, ...]) -> TypeProblem:
    return TypeProblem(
        UnsupportedCall,
        f"{what} `{spelling(e)}`",
        "the derivative rule does not cover this form",
        f"use the form {spelling(e)}({', '.join(names)})",
        e.at,
    )


def problem(e: Call, what: str, why: str, fix: str = "write the operation out") -> TypeProblem:
    return TypeProblem(UnsupportedCall, what, why, fix, e.at)


def literal(e: Call, writer: Writer, value: Expr | None, name: str, default: int = 0) -> int:
    """A whole number that is known when the derivative is written."""
    if value is None:
        return default
    type_ = writer.typed(value)
    if isinstance(type_, Num) and type(type_.value) is int:
        return type_.value
    raise problem(
        e,
        f"`{name}` of `{spelling(e)}`, which is known only when the program runs",
        "it decides the shape of the result",
        f"write `{name}` as a literal",
    )


def literals(e: Call, writer: Writer, value: Expr, name: str) -> tuple[int, ...]:
    """Whole numbers that are known when the derivative is written: one, or a tuple or list of them."""
    if isinstance(value, Display):
        return tuple(literal(e, writer, i, name) for i in value.items)
    return (literal(e, writer, value, name),)


def rank(e: Call, writer: Writer, operand: Expr) -> int:
    """The number of dimensions of an operand."""
    type_ = writer.typed(operand)
    if isinstance(type_, Num) and type_.ndim is not None:
        return type_.ndim
    raise TypeProblem(
        UnsupportedType,
        f"`{spelling(e)}` of a {describe(type_)}",
        "how many dimensions the result has is not known when the derivative is written",
        "pass arrays, each with the same number of dimensions on all paths",
        e.at,
    )


def place(e: Call, axis: int, dimensions: int) -> int:
    """An axis counted from the first."""
    if not -dimensions <= axis < dimensions:
        raise problem(e, f"axis {axis} of {dimensions} in `{spelling(e)}`", "Python itself refuses this call")
    return axis % dimensions


def is_none(value: Expr | None) -> bool:
    return value is None or value == NONE
