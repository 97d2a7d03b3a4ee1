"""A tensor as text."""

from __future__ import annotations

import numpy as np

from .tensor import FLOAT64, Tensor, grad_function


def text(t: Tensor) -> str:
    """`tensor([1., 2.], requires_grad=True)`."""
    v = t._v
    if t.ndim == 0:
        value = np.asarray(v)[()]
        number = repr(bool(value)) if t.dtype.kind == "b" else np.array2string(np.asarray(value), precision=4)
        body = number if t.dtype.kind != "f" or "." in number or "n" in number else f"{number}."
    else:
        body = np.array2string(v, precision=4, separator=", ", prefix="tensor(", threshold=1000)
    if t.dtype not in (FLOAT64, np.dtype(np.int64), np.dtype(bool)):
        body += f", dtype=tape.{t.dtype}"
    if t._node is not None:
        body += ", requires_grad=True" if t.is_leaf else f", grad_fn=<{grad_function(t._node).name()}>"
    return f"tensor({body})"
