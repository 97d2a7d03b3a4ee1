"""Memory that what a function returns shares with its arguments, or with what it has returned before. In: a value, and
the arguments that it was computed of. Out: which of them, and whether two parts of the value share memory with each
other."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .graph import value_of
from .shapes import flat


class Shared(NamedTuple):
    with_arguments: frozenset[int]
    among_themselves: bool


class HandedOut:
    """The arrays that a function has returned and that it still has, with what was in them."""

    def __init__(self) -> None:
        self._known: list[tuple[weakref.ref[np.ndarray], np.ndarray]] = []

    def again(self, value: Any, given: Sequence[Any]) -> tuple[bool, bool]:
        """Whether an array of a value is one that was returned before, and whether there was something else in it."""
        arguments = [v for leaf in given if isinstance(v := value_of(leaf), np.ndarray)]
        found = [v for leaf in flat(value) if isinstance(v := value_of(leaf), np.ndarray)]
        own = [v for v in found if not any(np.may_share_memory(v, a) for a in arguments)]
        self._known = [(ref, then) for ref, then in self._known if ref() is not None]
        pairs = [(v, then) for v in own for ref, then in self._known if ref() is _whole(v)]
        changed = any(not np.array_equal(_whole(v), then, equal_nan=then.dtype.kind == "f") for v, then in pairs)
        if not pairs:
            self._known += [(weakref.ref(_whole(v)), _whole(v).copy()) for v in own]
        return bool(pairs), changed


def _whole(array: np.ndarray) -> np.ndarray:
    """The array that another one is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def shared_memory(value: Any, given: Sequence[Any]) -> Shared:
    """What the arrays (or tensors) of a value share with those that are given."""
    found = [v for leaf in flat(value) if isinstance(v := value_of(leaf), np.ndarray)]
    arrays = [(k, v) for k, leaf in enumerate(given) if isinstance(v := value_of(leaf), np.ndarray)]
    own = frozenset(k for k, a in arrays if any(np.may_share_memory(a, b) for b in found))
    return Shared(own, any(np.may_share_memory(a, b) for a, b in itertools.combinations(found, 2)))
