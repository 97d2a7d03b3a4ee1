"""What is said where walking the program again and again leads nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..errors import Problem, UnsupportedMutation, UnsupportedRecursion
from ..frontend import Program, problem_at
from ..ir.nodes import Assign, Expr, For, Name, Span, Stmt
from ..ir.walk import expressions, names, subexprs, target_reads
from ..rules.typing import TypeProblem
from .groups import Instance, flat
from .state import Empty, State, to_problem, unknown


def told(problems: list[Problem], alone: dict[Problem, None]) -> list[Problem]:
    """The problems without those that follow from others. `alone` are those that once did not, in the order in which
    they were met: in a loop the first one may read, in the next walk, what has come of it."""
    found = [p for p in problems if not p.follows or p in alone]
    return found or ([*alone][:1] if problems else []) or problems


def met(
    program: Program, problem: TypeProblem, s: Stmt, chain: tuple[str, ...], scope: Mapping[str, Expr], state: State
) -> Problem:
    """A problem met in a statement."""
    found = to_problem(program, problem, s.origin, chain)
    return replace(found, follows=isinstance(problem, Empty) or reads_unknown(s, problem.at, scope, state))


def reads_unknown(s: Stmt, at: Span | None, scope: Mapping[str, Expr], state: State) -> bool:
    """Whether the part of a statement at this place (the statement, if it has no such part) reads a variable that a
    problem has left without a type."""
    parts = [e for top in expressions(s) for e in subexprs(top) if at is not None and getattr(e, "at", None) == at]
    match s:
        case Assign(target=target, value=value) | For(target=target, iter=value) if not parts:
            read = names(value) | target_reads(target)
        case _:
            read = {name for e in parts or expressions(s) for name in names(e)}
    held = (state.env.get(n) for name in read for n in names(scope.get(name, Name(name))))
    return any(t == unknown() for type_ in held if type_ is not None for t in flat(type_))


def unsettled(instance: Instance) -> Problem:
    """The problem of a recursive function whose types are not found."""
    name = instance.program.function.name
    never = instance.result is None
    return problem_at(
        instance.program,
        None,
        UnsupportedRecursion,
        f"`{name}` calls itself" + (" on every path" if never else ", each time with or for another kind of value"),
        "nothing tells the type of its result" if never else "a function of the derivative has one type of result",
        "return a number or an array on some path without calling it"
        if never
        else "return the same kind of value on all paths, or write the recursion as a loop",
    )


def no_longer(program: Program) -> Problem:
    """The problem of a list that stays what it was though the program makes it longer or shorter."""
    return problem_at(
        program,
        None,
        UnsupportedMutation,
        f"`{program.function.name}` makes a list longer or shorter that it has as a part of something else",
        "how long it is would have to be known where that is read",
        "pass the list itself, or work on a copy of it (list(xs))",
    )
