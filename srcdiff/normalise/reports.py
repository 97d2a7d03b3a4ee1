"""What is said of a recursive function whose types are not found."""

from __future__ import annotations

from ..errors import Problem, UnsupportedRecursion
from ..frontend import problem_at
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
