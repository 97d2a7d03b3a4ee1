"""An array expression -> the expression for one element of it.

in:   u[2:, 1:-1] + alpha * v        at:  (i, j)        out:  u[i + 2, j + 1] + alpha * v[i, j]

What is not computed element by element (a matrix product, a function without a loop of its own here) is computed ahead
of the nest. Lengths that are not surely the same are never taken to be the same.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np

from ...ir.nodes import Call, Choice, Const, Display, Expr, Item, Logic, Name, Object, Slice
from ...ir.types import Dim, Num
from ...ir.walk import is_call_of
from ...normalise.iteration import minus
from ...rules import is_elementwise
from ...runtime import first_max, first_min, on_diagonal, unbroadcast
from ..storage import parts
from . import matrices
from .site import NotElementwise, Site, shifted

COPIES = (np.copy, np.ndarray.copy)
FILLED = {np.zeros_like: Const(0.0), np.ones_like: Const(1.0)}
MATRICES = (np.outer, np.tril, np.triu, np.diag, np.diagonal, np.ndarray.diagonal, on_diagonal)
_ARITHMETIC = (operator.add, operator.sub, operator.mul, operator.truediv, operator.neg)
_TURNED = (np.ndarray.T, np.transpose, np.ndarray.transpose)
_OF_BOOLS = {operator.invert: "not", operator.and_: "and", operator.or_: "or", np.logical_not: "not"}
_REAL = ("float64", "float32", "bool")


class Elements:
    """Elements of the expressions of one statement."""

    places: Callable[[Call], dict[int, Expr] | None]  # where the largest elements are: see `Reductions.places`

    def __init__(self, site: Site) -> None:
        self.site = site

    def operand(self, e: Expr, space: tuple[Dim, ...], index: tuple[Expr, ...]) -> Expr:
        """The element of `e`, broadcast to a space of these lengths, at this place in it."""
        type_ = self.site.num(e)
        rank = type_.ndim or 0
        if rank == 0:
            return self.number(e)
        if rank > len(space):
            raise NotElementwise
        own: list[Expr] = []
        for dim, wanted, counter in zip(type_.shape, space[-rank:], index[-rank:], strict=True):
            if self.site.same(dim, wanted):
                own.append(counter)
            elif dim.one is True:
                own.append(Const(0))
            elif self.site.assume(dim, wanted):
                own.append(counter)
            else:
                raise NotElementwise
        return self.element(e, tuple(own))

    def number(self, e: Expr) -> Expr:
        """A number that is the same for all elements: anything but arithmetic is done ahead of the nest."""
        match e:
            case Name() | Const():
                return e
            case Object(value=int() | float()):
                return e
            case Call(func=Object(value=f), args=args) if any(f is known for known in _ARITHMETIC) and not e.kwargs:
                return Call(e.func, tuple(map(self.number, args)), e.kwargs, e.at)
        return self.site.let(e)

    def element(self, e: Expr, index: tuple[Expr, ...]) -> Expr:
        """The element of an array at a place in it."""
        match e:
            case Name():
                self.note(e)
                return _item(e, index)
            case Item() if self.is_basic(e):
                return self.of_item(e, index)
            case Call(func=Object(value=f)):
                found = self.of_call(e, f, index)
                if found is not None:
                    return found
        return self.element(self.site.let(e), index)

    def note(self, e: Name) -> None:
        shape = self.site.num(e).shape
        for axis, dim in enumerate(shape):
            self.site.note_length(dim, e.id, axis, None)

    # --------------------------------------------------------------------------------------------------- calls

    def of_call(self, e: Call, f: object, index: tuple[Expr, ...]) -> Expr | None:
        """The element of what a call returns, or None where it is not known element by element."""
        type_ = self.site.num(e)
        if is_call_of(e, np.where) and len(e.args) == 3:
            test, then, other = (self.operand(a, type_.shape, index) for a in e.args)
            return Choice(test, then, other)
        if is_elementwise(f) and self.is_liftable(e, f, type_):
            args = tuple(self.operand(a, type_.shape, index) for a in e.args)
            return self.applied(e, f, args, type_)
        if is_call_of(e, *COPIES) and not e.kwargs:
            return self.element(e.args[0], index)
        if is_call_of(e, *FILLED) and not e.kwargs and len(e.args) == 1 and type_.is_float:
            self.noted(e.args[0])
            return FILLED[f]  # type: ignore[index]
        if is_call_of(e, np.full_like) and not e.kwargs and len(e.args) == 2:
            self.noted(e.args[0])
            return self.operand(e.args[1], type_.shape, index)
        if is_call_of(e, np.broadcast_to) and not e.kwargs:
            if is_call_of(e.args[1], np.ndarray.shape):
                self.noted(e.args[1].args[0])  # type: ignore[union-attr]
            return self.operand(e.args[0], type_.shape, index)
        if is_call_of(e, unbroadcast):
            return self.unbroadcast(e, type_, index)
        if is_call_of(e, first_max, first_min):
            return self.is_first(e, index)
        if is_call_of(e, *MATRICES):
            return matrices.element_of(self.site, self.element, e, index)
        if any(f is known for known in _TURNED) and len(e.args) == 1 and not e.kwargs:
            return self.element(e.args[0], index[::-1])
        if is_call_of(e, np.expand_dims) and len(e.args) == 2 and not e.kwargs:
            axis = e.args[1]
            found = [self.site.literal(a) for a in (axis.items if isinstance(axis, Display) else (axis,))]
            new = {a % len(index) for a in found if a is not None}
            if None not in found:
                return self.element(e.args[0], tuple(c for k, c in enumerate(index) if k not in new))
        return None

    def is_first(self, e: Call, index: tuple[Expr, ...]) -> Expr | None:
        """1 at the place of the largest (or smallest) element, 0 elsewhere."""
        places = self.places(e)
        if places is None:
            return None
        tests = tuple(Call(matrices.EQ, (index[axis], place)) for axis, place in self.placed(places, index))
        return Choice(tests[0] if len(tests) == 1 else Logic("and", tests), Const(1.0), Const(0.0))

    def placed(self, places: dict[int, Expr], index: tuple[Expr, ...]) -> list[tuple[int, Expr]]:
        """The places of the largest elements of the line that an element is in."""
        kept = tuple(c for k, c in enumerate(index) if k not in places)
        return [(axis, e if not kept or isinstance(e, Const) else _item(e, kept)) for axis, e in places.items()]

    def noted(self, e: Expr) -> None:
        """Note the lengths of an array that is not read itself."""
        rank = self.site.num(e).ndim or 0
        self.element(e, (Const(0),) * rank)

    def unbroadcast(self, e: Call, type_: Num, index: tuple[Expr, ...]) -> Expr | None:
        given = self.site.num(e.args[0])
        if given.ndim != type_.ndim:
            return None
        for a, b in zip(given.shape, type_.shape, strict=True):
            if not self.site.same(a, b) and (b.one is True or not self.site.assume(a, b)):
                return None
        self.noted(e.args[1])
        return self.element(e.args[0], index)

    def is_liftable(self, e: Call, f: object, type_: Num) -> bool:
        """Whether a function does to numbers in compiled code what it does to arrays: of whole numbers it would not
        always (their width), nor has every function an implementation for numbers."""
        known = isinstance(f, np.ufunc) or getattr(operator, getattr(f, "__name__", ""), None) is f or f is abs
        return bool(known) and type_.dtype in _REAL and not e.kwargs

    def applied(self, e: Call, f: object, args: tuple[Expr, ...], type_: Num) -> Expr:
        word = _OF_BOOLS.get(f) if type_.dtype == "bool" else None
        if word == "not":
            return Call(Object(operator.not_, "not"), args)
        if word is not None:
            return Logic(word, args)
        return Call(e.func, args, e.kwargs, e.at)

    # ------------------------------------------------------------------------------------------------- indices

    def is_basic(self, e: Item) -> bool:
        """Whether an index is made of whole numbers, slices, `None` and `...`."""
        return isinstance(self.site.typer(e.base), Num) and all(map(self.is_basic_part, parts(e)))

    def is_basic_part(self, part: Expr) -> bool:
        if isinstance(part, Slice) or (isinstance(part, Const) and part.value in (None, Ellipsis)):
            return True
        type_ = self.site.typer(part)
        return isinstance(type_, Num) and type_.is_integral and type_.dtype != "bool"

    def of_item(self, e: Item, index: tuple[Expr, ...]) -> Expr:
        """The element of a part of an array; the part is a view of its own where its bounds are not told here."""
        try:
            return self.element(e.base, self.composed(e, index))
        except NotElementwise:
            return self.element(self.site.let(e, view=True), index)

    def composed(self, e: Item, index: tuple[Expr, ...]) -> tuple[Expr, ...]:
        """The place in the whole array of a place in a part of it."""
        shape = self.site.num(e.base).shape
        found: list[Expr] = []
        waiting = list(index)
        own = parts(e)
        used = sum(1 for p in own if not (isinstance(p, Const) and p.value in (None, Ellipsis)))
        for part in own:
            if isinstance(part, Const) and part.value is None:
                waiting.pop(0)
            elif isinstance(part, Const) and part.value is Ellipsis:
                count = len(shape) - used
                found.extend(waiting[:count])
                del waiting[:count]
            elif isinstance(part, Slice):
                found.append(self.sliced(e, len(found), part, waiting.pop(0)))
            else:
                found.append(self.fixed(part))
        return (*found, *waiting)

    def fixed(self, e: Expr) -> Expr:
        match e:
            case Name() | Const():
                return e
            case Call(func=Object(value=operator.add | operator.sub | operator.neg), args=args):
                return Call(e.func, tuple(map(self.fixed, args)))
            case Call(func=Object(value=operator.mul), args=(Const(), Name())):
                return e
        return self.site.let(e)

    def sliced(self, e: Item, axis: int, part: Slice, counter: Expr) -> Expr:
        """The place along an axis of the place in a slice of it. Raises NotElementwise where the slice may begin
        elsewhere than it says, or runs in steps."""
        dim = self.site.num(e.base).shape[axis]
        cut = self.site.num(Item(e.base, _only(axis, part))).shape[axis]
        if isinstance(e.base, Name):
            self.site.note_length(cut, e.base.id, axis, part, self.is_within(dim, part))
        step = 1 if part.step is None else self.site.literal(part.step) or 1
        if step == -1 and part.lower is None and part.upper is None and isinstance(e.base, Name):
            return minus(minus(self.site.whole(e.base.id, axis), Const(1)), counter)
        if step != 1:
            raise NotElementwise
        return shifted(counter, self.start(dim, part))

    def start(self, dim: Dim, part: Slice) -> Expr:
        """Where a slice in steps of 1 begins, if what it says of its bounds surely holds for the axis."""
        low, high = (None if b is None else self.site.literal(b) for b in (part.lower, part.upper))
        if isinstance(dim.token, int) and (low, high) == (part.lower and low, part.upper and high):
            return Const(range(dim.token)[low:high].start)
        if self.is_within(dim, part):
            return Const(0) if part.lower is None else self.fixed(part.lower)
        if (part.lower is None or (low is not None and low >= 0)) and (part.upper is None or (high or 0) < 0):
            return Const(low or 0)
        raise NotElementwise

    def is_within(self, dim: Dim, part: Slice) -> bool:
        """Whether both bounds of a slice are surely places in the axis, the lower one first."""
        if part.within:
            return True
        places = [self.place(b) for b in (part.lower, part.upper)]
        given = all(p is not None or b is None for p, b in zip(places, (part.lower, part.upper), strict=True))
        return given and dim.between(places[0] or Dim.known(0), places[1] or dim) is not None

    def place(self, e: Expr | None) -> Dim | None:
        type_ = None if e is None else self.site.typer(e)
        if not isinstance(type_, Num):
            return None
        return type_.value if isinstance(type_.value, Dim) else Dim(type_.value)


def _only(axis: int, part: Slice) -> Expr:
    """The index that takes one slice of one axis."""
    every = Slice(None, None, None)
    return Display("tuple", (*(every for _ in range(axis)), part)) if axis else part


def _item(base: Expr, index: tuple[Expr, ...]) -> Item:
    return Item(base, index[0] if len(index) == 1 else Display("tuple", index))
