"""Loops of which snapshots are kept: whether their state can be handed from trip to trip by value.

A snapshot of several arrays is a copy of each. That is right where the arrays are apart from one another at the head
of every trip, so that a write to one of them changes that one only. It is seen trip by trip: from arrays that are
apart, one trip has to make arrays that are apart.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..analysis.aliases import analyse
from ..errors import AmbiguousAlias
from ..ir.callee import Callee
from ..ir.nodes import Call, Function, Name, Origin
from ..ir.types import Type
from ..rules.typing import TypeProblem
from .memory import calls, results_of
from .webs import split_webs, web_types


def check_trips(callees: Iterable[Callee]) -> None:
    """Refuse loops that write arrays in place and may hand on one array under two names."""
    for callee in callees:
        trips = callee.trips
        if trips is None or not (callee.written or trips.copied):
            continue
        _check_step(trips.step)
        callee.tied = trips.step.tied = False


def _check_step(step: Callee) -> None:
    function, names = split_webs(step.function)
    aliases = analyse(function, web_types(function, step.types), check=False)
    results = [n.id for n in results_of(function) if isinstance(n, Name) and aliases.is_array(n.id)]
    handed_on = set(results_of_variables(step))
    held = [p.name for p in function.params if aliases.is_array(p.name) and p.name not in handed_on]
    classes: dict[str, str] = {}
    for name in (*results, *held):
        first = classes.setdefault(aliases.find(name), name)
        if first != name:
            found = [names.get(n, n) for n in (first, name)]
            own = " and ".join(f"`{n}`" for n in sorted({step.user_name.get(n, n) for n in found}))
            raise _shared(own, step.function.origin)


def results_of_variables(step: Callee) -> list[str]:
    """The variables that a trip binds, by the names of its parameters."""
    return [n.id for n in results_of(step.function) if isinstance(n, Name)]


def check_copied(functions: Iterable[tuple[Function, dict[str, Type]]]) -> None:
    """Refuse a loop that binds anew a variable whose array it writes, where somebody else may see that array."""
    for function, types in functions:
        found = [(s, callee, call) for s, callee, call in calls(function.body) if callee.trips is not None]
        found = [f for f in found if f[1].trips is not None and f[1].trips.copied]
        if not found:
            continue
        function, names = split_webs(function)
        aliases = analyse(function, web_types(function, types), check=False)
        own = {p.name for p in function.params}
        for s, callee, call in calls(function.body):
            for name in () if callee.trips is None else callee.trips.copied:
                for other in aliases.shares(_argument(callee, call, name)):
                    if other in own or aliases.members(other) != [other]:
                        raise _shared(f"`{names.get(other, other)}`", s.origin)


def _argument(callee: Callee, call: Call, name: str) -> Name:
    place = next(k for k, p in enumerate(callee.function.params) if p.name == name)
    found = call.args[place]
    assert isinstance(found, Name)
    return found


def _shared(names: str, origin: Origin | None) -> TypeProblem:
    problem = TypeProblem(
        AmbiguousAlias,
        f"{names} in a loop over `checkpointed`, written in place and bound to another array",
        "snapshots are copies, and somebody else may have the array that is written",
        "start from copies (`u = u.copy()`), and bind each variable to an array of its own",
    )
    problem.origin = origin
    return problem
