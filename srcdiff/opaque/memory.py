"""Memory that what a function returns shares with its arguments. In: a value, and the arguments that it was computed
of. Out: which of them, and whether two parts of the value share memory with each other."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .graph import value_of
from .shapes import flat


class Shared(NamedTuple):
    with_arguments: frozenset[int]
    among_themselves: bool


def shared_memory(value: Any, given: Sequence[Any]) -> Shared:
    """What the arrays (or tensors) of a value share with those that are given."""
    found = [v for leaf in flat(value) if isinstance(v := value_of(leaf), np.ndarray)]
    arrays = [(k, v) for k, leaf in enumerate(given) if isinstance(v := value_of(leaf), np.ndarray)]
    own = frozenset(k for k, a in arrays if any(np.may_share_memory(a, b) for b in found))
    return Shared(own, any(np.may_share_memory(a, b) for a, b in itertools.combinations(found, 2)))
