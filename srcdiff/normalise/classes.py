"""Calls of classes, and of the functions of Python that make or ask structures.

in:   p = Particle(x, v=v); n = len(t)     out:  p_x, p_v = x, v
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import operator
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FunctionType, MethodType
from typing import Any

from ..errors import UnsupportedCall
from ..ir.nodes import Attr, Call, Const, Display, Expr, Name, Object
from ..ir.types import Form, Num, Tup
from ..ir.walk import is_call_of
from ..records import form_of
from ..rules import rule_of
from ..rules.typing import TypeProblem
from .displays import of_pairs, record
from .forms import plain_form
from .iteration import static_items
from .literals import as_value, is_list
from .records import Bound, Records

_OF_STRUCTURES = (list, tuple, len, dataclasses.replace, getattr, hasattr, setattr, operator.contains)
_NEW = inspect.getattr_static(object, "__new__")


def sequence(items: tuple[Expr, ...], is_list_: bool, e: Expr) -> Display:
    """A list or tuple of these items."""
    at = getattr(e, "at", None)
    form = Form("list", list, tuple(range(len(items))), at) if is_list_ else None
    return Display("tuple", items, at, form)


class Classes(Records):
    """The classes that one function calls."""

    def special_call(self, function: Any, e: Call) -> Expr | None:
        if function is dict:
            args, kwargs = self.arguments(e)
            return self.dict_of(args, kwargs, e)
        if isinstance(function, Bound):
            return self.call_bound(function, e)
        if isinstance(function, MethodType) and form_of(function.__self__) is not None:
            owner = Object(function.__self__, "owner", e.at)
            return self.expr(replace(e, func=Attr(owner, function.__func__.__name__, e.at)))
        if isinstance(function, MethodType) and isinstance(function.__self__, type):
            cls = function.__self__
            whole = Object(function.__func__, f"{cls.__name__}.{function.__name__}", e.at)
            return self.expr(replace(e, func=whole, args=(Object(cls, cls.__name__), *e.args)))
        if isinstance(function, functools.partial):
            fixed = tuple(Object(a, f"fixed_{k}") for k, a in enumerate(function.args))
            given = dict(e.kwargs)
            kwargs = tuple((k, Object(v, k)) for k, v in function.keywords.items() if k not in given)
            callee = Object(function.func, getattr(function.func, "__name__", "function"), e.at)
            return self.expr(replace(e, func=callee, args=(*fixed, *e.args), kwargs=(*kwargs, *e.kwargs)))
        if isinstance(function, type) and function not in (list, tuple) and rule_of(function) is None:
            return self.construct(function, e)
        if function in (list, tuple) and len(e.args) == 1 and is_call_of(e.args[0], enumerate, zip, reversed):
            found = static_items(self, self.source(e.args[0]))
            return None if found is None else sequence(tuple(found), function is list, e)
        if function is operator.contains and isinstance(known := getattr(e.args[0], "value", None), frozenset):
            members = Display("tuple", tuple(Object(v, repr(v)) for v in sorted(known, key=repr)))
            return self.expr(replace(e, args=(members, *e.args[1:])))
        if function not in _OF_STRUCTURES or not e.args or not isinstance(self.type_apart(e.args[0]), Tup):
            return None
        if function is operator.contains:
            container, item = self.arguments(e)[0]
            if isinstance(container, Display) and container.form is not None and container.form.kind == "dict":
                return Const(container.form.place(self.key(item)) is not None)
            return plain_form(self, replace(e, args=(container, item)))
        if function in (list, tuple, len):
            items = self.items_of(self.arguments(e)[0][0], e)
            if function is len:
                return Const(len(items))
            return sequence(items, function is list, e)
        if function is dataclasses.replace:
            (base,), kwargs = self.arguments(e)
            assert isinstance(base, Display)
            return self.remade(base, kwargs, e)
        if function in (getattr, hasattr, setattr) and len(e.args) > 1:
            return self.named_attribute(function, e)
        return None

    def _builtin(self, e: Call) -> Expr:
        function = e.func.value if isinstance(e.func, Object) else None
        if function in (operator.add, operator.mul) and any(isinstance(a, Display) for a in e.args):
            left, right = map(as_value, e.args)
            found = self.sequence_operation(function, left, right, e)
            if found is not None:
                return found
        return super()._builtin(e)

    def update_sequence(self, target: Name, op: Object, current: Display, value: Expr) -> None:
        """`xs += ys` and `xs *= 2`: a list stays the same list, a tuple is a new one."""
        call = Call(op, (current, value), at=target.at)
        if is_list(current) and op.value is operator.add:
            value = sequence(self.items_of(as_value(value), call), True, call)
        found = self._builtin(replace(call, args=(current, value)))
        if is_list(current) and isinstance(found, Display):
            self.refill(current, list(found.items), target)
        else:
            self.typed(found)
            self.assign_name(target.id, found)

    def sequence_operation(self, function: Any, left: Expr, right: Expr, e: Call) -> Expr | None:
        """`+` of two tuples or two lists, and one of them repeated; None for any other operation."""
        match left, right:
            case Display(kind="tuple"), Display(kind="tuple") if function is operator.add:
                alike = is_list(left) == is_list(right)
                return sequence((*left.items, *right.items), is_list(left), e) if alike else None
        whole, count = (left, right) if isinstance(left, Display) else (right, left)
        if function is operator.mul and isinstance(whole, Display) and whole.kind == "tuple":
            type_ = self.typed(count)
            if isinstance(type_, Num) and type(type_.value) is int:
                return sequence(tuple(map(self.shared, whole.items)) * type_.value, is_list(whole), e)
        return None

    def construct(self, cls: type, e: Call) -> Expr | None:
        """`cls(...)` for a class whose objects are structures; None for any other class."""
        is_tuple, plain = issubclass(cls, tuple) and hasattr(cls, "_fields"), cls.__flags__ & (1 << 9)  # of Python
        if not is_tuple and (not plain or inspect.getattr_static(cls, "__new__") is not _NEW or type(cls) is not type):
            return None
        args, kwargs = self.arguments(e)
        if issubclass(cls, tuple) and hasattr(cls, "_fields"):
            if getattr(getattr(cls.__new__, "__code__", None), "co_filename", "") != "<string>":
                raise self.unmade(cls, "its `__new__` is not that of a named tuple", e)
            values = self.values(cls, args, kwargs, e)
            return record(Form("named", cls, tuple(cls._fields)), tuple(values[n] for n in cls._fields), e.at)
        init = inspect.getattr_static(cls, "__init__", None)
        if dataclasses.is_dataclass(cls) and getattr(getattr(init, "__code__", None), "co_filename", "") == "<string>":
            return self.dataclass(cls, args, kwargs, e)
        home = self.state.fresh(cls.__name__.lower())
        self.state.building.add(home)
        self.state.left.discard(home)
        kind = "dataclass" if dataclasses.is_dataclass(cls) else "object"
        self.state.env[home] = Tup((), Form(kind, cls, ()))
        if isinstance(init, FunctionType):
            self.inline(init, (self.expr(Name(home)), *args), kwargs, e)
        elif args or kwargs:
            raise self.unmade(cls, "its `__init__` is not written in Python", e)
        return self.finished(home)

    def finished(self, home: str) -> Expr:
        """The structure that its class has made: a value, unless structures of the class are changed later, too."""
        self.state.building.discard(home)
        self.state.left.add(home)
        return self.state.expanded(home, self.settle(home))

    def settle(self, home: str) -> Tup:
        """The type of a structure with what its components are now."""
        type_ = self.state.env[home]
        assert isinstance(type_, Tup)
        own = (self.state.component(home, k, type_.form) for k, _ in enumerate(type_.items))
        type_ = Tup(tuple(self.state.env[n] for n in own), type_.form)
        self.state.env[home] = type_
        return type_

    def dataclass(self, cls: type, args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...], e: Call) -> Expr:
        """A call of a dataclass with the `__init__` that `dataclasses` wrote."""
        values = self.values(cls, args, kwargs, e)
        pairs: list[tuple[str, Expr]] = []
        for field in dataclasses.fields(cls):
            if field.init:
                found = values[field.name]
            elif field.default is not dataclasses.MISSING:
                found = self.constant(field.default, field.name)
            elif field.default_factory is not dataclasses.MISSING:
                found = self.made_by(field.default_factory, field.name, e)
            else:
                continue
            pairs.append((field.name, found))
        form = Form("dataclass", cls, tuple(name for name, _ in pairs))
        post = inspect.getattr_static(cls, "__post_init__", None)
        whole = record(form, tuple(value for _, value in pairs), e.at)
        if not isinstance(post, FunctionType):
            return whole
        home = self.state.fresh(cls.__name__.lower())
        self.state.building.add(home)
        self.bind(home, whole)
        self.inline(post, (self.expr(Name(home)),), (), e)
        return self.finished(home)

    def values(
        self, cls: type, args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...], e: Call
    ) -> dict[str, Expr]:
        """The arguments of a constructor by name, defaults filled in."""
        signature = inspect.signature(cls)
        try:
            bound = signature.bind(*args, **dict(kwargs))
        except TypeError as problem:
            raise self.unmade(cls, f"{problem}", e) from None
        found: dict[str, Expr] = dict(bound.arguments)
        factories = (
            {f.name: f.default_factory for f in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else {}
        )
        for name, parameter in signature.parameters.items():
            if name in found:
                continue
            factory: Any = factories.get(name, dataclasses.MISSING)
            if factory is not dataclasses.MISSING:
                found[name] = self.made_by(factory, name, e)
            else:
                found[name] = self.constant(parameter.default, name)
        return found

    def made_by(self, factory: Any, name: str, e: Call) -> Expr:
        """What a `default_factory` makes."""
        if factory is list:
            return Display("list", (), e.at)
        if factory is dict:
            return of_pairs([], e.at)
        return self.expr(Call(Object(factory, name), (), at=e.at))

    def unmade(self, cls: type, why: str, e: Call) -> TypeProblem:
        return TypeProblem(
            UnsupportedCall,
            f"the call of the class `{cls.__name__}`",
            why,
            "use a dataclass, a named tuple or a class with a plain `__init__`",
            e.at,
        )

    def constant(self, value: object, name: str) -> Expr:
        raise NotImplementedError

    def remade(self, base: Display, changes: tuple[tuple[str, Expr], ...], e: Call) -> Expr:
        """`dataclasses.replace(base, ...)`: made anew from its fields."""
        assert base.form is not None
        values = dict(zip(map(str, base.form.keys), base.items, strict=True)) | dict(changes)
        fields = [f.name for f in dataclasses.fields(base.form.cls) if f.init]
        names = {n: self.state.fresh(n) for n in fields}
        for own, n in names.items():
            self.bind(n, values[own])
        call = Call(Object(base.form.cls, base.form.cls.__name__), (), tuple((k, Name(n)) for k, n in names.items()))
        with self.own_names(names.values()):
            return self.expr(replace(call, at=e.at))

    @contextmanager
    def own_names(self, names: Iterable[str]) -> Iterator[None]:
        """Core variables are read under their own names."""
        outer, self.scope = self.scope, self.scope | {n: Name(n) for n in names}
        try:
            yield
        finally:
            self.scope = outer

    def named_attribute(self, function: Any, e: Call) -> Expr | None:
        base, name, *rest = e.args
        key = self.key(self.expr(name))
        if not isinstance(key, str) or not isinstance(found := self.expr(base), Display):
            return None
        if function is setattr:
            self.put(found, key, self.expr(rest[0]), e)
            return Const(None)
        there = found.form is not None and (found.form.place(key) is not None or hasattr(found.form.cls, key))
        if function is hasattr:
            return Const(there)
        return self.expr(Attr(base, key, e.at) if there or not rest else rest[0])
