"""Lists whose length is known only when the program runs, made arrays.

in:   A = np.array(rows)                 out:  items = np.empty((len(rows), len(rows[0])))
                                               for k in range(len(rows)):
                                                   if len(rows[k]) != len(rows[0]): raise ValueError(...)
                                                   items[k] = rows[k]
      xs = x.tolist()                          xs = []
                                               for k in range(len(x)):
                                                   xs.append(x[k])
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..errors import UnsupportedCall
from ..ir.nodes import (
    Assign,
    Call,
    Const,
    Display,
    Expr,
    For,
    If,
    Item,
    Logic,
    Name,
    Object,
    Raise,
    Slice,
    Stmt,
    Update,
)
from ..ir.types import ListOf, Num, Type, describe
from ..rules.typing import TypeProblem
from ..runtime import array_of
from .forms import ADD
from .items import Items
from .iteration import LEN, ONE, ZERO, plus, range_of
from .lists import is_dynamic
from .literals import literal

EQ, NE = Object(operator.eq, "=="), Object(operator.ne, "!=")
EMPTY = Object(np.empty, "np.empty")
ARRAY = Object(array_of, "array_of")
SHAPE = Object(np.ndarray.shape, "shape")
TRANSPOSE = Object(np.transpose, "np.transpose")
MOVEAXIS = Object(np.moveaxis, "np.moveaxis")
_DTYPES = {"int64": np.int64, "bool": np.bool_, "float32": np.float32, "complex128": np.complex128}


class Arrays(Items):
    """The arrays that one function makes of its lists."""

    def empty(self, lengths: tuple[Expr, ...], dtype: str) -> Expr:
        """A new array of this shape."""
        shape = Display("tuple", lengths) if len(lengths) > 1 else lengths[0]
        args = (shape,) if dtype not in _DTYPES else (shape, kind_of_dtype(dtype))
        return self.atom(Call(EMPTY, args), "items")

    def as_array(self, e: Expr, at: Any = None) -> Expr:
        """A list of numbers, of arrays of one shape, or of lists of numbers of one length, as an array."""
        type_ = self.typed(e)
        item = type_.item if isinstance(type_, ListOf) else None
        if isinstance(item, ListOf) and isinstance(item.item, Num) and item.item.ndim == 0:
            return self.of_rows(self.list_name(e), item.item)
        if not isinstance(item, Num) or item.ndim is None:
            raise self.no_array(item, getattr(e, "at", None) or at)
        held = self.list_name(e)
        if item.ndim == 0 and item.is_integral:  # no derivative is anybody's: it need not be written out
            return self.atom(Call(ARRAY, (held, kind_of_dtype(item.dtype))), "items")
        count = Call(LEN, (held,))
        if item.ndim:
            self.check_filled(count)
        array = self.empty((count, *_lengths(Item(held, ZERO), item.ndim)), item.dtype)
        k = self.loop_counter()
        pairs = zip(_lengths(Item(held, k), item.ndim), _lengths(Item(held, ZERO), item.ndim), strict=True)
        body = (*_of_one_shape(pairs), Assign(Item(array, k), Item(held, k)))
        self.state.emit(For(k, range_of(ZERO, count, ONE), body))
        return array

    def check_filled(self, count: Expr) -> None:
        """Raise ValueError in the program where a list holds no rows: NumPy makes a vector of it, not a matrix."""
        error = Call(Object(ValueError, "ValueError"), (Const("an array of no rows"),))
        self.state.emit(If(Call(EQ, (count, ZERO)), (Raise(error),)))

    def loop_counter(self) -> Name:
        name = self.state.fresh("k")
        self.state.env[name] = Num("int64", weak=True)
        return Name(name)

    def of_rows(self, held: Name, item: Num) -> Expr:
        """A list of lists of numbers as a matrix."""
        count = Call(LEN, (held,))
        self.check_filled(count)
        width = self.atom(Call(LEN, (Item(held, ZERO),)), "n")
        array = self.empty((count, width), item.dtype)
        i, j = self.loop_counter(), self.loop_counter()
        inner = (Assign(Item(array, Display("tuple", (i, j))), Item(Item(held, i), j)),)
        body = (*_of_one_shape([(Call(LEN, (Item(held, i),)), width)]), For(j, range_of(ZERO, width, ONE), inner))
        self.state.emit(For(i, range_of(ZERO, count, ONE), body))
        return array

    def no_array(self, item: Type | None, at: Any) -> TypeProblem:
        what = "a list that holds nothing" if item is None else f"a list of items of the kind {describe(item)}"
        return TypeProblem(
            UnsupportedCall,
            "a list of lists of other things than numbers as an array" if is_dynamic(item) else f"{what} as an array",
            "only lists of numbers, of arrays of one shape, or of lists of numbers, are made arrays",
            "make an array with np.zeros((n, m)) and write into that",
            at,
        )

    def gathered_by(self, function: Any, e: Call) -> Expr | None:
        """The arrays in a list joined; None for a form that is not followed."""
        type_ = self.typed(e.args[0])
        item = type_.item if isinstance(type_, ListOf) else None
        axis = self.axis_of(e)
        if not isinstance(item, Num) or not item.ndim or axis is None:
            return None
        flat = item.ndim == 1
        if function is np.stack or (flat and function in (np.vstack, np.column_stack)):
            along = axis if function is np.stack else 1 if function is np.column_stack else 0
            return self.stacked(e.args[0], item.ndim + 1, along)
        along = axis if function is np.concatenate else 0 if flat or function is np.vstack else 1
        if not -item.ndim <= along < item.ndim:
            return None
        return self.end_to_end(self.list_name(e.args[0]), item, along % item.ndim)

    def axis_of(self, e: Call) -> int | None:
        """The axis of such a call, 0 if none is given; None for one that is not written out, and other arguments."""
        given = [*e.args[1:], *(v for k, v in e.kwargs if k == "axis")]
        if len(given) != len(e.args) - 1 + len(e.kwargs) or len(given) > 1:
            return None
        found = literal(given[0]) if given else 0
        return found if type(found) is int else None

    def stacked(self, e: Expr, rank: int, axis: int) -> Expr | None:
        """Arrays side by side along a new axis."""
        if not -rank <= axis < rank:
            return None
        array, axis = self.as_array(e), axis % rank
        if axis == 0:
            return array
        return Call(TRANSPOSE, (array,)) if rank == 2 else Call(MOVEAXIS, (array, ZERO, Const(axis)))

    def end_to_end(self, held: Name, item: Num, axis: int) -> Expr:
        """Arrays behind one another along one of their axes."""
        assert item.ndim is not None
        count, total = Call(LEN, (held,)), Name(self.state.fresh("n"))
        if item.ndim > 1:
            self.check_filled(count)
        self.bind(total.id, ZERO)
        k = self.loop_counter()
        length = _lengths(Item(held, k), item.ndim)[axis]
        self.state.emit(For(k, range_of(ZERO, count, ONE), (Update(total, ADD, length),)))
        self.state.env[total.id] = Num("int64", weak=True)
        shape = list(_lengths(Item(held, ZERO), item.ndim))
        shape[axis] = total
        array = self.empty(tuple(shape), item.dtype)
        start, k = Name(self.state.fresh("start")), self.loop_counter()
        self.bind(start.id, ZERO)
        own, first = _lengths(Item(held, k), item.ndim), _lengths(Item(held, ZERO), item.ndim)
        part = Slice(start, plus(start, own[axis]), None)
        place = part if axis == 0 else Display("tuple", (*(Slice(None, None, None),) * axis, part))
        body = (
            *_of_one_shape((own[j], first[j]) for j in range(item.ndim) if j != axis),
            Assign(Item(array, place), Item(held, k)),
            Update(start, ADD, own[axis]),
        )
        self.state.emit(For(k, range_of(ZERO, count, ONE), body))
        self.state.env[start.id] = Num("int64", weak=True)
        return array

    def as_lists(self, e: Expr) -> Expr:
        """`x.tolist()`: the numbers of an array in lists, one in another for each of its axes."""
        type_ = self.typed(e)
        assert isinstance(type_, Num)
        if type_.ndim == 0:
            return e
        array, home = self.atom(e, "array"), self.new_list()
        self.each(array, lambda item: self.put_in(home, self.as_lists(item)))
        return home

    def each(self, source: Expr, body: Callable[[Expr], None], wish: str = "k") -> None:
        raise NotImplementedError


def kind_of_dtype(dtype: str) -> Object:
    kind = _DTYPES[dtype]
    return Object(kind, f"np.{kind.__name__}")


def _of_one_shape(pairs: Iterable[tuple[Expr, Expr]]) -> tuple[Stmt, ...]:
    """The statement that refuses an item of other lengths than the first, as NumPy does."""
    tests = [Call(NE, pair) for pair in pairs]
    if not tests:
        return ()
    error = Call(Object(ValueError, "ValueError"), (Const("items of different shapes"),))
    return (If(tests[0] if len(tests) == 1 else Logic("or", tuple(tests)), (Raise(error),)),)


def _lengths(first: Expr, rank: int) -> tuple[Expr, ...]:
    """The shape of an array."""
    if rank == 1:
        return (Call(LEN, (first,)),)
    return tuple(Item(Call(SHAPE, (first,)), Const(k)) for k in range(rank))
