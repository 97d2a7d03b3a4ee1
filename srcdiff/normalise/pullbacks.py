"""`jvp` and `vjp` called inside a differentiated function.

in:   value, pullback = srcdiff.vjp(f, x)        out:  value = (the statements of f)
      (x_bar,) = pullback(2.0 * value)                 x_bar = (the statements of its gradient, seeded)
      y, y_dot = srcdiff.jvp(f, (x,), (v,))            y, y_dot = (the statements of its tangent)

A pullback is known when the derivative is written: which function it belongs to, and which variables hold the arguments
that it was made for. These are copies, so that it gives the same whenever it is called.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

import numpy as np

from ..errors import UnsupportedCall
from ..frontend import stand_in
from ..ir.nodes import Assign, Call, Const, Display, Expr, If, Item, Name, Object, Raise
from ..ir.types import Held, ListOf, Num, Tup, Type, describe, has_real, held
from ..records import is_columns
from ..rules.typing import TypeProblem
from .closures import Defined
from .groups import flat
from .iteration import LEN, RANGE
from .literals import is_list
from .nested import DerivativeOf, Nested, not_made
from .records import Bound

COPY = Object(np.ndarray.copy, "copy")
FLOAT = Object(float, "float")
NE = Object(operator.ne, "!=")
ADD = Object(operator.add, "+")


@dataclass(frozen=True, eq=False)
class PulledBack:
    """The pullback of a call. `kept` are the arguments of `derivative`, the first `count` of them those of the call."""

    derivative: Any
    kept: tuple[Expr, ...]
    count: int
    __name__ = "pullback"


class Pullbacks(Nested):
    """The products with Jacobians that one function computes."""

    def special_call(self, function: Any, e: Call) -> Expr | None:
        if isinstance(function, PulledBack):
            return self.pull(function, e)
        name = getattr(function, "__name__", "") if isinstance(function, FunctionType) else ""
        if name in ("jvp", "vjp") and function.__module__ in ("srcdiff.pushforward", "srcdiff.vjp"):
            if name == "vjp":
                return self.value_and_pullback(function, e)
            return self.make_derivative(function, e) if len(e.args) == 1 else self.along(function, e)
        return super().special_call(function, e)

    # --------------------------------------------------------------------------------------------------------- jvp

    def along(self, jvp: Any, e: Call) -> Expr:
        """`jvp(f, primals, tangents)`: the derivative by those that have a tangent, called with both."""
        primals, tangents = (self.unpacked(self.expr(a)) for a in e.args[1:])
        pair = isinstance(primals, Display) and isinstance(tangents, Display)
        if not pair or len(primals.items) != len(tangents.items):  # type: ignore[union-attr]
            raise not_given("jvp(f, primals, tangents) takes a tangent, or None, for each of the arguments", e)
        assert isinstance(primals, Display)
        assert isinstance(tangents, Display)
        chosen = tuple(k for k, t in enumerate(tangents.items) if t != Const(None))
        if not chosen:
            raise not_given("jvp needs at least one tangent", e)
        for k in chosen:
            self.check_fits(primals.items[k], tangents.items[k], "tangent", e)
        wrt = Display("tuple", tuple(map(Const, chosen)))
        made = self.make_derivative(jvp, replace(e, args=e.args[:1], kwargs=(*e.kwargs, ("wrt", wrt))))
        assert isinstance(made, Object)
        given = (*primals.items, *(self.real(tangents.items[k]) for k in chosen))
        with self.under_names(given) as names:
            return self.expr(Call(made, tuple(names), at=e.at))

    # --------------------------------------------------------------------------------------------------------- vjp

    def value_and_pullback(self, vjp: Any, e: Call) -> Expr:
        """`vjp(f, *args)`: the value, and what its pullback needs to know."""
        args, _ = self.arguments(replace(e, kwargs=()))
        subject, given = args[0], tuple(map(self.held_apart, args[1:]))
        if not isinstance(subject, Object) or isinstance(subject.value, DerivativeOf):
            raise not_made("which function it is of is not known when the derivative is written", e)
        if any(isinstance(t, Held) for a in given for t in flat(self.typed(a))):
            raise not_given("it draws: the pullback would have to draw the same once more", e)
        wanted = tuple(k for k, a in enumerate(given) if self.is_differentiable(a))
        if not wanted:
            raise not_given("no argument of this call carries a derivative", e)
        defined = self.as_defined(subject.value) if isinstance(subject.value, Bound) else subject.value
        free: tuple[Expr, ...] = ()
        function, count = subject.value, len(given)
        if isinstance(defined, Defined):
            lifted = self.lifted(defined, e)
            if count != len(defined.node.function.params):
                raise not_given("a function that is defined here is given all its arguments", e)
            free = tuple(self.held_apart(self.outer_value(n, w, e)) for n, w in lifted.free.items())
            function = stand_in(lifted.program)
        made = vjp.made(function, wanted, count)
        with self.under_names((subject, *given)) as names:
            value = self.expr(Call(names[0], tuple(names[1:]), at=e.at))
        return Display("tuple", (value, Object(PulledBack(made, (*given, *free), count), "pullback", e.at)))

    def is_differentiable(self, a: Expr) -> bool:
        return has_real(self.typed(a))

    def held_apart(self, a: Expr) -> Expr:
        """An argument under a name that nobody else binds; an array as a copy, which nobody writes."""
        if isinstance(a, Display):
            return replace(a, items=tuple(map(self.held_apart, a.items)), home=None)
        type_ = self.typed(a)
        if not isinstance(type_, Num) or isinstance(a, Const | Object):
            return a
        name = Name(self.state.fresh("given"))
        is_array = type_.ndim != 0
        self.state.emit(Assign(name, Call(COPY, (a,)) if is_array else a))
        self.state.env[name.id] = self.typed(Call(COPY, (a,))) if is_array else type_
        return name

    def pull(self, of: PulledBack, e: Call) -> Expr:
        """`pullback(y_bar)`: the adjoints of the arguments."""
        if len(e.args) != 1 or e.kwargs:
            raise not_given("a pullback takes the adjoint of the value", e)
        derivative = of.derivative
        seed = self.unpacked(self.expr(e.args[0]))
        types = [t.plain() if isinstance(t := self.typed(a), Num) else t for a in of.kept]
        built = derivative.built_for_types(types, taped=False)
        self.policy.adopt(built.on_tape, built.unknown, built.parts, built.doubts)
        for reference in built.references:
            self.state.references.setdefault((reference.path, id(derivative)), reference)
        if any(held(value) is not None for _, value in built.captured):
            raise not_given("it draws: the pullback would have to draw the same once more", e)
        leaves = list(self.seeds(seed, built.result, e))
        places = built.seed_leaves
        seeds = tuple(functools.reduce(lambda a, b: Call(ADD, (a, b)), (leaves[k] for k in own)) for own in places)
        extra = tuple(self.expr(Object(value, name)) for name, value in built.captured)
        flat_args = tuple(leaf for a in of.kept for leaf in self.leaves(a))
        result = self.inline(built.plain, (*flat_args, *extra, *seeds), (), e)
        assert isinstance(result, Display)
        for own, given in zip(places, seeds, strict=True):
            self.check_lengths(returned(result.items[0])[own[0]], given)
        parts = iter(result.items[1:])
        chosen = derivative.wrt
        own = list(zip(of.kept, derivative.function_names, strict=True))[: of.count]
        adjoints = (self.gradient(a, parts) if n in chosen else Const(None) for a, n in own)
        return Display("tuple", tuple(adjoints))

    def seeds(self, seed: Expr, type_: Type, e: Call) -> Iterator[Expr]:
        """The adjoints of the leaves of a value, in order."""
        if isinstance(type_, Tup):
            if is_columns(type_.form):
                raise not_given("the value is a list of structures, whose adjoint is followed outside only", e)
            items = seed.items if isinstance(seed, Display) else ()
            if len(items) != len(type_.items):
                raise not_given(f"the value is a {describe(type_)}, and so is its adjoint", e)
            for item, part in zip(items, type_.items, strict=True):
                yield from self.seeds(item, part, e)
            return
        if isinstance(type_, Num):
            self.check_rank(seed, type_, "adjoint", e)
        yield self.seed_of_list(seed, type_, e) if isinstance(type_, ListOf) else self.real(seed)

    def seed_of_list(self, seed: Expr, type_: ListOf, e: Call) -> Expr:
        """The adjoint of a list, as a list of its own."""
        held = self.typed(seed)
        if not isinstance(held, ListOf) and not is_list(seed):
            raise not_given(f"the value is a list, and its adjoint a {describe(held)}", e)
        home = self.new_list()

        def put(item: Expr) -> None:
            inner = type_.item
            if isinstance(inner, ListOf):
                item = self.seed_of_list(item, inner, e)
            elif isinstance(inner, Num):
                self.check_rank(item, inner, "adjoint", e)
                item = self.real(item)
            self.put_in(home, item)

        if type_.item is not None:
            self.each(seed, put)
        return home

    def check_lengths(self, value: Expr, seed: Expr) -> None:
        """Raise ValueError in the program where the adjoint of a list has another length than the list."""
        type_ = self.typed(value)
        if not isinstance(type_, ListOf) or not isinstance(self.typed(seed), ListOf) or type_.item is None:
            return
        differ = Call(NE, (Call(LEN, (seed,)), Call(LEN, (value,))))
        error = Call(Object(ValueError, "ValueError"), (Const("an adjoint of another length than its list"),))
        self.state.emit(If(differ, (Raise(error),)))
        if isinstance(type_.item, ListOf):
            places = Call(RANGE, (Call(LEN, (value,)),))
            self.each(places, lambda k: self.check_lengths(Item(value, k), Item(seed, k)))

    # ----------------------------------------------------------------------------------------- tangents, adjoints

    def check_fits(self, value: Expr, other: Expr, what: str, e: Call) -> None:
        type_ = self.typed(value)
        if isinstance(type_, Num):
            self.check_rank(other, type_, what, e)

    def check_rank(self, e: Expr, wanted: Num, what: str, call: Call) -> None:
        type_ = self.typed(e)
        if not isinstance(type_, Num) or type_.ndim != wanted.ndim or type_.is_complex:
            raise not_given(f"the {what} of a {describe(wanted)} is given as a {describe(type_)}", call)

    def real(self, e: Expr) -> Expr:
        """A tangent or an adjoint as a real number."""
        type_ = self.typed(e)
        if isinstance(e, Const) and isinstance(e.value, int):
            return Const(float(e.value))
        if isinstance(type_, Num) and not type_.is_inexact and type_.ndim == 0:
            return Call(FLOAT, (e,))
        return e


def returned(e: Expr) -> list[Expr]:
    """The leaves of what a generated function returns."""
    return [leaf for item in e.items for leaf in returned(item)] if isinstance(e, Display) else [e]


def not_given(why: str, e: Call) -> TypeProblem:
    name = e.func.id if isinstance(e.func, Name) else getattr(e.func, "text", "the pullback")
    return TypeProblem(
        UnsupportedCall,
        f"this call of `{name}`",
        why,
        "write it as `value, pullback = srcdiff.vjp(f, x)` and `value, tangent = srcdiff.jvp(f, (x,), (x_dot,))`",
        e.at,
    )
