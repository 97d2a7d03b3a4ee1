"""Operations with several results: one record for the operation, one for each result that leads to it."""

from __future__ import annotations

import functools
from typing import Any

from .record import ABOUT, About, Record, serial
from .tensor import canonical, made


class Bundle:
    """The gradients of some of an operation's results, by their numbers."""

    __slots__ = ("parts",)

    def __init__(self, parts: dict[int, Any]) -> None:
        self.parts = parts

    def __add__(self, other: Bundle) -> Bundle:
        parts = dict(self.parts)
        for k, g in other.parts.items():
            parts[k] = parts[k] + g if k in parts else g
        return Bundle(parts)


@functools.cache
def _picking(k: int, name: str) -> Any:
    def pick(g: Any, saved: Any) -> Any:
        return Bundle({k: g})

    ABOUT[pick] = About(name, pick)
    return pick


def result_record(operation: Record, k: int, name: str) -> Record:
    """The record of result `k` of an operation."""
    return [serial(), _picking(k, name), operation, (), operation[4], operation[5]]


@functools.cache
def one_by_one(back: Any, count: int) -> Any:
    """The pullback of an operation whose rule is asked for one of its `count` results at a time."""
    known = ABOUT[back]

    def run(inner: Any, g: Bundle, saved: Any) -> Any:
        total: Any = None
        for k, part in g.parts.items():
            found = inner(tuple(part if j == k else None for j in range(count)), saved)
            total = found if total is None else _sum(total, found)
        return total

    def several(g: Any, saved: Any) -> Any:
        return run(back, g, saved)

    def again(g: Any, saved: Any) -> Any:
        return run(known.again, g, saved)

    ABOUT[several] = About(known.name, again if known.again else None, known.places, known.count, known.operands)
    return several


def _sum(a: Any, b: Any) -> Any:
    if isinstance(a, tuple):
        return tuple(_sum(x, y) for x, y in zip(a, b, strict=True))
    return b if a is None else a if b is None else a + b


def results_again(operation: Record, values: Any, name: str) -> Any:
    """The results of an operation as tensors, from their values: each with a record that leads to the operation."""
    return tuple(made(canonical(v), result_record(operation, k, name)) for k, v in enumerate(values))
