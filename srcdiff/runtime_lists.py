"""Lists of whole numbers as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np


def array_of(items: list[Any], dtype: Any) -> Any:
    """The items of a list of numbers as an array of this dtype, also where there are none.

    >>> array_of([2, 0], np.int64)
    array([2, 0])
    """
    return np.array(items, dtype)
