"""Places: variables and parts of variables that can be written, and whose adjoints are the same parts of adjoints."""

from __future__ import annotations

from ..ir.nodes import Call, Const, Expr, Item, Name, Object
from ..rules import is_read_only, is_view


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
