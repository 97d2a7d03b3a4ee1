"""What is computed of dates and their kind is computed when the derivative is written.

in:   t = (date(2025, 3, 15) - today).days / 365.25      out:  t = 430 / 365.25
"""

from __future__ import annotations

import enum
import operator
from collections.abc import Callable
from dataclasses import replace
from types import BuiltinFunctionType
from typing import Any

from ..errors import UnsupportedCall
from ..ir.constants import is_plain_class, is_plain_constant
from ..ir.nodes import Attr, Call, Const, Display, Expr, For, Name, Object, While
from ..ir.types import Form, Num, Ref, Static, Tup, Type
from ..ir.walk import assigned, is_call_of, subexprs
from ..records import form_of
from ..rules.typing import TypeProblem
from .absent import Absences
from .carried import Carried
from .literals import literal
from .loops import flagged

_UNKNOWN = object()
_TRIPS = 1000
_BUILTINS = (abs, bool, divmod, float, int, max, min, round, str, hash)
_OPERATORS = {f for f in vars(operator).values() if isinstance(f, BuiltinFunctionType)}
# what reads a clock or the settings of the machine
_IMPURE = {"today", "now", "utcnow", "fromtimestamp", "utcfromtimestamp", "timestamp", "astimezone"}


class Constants(Carried, Absences):
    """Values of the standard library in one function."""

    def special_call(self, function: Any, e: Call) -> Expr | None:
        made = is_plain_class(function) or is_plain_class(getattr(function, "__self__", None))
        if made and getattr(function, "__name__", "") not in _IMPURE:
            args, kwargs = self.arguments(e)
            return self.computed(function, args, kwargs, e)
        if self.hashable(function) in _BUILTINS and any(map(self.mentions_dates, e.args)):
            args, kwargs = self.arguments(e)
            if any(map(self.is_plain, args)):
                return self.computed(function, args, kwargs, e)
        return super().special_call(function, e)

    def _builtin(self, e: Call) -> Expr:
        function = e.func.value if isinstance(e.func, Object) else None
        if function in _OPERATORS and any(map(self.is_plain, e.args)):
            if all(self.value_now(a) is not _UNKNOWN for a in e.args):
                return self.computed(function, e.args, e.kwargs, e)
            args = tuple(map(self.as_number, e.args))
            if any(map(self.is_plain, args)):
                return self.computed(function, args, e.kwargs, e)
            e = replace(e, args=args)
        return super()._builtin(e)

    def as_number(self, e: Expr) -> Expr:
        """A member of an enumeration of numbers as the number that it is."""
        if isinstance(e, Object) and isinstance(e.value, enum.Enum) and isinstance(e.value, int | float):
            return Const(e.value.value, e.at)
        return e

    def _method(self, e: Call, attr: Attr) -> Expr:
        if self.mentions_dates(attr.base) and self.is_dated(attr.base):
            base = self.expr(attr.base)
            assert isinstance(base, Object)
            return self.method_of_constant(base, e, attr.name)
        return super()._method(e, attr)

    def _attribute(self, e: Attr) -> Expr:
        base = self.expr(e.base) if self.mentions_dates(e.base) and self.is_dated(e.base) else None
        return self.attribute_of_constant(base, e) if isinstance(base, Object) else super()._attribute(e)

    def method_of_constant(self, base: Object, e: Call, name: str) -> Expr:
        """`day.replace(month=3)`."""
        args, kwargs = self.arguments(e)
        if name in _IMPURE:
            raise self.not_known(f"`{name}`, which depends on where and when it runs", e)
        return self.computed(getattr(base.value, name), args, kwargs, e)

    def attribute_of_constant(self, base: Object, e: Attr) -> Expr:
        """`day.month`, `(b - a).days`."""
        return self.as_constant(getattr(base.value, e.name), e)

    def is_plain(self, e: Expr) -> bool:
        return isinstance(e, Object) and is_plain_constant(e.value)

    def computed(
        self, function: Callable[..., Any], args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...], e: Call
    ) -> Expr:
        values = [self.value_now(a) for a in args]
        named = {k: self.value_now(v) for k, v in kwargs}
        name = getattr(function, "__name__", str(function))
        if any(v is _UNKNOWN for v in (*values, *named.values())):
            raise self.not_known(f"`{name}` of a value that is known only when the program runs", e)
        try:
            found = function(*values, **named)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
            raise self.not_known(f"`{name}`, which raises {type(problem).__name__}: {problem}", e) from None
        return self.as_constant(found, e)

    def value_now(self, e: Expr) -> Any:
        """The value of a core expression, or _UNKNOWN."""
        if isinstance(e, Display) and e.kind == "tuple":
            items = tuple(map(self.value_now, e.items))
            return _UNKNOWN if any(i is _UNKNOWN for i in items) else items
        if isinstance(e, Object) and (is_plain_constant(e.value) or is_plain_class(e.value)):
            return e.value
        if isinstance(e, Const):
            return e.value
        found = literal(e)
        if found is not None:
            return found
        type_ = self.typed(e)
        if isinstance(type_, Static) and isinstance(type_.value, str | None):
            return type_.value
        value = getattr(type_, "value", None)
        return value if type(value) in (int, bool) else _UNKNOWN

    def as_constant(self, value: Any, e: Expr) -> Expr:
        at = getattr(e, "at", None)
        if is_plain_constant(value):
            return Object(value, type(value).__name__, at)
        if type(value) is tuple or (isinstance(value, tuple) and hasattr(value, "_fields")):
            return Display("tuple", tuple(self.as_constant(v, e) for v in value), at)
        if value is None or type(value) in (bool, int, float, str):
            return Const(value, at)
        raise self.not_known(f"a {type(value).__name__}", e)

    def not_known(self, what: str, e: Expr) -> TypeProblem:
        return TypeProblem(
            UnsupportedCall,
            what,
            "dates and their kind are computed with when the derivative is written, not when it runs",
            "compute it outside of the function, and pass numbers (days, years) as arguments",
            getattr(e, "at", None),
        )

    # ------------------------------------------------------------------------------------------------------- loops

    def while_loop(self, s: While) -> None:
        """`while day < end` is written out: its test is known each time."""
        named = (p for p in subexprs(s.test) if isinstance(p, Name | Attr | Object))
        if not self.mentions_dates(s.test) or not any(map(self.is_dated, named)):
            super().while_loop(s)
            return
        left = self.unused("left")
        self.scope[left] = Name(left)
        for _ in range(_TRIPS):
            self.state.env[left] = Num("bool", value=False)
            known = self.known(self.expr(s.test))
            if known is None:
                raise self.not_known("a loop whose test is a date that is known only when the program runs", s.test)
            if not known:
                return
            self.state.out.extend(self.run(flagged(s.body, left)))
            if not self.state.reachable:
                return
            gone = self.state.env[left]
            if not isinstance(gone, Num) or gone.value is None:
                raise self.not_known("a loop over dates that is left at a place that only the run knows", s.test)
            if gone.value:
                return
        raise self.not_known(f"a loop over dates of more than {_TRIPS} trips", s.test)

    def for_loop(self, s: For) -> None:
        """A loop that carries dates from trip to trip is written out, where the number of trips is."""
        if any(self.is_dated(Name(n)) for n in assigned(s.body) if n in self.scope or n in self.state.env):
            counts = self.counts(s.iter)
            if counts is not None:
                self.unrolled(s, counts)
                return
        super().for_loop(s)

    def counts(self, raw: Expr) -> list[Expr] | None:
        """The numbers of a range whose bounds are known."""
        if not is_call_of(raw, range):
            return None
        source = self.expr(raw)
        assert isinstance(source, Call)
        bounds = [self.value_now(a) for a in source.args]
        if not all(type(b) is int for b in bounds) or len(range(*bounds)) > _TRIPS:
            return None
        return list(map(Const, range(*bounds)))

    def mentions_dates(self, raw: Expr) -> bool:
        """Whether an expression can be a date or its kind: there is one in what it is made of."""
        for part in subexprs(raw):
            value = part.value if isinstance(part, Object) else None
            if is_plain_constant(value) or is_plain_class(value) or is_plain_class(getattr(value, "__self__", None)):
                return True
            if isinstance(part, Object) and isinstance(form_of(value), Form):
                return True
            target = self.scope.get(part.id, part) if isinstance(part, Name) else None
            if isinstance(target, Object) and is_plain_constant(target.value):
                return True
            if isinstance(target, Display) or (
                isinstance(target, Name) and self.holds_dates(self.state.env.get(target.id))
            ):
                return True
        return False

    def holds_dates(self, type_: Type | None) -> bool:
        match type_:
            case Static(value=value):
                return is_plain_constant(value)
            case Tup(items=items):
                return any(map(self.holds_dates, items))
            case Ref(home=home):
                return self.holds_dates(self.state.env.get(home))
        return False

    def is_dated(self, e: Expr) -> bool:
        type_ = self.type_apart(e)
        return isinstance(type_, Static) and is_plain_constant(type_.value)
