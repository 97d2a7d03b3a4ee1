"""Calls that write into their first argument: each as the writes `x[index] = value` that it stands for."""

from __future__ import annotations

import operator

import numpy as np

from ..ir.nodes import Call, Const, Display, Expr, Item, Object
from ..ir.types import Num
from .gathering import grid, length
from .operands import arguments, is_none, literal, needed, place, problem, rank, spelling
from .points import call, reals
from .registry import Writer, writing
from .stacking import as_array, raveled, with_front

Writes = tuple[tuple[Item, Expr], ...]

_ARANGE = Object(np.arange, "np.arange")
_MOD = Object(operator.mod, "%")
_SHAPE = Object(np.ndarray.shape, "shape")
_SIZE = Object(np.ndarray.size, "size")
_PLACES = np.array([0, 2, 2])
_MASK = np.array([True, False, True])


def _whole(a: Expr, value: Expr, e: Call) -> Writes:
    return ((Item(a, Const(Ellipsis), e.at), value),)


def _cycled(e: Call, writer: Writer, value: Expr, count: Expr | None) -> Expr:
    """So many of the elements of `value`, from the first again where there are fewer; a number as it is."""
    value = as_array(value)
    if rank(e, writer, value) == 0:
        return value
    if count is None:
        return value
    flat = writer.atom(raveled(e, writer, value), "values")
    places = Call(_MOD, (Call(_ARANGE, (count,)), length(flat, 0)))
    return Call(Object(operator.getitem, "getitem"), (flat, places))


def _count(e: Call, writer: Writer, places: Expr, value: Expr) -> Expr | None:
    """How many values there are to be for these places; None where that is sure to be right."""
    wanted, given = writer.typed(places), writer.typed(as_array(value))
    if isinstance(wanted, Num) and isinstance(given, Num) and given.ndim == 1 and wanted.shape[0].same(given.shape[0]):
        return None
    return length(places, 0)


# ------------------------------------------------------------------------------------------------------------- places


@writing(
    np.put,
    np.ndarray.put,
    points=call(reals(4), [0, 2], reals(2))
    + call(reals(4), _PLACES, reals(3))
    + call(reals(4), _PLACES, reals(2))
    + call(reals(2, 3), np.array([[0, 5]]), reals(1, 2))
    + call(reals(4), 1, reals())
    + call(reals(2, 3), [7, -1], reals(), mode="clip")
    + call(reals(3), [4, -1], reals(2), mode="wrap"),
)
def put(e: Call, writer: Writer) -> Writes:
    a, ind, v, mode = arguments(e, "a", "ind", "v", "mode")
    a, v = needed(e, a, "a"), needed(e, v, "v")
    ind = raveled(e, writer, with_front(e, writer, as_array(needed(e, ind, "ind")), 1))
    size = Call(_SIZE, (a,)) if rank(e, writer, a) > 1 else length(a, 0)
    if mode == Const("wrap"):
        ind = Call(_MOD, (ind, size))
    elif mode == Const("clip"):
        last = Call(Object(operator.sub, "-"), (size, Const(1)))
        ind = Call(Object(np.clip, "np.clip"), (ind, Const(0), last))
    elif mode not in (None, Const("raise")):
        raise problem(e, f"`mode` of `{spelling(e)}`", "it is not known when the derivative is written")
    ind = writer.atom(ind, "places")
    return ((_flat_item(e, writer, a, ind), _cycled(e, writer, v, _count(e, writer, ind, v))),)


def _flat_item(e: Call, writer: Writer, a: Expr, places: Expr) -> Item:
    """The elements of an array at these places in the order of memory."""
    if rank(e, writer, a) > 1:
        shape = Call(_SHAPE, (a,))
        places = writer.atom(Call(Object(np.unravel_index, "np.unravel_index"), (places, shape)), "places")
    return Item(a, places, e.at)


@writing(
    np.put_along_axis,
    points=call(reals(4), np.array([2, 0, 2]), reals(3), 0)
    + call(reals(2, 3), np.array([[0], [2]]), reals(2, 1), axis=1)
    + call(reals(2, 3), np.array([[0, 1, 1]]), reals(3), axis=-2)
    + call(reals(2, 3), np.array([0, 4]), reals(2), None),
)
def put_along_axis(e: Call, writer: Writer) -> Writes:
    arr, indices, values, axis = arguments(e, "arr", "indices", "values", "axis")
    arr, indices = needed(e, arr, "arr"), as_array(needed(e, indices, "indices"))
    values = as_array(needed(e, values, "values"))
    dimensions = rank(e, writer, arr)
    if axis is not None and is_none(axis):
        return ((_flat_item(e, writer, arr, indices), values),)
    along = place(e, literal(e, writer, axis, "axis", -1), dimensions)
    if rank(e, writer, indices) != dimensions:
        raise problem(e, "`np.put_along_axis` of arrays of different ranks", "Python itself refuses this call")
    index = _along(arr, indices, along, dimensions)
    return ((Item(arr, index[0] if dimensions == 1 else Display("tuple", index), e.at), values),)


def _along(arr: Expr, indices: Expr, along: int, dimensions: int) -> tuple[Expr, ...]:
    mesh = grid(arr, dimensions, 0)
    return (*mesh[:along], indices, *mesh[along + 1 :])


@writing(
    np.fill_diagonal,
    points=call(reals(3, 3), reals())
    + call(reals(2, 4), reals(2))
    + call(reals(4, 2), reals(3))
    + call(reals(2, 2, 2), reals()),
)
def fill_diagonal(e: Call, writer: Writer) -> Writes:
    a, val, wrap = arguments(e, "a", "val", "wrap")
    a, val = needed(e, a, "a"), needed(e, val, "val")
    if wrap not in (None, Const(False)):
        raise problem(e, "the argument `wrap=` of `np.fill_diagonal`", "the derivative rule does not cover this form")
    dimensions = rank(e, writer, a)
    if dimensions < 2:
        raise problem(e, "`np.fill_diagonal` of a vector", "Python itself refuses this call")
    type_ = writer.typed(a)
    assert isinstance(type_, Num)
    lengths = [length(a, axis) for axis in range(2)]
    shortest = lengths[0] if type_.shape[0].same(type_.shape[1]) else Call(Object(min, "min"), tuple(lengths))
    places = writer.atom(Call(_ARANGE, (shortest if dimensions == 2 else lengths[0],)), "places")
    index = Display("tuple", (places,) * dimensions)
    return ((Item(a, index, e.at), _cycled(e, writer, val, _count(e, writer, places, val))),)


# -------------------------------------------------------------------------------------------------------------- masks


def _mask(e: Call, writer: Writer, mask: Expr | None, a: Expr) -> Expr:
    mask = as_array(needed(e, mask, "mask"))
    type_ = writer.typed(mask)
    if rank(e, writer, mask) != rank(e, writer, a):
        raise problem(
            e, f"a mask of `{spelling(e)}` of another rank than the array", "NumPy takes it element by element"
        )
    if isinstance(type_, Num) and type_.dtype != "bool":
        mask = Call(Object(operator.ne, "!="), (mask, Const(0)))
    return writer.atom(mask, "mask")


@writing(np.place, points=call(reals(3), _MASK, reals()) + call(reals(3), np.array([1, 0, 1]), [reals(), 0.5, 1.0]))
def place_(e: Call, writer: Writer) -> Writes:
    arr, mask, vals = arguments(e, "arr", "mask", "vals")
    arr = needed(e, arr, "arr")
    mask = _mask(e, writer, mask, arr)
    count = Call(Object(np.count_nonzero, "np.count_nonzero"), (mask,))
    return ((Item(arr, mask, e.at), _cycled(e, writer, needed(e, vals, "vals"), count)),)


_SINGLE = np.array([0.5, 1.5], np.float32)  # NumPy puts float64 in no array of float32


@writing(np.putmask, points=call(reals(3), _MASK, _SINGLE) + call(reals(3), _MASK, reals()))
def putmask(e: Call, writer: Writer) -> Writes:
    """The values stand for the elements of the whole array: those where the mask does not hold are not read."""
    a, mask, values = arguments(e, "a", "mask", "values")
    a, values = needed(e, a, "a"), as_array(needed(e, values, "values"))
    mask = _mask(e, writer, mask, a)
    given, wanted = writer.typed(values), writer.typed(a)
    assert isinstance(given, Num)
    assert isinstance(wanted, Num)
    if given.ndim == 0:
        return ((Item(a, mask, e.at), values),)
    if given.ndim != wanted.ndim or not all(m.same(n) for m, n in zip(given.shape, wanted.shape, strict=True)):
        flat = _cycled(e, writer, values, Call(_SIZE, (a,)))
        values = Call(Object(np.reshape, "np.reshape"), (flat, Call(_SHAPE, (a,)))) if wanted.ndim != 1 else flat
    return ((Item(a, mask, e.at), Call(Object(operator.getitem, "getitem"), (values, mask))),)


@writing(
    np.copyto,
    points=call(reals(3), reals(3)) + call(reals(2, 3), reals(3)) + call(reals(3), reals(), where=_MASK),
)
def copyto(e: Call, writer: Writer) -> Writes:
    dst, src, _, where = arguments(e, "dst", "src", "casting", "where")
    dst, src = needed(e, dst, "dst"), as_array(needed(e, src, "src"))
    to, of = writer.typed(dst), writer.typed(src)
    if isinstance(to, Num) and isinstance(of, Num) and of.is_float and not to.is_float:
        raise problem(e, "`np.copyto` of reals into whole numbers", "Python itself refuses this call")
    if where is None or where == Const(True):
        return _whole(dst, src, e)
    return _whole(dst, Call(Object(np.where, "np.where"), (as_array(where), src, dst)), e)


# --------------------------------------------------------------------------------------------------- the whole array


@writing(np.ndarray.fill, points=call(reals(2, 3), reals()))
def fill(e: Call, writer: Writer) -> Writes:
    a, value = arguments(e, "a", "value")
    return _whole(needed(e, a, "a"), needed(e, value, "value"), e)


@writing(np.ndarray.sort, points=call(reals(4)) + call(reals(3, 2), axis=0))
def sort(e: Call, writer: Writer) -> Writes:
    a, axis, kind = arguments(e, "a", "axis", "kind")
    a = needed(e, a, "a")
    place(e, literal(e, writer, axis, "axis", -1), rank(e, writer, a))
    kwargs = tuple((k, v) for k, v in (("axis", axis), ("kind", kind)) if v is not None)
    return _whole(a, Call(Object(np.sort, "np.sort"), (a,), kwargs), e)


@writing(np.ndarray.partition, points=call(reals(4), 2) + call(reals(3, 2), 1, axis=0))
def partition(e: Call, writer: Writer) -> Writes:
    a, kth, axis = arguments(e, "a", "kth", "axis")
    a = needed(e, a, "a")
    place(e, literal(e, writer, axis, "axis", -1), rank(e, writer, a))
    kwargs = () if axis is None else (("axis", axis),)
    return _whole(a, Call(Object(np.partition, "np.partition"), (a, needed(e, kth, "kth")), kwargs), e)
