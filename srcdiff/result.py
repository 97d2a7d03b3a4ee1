"""What a function returns. In: the core program and what is asked of it. Out: whether only the run can tell that the
result is a scalar; or BadOutput, where it is not what this derivative takes, or a Refusal for a part of no use."""

from __future__ import annotations

from collections.abc import Iterator

from .derive import Request
from .errors import BadOutput, UnsupportedType, refusal
from .frontend import Program, problem_at
from .ir.nodes import Const, Display, Expr, Name, Return
from .ir.types import ListOf, Num, Pooled, Static, Tup, Type, describe
from .normalise import Core
from .records import is_columns
from .rules.typing import Typer


def check_result(program: Program, core: Core, request: Request) -> bool:
    """True where only the run can tell whether the result is a scalar."""
    function, _, types = core.webs
    last = function.body[-1]
    assert isinstance(last, Return)
    result: Expr = last.value or Const(None)
    is_pair = isinstance(result, Display) and result.kind == "tuple" and len(result.items) == 2
    if request.has_aux and (not is_pair or _is_list_of_structures(core.result)):
        raise BadOutput(f"has_aux=True: {core.function.name} must return a pair (value, auxiliary result)")
    if _holds_structures(core.result):
        _refuse(program, last, "a list of lists of structures")
    for k, part in enumerate(_parts(result)):
        type_ = part_type = _type(part, types)
        held = _innermost(type_)
        if isinstance(type_, ListOf) and (held is None or isinstance(held, Num)):
            type_ = held
        elif isinstance(part, Name | Display) and not isinstance(type_, Num):
            _refuse(program, last, "a value that is no number" if type_ is None else f"a {describe(type_)}")
        if isinstance(type_, Num) and type_.is_complex and not (request.has_aux and k):
            what = "complex numbers" if type_.is_array or isinstance(part_type, ListOf) else "a complex number"
            raise BadOutput(
                f"{core.function.name} returns {what}; derivatives are taken of real results. Return np.abs(z) ** 2, "
                f"or np.real(z) and np.imag(z) as a tuple (with srcdiff.vjp or jvp)"
            )
    if request.kind in ("vjp", "adjoints") or request.is_forward:
        return False
    if request.has_aux:
        assert isinstance(result, Display)
        result = result.items[0]
    return _check_scalar(core.function.name, result, types)


def _parts(result: Expr) -> Iterator[Expr]:
    """The parts of a result; tuples part by part."""
    if isinstance(result, Display) and result.kind == "tuple":
        for item in result.items:
            yield from _parts(item)
    else:
        yield result


def _type(part: Expr, types: dict[str, Type]) -> Type | None:
    """None for a variable that no statement assigns: what it stands for is known and is no number."""
    return types.get(part.id) if isinstance(part, Name) else Typer(types)(part)


def _is_list_of_structures(type_: Type) -> bool:
    """Whether a result is a list of unknown length that is kept as a list for each part of its items."""
    return isinstance(type_, Tup) and is_columns(type_.form)


def _holds_structures(type_: Type) -> bool:
    """Whether a result has structures in lists of unknown length that are not kept as a list for each part."""
    if isinstance(type_, Tup):
        return any(map(_holds_structures, type_.items))
    return isinstance(_innermost(type_), Pooled)


def _innermost(type_: Type | None) -> Type | None:
    """The kind of what a list holds, or what the lists in it hold; None for a list that holds nothing."""
    while isinstance(type_, ListOf):
        type_ = type_.item
    return type_


def _refuse(program: Program, last: Return, what: str) -> None:
    origin = last.origin
    span = origin.span if origin is not None and origin.file == program.file else None
    why = "the derivative follows numbers, arrays, and lists and tuples of these"
    fix = "return only numbers and arrays, several of them as a tuple"
    raise refusal([problem_at(program, span, UnsupportedType, f"{what} in the result", why, fix)])


def _check_scalar(name: str, result: Expr, types: dict[str, Type]) -> bool:
    if isinstance(result, Display):
        raise BadOutput(
            f"{name} returns a tuple; grad takes a real scalar. Use has_aux=True for (value, auxiliary result), or "
            f"srcdiff.vjp for the adjoints of every part"
        )
    type_ = _type(result, types)
    if isinstance(type_, Num) and not type_.is_float:
        kind = {"bool": "a bool"}.get(type_.dtype, "a whole number")
        raise BadOutput(
            f"{name} returns {kind}, whose derivative is zero everywhere; grad takes a real scalar. Return a float"
        )
    if isinstance(type_, Num) and type_.ndim is None:
        return True
    if not isinstance(type_, Num) or type_.ndim != 0:
        raise BadOutput(
            f"{name} returns {_described(type_)}; grad takes a real scalar. Return a number (for instance the sum), or "
            f"use srcdiff.vjp for results of any shape"
        )
    return False


def _described(type_: Type | None) -> str:
    if type_ is None or (isinstance(type_, Static) and type_.value is None):
        return "None"
    return f"a {describe(type_)}"
