"""The types of `x[i]`, `A[1:, 0]`, `t[0]`: which axes are left, how long they are, what a tuple holds there."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import NotImplementedType

from ..errors import NotDifferentiable, UnsupportedSyntax, UnsupportedType
from ..ir.nodes import Const, Display, Expr, Item, Slice
from ..ir.types import Dim, ListOf, Num, Static, Tup, Type, describe
from .problem import TypeProblem, joined

TypeOf = Callable[[Expr], Type]
_Bound = int | NotImplementedType | None  # of a slice; NotImplemented where it is not known


def item_type(type_of: TypeOf, e: Item) -> Type:
    """The type of `base[index]`."""
    base = type_of(e.base)
    match base:
        case Tup():
            return _tuple_item(type_of, base, e)
        case ListOf(item=item) if item is not None:
            return item
        case Num(ndim=None):
            return Num(base.dtype, None)
        case Num(ndim=int(rank)) if rank > 0:
            return _array_item(type_of, base, rank, e)
    raise TypeProblem(
        UnsupportedType,
        f"indexing a {describe(base)}",
        "only arrays and tuples have elements here",
        "index an array, or pass this value as one",
        e.at,
    )


def _tuple_item(type_of: TypeOf, base: Tup, e: Item) -> Type:
    index = type_of(e.index)
    value = index.value if isinstance(index, Num) else None
    if isinstance(value, int) and -len(base.items) <= value < len(base.items):
        return base.items[value]
    if base.items and all(t == base.items[0] for t in base.items):
        return base.items[0]
    if base.items and isinstance(index, Num) and index.is_integral and all(isinstance(t, Num) for t in base.items):
        return functools.reduce(lambda a, b: joined(a, b, e), base.items)
    raise TypeProblem(
        UnsupportedType,
        "a tuple of different kinds of values indexed by a variable, or out of its range",
        "which kind of value comes out is not known when the derivative is written",
        "index the tuple by a literal, or unpack it",
        e.at,
    )


def _array_item(type_of: TypeOf, base: Num, rank: int, e: Item) -> Type:
    parts = e.index.items if isinstance(e.index, Display) and e.index.kind == "tuple" else (e.index,)
    axes_used = sum(1 for p in parts if not (isinstance(p, Const) and p.value in (None, Ellipsis)))
    if axes_used > rank:
        raise TypeProblem(
            UnsupportedType,
            f"{axes_used} indices for a {describe(base)}",
            "an array has no more indices than dimensions",
            "drop an index",
            e.at,
        )
    shape: list[Dim] = []
    axis = 0
    for part in parts:
        if isinstance(part, Const) and part.value is None:
            shape.append(Dim.known(1))
        elif isinstance(part, Const) and part.value is Ellipsis:
            skip = rank - axes_used
            shape.extend(base.shape[axis : axis + skip])
            axis += skip
        elif isinstance(part, Slice):
            shape.append(_sliced(type_of, base.shape[axis], part))
            axis += 1
        else:
            _check_index(type_of, part)
            axis += 1
    shape.extend(base.shape[axis:])
    return Num(base.dtype, len(shape), tuple(shape))


def _check_index(type_of: TypeOf, part: Expr) -> None:
    index = type_of(part)
    if isinstance(index, Num) and index.is_integral and index.dtype != "bool":
        return
    if isinstance(index, Num) and index.is_scalar and index.is_inexact:
        raise TypeProblem(
            NotDifferentiable,
            "a float is used as an index",
            "an index is a whole number; an argument in wrt is differentiated as the real number it is",
            "leave the argument out of wrt, or convert with int(...)",
            part.at,
        )
    raise TypeProblem(
        UnsupportedSyntax,
        f"indexing with a {describe(index)}",
        "an index is a whole number, a slice, or an array of whole numbers or bools",
        "index with such a value, or use np.where(mask, a, b)",
        part.at,
    )


def _sliced(type_of: TypeOf, dim: Dim, part: Slice) -> Dim:
    """The length that a slice leaves of an axis."""
    for bound in (part.lower, part.upper, part.step):
        if bound is not None and not (isinstance(bound, Const) and bound.value is None):
            _check_index(type_of, bound)
    lower, upper, step = (_bound(type_of, p) for p in (part.lower, part.upper, part.step))
    if step == -1 and lower is None and upper is None:
        return dim
    if step in (None, 1):
        start, stop = (_place(type_of, p) for p in (part.lower, part.upper))
        found = dim.between(start or Dim.known(0), stop or dim)
        if found is not None:
            return Dim(found.token, dim.one) if found.same(dim) else found
        if part.within and stop is not None and (found := stop.beyond(start or Dim.known(0))) is not None:
            return Dim(found.token, stop.one) if found.same(stop) else found
    if step not in (None, 1) or isinstance(lower, NotImplementedType) or isinstance(upper, NotImplementedType):
        return _cut(type_of, dim, part)
    if isinstance(dim.token, int):
        return Dim.known(len(range(dim.token)[lower:upper]))
    if (lower is None or lower >= 0) and (upper is None or upper < 0):
        return dim.minus((lower or 0) - (upper or 0))
    return _cut(type_of, dim, part)


def _cut(type_of: TypeOf, dim: Dim, part: Slice) -> Dim:
    """Some part of an axis: the same length again for the same literal bounds, and for bounds that are lengths; for
    other variables it is the same within one statement ("of")."""
    if dim.token is None:
        return Dim(None)
    bounds = (part.lower, part.upper, part.step)
    if all(b is None or isinstance(b, Const) for b in bounds):
        return Dim(("slice", dim.token, part))
    places = [None if b is None else (_place(type_of, b) or Dim(None)).token for b in bounds]
    if all((b is None) == (p is None) for b, p in zip(bounds, places, strict=True)):
        return Dim(("slice", dim.token, *places))
    return Dim(("of", dim.token, part))


def _place(type_of: TypeOf, e: Expr | None) -> Dim | None:
    """A bound of a slice as a length; None where it is left out."""
    type_ = Static(None) if e is None else type_of(e)
    if not isinstance(type_, Num):
        return None
    return type_.value if isinstance(type_.value, Dim) else Dim(type_.value if isinstance(type_.value, int) else None)


def _bound(type_of: TypeOf, e: Expr | None) -> _Bound:
    if e is None:
        return None
    type_ = type_of(e)
    if isinstance(type_, Static):  # `None`, as the check of the index has seen to
        return None
    value = type_.value if isinstance(type_, Num) else None
    return value if isinstance(value, int) else NotImplemented
