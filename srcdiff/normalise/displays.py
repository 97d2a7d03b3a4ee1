"""Structures that are written out, and what is taken from them by keys and stars.

in:   d = {"a": x, **e}; f(*p, **d)        out:  d_a, d_b = x, e_b; f(p_0, p_1, a=d_a, b=d_b)
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from ..errors import UnsupportedCall, UnsupportedSyntax
from ..frontend import PartsReference
from ..ir.nodes import Call, Comprehension, Const, Display, Expr, Item, Name, Object
from ..ir.types import Form, Num, Static, Tup, describe
from ..ir.walk import is_call_of
from ..records import parts_of
from ..rules.typing import TypeProblem
from .literals import as_value
from .order import Order
from .state import kind_of


class _Other:
    """Something in a structure that srcdiff does not compute with."""

    def __init__(self, value: object) -> None:
        self.value = value


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


class Displays(Order):
    """Structures in the expressions of one function."""

    def source(self, raw: Expr) -> Expr:
        """The iterable with the sources inside `enumerate`, `zip` and `reversed` made core."""
        if isinstance(raw, Comprehension):
            return as_value(self.comprehension(raw))
        if is_call_of(raw, enumerate, zip, reversed, itertools.count):
            assert isinstance(raw, Call)
            kwargs = tuple((k, self.expr(v)) for k, v in raw.kwargs)
            args: list[Expr] = []
            for a in raw.args:
                if isinstance(a, Display) and a.kind == "starred":
                    args += self.items_of(as_value(self.expr(a.items[0])), raw)
                else:
                    args.append(self.source(a))
            return replace(raw, args=tuple(args), kwargs=kwargs)
        return self.expr(raw)

    def captured_structure(self, e: Object, form: Form | None) -> Expr:
        """A structure from outside the function. Its parts are what they are now; a derivative is written anew where
        one of them is bound to something else."""
        parts = parts_of(e.value, form)
        items: list[Expr] = []
        for k, part in enumerate(parts):
            key = form.keys[k] if form is not None else k
            text = f"{e.text}.{key}" if isinstance(key, str) and key.isidentifier() else f"{e.text}_{k}"
            try:
                items.append(self.expr(Object(part, text, e.at)))
            except TypeProblem:  # of no use as a number, but the function may not want it as one
                items.append(Object(_Other(part), text, e.at))
        path = f"{e.text} at {id(e.value)}"
        self.state.references.setdefault((path, id(e.value)), PartsReference(path, e.value, form, parts))
        return Display(kind_of(form), tuple(items), e.at, form)

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

    def display(self, e: Display) -> Expr:
        """A tuple, list or dict that is written out."""
        if e.kind == "dict":
            pairs: list[tuple[Hashable, Expr]] = []
            for item in e.items:
                assert isinstance(item, Display)
                mark = self.here_now(item)
                new = self.new_pairs(item)
                before = self.read_before([value for _, value in pairs], mark)
                pairs = [*((key, value) for (key, _), value in zip(pairs, before, strict=True)), *new]
            return of_pairs(pairs, e.at)
        return replace(e, items=tuple(self.spread(e.items)))

    def new_pairs(self, item: Display) -> list[tuple[Hashable, Expr]]:
        """What `key: value` or `**other` puts into a dict that is written out."""
        if item.kind == "starred":
            other = self.dict_of((self.expr(item.items[0]),), (), Call(Name("dict"), (), at=item.at))
            assert other.form is not None
            return list(zip(other.form.keys, other.items, strict=True))
        key, value = map(self.expr, item.items)
        return [(self.key(key), value)]

    def arguments(self, e: Call) -> tuple[tuple[Expr, ...], tuple[tuple[str, Expr], ...]]:
        args = self.spread(e.args)
        kwargs: list[tuple[str, Expr]] = []
        for name, value in e.kwargs:
            mark = self.here_now(value)
            found = self.expr(value)
            first = self.read_before([*args, *(v for _, v in kwargs)], mark)
            args, kwargs = first[: len(args)], [(k, v) for (k, _), v in zip(kwargs, first[len(args) :], strict=True)]
            if name == "**":
                other = self.dict_of((found,), (), e)
                assert other.form is not None
                kwargs.extend(zip(map(str, other.form.keys), other.items, strict=True))
            else:
                kwargs.append((name, found))
        return tuple(args), tuple(kwargs)

    def shared(self, e: Expr) -> Expr:
        """A value that is about to stand in several places: computed once, and what is changed in one of the places
        changes in all."""
        return e if isinstance(e, Object) else self.atom(e, "item")

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
        if isinstance(type_, Tup) and type_.form is None:  # the shape of an array
            shape = e if isinstance(e, Name | Call) else self.atom(e, "shape")
            return tuple(Item(shape, Const(k)) for k, _ in enumerate(type_.items))
        raise TypeProblem(
            UnsupportedSyntax,
            f"unpacking a {describe(type_)} with `*`",
            "how many values there are is not known when the derivative is written",
            "write the elements out: `(a[0], a[1], b)`",
            getattr(at, "at", None),
        )

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
