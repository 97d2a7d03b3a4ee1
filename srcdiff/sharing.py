"""Memory that two arguments of one call share. In: the arrays of a call and which of them the function writes into.
Out: nothing, or SharedMemory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .errors import SharedMemory
from .records import form_of, name_of, parts_of

Named = tuple[str, Any]


def check_apart(written: Sequence[int], everything: Sequence[Named], function: str) -> None:
    """Refuse a call in which an argument that the function writes (given by its place in `everything`) shares memory
    with another one, or with itself: the derivative works on copies, which would not."""
    for place in written:
        own, array = everything[place]
        if not isinstance(array, np.ndarray):
            continue
        for other, (name, second) in enumerate(everything):
            if other != place and isinstance(second, np.ndarray) and overlap(array, second):
                raise SharedMemory(
                    f"{function} writes into `{own}`, which shares memory with `{name}` in this call; "
                    f"pass a copy of one of them"
                )
        if overlaps_itself(array):
            raise SharedMemory(f"{function} writes into `{own}`, whose elements overlap in memory; pass a copy of it")


def check_distinct(arguments: Iterable[Named], classes: frozenset[type], function: str) -> None:
    """Refuse a call in which an object that the function may change stands in two places: a change in one would show
    in the other."""
    seen: dict[int, str] = {}
    waiting = list(arguments)
    while waiting:
        name, value = waiting.pop()
        form = form_of(value)
        if form is None and type(value) is not tuple:
            continue
        if type(value) in classes:
            other = seen.setdefault(id(value), name)
            if other != name:
                raise SharedMemory(
                    f"{function} changes a {type(value).__name__} that is both `{other}` and `{name}` in this call; "
                    f"pass a copy of it"
                )
        waiting.extend((name_of(name, form, k), part) for k, part in enumerate(parts_of(value, form)))


def overlap(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    """Whether the arrays have an element in common; where that takes long to find out, they have."""
    if not np.may_share_memory(a, b):
        return False
    try:
        return bool(np.shares_memory(a, b, max_work=10_000))  # type: ignore[arg-type]  # NumPy takes any number
    except np.exceptions.TooHardError:
        return True


def overlaps_itself(a: np.ndarray[Any, Any]) -> bool:
    """Whether two elements of the array may lie on the same bytes: surely not where every stride steps over all that
    the smaller strides reach."""
    if a.flags.c_contiguous or a.size < 2:
        return False
    reach = a.itemsize
    for stride, length in sorted((abs(s), n) for s, n in zip(a.strides, a.shape, strict=True) if n > 1):
        if stride < reach:
            return True
        reach += (length - 1) * stride
    return False
