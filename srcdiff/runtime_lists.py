"""Lists: of whole numbers as arrays, and empty ones whose elements have a type that compiled code is told."""

from __future__ import annotations

from typing import Any

import numpy as np


def array_of(items: list[Any], dtype: Any) -> Any:
    """The items of a list of numbers as an array of this dtype, also where there are none.

    >>> array_of([2, 0], np.int64)
    array([2, 0])
    """
    return np.array(items, dtype)


def stack(example: Any) -> list[Any]:  # noqa: ARG001 (compiled code asks its type)
    """An empty list for values like this one.

    >>> stack(0.0)
    []
    """
    return []


def stacks(count: int, example: Any) -> list[list[Any]]:  # noqa: ARG001 (compiled code asks its type)
    """Empty lists, one for each chunk of a loop, for values like this one.

    >>> stacks(2, 0.0)
    [[], []]
    """
    return [[] for _ in range(count)]
