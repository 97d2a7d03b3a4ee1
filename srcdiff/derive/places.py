"""Places: variables and parts of variables that can be written, and whose adjoints are the same parts of adjoints."""

from __future__ import annotations

from ..analysis.aliases import MAY_COPY
from ..ir.nodes import Call, Const, Expr, Item, Name, Object
from ..ir.types import Num
from ..rules import is_read_only, is_view
from ..rules.typing import Typer


def base_of(place: Expr | None) -> str | None:
    """The variable that a place is a part of."""
    match place:
        case Name(id=name):
            return name
        case Item(base=base):
            return base_of(base)
        case Call(args=(first, *_)):
            return base_of(first)
    return None


def entire(place: Expr) -> Expr:
    """`u` for `u[...]`, where it is only read."""
    match place:
        case Item(base=Name() as base, index=Const(value=index)) if index is Ellipsis:
            return base
    return place


def is_view_call(e: Call) -> bool:
    return isinstance(e.func, Object) and is_view(e.func.value)


def may_copy(place: Expr, typer: Typer) -> bool:
    """Whether NumPy may make a copy on the way to a place, so that what is written there is not written into the
    variable: the `reshape` of what is not surely contiguous."""
    match place:
        case Item(base=base):
            return may_copy(base, typer)
        case Call(func=Object(value=function), args=(first, *_)):
            known = typer(first) if function in MAY_COPY else None
            return (isinstance(known, Num) and not known.contiguous) or may_copy(first, typer)
    return False


def is_place(e: Expr) -> bool:
    """Whether `e` is a variable, an element, a slice or a view of one."""
    match e:
        case Name():
            return True
        case Item(base=base):
            return is_place(base)
        case Call(func=Object(value=function), args=args):
            return is_view(function) and not is_read_only(function) and is_place(args[0])
    return False
