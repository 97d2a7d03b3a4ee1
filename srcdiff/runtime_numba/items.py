"""Lists of numbers as arrays. Numba's own `np.array` of a list gives wrong items in functions that call themselves
(0.68)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import runtime
from .register import implements, types


@implements(runtime.array_of)
def array_of(items: Any, dtype: Any) -> Any:  # noqa: ARG001 (Numba compares the parameters)
    if not isinstance(items, types.List):
        return None

    def implementation(items: Any, dtype: Any) -> Any:
        result = np.empty(len(items), dtype)
        for k in range(len(items)):
            result[k] = items[k]
        return result

    return implementation
