"""Arrays that a derivative makes for itself, and that nobody sees when it has returned."""

from __future__ import annotations

from typing import Any

import numpy as np


def workspace(shape: Any, dtype: Any = np.float64) -> Any:
    """An array without values, as `np.empty` makes it. Compiled code takes the memory of a large one from a pool (see
    `srcdiff.memory`): it must not be returned.

    >>> workspace((2, 3)).shape
    (2, 3)
    """
    return np.empty(shape, dtype)


def zeroed_workspace(shape: Any, dtype: Any = np.float64) -> Any:
    """The same with zeros in it, as `np.zeros` makes it.

    >>> zeroed_workspace(2)
    array([0., 0.])
    """
    return np.zeros(shape, dtype)


def copied_workspace(x: Any) -> Any:
    """The same with the values of an array in it, as `x.copy()` makes it.

    >>> copied_workspace(np.ones(2))
    array([1., 1.])
    """
    return x.copy()
