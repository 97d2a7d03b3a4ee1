"""New tensors: from data, of one value, random. `dtype=` and `requires_grad=` everywhere; floats are float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arithmetic import constant
from .dims import shape_of
from .tensor import Tensor, canonical, leaf, made, plain

_random = np.random.default_rng()


def generator() -> np.random.Generator:
    """The source of random numbers, which `manual_seed` sets."""
    return _random


def manual_seed(seed: int) -> None:
    """Start the random numbers of `rand`, `randn` and `randn_like` anew.

    >>> manual_seed(0)
    >>> first = randn(2).tolist()
    >>> manual_seed(0)
    >>> randn(2).tolist() == first
    True
    """
    global _random  # noqa: PLW0603 (one generator, as in torch)
    _random = np.random.default_rng(seed)


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor with a copy of the data: a number, nested lists, an array, a tensor (without its history).

    Raises GraphError (a RuntimeError) where a tensor that is not of floating point shall require grad.

    >>> tensor([1, 2]), tensor([[1.5]], requires_grad=True)
    (tensor([1, 2]), tensor([[1.5]], requires_grad=True))
    """
    if type(data) is float and dtype is None:
        return leaf(data, requires_grad)
    array = np.array(plain(data), dtype)
    return leaf(array if array.ndim else array[()], requires_grad)


def as_tensor(data: Any, dtype: Any = None) -> Tensor:
    """The tensor itself, or a tensor of the data, which shares the memory of an array."""
    if type(data) is Tensor:
        return data if dtype is None else data.to(dtype)  # type: ignore[attr-defined]
    return constant(np.asarray(data, dtype))


def from_numpy(array: Any) -> Tensor:
    """A tensor that shares the memory of an array.

    >>> a = np.zeros(2)
    >>> t = from_numpy(a)
    >>> a[0] = 1.0
    >>> t
    tensor([1., 0.])
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    return made(canonical(np.asarray(array)) if array.ndim else np.asarray(array))


def _new(array: Any, requires_grad: bool) -> Tensor:
    return leaf(canonical(array if array.ndim else array[()]), requires_grad)


def arange(
    start: float, end: float | None = None, step: float = 1, *, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """The numbers from `start` (0 if only one is given) up to `end`, which is left out."""
    found = np.arange(start, dtype=dtype) if end is None else np.arange(start, end, step, dtype=dtype)
    return _new(found, requires_grad)


def linspace(start: float, end: float, steps: int, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Numbers at equal distances from `start` to `end`, both included."""
    return _new(np.linspace(start, end, steps, dtype=dtype), requires_grad)


def zeros(*sizes: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of a shape: `zeros(2, 3)`, `zeros((2, 3))` or `zeros(size=(2, 3))`."""
    return _new(np.zeros(shape_of(sizes, size), dtype or np.float64), requires_grad)


def ones(*sizes: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of a shape."""
    return _new(np.ones(shape_of(sizes, size), dtype or np.float64), requires_grad)


def empty(*sizes: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of a shape whose elements have no particular value."""
    return _new(np.empty(shape_of(sizes, size), dtype or np.float64), requires_grad)


def full(size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """One value everywhere, in the value's own dtype unless another is given."""
    return _new(np.full(shape_of((size,)), plain(fill_value), dtype), requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal, zeros elsewhere."""
    return _new(np.eye(n, m, dtype=dtype or np.float64), requires_grad)


def rand(*sizes: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Random numbers, uniform from 0 to 1."""
    return _new(np.asarray(_random.random(shape_of(sizes, size)), dtype or np.float64), requires_grad)


def randn(*sizes: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Random numbers of the standard normal distribution."""
    return _new(np.asarray(_random.standard_normal(shape_of(sizes, size)), dtype or np.float64), requires_grad)


def zeros_like(x: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros with the shape and dtype of another tensor."""
    return _new(np.zeros_like(np.asarray(plain(x)), dtype), requires_grad)


def ones_like(x: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones with the shape and dtype of another tensor."""
    return _new(np.ones_like(np.asarray(plain(x)), dtype), requires_grad)


def randn_like(x: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Random numbers of the standard normal distribution with the shape and dtype of another tensor."""
    like = np.asarray(plain(x))
    return randn(*like.shape, dtype=dtype or like.dtype, requires_grad=requires_grad)
