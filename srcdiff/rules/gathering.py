"""Calls that pick elements of arrays: written as indices, or as `np.where` of what they choose between."""

from __future__ import annotations

import operator

import numpy as np

from ..ir.nodes import Call, Const, Display, Expr, Item, Object, Slice
from ..ir.types import Num
from .operands import arguments, is_none, literal, needed, place, problem, rank, spelling
from .points import call, reals
from .registry import Writer, constant, rewritten, several
from .stacking import as_array, at_place, items_of, raveled

_ALL = Slice(None, None, None)
_GETITEM = Object(operator.getitem, "getitem")
_WHERE = Object(np.where, "np.where")
_EQ = Object(operator.eq, "==")
_CHOOSE = Object(np.choose, "np.choose")
_NONZERO = Object(np.nonzero, "np.nonzero")
_SHAPE = Object(np.ndarray.shape, "shape")
_ARANGE = Object(np.arange, "np.arange")

constant(
    *(np.flatnonzero, np.argwhere, np.choose, np.indices, np.ravel_multi_index, np.isin, np.lexsort),
    *(np.nanargmax, np.nanargmin, np.int64, np.int32, np.bool_),
)
several(
    *(np.nonzero, np.ndarray.nonzero, np.ix_, np.unravel_index, np.diag_indices, np.diag_indices_from),
    *(np.tril_indices, np.triu_indices, np.tril_indices_from, np.triu_indices_from),
)


def indexed(writer: Writer, base: Expr, index: tuple[Expr, ...]) -> Expr:
    """`base[index]`, which is a view where the index has no array."""
    types = [writer.typed(i) for i in index if not isinstance(i, Slice | Const)]
    if any(isinstance(t, Num) and t.ndim for t in types):
        return Call(_GETITEM, (base, index[0] if len(index) == 1 else Display("tuple", index)))
    return at_place(base, index)


def length(array: Expr, axis: int) -> Expr:
    """How long an array is along an axis."""
    return Call(Object(len, "len"), (array,)) if axis == 0 else Item(Call(_SHAPE, (array,)), Const(axis))


# ------------------------------------------------------------------------------------------------------------- places

_PLACES = np.array([0, 2, 2])
_TAKEN = call(reals(3), _PLACES) + call(reals(3), 1) + call(reals(3, 4), [[0, 1], [11, -1]]) + call(reals(3, 4), 2, 1)
_TAKEN += call(reals(2, 3), _PLACES, axis=1) + call(reals(3, 2, 2), _PLACES, axis=-3)
_TAKEN += call(reals(3), [4, -1], mode="wrap") + call(reals(2, 3), np.array([5, -7]), axis=1, mode="clip")


@rewritten(np.take, np.ndarray.take, points=_TAKEN)
def take(e: Call, writer: Writer) -> Expr:
    a, indices, axis, out, mode = arguments(e, "a", "indices", "axis", "out", "mode")
    a, indices = as_array(needed(e, a, "a")), as_array(needed(e, indices, "indices"))
    if not is_none(out):
        raise problem(e, f"the argument `out=` of `{spelling(e)}`", "srcdiff follows the results of calls")
    if axis is None or is_none(axis):
        a, along = raveled(e, writer, a), 0
    else:
        along = place(e, literal(e, writer, axis, "axis"), rank(e, writer, a))
    if mode == Const("wrap"):
        a = writer.atom(a, "array")
        indices = Call(Object(operator.mod, "%"), (indices, length(a, along)))
    elif mode == Const("clip"):
        a = writer.atom(a, "array")
        last = Call(Object(operator.sub, "-"), (length(a, along), Const(1)))
        indices = Call(Object(np.clip, "np.clip"), (indices, Const(0), last))
    elif mode not in (None, Const("raise")):
        raise problem(e, f"`mode` of `{spelling(e)}`", "it is not known when the derivative is written")
    return indexed(writer, a, (*(_ALL,) * along, indices))


@rewritten(np.take_along_axis, points=call(reals(2, 3), np.array([0, 5, 0]), axis=None))
def take_along_axis(e: Call, writer: Writer) -> Expr:
    """Without an axis: of the flattened array."""
    arr, indices, axis = arguments(e, "arr", "indices", "axis")
    arr, indices = needed(e, arr, "arr"), as_array(needed(e, indices, "indices"))
    if axis == Const(None):
        return indexed(writer, raveled(e, writer, arr), (indices,))
    return Call(e.func, (arr, indices, Const(-1) if axis is None else axis), (), e.at)


@rewritten(
    np.compress,
    points=call([True, False, True], reals(3))
    + call(np.array([0, 1, 1]), reals(3, 2), axis=0)
    + call([True, False], reals(2, 3), 1)
    + call(np.array([True, False, True]), reals(2, 3)),
)
def compress(e: Call, writer: Writer) -> Expr:
    condition, a, axis = arguments(e, "condition", "a", "axis")
    return _compressed(e, writer, condition, a, axis)


@rewritten(np.ndarray.compress, points=call(reals(3), [True, False, True]) + call(reals(2, 3), [False, True], axis=1))
def compress_method(e: Call, writer: Writer) -> Expr:
    a, condition, axis = arguments(e, "a", "condition", "axis")
    return _compressed(e, writer, condition, a, axis)


@rewritten(np.extract, points=call(np.array([[True, False], [False, True]]), reals(2, 2)))
def extract(e: Call, writer: Writer) -> Expr:
    condition, arr = arguments(e, "condition", "arr")
    condition = as_array(needed(e, condition, "condition"))
    return _compressed(e, writer, raveled(e, writer, condition), arr, None)


def _compressed(e: Call, writer: Writer, condition: Expr | None, a: Expr | None, axis: Expr | None) -> Expr:
    """By the places of what holds: the condition may be shorter than the axis."""
    a, condition = as_array(needed(e, a, "a")), as_array(needed(e, condition, "condition"))
    if axis is None or is_none(axis):
        a, along = raveled(e, writer, a), 0
    else:
        along = place(e, literal(e, writer, axis, "axis"), rank(e, writer, a))
    places = Call(Object(np.flatnonzero, "np.flatnonzero"), (condition,))
    return indexed(writer, a, (*(_ALL,) * along, places))


@rewritten(
    np.repeat,
    np.ndarray.repeat,
    points=call(reals(3), np.array([2, 0, 1])) + call(reals(2, 3), [1, 2], axis=0) + call(reals(2, 3), (1, 2, 0), 1),
)
def repeat(e: Call, writer: Writer) -> Expr:
    """One number of repeats has a rule of its own; several are places in a row."""
    a, repeats, axis = arguments(e, "a", "repeats", "axis")
    a, repeats = as_array(needed(e, a, "a")), as_array(needed(e, repeats, "repeats"))
    type_ = writer.typed(repeats)
    of_places = isinstance(t := writer.typed(a), Num) and not t.is_float  # as below, in what srcdiff has written
    if of_places or not isinstance(type_, Num) or not type_.ndim:
        kwargs = () if axis is None or is_none(axis) else (("axis", axis),)
        return Call(e.func, (a, repeats), kwargs, e.at)
    if axis is None or is_none(axis):
        a, along = raveled(e, writer, a), 0
    else:
        along = place(e, literal(e, writer, axis, "axis"), rank(e, writer, a))
    a = writer.atom(a, "array")
    places = Call(_ARANGE, (length(a, along),))
    return indexed(writer, a, (*(_ALL,) * along, Call(Object(np.repeat, "np.repeat"), (places, repeats))))


# ------------------------------------------------------------------------------------------------------------- choices


@rewritten(np.where, points=call(np.array([True, False]), reals(2), 1.0))
def where(e: Call, writer: Writer) -> Expr:
    """With one argument: the places of what holds."""
    if len(e.args) != 1 or e.kwargs:
        return e
    return Call(_NONZERO, (as_array(e.args[0]),), (), e.at)


_THREE = np.array([0, 1, 0])


@rewritten(
    np.choose,
    points=call(_THREE, [reals(3), reals(3)])
    + call([0, 1, 2], (reals(3), 2.0, reals()))
    + call(np.array([0, 4, -1]), [reals(3), reals(2, 1)], mode="wrap")
    + call(_THREE, reals(2, 3))
    + call(_THREE, reals(2, 2, 3)),
)
def choose(e: Call, writer: Writer) -> Expr:
    """The choices are those of `np.choose` itself among their numbers, so that it says what is out of range."""
    a, choices, out, mode = arguments(e, "a", "choices", "out", "mode")
    a, choices = as_array(needed(e, a, "a")), needed(e, choices, "choices")
    if not is_none(out):
        raise problem(e, "the argument `out=` of `np.choose`", "srcdiff follows the results of calls")
    kwargs = () if mode in (None, Const("raise")) else (("mode", mode),)
    if isinstance(choices, Display):
        if all(isinstance(i, Const) for i in choices.items):
            return Call(_CHOOSE, (a, choices), kwargs, e.at)
        items = items_of(e, writer, choices)
        numbers: Expr = Display("tuple", tuple(map(Const, range(len(items)))))
        chosen = writer.atom(Call(_CHOOSE, (a, numbers), kwargs, e.at), "chosen")
        result: Expr = items[-1]
        for k in range(len(items) - 2, -1, -1):
            result = Call(_WHERE, (Call(_EQ, (chosen, Const(k))), items[k], result))
        return result if len(items) > 1 else Call(_WHERE, (Call(_EQ, (chosen, Const(0))), result, result))
    dimensions = rank(e, writer, choices)
    choices = writer.atom(choices, "choices")
    numbers = Call(_ARANGE, (length(choices, 0),))
    chosen = Call(_CHOOSE, (a, numbers), kwargs, e.at)
    return indexed(writer, choices, (chosen, *grid(choices, dimensions, 1)))


def grid(array: Expr, dimensions: int, first: int) -> tuple[Expr, ...]:
    """All places along the axes from the first one on, as arrays that broadcast to the shape of these axes."""
    found = []
    for axis in range(first, dimensions):
        places: Expr = Call(_ARANGE, (length(array, axis),))
        behind = dimensions - axis - 1
        found.append(at_place(places, (_ALL, *(Const(None),) * behind)) if behind else places)
    return tuple(found)


_ABOVE, _OTHER = np.array([True, False, False]), np.array([True, True, False])


@rewritten(
    np.select,
    points=call([_ABOVE, _OTHER], [reals(3), reals(3)])
    + call([_ABOVE, _OTHER], [reals(3), 1.0], default=reals())
    + call((_ABOVE,), (reals(2, 3),), reals(3)),
)
def select(e: Call, writer: Writer) -> Expr:
    conditions, choices, default = arguments(e, "condlist", "choicelist", "default")
    tests = items_of(e, writer, needed(e, conditions, "condlist"))
    items = items_of(e, writer, needed(e, choices, "choicelist"))
    if len(tests) != len(items):
        raise problem(e, "`np.select` of lists of different lengths", "Python itself refuses this call")
    if any(not isinstance(t := writer.typed(test), Num) or t.dtype != "bool" for test in tests):
        raise problem(e, "a condition of `np.select` that is no truth value", "Python itself refuses this call")
    result: Expr = Const(0) if default is None else as_array(default)
    for test, item in zip(reversed(tests), reversed(items), strict=True):
        result = Call(_WHERE, (test, item, result))
    return result
