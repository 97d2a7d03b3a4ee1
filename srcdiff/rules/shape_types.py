"""The types of what is moved, repeated, padded or put together: which lengths stay, and which are not known."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from .. import runtime
from ..errors import UnsupportedCall, UnsupportedType
from ..ir.types import Dim, Num, Tup, Type, describe, wider
from .problem import TypeProblem
from .result_types import Asked, dim_of, states
from .shaping import pad_widths


def _refused(asked: Asked, what: str, why: str, fix: str, error: Any = UnsupportedCall) -> TypeProblem:
    return TypeProblem(error, what, why, fix, asked.call.at)


def _text(asked: Asked) -> str:
    return str(getattr(asked.call.func, "text", asked.function))


def _array(asked: Asked, least: int = 1) -> Num:
    """The first operand, which has a known number of dimensions."""
    first = asked.first
    if isinstance(first, Num) and first.ndim is not None and first.ndim >= least:
        return first
    raise _refused(
        asked,
        f"`{_text(asked)}` of a {describe(first) if first is not None else 'nothing'}",
        "its rule is for arrays" if least <= 1 else f"its rule is for arrays with at least {least} dimensions",
        "pass an array that has the same number of dimensions on all paths",
        UnsupportedType,
    )


def _ints(asked: Asked, place: int, name: str, default: Any = None) -> Any:
    """A literal whole number, or a tuple of them, as it is known when the derivative is written."""
    return _value(asked, asked.argument(place, name), name, default)


def _value(asked: Asked, type_: Type | None, name: str, default: Any) -> Any:
    if type_ is None or (not isinstance(type_, Num | Tup) and getattr(type_, "value", 0) is None):
        return default
    if isinstance(type_, Tup):
        return tuple(_value(asked, t, name, default) for t in type_.items)
    if isinstance(type_, Num) and type(type_.value) is int:
        return type_.value
    raise _refused(
        asked,
        f"`{name}` of `{_text(asked)}`, which is known only when the program runs",
        "it decides the shape of the result",
        f"write `{name}` as a literal",
    )


def _axis(asked: Asked, axis: int, dimensions: int) -> int:
    if not -dimensions <= axis < dimensions:
        raise _refused(
            asked,
            f"axis {axis} of {dimensions} in `{_text(asked)}`",
            "Python itself refuses this call",
            "count the axes from 0",
        )
    return axis % dimensions


def _new(first: Num, shape: tuple[Dim, ...], contiguous: bool = False) -> Num:
    return Num(first.dtype, len(shape), shape, contiguous=contiguous)


# ----------------------------------------------------------------------------------------------------- axes in order


@states(np.ndarray.T, np.transpose, np.ndarray.transpose)
def _transposed(asked: Asked) -> Type | None:
    first = asked.first
    if not isinstance(first, Num):
        return None
    axes = _ints(asked, 1, "axes")
    if first.ndim is None or (axes is None and first.ndim == 0):
        return Num(first.dtype, first.ndim)
    if axes is None:
        axes = tuple(reversed(range(first.ndim)))
    axes = axes if isinstance(axes, tuple) else (axes,)
    order = [_axis(asked, a, first.ndim) for a in axes]
    if sorted(order) != [*range(first.ndim)]:
        raise _refused(
            asked,
            f"axes {axes} for a {describe(first)}",
            "Python itself refuses this call",
            "name each axis once",
        )
    return _new(first, tuple(first.shape[k] for k in order), first.contiguous and order == [*range(first.ndim)])


@states(np.swapaxes, np.ndarray.swapaxes)
def _swapped(asked: Asked) -> Type:
    first = _array(asked)
    a, b = (_axis(asked, _ints(asked, p, n), len(first.shape)) for p, n in ((1, "axis1"), (2, "axis2")))
    shape = list(first.shape)
    shape[a], shape[b] = shape[b], shape[a]
    return _new(first, tuple(shape))


@states(np.matrix_transpose, np.ndarray.mT)
def _matrices_transposed(asked: Asked) -> Type:
    first = _array(asked, 2)
    return _new(first, (*first.shape[:-2], first.shape[-1], first.shape[-2]))


@states(np.moveaxis)
def _moved(asked: Asked) -> Type:
    first = _array(asked)
    source, destination = _ints(asked, 1, "source"), _ints(asked, 2, "destination")
    pair = [v if isinstance(v, tuple) else (v,) for v in (source, destination)]
    old, new = ([_axis(asked, a, len(first.shape)) for a in axes] for axes in pair)
    if len(old) != len(new) or len(set(old)) < len(old) or len(set(new)) < len(new):
        raise _refused(asked, "axes that do not pair up", "Python itself refuses this call", "name each axis once")
    order = [k for k in range(len(first.shape)) if k not in old]
    for place, axis in sorted(zip(new, old, strict=True)):
        order.insert(place, axis)
    return _new(first, tuple(first.shape[k] for k in order))


@states(np.squeeze, np.ndarray.squeeze)
def _squeezed(asked: Asked) -> Type:
    first = _array(asked)
    axis = _ints(asked, 1, "axis")
    if axis is None:
        if any(d.one is None for d in first.shape):
            raise _refused(
                asked,
                f"`{_text(asked)}` without an axis, of an array some lengths of which are not known",
                "which axes are dropped is known only when the program runs",
                "name the axis",
            )
        axes = {k for k, d in enumerate(first.shape) if d.one}
    else:
        axes = {_axis(asked, a, len(first.shape)) for a in (axis if isinstance(axis, tuple) else (axis,))}
    return _new(first, tuple(d for k, d in enumerate(first.shape) if k not in axes), first.contiguous)


@states(np.expand_dims)
def _expanded(asked: Asked) -> Type | None:
    first = asked.first
    if not isinstance(first, Num) or not first.ndim:
        return None
    axis = _ints(asked, 1, "axis")
    given = axis if isinstance(axis, tuple) else (axis,)
    new = {_axis(asked, a, first.ndim + len(given)) for a in given}
    lengths = iter(first.shape)
    shape = tuple(Dim.known(1) if k in new else next(lengths) for k in range(first.ndim + len(new)))
    return _new(first, shape, first.contiguous)


# ------------------------------------------------------------------------------------------- repeated, moved, padded


@states(np.repeat, np.ndarray.repeat)
def _repeated(asked: Asked) -> Type:
    first, repeats, axis = asked.first, asked.argument(1, "repeats"), _ints(asked, 2, "axis")
    if not isinstance(first, Num) or first.ndim is None:
        first = _array(asked)
    if isinstance(repeats, Num) and repeats.ndim and not repeats.is_float:  # of places, see `gathering`
        flat = axis is None or not first.ndim
        return _new(first, (Dim(None),) if flat else tuple(Dim(None) for _ in first.shape))
    if not (isinstance(repeats, Num) and repeats.is_integral):
        raise _refused(
            asked,
            f"`{_text(asked)}` with a {describe(repeats) if repeats else 'missing count'} as repeats",
            "its rule is for one whole number of repeats",
            "concatenate the repeated parts",
        )
    if axis is None or not first.ndim:
        return _new(first, (Dim(None),), contiguous=True)
    axis = _axis(asked, axis, first.ndim)
    return _new(first, tuple(_times(d, repeats) if k == axis else d for k, d in enumerate(first.shape)))


@states(np.tile)
def _tiled(asked: Asked) -> Type:
    first, reps = asked.first, asked.argument(1, "reps")
    if not isinstance(first, Num) or first.ndim is None:
        first = _array(asked)
    counts = reps.items if isinstance(reps, Tup) else (reps,)
    if not all(isinstance(t, Num) and t.is_integral for t in counts):
        raise _refused(
            asked,
            f"`{_text(asked)}` with a {describe(reps) if reps else 'missing count'} as reps",
            "its rule is for whole numbers of repetitions",
            "write them out as a tuple",
        )
    rank = max(first.ndim or 0, len(counts))
    each = (*[Num("int64", value=1)] * (rank - len(counts)), *(t for t in counts if isinstance(t, Num)))
    lengths = (*[Dim.known(1)] * (rank - len(first.shape)), *first.shape)
    return _new(first, tuple(_times(d, count) for d, count in zip(lengths, each, strict=True)))


def _times(length: Dim, count: Num) -> Dim:
    """The length of so many of the same length."""
    if count.value == 1 or length.token == 1:
        return length if count.value == 1 else dim_of(count)
    if type(count.value) is int and 0 <= count.value <= 16:
        return functools.reduce(Dim.plus, [length] * count.value, Dim.known(0))
    return Dim(None)


@states(np.roll, np.tril, np.triu)
def _same_shape(asked: Asked) -> Type:
    first = _array(asked, 1 if asked.function is np.roll else 2)
    return _new(first, first.shape)


@states(np.pad)
def _padded(asked: Asked) -> Type:
    first = _array(asked)
    widths = _ints(asked, 1, "pad_width")
    try:
        pairs = pad_widths(widths, len(first.shape))
    except ValueError:
        pairs = [(-1, -1)]
    if any(n < 0 for pair in pairs for n in pair):
        raise _refused(
            asked,
            f"the widths {widths} in `{_text(asked)}`",
            "Python itself refuses this call",
            "one pair for each axis",
        )
    return _new(
        first, tuple(d.plus(Dim.known(sum(p))) if any(p) else d for d, p in zip(first.shape, pairs, strict=True))
    )


# --------------------------------------------------------------------------------------------------------- diagonals


@states(np.diag)
def _diagonal_matrix(asked: Asked) -> Type:
    first, k = _array(asked), asked.argument(1, "k")
    known = k is None or (isinstance(k, Num) and type(k.value) is int)
    length = first.shape[0].plus(Dim.known(abs(_ints(asked, 1, "k", 0)))) if known else Dim(None)
    return _new(first, (length, length))


@states(np.diagonal, np.ndarray.diagonal)
def _diagonal(asked: Asked) -> Type:
    first, offset = _matrix(asked), asked.argument(1, "offset")
    rows, columns = first.shape
    if rows.same(columns) and (offset is None or (isinstance(offset, Num) and type(offset.value) is int)):
        return _new(first, (rows.minus(abs(_ints(asked, 1, "offset", 0))),))
    return _new(first, (Dim(None),))


@states(np.trace, np.ndarray.trace)
def _trace(asked: Asked) -> Type:
    _ints(asked, 1, "offset")  # the rule turns on it
    dtype = _matrix(asked).dtype
    return Num("int64" if dtype == "bool" else dtype)


def _matrix(asked: Asked) -> Num:
    first = _array(asked, 2)
    if first.ndim != 2:
        raise _refused(
            asked, f"`{_text(asked)}` of a {describe(first)}", "its rule is for matrices", "loop over the leading axes"
        )
    return first


@states(runtime.on_diagonal)
def _on_diagonal(asked: Asked) -> Type | None:
    first, second = asked.first, asked.argument(1, "x")
    if not isinstance(first, Num) or not isinstance(second, Num):
        return None
    return Num(first.dtype, second.ndim, second.shape, contiguous=True)


# ------------------------------------------------------------------------------------------------------ put together


def _items(asked: Asked) -> list[Num]:
    given = asked.first
    items = [t for t in given.items if isinstance(t, Num)] if isinstance(given, Tup) else []
    if not isinstance(given, Tup) or len(items) < len(given.items) or len({t.ndim for t in items}) != 1:
        raise _refused(
            asked,
            f"`{_text(asked)}` of a {describe(given) if given is not None else 'nothing'}",
            "its rule is for arrays that are written out, all with the same number of dimensions",
            f"write {_text(asked)}((a, b))",
        )
    return items


@states(np.concatenate)
def _concatenated(asked: Asked) -> Type:
    items = _items(asked)
    rank = len(items[0].shape)
    axis = _axis(asked, _ints(asked, 1, "axis", 0), rank)
    shape = [_one_of(t.shape[k] for t in items) for k in range(rank)]
    shape[axis] = functools.reduce(Dim.plus, (t.shape[axis] for t in items))
    return Num(_dtype(items), rank, tuple(shape), contiguous=axis == 0 and all(t.contiguous for t in items))


@states(np.stack)
def _stacked(asked: Asked) -> Type:
    items = _items(asked)
    shape = [_one_of(t.shape[k] for t in items) for k in range(len(items[0].shape))]
    axis = _axis(asked, _ints(asked, 1, "axis", 0), len(shape) + 1)
    shape.insert(axis, Dim.known(len(items)))
    return Num(_dtype(items), len(shape), tuple(shape), contiguous=axis == 0 and all(t.contiguous for t in items))


def _dtype(items: list[Num]) -> str:
    return functools.reduce(wider, (t.dtype for t in items))


def _one_of(dims: Any) -> Dim:
    """The length that all the arrays have: what is known of the first of which something is known."""
    found: list[Dim] = [*dims]
    return next((d for d in found if d.token is not None), found[0])


# -------------------------------------------------------------------------------------------------------- reductions


@states(
    *(np.sum, np.mean, np.prod, np.max, np.min),
    *(np.ndarray.sum, np.ndarray.mean, np.ndarray.prod, np.ndarray.max, np.ndarray.min),
)
def _reduced(asked: Asked) -> Type | None:
    """The lengths that are left of an array of floats; what is a number, or an error, is found by asking."""
    first, axis, keep = asked.first, asked.argument(1, "axis"), asked.kwargs.get("keepdims")
    known = isinstance(first, Num) and first.ndim and first.is_inexact and set(asked.kwargs) <= {"axis", "keepdims"}
    if not known or not isinstance(first, Num) or axis is None or len(asked.args) > 2:
        return None
    given = axis.items if isinstance(axis, Tup) else (axis,)
    values = [t.value for t in given if isinstance(t, Num) and type(t.value) is int]
    if len(values) < len(given) or any(not -len(first.shape) <= v < len(first.shape) for v in values):
        return None
    axes = {v % len(first.shape) for v in values}
    if keep is not None:
        if not isinstance(keep, Num) or type(keep.value) is not bool:
            return None
        if keep.value:
            return _new(first, tuple(Dim.known(1) if k in axes else d for k, d in enumerate(first.shape)))
    shape = tuple(d for k, d in enumerate(first.shape) if k not in axes)
    return _new(first, shape) if shape and len(axes) == len(values) else None
