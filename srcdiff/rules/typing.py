"""The types of expressions: what comes out of a call, an index or an operator, given the types that go in.

Elementwise functions broadcast; a few functions state their own result; all others are asked: they are called once on
small arrays of ones of the right rank and dtype, and what comes back tells the rank and dtype.
"""

from __future__ import annotations

import functools
import operator
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np

from ..errors import NotDifferentiable, Refusal, UnresolvedName, UnsupportedCall, UnsupportedSyntax, UnsupportedType
from ..ir.nodes import Attr, Call, Choice, Const, Display, Expr, Item, Logic, Name, Object, Slice, Span
from ..ir.types import (
    FLOAT,
    INT,
    Dim,
    ListOf,
    Num,
    Static,
    Tup,
    Type,
    TypeMismatch,
    broadcast,
    describe,
    join,
)
from .registry import is_elementwise


class TypeProblem(Exception):
    """An expression that has no type; the caller turns it into a refusal with the user's place."""

    def __init__(self, error: type[Refusal], what: str, why: str, fix: str, at: Span | None = None) -> None:
        super().__init__(what)
        self.error, self.what, self.why, self.fix, self.at = error, what, why, fix, at


def type_of_value(value: Any, token: Any = None) -> Type:
    """The type of a Python value; lengths get tokens made from `token`, or are unknown if it is None."""
    match value:
        case bool() | np.bool_():
            return Num("bool", weak=isinstance(value, bool), value=bool(value))
        case int():
            return Num("int64", weak=True, value=value)
        case np.integer():
            return Num("int64", value=int(value))
        case np.floating():  # before float: np.float64 is one
            return Num(str(value.dtype))
        case float():
            return FLOAT
        case np.ndarray():
            dtype = "int64" if value.dtype.kind in "iu" else str(value.dtype)
            shape = tuple(Dim((token, axis), n == 1) for axis, n in enumerate(value.shape))
            if value.ndim == 0:
                return Num(dtype)
            return Num(dtype, value.ndim, shape, contiguous=value.flags.c_contiguous)
        case tuple():
            return Tup(tuple(type_of_value(item, (token, i)) for i, item in enumerate(value)))
        case _:
            return Static(value)


SAMPLES: dict[str, Any] = {"bool": True, "int64": 2}


def sample(type_: Type, number: float = 0.5) -> Any:
    """A value of the given type: small, harmless, every unknown length 2."""
    match type_:
        case Num(ndim=0):
            if type_.value is not None and not isinstance(type_.value, Dim):
                return type_.value
            if type_.is_float:
                return number if type_.weak else np.dtype(type_.dtype).type(number)
            return SAMPLES[type_.dtype]
        case Num(ndim=int(rank)):
            return np.ones((2,) * rank, type_.dtype)
        case Tup():
            return tuple(map(sample, type_.items))
        case Static():
            return type_.value
        case ListOf(item=item):
            return [] if item is None else [sample(item)] * 2
        case _:
            raise LookupError(type_)


@functools.lru_cache(maxsize=4096)
def _probe(function: Any, args: tuple[Type, ...], kwargs: tuple[tuple[str, Type], ...]) -> Type:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            result = function(*map(sample, args), **{k: sample(t) for k, t in kwargs})
        except ValueError:  # outside the domain, as acosh(0.5) is
            result = function(*(sample(t, 1.5) for t in args), **{k: sample(t, 1.5) for k, t in kwargs})
    found = type_of_value(result)
    if isinstance(found, Num):
        shape = tuple(Dim(None) for _ in found.shape)
        return Num(found.dtype, found.ndim, shape, found.weak)
    return found


_FRESH_C = (np.zeros, np.ones, np.empty, np.eye, np.full, np.arange, np.linspace, np.ndarray.copy)
_SAME_SHAPE = (np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.copy, np.ndarray.copy, np.cumsum)
_MAKE_ARRAYS = (np.array, np.asarray, np.copy, np.zeros_like, np.ones_like, np.empty_like, np.full_like)
_BY_SHAPE = (np.zeros, np.ones, np.empty, np.full)
_REDUCTIONS = (
    *(np.sum, np.mean, np.prod, np.max, np.min),
    *(np.ndarray.sum, np.ndarray.mean, np.ndarray.prod, np.ndarray.max, np.ndarray.min),
)
_METHODS = {
    name: getattr(np.ndarray, name)
    for name in (
        *("sum", "mean", "prod", "max", "min", "copy", "reshape", "ravel", "flatten", "dot", "transpose", "astype"),
        *("argmax", "argmin", "all", "any", "clip"),
    )
}
_ATTRIBUTES = {name: getattr(np.ndarray, name) for name in ("shape", "ndim", "size", "T", "dtype")}
_LIST_METHODS = {"append": list.append, "pop": list.pop}


def method_of(type_: Type, name: str) -> Any:
    """The unbound method (or property) that `value.name` means for a value of this type, or None."""
    if isinstance(type_, ListOf):
        return _LIST_METHODS.get(name)
    if isinstance(type_, Num) and (type_.is_array or not type_.weak):
        return _METHODS.get(name) or _ATTRIBUTES.get(name)
    return None


def _of_itself(type_: Type, name: str) -> Type:
    """The type of a variable where it is read: a length that is not known is at least the same in the whole statement."""
    if isinstance(type_, Num) and any(d.token is None for d in type_.shape):
        shape = tuple(Dim(("of", name, k), d.one) if d.token is None else d for k, d in enumerate(type_.shape))
        return replace(type_, shape=shape)
    return type_


def settled(type_: Type) -> Type:
    """The type that a variable may keep: without the lengths that were known within one statement only."""
    match type_:
        case Num():
            if any(_is_passing(d.token) for d in type_.shape):
                shape = tuple(Dim(None, d.one) if _is_passing(d.token) else d for d in type_.shape)
                type_ = replace(type_, shape=shape)
            if isinstance(type_.value, Dim) and _is_passing(type_.value.token):
                type_ = type_.plain()
            return type_
        case Tup():
            return Tup(tuple(map(settled, type_.items)))
        case ListOf(item=item) if item is not None:
            return ListOf(settled(item))
    return type_


def _is_passing(token: Any) -> bool:
    if isinstance(token, tuple):
        return token[:1] == ("of",) or any(_is_passing(t) for t in token if isinstance(t, tuple))
    return False


class Typer:
    """Types of expressions under types of variables."""

    def __init__(self, types: Mapping[str, Type]) -> None:
        self.types = types

    def __call__(self, e: Expr) -> Type:
        match e:
            case Name():
                if e.id not in self.types:
                    raise TypeProblem(
                        UnresolvedName,
                        f"`{e.id}` is read where nothing has been assigned to it",
                        "no path of the program reaches this place with a value for it",
                        f"assign `{e.id}` before this statement",
                        e.at,
                    )
                return _of_itself(self.types[e.id], e.id)
            case Const():
                return type_of_value(e.value)
            case Object():
                return type_of_value(e.value, ("captured", id(e.value)))
            case Display():
                items = tuple(map(self, e.items))
                if e.kind == "tuple":
                    return Tup(items)
                return ListOf(functools.reduce(lambda a, b: self._join(a, b, e), items) if items else None)
            case Choice():
                self(e.test)
                return self._join(self(e.then), self(e.other), e)
            case Logic():
                types = [self(v) for v in e.values]
                return functools.reduce(lambda a, b: self._join(a, b, e), types)
            case Item():
                return self._item(e)
            case Slice():
                return Static(slice(None))
            case Call():
                return self._call(e)
            case Attr():
                raise TypeProblem(
                    UnsupportedSyntax,
                    f"the attribute `{e.name}` of a {describe(self(e.base))}",
                    "srcdiff knows shape, ndim, size, T, dtype and the methods of arrays that have a rule",
                    "compute it outside the differentiated function, or pass the value as an argument",
                    e.at,
                )

    def _join(self, a: Type, b: Type, e: Expr) -> Type:
        try:
            result = join(a, b)
        except TypeMismatch as mismatch:
            raise TypeProblem(
                UnsupportedType,
                f"one value here is a {describe(a)} and the other a {describe(b)}",
                "a variable of the derivative has one kind of value",
                "make both sides the same kind, for instance both arrays",
                e.at,
            ) from mismatch
        return result.plain() if isinstance(result, Num) else result

    # -------------------------------------------------------------------------------------------------- indexing

    def _item(self, e: Item) -> Type:
        base = self(e.base)
        match base:
            case Tup():
                return self._tuple_item(base, e)
            case ListOf(item=item) if item is not None:
                return item
            case Num(ndim=None):
                return Num(base.dtype, None)
            case Num(ndim=int(rank)) if rank > 0:
                return self._array_item(base, rank, e)
        raise TypeProblem(
            UnsupportedType,
            f"indexing a {describe(base)}",
            "only arrays and tuples have elements here",
            "index an array, or pass this value as one",
            e.at,
        )

    def _tuple_item(self, base: Tup, e: Item) -> Type:
        index = self(e.index)
        if (
            isinstance(index, Num)
            and isinstance(index.value, int)
            and -len(base.items) <= index.value < len(base.items)
        ):
            return base.items[index.value]
        if base.items and all(t == base.items[0] for t in base.items):
            return base.items[0]
        if isinstance(index, Num) and index.is_integral and all(isinstance(t, Num) for t in base.items):
            return functools.reduce(lambda a, b: self._join(a, b, e), base.items)
        raise TypeProblem(
            UnsupportedType,
            "a tuple of different kinds of values indexed by a variable, or out of its range",
            "which kind of value comes out is not known when the derivative is written",
            "index the tuple by a literal, or unpack it",
            e.at,
        )

    def _array_item(self, base: Num, rank: int, e: Item) -> Type:
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
                shape.append(self._sliced(base.shape[axis], part, (e, axis)))
                axis += 1
            else:
                self._check_index(part)
                axis += 1
        shape.extend(base.shape[axis:])
        return Num(base.dtype, len(shape), tuple(shape))

    def _check_index(self, part: Expr) -> None:
        index = self(part)
        if isinstance(index, Num) and index.is_integral and index.dtype != "bool":
            return
        if isinstance(index, Num) and index.is_scalar and index.is_float:
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
            "masks, integer arrays and other objects as indices are not covered yet",
            "loop over the indices, or use np.where(mask, a, b)",
            part.at,
        )

    def _sliced(self, dim: Dim, part: Slice, where: Any) -> Dim:
        for bound in (part.lower, part.upper, part.step):
            if bound is not None and not (isinstance(bound, Const) and bound.value is None):
                self._check_index(bound)
        lower, upper, step = (self._bound(p) for p in (part.lower, part.upper, part.step))
        if step == -1 and lower is None and upper is None:
            return dim
        if step not in (None, 1) or lower is NotImplemented or upper is NotImplemented:
            return self._cut(dim, part)
        if isinstance(dim.token, int):
            return Dim.known(len(range(dim.token)[lower:upper]))
        if (lower is None or lower >= 0) and (upper is None or upper < 0):
            return dim.minus((lower or 0) - (upper or 0))
        return self._cut(dim, part)

    def _cut(self, dim: Dim, part: Slice) -> Dim:
        """Some part of an axis: the same length again only for the same literal bounds."""
        bounds = (part.lower, part.upper, part.step)
        literal = all(b is None or isinstance(b, Const) for b in bounds)
        return Dim(("slice", dim.token, part)) if literal and dim.token is not None else Dim(None)

    def _bound(self, e: Expr | None) -> Any:
        """The bound of a slice: an int, None, or NotImplemented where it is not known."""
        if e is None:
            return None
        type_ = self(e)
        if isinstance(type_, Static):
            return type_.value
        value = type_.value if isinstance(type_, Num) else None
        return value if isinstance(value, int) else NotImplemented

    # ----------------------------------------------------------------------------------------------------- calls

    def _call(self, e: Call) -> Type:
        if not isinstance(e.func, Object):
            raise TypeProblem(
                UnsupportedCall,
                "a call of something that is not known when the derivative is built",
                "the callee is a local value, so its derivative cannot be looked up",
                "call a module-level function by its name",
                e.at,
            )
        function = e.func.value
        args = tuple(map(self, e.args))
        kwargs = tuple((k, self(v)) for k, v in e.kwargs)
        if "order" in dict(kwargs):
            raise TypeProblem(
                UnsupportedCall,
                "the argument `order=`",
                "whether later views share memory depends on it",
                "leave it out: arrays are in C order",
                e.at,
            )
        axis = dict(kwargs).get("axis")
        if isinstance(axis, Num) and not isinstance(axis.value, int):
            raise TypeProblem(
                UnsupportedCall,
                "an axis that is known only when the program runs",
                "the axis decides the shape of the result",
                "write the axis as a literal",
                e.at,
            )
        special = self._special(function, args, dict(kwargs), e)
        if special is not None:
            return special
        if is_elementwise(function) and all(isinstance(t, Num) for t in args):
            return self._elementwise(function, args, e)
        if any(isinstance(t, Num) and t.ndim is None for t in args):
            if function in _REDUCTIONS and len(args) == 1 and not kwargs:
                return Num(args[0].dtype if isinstance(args[0], Num) else "float64")
            dtypes = [t.dtype for t in args if isinstance(t, Num)]
            return Num("float64" if "float64" in dtypes else dtypes[0], None)
        result = self._ask(function, args, kwargs, e)
        if isinstance(result, Num) and result.ndim:
            shape = tuple(Dim(None) for _ in range(result.ndim))
            return Num(result.dtype, result.ndim, shape, contiguous=function in _FRESH_C)
        return result

    def _elementwise(self, function: Any, args: tuple[Type, ...], e: Call) -> Type:
        nums = [t for t in args if isinstance(t, Num)]
        known = tuple(
            t if t.ndim == 0 else Num(t.dtype, 1 if t.ndim else 0, (Dim(None),) if t.ndim else ()) for t in nums
        )
        plain = tuple(t.plain() if t.value is not None and t.dtype != "int64" else t for t in known)
        result = self._ask(function, tuple(_valueless(t) for t in plain), (), e)
        if not isinstance(result, Num):
            return result
        if any(t.ndim is None for t in nums):
            return Num(result.dtype, None)
        shape = broadcast([t.shape for t in nums])
        if shape:
            return Num(result.dtype, len(shape), shape)
        return Num(result.dtype, weak=result.weak, value=_int_value(function, nums))

    def _ask(self, function: Any, args: tuple[Type, ...], kwargs: tuple[tuple[str, Type], ...], e: Call) -> Type:
        try:
            return _probe(function, args, kwargs)
        except Exception as problem:  # whatever the user's call raises on such values is the reason we give
            raise TypeProblem(
                UnsupportedCall,
                f"`{getattr(function, '__name__', function)}` on " + ", ".join(map(describe, args)),
                f"called on small values of these types it raises {type(problem).__name__}: {problem}",
                "check the ranks and types of the arguments",
                e.at,
            ) from problem

    def _special(self, function: Any, args: tuple[Type, ...], kwargs: dict[str, Type], e: Call) -> Type | None:
        first = args[0] if args else None
        if function in _MAKE_ARRAYS and isinstance(first, Num) and first.ndim == 0:
            self._no_dimensions(e)
        if function is len or function is np.size or function is np.ndarray.size:
            return self._length(function, first)
        if function in (np.ndarray.shape, np.shape) and isinstance(first, Num) and first.ndim is not None:
            return Tup(tuple(_int_of(dim) for dim in first.shape))
        if function is np.ndarray.ndim or function is np.ndim:
            return Num("int64", weak=True, value=first.ndim) if isinstance(first, Num) else None
        if function is np.ndarray.dtype and isinstance(first, Num):
            return Static(np.dtype(first.dtype))
        if function in _SAME_SHAPE and isinstance(first, Num) and function is not np.cumsum:
            dtype = self._dtype(kwargs.get("dtype"), first.dtype)
            sure = function is np.ndarray.copy or first.contiguous  # the others keep the layout of their operand
            return Num(dtype, first.ndim, first.shape, contiguous=sure)
        if function in _BY_SHAPE:
            return self._by_shape(function, args, kwargs, e)
        if function is np.broadcast_to and isinstance(first, Num) and len(args) == 2:
            return self._by_shape(np.empty, (args[1], Static(np.dtype(first.dtype))), {}, e)
        if function in (np.array, np.asarray) and isinstance(first, ListOf | Tup | Num):
            return self._array(first, args, kwargs, e)
        if function in (np.reshape, np.ndarray.reshape):
            return self._reshaped((*args, *(t for k, t in kwargs.items() if k in ("shape", "newshape"))))
        if function in (np.ravel, np.ndarray.ravel, np.ndarray.flatten) and isinstance(first, Num):
            dim = first.shape[0] if first.ndim == 1 else Dim(None)
            return Num(first.dtype, 1, (dim,), contiguous=first.contiguous)
        if function in (np.ndarray.T, np.transpose, np.ndarray.transpose) and isinstance(first, Num) and len(args) == 1:
            return Num(
                first.dtype, first.ndim, tuple(reversed(first.shape)), contiguous=first.ndim == 1 and first.contiguous
            )
        if function is np.outer and all(isinstance(t, Num) and t.ndim == 1 for t in args):
            shape = tuple(t.shape[0] for t in args if isinstance(t, Num))
            return Num(wider(*(t.dtype for t in args if isinstance(t, Num))), 2, shape)
        if function in (np.dot, np.matmul, operator.matmul, np.ndarray.dot):
            return self._product(args, e)
        if function is list.append and isinstance(first, ListOf):
            return Static(None)
        if function is list.pop and isinstance(first, ListOf):
            return first.item or FLOAT
        if function is np.linspace and any(isinstance(t, Num) and t.ndim != 0 for t in args[:2]):
            raise TypeProblem(
                UnsupportedCall,
                "np.linspace between arrays",
                "its rule is for numbers",
                "write start + (stop - start) * np.linspace(0.0, 1.0, n)",
                e.at,
            )
        if function is range:
            return self._range(args, e)
        if function in (float, int, round) and isinstance(first, Num):
            return self._converted(function, first, len(args), e)
        if function is np.ndarray.astype and isinstance(first, Num):
            return Num(
                self._dtype(args[1] if len(args) > 1 else kwargs.get("dtype"), first.dtype), first.ndim, first.shape
            )
        if getattr(function, "__module__", None) == "srcdiff.runtime":
            return self._helper(function, args)
        return None

    def _no_dimensions(self, e: Call) -> NoReturn:
        raise TypeProblem(
            UnsupportedType,
            "a 0-d array made from a number",
            "it is written in place where a number is not, and nothing in the program tells the two apart",
            "use the number itself; for an array with one element write np.array([x])",
            e.at,
        )

    def _length(self, function: Any, first: Type | None) -> Type:
        if isinstance(first, Tup):
            return Num("int64", weak=True, value=len(first.items))
        if isinstance(first, Num) and first.shape and (function is len or first.ndim == 1):
            return _int_of(first.shape[0])
        return INT

    def _by_shape(self, function: Any, args: tuple[Type, ...], kwargs: dict[str, Type], e: Call) -> Type | None:
        shape = args[0] if args else kwargs.get("shape")
        for length in shape.items if isinstance(shape, Tup) else (shape,):
            if isinstance(length, Num) and not length.is_integral:
                raise TypeProblem(
                    NotDifferentiable,
                    f"a {describe(length)} as a length",
                    "a length is a whole number; an argument in wrt is differentiated as the real number it is",
                    "leave the argument out of wrt, or convert with int(...)",
                    e.at,
                )
        place = 2 if function is np.full else 1
        dtype = args[place] if len(args) > place else kwargs.get("dtype")
        name = self._dtype(dtype, "float64")
        if function is np.full and dtype is None and isinstance(args[1], Num):
            name = args[1].dtype
        if isinstance(shape, Num) and shape.is_integral:
            return Num(name, 1, (_dim_of(shape),), contiguous=True)
        if isinstance(shape, Tup) and all(isinstance(t, Num) and t.is_integral for t in shape.items):
            dims = tuple(_dim_of(t) for t in shape.items if isinstance(t, Num))
            if not dims and function is not np.broadcast_to:
                self._no_dimensions(e)
            return Num(name, len(dims), dims, contiguous=True)
        return None

    def _dtype(self, given: Type | None, default: str) -> str:
        if not isinstance(given, Static) or given.value is None:
            return default
        name = np.dtype(given.value).name
        return "int64" if np.dtype(given.value).kind in "iu" else name

    def _array(self, first: Type, args: tuple[Type, ...], kwargs: dict[str, Type], e: Call) -> Type | None:
        given = args[1] if len(args) > 1 else kwargs.get("dtype")
        if isinstance(first, Num):
            return Num(self._dtype(given, first.dtype), first.ndim, first.shape, contiguous=first.contiguous)
        items = self._rows(e.args[0])
        if not items or not all(isinstance(t, Num) for t in items):
            return None
        joined = functools.reduce(lambda a, b: self._join(a, b, e), items)
        assert isinstance(joined, Num)
        if joined.ndim is None:
            return None
        shape = (Dim.known(len(items)), *joined.shape)
        return Num(self._dtype(given, joined.dtype), len(shape), shape, contiguous=True)

    def _rows(self, argument: Expr) -> list[Type]:
        """The types of the items of an array that is written out; an inner list is the array that it makes."""
        if not isinstance(argument, Display):
            type_ = self(argument)
            return list(type_.items) if isinstance(type_, Tup) else []
        make = Object(np.array, "np.array")
        return [self(Call(make, (i,)) if isinstance(i, Display) else i) for i in argument.items]

    def _reshaped(self, args: tuple[Type, ...]) -> Type | None:
        base, sizes = args[0], args[1:]
        if len(sizes) == 1 and isinstance(sizes[0], Tup):
            sizes = sizes[0].items
        if not isinstance(base, Num) or not all(isinstance(t, Num) and t.is_integral for t in sizes):
            return None
        dims = tuple(Dim(None) if t.value == -1 else _dim_of(t) for t in sizes if isinstance(t, Num))
        return Num(base.dtype, len(dims), dims, contiguous=base.contiguous)

    def _product(self, args: tuple[Type, ...], e: Call) -> Type | None:
        a, b = args[:2]
        if not (isinstance(a, Num) and isinstance(b, Num)) or a.ndim is None or b.ndim is None:
            return None
        if a.ndim > 2 or b.ndim > 2:
            raise TypeProblem(
                UnsupportedCall,
                f"a product of a {describe(a)} and a {describe(b)}",
                "matrix products have a rule for vectors and matrices",
                "loop over the leading dimensions",
                e.at,
            )
        if a.ndim == 0 or b.ndim == 0:
            return None
        shape = a.shape[:-1] + (b.shape[1:] if b.ndim == 2 else ())
        return Num(wider(a.dtype, b.dtype), len(shape), shape)

    def _range(self, args: tuple[Type, ...], e: Call) -> Type:
        for type_, arg in zip(args, e.args, strict=True):
            if not (isinstance(type_, Num) and type_.is_integral):
                raise TypeProblem(
                    NotDifferentiable,
                    f"range() of a {describe(type_)}",
                    "a count is a whole number; an argument in wrt is differentiated as the real number it is",
                    "leave the argument out of wrt, or convert with int(...)",
                    arg.at,
                )
        return Static(range(0))

    def _converted(self, function: Any, first: Num, count: int, e: Call) -> Type:
        if first.ndim != 0:
            raise TypeProblem(
                UnsupportedCall,
                f"{function.__name__}() of a {describe(first)}",
                "it takes a single number",
                "index the array, or use x.sum()",
                e.at,
            )
        if function is float or (function is round and count > 1):
            return FLOAT
        return INT

    def _helper(self, function: Any, args: tuple[Type, ...]) -> Type | None:
        name = function.__name__
        if name == "unbroadcast":
            return args[1].plain() if isinstance(args[1], Num) else None
        if name in ("power_mixed", "power_curvature") and all(isinstance(t, Num) for t in args):
            nums = [t for t in args if isinstance(t, Num)]
            if any(t.ndim is None for t in nums):
                return Num("float64", None)
            shape = broadcast([t.shape for t in nums])
            return Num("float64", len(shape), shape)
        if name in ("first_max", "first_min", "prod_partials", "zeros_like", "copied"):
            first = args[0]
            return Num(first.dtype, first.ndim, first.shape) if isinstance(first, Num) else None
        if name in ("one_hot", "prod_partials_pullback"):
            second = args[1]
            return Num(second.dtype, second.ndim, second.shape) if isinstance(second, Num) else None
        return None


def like(name: str, type_: Type) -> Type:
    """The type of an adjoint: the lengths of its variable, those that are not known under the variable's name."""
    known = _of_itself(type_, name)
    return known.plain() if isinstance(known, Num) else known


def wider(a: str, b: str) -> str:
    return str(np.promote_types(a, b))


def _valueless(t: Num) -> Num:
    return Num(t.dtype, t.ndim, t.shape, t.weak)


def _int_of(dim: Dim) -> Num:
    value = dim.token if isinstance(dim.token, int) else dim
    return Num("int64", weak=True, value=value)


def _dim_of(count: Num) -> Dim:
    """The length that an int stands for."""
    if isinstance(count.value, Dim):
        return count.value
    if isinstance(count.value, int):
        return Dim.known(count.value)
    return Dim(None)


def _int_value(function: Any, nums: list[Num]) -> Any:
    """What is known of the value of integer arithmetic."""
    values = [t.value for t in nums]
    if any(v is None for v in values):
        return None
    if all(isinstance(v, int) for v in values):
        if function in (operator.add, operator.sub, operator.mul, operator.neg, operator.lt, operator.le, operator.gt,
                        operator.ge, operator.eq, operator.ne, operator.not_):  # fmt: skip
            return function(*values)
        if function is operator.floordiv and values[1] != 0:
            return function(*values)
        return None
    if function is operator.sub and isinstance(values[0], Dim) and isinstance(values[1], int) and values[1] >= 0:
        return values[0].minus(values[1])
    return None
