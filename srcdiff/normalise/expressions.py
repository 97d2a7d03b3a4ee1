"""Expressions made core: names resolved, methods to functions, tuples dissolved, user calls inlined.

in:   y = x.sum() + scale(x[i][j], 2.0)      out:  y = np.ndarray.sum(x) + x[i, j] * 2.0
      p = (a, b)[0] if x.ndim == 1 else b          p = a

`Rewriter.expr` returns the core expression; what has to run before it (an inlined call) is emitted as statements.
"""

from __future__ import annotations

import inspect
import operator
from dataclasses import replace
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from ..errors import ON_TAPE, UnsupportedCall, UnsupportedSyntax
from ..ir.nodes import (
    Assign,
    Attr,
    Call,
    Choice,
    Closure,
    Comprehension,
    Const,
    Display,
    Expr,
    Item,
    Logic,
    Name,
    Object,
    Slice,
)
from ..ir.types import Form, Held, ListOf, Num, Ref, Static, Tup, Type, describe, held
from ..ir.walk import is_call_of
from ..opaque.parts import Part
from ..records import form_of, is_structure
from ..rules import rule_of, spelled_form, spelled_out
from ..rules.complex_operands import holds_complex, is_complex
from ..rules.effects import effect_method
from ..rules.registry import is_decided, rewriting
from ..rules.result_types import check_dimensions
from ..rules.typing import TypeProblem, method_of, type_of_value
from .captures import check_captured
from .forms import (
    ADD,
    check_callee,
    check_form,
    check_none,
    has_several_results,
    is_helper,
    plain_form,
    user_function,
)
from .indices import GETITEM, Indices
from .lazy import Lazy
from .literals import as_arrays, as_value, as_written, decision, held_slice, literal, sliced
from .operands import check_operands, operands_of
from .state import CLASH, clash, unknown
from .unread import Unread

__all__ = ["ADD", "GETITEM", "Rewriter", "user_function"]

COPY = Object(np.ndarray.copy, "copy")


class Rewriter(Indices, Lazy, Unread):
    """Expressions of one function under a scope: `scope` maps the function's own names to core expressions."""

    scope: dict[str, Expr]
    is_rule = False  # whether it is the text of a rule
    is_generated = False  # whether the function is one that srcdiff wrote
    stands_for: object = None  # the function, if it is one of those that stand for another one

    def call_user(self, function: FunctionType, e: Call) -> Expr:
        raise NotImplementedError

    def inline(
        self, function: FunctionType, args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...], e: Call
    ) -> Expr:
        raise NotImplementedError

    def call_derivative(self, derivative: Any, e: Call) -> Expr:
        raise NotImplementedError

    def call_driver(self, derivative: Any, e: Call) -> Expr:
        raise NotImplementedError

    def display(self, e: Display) -> Expr:
        """A structure that is written out."""
        return replace(e, items=tuple(map(self.expr, e.items)))

    def attribute(self, base: Display, e: Attr) -> Expr | None:  # noqa: ARG002
        """An attribute of a structure; None where it has none that is a value."""
        return None

    def method_call(self, base: Display, e: Call, attr: Attr) -> Expr | None:  # noqa: ARG002
        """A call of a method of a structure; None where it has no such method."""
        return None

    def super_call(self, e: Call, attr: Attr) -> Expr:
        """`super().name(...)`."""
        raise NotImplementedError

    def special_call(self, function: Any, e: Call) -> Expr | None:  # noqa: ARG002
        """A call of a class, or of a function of structures; None for any other."""
        return None

    def closure(self, e: Closure) -> Expr:
        """A function that is defined here."""
        raise NotImplementedError

    def comprehension(self, e: Comprehension) -> Expr:
        raise NotImplementedError

    def part(self, base: Display, key: Expr, e: Expr) -> Expr:
        raise NotImplementedError

    def of_list(self, base: Expr, e: Call, attr: Attr) -> Expr:
        """A method of a list whose length is not known."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------------------------ expressions

    def expr(self, e: Expr) -> Expr:
        match e:
            case Name():
                return self._name(e)
            case Const():
                return e
            case Object():
                return self._object(e)
            case Attr():
                return self._attribute(e)
            case Call():
                return self.called(e)
            case Item():
                return self.item_of(e)
            case Slice():
                bounds = (None if p is None else self.expr(p) for p in (e.lower, e.upper, e.step))
                lower, upper, step = (None if b == Const(None) else b for b in bounds)
                return Slice(lower, upper, step, e.at)
            case Display():
                return self.display(e)
            case Choice():
                return self.choice(e)
            case Logic():
                return self.logic(e)
            case Closure():
                return self.closure(e)
            case Comprehension():
                return self.comprehension(e)

    def typed(self, e: Expr) -> Type:
        return self.state.typed(e)

    def atom(self, e: Expr, wish: str) -> Expr:
        """`e` as a name or literal, assigned to a new variable where it is neither."""
        if isinstance(e, Name | Const):
            return e
        name = self.state.fresh(wish)
        self.bind(name, e)
        return self.state.expanded(name, self.state.env[name])

    def bind(self, name: str, value: Expr) -> None:
        """Emit `name = value`, a tuple item by item, and note the type."""
        value = value if self.is_generated else as_value(value)
        if isinstance(value, Display) and value.home is not None:
            self.refer(name, value)
            return
        type_ = self.typed(value)
        if isinstance(type_, Tup) and has_several_results(value):
            self.results(tuple(self.state.component(name, k) for k, _ in enumerate(type_.items)), value, type_)
        elif isinstance(type_, Tup):
            type_ = self.bind_parts(name, value, type_)
        elif not isinstance(type_, Static):
            self.state.emit(Assign(Name(name), value))
        self.state.env[name] = type_

    def bind_parts(self, name: str, value: Expr, type_: Tup) -> Tup:
        """Emit the items of `name = value` one by one."""
        own = [self.state.component(name, k, type_.form) for k, _ in enumerate(type_.items)]
        for k, component in enumerate(own):
            self.bind(component, value.items[k] if isinstance(value, Display) else Item(value, Const(k)))
        return replace(type_, items=tuple(self.state.env[n] for n in own))

    def refer(self, name: str, value: Display) -> None:
        """`name = value`, where the value is held by a variable: a second name for it."""
        raise NotImplementedError

    def results(self, names: tuple[str, ...], call: Expr, type_: Tup) -> None:
        """Emit `names = call`, for a call of a function with several results, all of them numbers or arrays."""
        self.state.emit(Assign(Display("tuple", tuple(map(Name, names))), call))
        self.state.env.update(zip(names, type_.items, strict=True))

    def _name(self, e: Name) -> Expr:
        target = self.scope.get(e.id, e)
        if not isinstance(target, Name):
            return target
        type_ = self.state.env.get(target.id)
        if type_ is CLASH:
            raise clash(e)
        if isinstance(type_, Tup | Ref):
            return self.state.expanded(target.id, type_)
        if isinstance(type_, Static):
            return Const(None, e.at) if type_.value is None else Object(type_.value, e.id, e.at)
        if type_ is None:
            self.typed(Name(target.id, e.at))  # raises: read before anything is assigned
        return Name(target.id, e.at)

    def _object(self, e: Object) -> Expr:
        value = e.value
        if value is None or value is Ellipsis:
            return Const(value, e.at)
        if isinstance(value, np.ndarray):
            check_captured(value, e)
            return self._captured(e)
        if held(value) is not None:
            return self._captured(e)
        form = form_of(value)
        parts = value if type(value) is tuple else ()
        if form is not None or any(isinstance(v, np.ndarray) or is_structure(v) for v in parts):
            return self.captured_structure(e, form)
        return e

    def static(self, base: Object, e: Attr) -> Expr:
        raise NotImplementedError

    def captured_structure(self, e: Object, form: Form | None) -> Expr:
        raise NotImplementedError

    def _captured(self, e: Object) -> Expr:
        known = self.state.captured.get(id(e.value))
        name = known[0] if known is not None else self.state.fresh(e.text.rpartition(".")[2])
        self.state.captured[id(e.value)] = (name, e.value)
        self.state.env[name] = type_of_value(e.value, ("captured", id(e.value)))  # on every path alike
        return Name(name, e.at)

    def _attribute(self, e: Attr) -> Expr:
        base = self.unpacked(self.expr(e.base))
        type_ = self.typed(base)
        if isinstance(base, Display) and (part := self.attribute(base, e)) is not None:
            return part
        found = method_of(type_, e.name)
        if isinstance(base, Object) and isinstance(base.value, type | ModuleType):
            return self.static(base, e)
        if isinstance(base, Object) and found is not None:
            return Object(found, f"{base.text}.{e.name}", e.at)
        if found is not None and not inspect.ismethoddescriptor(found):
            part = Call(Object(found, e.name), (base,), at=e.at)
            return self._folded(part if rewriting(found) is None else self._builtin(part))
        raise TypeProblem(
            UnsupportedSyntax,
            f"the attribute `{e.name}` of a {describe(type_)}",
            "srcdiff knows shape, ndim, size, T and dtype of arrays, and the array methods that have a rule",
            f"pass the value as an argument of the function; or {ON_TAPE}",
            e.at,
        )

    def _folded(self, e: Expr) -> Expr:
        """A rank is a literal; nothing is taken away from a number, and no axis put into an array."""
        match e:
            case Call(func=Object(value=op), args=(a, Const(value=int(n)))) if op is operator.sub and n == 0:
                return a if isinstance(t := self.typed(a), Num) and t.dtype != "bool" else e
            case Call(func=Object(value=op), args=(a, Const(value=1.0))) if op is operator.mul and self.is_generated:
                return self._once(a, e)  # the adjoint of a result, 1.0 by default
            case Call(func=Object(value=np.expand_dims), args=(a, Display(items=()))):
                return a
        if isinstance(e, Call) and isinstance(e.func, Object) and e.func.value is np.ndarray.ndim:
            type_ = self.typed(e)
            if isinstance(type_, Num) and isinstance(type_.value, int):
                return Const(type_.value, e.at)
        return e

    def _once(self, a: Expr, e: Expr) -> Expr:
        """`a * 1.0`: the value itself, as an array of its own."""
        type_ = self.typed(a)
        if not isinstance(type_, Num) or not type_.is_inexact or type_.ndim is None:
            return e
        return Call(COPY, (a,), at=e.at) if type_.ndim and isinstance(a, Name | Item) else a

    # ------------------------------------------------------------------------------------------------ known tests

    def known(self, test: Expr) -> bool | None:
        """The truth of a test that is decided by types and literals alone."""
        match test:
            case Call(func=Object(value=operator.is_ | operator.is_not as op), args=(a, Const(value=None))):
                type_ = self.typed(a)
                if isinstance(type_, Num | Tup | ListOf | Held):
                    return op is operator.is_not
                if isinstance(type_, Static):
                    return bool(op(type_.value, None))
            case Call(func=Object(value=operator.eq | operator.ne as op), args=(a, b)):
                left, right = self.typed(a), self.typed(b)
                if isinstance(left, Static) and isinstance(right, Static):
                    return bool(op(left.value, right.value))
                first, second = literal(a), literal(b)
                if first is not None and second is not None:
                    return bool(op(first, second))
            case Call(func=Object(value=f), args=(a, Object(value=kind))) if f is isinstance and kind is tuple:
                return isinstance(held := self.typed(a), Tup) or (isinstance(held, ListOf) and held.frozen)
            case Call(func=Object(value=operator.not_), args=(a,)):
                inner = self.known(a)
                return None if inner is None else not inner
        type_ = self.typed(test)
        if isinstance(type_, Tup) and (type_.form is None or type_.form.kind in ("list", "dict")):
            return bool(type_.items)
        if isinstance(type_, Num) and type_.ndim == 0 and isinstance(type_.value, int):
            return bool(type_.value)
        return None if not isinstance(type_, Static) else bool(type_.value)

    # ------------------------------------------------------------------------------------------------------ calls

    def _call(self, e: Call) -> Expr:
        if isinstance(e.func, Attr):
            return self._method(e, e.func)
        func = self.expr(e.func)
        if isinstance(func, Display):
            result = self.method_call(func, e, Attr(func, "__call__", getattr(e.func, "at", None)))
            if result is not None:
                return result
        if not isinstance(func, Object):
            if self.state.problems and self.typed(func) == unknown():
                return func  # what a statement refused before would have made
            raise TypeProblem(
                UnsupportedCall,
                "a call of a local value",
                "the callee is not known when the derivative is built",
                "call a module-level function by its name",
                e.at,
            )
        function = func.value
        if isinstance(function, Part):
            return self.call_part(function, e)
        if self.policy.takes(function):
            return self.call_on_tape(function, *self.arguments(e), e)
        special = self.special_call(function, e)
        if special is not None:
            return special
        if function is slice:  # (generated code passes an index on)
            made = sliced(*self.arguments(e)[0])
            return made if self.is_generated else held_slice(made)
        form = spelled_form(function, len(e.args), [k for k, _ in e.kwargs])
        if form is not None and self.is_read(function):
            return self.call_user(form, e)
        spelled = self._spelled(function)
        if spelled is not None:
            return self.call_user(spelled, e)
        if function is holds_complex:
            return Const(is_complex(self.typed(self.expr(e.args[0]))))
        if is_decided(function):
            return decision(function, map(self.expr, e.args))
        if rule_of(function) is None and self.is_read(function):
            if hasattr(function, "built_for_types"):
                return self.call_derivative(function, e)
            if hasattr(function, "driver_for"):
                return self.call_driver(function, e)
            check_callee(function, e)
            user = user_function(function)
            if user is not None:
                return self.call_user(user, e)
        args, kwargs = self.arguments(e)
        call = Call(func, args, kwargs, e.at)
        try:
            return self._folded(self._checked(self._builtin(call)))
        except TypeProblem as problem:
            return self.without_rule(function, args, kwargs, e, problem)

    def is_read(self, function: Any) -> bool:
        """Whether the source of a function without a rule is read: of a helper where it stands for itself."""
        return not is_helper(function) or spelled_out(function) is not None

    def _method(self, e: Call, attr: Attr) -> Expr:
        if is_call_of(attr.base, super) and isinstance(attr.base, Call) and not attr.base.args:
            return self.super_call(e, attr)
        base = self.expr(attr.base)
        if isinstance(base, Display) and (result := self.method_call(base, e, attr)) is not None:
            return result
        type_ = self.typed(base)
        if isinstance(base, Object) and (own := effect_method(base.value, attr.name)) is not None:
            args, kwargs = self.arguments(e)
            return self._checked(self._builtin(Call(Object(own, attr.name), (base, *args), kwargs, e.at)))
        if isinstance(type_, ListOf) and not isinstance(base, Display):
            return self.of_list(base, e, attr)
        found = method_of(type_, attr.name)
        if isinstance(base, Object) and found is not None:  # `scipy.stats.norm.logpdf`
            return self._call(replace(e, func=Object(found, f"{base.text}.{attr.name}", attr.at)))
        if found is None or not inspect.ismethoddescriptor(found):
            refused = self.state.problems and type_ == unknown()  # what it is made of has been refused
            return base if refused else self.unknown_method(base, attr.name, e)
        mark = self.here_now(base)
        rest, kwargs = self.arguments(e)
        (base,) = self.read_before([base], mark) if not isinstance(base, Object) else (base,)
        args = (base, *rest)
        form = spelled_form(found, len(args), [k for k, _ in kwargs]) if self.is_read(found) else None
        spelled = form or self._spelled(found)
        if spelled is not None:
            return self.inline(spelled, args, kwargs, e)
        if found in (np.ndarray.reshape, np.ndarray.transpose) and len(args) > 2:
            args = (base, Display("tuple", args[1:]))
        return self._checked(self._builtin(Call(Object(found, attr.name), args, kwargs, e.at)))

    def _spelled(self, function: Any) -> FunctionType | None:
        """The Python function that is read in the place of this one; in its own body the name means the rule."""
        found = spelled_out(function)
        return None if found is self.stands_for else found

    def arguments(self, e: Call) -> tuple[tuple[Expr, ...], tuple[tuple[str, Expr], ...]]:
        """The arguments of a call, made core from the left to the right."""
        return tuple(map(self.expr, e.args)), tuple((k, self.expr(v)) for k, v in e.kwargs)

    def _builtin(self, e: Call) -> Expr:
        """The call in the form that its rule states it in."""
        args, kwargs = tuple(map(as_written, e.args)), tuple((k, as_written(v)) for k, v in e.kwargs)
        check_operands(e, args, self.typed)
        args = as_arrays(e.func, args, self.typed)
        args, kwargs = operands_of(getattr(e.func, "value", None), args, kwargs)
        if not self.is_rule:
            check_none(Call(e.func, args, kwargs, e.at))
        for arg in (*args, *(v for _, v in kwargs)):
            if isinstance(arg, Display) and arg.kind == "record":
                raise TypeProblem(
                    UnsupportedCall,
                    f"a {describe(self.typed(arg))} as an argument of `{getattr(e.func, 'text', e.func)}`",
                    "the function is one of numbers and arrays",
                    "pass a part of it",
                    e.at,
                )
        return plain_form(self, Call(e.func, args, kwargs, e.at))

    def _checked(self, e: Expr) -> Expr:
        """The call, if there is a rule for it in this form."""
        if isinstance(e, Call):
            check_form(e)
            check_dimensions(e, self.typed(e))
        return e
