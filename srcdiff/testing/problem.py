"""One call of one function whose derivative is checked: its arguments, and what must be left alone."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .values import GradientMismatch, again, agree, copied, leaves, state_of

Function = Callable[..., Any]
Key = int | str  # an argument given by position or by keyword


@dataclass(frozen=True)
class Problem:
    """One call of one function, and which of its arguments are differentiated."""

    f: Function
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    wrt: tuple[Key, ...]
    labels: tuple[str, ...]  # one per entry of wrt
    how: dict[str, Any]  # the options of its derivatives, `jit` and `fallback`
    rtol: float | None
    atol: float
    title: str = ""  # what the function is, where it is made of another one

    @property
    def jit(self) -> bool:
        return bool(self.how["jit"])

    @property
    def name(self) -> str:
        return self.title or getattr(self.f, "__name__", None) or repr(self.f)

    def argument(self, key: Key) -> Any:
        return self.args[key] if isinstance(key, int) else self.kwargs[key]

    def evaluate(self, replaced: Mapping[Key, Any]) -> Any:
        """The function's value on copies of the arguments, with some replaced: it may write into what it is given."""
        args = [copied(replaced.get(i, a)) for i, a in enumerate(self.args)]
        kwargs = {k: copied(replaced.get(k, a)) for k, a in self.kwargs.items()}
        return self.f(*args, **kwargs)

    def call(self, derivative: Function, after: list[str] | None = None) -> Any:
        """What a derivative returns for the arguments themselves (and random generators that draw the same each time).
        `after` are the states that it has to leave the generators in."""
        args, kwargs = tuple(map(again, self.args)), {k: again(a) for k, a in self.kwargs.items()}
        found = derivative(*args, **kwargs)
        if after is not None and after != [state_of(a) for a in (*args, *kwargs.values())]:
            raise GradientMismatch(
                f"{self.name}: the derivative leaves a random generator in another state than the call"
            )
        return found

    def after(self) -> list[str]:
        """The states of random generators after one call of the function."""
        args, kwargs = tuple(map(copied, self.args)), {k: copied(a) for k, a in self.kwargs.items()}
        self.f(*args, **kwargs)
        return [state_of(a) for a in (*args, *kwargs.values())]

    @property
    def float32(self) -> bool:
        return any(getattr(a, "dtype", None) == np.float32 for a in (*self.args, *self.kwargs.values()))


def parameter_names(f: Function, count: int) -> list[str]:
    try:
        names = list(inspect.signature(f).parameters)
    except (TypeError, ValueError):
        names = []
    return names + [f"argument {i}" for i in range(len(names), count)]


def selected(
    f: Function, args: tuple[Any, ...], kwargs: Mapping[str, Any], wrt: Key | Sequence[Key] | None
) -> tuple[tuple[Key, ...], tuple[str, ...]]:
    """The arguments to differentiate by, as positions or (where passed by keyword) names; and what to call them."""
    names = parameter_names(f, len(args))
    passed = dict[Key, Any]([*enumerate(args), *kwargs.items()])
    if wrt is None:
        wrt = [key for key, a in passed.items() if holds_floats(a)]
        if not wrt:
            raise ValueError("no argument holds floats; say with wrt= which to differentiate")
    chosen: list[Key] = []
    for given in (wrt,) if isinstance(wrt, int | str) else wrt:
        key = given
        if isinstance(key, int) and -len(args) <= key < 0:
            key += len(args)
        elif isinstance(key, int) and len(args) <= key < len(names):
            key = names[key]
        elif isinstance(key, str) and key not in kwargs and key in names[: len(args)]:
            key = names.index(key)
        if key not in passed:
            raise ValueError(f"wrt={given!r} is none of the arguments that were passed")
        chosen.append(key)
    return tuple(chosen), tuple(key if isinstance(key, str) else names[key] for key in chosen)


def holds_floats(a: Any) -> bool:
    return isinstance(a, float | np.floating) or (isinstance(a, np.ndarray) and a.dtype.kind == "f")


def completed(problem: Problem) -> Problem:
    """The same call with defaults filled in: by position, and by keyword what can only be given so."""
    try:
        signature = inspect.signature(problem.f)
    except (TypeError, ValueError):
        return problem
    bound = signature.bind(*problem.args, **problem.kwargs)
    bound.apply_defaults()
    names = list(bound.arguments)
    by_place = names[: len(bound.args)]
    wrt = tuple(by_place.index(k) if k in by_place else k for k in problem.wrt)
    return replace(problem, args=bound.args, kwargs=dict(bound.kwargs), wrt=wrt)


def positional(problem: Problem) -> tuple[tuple[Any, ...], list[int]]:
    """All arguments by position, as `vjp` and `jvp` take them, and where those of `wrt` are. Raises ValueError where
    that is not possible."""
    if not problem.kwargs:
        return problem.args, [key for key in problem.wrt if isinstance(key, int)]
    whole = completed(problem)
    if whole.kwargs:
        raise ValueError(f"{problem.name} has an argument by keyword only, and vjp and jvp take arguments by position")
    return whole.args, [key for key in whole.wrt if isinstance(key, int)]


def same_bits(problem: Problem, first: Any, second: Any, what: str) -> None:
    pairs = itertools.zip_longest(leaves(first), leaves(second))
    if any(a is None or b is None or a.tobytes() != b.tobytes() for a, b in pairs):
        raise GradientMismatch(f"{problem.name}: {what} gives something else: {first!r}, then {second!r}")


def close(problem: Problem, first: Any, second: Any, what: str) -> None:
    rtol = 1e-5 if problem.float32 else 1e-10
    if not all(agree(a, b, rtol) for a, b in itertools.zip_longest(leaves(first), leaves(second))):
        raise GradientMismatch(f"{problem.name} gives {first!r}, but {what} gives {second!r}")


class Snapshot:
    """The arguments' arrays (and those that they are views of) before the derivative ran, to compare with after."""

    def __init__(self, problem: Problem) -> None:
        self.name = problem.name
        names = parameter_names(problem.f, len(problem.args))
        named = [*zip(names, problem.args, strict=False), *problem.kwargs.items()]
        named += [(f"the base of {label}", getattr(a, "base", None)) for label, a in named]
        self.arrays = [(label, a, a.copy()) for label, a in named if isinstance(a, np.ndarray)]

    def compare(self) -> None:
        for label, now, before in self.arrays:
            if now.shape != before.shape or now.dtype != before.dtype or now.tobytes() != before.tobytes():
                message = f"{self.name}: the derivative changed the caller's data: {label} was {before!r}, is {now!r}"
                raise GradientMismatch(message, argument=label)
