"""Attributes and methods of structures.

in:   s = p.energy() + d.get("k", 1.0)     out:  s = 0.5 * p_v * p_v + d_k
"""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

from ..frontend import ClassReference, Program, Unbound, static_attribute
from ..ir.nodes import Assign, Attr, Call, Const, Display, Expr, Name, Object, Slice
from ..ir.types import Form
from ..ir.walk import assigned, targets
from ..records import SLICE_BOUNDS
from .changes import Changes
from .displays import record
from .literals import as_value, literal

_NOT_THERE = object()


@dataclass(frozen=True, eq=False)
class Bound:
    """A method of a structure as a value (`rk4(pendulum.rhs, y)`): `owner` is the variable that holds the structure."""

    owner: str
    name: str

    @property
    def __name__(self) -> str:
        return self.name


class Records(Changes):
    """The attributes and methods of structures in one function."""

    program: Program
    subject: Any = None  # the function itself, if it is a Python object already

    def attribute(self, base: Display, e: Attr) -> Expr | None:
        """`base.name` of a structure; None where it is none of its own attributes."""
        form = base.form
        cls = tuple if form is None else form.cls
        if form is None or not form.by_attribute:
            return None
        of_class = self.of_class(cls, e.name)
        if isinstance(of_class, property) and of_class.fget is not None:
            return self.inline(self.python(of_class.fget, e), (base,), (), Call(Name(e.name), (base,), at=e.at))
        place = form.place(e.name)
        if place is not None:
            return base.items[place]
        if form.kind == "slice" and e.name in SLICE_BOUNDS:
            return Const(None)
        if isinstance(of_class, functools.cached_property):
            return self.inline(self.python(of_class.func, e), (base,), (), Call(Name(e.name), (base,), at=e.at))
        if isinstance(of_class, staticmethod):
            return self.expr(Object(of_class.__func__, f"{cls.__name__}.{e.name}", e.at))
        if isinstance(of_class, FunctionType | classmethod) or hasattr(of_class, "py_func"):
            return self.bound_method(base, e)
        if of_class is _NOT_THERE or hasattr(of_class, "__get__"):
            raise self.missing(cls, e)
        return self.expr(Object(of_class, f"{cls.__name__}.{e.name}", e.at))

    def bound_method(self, base: Display, e: Attr) -> Expr:
        """A method that is passed on or called later: of the structure as it is now, under whatever names."""
        owner = base.home or self.steady(e.base)
        if owner is None:
            owner = self.state.fresh("owner")
            self.bind(owner, base)
        return Object(Bound(owner, e.name), e.name, e.at)

    def steady(self, raw: Expr) -> str | None:
        """The variable that a name stands for, where it is bound once in the function, in no loop."""
        target = self.scope.get(raw.id, raw) if isinstance(raw, Name) else None
        if not isinstance(raw, Name) or not isinstance(target, Name):
            return None
        function = self.program.function
        once = [s for s in function.body if isinstance(s, Assign) and raw.id in targets(s.target)]
        again = raw.id in assigned(tuple(s for s in function.body if s not in once))
        is_param = any(p.name == raw.id for p in function.params)
        return target.id if len(once) + is_param == 1 and not again else None

    def call_bound(self, method: Bound, e: Call) -> Expr:
        owner = self.state.expanded(method.owner, self.state.env[method.owner])
        attr = Attr(Name(method.owner), method.name, getattr(e.func, "at", None))
        result = self.method_call(owner, e, attr) if isinstance(owner, Display) else None
        assert result is not None
        return result

    def of_class(self, cls: type, name: str) -> Any:
        """What a class has under a name, as it stands there; noted, since it may be bound anew."""
        found = inspect.getattr_static(cls, name, _NOT_THERE)
        if found is not _NOT_THERE:
            text = f"{cls.__name__}.{name}"
            self.state.references.setdefault((text, id(cls)), ClassReference(text, cls, name, found))
        return found

    def static(self, base: Object, e: Attr) -> Expr:
        found = static_attribute(base.value, e.name)
        if isinstance(found, Unbound):
            raise self.missing(base.value if isinstance(base.value, type) else type(base.value), e)
        if isinstance(base.value, type):
            self.of_class(base.value, e.name)
        return self.expr(Object(found, f"{base.text}.{e.name}", e.at))

    def method_call(self, base: Display, e: Call, attr: Attr) -> Expr | None:
        """`base.name(...)` of a structure; None where that is not one of its methods."""
        form = base.form
        if form is None:
            return None
        if form.kind == "dict":
            return self.dict_method(base, e, attr)
        if form.kind == "list":
            return self.list_method(base, e, attr)
        if not form.by_attribute:
            return None
        if form.kind == "named" and attr.name in ("_replace", "_asdict", "_make"):
            return self.named_method(base, e, attr.name)
        of_class = self.of_class(form.cls, attr.name)
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

    def super_call(self, e: Call, attr: Attr) -> Expr:
        free = self.subject.__code__.co_freevars if self.subject is not None else ()
        cells = dict(zip(free, (self.subject and self.subject.__closure__) or (), strict=True))
        owner = cells["__class__"].cell_contents if "__class__" in cells else None
        base = self.expr(Name(self.program.function.params[0].name)) if self.program.function.params else None
        if isinstance(owner, type) and isinstance(base, Display) and base.form is not None:
            mro = base.form.cls.__mro__
            for level in mro[mro.index(owner) + 1 :]:
                found = vars(level).get(attr.name)
                if level is object and attr.name == "__init__":
                    return Const(None)
                if isinstance(found, FunctionType):
                    self.of_class(level, attr.name)
                    args, kwargs = self.arguments(e)
                    return self.inline(found, (base, *args), kwargs, e)
        raise self.missing(owner if isinstance(owner, type) else object, attr)

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

    def list_method(self, base: Display, e: Call, attr: Attr) -> Expr | None:
        """The methods that change a list; a list is known item by item."""
        form = base.form
        assert form is not None
        args, _ = self.arguments(e)
        items = list(map(as_value, base.items))
        match attr.name, args:
            case "copy", ():
                return replace(base, home=None)
            case "append", (item,):
                items.append(as_value(item))
            case "extend", (more,):
                items.extend(self.items_of(as_value(more), e))
            case "insert", (place, item):
                items.insert(self.position_of(place, e), as_value(item))
            case "pop" | "__delitem__", (Slice(),):
                return None
            case "pop" | "__delitem__", () | (_,):
                last = self.position(form, self.position_of(args[0], e) if args else -1, e)
                taken = items.pop(last)
                if last == len(items):
                    self.refill(base, items, e)
                    return taken
                kept = self.state.fresh("kept")  # what follows it moves into its variable
                self.bind(kept, taken)
                self.refill(base, items, e)
                return self.state.expanded(kept, self.state.env[kept])
            case "index", (value,) if (found := self.among(items, value)) and True in found:
                return Const(found.index(True))
            case "count", (value,) if (found := self.among(items, value)) is not None:
                return Const(found.count(True))
            case "clear", ():
                items.clear()
            case "reverse", ():
                items.reverse()
            case _:
                return None
        self.refill(base, items, e)
        return Const(None)

    def among(self, items: list[Expr], value: Expr) -> list[bool] | None:
        """Which items equal a value, where literals tell it."""
        wanted, values = literal(value), [literal(i) for i in items]
        return None if wanted is None or None in values else [v == wanted for v in values]

    def position_of(self, e: Expr, call: Call) -> int:
        key = self.key(e)
        return key if isinstance(key, int) else self.position(Form("list", list, ()), key, call)

    def dict_method(self, base: Display, e: Call, attr: Attr) -> Expr | None:
        form = base.form
        assert form is not None
        args, kwargs = self.arguments(e)
        match attr.name, args:
            case "keys", ():
                return Display("tuple", tuple(map(Const, form.keys)), e.at, view_of=base.home)
            case "values", ():
                return Display("tuple", base.items, e.at, view_of=base.home)
            case "items", ():
                pairs = zip(map(Const, form.keys), base.items, strict=True)
                return Display("tuple", tuple(Display("tuple", p) for p in pairs), e.at, view_of=base.home)
            case "get", (key, *rest):
                there = form.place(self.key(key)) is not None
                return self.part(base, key, e) if there else rest[0] if rest else Const(None)
            case "copy", ():
                return record(form, base.items, e.at)
            case "pop" | "__delitem__", (key, *rest):
                place = form.place(self.key(key))
                if place is None and rest:
                    return rest[0]
                taken = self.part(base, key, e)
                kept = self.state.fresh("kept")
                self.bind(kept, taken)
                left = [k for k, _ in enumerate(form.keys) if k != place]
                self.refill(base, [base.items[k] for k in left], e, tuple(form.keys[k] for k in left))
                return self.state.expanded(kept, self.state.env[kept])
            case "update", _:
                other = self.dict_of(args, kwargs, e)
                assert other.form is not None
                for name, value in zip(other.form.keys, other.items, strict=True):
                    self.put(base, name, value, e)
                    base = self.current(base)
                return Const(None)
        return None
