"""`Tensor`: a value, the record of the operation that made it, and what is rarely needed beside them.

A 0-d tensor of float64 holds a Python float, which is fast and cannot change; everything else is a NumPy array (a NumPy
scalar for a 0-d result of another dtype). Where the memory of a number has to be shared (`detach`, `numpy`, writes in
place) it becomes a 0-d array for good: see `boxed`.

The operations are methods, too: each module of operations attaches its own with `methods`.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from ..errors import GraphError
from . import modes
from .record import BACK, PARENTS, Record, here, serial

ndarray = np.ndarray
new = object.__new__
FLOAT64 = np.dtype(np.float64)


class State:
    """What few tensors have: a gradient, hooks, views of its memory, the tensor whose memory it is a view of."""

    __slots__ = ("base", "dtype", "grad", "hooks", "retains", "shape", "steps", "views")

    def __init__(self) -> None:
        self.grad: Any = None
        self.hooks: dict[int, Callable[[Any], Any]] | None = None
        self.retains = False
        self.views: list[weakref.ref[Any]] | None = None
        self.base: Any = None  # a Tensor
        self.steps: tuple[Any, ...] = ()  # from the base's array to this one's
        self.shape: tuple[int, ...] = ()  # of a leaf
        self.dtype: Any = FLOAT64


class Size(int):
    """The number of elements, as NumPy has it; called, the shape or the length of one axis, as torch has it."""

    shape: tuple[int, ...]

    def __call__(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]


class Tensor:
    """An array or number whose operations are recorded, so that `backward` can find gradients.

    `Tensor(data)` is `tensor(data)` with floating-point elements.

    >>> from srcdiff import tape
    >>> x = tape.tensor([1.0, 2.0], requires_grad=True)
    >>> y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    tensor([2., 4.])
    """

    __slots__ = ("__weakref__", "_node", "_state", "_v")
    __array_priority__ = 1000.0

    _v: Any
    _node: Record | None
    _state: State | None

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("Tensor cannot be subclassed: operations on tensors return tensors")

    def __new__(cls, data: Any = (), dtype: Any = None, requires_grad: bool = False) -> Tensor:
        array = np.array(plain(data), dtype or None)
        return leaf(array if array.dtype.kind == "f" else array.astype(FLOAT64), requires_grad)

    # ------------------------------------------------------------------------------------------------------ the value

    @property
    def shape(self) -> tuple[int, ...]:
        v = self._v
        return () if type(v) is float else v.shape

    @property
    def ndim(self) -> int:
        v = self._v
        return 0 if type(v) is float else v.ndim

    @property
    def dtype(self) -> Any:
        v = self._v
        return FLOAT64 if type(v) is float else v.dtype

    @property
    def size(self) -> Size:
        """The number of elements, as in NumPy; `x.size()` and `x.size(dim)` are the shape, as in torch."""
        v = self._v
        found = Size(1 if type(v) is float else v.size)
        found.shape = self.shape
        return found

    def dim(self) -> int:
        """The number of dimensions."""
        return self.ndim

    def numel(self) -> int:
        """The number of elements."""
        return 1 if type(self._v) is float else int(self._v.size)

    def element_size(self) -> int:
        """Bytes for each element."""
        return int(self.dtype.itemsize)

    def is_floating_point(self) -> bool:
        return bool(self.dtype.kind == "f")

    def item(self) -> Any:
        """The element of a tensor that has only one, as a Python number. Raises RuntimeError for others."""
        if self.numel() != 1:
            raise GraphError(f"a tensor with {self.numel()} elements cannot be converted to a number")
        if self._node is not None and modes.exact():
            raise modes.lost(_lost("a number"))
        v = self._v
        return v if type(v) is float else v.item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers; a number for a 0-d tensor."""
        if self._node is not None and modes.exact():
            raise modes.lost(_lost("a list"))
        return self._v if type(self._v) is float else self._v.tolist()

    def numpy(self) -> Any:
        """The array itself: the memory is shared. Raises RuntimeError if the tensor requires grad."""
        if self._node is not None:
            raise modes.lost(
                "cannot call numpy() on a tensor that requires grad: the array would not be recorded. "
                "Use tensor.detach().numpy() instead"
            )
        return boxed(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if self._node is not None:
            raise modes.lost(
                "a tensor that requires grad cannot become an array: the array would not be recorded. "
                "Use tensor.detach().numpy() instead"
            )
        array = boxed(self)
        return np.array(array, dtype, copy=copy if copy is not None or dtype in (None, array.dtype) else True)

    def __float__(self) -> float:
        self._warn("a float")
        return float(self.item())

    def __int__(self) -> int:
        return int(self._single())

    def __index__(self) -> int:
        if self.dtype.kind not in "iub" or self.numel() != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._v)

    def __bool__(self) -> bool:
        if self.numel() != 1:
            raise GraphError("the truth of a tensor with more than one element is ambiguous: use any() or all()")
        return bool(self._v)

    def __round__(self, ndigits: int | None = None) -> Any:
        return round(self._single(), ndigits)

    def __floor__(self) -> int:
        return int(np.floor(self._single()))

    def __ceil__(self) -> int:
        return int(np.ceil(self._single()))

    def __trunc__(self) -> int:
        return int(self._single())

    def _single(self) -> Any:
        """The one element, for what has no derivative."""
        if self.numel() != 1:
            raise GraphError(f"a tensor with {self.numel()} elements cannot be converted to a number")
        return self._v if type(self._v) is float else self._v.item()

    def __complex__(self) -> complex:
        self._warn("a complex number")
        return complex(self.item())

    def _warn(self, what: str) -> None:
        if self._node is None:
            return
        if modes.exact():
            raise modes.lost(_lost(what))
        if modes.is_grad_enabled():
            warnings.warn(
                f"a tensor that requires grad was converted to {what}, which no gradient goes through; use "
                "tensor.detach() first if that is meant",
                UserWarning,
                stacklevel=3,
            )

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return len(self._v)

    def __iter__(self) -> Iterator[Tensor]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return (self[k] for k in range(len(self._v)))  # type: ignore[index]

    def __contains__(self, value: Any) -> bool:
        return bool(np.any(self._v == plain(value)))

    __hash__ = object.__hash__

    # --------------------------------------------------------------------------------------------------- the gradient

    @property
    def requires_grad(self) -> bool:
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        if flag == (self._node is not None):
            return
        if not flag and not self.is_leaf:
            raise GraphError("you can only change requires_grad flags of leaf tensors; use detach() for a constant")
        require(self, flag)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad` in place; returns the tensor."""
        self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor was made by no recorded operation."""
        node = self._node
        return node is None or node[BACK] is None

    @property
    def grad(self) -> Any:
        """What `backward` has added up: None at first, then a tensor."""
        if self._state is None or (self._state.grad is None and self.is_leaf):
            if not self.is_leaf and modes.is_grad_enabled():
                _warn_non_leaf()
            return None
        if self._state.grad is None and not self._state.retains:
            _warn_non_leaf()
        return self._state.grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is None:
            if self._state is not None:
                self._state.grad = None
            return
        if type(value) is not Tensor:
            raise TypeError(f"assigned grad expected to be a Tensor or None but got {type(value).__name__}")
        if value.shape != self.shape or value.dtype != self.dtype:
            raise GraphError(
                f"assigned grad has shape {value.shape} and dtype {value.dtype}; "
                f"the tensor has {self.shape} and {self.dtype}"
            )
        if value is self:
            raise GraphError("a tensor cannot be its own gradient")
        state_of(self).grad = value

    @property
    def grad_fn(self) -> Any:
        """The operation that made this tensor, or None for a leaf."""
        return None if self.is_leaf else grad_function(self._node)

    def detach(self) -> Tensor:
        """The same memory as a constant: no gradient goes through it."""
        return made(boxed(self))

    @property
    def data(self) -> Tensor:
        """The same memory as a constant, as `detach()`; assigning gives the tensor another value."""
        return made(boxed(self))

    @data.setter
    def data(self, value: Any) -> None:
        array = boxed(value) if type(value) is Tensor else np.asarray(value)
        if self._node is not None and array.dtype.kind != "f":
            raise GraphError("data of a tensor that requires grad has to be floating point")
        self._v = array
        if self._node is not None and self._node[BACK] is None:
            self._node[3].shape, self._node[3].dtype = array.shape, array.dtype

    # -------------------------------------------------------------------------------------------------- its text

    def __repr__(self) -> str:
        from .showing import text

        return text(self)

    def __format__(self, spec: str) -> str:
        if self.ndim == 0:
            return format(self._single(), spec)
        return format(str(self), spec) if spec else str(self)

    def __reduce__(self) -> Any:
        if not self.is_leaf:
            raise GraphError("only leaf tensors can be copied deeply or pickled: use detach()")
        return _rebuilt, (np.asarray(self._v), self._node is not None)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        function, args = self.__reduce__()
        made_: Tensor = function(args[0].copy(), args[1])
        memo[id(self)] = made_
        if self._state is not None and self._state.grad is not None:
            made_.grad = made(np.array(self._state.grad._v))
        return made_


def _rebuilt(array: Any, requires_grad: bool) -> Tensor:
    return leaf(array if array.ndim or array.dtype != FLOAT64 else float(array), requires_grad)


def _lost(what: str) -> str:
    return (
        f"a tensor that needs a gradient was turned into {what}, which the gradient would not go through; "
        "use NumPy's functions, or tape's, on the tensor itself"
    )


def _warn_non_leaf() -> None:
    warnings.warn(
        "the .grad of a tensor that is not a leaf is read: only leaves accumulate it in backward(). "
        "Use retain_grad() on the tensor if you want it",
        UserWarning,
        stacklevel=3,
    )


# ------------------------------------------------------------------------------------------------------ making tensors


def made(value: Any, node: Record | None = None) -> Tensor:
    """A tensor of this (canonical) value."""
    t = new(Tensor)
    t._v = value
    t._node = node
    t._state = None
    return t


def canonical(value: Any) -> Any:
    """A value as tensors hold it: a Python float for a number of float64."""
    kind = type(value)
    if kind is float:
        return value
    if isinstance(value, ndarray | np.generic) and value.dtype.kind == "c":
        from .refusing import no_complex

        no_complex()
    if kind is ndarray and (value.ndim or value.base is not None):
        return value
    if kind is ndarray:  # a number with memory of its own: the number
        return canonical(value[()])
    if kind is np.float64:
        return float(value)
    if isinstance(value, np.generic):
        return value
    if isinstance(value, ndarray):
        return np.asarray(value)
    if isinstance(value, bool | int):
        return np.asarray(value)[()]
    return canonical(np.asarray(value)[()])


def wrapped(value: Any) -> Any:
    """What a NumPy function returned, as tensors: numbers and arrays; a tuple or list of results item by item."""
    if isinstance(value, tuple):
        items = [wrapped(v) for v in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(value, list):
        return [wrapped(v) for v in value]
    if isinstance(value, ndarray | np.generic | float):
        return made(canonical(value))
    return value


def leaf(value: Any, requires_grad: bool) -> Tensor:
    """A tensor that no operation made."""
    t = made(canonical(value))
    if requires_grad:
        require(t, True)
    return t


def require(t: Tensor, flag: bool) -> None:
    """Make a constant a leaf that needs a gradient, or the other way round."""
    if not flag:
        t._node = None
        return
    if t.dtype.kind != "f":
        raise GraphError(f"only tensors of floating point dtype can require gradients, this one is of {t.dtype}")
    state = state_of(t)
    state.shape, state.dtype = t.shape, t.dtype
    t._node = [serial(), None, None, state, *here()]


def state_of(t: Tensor) -> State:
    """The state of a tensor, made if there is none."""
    if t._state is None:
        t._state = State()
        if t._node is not None and t._node[PARENTS] is None:
            t._node[3] = t._state
    return t._state


def boxed(t: Tensor) -> Any:
    """The array of a tensor: a number gets memory of its own, which it keeps."""
    v = t._v
    if type(v) is not ndarray:
        v = t._v = np.array(v)
    return v


def plain(value: Any) -> Any:
    """The value with arrays and numbers in the place of tensors, also within lists and tuples."""
    if type(value) is Tensor:
        return value._v
    if type(value) in (list, tuple):
        return type(value)(plain(v) for v in value)
    return value


# ------------------------------------------------------------------------------------- what other modules bring along


def grad_function(node: Any) -> Any:
    """The view of a record that users see."""
    from .nodes import GradFunction

    return GradFunction(node)


def methods(**functions: Any) -> None:
    """Attach operations to tensors as methods: their first parameter is the tensor."""
    for name, function in functions.items():
        setattr(Tensor, name, function)
