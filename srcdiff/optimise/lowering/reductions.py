"""Reductions as nests: sums, products, the largest and the smallest, over all axes or some of them.

in:   y = np.max(x, axis=1)             out:  y = np.empty(len(x))
                                              for i in range(len(x)):
                                                  y_1 = -np.inf
                                                  for j in range(x.shape[1]):
                                                      y_1 = larger(y_1, x[i, j])
                                                  y[i] = y_1

Where the reduced axes are the last ones, a variable takes the terms; elsewhere the elements of the result do, in the
order in which the terms lie in memory.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ...derive.nests import MAX
from ...derive.terms import NEG
from ...ir.nodes import Assign, Call, Const, Display, Effect, Expr, If, Item, Name, Object, Stmt, Update
from ...ir.types import Dim, Num
from ...ir.walk import is_call_of, rebuild
from ...normalise.iteration import times
from ...runtime import above, below, first_max, first_min, larger, not_empty, smaller, unbroadcast
from .elements import COPIES, Elements
from .nests import Loop, loops, nest
from .site import NotElementwise, Site

ADD = Object(operator.add, "+")
_MUL = Object(operator.mul, "*")
_DIV = Object(operator.truediv, "/")
_INF = Object(np.inf, "np.inf")
_SUMS, _MEANS = (np.sum, np.ndarray.sum), (np.mean, np.ndarray.mean)
_GREATEST, _LEAST = (np.max, np.ndarray.max), (np.min, np.ndarray.min)
_PRODUCTS = (np.prod, np.ndarray.prod)
LARGER, SMALLER = Object(larger, "larger"), Object(smaller, "smaller")
ABOVE, BELOW = Object(above, "above"), Object(below, "below")
NOT_EMPTY = Object(not_empty, "not_empty")


class Reduction(NamedTuple):
    """`kind` is "sum", "prod", "max" or "min"; `axes` of `inner` are reduced; `result` has for each axis of the result
    the axis of `inner` that it is, None for one of length 1 that takes the place of a reduced axis."""

    kind: str
    inner: Expr
    axes: tuple[int, ...]
    result: tuple[int | None, ...]
    like: Expr | None = None  # what has the shape of the result

    @property
    def start(self) -> Expr:
        return STARTS[self.kind]

    def step(self, total: Expr, term: Expr, like: Stmt) -> Stmt:
        """The statement that takes one more term into a total."""
        origin, adjoint_of = like.origin, like.adjoint_of
        if self.kind in ("sum", "prod"):
            return Update(total, ADD if self.kind == "sum" else _MUL, term, origin, adjoint_of)
        further = LARGER if self.kind == "max" else SMALLER
        return Assign(total, Call(further, (total, term)), origin, adjoint_of)


STARTS: dict[str, Expr] = {"sum": Const(0.0), "prod": Const(1.0), "max": Call(NEG, (_INF,)), "min": _INF}
_KINDS = (("sum", _SUMS), ("prod", _PRODUCTS), ("max", _GREATEST), ("min", _LEAST))


def reduction_of(site: Site, e: Expr) -> Reduction | None:
    """The reduction that an expression is, if it is one of floats over axes that are known."""
    if is_call_of(e, *COPIES) and isinstance(e, Call) and not e.kwargs:
        return reduction_of(site, e.args[0])
    if is_call_of(e, unbroadcast):
        return _summed_back(site, e)
    for kind, functions in _KINDS:
        if is_call_of(e, *functions):
            assert isinstance(e, Call)
            return _along_axes(site, e, kind)
    return None


def _along_axes(site: Site, e: Call, kind: str) -> Reduction | None:
    inner = site.num(e.args[0])
    axes, keep = _axes(site, e, inner)
    if axes is None or not inner.is_float or not inner.ndim:
        return None
    rest = range(inner.ndim)
    result = tuple(None if k in axes else k for k in rest) if keep else tuple(k for k in rest if k not in axes)
    return Reduction(kind, e.args[0], axes, result)


def _axes(site: Site, e: Call, inner: Num) -> tuple[tuple[int, ...] | None, bool]:
    """The axes that a reduction is over, in ascending order, None where they are not known; and whether it keeps them
    as axes of length 1."""
    named = dict(e.kwargs)
    given = e.args[1] if len(e.args) == 2 else named.pop("axis", None)
    keep = named.pop("keepdims", Const(False))
    rank = inner.ndim or 0
    if named or len(e.args) > 2 or not isinstance(keep, Const) or type(keep.value) is not bool:
        return None, False
    if given is None or given == Const(None):
        return tuple(range(rank)), keep.value
    found = [site.literal(i) for i in (given.items if isinstance(given, Display) else (given,))]
    axes = [k % rank for k in found if k is not None and -rank <= k < rank]
    known = len(axes) == len(found) and len(set(axes)) == len(axes)
    return tuple(sorted(axes)) if known else None, keep.value


def _summed_back(site: Site, e: Expr) -> Reduction | None:
    """The sum that gives an adjoint the shape of what was broadcast, where the types tell over which axes it goes."""
    assert isinstance(e, Call)
    given, wanted = site.num(e.args[0]), site.num(e)
    if given.ndim is None or wanted.ndim is None or given.ndim < wanted.ndim or not given.is_float:
        return None
    lead = given.ndim - wanted.ndim
    axes = list(range(lead))
    result: list[int | None] = []
    for k, (a, b) in enumerate(zip(given.shape[lead:], wanted.shape, strict=True)):
        if b.one is True:
            axes.append(lead + k)
            result.append(None)
        elif site.same(a, b) or site.assume(a, b):
            result.append(lead + k)
        else:
            return None
    if not any(given.shape[k].one is not True for k in axes) and not lead:
        return None
    return Reduction("sum", e.args[0], tuple(axes), tuple(result), e.args[1])


def is_mean(e: Expr) -> bool:
    return is_call_of(e, *_MEANS)


def without_means(elements: Elements, e: Expr) -> Expr:
    """The expression with means as sums, divided by the number of elements."""
    if is_mean(e):
        assert isinstance(e, Call)
        site = elements.site
        inner = site.num(e.args[0])
        axes, _ = _axes(site, e, inner)
        if axes is not None and inner.is_float and inner.ndim:
            elements.noted(e.args[0])
            total = Call(Object(np.sum, "np.sum"), (without_means(elements, e.args[0]), *e.args[1:]), e.kwargs)
            return Call(_DIV, (total, count(site, [inner.shape[k] for k in axes])))
    return rebuild(e, lambda part: without_means(elements, part))


def count(site: Site, dims: Sequence[Dim]) -> Expr:
    """The number of elements in a space."""
    found: Expr = Const(1)
    for dim in dims:
        found = times(found, natural(site.extent(dim)))
    return found


def natural(e: Expr) -> Expr:
    """A length that may come out below zero, as one of an array."""
    is_difference = isinstance(e, Call) and isinstance(e.func, Object) and e.func.value is operator.sub
    return Call(MAX, (e, Const(0))) if is_difference else e


class Reductions:
    """The nests of the reductions of one statement."""

    def __init__(self, elements: Elements, s: Assign | Update) -> None:
        self.elements, self.site, self.s = elements, elements.site, s
        self.context = elements.site.context
        elements.places = self.places

    def assign(self, target: Expr, value: Expr) -> Assign:
        return Assign(target, value, self.s.origin, self.s.adjoint_of)

    # ------------------------------------------------------------------------------------------- into what is there

    def into(self, s: Update, place: Expr, r: Reduction) -> list[Stmt]:
        """Each term of a sum added (or subtracted) where it belongs, in a variable or an array."""
        index, own = loops(self.site, self.site.num(r.inner).shape)
        term = self.term(r, index)
        if r.result:
            place = self.elements.element(place, self.kept(r, index))
        return nest(self.site, own, [replace(s, target=place, value=term)])

    def to_number(self, s: Stmt, total: Name, r: Reduction) -> list[Stmt]:
        """A variable that gets a reduction to a number."""
        index, own = loops(self.site, self.site.num(r.inner).shape)
        term = self.term(r, index)
        start = self.assign(total, r.start)
        return [*self.checks(r), start, *nest(self.site, own, [r.step(total, term, s)])]

    # --------------------------------------------------------------------------------------------------- new arrays

    def to_array(self, s: Assign, own: Name, r: Reduction, dtype: str) -> tuple[Expr | None, list[Stmt]]:
        """The nests that fill an array, and what it is to be filled with before, if they add to it."""
        shape = self.site.num(r.inner).shape
        index, space = loops(self.site, shape)
        place = self.elements.element(own, self.kept(r, index))
        term = self.term(r, index)
        if not self.is_last(shape, r):
            return r.start, [*self.checks(r), *nest(self.site, space, [r.step(place, term, s)])]
        outer, inner = self.split(r, space)
        total = self.context.name(f"{self.site.wish}_1", Num(dtype))
        self.context.totals.add(total.id)
        start = self.assign(total, r.start)
        body = [start, *nest(self.site, inner, [r.step(total, term, s)]), replace(s, target=place, value=total)]
        return None, [*self.checks(r), *nest(self.site, outer, body)]

    def term(self, r: Reduction, index: tuple[Expr, ...]) -> Expr:
        if r.like is not None:
            self.elements.noted(r.like)
        return self.elements.element(r.inner, index)

    def kept(self, r: Reduction, index: tuple[Expr, ...]) -> tuple[Expr, ...]:
        return tuple(Const(0) if k is None else index[k] for k in r.result)

    def is_last(self, shape: Sequence[Dim], r: Reduction) -> bool:
        """Whether no axis that is kept comes behind one that is reduced."""
        order = [k in r.axes for k in _long(shape)]
        return order == sorted(order)

    def checks(self, r: Reduction) -> list[Stmt]:
        """What raises NumPy's error where there is no largest or smallest element."""
        if r.kind not in ("max", "min"):
            return []
        shape = self.site.num(r.inner).shape
        reduced = [shape[k] for k in r.axes]
        if all(isinstance(d.token, int) and d.token > 0 for d in reduced):
            return []
        lines = count(self.site, [d for k, d in enumerate(shape) if k not in r.axes])
        args = (count(self.site, reduced),) if lines == Const(1) else (count(self.site, reduced), lines)
        return [Effect(Call(NOT_EMPTY, args))]

    # ------------------------------------------------------------------------- the places of the first largest elements

    def places(self, e: Call) -> dict[int, Expr] | None:
        """For `first_max(x, axis)`: by axis, the array (or number) of the places of the first largest elements along
        it, which is computed ahead; None where it cannot be."""
        known = self.context.searches
        try:
            self.elements.noted(e.args[0])
            if e not in known:
                known[e] = self.search(e)
        except NotElementwise:
            return None
        return known[e]

    def search(self, e: Call) -> dict[int, Expr]:
        given, axis = e.args[0], e.args[1] if len(e.args) == 2 else Const(None)
        inner = self.site.num(given)
        axes, _ = _axes(self.site, Call(e.func, (given, axis)), inner)
        if axes is None or e.kwargs or not inner.is_float or not inner.ndim or not isinstance(given, Name | Item):
            raise NotElementwise
        if isinstance(axis, Display) and axes != tuple((self.site.literal(i) or 0) % inner.ndim for i in axis.items):
            raise NotElementwise  # of equal ones another one comes first
        rest = tuple(k for k in range(inner.ndim) if k not in axes)
        r = Reduction("max" if is_call_of(e, first_max) else "min", given, axes, rest)
        kept = tuple(inner.shape[k] for k in rest)
        searched = [k for k in axes if inner.shape[k].one is not True]
        found = {k: self.place(Num("int64", len(kept), kept)) for k in searched}
        index, space = loops(self.site, inner.shape)
        self.site.ahead += self.checks(r)
        if rest and self.is_last(inner.shape, r):
            self.site.ahead += self.by_lines(r, found, index, space)
        else:
            start = Const(0) if not rest else self.empty(r, Object(np.zeros, "np.zeros"))
            best: dict[int, Expr] = {k: _at(v, self.kept(r, index)) for k, v in found.items()}
            made = [self.assign(v, start) for v in found.values()]
            self.site.ahead += [*made, *nest(self.site, space, [self.take(r, index, best)])]
        return {k: found.get(k, Const(0)) for k in axes}

    def place(self, type_: Num) -> Name:
        found = self.context.name(f"{self.site.wish}_at", type_)
        self.context.places.add(found.id)
        return found

    def by_lines(self, r: Reduction, found: dict[int, Name], index: tuple[Expr, ...], space: list[Loop]) -> list[Stmt]:
        """The search in variables, line by line."""
        numbers = {k: self.place(Num("int64")) for k in found}
        self.context.totals |= {v.id for v in numbers.values()}
        own: dict[int, Expr] = dict(numbers)
        outer, inner = self.split(r, space)
        body: list[Stmt] = [self.assign(v, Const(0)) for v in own.values()]
        body += nest(self.site, inner, [self.take(r, index, own)])
        body += [self.assign(_at(v, self.kept(r, index)), own[k]) for k, v in found.items()]
        self.context.buffers |= {v.id for v in found.values()}
        made = [self.assign(v, self.empty(r, Object(np.empty, "np.empty"))) for v in found.values()]
        return [*made, *nest(self.site, outer, body)]

    def split(self, r: Reduction, space: list[Loop]) -> tuple[list[Loop], list[Loop]]:
        """The loops over axes that are kept, and those over axes that are reduced."""
        pairs = list(zip(space, _long(self.site.num(r.inner).shape), strict=True))
        return [loop for loop, k in pairs if k not in r.axes], [loop for loop, k in pairs if k in r.axes]

    def empty(self, r: Reduction, function: Object) -> Expr:
        shape = self.site.num(r.inner).shape
        lengths = tuple(natural(self.site.extent(shape[k])) for k in r.result if k is not None)
        whole = lengths[0] if len(lengths) == 1 else Display("tuple", lengths)
        return Call(function, (whole, Object(np.int64, "np.int64")))

    def take(self, r: Reduction, index: tuple[Expr, ...], best: dict[int, Expr]) -> Stmt:
        """The next element takes the place of the best one so far."""
        first = ABOVE if r.kind == "max" else BELOW
        at = tuple(best.get(k, c) for k, c in enumerate(index))
        test = Call(first, (self.elements.element(r.inner, index), self.elements.element(r.inner, at)))
        body = tuple(self.assign(v, index[k]) for k, v in best.items())
        return If(test, body, (), self.s.origin, self.s.adjoint_of)


def _long(shape: Sequence[Dim]) -> list[int]:
    """The axes that have a loop."""
    return [k for k, d in enumerate(shape) if d.one is not True]


def _at(base: Name, index: tuple[Expr, ...]) -> Expr:
    if not index:
        return base
    return Item(base, index[0] if len(index) == 1 else Display("tuple", index))


def first_factor(e: Expr) -> tuple[Expr | None, Call] | None:
    """An expression as a product with `first_max` or `first_min` of something: the other factors, and that call."""
    if is_call_of(e, first_max, first_min):
        assert isinstance(e, Call)
        return None, e
    if is_call_of(e, operator.mul) and isinstance(e, Call):
        for k, part in enumerate(e.args):
            found = first_factor(part)
            if found is not None:
                rest, call = found
                other = e.args[1 - k]
                return other if rest is None else replace(e, args=(rest, other) if k == 0 else (other, rest)), call
    if is_call_of(e, operator.neg) and isinstance(e, Call):
        found = first_factor(e.args[0])
        if found is not None:
            rest, call = found
            return Call(NEG, (Const(1.0) if rest is None else rest,)), call
    return None
