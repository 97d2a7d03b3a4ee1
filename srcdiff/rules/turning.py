"""Calls that are written as indices, as slices, or in terms of a function that has a rule."""

from __future__ import annotations

import itertools
import operator
from typing import Any

import numpy as np

from ..errors import UnsupportedCall
from ..ir.nodes import Call, Const, Display, Expr, Item, Object, Slice
from ..ir.types import Num
from .gathering import indexed
from .operands import arguments, is_none, literal, literals, needed, place, problem, rank, spelling
from .points import call, reals
from .problem import TypeProblem
from .registry import Writer, rewritten
from .shaping import pad_widths
from .stacking import as_array, at_least_3d, at_place, raveled, with_front

_ALL = Slice(None, None, None)
_BACKWARD = Slice(None, None, Const(-1))
_COPY = Object(np.ndarray.copy, "copy")
_LEN = Object(len, "len")
_ARANGE = Object(np.arange, "np.arange")

# ----------------------------------------------------------------------------------------------------------- turned


@rewritten(
    np.flip,
    points=call(reals(3))
    + call(reals(2, 3))
    + call(reals(2, 3), 0)
    + call(reals(2, 3), axis=-1)
    + call(reals(2, 3, 2), (0, -1)),
)
def flip(e: Call, writer: Writer) -> Expr:
    m, axis = arguments(e, "m", "axis")
    m = as_array(needed(e, m, "m"))
    dimensions = rank(e, writer, m)
    if axis is None or is_none(axis):
        return turned(m, set(range(dimensions)))
    return turned(m, {place(e, a, dimensions) for a in literals(e, writer, axis, "axis")})


@rewritten(np.flipud, points=call(reals(3)) + call(reals(2, 3)))
def flipud(e: Call, writer: Writer) -> Expr:
    m = as_array(needed(e, arguments(e, "m")[0], "m"))
    place(e, 0, rank(e, writer, m))
    return turned(m, {0})


@rewritten(np.fliplr, points=call(reals(2, 3)) + call(reals(2, 3, 2)))
def fliplr(e: Call, writer: Writer) -> Expr:
    m = as_array(needed(e, arguments(e, "m")[0], "m"))
    place(e, 1, rank(e, writer, m))
    return turned(m, {1})


@rewritten(
    np.rot90,
    points=call(reals(2, 3))
    + call(reals(2, 3), 2)
    + call(reals(2, 3), k=-1)
    + call(reals(2, 3), 4)
    + call(reals(2, 3, 4), 1, axes=(1, 2))
    + call(reals(2, 3, 4), 3, (0, 2)),
)
def rot90(e: Call, writer: Writer) -> Expr:
    m, k, axes = arguments(e, "m", "k", "axes")
    m = as_array(needed(e, m, "m"))
    dimensions = rank(e, writer, m)
    given = (0, 1) if axes is None else literals(e, writer, axes, "axes")
    first, second = (place(e, a, dimensions) for a in given) if len(given) == 2 else (0, 0)
    if first == second:
        raise problem(e, "`np.rot90` in other than two different axes", "Python itself refuses this call")
    match literal(e, writer, k, "k", 1) % 4:
        case 0:
            return Item(m, _ALL)
        case 1:
            return _swapped(turned(m, {second}), first, second, dimensions)
        case 2:
            return turned(m, {first, second})
    return turned(_swapped(m, first, second, dimensions), {second})


def turned(m: Expr, axes: set[int]) -> Expr:
    """The array with some of its axes in the other direction, as a view."""
    if not axes:
        return m
    return at_place(m, tuple(_BACKWARD if k in axes else _ALL for k in range(max(axes) + 1)))


def _swapped(m: Expr, first: int, second: int, dimensions: int) -> Expr:
    if dimensions == 2:
        return Call(Object(np.ndarray.T, "T"), (m,))
    return Call(Object(np.swapaxes, "np.swapaxes"), (m, Const(first), Const(second)))


@rewritten(np.roll, points=call(reals(3, 4), (1, -2), (0, 1)))
def roll(e: Call, writer: Writer) -> Expr:
    a, shift, axis = arguments(e, "a", "shift", "axis")
    a, shift = as_array(needed(e, a, "a")), needed(e, shift, "shift")
    rank(e, writer, a)
    if axis is not None and not is_none(axis):
        literals(e, writer, axis, "axis")
    shifts = list(shift.items) if isinstance(shift, Display) else [shift]
    axes = list(axis.items) if isinstance(axis, Display) else [axis]
    if len(shifts) != len(axes):
        if min(len(shifts), len(axes)) != 1:
            raise problem(e, "`np.roll` with shifts and axes of different numbers", "Python itself refuses this call")
        shifts, axes = shifts * len(axes), axes * len(shifts)
    for by, along in zip(shifts, axes, strict=True):
        type_ = writer.typed(by)
        if not (isinstance(type_, Num) and type_.is_integral):
            raise problem(e, "`np.roll` by other than whole numbers", "the rule is for one number for each axis")
        kwargs = () if along is None or is_none(along) else (("axis", along),)
        a = Call(e.func, (a, by), kwargs, e.at)
    return a


# ---------------------------------------------------------------------------------------------------- more dimensions


@rewritten(np.atleast_1d, points=call(reals(3)) + call(reals()) + call(reals(2, 3)))
def atleast_1d(e: Call, writer: Writer) -> Expr:
    return _each(e, [with_front(e, writer, as_array(a), 1) for a in _operands(e)])


@rewritten(np.atleast_2d, points=call(reals(3)) + call(reals()) + call(reals(2, 3)))
def atleast_2d(e: Call, writer: Writer) -> Expr:
    return _each(e, [with_front(e, writer, as_array(a), 2) for a in _operands(e)])


@rewritten(np.atleast_3d, points=call(reals(3)) + call(reals()) + call(reals(2, 3)) + call(reals(2, 3, 1)))
def atleast_3d(e: Call, writer: Writer) -> Expr:
    return _each(e, [at_least_3d(e, writer, as_array(a)) for a in _operands(e)])


def _operands(e: Call) -> tuple[Expr, ...]:
    arguments(e, *(f"array_{k}" for k in range(len(e.args))))  # raises where there are keywords
    return e.args


def _each(e: Call, found: list[Expr]) -> Expr:
    return found[0] if len(found) == 1 else Display("tuple", tuple(found), e.at)


@rewritten(np.meshgrid, points=call(reals(3), reals(2)) + call(reals(3), reals(2), reals(2), indexing="ij"))
def meshgrid(e: Call, writer: Writer) -> Expr:
    given = dict(e.kwargs)
    indexing = given.pop("indexing", Const("xy"))
    sparse, copied = given.pop("sparse", Const(False)), given.pop("copy", Const(True))
    if given or indexing not in (Const("xy"), Const("ij")) or sparse != Const(False) or copied != Const(True):
        raise problem(
            e,
            "`np.meshgrid` with these keywords",
            "the rule covers indexing='xy' and 'ij'",
            "index the vectors, for instance x[:, None] and y[None, :]",
        )
    vectors = [writer.atom(as_array(a), "axis") for a in e.args]
    if any(rank(e, writer, v) != 1 for v in vectors):
        raise problem(e, "`np.meshgrid` of other than vectors", "the rule is for vectors", "flatten them first")
    order = [*range(len(vectors))]
    if indexing == Const("xy") and len(vectors) > 1:
        order[:2] = 1, 0
    shape = Display("tuple", tuple(Call(_LEN, (vectors[k],)) for k in order))
    found: list[Expr] = []
    for k, v in enumerate(vectors):
        index = tuple(_ALL if o == k else Const(None) for o in order)
        while index and index[0] == Const(None):
            index = index[1:]
        spread = v if len(index) == 1 else at_place(v, index)
        found.append(Call(_COPY, (Call(Object(np.broadcast_to, "np.broadcast_to"), (spread, shape)),)))
    return Display("tuple", tuple(found), e.at)


# --------------------------------------------------------------------------------------------------------- diagonals


@rewritten(np.diag, points=call(reals(3), 1) + call(reals(3, 4)) + call(reals(3, 4), k=1))
def diag(e: Call, writer: Writer) -> Expr:
    v, k = arguments(e, "v", "k")
    v = as_array(needed(e, v, "v"))
    kwargs = () if k is None or k == Const(0) else (("k", k),)
    match rank(e, writer, v):
        case 1:
            return Call(e.func, (v,), kwargs, e.at)
        case 2:
            offset = tuple(("offset", value) for _, value in kwargs)
            return Call(Object(np.diagonal, "np.diagonal"), (v,), offset, e.at)
    raise problem(e, "`np.diag` of other than a vector or matrix", "Python itself refuses this call")


_LAYERS = call(reals(2, 3, 3)) + call(reals(2, 3, 4), 1, axis1=1, axis2=2) + call(reals(2, 3, 4), -1, -1, 0)


@rewritten(np.diagonal, np.ndarray.diagonal, points=_LAYERS + call(reals(2, 3), 0, 1, 0))
def diagonal(e: Call, writer: Writer) -> Expr:
    a, offset, axis1, axis2 = arguments(e, "a", "offset", "axis1", "axis2")
    return diagonals(e, writer, a, offset, axis1, axis2)


@rewritten(np.trace, np.ndarray.trace, points=_LAYERS)
def trace(e: Call, writer: Writer) -> Expr:
    a, offset, axis1, axis2 = arguments(e, "a", "offset", "axis1", "axis2")
    if a is not None and _is_plain(writer, a, axis1, axis2):
        return Call(e.func, (a,), () if offset in (None, Const(0)) else (("offset", offset),), e.at)
    on = diagonals(e, writer, a, offset, axis1, axis2)
    return Call(Object(np.sum, "np.sum"), (on,), (("axis", Const(-1)),), e.at)


def _is_plain(writer: Writer, a: Expr, axis1: Expr | None, axis2: Expr | None) -> bool:
    """Whether it is the diagonal of one matrix, for which there are rules."""
    type_ = writer.typed(a)
    first, second = axis1 in (None, Const(0), Const(-2)), axis2 in (None, Const(1), Const(-1))
    return isinstance(type_, Num) and type_.ndim == 2 and first and second


def diagonals(
    e: Call, writer: Writer, a: Expr | None, offset: Expr | None, axis1: Expr | None, axis2: Expr | None
) -> Expr:
    a = needed(e, a, "a")
    if _is_plain(writer, a, axis1, axis2):
        return Call(np_diagonal(e), (a,), () if offset in (None, Const(0)) else (("offset", offset),), e.at)
    dimensions = rank(e, writer, a)
    first = place(e, literal(e, writer, axis1, "axis1", 0), dimensions)
    second = place(e, literal(e, writer, axis2, "axis2", 1), dimensions)
    if first == second:
        raise problem(e, f"`{spelling(e)}` along one axis twice", "Python itself refuses this call")
    if (first, second) != (dimensions - 2, dimensions - 1):
        last = Display("tuple", (Const(-2), Const(-1)))
        axes = Display("tuple", (Const(first), Const(second)))
        a = Call(Object(np.moveaxis, "np.moveaxis"), (a, axes, last))
    a = writer.atom(a, "matrices")
    shape = (_length(a, dimensions - 2), _length(a, dimensions - 1))
    band = Call(Object(np.eye, "np.eye"), shape if offset is None else (*shape, offset))
    places = writer.atom(Call(Object(np.nonzero, "np.nonzero"), (band,)), "places")
    assert isinstance(places, Display)
    return indexed(writer, a, (Const(Ellipsis), *places.items))


def np_diagonal(e: Call) -> Expr:
    assert isinstance(e.func, Object)
    return e.func if e.func.value is np.ndarray.diagonal else Object(np.diagonal, "np.diagonal")


@rewritten(np.diagflat, points=call(reals(3)) + call(reals(2, 2), 1) + call([reals(), 2.0]))
def diagflat(e: Call, writer: Writer) -> Expr:
    v, k = arguments(e, "v", "k")
    vector = raveled(e, writer, as_array(needed(e, v, "v")))
    kwargs = () if k is None or k == Const(0) else (("k", k),)
    return Call(Object(np.diag, "np.diag"), (vector,), kwargs, e.at)


# -------------------------------------------------------------------------------------------------------------- split


@rewritten(np.split, points=call(reals(6), 2) + call(reals(4, 6), 3, axis=1) + call(reals(6), [2, 3]))
def split(e: Call, writer: Writer) -> Expr:
    ary, sections, axis = arguments(e, "ary", "indices_or_sections", "axis")
    return _sections(e, writer, ary, sections, literal(e, writer, axis, "axis"), even=True)


@rewritten(np.array_split, points=call(reals(7), 3) + call(reals(4, 5), 2, axis=-1) + call(reals(6), (2, -1)))
def array_split(e: Call, writer: Writer) -> Expr:
    ary, sections, axis = arguments(e, "ary", "indices_or_sections", "axis")
    return _sections(e, writer, ary, sections, literal(e, writer, axis, "axis"), even=False)


@rewritten(np.vsplit, points=call(reals(4, 3), 2) + call(reals(4, 3), (1,)))
def vsplit(e: Call, writer: Writer) -> Expr:
    ary, sections = arguments(e, "ary", "indices_or_sections")
    return _sections(e, writer, ary, sections, 0, even=True, least=2)


@rewritten(np.hsplit, points=call(reals(4), 2) + call(reals(3, 4), 2))
def hsplit(e: Call, writer: Writer) -> Expr:
    ary, sections = arguments(e, "ary", "indices_or_sections")
    one = ary is not None and rank(e, writer, ary) == 1
    return _sections(e, writer, ary, sections, 0 if one else 1, even=True)


@rewritten(np.dsplit, points=call(reals(2, 3, 4), 2))
def dsplit(e: Call, writer: Writer) -> Expr:
    ary, sections = arguments(e, "ary", "indices_or_sections")
    return _sections(e, writer, ary, sections, 2, even=True)


def _sections(
    e: Call, writer: Writer, ary: Expr | None, sections: Expr | None, axis: int, even: bool, least: int = 1
) -> Expr:
    """The parts of an array as slices of it; an equal division that may have a rest goes through a reshape, which
    refuses that as NumPy does."""
    ary, sections = needed(e, ary, "ary"), needed(e, sections, "indices_or_sections")
    dimensions = rank(e, writer, ary)
    axis = place(e, axis, dimensions)
    if dimensions < least:
        raise problem(e, f"`{spelling(e)}` of a vector", "Python itself refuses this call")
    before = (_ALL,) * axis
    if isinstance(sections, Display):
        return _sliced(writer.atom(ary, "array"), before, [Const(None), *sections.items, Const(None)], e)
    count = literal(e, writer, sections, "indices_or_sections")
    if count < 1:
        raise problem(e, f"`{spelling(e)}` into {count} parts", "Python itself refuses this call")
    type_ = writer.typed(ary)
    assert isinstance(type_, Num)
    length = type_.shape[axis].token
    if isinstance(length, int):
        if even and length % count:
            raise problem(e, f"{length} elements in {count} equal parts", "Python itself refuses this call")
        cuts = [k * (length // count) + min(k, length % count) for k in range(count + 1)]
        bounds: list[Expr] = [Const(None), *map(Const, cuts[1:-1]), Const(None)]
        return _sliced(writer.atom(ary, "array"), before, bounds, e)
    if even:
        array = writer.atom(ary, "array")
        lengths = [_length(array, k) for k in range(dimensions)]
        lengths[axis : axis + 1] = [Const(count), Const(-1)]
        shape = Display("tuple", tuple(lengths))
        parts = writer.atom(Call(Object(np.reshape, "np.reshape"), (array, shape), at=e.at), "parts")
        return Display("tuple", tuple(at_place(parts, (*before, Const(k))) for k in range(count)), e.at)
    array = writer.atom(ary, "array")
    whole = _length(array, axis)
    each = writer.atom(Call(Object(operator.floordiv, "//"), (whole, Const(count))), "each")
    more = writer.atom(Call(Object(operator.mod, "%"), (whole, Const(count))), "more")
    inner = [_cut(k, each, more) for k in range(1, count)]
    return _sliced(array, before, [Const(None), *inner, Const(None)], e)


def _cut(k: int, each: Expr, more: Expr) -> Expr:
    """`k * each + min(k, more)`."""
    start = each if k == 1 else Call(Object(operator.mul, "*"), (Const(k), each))
    return Call(Object(operator.add, "+"), (start, Call(Object(min, "min"), (Const(k), more))))


def _length(array: Expr, axis: int) -> Expr:
    return Call(_LEN, (array,)) if axis == 0 else Item(Call(Object(np.ndarray.shape, "shape"), (array,)), Const(axis))


def _sliced(array: Expr, before: tuple[Expr, ...], bounds: list[Expr], e: Call) -> Expr:
    plain = [None if b == Const(None) else b for b in bounds]
    slices = [Slice(a, b, None) for a, b in itertools.pairwise(plain)]
    return Display("tuple", tuple(at_place(array, (*before, s)) for s in slices), e.at)


_MIRRORS = [Const(mode) for mode in ("edge", "reflect", "symmetric", "wrap")]


@rewritten(
    np.pad,
    points=call(reals(3), 1, constant_values=1.0)
    + call(reals(3), 2, "edge")
    + call(reals(2, 3), ((0, 0), (1, 2)), mode="reflect")
    + call(reals(2, 3), ((1, 1), (2, 0)), mode="symmetric")
    + call(reals(3), (4, 1), mode="wrap"),
)
def pad(e: Call, writer: Writer) -> Expr:
    array, width, mode, values = arguments(e, "array", "pad_width", "mode", "constant_values")
    if mode in _MIRRORS and values is None:
        if isinstance(type_ := writer.typed(needed(e, array, "array")), Num) and not type_.is_float:
            return e  # of places, as below, in what srcdiff has written
        return _mirrored(e, writer, as_array(needed(e, array, "array")), needed(e, width, "pad_width"), mode)
    if mode not in (None, Const("constant")):
        raise TypeProblem(
            UnsupportedCall,
            "the argument `mode` of `np.pad`",
            "the rule covers padding with one constant, and the modes edge, reflect, symmetric and wrap",
            "pad with zeros and write the border yourself, or use np.concatenate",
            e.at,
        )
    if values is not None and not isinstance(values, Const):
        raise problem(e, "`constant_values` of `np.pad` other than a literal", "the rule covers padding with a literal")
    kwargs = () if values is None or values == Const(0) else (("constant_values", values),)
    array, width = as_array(needed(e, array, "array")), needed(e, width, "pad_width")
    rank(e, writer, array)
    return Call(e.func, (array, width), kwargs, e.at)


def _mirrored(e: Call, writer: Writer, array: Expr, width: Expr, mode: Expr | None) -> Expr:
    """What is put around an array are elements of its own: their places along an axis are padded in the same way."""
    dimensions = rank(e, writer, array)
    assert mode is not None
    try:
        widths = pad_widths(_numbers(e, writer, width), dimensions)
    except ValueError:
        raise problem(e, "`np.pad` with widths of another number", "Python itself refuses this call") from None
    for axis, around in enumerate(widths):
        if any(around):
            array = writer.atom(array, "array")
            each = Display("tuple", tuple(map(Const, around)))
            places = Call(Object(np.pad, "np.pad"), (Call(_ARANGE, (_length(array, axis),)), each), (("mode", mode),))
            array = indexed(writer, array, (*(_ALL,) * axis, writer.atom(places, "places")))
    return array


def _numbers(e: Call, writer: Writer, value: Expr) -> Any:
    if isinstance(value, Display):
        return tuple(_numbers(e, writer, i) for i in value.items)
    return literal(e, writer, value, "pad_width")
