"""What NumPy does badly, by Numba where that pays: softmax, cross entropy, sums of rows, scattered sums, optimisers.

Each kernel is there twice: in NumPy, and as a loop that Numba compiles. Compiling (or loading a compiled kernel from
Numba's cache) takes about a second with Numba's own import, so that a kernel changes over only when it has worked on
`WORTH` elements in NumPy, on large arrays, and if Numba is installed. Both give the same numbers up to rounding.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

LARGE = 4096  # elements, below which NumPy's way is fast enough
WORTH = 30_000_000  # elements worked on before it pays to compile: a second or so of NumPy's work


class Kernel:
    """A computation on arrays in two forms, of which the compiled one is used once that pays."""

    def __init__(self, plain: Callable[..., Any], name: str) -> None:
        self.plain, self.name = plain, name
        self.work = 0
        self.compiled: Any = None
        self.refused = False

    def __call__(self, size: int, *args: Any) -> Any:
        if size >= LARGE and not self.refused:
            if self.compiled is not None:
                return self.compiled(*args)
            self.work += size
            if self.work > WORTH:
                self.compile()
        return self.plain(*args)

    def compile(self) -> bool:
        """Change over to the compiled form; whether there is one."""
        if importlib.util.find_spec("numba") is None:
            self.refused = True
            return False
        from . import kernels_numba

        self.compiled = getattr(kernels_numba, self.name)
        return True


# ---------------------------------------------------------------------------------------------------------- softmax


def _softmax(x: Any) -> Any:
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    e /= np.sum(e, axis=-1, keepdims=True)
    return e


def _softmax_back(g: Any, y: Any) -> Any:
    return y * (g - np.sum(g * y, axis=-1, keepdims=True))


def _log_softmax(x: Any) -> Any:
    moved = x - np.max(x, axis=-1, keepdims=True)
    moved -= np.log(np.sum(np.exp(moved), axis=-1, keepdims=True))
    return moved


def _cross_entropy(x: Any, classes: Any) -> Any:
    logs = _log_softmax(x)
    return 0.0 - logs[np.arange(len(classes)), classes], logs


def _cross_entropy_back(g: Any, logs: Any, classes: Any) -> Any:
    result = np.exp(logs)
    result[np.arange(len(classes)), classes] -= 1.0
    result *= g[:, None]
    return result


_softmax_rows = Kernel(_softmax, "softmax")
_softmax_rows_back = Kernel(_softmax_back, "softmax_back")
_log_softmax_rows = Kernel(_log_softmax, "log_softmax")
_entropy_rows = Kernel(_cross_entropy, "cross_entropy")
_entropy_rows_back = Kernel(_cross_entropy_back, "cross_entropy_back")


def _by_rows(kernel: Kernel, dim: int, *arrays: Any) -> Any:
    """A kernel of rows, along any dimension."""
    first = arrays[0]
    if first.ndim == 0:
        return kernel.plain(*(a.reshape(1) for a in arrays)).reshape(())
    moved = [np.moveaxis(a, dim, -1) for a in arrays]
    rows = [np.ascontiguousarray(a).reshape(-1, a.shape[-1]) for a in moved]
    found = kernel(first.size, *rows)
    return np.moveaxis(found.reshape(moved[0].shape), -1, dim)


def softmax(x: Any, dim: int) -> Any:
    """Softmax along a dimension."""
    return _by_rows(_softmax_rows, dim, x)


def softmax_back(g: Any, y: Any, dim: int) -> Any:
    """The pullback of softmax, from its result."""
    return _by_rows(_softmax_rows_back, dim, g, y)


def log_softmax(x: Any, dim: int) -> Any:
    """The logarithm of softmax along a dimension."""
    return _by_rows(_log_softmax_rows, dim, x)


def cross_entropy(x: Any, classes: Any) -> Any:
    """Of each row of logits the cross entropy with its class, and the logarithms of softmax."""
    return _entropy_rows(x.size, np.ascontiguousarray(x), classes)


def cross_entropy_back(g: Any, logs: Any, classes: Any) -> Any:
    """The pullback of the cross entropy of rows."""
    return _entropy_rows_back(logs.size, np.ascontiguousarray(np.broadcast_to(g, classes.shape)), logs, classes)


# ----------------------------------------------------------------------------------------------- sums of many terms


def _add_rows(whole: Any, places: Any, g: Any) -> None:
    np.add.at(whole, places, g)


def _sum_rows(g: Any) -> Any:
    return g.sum(axis=0)


_sum_rows_kernel = Kernel(_sum_rows, "sum_rows")


def sum_rows(g: Any) -> Any:
    """`g.sum(axis=0)`: the adjoint of what was broadcast along the rows of a matrix, a bias for instance. Of narrow
    matrices NumPy's way takes four times as long as a loop."""
    plain = g.ndim == 2 and len(g) > 0 and g.flags.c_contiguous and g.dtype.kind == "f"
    return _sum_rows_kernel(g.size, g) if plain else g.sum(axis=0)


_add_rows_kernel = Kernel(_add_rows, "add_rows")


def add_at(whole: Any, index: Any, g: Any) -> None:
    """`np.add.at(whole, index, g)`; fast for one array of places along the first axis."""
    simple = type(index) is np.ndarray and index.dtype == np.int64 and index.ndim == 1 and whole.flags.c_contiguous
    if simple and type(g) is np.ndarray and g.dtype == whole.dtype and g.shape == index.shape + whole.shape[1:]:
        width = int(np.prod(whole.shape[1:]))
        where = np.where(index < 0, index + len(whole), index)
        _add_rows_kernel(g.size, whole.reshape(len(whole), width), where, np.ascontiguousarray(g).reshape(-1, width))
    else:
        np.add.at(whole, index, g)


# --------------------------------------------------------------------------------------------------- optimisers' steps


def _adam(
    p: Any, g: Any, m: Any, v: Any, beta1: float, beta2: float, step_size: float, root2: float, eps: float
) -> None:
    m *= beta1
    m += (1.0 - beta1) * g
    v *= beta2
    v += (1.0 - beta2) * (g * g)
    p -= step_size * (m / (np.sqrt(v) / root2 + eps))


def _sgd(p: Any, g: Any, buffer: Any, lr: float, momentum: float, nesterov: bool) -> None:
    buffer *= momentum
    buffer += g
    p -= lr * (g + momentum * buffer if nesterov else buffer)


_adam_kernel = Kernel(_adam, "adam")
_sgd_kernel = Kernel(_sgd, "sgd")


def _flat(*arrays: Any) -> list[Any] | None:
    """The arrays as lines in the same order, if all of them are whole blocks of memory of one dtype."""
    if all(a.flags.c_contiguous and a.dtype == arrays[0].dtype for a in arrays):
        return [a.reshape(-1) for a in arrays]
    return None


def adam(p: Any, g: Any, m: Any, v: Any, *numbers: float) -> None:
    """One step of Adam on arrays in place: `p`, the moments `m` and `v`."""
    flat = _flat(p, g, m, v)
    if flat is None:
        _adam(p, g, m, v, *numbers)
    else:
        _adam_kernel(p.size, *flat, *numbers)


def sgd(p: Any, g: Any, buffer: Any, lr: float, momentum: float, nesterov: bool) -> None:
    """One step with momentum on arrays in place: `p` and the `buffer`."""
    flat = _flat(p, g, buffer)
    if flat is None:
        _sgd(p, g, buffer, lr, momentum, nesterov)
    else:
        _sgd_kernel(p.size, *flat, lr, momentum, nesterov)
