"""Shapes, products and joining under torch's names."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ..errors import BadArgument
from . import modes
from .apply import apply, joined
from .arithmetic import constant
from .dims import axis_of, shape_of
from .pullbacks import Form, form_of
from .recording import apart, recorded
from .tensor import FLOAT64, Tensor, canonical, made, methods, ndarray, new

# ------------------------------------------------------------------------------------------------------------ shapes


def _t(x: Any) -> Tensor:
    return x if type(x) is Tensor else constant(x)


def reshape(x: Any, *shape: Any) -> Tensor:
    """The elements in another shape; -1 stands for one length."""
    found: Tensor = apply(np.reshape, _t(x), shape_of(shape))
    return found


def view(x: Any, *shape: Any) -> Tensor:
    """The elements in another shape, in the same memory. Raises ValueError where that would need a copy."""
    x = _t(x)
    if type(x._v) is ndarray and x._v.ndim and not np.may_share_memory(x._v, x._v.reshape(shape_of(shape))):
        raise BadArgument("view of a tensor whose elements are not in this order in memory: use reshape(...)")
    return reshape(x, *shape)


def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The dimensions from `start_dim` to `end_dim` as one."""
    x = _t(x)
    shape = x.shape or (1,)
    first, last = start_dim % len(shape), end_dim % len(shape)
    return reshape(x, (*shape[:first], -1, *shape[last + 1 :]))


def permute(x: Any, *dims: Any) -> Tensor:
    """The dimensions in another order."""
    found: Tensor = apply(np.transpose, _t(x), shape_of(dims))
    return found


def transpose(x: Any, *dims: Any) -> Tensor:
    """Two dimensions exchanged; without any (or with a tuple), as in NumPy, the dimensions in the order given."""
    x = _t(x)
    if len(dims) == 2:
        found: Tensor = apply(np.swapaxes, x, *dims)
        return found
    return apply(np.transpose, x, *dims)  # type: ignore[no-any-return]


def t(x: Tensor) -> Tensor:
    """The transposed matrix."""
    if x.ndim > 2:
        raise BadArgument(f"t() is for vectors and matrices; this tensor has {x.ndim} dimensions")
    return apply(np.transpose, x)  # type: ignore[no-any-return]


def squeeze(x: Any, dim: Any = None, *, axis: Any = None) -> Tensor:
    """Without the dimensions of length 1: all of them, or `dim` if it has length 1."""
    x, dim = _t(x), axis_of(dim, axis)
    if dim is not None:
        dims = tuple(d % max(x.ndim, 1) for d in (dim if isinstance(dim, tuple) else (dim,)))
        dim = tuple(d for d in dims if x.ndim and x.shape[d] == 1)
    return apply(np.squeeze, x, axis=dim)  # type: ignore[no-any-return]


def unsqueeze(x: Any, dim: int) -> Tensor:
    """With one more dimension, of length 1."""
    return apply(np.expand_dims, _t(x), dim)  # type: ignore[no-any-return]


def expand(x: Any, *sizes: Any) -> Tensor:
    """Dimensions of length 1 seen as longer ones; -1 leaves a length as it is."""
    x, shape = _t(x), shape_of(sizes)
    own = (1,) * (len(shape) - x.ndim) + x.shape
    return apply(np.broadcast_to, x, tuple(o if n == -1 else n for n, o in zip(shape, own, strict=True)))  # type: ignore[no-any-return]


def clone(x: Any) -> Tensor:
    """A copy, with the history."""
    return apply(np.copy, _t(x))  # type: ignore[no-any-return]


def contiguous(x: Tensor) -> Tensor:
    """The tensor with its elements in order in memory."""
    return x if type(x._v) is not ndarray or x._v.flags.c_contiguous else clone(x)


def to(x: Tensor, dtype: Any) -> Tensor:
    """The elements converted to another dtype; the tensor itself if they have it."""
    dtype = np.dtype(dtype)
    if dtype == x.dtype:
        return x
    if x._node is None or dtype.kind != "f":
        return made(canonical(np.asarray(x._v).astype(dtype)[()] if x.ndim == 0 else x._v.astype(dtype)))
    return apply(np.ndarray.astype, made(np.asarray(x._v), x._node), dtype)  # type: ignore[no-any-return]


# ----------------------------------------------------------------------------------------------------------- joining


def cat(tensors: Any, dim: int = 0, *, axis: Any = None) -> Tensor:
    """The tensors one after the other along `dim`."""
    return joined(np.concatenate, (list(tensors), dim if axis is None else axis), {})


def stack(tensors: Any, dim: int = 0, *, axis: Any = None) -> Tensor:
    """The tensors along a new dimension."""
    return joined(np.stack, (list(tensors), dim if axis is None else axis), {})


def split(x: Tensor, size: int | list[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of `size` (the last one may be shorter), or of the sizes in a list, along `dim`."""
    length, dim = x.shape[dim], dim % x.ndim
    sizes = (
        size if isinstance(size, list | tuple) else [size] * (length // size) + [length % size] * (length % size > 0)
    )
    ends = np.cumsum([0, *sizes])
    return tuple(x[(slice(None),) * dim + (slice(int(a), int(b)),)] for a, b in itertools.pairwise(ends))  # type: ignore[index]


def chunk(x: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most so many parts of equal length along `dim`, the last of which may be shorter."""
    return split(x, -(-x.shape[dim] // chunks), dim)


def unbind(x: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`."""
    return tuple(x.select(dim, k) for k in range(x.shape[dim]))  # type: ignore[attr-defined]


def repeat(x: Tensor, *sizes: Any) -> Tensor:
    """The tensor so many times along each dimension, as `np.tile`."""
    if modes.exact():  # in a function that was written for arrays
        return apply(np.repeat, x, *sizes)  # type: ignore[no-any-return]
    return apply(np.tile, x, shape_of(sizes))  # type: ignore[no-any-return]


def repeat_interleave(x: Tensor, repeats: int, dim: int | None = None) -> Tensor:
    """Each element so many times, as `np.repeat`."""
    return apply(np.repeat, x, repeats, dim)  # type: ignore[no-any-return]


def _as_numpy(function: Any) -> Any:
    """A method that arrays have and torch's tensors have not, or with the same arguments."""

    def call(x: Tensor, *args: Any, **kwargs: Any) -> Any:
        return apply(function, x, *args, **kwargs)

    call.__name__ = call.__qualname__ = function.__name__
    call.__doc__ = f"`numpy.{function.__name__}` of the tensor."
    return call


# ---------------------------------------------------------------------------------------------------------- products

_MATMUL: dict[Any, Form] = {}
_NAMES = {(1, 1): "DotBackward0", (2, 1): "MvBackward0", (2, 2): "MmBackward0"}


def matmul(a: Any, b: Any) -> Any:
    """The matrix product, as `a @ b` has it."""
    foreign = [x for x in (a, b) if type(x) is ndarray]
    a, b = _t(a), _t(b)
    x, y = a._v, b._v
    value = np.matmul(x, y) if type(x) is ndarray and type(y) is ndarray else operator_matmul(x, y)
    p, q = a._node, b._node
    out = new(Tensor)
    out._state = None
    out._v = value = value if type(value) is ndarray else canonical(value)
    if p is None and q is None:
        out._node = None
        return out
    places, parents = ((0, 1), (p, q)) if p and q else ((0,), p) if p else ((1,), q)
    ranks = (x.ndim, y.ndim)
    form = _MATMUL.get((places, ranks))
    if form is None:
        from ..rules.registry import rule_of

        rule = rule_of(np.matmul)
        assert rule is not None
        name = _NAMES.get(ranks, "BmmBackward0" if min(ranks) == 3 else "MatmulBackward0")
        form = _MATMUL[places, ranks] = form_of(rule, places, name=name, tensors=2)
    saved = apart(form.save(value, x, y), foreign)
    out._node = recorded(form.back, parents, saved, value)
    return out


def operator_matmul(x: Any, y: Any) -> Any:
    """NumPy's product of what are not both arrays: it raises, and says why."""
    return np.matmul(np.asarray(x), np.asarray(y))


def dot(a: Any, b: Any) -> Tensor:
    """The inner product of two vectors."""
    return apply(np.dot, a, b)  # type: ignore[no-any-return]


def outer(a: Any, b: Any) -> Tensor:
    """The products of each element of one vector with each of the other."""
    return apply(np.outer, a, b)  # type: ignore[no-any-return]


def einsum(subscripts: str, *operands: Any) -> Tensor:
    """Einstein's summation: `einsum("ij,jk->ik", a, b)`."""
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = tuple(operands[0])
    found: Tensor = apply(np.einsum, subscripts, *operands)
    return found


def _transposed(x: Tensor) -> Tensor:
    return apply(np.transpose, x)  # type: ignore[no-any-return]


def _flipped(x: Tensor) -> Tensor:
    return apply(np.swapaxes, x, -1, -2)  # type: ignore[no-any-return]


methods(reshape=reshape, view=view, flatten=flatten, ravel=flatten, permute=permute, transpose=transpose, t=t)
methods(T=property(_transposed), mT=property(_flipped), squeeze=squeeze, unsqueeze=unsqueeze, expand=expand)
methods(clone=clone, copy=clone, contiguous=contiguous, to=to, type=to, astype=to, split=split, chunk=chunk)
methods(unbind=unbind, matmul=matmul, mm=matmul, mv=matmul, dot=dot, outer=outer, __matmul__=matmul)
methods(**{f.__name__: _as_numpy(f) for f in (np.swapaxes, np.diagonal, np.trace, np.clip, np.take)})
methods(conj=_as_numpy(np.conjugate), conjugate=_as_numpy(np.conjugate), repeat=repeat)
methods(repeat_interleave=repeat_interleave)
methods(
    __rmatmul__=lambda b, a: matmul(a, b),
    double=lambda x: to(x, FLOAT64),
    float=lambda x: to(x, np.float32),
    long=lambda x: to(x, np.int64),
    bool=lambda x: to(x, np.bool_),
    view_as=lambda x, other: view(x, other.shape),
    reshape_as=lambda x, other: reshape(x, other.shape),
    expand_as=lambda x, other: expand(x, other.shape),
)
