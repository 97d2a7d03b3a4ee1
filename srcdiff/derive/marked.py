"""What marks and watched adjoints do in the reverse sweep."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..ir.marks import entering, leaving
from ..ir.nodes import Call, Const, Effect, Expr, Item, Name, Object
from ..ir.walk import is_call_of
from ..runtime import hooked
from .acts import Acc, Act, Do
from .terms import Term

_ERRSTATE = Object(np.errstate, "np.errstate")


def reversed_mark(value: Expr) -> list[Act]:
    """What is reversed inside of `np.errstate` is to raise and warn as the program does: the end of the block comes
    first."""
    if not isinstance(value, Call) or not is_call_of(value, entering, leaving) or value.args[1] != _ERRSTATE:
        return []
    other = leaving if is_call_of(value, entering) else entering
    return [Do(Effect(replace(value, func=Object(other, "with"))))]


def hooked_in_place(shadow: str, value: Call) -> Act:
    """The adjoint of an array that is written in place, through the statements of the user's."""
    term = Term((Call(Object(hooked, "hooked"), (Name(shadow), *value.args[1:])),))
    return Acc(Item(Name(shadow), Const(Ellipsis)), (term,), assign=True)
