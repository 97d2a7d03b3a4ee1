"""One array statement -> a loop nest.

in:   u[1:-1] += alpha * laplacian          out:  for i in range(len(u) - 2):
                                                      u[i + 1] += alpha * laplacian[i]

Every value is computed from what was there before the statement: where a nest would read what it has written, the value
goes through an array of its own.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...derive.nests import MAX
from ...ir.nodes import Assign, Call, Const, Display, Expr, For, Item, Name, Object, Stmt, Update
from ...ir.types import Dim, Num
from ...ir.walk import is_call_of, names, rebuild, subexprs, targets
from ...normalise.iteration import RANGE
from ...rules import is_elementwise
from ...rules.typing import TypeProblem
from ...runtime import unbroadcast
from .elements import COPIES, SUMS, Elements
from .overlap import reads_what_it_wrote
from .site import Context, NotElementwise, Site

EMPTY = Object(np.empty, "np.empty")
ZEROS = Object(np.zeros, "np.zeros")
EMPTY_LIKE = Object(np.empty_like, "np.empty_like")
ZEROS_LIKE = Object(np.zeros_like, "np.zeros_like")
ADD = Object(operator.add, "+")
_SUMMED = (operator.add, operator.sub)
_DTYPES = {"float32": np.float32, "bool": np.bool_}


class Statement:
    """The lowering of one statement. Raises NotElementwise where it stays what it is."""

    def __init__(self, context: Context, s: Assign | Update, defined: set[str]) -> None:
        self.context, self.s = context, s
        target = s.target.base if isinstance(s.target, Item) else s.target
        name = target.id if isinstance(target, Name) else "part"
        self.site = Site(context, defined, context.wished.get(name, name))
        self.elements = Elements(self.site)

    def lowered(self) -> list[Stmt]:
        s = self.s
        if isinstance(s.target, Name) and (self.site.num(s.target).ndim or 0) == 0:
            return self.of_number()
        if not self.is_computed(s.value):
            raise NotElementwise
        if isinstance(s.target, Name) and isinstance(s, Assign):
            return self.made(s.target, s)
        return self.written(s)

    def is_computed(self, e: Expr) -> bool:
        """Whether the value is worth a nest: made element by element, or a sum."""
        is_write = isinstance(self.s, Update) or isinstance(self.s.target, Item)
        if is_write and (isinstance(e, Name | Const | Item) or self.site.num(e).ndim == 0):
            return True
        match e:
            case Call(args=(Item(),)) if is_call_of(e, *COPIES):
                return True
            case Call(func=Object(value=f)):
                own = is_call_of(e, np.where, unbroadcast, np.full_like, np.expand_dims, np.broadcast_to, *SUMS)
                copied = is_call_of(e, *COPIES) and not isinstance(e.args[0], Name) and self.is_computed(e.args[0])
                return own or copied or is_elementwise(f)
        return False

    # ------------------------------------------------------------------------------------------------ new arrays

    def made(self, target: Name, s: Assign) -> list[Stmt]:
        """`y = e` for a new array `y`."""
        type_, known = self.site.num(s.value), self.context.types[target.id]
        assert isinstance(known, Num)
        if type_.dtype != known.dtype or type_.dtype not in ("float64", "float32", "bool"):
            raise NotElementwise
        own = target
        if target.id in names(s.value):
            own = self.context.name(self.site.wish, replace(type_, contiguous=True))
        self.context.types[own.id] = replace(type_, contiguous=True) if own is not target else known
        self.site.unmade = own.id
        summed = self.summed_axes(s.value)
        if summed is not None:
            return self.made_sum(target, own, s, summed)
        index, loops = self.loops(type_.shape)
        element = self.elements.operand(s.value, type_.shape, index)
        body = replace(s, target=_place(own, index), value=element)
        nest = self.nest(loops, body)
        made = Assign(own, self.buffer(type_, s.value, EMPTY, EMPTY_LIKE), s.origin)
        self.context.buffers.add(own.id)
        for axis, dim in enumerate(type_.shape):
            length = self.site.extent(dim)
            if names(length) <= self.context.lasting:
                self.context.sizes[own.id, axis] = length
        last: list[Stmt] = [] if own is target else [replace(s, value=own)]
        return [replace(made, adjoint_of=s.adjoint_of), nest, *last]

    def made_sum(self, target: Name, own: Name, s: Assign, summed: tuple[Expr, tuple[int, ...]]) -> list[Stmt]:
        type_ = self.site.num(s.value)
        update = Update(own, ADD, s.value, s.origin, s.adjoint_of)
        nest = self.summing(update, own, *summed)
        made = Assign(own, self.buffer(type_, s.value, ZEROS, ZEROS_LIKE), s.origin, s.adjoint_of)
        last: list[Stmt] = [] if own is target else [replace(s, value=own)]
        return [made, nest, *last]

    def buffer(self, type_: Num, value: Expr, by_shape: Object, by_example: Object) -> Expr:
        """A new array of that type: like one that the value reads, or of a shape that is written out."""
        for e in sorted(subexprs(value), key=lambda e: bool(names(e) & self.context.buffers)):
            if not isinstance(e, Name | Item) or (isinstance(e, Item) and not self.elements.is_basic(e)):
                continue
            like = self.site.typer(e)
            if not isinstance(like, Num) or like.ndim != type_.ndim or like.dtype != type_.dtype:
                continue
            same = all(self.site.same(a, b) for a, b in zip(like.shape, type_.shape, strict=True))
            stays = not names(e) & self.context.buffers or not all(map(self.is_lasting, type_.shape))
            if same and stays and _is_plain(e) and (isinstance(e, Item) or like.contiguous):
                return Call(by_example, (e,))
        lengths = tuple(_natural(self.site.extent(d)) for d in type_.shape)
        shape = lengths[0] if len(lengths) == 1 else Display("tuple", lengths)
        dtype = _DTYPES.get(type_.dtype)
        return Call(by_shape, (shape,) if dtype is None else (shape, Object(dtype, f"np.{dtype.__name__}")))

    def is_lasting(self, dim: Dim) -> bool:
        """Whether a length is told without an array that may disappear."""
        return names(self.site.extent(dim)) <= self.context.lasting

    # ---------------------------------------------------------------------------------------------------- writes

    def written(self, s: Assign | Update) -> list[Stmt]:
        """`y[...] = e` and `y[...] += e`, or `y += e`."""
        place = s.target
        type_ = self.site.num(place)
        if type_.ndim == 0 or type_.dtype not in ("float64", "float32"):
            raise NotElementwise
        if not isinstance(place, Name) and not (isinstance(place, Item) and self.elements.is_basic(place)):
            raise NotElementwise
        if isinstance(s, Update) and not _is_arithmetic(s.op):
            raise NotElementwise
        summed = self.summed_axes(s.value)
        if summed is not None and isinstance(s, Update) and s.op.value in _SUMMED and self.fits(s.value, type_):
            nest = self.summing(s, place, *summed)
            return [nest]
        index, loops = self.loops(type_.shape)
        own = self.elements.element(place, index)
        element = self.elements.operand(s.value, type_.shape, index)
        body = replace(s, target=own, value=element)
        counters = [c.id for c in index if isinstance(c, Name)]
        if reads_what_it_wrote(body, counters, self.context.storage):
            return self.in_two_steps(s)
        return [self.nest(loops, body)]

    def fits(self, e: Expr, wanted: Num) -> bool:
        found = self.site.num(e)
        return found.ndim == wanted.ndim and all(
            self.site.same(a, b) or self.site.assume(a, b) for a, b in zip(found.shape, wanted.shape, strict=True)
        )

    def in_two_steps(self, s: Assign | Update) -> list[Stmt]:
        """The value in an array of its own, then the write."""
        value_type = self.site.num(s.value)
        if value_type.ndim == 0 or isinstance(s.value, Name):
            raise NotElementwise
        value = s.value if not isinstance(s.value, Item) else Call(Object(np.ndarray.copy, "copy"), (s.value,))
        kept = self.context.name(f"{self.site.wish}_1", replace(value_type, contiguous=True, value=None))
        defined = self.site.defined
        self.site.ahead.clear()
        self.site.assumed.clear()
        first = Assign(kept, value, s.origin, s.adjoint_of)
        second = replace(s, value=kept)
        return [s2 for part in (first, second) for s2 in lowered(self.context, part, defined)]

    # ------------------------------------------------------------------------------------------------------ sums

    def summed_axes(self, e: Expr) -> tuple[Expr, tuple[int, ...]] | None:
        """What is summed, and over which axes, where a value is a sum over some axes of an array."""
        if is_call_of(e, *SUMS):
            assert isinstance(e, Call)
            named = dict(e.kwargs)
            given = e.args[1] if len(e.args) == 2 else named.pop("axis", None)
            keep = named.pop("keepdims", Const(False))
            axis = None if given is None else self.site.literal(given)
            inner = self.site.num(e.args[0])
            if named or axis is None or given == Const(None) or keep != Const(False) or not inner.is_float:
                return None
            return e.args[0], (axis % (inner.ndim or 1),)
        return None

    def summing(self, s: Update, place: Expr, inner: Expr, axes: tuple[int, ...]) -> Stmt:
        """A nest over all axes of what is summed, that adds each element where it belongs."""
        shape = self.site.num(inner).shape
        index, loops = self.loops(shape)
        kept = tuple(c for k, c in enumerate(index) if k not in axes)
        own = self.elements.element(place, kept)
        body = replace(s, target=own, value=self.elements.element(inner, index))
        counters = [c.id for c in index if isinstance(c, Name)]
        if reads_what_it_wrote(body, counters, self.context.storage):
            raise NotElementwise
        return self.nest(loops, body)

    def of_number(self) -> list[Stmt]:
        """A number computed from sums of arrays: each of them is added up in a variable."""
        s = self.s
        direct = self.whole_sum(s.value)
        if direct is not None and isinstance(s, Update) and s.op.value in _SUMMED:
            nest = self.adding(s, s.target, direct)
            return [nest]
        is_new = direct is not None and isinstance(s, Assign) and isinstance(s.target, Name)
        if direct is not None and is_new and not set(targets(s.target)) & names(direct):
            update = Update(s.target, ADD, s.value, s.origin, s.adjoint_of)
            nest = self.adding(update, s.target, direct)
            return [replace(s, value=Const(0.0)), nest]
        found: list[Stmt] = []

        def replaced(e: Expr) -> Expr:
            inner = self.whole_sum(e)
            if inner is None:
                return rebuild(e, replaced)
            total = self.context.name(f"{self.site.wish}_1", Num(self.site.num(e).dtype))
            update = Update(total, ADD, e, s.origin, s.adjoint_of)
            nest = self.adding(update, total, inner)
            found.extend([Assign(total, Const(0.0), s.origin, s.adjoint_of), nest])
            return total

        value = replaced(s.value)
        if not found:
            raise NotElementwise
        return [*found, replace(s, value=value)]

    def whole_sum(self, e: Expr) -> Expr | None:
        """What is summed, where an expression is the sum of all elements of an array."""
        if not is_call_of(e, *SUMS):
            return None
        assert isinstance(e, Call)
        inner = self.site.num(e.args[0])
        return e.args[0] if len(e.args) == 1 and not e.kwargs and inner.ndim and inner.is_float else None

    def adding(self, s: Update, target: Expr, inner: Expr) -> Stmt:
        shape = self.site.num(inner).shape
        index, loops = self.loops(shape)
        return self.nest(loops, replace(s, target=target, value=self.elements.element(inner, index)))

    # ----------------------------------------------------------------------------------------------------- loops

    def loops(self, shape: Sequence[Dim]) -> tuple[tuple[Expr, ...], list[tuple[Name, Dim]]]:
        """The counters of a nest over a space, and its loops; an axis of length 1 takes none."""
        if len(shape) > len(self.context.letters):
            raise NotElementwise
        index: list[Expr] = []
        loops: list[tuple[Name, Dim]] = []
        for dim in shape:
            if dim.one is True:
                index.append(Const(0))
                continue
            counter = self.context.counter(len(loops), dim, self.site.equal)
            index.append(counter)
            loops.append((counter, dim))
        return tuple(index), loops

    def nest(self, loops: list[tuple[Name, Dim]], body: Stmt) -> Stmt:
        for counter, dim in reversed(loops):
            header = Call(RANGE, (self.site.extent(dim),))
            body = For(counter, header, (body,), (), body.origin, body.adjoint_of)
        return body


def lowered(context: Context, s: Assign | Update, defined: set[str]) -> list[Stmt]:
    """The statements that stand for one, itself where it is no array statement or not one that can be lowered."""
    if isinstance(s.target, Display):
        return [s]
    try:
        statement = Statement(context, s, defined)
        found = statement.lowered()
        site = statement.site
        checks = site.checks()
        return [*site.ahead, *checks, *found]
    except (NotElementwise, TypeProblem):
        return [s]


def _place(base: Name, index: tuple[Expr, ...]) -> Item:
    return Item(base, index[0] if len(index) == 1 else Display("tuple", index))


def _is_plain(e: Expr) -> bool:
    """Whether a part of an array is one that is quick to take: slices of a variable."""
    return isinstance(e, Name) or (isinstance(e, Item) and isinstance(e.base, Name))


def _is_arithmetic(op: Object) -> bool:
    return op.value in (operator.add, operator.sub, operator.mul, operator.truediv)


def _natural(e: Expr) -> Expr:
    """A length that may come out below zero, as one of an array."""
    is_difference = isinstance(e, Call) and isinstance(e.func, Object) and e.func.value is operator.sub
    return Call(MAX, (e, Const(0))) if is_difference else e
