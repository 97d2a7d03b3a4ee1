"""What derivatives are checked with: the numbers of a value, seeds like it, the error that a difference raises."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from srcdiff import records


class GradientMismatch(AssertionError):
    """A derivative is wrong, has the wrong form, or has touched what belongs to the caller.

    `argument` is the argument's name, `index` the element (None for a scalar, "direction k" for a random direction),
    `got` the derivative's value, `expected` the finite differences and `steps` the step of each. Where the complaint
    is not about a value, these are None or empty and the message says what is wrong.
    """

    def __init__(
        self,
        message: str,
        *,
        argument: str | None = None,
        index: tuple[int, ...] | str | None = None,
        got: float | None = None,
        expected: Sequence[float] = (),
        steps: Sequence[float] = (),
    ) -> None:
        super().__init__(message)
        self.argument = argument
        self.index = index
        self.got = got
        self.expected = tuple(expected)
        self.steps = tuple(steps)


def copied(a: Any) -> Any:
    """A copy of an array; a random generator that draws the same."""
    return a.copy() if isinstance(a, np.ndarray) else again(a)


def again(a: Any) -> Any:
    """A random generator that draws what this one will draw; anything else as it is."""
    return copy.deepcopy(a) if isinstance(a, np.random.Generator | np.random.RandomState) else a


def state_of(a: Any) -> str:
    """The state of a random generator, to be compared; empty for anything else."""
    if isinstance(a, np.random.Generator):
        return repr(a.bit_generator.state)
    return repr(a.get_state(legacy=False)) if isinstance(a, np.random.RandomState) else ""


def leaves(value: Any) -> Iterator[Any]:
    """The numbers of a result as arrays, in order, structures opened."""
    for _, leaf in records.leaves(value, ""):
        if leaf is not None:
            yield np.asarray(leaf)


def agree(a: Any, b: Any, rtol: float) -> bool:
    if a is None or b is None or a.shape != b.shape:
        return False
    scale = float(np.max(np.abs(a), initial=0.0, where=np.isfinite(a)))
    return bool(np.allclose(a, b, rtol=rtol, atol=rtol * scale, equal_nan=True))


def is_scalar(value: Any) -> bool:
    return isinstance(value, int | float | np.number) or (isinstance(value, np.ndarray) and value.ndim == 0)


def seed_like(value: Any, rng: np.random.Generator) -> Any:
    """A random adjoint of the form of `value`; zero where the result is a count and has no derivative."""
    if records.is_structure(value):
        return records.mapped(lambda part: seed_like(part, rng), value)
    if isinstance(value, np.ndarray):
        if value.dtype.kind != "f":
            return np.zeros(value.shape)
        signed: np.ndarray[Any, Any] = rng.uniform(0.5, 1.5, value.shape) * rng.choice([-1.0, 1.0], value.shape)
        return signed.astype(value.dtype)
    return float(rng.uniform(0.5, 1.5)) if isinstance(value, float | np.floating) else 0.0
