"""The text of a parallel derivative, run in plain Python with its chunks in any order.

Chunks that depend on each other give something else in another order: that is seen without threads, and every time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import srcdiff
from srcdiff.derivative import Derivative
from srcdiff.errors import NotParallel

PARALLEL = {"parallel": True}
# as the fixture `any_length`, for another process
ANY_LENGTH = """
from srcdiff.optimise.amounts import Amount
from srcdiff.optimise.work import Work

Work.gain = lambda self, regions: Amount.of(1.0)
"""
ORDERS: tuple[Callable[[int], Iterable[int]], ...] = (
    range,
    lambda n: reversed(range(n)),
    lambda n: np.random.default_rng(n).permutation(n).tolist(),
)


def in_orders(derivative: Derivative, args: tuple[Any, ...]) -> Any:
    """What the generated code returns; the same, bit by bit, for each order of its chunks."""
    first, *others = (run(derivative, args, order) for order in ORDERS)
    for other in others:
        assert bits(other) == bits(first), "the order of the chunks matters:\n" + derivative.text_for(*args)
    return first


def run(derivative: Derivative, args: tuple[Any, ...], order: Callable[[int], Iterable[int]]) -> Any:
    ready = derivative.prepare(args)
    space = dict(vars(ready.built.module.namespace))
    exec(ready.built.text, space)
    space["prange"] = order
    with np.errstate(all="ignore"):
        return space[ready.built.function.name](*derivative._taken(ready, args), *ready.extra())


def bits(value: Any) -> Any:
    """A result in a form that is equal where every bit is."""
    if isinstance(value, tuple | list):
        return [bits(v) for v in value]
    array = np.asarray(value)
    return array.dtype, array.shape, array.tobytes()


def has_loops(derivative: Derivative, args: tuple[Any, ...]) -> bool:
    """Whether there is a loop that runs in parallel."""
    try:
        return "in prange(" in derivative.text_for(*args)
    except NotParallel:
        return False


def value_and_grad(f: Callable[..., Any], wrt: Any) -> Derivative:
    return srcdiff.value_and_grad(f, wrt=wrt, jit=PARALLEL)
