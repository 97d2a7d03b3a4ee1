"""What comes out of `specialise`: the core program, or what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..errors import Problem
from ..frontend import AnyReference
from ..ir.nodes import Call, Function, Object, Stmt
from ..ir.types import Type
from ..ir.walk import expressions, subexprs
from ..opaque.parts import Primal
from .forms import user_function
from .groups import Group
from .policy import NotRead, OnTape


@dataclass(frozen=True)
class Core:
    """A core program. `captured` are the arrays that became parameters, `references` all that was read from outside;
    `leaves` are the core parameters that each parameter of the program became, `result` is the type of the result with
    the forms of its structures, `changed` the classes of structures that the program changes in place."""

    function: Function
    types: dict[str, Type]  # of the parameters
    captured: tuple[tuple[str, object], ...]
    references: tuple[AnyReference, ...]
    leaves: dict[str, tuple[str, ...]]
    result: Type
    changed: frozenset[type]
    user_name: dict[str, str] = field(default_factory=dict)  # of variables that have another name in the program
    on_tape: tuple[OnTape, ...] = ()  # the functions that are called without being read
    unknown: tuple[Primal, ...] = ()  # those of them of which nobody knows what they return: the program ends there
    parts: tuple[Primal, ...] = ()  # those of which that is known


def not_read(problems: list[Problem], owners: dict[Problem, Any], group: Group) -> NotRead:
    """What is to run on the tape: the function that the first problem is met in, or the whole program. (The others may
    follow from it, also where a loop is walked again, and it is not met any more.)"""
    first = next(iter(owners), problems[0])
    owner = owners.get(first)
    is_new = owner is not None and not group.policy.takes(owner)
    return NotRead([(owner, first)] if is_new else [], first)


def callee_name(s: Stmt) -> str:
    """The user function that a statement calls, as it is spelled there."""
    for e in (part for top in expressions(s) for part in subexprs(top)):
        if isinstance(e, Call) and isinstance(e.func, Object) and user_function(e.func.value) is not None:
            return e.func.text
    return "a helper"
