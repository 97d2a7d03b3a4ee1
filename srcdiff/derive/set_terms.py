"""The set of inputs that an expression depends on, by the structure of its rules.

in:   a * np.sin(b[i])        out:  a_from | b_from[i]
      np.sum(x, axis=0)             sets.union(x_from, axis=0)
      np.reshape(x, (2, 3))         np.reshape(x_from, (2, 3))

An elementwise function depends on what its operands depend on; a function that moves elements is itself applied to the
sets; a reduction unites them along its axes, a product of matrices along what it sums over. Of any other function every
element of the result depends on every element of the operands. A set may hold an input too many, never one too few:
what has a tangent in `tangents` has a set here. (Griewank and Walther, Evaluating Derivatives, 2nd ed., section 7.1:
propagation of index domains.)
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import runtime, sets
from ..ir.nodes import Call, Choice, Const, Display, Expr, Item, Object
from ..ir.types import ListOf, Num
from ..rules import Rule, bilinear_operands, is_elementwise, joins, linear_operands, rule_of
from ..rules.typing import Typer
from .places import is_place
from .push import check_part, differentiated, no_rule, operands_of, same_shape
from .splice import splice
from .tangents import Tangents
from .terms import ZERO, simplified

OR = Object(operator.or_, "|")
EMPTY = Const(0)


def of_sets(function: Any) -> Object:
    return Object(function, f"sets.{function.__name__}")


# functions of which every element of the result is an element of the first operand, or zero: they take sets as they are
_MOVES = {
    *(operator.getitem, np.copy, np.ndarray.copy, runtime.copied, np.ascontiguousarray),
    *(np.reshape, np.ndarray.reshape, np.ravel, np.ndarray.ravel, np.ndarray.flatten, np.expand_dims),
    *(np.squeeze, np.ndarray.squeeze, np.ndarray.T, np.ndarray.mT, np.matrix_transpose, np.transpose),
    *(np.ndarray.transpose, np.swapaxes, np.ndarray.swapaxes, np.moveaxis, np.broadcast_to),
    *(np.repeat, np.ndarray.repeat, np.tile, np.roll, np.tril, np.triu, np.diag, np.diagonal, np.ndarray.diagonal),
    *(np.fft.fftshift, np.fft.ifftshift, np.take_along_axis, runtime.on_diagonal, runtime.following),
}
# functions whose result is an operand, as far as sets are concerned
_SAME = {
    *(np.asarray, np.array, np.ndarray.astype, np.real, np.ndarray.real, np.imag, np.ndarray.imag),
    *(np.conjugate, np.ndarray.conj, np.ndarray.conjugate, runtime.only_last, runtime.halved, runtime.doubled),
    *(runtime.watched, runtime.lower_half),
}
_REDUCTIONS = {
    *(np.sum, np.ndarray.sum, np.mean, np.ndarray.mean, np.prod, np.ndarray.prod, np.max, np.ndarray.max),
    *(np.min, np.ndarray.min, np.median, np.linalg.norm, np.logaddexp.reduce),
}
_PRODUCTS = {operator.matmul, np.matmul, np.dot, np.ndarray.dot}
# functions of other operands, too, with the functions of sets that take them in the same places
_BY_SETS = {
    runtime.unbroadcast: sets.unbroadcast,
    runtime.scattered: sets.scattered,
    runtime.put_along: sets.put_along,
    runtime.diff_back: sets.diff_back,
    runtime.cumsum_back: sets.running_union_back,
    np.diff: sets.diff,
    np.cumsum: sets.running_union,
    np.cumprod: sets.running_union,
}


@dataclass
class Sets(Tangents):
    """The same questions as of tangents, answered with sets of inputs."""

    def of(self, e: Expr, top: bool = False) -> Expr | None:
        if isinstance(e, Display):
            return self.displayed(e) if self.is_active(e) else None
        found = self.parts_of(e, top)
        if not found:
            return None
        return self.shaped(self.united(found), e) if self.is_union(e) else found[0]

    def zero(self, e: Expr) -> Expr:
        if isinstance(e, Display):
            return replace(e, items=tuple(map(self.zero, e.items)))
        type_ = Typer(self.types)(e)
        return EMPTY if isinstance(type_, Num) and type_.ndim == 0 else Call(of_sets(sets.empty_like), (e,))

    def united(self, found: Iterable[Expr]) -> Expr:
        return functools.reduce(lambda a, b: Call(OR, (a, b)), dict.fromkeys(found))

    def typed(self, e: Expr) -> Num:
        type_ = Typer(self.types)(e)
        assert isinstance(type_, Num)
        return type_

    def shaped(self, value: Expr, e: Expr) -> Expr:
        """The sets of an elementwise `e` in its shape: united with empty sets of the shapes of those operands that
        may be wider."""
        members = _members(value)
        for operand in self.operands(e):
            if same_shape(self.typed(value), self.num(e)):
                break
            found = self.parts_of(operand)
            if self.num(operand).ndim != 0 and not (found and members.issuperset(found)):
                value = Call(OR, (value, Call(of_sets(sets.empty_like), (operand,))))
        return value

    def operands(self, e: Expr) -> list[Expr]:
        """The operands of an elementwise expression that are none themselves."""
        if isinstance(e, Call) and self.is_union(e):
            given = [*e.args, *(v for _, v in e.kwargs)]
            return [leaf for a in given if isinstance(Typer(self.types)(a), Num) for leaf in self.operands(a)]
        return [e]

    def is_union(self, e: Expr) -> bool:
        """Whether this is a call of which each element depends on the same elements of the operands alone."""
        if not isinstance(e, Call) or not isinstance(e.func, Object) or e.func.value is np.where:
            return False
        rule = rule_of(e.func.value)
        return rule is not None and (
            rule.kind == "partials" or (rule.kind == "constant" and is_elementwise(e.func.value))
        )

    # ------------------------------------------------------------------------------------------------------ members

    def parts_of(self, e: Expr, top: bool = False) -> list[Expr]:
        """The sets whose union is that of `e`."""
        if isinstance(e, Display) or not self.is_active(e) or not self.is_carrier(e):
            return []
        if not isinstance(e, Call):
            return [self.leaf(e)]
        assert isinstance(e.func, Object)
        rule = rule_of(e.func.value)
        if rule is None:
            raise no_rule(e)
        y = self.result if top and self.result is not None else e
        if self.is_union(e):
            partials = splice(rule, e, {"y": y}, self.types)
            pairs = differentiated(rule, e, partials, self.is_active)
            return [s for operand, p in pairs if simplified(p) != ZERO for s in self.parts_of(operand)]
        active = self.carriers(e, rule)
        return [self.by_structure(e, rule, y, active)] if active else []

    def carriers(self, e: Call, rule: Rule) -> list[Expr]:
        """The operands that the result depends on, and not on their shapes alone."""
        assert isinstance(e.func, Object)
        named = linear_operands(e.func.value) or bilinear_operands(e.func.value) or rule.operands
        return [operand for name, operand in operands_of(rule, e) if name in named and self.is_active(operand)]

    def is_carrier(self, e: Expr) -> bool:
        type_ = Typer(self.types)(e)
        return isinstance(type_, ListOf) or (isinstance(type_, Num) and type_.is_inexact)

    def mirrored(self, e: Expr) -> Expr:
        match e:
            case Call(func=Object(value=np.real | np.imag | np.ndarray.real | np.ndarray.imag), args=(whole,)):
                return self.mirrored(whole)  # a complex number has one set
        return super().mirrored(e)

    def leaf(self, e: Expr) -> Expr:
        match e:
            case Choice(test=test, then=then, other=other):
                return Choice(test, self.of(then) or self.zero(then), self.of(other) or self.zero(other), e.at)
            case Item(base=base) if not is_place(e):
                return replace(e, base=self.of(base) or self.zero(base))
        return super().leaf(e)

    # ------------------------------------------------------------------------------------- what is not elementwise

    def by_structure(self, e: Call, rule: Rule, y: Expr, active: list[Expr]) -> Expr:
        assert isinstance(e.func, Object)
        function, first = e.func.value, e.args[0] if e.args else Const(None)
        if joins(e):
            return self.joined(e, first)
        if function is np.where:
            test, a, b = e.args
            return Call(of_sets(sets.where), (test, self.operand(a, True), self.operand(b, True)))
        if active == [first]:
            found = self.of_first(e, function, first, dict(operands_of(rule, e)))
            if found is not None:
                return found
        if function is runtime.replaced:
            x, index, v = e.args
            return replace(e, args=(self.operand(x, False), index, self.operand(v, False)))
        if function in (np.full, np.full_like):
            shape, value = e.args[:2]
            if function is np.full:
                return Call(of_sets(sets.full), (shape, self.operand(value, False)))
            return Call(of_sets(sets.like), (self.operand(value, False), shape))
        return self.product(e, function) or self.everything(e, y, active)

    def of_first(self, e: Call, function: Any, first: Expr, given: dict[str, Expr]) -> Expr | None:
        """The sets of a function of its first operand; None for one that is not known."""
        rest = e.args[1:]
        if function in _MOVES:
            return replace(e, args=(self.operand(first, False), *rest))
        if function in _SAME:
            type_ = Typer(self.types)(first)
            if not isinstance(type_, Num):  # a list
                return Call(of_sets(sets.array), (self.operand(first, False),))
            return self.operand(first, False) if type_.ndim == self.num(e).ndim is not None else None
        if function in _REDUCTIONS:
            along = tuple((k, given[k]) for k in ("axis", "keepdims") if k in given)
            if function == np.logaddexp.reduce and "axis" not in given:  # a new object at each look
                along = (("axis", Const(0)), *along)
            return Call(of_sets(sets.union), (self.operand(first, False),), along)
        if function in (np.trace, np.ndarray.trace):
            diagonal = replace(e, func=Object(np.diagonal, "np.diagonal"), args=(self.operand(first, False), *rest))
            return Call(of_sets(sets.union), (diagonal,), (("axis", Const(-1)),))
        if function is np.pad and not e.kwargs:
            mode = rest[1] if len(rest) > 1 else Const("constant")
            known = isinstance(mode, Const) and mode.value in ("edge", "wrap", "reflect", "symmetric")
            moved = rest[:2] if known else rest[:1]
            return replace(e, args=(self.operand(first, False), *moved)) if known or mode == Const("constant") else None
        if function in _BY_SETS:
            return Call(of_sets(_BY_SETS[function]), (self.operand(first, False), *rest), e.kwargs)
        return None

    def joined(self, e: Call, first: Expr) -> Expr:
        """The sets of arrays or numbers that are put together."""
        assert isinstance(e.func, Object)
        if e.func.value in (np.array, np.asarray):
            return Call(of_sets(sets.array), (self.displayed_all(first),))
        return replace(e, args=(self.displayed_all(first), *e.args[1:]))

    def displayed_all(self, e: Expr) -> Expr:
        if isinstance(e, Display):
            return replace(e, items=tuple(map(self.displayed_all, e.items)))
        return self.operand(e, False)

    def product(self, e: Call, function: Any) -> Expr | None:
        """The sets of a product of vectors, matrices or tensors; None for what is none."""
        if function in _PRODUCTS and not e.kwargs:
            a, b = e.args
            if function in (np.dot, np.ndarray.dot) and any(self.num(x).ndim not in (0, 1, 2) for x in e.args):
                return None
            if not self.is_active(a):
                return Call(of_sets(sets.fixed_times), (a, self.operand(b, False)))
            if not self.is_active(b):
                return Call(of_sets(sets.times_fixed), (self.operand(a, False), b))
            return Call(of_sets(sets.product), (self.operand(a, False), self.operand(b, False)))
        if function in (np.outer, np.tensordot):
            a, b, *rest = e.args
            function = sets.outer if function is np.outer else sets.tensordot
            return Call(of_sets(function), (self.operand(a, False), self.operand(b, False), *rest), e.kwargs)
        if function is np.einsum and not e.kwargs and isinstance(e.args[0], Const):
            text, *operands = e.args
            assert isinstance(text, Const)
            if "." not in text.value and "->" in text.value:
                return Call(of_sets(sets.einsum), (text, *(self.operand(a, False) for a in operands)))
        if function is np.convolve:
            a, v, *rest = e.args
            taken = (self.of(a) or a, self.of(v) or v)
            return Call(of_sets(sets.convolve), (*taken, *rest), e.kwargs)
        return None

    def everything(self, e: Call, y: Expr, active: list[Expr]) -> Expr:
        """Every element of the result depends on every element of the operands."""
        found = self.united(map(self.whole, active))
        return found if self.num(e).ndim == 0 else Call(of_sets(sets.like), (found, y))

    def whole(self, e: Expr) -> Expr:
        """The union of all sets of `e`."""
        if isinstance(e, Display):
            return self.united(self.whole(i) for i in e.items if self.is_active(i))
        found = self.operand(e, False)
        type_ = Typer(self.types)(e)
        return found if isinstance(type_, Num) and type_.ndim == 0 else Call(of_sets(sets.union), (found,))

    def parts(self, e: Call, results: Display, wanted: list[int]) -> tuple[Expr, ...]:
        """The sets of several results of one call: all of them depend on all of the operands."""
        assert isinstance(e.func, Object)
        rule = rule_of(e.func.value)
        assert rule is not None
        for place in wanted:
            check_part(rule, e, place)
        found = self.united(self.whole(a) for a in e.args if self.is_active(a))
        return tuple(self.filled(found, r) for r in results.items)

    def filled(self, found: Expr, result: Expr) -> Expr:
        return found if self.num(result).ndim == 0 else Call(of_sets(sets.like), (found, result))

    def operand(self, e: Expr, zero_is_a_number: bool) -> Expr:
        found = self.of(e)
        if found is not None:
            return found
        if zero_is_a_number and self.num(e).ndim == 0:
            return EMPTY
        return self.zero(e)


def _members(e: Expr) -> set[Expr]:
    """The sets of a union that is written out."""
    match e:
        case Call(func=Object(value=op), args=(a, b)) if op is operator.or_:
            return _members(a) | _members(b)
    return {e}
