"""Structures under names: one variable for each part, and what happens to them where a part is changed.

in:   p = Particle(x, v)                   out:  p_x, p_v = x, v
      p.x += dt * p.v                            p_x += dt * p_v

A structure that nothing changes is a value: a second name is a second set of variables. Where a statement changes a
structure in place, the walk begins anew with the class noted (`Changed`): from then on a structure of that class lives
in one set of variables, its home, and every other name for it refers to that.
"""

from __future__ import annotations

import inspect
from collections.abc import Hashable, Iterator
from dataclasses import replace
from types import FunctionType
from typing import Any

from ..errors import UnsupportedCall, UnsupportedMutation, UnsupportedSyntax
from ..ir.nodes import Attr, Call, Display, Expr, Item, Name, Update
from ..ir.types import Form, Num, Ref, Tup, describe
from ..rules.typing import TypeProblem
from .displays import Displays


class Changed(Exception):
    """A structure of a class is changed in place: the walk has to begin anew, and know it."""

    def __init__(self, cls: type) -> None:
        super().__init__(cls)
        self.cls = cls


class Changes(Displays):
    """Structures in the assignments of one function."""

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

    def bind_parts(self, name: str, value: Expr, type_: Tup) -> Tup:
        if isinstance(value, Display) and value.view_of is not None:
            raise TypeProblem(
                UnsupportedMutation,
                "a view of a dict that is changed in place, under a name",
                "what it shows changes with the dict",
                "make a list of it: list(d.values()), or ask the dict for it where it is used",
                value.at,
            )
        if type_.form is not None and self.state.is_home(name, type_.form):
            self.vacate(name)
            self.state.left.discard(name)
        return super().bind_parts(name, value, type_)

    def refer(self, name: str, value: Display) -> None:
        assert value.home is not None
        home = self.state.home_at(value.home)
        if home == name:
            return
        self.vacate(name)
        if home in self.state.left and not any(self.referrers(home)):
            self.bind(name, replace(value, home=None))  # nobody else has it: it moves
        else:
            self.state.env[name] = Ref(home)

    def vacate(self, name: str) -> None:
        """A name is about to be given to another structure: where others refer to the one that it holds, that one gets
        a home of its own."""
        type_ = self.state.env.get(name)
        if not isinstance(type_, Tup) or not self.state.is_home(name, type_.form) or not any(self.referrers(name)):
            return
        home = self.state.fresh(name)
        self.state.env[home] = super().bind_parts(home, self.state.expanded(name, type_), type_)
        for other in list(self.referrers(name)):
            self.state.env[other] = Ref(home)

    def anchored(self, value: Expr) -> Expr:
        """A value with a second name for each structure in it that a variable holds, so that the variable may be given
        to another one before the value is assigned."""
        if not isinstance(value, Display):
            return value
        if value.home is None:
            return replace(value, items=tuple(map(self.anchored, value.items)))
        name = self.state.fresh("kept")
        self.state.env[name] = Ref(self.state.home_at(value.home))
        self.state.anchors.append(name)
        return replace(value, home=name)

    def released(self, before: int) -> None:
        """Forget the second names that were given since then."""
        self.state.left.update(self.state.anchors[before:])
        del self.state.anchors[before:]

    def referrers(self, home: str) -> Iterator[str]:
        """The other living variables that refer to a structure."""
        for name, type_ in self.state.env.items():
            if type_ == Ref(home) and name != home and name not in self.state.left:
                yield name

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

    def refill(self, base: Display, items: list[Expr], target: Expr, keys: tuple[Hashable, ...] | None = None) -> None:
        """Give a list or dict other items, or another number of them."""
        home, form = self.home_of(base, target)
        form = replace(form, keys=tuple(range(len(items))) if keys is None else keys)
        own = [self.state.component(home, k, form) for k in range(len(items))]
        old = [*base.items, *(None for _ in items)]
        changed = [k for k, item in enumerate(items) if item != old[k]]
        moved = Display("tuple", tuple(items[k] for k in changed))
        before = len(self.state.anchors)
        for k, item in zip(changed, self.apart_from({own[k] for k in changed}, moved).items, strict=True):
            self.bind(own[k], item)
        self.released(before)
        self.state.env[home] = Tup(tuple(self.state.env[n] for n in own), form)

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
        current = self.expr(target)
        mark = self.here_now(s.value)
        value = self.expr(s.value)
        type_ = self.typed(current)
        if not isinstance(current, Display) and not (isinstance(type_, Num) and type_.is_array):
            (current,) = self.read_before([current], mark)
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
