"""What generated code calls in the place of a function that is not read.

    y = g(a, b)                              a `Primal`: the function itself, its arguments put together
    y, g_pullback = pulled_back(g, a, b)     a `Taped` one: recorded, for the reverse sweep
    a_bar, b_bar = g_pullback(y_bar)
    a_bar = g_vjp(a, b, y, y_bar)            its `Adjoint`, in a text that is differentiated again
    y, y_dot = g_jvp(a, b, a_dot)            its `Tangent`

All of them take and return numbers and arrays one by one. On tensors they record what they do, the adjoint and the
tangent too, so that each of them has an adjoint and a tangent in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NoReturn

import numpy as np

from ..errors import Problem, UnsupportedType
from ..errors import refusal as refusal_of
from ..ir.callee import Opaque
from ..ir.types import FLOAT, Held, Num, Type
from . import graph
from .lengths import has_lengths, measured, with_lengths, without_lengths
from .memory import HandedOut, Shared, shared_memory
from .problems import described_function, refusal
from .shapes import Unfit, as_typed, built, kind, labels_of, lasting, numbers, owned, same_leaves, taken_apart, type_of

Leaves = Sequence[Any]
Places = tuple[int, ...]


class Learned(BaseException):
    """What a function returns has been found out: the derivative is written anew, knowing it."""


class Part:
    """A function of numbers and arrays that is called as it is. `params` and `results` are their types, `labels` the
    names of the parameters; `like` are the parameters that the results are adjoints of, where they are. `shares` are
    the parameters that an array among the function's own results has shared memory with, `tied` says that two results
    have with each other. (What generated code gets are copies.)"""

    name: str
    labels: tuple[str, ...]
    params: tuple[Num | Held, ...]
    results: tuple[Num, ...] | None
    like: Places | None = None
    shares: frozenset[int] = frozenset()
    tied: bool = False

    def __init__(self) -> None:
        self._derived: dict[tuple[type, Places, Places], Any] = {}

    def on(self, leaves: Leaves) -> tuple[Any, ...]:
        """The results for these numbers, arrays or tensors; recorded where there are tensors among them."""
        raise NotImplementedError

    def __call__(self, *leaves: Any) -> Any:
        found = self.plain(self.on(leaves))
        return found[0] if len(found) == 1 else found or None

    def plain(self, found: Leaves) -> tuple[Any, ...]:
        """Results as numbers and arrays of one's own, of the types that were stated."""
        assert self.results is not None
        return tuple([as_typed(graph.value_of(v), t) for v, t in zip(found, self.results, strict=True)])

    @cached_property
    def callee(self) -> Opaque:
        """The function as a callee of the intermediate language."""
        assert self.results is not None
        return Opaque.of(self, self.results)

    def adjoint(self, active: Places, asked: Places) -> Adjoint:
        found: Adjoint = self._made(Adjoint, active, asked)
        return found

    def tangent(self, active: Places, asked: Places) -> Tangent:
        found: Tangent = self._made(Tangent, active, asked)
        return found

    def taped(self, active: Places, asked: Places) -> Taped:
        found: Taped = self._made(Taped, active, asked)
        return found

    def _made(self, cls: type[Derived], active: Places, asked: Places) -> Any:
        key = cls, active, asked
        if key not in self._derived:
            self._derived[key] = cls(self, active, asked)
        return self._derived[key]

    def __reduce__(self) -> Any:
        raise TypeError("a function inside generated code is not pickled; pickle the derivative")


# ------------------------------------------------------------------------------------------------ the function itself


class Primal(Part):
    """The user's function for one kind of arguments. `result` is None as long as nobody knows what it returns."""

    @property
    def is_known(self) -> bool:
        return self.result is not None or self.unfit is not None

    def __init__(self, function: Any, args: tuple[Type, ...], kwargs: tuple[tuple[str, Type], ...], name: str) -> None:
        super().__init__()
        self.function, self.args, self.kwargs, self.name = function, args, kwargs, name
        leaves = [leaf for t in (*args, *(t for _, t in kwargs)) for leaf in numbers(t)]
        self.params = tuple(measured(t, k) for k, t in enumerate(leaves))
        self.labels = labels_of(function, args, kwargs)
        self.result: Type | None = None
        self.unfit: str | None = None  # why generated code cannot call it after all
        self.results = None
        self.is_outdated = False
        self.learner = self.learn  # always the same object
        self._handed_out = HandedOut()
        self._first: tuple[list[Any], list[Any]] | None = None  # the arguments and results of a run on plain numbers

    def learn(self, *leaves: Any) -> Any:
        """Run the function once to see what it returns, and whether generated code can call it. Raises Learned."""
        try:
            value, shared = self._run(leaves)
            found = lasting(type_of(value))
        except Unfit as unfit:
            self._give_up(unfit.what)
        if self.result is None:
            self.shares, self.tied = shared
            self._first = list(map(graph.copied, leaves)), list(map(graph.copied, taken_apart(value, found)))
            types = [t for t in numbers(found) if isinstance(t, Num)]
            parts = zip(types, taken_apart(value, found), strict=True)
            self.result, self.results = found, tuple(with_lengths(t, v, leaves) for t, v in parts)
        raise Learned(self.name)

    def guessed(self) -> Primal:
        """The function as if it returned a number, for a text that is only shown."""
        shown = Primal(self.function, self.args, self.kwargs, self.name)
        shown.result, shown.results = FLOAT, (FLOAT,)
        return shown

    def on(self, leaves: Leaves) -> tuple[Any, ...]:
        assert self.result is not None
        try:
            with graph.watched(leaves, self.function):
                value, shared = self._run(leaves)
            found = tuple(taken_apart(value, self.result))
        except Unfit as unfit:
            self._give_up(unfit.what)
        assert self.results is not None
        same = all(has_lengths(t, v, leaves) for t, v in zip(self.results, found, strict=True))
        if not same or not (shared.with_arguments <= self.shares and shared.among_themselves <= self.tied):
            self._learn_more(found, leaves, shared)
        if self._first is not None and graph.has_tensors(leaves):
            first, self._first = self._first, None
            if all(map(graph.is_same, first[0], leaves)) and not all(map(graph.is_close, first[1], found)):
                self._doubt(leaves, first[1])
        return found

    def _give_up(self, what: str) -> NoReturn:
        """Generated code cannot call the function after all: the derivative is written anew, or refused."""
        self.unfit, self.is_outdated = what, True
        raise Learned(self.name)

    def _learn_more(self, found: Leaves, leaves: Leaves, shared: Shared) -> None:
        """The results are not of the lengths that they had before, of which nothing is known from now on; or they share
        memory that they have not before. Raises Learned."""
        assert self.results is not None
        known = next((k for k, p in _PRIMALS.items() if p is self), None)
        self.is_outdated = True
        if known is not None:
            new = _PRIMALS[known] = Primal(self.function, self.args, self.kwargs, self.name)
            pairs = zip(self.results, found, strict=True)
            new.result, new.results = self.result, tuple(without_lengths(t, v, leaves) for t, v in pairs)
            new.shares, new.tied = self.shares | shared.with_arguments, self.tied or shared.among_themselves
            new._handed_out = self._handed_out
        raise Learned(self.name)

    def _doubt(self, leaves: Leaves, before: list[Any]) -> None:
        """The function has given another value for tensors: unless it does so every time, it tells tensors apart."""
        assert self.result is not None
        value, _ = self._run(list(map(graph.value_of, leaves)))
        again = taken_apart(value, self.result)
        if all(map(graph.is_close, before, again)):
            name = described_function(self.function)
            what = f"`{name}` gives another value for tensors than for the numbers that they stand for"
            why = "it asks of which class its arguments are, so that the tape would record another computation"
            fix = "leave the test out (a tensor is no float and no array), or give the function a derivative rule"
            raise refusal(UnsupportedType, self.function, what, why, fix)

    def _run(self, leaves: Leaves) -> tuple[Any, Shared]:
        handed = list(map(graph.handed, leaves))
        args, kwargs = self._together(handed)
        witness = self._together(handed)
        notes = [graph.note(v) for v in handed]
        value = self.function(*args, **kwargs)
        if not (same_leaves((args, kwargs), witness) and all(map(graph.is_unchanged, handed, notes, leaves))):
            raise Unfit("writes into its arguments")
        shared = shared_memory(value, handed)
        again, changed = self._handed_out.again(value, handed)
        if changed:
            raise Unfit("returns the same array again, with other numbers in it")
        return value, shared._replace(among_themselves=shared.among_themselves or again)

    def _together(self, leaves: Leaves) -> tuple[list[Any], dict[str, Any]]:
        waiting = iter(leaves)
        return [built(t, waiting) for t in self.args], {k: built(t, waiting) for k, t in self.kwargs}


class Refuser:
    """What generated code calls where a statement is refused for lack of what is not known yet."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem

    def __call__(self) -> NoReturn:
        raise refusal_of([self.problem])


def is_learner(value: Any) -> bool:
    """Whether this is what generated code calls where it is not known what a function returns."""
    return getattr(value, "__func__", None) is Primal.learn or isinstance(value, Refuser)


_PRIMALS: dict[Any, Primal] = {}  # (each keeps its function, so that no other one gets its id)
_KEPT = 4096  # beyond that the oldest are forgotten, and learned anew


def primal(function: Any, args: tuple[Type, ...], kwargs: tuple[tuple[str, Type], ...], name: str) -> Primal:
    """The function for arguments of these kinds: always the same object."""
    args, kwargs = tuple(map(lasting, args)), tuple((k, lasting(t)) for k, t in kwargs)
    owner = getattr(function, "__func__", function)  # a bound method is made anew each time it is looked up
    key = id(owner), id(getattr(function, "__self__", None)), *map(kind, args), *((k, kind(t)) for k, t in kwargs)
    found = _PRIMALS.get(key)
    if found is None:
        found = _PRIMALS[key] = Primal(function, args, kwargs, name)
        if len(_PRIMALS) > _KEPT:
            del _PRIMALS[next(iter(_PRIMALS))]
    return found


# ------------------------------------------------------------------------------------------------- its derivatives


class Derived(Part):
    """A derivative of a part: by the parameters `active`, of the results `asked`."""

    def __init__(self, of: Part, active: Places, asked: Places) -> None:
        super().__init__()
        assert of.results is not None
        self.of, self.active, self.asked = of, active, asked
        self.by = tuple(t for k in active if isinstance(t := of.params[k], Num))
        self.seeds = tuple(of.results[k] for k in asked)


class Taped(Derived):
    """A part whose run is recorded for the reverse sweep of the same text."""

    def __init__(self, of: Part, active: Places, asked: Places) -> None:
        super().__init__(of, active, asked)
        self.name, self.params, self.results = of.name, of.params, of.results
        self.labels, self.shares, self.tied = of.labels, of.shares, of.tied

    @cached_property
    def callee(self) -> Opaque:
        assert self.results is not None
        return Opaque.of(self, self.results, pulls=self.by)

    def pulled_back(self, leaves: Leaves) -> tuple[Any, ...]:
        """The results, and the pullback from adjoints of those that are asked for."""
        found, back = graph.pulled(self.of, leaves, self.active)
        values = self.of.plain(found)

        def pullback(*seeds: Any) -> Any:
            adjoints = back(_spread(values, self.asked, seeds))
            return adjoints[0] if len(adjoints) == 1 else adjoints

        return (*values, pullback)


class Adjoint(Derived):
    """The adjoints of the active parameters: of the arguments, the results (which it checks), and adjoints of those."""

    def __init__(self, of: Part, active: Places, asked: Places) -> None:
        super().__init__(of, active, asked)
        assert of.results is not None
        self.name = f"{of.name}_vjp"
        self.params = (*of.params, *of.results, *self.seeds)
        self.labels = (*of.labels, *(f"result_{k}" for k, _ in enumerate(of.results)), *(f"bar_{k}" for k in asked))
        self.results = tuple(map(owned, self.by))
        self.like = active

    def on(self, leaves: Leaves) -> tuple[Any, ...]:
        assert self.of.results is not None
        count, more = len(self.of.params), len(self.of.results)
        args, known, seeds = leaves[:count], leaves[count : count + more], leaves[count + more :]
        if graph.has_tensors(leaves):
            found, adjoints = graph.adjoints(self.of, args, self.active, self.asked, seeds)
        else:
            found, back = graph.pulled(self.of, args, self.active)
            adjoints = back(_spread(self.of.plain(found), self.asked, seeds))
        if not all(map(graph.is_close, known, found)):
            name = self.of.name
            what = f"`{name}` gives another value when it is called once more with the same arguments"
            why = "a second derivative runs it several times, and all of them have to do the same"
            fix = "draw random numbers outside, and pass them; keep nothing from one call to the next"
            raise refusal(UnsupportedType, None, what, why, fix)
        return adjoints


class Tangent(Derived):
    """The results, and the tangents of those that are asked for along tangents of the active parameters."""

    def __init__(self, of: Part, active: Places, asked: Places) -> None:
        super().__init__(of, active, asked)
        assert of.results is not None
        self.name = f"{of.name}_jvp"
        self.params, self.results = (*of.params, *self.by), (*of.results, *map(owned, self.seeds))
        self.labels = (*of.labels, *(f"{of.labels[k]}_dot" for k in active))

    def on(self, leaves: Leaves) -> tuple[Any, ...]:
        count = len(self.of.params)
        return graph.tangents(self.of, leaves[:count], self.active, self.asked, leaves[count:])


def _spread(values: Leaves, asked: Places, seeds: Leaves) -> tuple[Any, ...]:
    """An adjoint for every result, zero where none is given."""
    given = dict(zip(asked, seeds, strict=True))
    return tuple(
        [
            np.broadcast_to(given[k], np.shape(v)) if k in given else np.zeros_like(v, float)
            for k, v in enumerate(values)
        ]
    )
