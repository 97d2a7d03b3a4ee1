"""Derivatives that are called with more behind the arguments: tangents of them, or adjoints of the result."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, TypeVar

from .derivative import Derivative
from .subject import check_named

T = TypeVar("T")


class Seeded(Derivative):
    """A derivative that takes seeds, which follow the arguments of the function in a call."""

    _order: tuple[list[int], list[int]]
    _defaults: list[Any]  # of the parameters in front of the seeds

    def seeds(self) -> list[str]:
        """What the parameters for the seeds are called, if nothing else is."""
        raise NotImplementedError

    def push(self, args: tuple[Any, ...], given: tuple[Any, ...]) -> Any:
        """The result for these arguments and these seeds."""
        raise NotImplementedError

    def _called_by(self, own: inspect.Signature) -> inspect.Signature:
        check_named(self.function, own, "give tangents after its arguments")
        names = set(own.parameters)
        seeds: list[inspect.Parameter] = []
        for wish in self.seeds():
            while wish in names:
                wish += "_"
            names.add(wish)
            seeds.append(inspect.Parameter(wish, inspect.Parameter.POSITIONAL_OR_KEYWORD))
        by_keyword = [p for p in own.parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY]
        # a seed has no default, so the parameters in front of it cannot have one
        before = [p for p in own.parameters.values() if p.kind is not inspect.Parameter.KEYWORD_ONLY]
        by_place = [p.replace(default=inspect.Parameter.empty) for p in before]
        self._defaults = [p.default for p in before if p.default is not inspect.Parameter.empty]
        order = [p.name for p in (*by_place, *seeds, *by_keyword)]
        self._order = [order.index(n) for n in own.parameters], [order.index(s.name) for s in seeds]
        return inspect.Signature([*by_place, *seeds, *by_keyword])

    def apart(self, arguments: Sequence[T]) -> tuple[list[T], list[T]]:
        own, seeds = self._order
        return [arguments[k] for k in own], [arguments[k] for k in seeds]

    def by_position(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """All arguments. Where the last of the function's own are left out, the seeds still come last."""
        seeds = len(self._order[1])
        missing = len(self._names) + seeds - len(args)
        by_keyword = [p for p in self.signature.parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY]
        missing -= len(by_keyword)
        own_keywords = kwargs.keys() <= {p.name for p in by_keyword}
        if own_keywords and 0 < missing <= len(self._defaults) and len(args) >= seeds:
            split = len(args) - seeds
            args = (*args[:split], *self._defaults[-missing:], *args[split:])
        return super().by_position(args, kwargs)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != self._count:
            args = self.by_position(args, kwargs)
        own, given = self.apart(args)
        return self.push(tuple(own), tuple(given))


class Adjoints(Seeded):
    """The result, which is an array, and the adjoints of an argument for many adjoints of it: the directions lie along
    one more axis of both, the last one. It is srcdiff's own; where it is built of what cannot be given that axis,
    OneByOne is raised."""

    def seeds(self) -> list[str]:
        return ["result_bar"]

    def push(self, args: tuple[Any, ...], given: tuple[Any, ...]) -> Any:
        return self.attempt(args, *given)[1]
