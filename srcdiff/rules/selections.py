"""Axes in another order."""

from __future__ import annotations

from typing import Any

import numpy as np

from .points import call, reals
from .registry import linear, views


@linear(np.moveaxis, points=call(reals(2, 3, 4), 0, -1) + call(reals(2, 3, 4), (0, 2), (1, 0)))
def moveaxis(y_bar: Any, y: Any, a: Any, source: Any, destination: Any) -> Any:
    return np.moveaxis(y_bar, destination, source)


@linear(np.swapaxes, np.ndarray.swapaxes, points=call(reals(2, 3, 4), 0, -1))
def swapaxes(y_bar: Any, y: Any, a: Any, axis1: Any, axis2: Any) -> Any:
    return np.swapaxes(y_bar, axis1, axis2)


views(np.moveaxis, np.swapaxes, np.ndarray.swapaxes)
