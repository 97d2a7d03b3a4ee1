"""Calls of derivatives in a program: what they compute is generated code, a user function like any other.

in:   g = df(x, 3)                       out:  the statements of df's generated code for these types; g = x_bar
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..errors import UnsupportedCall
from ..ir.constants import is_passed
from ..ir.nodes import Attr, Call, Const, Display, Expr, Object
from ..ir.types import Num, Static, Tup, Type, has_real
from ..rules.typing import TypeProblem
from .dynamics import Dynamics
from .state import kind_of


class DerivativeCalls(Dynamics):
    """The calls of derivatives in one function."""

    def constant(self, value: object, name: str) -> Expr:
        raise NotImplementedError

    def call_derivative(self, derivative: Any, e: Call) -> Expr:
        """A call of a derivative: the generated function for these types is a user function like any other."""
        arguments, tangents = derivative.apart(self.derivative_arguments(derivative, e))
        types = [t.plain() if isinstance(t := self.typed(a), Num) else t for a in arguments]
        built = derivative.built_for_types(types, taped=False)
        self.policy.adopt(built.on_tape, built.unknown, built.parts, built.doubts)
        for reference in built.references:
            self.state.references.setdefault((reference.path, id(derivative)), reference)
        extra = tuple(self.expr(Object(value, name)) for name, value in built.captured)
        flat = tuple(leaf for a in arguments for leaf in self.leaves(a))
        dots = tuple(leaf for t in tangents for leaf in self.leaves(t))
        result = self.inline(built.plain, (*flat, *extra, *dots), (), e)
        kind = derivative.options.kind
        by = [a for a, n in zip(arguments, derivative.function_names, strict=True) if n in derivative.wrt]
        if kind in ("jvp", "tangent", "tangents", "adjoints"):
            return self.reformed(result, Tup((built.result, built.result)) if kind == "jvp" else built.result)
        if kind == "grad" and not derivative.options.has_aux:
            structured = not derivative.single or isinstance(by[0], Display)
            parts = result.items if structured and isinstance(result, Display) else (result,)
            return self.gradients(by, iter(parts), derivative.single)
        if not isinstance(result, Display):
            return result
        if kind == "grad":
            found, aux = result.items
            structured = not derivative.single or isinstance(by[0], Display)
            parts = found.items if structured and isinstance(found, Display) else (found,)
            assert isinstance(built.result, Tup)
            aux = self.reformed(aux, built.result.items[1])
            return Display("tuple", (self.gradients(by, iter(parts), derivative.single), aux))
        value, *rest = result.items
        return Display("tuple", (self.reformed(value, built.result), self.gradients(by, iter(rest), derivative.single)))

    def gradients(self, by: list[Expr], parts: Iterator[Expr], single: bool) -> Expr:
        """Adjoints in the forms of the arguments that they belong to."""
        found = tuple(self.gradient(a, parts) for a in by)
        return found[0] if single else Display("tuple", found)

    def gradient(self, argument: Expr, parts: Iterator[Expr], inside: bool = False) -> Expr:
        if isinstance(argument, Display):
            items = tuple(self.gradient(i, parts, inside=True) for i in argument.items)
            return Display(argument.kind, items, None, argument.form)
        return next(parts) if not inside or has_real(self.typed(argument)) else Const(None)

    def reformed(self, e: Expr, type_: Type) -> Expr:
        """What generated code returns as tuples, in the forms that the primal returns."""
        if not isinstance(type_, Tup) or not isinstance(e, Display):
            return e
        items = tuple(self.reformed(i, t) for i, t in zip(e.items, type_.items, strict=True))
        return Display(kind_of(type_.form), items, e.at, type_.form)

    def leaves(self, e: Expr, inside: bool = False) -> tuple[Expr, ...]:
        """An argument as generated functions take it: a structure's numbers and arrays one by one."""
        if isinstance(e, Display):
            return tuple(leaf for i in e.items for leaf in self.leaves(i, inside=True))
        type_ = self.typed(e)
        return () if isinstance(type_, Static) and (inside or not is_passed(type_.value)) else (e,)

    def call_driver(self, derivative: Any, e: Call) -> Expr:
        """A call of a Jacobian: the function that runs for these types is a user function like any other."""
        arguments = self.derivative_arguments(derivative, e)
        types = [t.plain() if isinstance(t := self.typed(a), Num) else t for a in arguments]
        return self.inline(derivative.driver_for(types), tuple(arguments), (), e)

    def derivative_arguments(self, derivative: Any, e: Call) -> list[Expr]:
        """One argument for each parameter of the primal, as a call of the derivative passes them on."""
        args, kwargs = self.arguments(e)
        try:
            bound = derivative.signature.bind(*args, **dict(kwargs))
        except TypeError as problem:
            raise TypeProblem(
                UnsupportedCall,
                f"the call of {derivative!r}: {problem}",
                "Python itself refuses this call",
                "pass the arguments of the primal function",
                e.at,
            ) from None
        given = set(bound.arguments)
        bound.apply_defaults()
        arguments: list[Expr] = []
        for name, value in bound.arguments.items():
            arg = value if name in given else self.constant(value, name)
            type_ = self.typed(arg)
            if name in derivative.wrt and isinstance(type_, Num) and type_.dtype == "int64":
                arg = self.as_real(arg, type_)
            arguments.append(arg)
        return arguments

    def as_real(self, e: Expr, type_: Num) -> Expr:
        """A whole number, or an array of them, as what it is differentiated as."""
        if type_.ndim == 0:
            return Call(Object(float, "float"), (e,))
        with self.under_names((e,)) as names:
            return self.expr(Call(Attr(names[0], "astype"), (Object(float, "float"),)))
