"""Structures dissolved: lists, dicts, named tuples, dataclasses and objects as one variable for each part.

in:   p = Particle(x, v)                   out:  p_x, p_v = x, v
      p.x += dt * p.v                            p_x += dt * p_v
      s = {"energy": p.energy()}                 s_energy = 0.5 * p_v * p_v

A structure that nothing changes is a value: a second name is a second set of variables. Where a statement changes a
structure in place, the walk begins anew with the class noted (`Changed`): from then on a structure of that class lives
in one set of variables, its home, and every other name for it refers to that.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FunctionType
from typing import Any

from ..errors import UnsupportedCall, UnsupportedMutation, UnsupportedSyntax
from ..ir.nodes import Attr, Call, Const, Display, Expr, Item, Name, Object, Update
from ..ir.types import Form, Num, Ref, Static, Tup, describe
from ..rules import rule_of
from ..rules.typing import TypeProblem
from .assignments import Assigner
from .state import kind_of

_NOT_THERE = object()
_NEW = inspect.getattr_static(object, "__new__")


class Changed(Exception):
    """A structure of a class is changed in place: the walk has to begin anew, and know it."""

    def __init__(self, cls: type) -> None:
        super().__init__(cls)
        self.cls = cls


def record(form: Form, items: tuple[Expr, ...], at: Any = None) -> Display:
    return Display(kind_of(form), items, at, form)


def of_pairs(pairs: list[tuple[Hashable, Expr]], at: Any) -> Display:
    """A dict of these keys and values; a key that comes twice keeps its place and takes the last value."""
    keys: list[Hashable] = []
    values: list[Expr] = []
    for key, value in pairs:
        place = Form("dict", dict, tuple(keys)).place(key)
        if place is None:
            keys.append(key)
            values.append(value)
        else:
            values[place] = value
    return record(Form("dict", dict, tuple(keys)), tuple(values), at)


def is_dict(e: Expr) -> bool:
    return isinstance(e, Display) and e.form is not None and e.form.kind == "dict"


class Records(Assigner):
    """Structures in the expressions and assignments of one function."""

    # ------------------------------------------------------------------------------------------------ reading them

    def key(self, e: Expr) -> Hashable:
        """A key that is known when the derivative is written. Raises TypeProblem for any other."""
        if isinstance(e, Display) and e.kind == "tuple":
            return tuple(map(self.key, e.items))
        type_ = self.typed(e)
        if isinstance(e, Const | Object) and isinstance(e.value, Hashable):
            return e.value
        if isinstance(type_, Num) and type(type_.value) in (int, bool):
            return type_.value  # type: ignore[no-any-return]
        if isinstance(type_, Static) and isinstance(type_.value, Hashable):
            return type_.value
        raise TypeProblem(
            UnsupportedSyntax,
            "a key that is known only when the program runs",
            "which value of the dict is meant decides what its derivative belongs to",
            "write the key as a literal, or keep the values in an array",
            getattr(e, "at", None),
        )

    def part(self, base: Display, key: Expr, e: Expr) -> Expr:
        """`base[key]` of a dict."""
        assert base.form is not None
        place = base.form.place(self.key(key))
        if place is None:
            raise TypeProblem(
                UnsupportedSyntax,
                f"the key {self.key(key)!r} of a dict that has no such key",
                "Python itself raises KeyError",
                f"use one of the keys {', '.join(map(repr, base.form.keys))}",
                getattr(e, "at", None),
            )
        return base.items[place]

    def attribute(self, base: Display, e: Attr) -> Expr | None:
        """`base.name` of a structure; None where it is the name of a method."""
        form = base.form
        cls = tuple if form is None else form.cls
        if form is None or not form.by_attribute:
            return None
        of_class = inspect.getattr_static(cls, e.name, _NOT_THERE)
        if isinstance(of_class, property) and of_class.fget is not None:
            return self.inline(self.python(of_class.fget, e), (base,), (), Call(Name(e.name), (base,), at=e.at))
        place = form.place(e.name)
        if place is not None:
            return base.items[place]
        if isinstance(of_class, functools.cached_property):
            return self.inline(self.python(of_class.func, e), (base,), (), Call(Name(e.name), (base,), at=e.at))
        if isinstance(of_class, FunctionType | classmethod | staticmethod) or hasattr(of_class, "py_func"):
            return None
        if of_class is _NOT_THERE or hasattr(of_class, "__get__"):
            raise self.missing(cls, e)
        return self.expr(Object(of_class, f"{cls.__name__}.{e.name}", e.at))

    def missing(self, cls: type, e: Attr) -> TypeProblem:
        return TypeProblem(
            UnsupportedSyntax,
            f"the attribute `{e.name}` of a {cls.__name__}",
            "the object has no such attribute that srcdiff can read",
            "correct the spelling, or pass the value as an argument of the function",
            e.at,
        )

    def python(self, function: Any, e: Attr) -> FunctionType:
        """The Python function behind a property."""
        if isinstance(function, FunctionType):
            return function
        raise TypeProblem(
            UnsupportedCall,
            f"the property `{e.name}`, which is not written in Python",
            "there is no source to read",
            "pass the value as an argument of the function",
            e.at,
        )

    # --------------------------------------------------------------------------------------------- calling methods

    def method_call(self, base: Display, e: Call, attr: Attr) -> Expr | None:
        """`base.name(...)` of a structure; None where that is not one of its methods."""
        form = base.form
        if form is None:
            return None
        if form.kind == "dict":
            return self.dict_method(base, e, attr)
        if not form.by_attribute:
            return None
        if form.kind == "named" and attr.name in ("_replace", "_asdict", "_make"):
            return self.named_method(base, e, attr.name)
        of_class = inspect.getattr_static(form.cls, attr.name, _NOT_THERE)
        if form.place(attr.name) is not None or of_class is _NOT_THERE or isinstance(of_class, property):
            held = self.attribute(base, attr)
            return None if held is None else self.expr(replace(e, func=held))
        text = f"{form.cls.__name__}.{attr.name}"
        if isinstance(of_class, staticmethod):
            return self.expr(replace(e, func=Object(of_class.__func__, text, attr.at)))
        args, kwargs = self.arguments(e)
        if isinstance(of_class, classmethod):
            base_or_cls: Expr = Object(form.cls, form.cls.__name__)
            function: Any = of_class.__func__
        else:
            base_or_cls, function = base, getattr(of_class, "py_func", of_class)
        if not isinstance(function, FunctionType):
            raise self.missing(form.cls, attr)
        return self.inline(function, (base_or_cls, *args), kwargs, replace(e, func=Object(function, text, attr.at)))

    def named_method(self, base: Display, e: Call, name: str) -> Expr:
        assert base.form is not None
        if name == "_asdict":
            return record(Form("dict", dict, base.form.keys), base.items, e.at)
        args, kwargs = self.arguments(e)
        if name == "_make":
            (items,) = args
            assert isinstance(items, Display)
            return replace(base, items=items.items)
        return self.replaced(base, kwargs, e)

    def replaced(self, base: Display, changes: tuple[tuple[str, Expr], ...], e: Call) -> Display:
        """The structure with other values for some of its attributes."""
        assert base.form is not None
        items = list(base.items)
        for name, value in changes:
            place = base.form.place(name)
            if place is None:
                raise self.missing(base.form.cls, Attr(base, name, e.at))
            items[place] = value
        return Display(base.kind, tuple(items), e.at, base.form)

    def dict_method(self, base: Display, e: Call, attr: Attr) -> Expr | None:
        form = base.form
        assert form is not None
        args, kwargs = self.arguments(e)
        match attr.name, args:
            case "keys", ():
                return Display("tuple", tuple(map(Const, form.keys)), e.at)
            case "values", ():
                return Display("tuple", base.items, e.at)
            case "items", ():
                pairs = zip(map(Const, form.keys), base.items, strict=True)
                return Display("tuple", tuple(Display("tuple", p) for p in pairs), e.at)
            case "get", (key, *rest):
                there = form.place(self.key(key)) is not None
                return self.part(base, key, e) if there else rest[0] if rest else Const(None)
            case "copy", ():
                return record(form, base.items, e.at)
            case "update", _:
                other = self.dict_of(args, kwargs, e)
                assert other.form is not None
                for name, value in zip(other.form.keys, other.items, strict=True):
                    self.put(base, name, value, e)
                    base = self.current(base)
                return Const(None)
        return None

    def dict_of(self, args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...], e: Call) -> Display:
        """`dict(...)` of dicts and of pairs."""
        pairs: list[tuple[Hashable, Expr]] = []
        for arg in args:
            if isinstance(arg, Display) and arg.form is not None and arg.form.kind == "dict":
                pairs.extend(zip(arg.form.keys, arg.items, strict=True))
            elif isinstance(arg, Display) and all(isinstance(i, Display) and len(i.items) == 2 for i in arg.items):
                pairs.extend((self.key(i.items[0]), i.items[1]) for i in arg.items if isinstance(i, Display))
            else:
                raise TypeProblem(
                    UnsupportedCall,
                    f"a dict made of a {describe(self.typed(arg))}",
                    "its keys are not known when the derivative is written",
                    "write the dict out: {'a': a, 'b': b}",
                    e.at,
                )
        pairs.extend((name, value) for name, value in kwargs)
        return of_pairs(pairs, e.at)

    # ------------------------------------------------------------------------------------------------ making them

    def display(self, e: Display) -> Expr:
        """A tuple, list or dict that is written out."""
        if e.kind == "dict":
            pairs: list[tuple[Hashable, Expr]] = []
            for item in e.items:
                assert isinstance(item, Display)
                if item.kind == "starred":
                    other = self.dict_of((self.expr(item.items[0]),), (), Call(Name("dict"), (), at=item.at))
                    assert other.form is not None
                    pairs.extend(zip(other.form.keys, other.items, strict=True))
                else:
                    key, value = map(self.expr, item.items)
                    pairs.append((self.key(key), value))
            return of_pairs(pairs, e.at)
        return replace(e, items=tuple(self.spread(e.items)))

    def arguments(self, e: Call) -> tuple[tuple[Expr, ...], tuple[tuple[str, Expr], ...]]:
        args = tuple(self.spread(e.args))
        kwargs: list[tuple[str, Expr]] = []
        for name, value in e.kwargs:
            found = self.expr(value)
            if name == "**":
                other = self.dict_of((found,), (), e)
                assert other.form is not None
                kwargs.extend(zip(map(str, other.form.keys), other.items, strict=True))
            else:
                kwargs.append((name, found))
        return args, tuple(kwargs)

    def spread(self, items: tuple[Expr, ...]) -> list[Expr]:
        """Expressions made core, starred ones item by item."""
        found: list[Expr] = []
        for item in items:
            if isinstance(item, Display) and item.kind == "starred":
                found.extend(self.items_of(self.expr(item.items[0]), item))
            else:
                found.append(self.expr(item))
        return found

    def items_of(self, e: Expr, at: Expr) -> tuple[Expr, ...]:
        """What a loop over a structure meets, one after the other."""
        if isinstance(e, Display) and e.form is not None and e.form.kind == "dict":
            return tuple(map(Const, e.form.keys))
        if isinstance(e, Display) and e.kind in ("tuple", "list"):
            return e.items
        type_ = self.typed(e)
        if isinstance(type_, Num) and type_.ndim and isinstance(type_.shape[0].token, int):
            array = self.atom(e, "kept")
            return tuple(Item(array, Const(k)) for k in range(type_.shape[0].token))
        raise TypeProblem(
            UnsupportedSyntax,
            f"unpacking a {describe(type_)} with `*`",
            "how many values there are is not known when the derivative is written",
            "write the elements out: `(a[0], a[1], b)`",
            getattr(at, "at", None),
        )

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

    def special_call(self, function: Any, e: Call) -> Expr | None:
        if function is dict:
            args, kwargs = self.arguments(e)
            return self.dict_of(args, kwargs, e)
        if isinstance(function, type) and function not in (list, tuple) and rule_of(function) is None:
            return self.construct(function, e)
        if not e.args or not isinstance(self.type_apart(e.args[0]), Tup):
            return None
        if function in (list, tuple, len):
            items = self.items_of(self.arguments(e)[0][0], e)
            if function is len:
                return Const(len(items))
            form = Form("list", list, tuple(range(len(items)))) if function is list else None
            return Display("tuple", items, e.at, form)
        if function is dataclasses.replace:
            (base,), kwargs = self.arguments(e)
            assert isinstance(base, Display)
            return self.remade(base, kwargs, e)
        if function in (getattr, hasattr, setattr) and len(e.args) > 1:
            return self.named_attribute(function, e)
        return None

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

    # ------------------------------------------------------------------------------------------------ naming them

    def bind_parts(self, name: str, value: Expr, type_: Tup) -> Tup | Ref:
        if type_.form is None or not self.state.is_home(name, type_.form):
            return super().bind_parts(name, value, type_)
        home = self.state.fresh(name) if any(self.referrers(name)) else name
        found = super().bind_parts(home, value, type_)
        self.state.left.discard(home)
        if home == name:
            return found
        self.state.env[home] = found
        return Ref(home)

    def refer(self, name: str, value: Display) -> None:
        home = value.home
        assert home is not None
        if home == name:
            return
        if home in self.state.left and not any(self.referrers(home)):
            self.bind(name, replace(value, home=None))  # nobody else has it: it moves
        else:
            self.state.env[name] = Ref(home)

    def referrers(self, home: str) -> Iterator[str]:
        """The other living variables that refer to a structure."""
        for name, type_ in self.state.env.items():
            if type_ == Ref(home) and name != home and name not in self.state.left:
                yield name

    # ----------------------------------------------------------------------------------------------- changing them

    def check_mutable(self, base: Expr, target: Expr) -> Display:
        """The structure that a statement changes. Raises TypeProblem for one that cannot be changed."""
        if not isinstance(base, Display) or base.form is None:
            raise TypeProblem(
                UnsupportedMutation,
                f"an assignment to an attribute or item of a {describe(self.typed(base))}",
                "only objects, dicts and arrays are followed through changes in place",
                "keep the value in a local variable, and return it",
                getattr(target, "at", None),
            )
        if not base.form.is_mutable:
            raise TypeProblem(
                UnsupportedMutation,
                f"an assignment to a part of a {base.form.cls.__name__}, which cannot be changed",
                "Python itself refuses this",
                "make a new one with the other value",
                getattr(target, "at", None),
            )
        return base

    def home_of(self, base: Expr, target: Expr) -> tuple[str, Form]:
        """The variable that holds a structure which is about to be changed."""
        found = self.check_mutable(base, target)
        assert found.form is not None
        if found.home is None and found.form.cls in self.state.changed:
            raise TypeProblem(
                UnsupportedMutation,
                f"a change of a {describe(self.typed(base))} that no variable of the function holds",
                "the change would outlast the call, or nobody would see it",
                "give the structure a name first, or pass it as an argument",
                getattr(target, "at", None),
            )
        if found.home is None:
            raise Changed(found.form.cls)
        return found.home, found.form

    def current(self, base: Display) -> Display:
        """A structure as it is now."""
        assert base.home is not None
        found = self.state.expanded(base.home, self.state.env[base.home])
        assert isinstance(found, Display)
        return found

    def put(self, base: Expr, key: Hashable, value: Expr, target: Expr) -> None:
        """`base.key = value`, or `base[key] = value`."""
        home, form = self.home_of(base, target)
        if form.by_attribute:
            of_class = inspect.getattr_static(form.cls, str(key), None)
            if isinstance(of_class, property):
                if of_class.fset is None:
                    raise self.missing(form.cls, Attr(base, str(key), getattr(target, "at", None)))
                at = Attr(base, str(key), getattr(target, "at", None))
                self.inline(self.python(of_class.fset, at), (base, value), (), Call(Name(str(key)), (), at=at.at))
                return
            own = inspect.getattr_static(form.cls, "__setattr__", None)
            if own is not object.__setattr__ and own is not None:
                raise TypeProblem(
                    UnsupportedMutation,
                    f"an assignment to an attribute of a {form.cls.__name__}, which has a `__setattr__` of its own",
                    "what it does with the value is not followed",
                    "use a class without one, or keep the value in a local variable",
                    getattr(target, "at", None),
                )
        place = form.place(key)
        if place is None:
            place, form = len(form.keys), replace(form, keys=(*form.keys, key))
        own_name = self.state.component(home, place, form)
        # a value that holds parts of the structure itself is read before one of them changes
        self.bind(own_name, value)
        type_ = self.state.env[home]
        assert isinstance(type_, Tup)
        items = [*type_.items, self.state.env[own_name]] if place == len(type_.items) else list(type_.items)
        items[place] = self.state.env[own_name]
        self.state.env[home] = Tup(tuple(items), form)

    def put_part(self, target: Attr | Item, value: Expr) -> None:
        base = self.expr(target.base)
        if isinstance(target, Attr):
            self.put(base, target.name, value, target)
            return
        assert isinstance(base, Display)
        key: Hashable = self.key(self.expr(target.index))
        if base.form is not None and base.form.kind == "list":
            key = self.position(base.form, key, target)
        self.put(base, key, value, target)

    def position(self, form: Form, key: Hashable, target: Expr) -> int:
        """A position in a list, counted from its start."""
        if not isinstance(key, int) or not -len(form.keys) <= key < len(form.keys):
            raise TypeProblem(
                UnsupportedSyntax,
                f"the index {key!r} of a list of {len(form.keys)}",
                "Python itself refuses this",
                "use an index within the list",
                getattr(target, "at", None),
            )
        return key % len(form.keys)

    def update_part(self, s: Update, target: Attr | Item) -> None:
        """`base.key op= value`."""
        value, current = self.expr(s.value), self.expr(target)
        type_ = self.typed(current)
        if isinstance(current, Name) and isinstance(type_, Num) and type_.is_array:
            self.check_mutable(self.expr(target.base), target)
            self.typed(Call(s.op, (current, value), at=target.at))
            self.state.emit(Update(current, s.op, value))  # the array stays the same one, under all its names
            return
        self.put_part(target, Call(s.op, (current, value), at=target.at))

    def is_record_place(self, target: Expr) -> bool:
        """Whether an assignment changes a structure rather than an array."""
        if isinstance(target, Item):
            return isinstance(target.base, Name | Attr | Item) and isinstance(self.type_apart(target.base), Tup)
        return isinstance(target, Attr)
