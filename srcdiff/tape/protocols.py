"""NumPy's functions called on tensors: they come here by NumPy's own protocols, and stay on the tape."""

from __future__ import annotations

from typing import Any

import numpy as np

from .apply import apply
from .elementwise import UFUNCS
from .elementwise import pow as power
from .refusing import refuse
from .tensor import Tensor, methods


def array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """`np.sin(t)`, `np.add(a, t)`, `array * t`, `np.add.reduce(t)`."""
    if kwargs.get("out") is not None:
        refuse(
            f"`np.{ufunc.__name__}` with `out=`",
            "a tensor's history would not be that of the array it is written to",
            "use the result, or a tensor in place of the array",
        )
    if method != "__call__":
        return apply(getattr(ufunc, method), *inputs, **kwargs)
    if not kwargs:
        if ufunc is np.power:
            return power(*inputs)
        known = UFUNCS.get(ufunc)
        if known is not None:
            return known(*inputs)
    return apply(ufunc, *inputs, **kwargs)


def array_function(self: Tensor, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """`np.sum(t)`, `np.concatenate((a, t))`, `np.linalg.solve(t, b)`."""
    return apply(func, *args, **kwargs)


methods(__array_ufunc__=array_ufunc, __array_function__=array_function)
