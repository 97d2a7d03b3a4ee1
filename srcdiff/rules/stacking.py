"""Arrays put together: np.concatenate and np.stack have rules, all others are written in terms of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.nodes import Call, Const, Display, Expr, Item, Object, Slice
from ..ir.types import Num
from .operands import arguments, is_none, literal, needed, place, problem, rank, spelling
from .points import call, reals
from .registry import Writer, joining, rewritten

_ARRAY = Object(np.array, "np.array")
_CONCATENATE = Object(np.concatenate, "np.concatenate")
_STACK = Object(np.stack, "np.stack")
_RAVEL = Object(np.ravel, "np.ravel")
_ALL = Slice(None, None, None)


@joining(
    np.concatenate,
    points=call([reals(2), reals(3)])
    + call((reals(2, 3), reals(1, 3), reals(3, 3)))
    + call((reals(2, 3), reals(2, 1)), axis=1)
    + call([reals(2, 3), reals(2, 1)], axis=-1)
    + call((reals(2, 3), reals(2, 3)), -2)
    + call((reals(2, 3), reals(4)), axis=None)
    + call((reals(2, 3, 1), reals(2, 3, 4)), axis=2)
    + call((reals(1, 2, 1, 2), reals(1, 2, 1, 1)), axis=3)
    + call(([0.5, 1.0], reals(3)))
    + call(((reals(), 2.0), reals(3), np.ones(2))),
)
def concatenate(y_bar: Any, y: Any, arrays: Any, axis: Any = 0, *, start: Any, stop: Any) -> Any:
    if axis == 0:
        return y_bar[start:stop]
    if axis == 1:
        return y_bar[:, start:stop]
    if axis == 2:
        return y_bar[:, :, start:stop]
    return np.moveaxis(np.moveaxis(y_bar, axis, 0)[start:stop], 0, axis)


@joining(
    np.stack,
    points=call([reals(3), reals(3)])
    + call((reals(2, 3), reals(2, 3)), axis=1)
    + call([reals(2, 3), reals(2, 3)], axis=-1)
    + call([reals(2, 3), np.ones((2, 3)), reals(2, 3)], -3)
    + call([reals(2, 1, 2), reals(2, 1, 2)], 3)
    + call([reals(), reals(), 2.0]),
)
def stack(y_bar: Any, y: Any, arrays: Any, axis: Any = 0, *, k: Any) -> Any:
    if axis == 0:
        return y_bar[k]
    if axis == 1:
        return y_bar[:, k]
    if axis == 2:
        return y_bar[:, :, k]
    return np.moveaxis(y_bar, axis, 0)[k]


# ------------------------------------------------------------------------------------------------ in one form


@rewritten(np.concatenate, points=call((reals(2, 3), reals(4)), None))
def concatenate_form(e: Call, writer: Writer) -> Expr:
    arrays, axis = arguments(e, "arrays", "axis")
    items = items_of(e, writer, arrays)
    if axis is not None and is_none(axis):
        return joined(e, writer, [raveled(e, writer, i) for i in items], 0)
    dimensions = rank(e, writer, items[0])
    if dimensions == 0:
        raise problem(e, "np.concatenate of numbers", "Python itself refuses this call", "use np.array([...])")
    place(e, literal(e, writer, axis, "axis"), dimensions)
    return joined(e, writer, items, axis)


@rewritten(np.stack, points=call([reals(2, 3), reals(2, 3)], 1))
def stack_form(e: Call, writer: Writer) -> Expr:
    arrays, axis = arguments(e, "arrays", "axis")
    items = items_of(e, writer, arrays)
    dimensions = rank(e, writer, items[0])
    place(e, literal(e, writer, axis, "axis"), dimensions + 1)
    return stacked(e, writer, items, axis)


_ROWS = call([reals(3), reals(3)]) + call((reals(2, 3), reals(1, 3))) + call([reals(2, 3), reals(3)])


@rewritten(np.vstack, points=_ROWS + call([reals(1, 2, 1), reals(2, 2, 1)]) + call([reals(), reals()]))
def vstack(e: Call, writer: Writer) -> Expr:
    items = items_of(e, writer, arguments(e, "tup")[0])
    if {rank(e, writer, i) for i in items} == {1}:
        return stacked(e, writer, items, None)
    return joined(e, writer, [with_front(e, writer, i, 2) for i in items], 0)


@rewritten(
    np.hstack,
    points=call([reals(3), reals(2)])
    + call((reals(2, 3), reals(2, 1)))
    + call([1.5, reals(3), reals()])
    + call([reals(2, 3, 1), reals(2, 1, 1)]),
)
def hstack(e: Call, writer: Writer) -> Expr:
    items = [with_front(e, writer, i, 1) for i in items_of(e, writer, arguments(e, "tup")[0])]
    return joined(e, writer, items, 0 if rank(e, writer, items[0]) == 1 else 1)


@rewritten(
    np.dstack,
    points=call([reals(3), reals(3)]) + call((reals(2, 3), reals(2, 3))) + call([reals(2, 3, 1), reals(2, 3)]),
)
def dstack(e: Call, writer: Writer) -> Expr:
    items = items_of(e, writer, arguments(e, "tup")[0])
    if {rank(e, writer, i) for i in items} == {2}:
        return stacked(e, writer, items, Const(2))
    return joined(e, writer, [at_least_3d(e, writer, i) for i in items], 2)


@rewritten(
    np.column_stack,
    points=call([reals(3), reals(3)]) + call((reals(3, 2), reals(3))) + call([reals(3, 1), reals(3, 2)]),
)
def column_stack(e: Call, writer: Writer) -> Expr:
    items = items_of(e, writer, arguments(e, "tup")[0])
    ranks = [rank(e, writer, i) for i in items]
    if set(ranks) == {1}:
        return stacked(e, writer, items, Const(1))
    return joined(
        e, writer, [at_place(i, (_ALL, Const(None))) if r == 1 else i for i, r in zip(items, ranks, strict=True)], 1
    )


@rewritten(
    np.append,
    points=call(reals(3), reals())
    + call(reals(3), reals(2))
    + call(reals(2, 3), reals(2))
    + call(reals(3), [1.5, reals()])
    + call(reals(2, 3), reals(1, 3), axis=0)
    + call(reals(2, 3), reals(2, 1), -1),
)
def append(e: Call, writer: Writer) -> Expr:
    arr, values, axis = arguments(e, "arr", "values", "axis")
    items = [as_array(needed(e, arr, "arr")), as_array(needed(e, values, "values"))]
    if is_none(axis):
        return joined(e, writer, [raveled(e, writer, i) for i in items], 0)
    place(e, literal(e, writer, axis, "axis"), rank(e, writer, items[0]))
    return joined(e, writer, items, axis)


@rewritten(
    np.block,
    points=call([reals(2), reals(3)])
    + call([[reals(2, 2), reals(2, 1)], [reals(1, 2), reals(1, 1)]])
    + call([[reals(), reals(2)], [np.zeros((2, 1)), reals(2, 2)]])
    + call([[reals(2, 2), np.zeros((2, 2))]]),
)
def block(e: Call, writer: Writer) -> Expr:
    arrays = needed(e, arguments(e, "arrays")[0], "arrays")
    leaves = _leaves(e, arrays)
    depth = len(leaves[0][0])
    if depth == 0 or any(len(path) != depth for path, _ in leaves):
        raise problem(e, "`np.block` of lists of different depths", "Python itself refuses this call")
    dimensions = max(depth, *(rank(e, writer, leaf) for _, leaf in leaves))
    return _block(e, writer, arrays, dimensions, dimensions - depth)


def _leaves(e: Call, written: Expr, path: tuple[int, ...] = ()) -> list[tuple[tuple[int, ...], Expr]]:
    if not isinstance(written, Display):
        return [(path, written)]
    if written.kind != "list" or not written.items:
        raise problem(e, "`np.block` of a tuple or an empty list", "Python itself refuses this call", "use lists")
    return [leaf for k, i in enumerate(written.items) for leaf in _leaves(e, i, (*path, k))]


def _block(e: Call, writer: Writer, written: Expr, dimensions: int, axis: int) -> Expr:
    if not isinstance(written, Display):
        return with_front(e, writer, written, dimensions)
    return joined(e, writer, [_block(e, writer, i, dimensions, axis + 1) for i in written.items], axis)


# ------------------------------------------------------------------------------------------------------- the parts


def items_of(e: Call, writer: Writer, arrays: Expr | None) -> list[Expr]:
    """The arrays that are put together; a list of numbers among them is an array that is written out."""
    if not isinstance(arrays, Display):
        raise problem(
            e,
            f"`{spelling(e)}` of arrays that are not written out",
            "which arrays are put together is not known when the derivative is written",
            f"write them out: {spelling(e)}((a, b))",
        )
    if not arrays.items:
        raise problem(e, f"`{spelling(e)}` of nothing", "Python itself refuses this call")
    return [as_array(i) for i in arrays.items]


def as_array(item: Expr) -> Expr:
    return Call(_ARRAY, (Display("list", item.items, item.at),)) if isinstance(item, Display) else item


def joined(e: Call, writer: Writer, items: Sequence[Expr], axis: Expr | int | None) -> Expr:
    ranks = {rank(e, writer, i) for i in items}
    if len(ranks) > 1:
        raise problem(e, f"`{spelling(e)}` of arrays of different ranks", "Python itself refuses this call")
    given = Const(axis) if isinstance(axis, int) else axis
    kwargs = () if given is None or given == Const(0) else (("axis", given),)
    return Call(_CONCATENATE, (Display("tuple", tuple(items)),), kwargs, e.at)


def stacked(e: Call, writer: Writer, items: Sequence[Expr], axis: Expr | None) -> Expr:
    if all(isinstance(t := writer.typed(i), Num) and t.ndim == 0 for i in items):
        return Call(_ARRAY, (Display("list", tuple(items)),), (), e.at)
    kwargs = () if axis is None or axis == Const(0) else (("axis", axis),)
    return Call(_STACK, (Display("tuple", tuple(items)),), kwargs, e.at)


def raveled(e: Call, writer: Writer, item: Expr) -> Expr:
    dimensions = rank(e, writer, item)
    if dimensions == 1:
        return item
    return with_front(e, writer, item, 1) if dimensions == 0 else Call(_RAVEL, (item,))


def with_front(e: Call, writer: Writer, item: Expr, dimensions: int) -> Expr:
    """An array or number with at least so many dimensions, the new ones in front."""
    own = rank(e, writer, item)
    if own == 0:
        for _ in range(dimensions):
            item = Display("list", (item,))
        return as_array(item)
    return at_place(item, (Const(None),) * (dimensions - own)) if own < dimensions else item


def at_least_3d(e: Call, writer: Writer, item: Expr) -> Expr:
    own = rank(e, writer, item)
    new = Const(None)
    if own == 0:
        return with_front(e, writer, item, 3)
    return at_place(item, (new, _ALL, new)) if own == 1 else at_place(item, (_ALL, _ALL, new)) if own == 2 else item


def at_place(base: Expr, index: tuple[Expr, ...]) -> Expr:
    """`base[index]`."""
    return Item(base, index[0] if len(index) == 1 else Display("tuple", index))
