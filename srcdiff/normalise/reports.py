"""What is said where walking the program again and again leads nowhere."""

from __future__ import annotations

from ..errors import Problem, UnsupportedMutation, UnsupportedRecursion
from ..frontend import Program, problem_at
from .groups import Instance


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
