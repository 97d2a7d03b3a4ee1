"""What comes out of `specialise`: the core program, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..errors import Problem, UnsupportedRecursion
from ..frontend import AnyReference
from ..ir.nodes import Call, Function, Object, Stmt
from ..ir.types import Type, describe
from ..ir.walk import expressions, subexprs
from ..opaque.parts import Primal
from ..rules.effects import calls_with_effect
from ..rules.typing import TypeProblem
from .forms import user_function
from .groups import Group, Instance, is_plain
from .outline import without_marks
from .policy import NotRead, OnTape
from .state import to_problem
from .webs import split_webs, web_types


class Webs(NamedTuple):
    """A program with one name for each of a variable's webs, what that variable was called, and the types of all."""

    function: Function
    origins: dict[str, str]
    types: dict[str, Type]


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
    doubts: tuple[Problem, ...] = ()  # problems behind a call of what is unknown

    @cached_property
    def webs(self) -> Webs:
        """The program as everything that looks into it wants it (and must not change it)."""
        function, origins = split_webs(self.function)
        return Webs(function, origins, web_types(function, self.types))


def not_read(problems: list[Problem], owners: dict[Problem, Any], group: Group) -> NotRead:
    """What is to run on the tape: the function that the first problem is met in, or the whole program. (The others may
    follow from it, also where a loop is walked again, and it is not met any more.)"""
    first = next(iter(owners), problems[0])
    owner = owners.get(first)
    is_new = owner is not None and not group.policy.takes(owner)
    return NotRead([(owner, first)] if is_new else [], first)


def outside(instance: Instance, chain: tuple[str, ...]) -> Iterator[Problem]:
    """What a recursive function does beside giving a value: its derivative may run it more often, or not at all."""
    program, name = instance.program, instance.program.function.name
    for s, call, _ in calls_with_effect(without_marks(instance.callee.function, "nothing").body):
        what = f"`{getattr(call.func, 'text', 'a call')}` in `{name}`, which calls itself"
        why = "what has an effect is to run exactly once, and the derivative calls a recursive function as it needs"
        fix = "do it in a function that does not call itself"
        problem = TypeProblem(UnsupportedRecursion, what, why, fix, call.at)
        yield to_problem(program, problem, s.origin, chain)
    type_ = instance.result
    if type_ is not None and not is_plain(type_):
        what = f"a {describe(type_)} as the result of `{name}`, which calls itself"
        why = "recursive functions are differentiated in numbers, arrays and structures of these"
        fix = "return numbers or arrays"
        yield to_problem(program, TypeProblem(UnsupportedRecursion, what, why, fix), None, chain)
    for wish, value in instance.captured.values():
        if not isinstance(value, np.ndarray):
            what, fix = f"`{wish}` in `{name}`, which calls itself", "draw outside, and pass the numbers"
            why = "a generator changes each time that it is asked"
            yield to_problem(program, TypeProblem(UnsupportedRecursion, what, why, fix), None, chain)


def callee_name(s: Stmt) -> str:
    """The user function that a statement calls, as it is spelled there."""
    for e in (part for top in expressions(s) for part in subexprs(top)):
        if isinstance(e, Call) and isinstance(e.func, Object) and user_function(e.func.value) is not None:
            return e.func.text
    return "a helper"
