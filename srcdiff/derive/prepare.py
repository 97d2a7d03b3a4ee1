"""The core program, with names for its values, made ready for its adjoint.

* loop bounds that are dear or read contents get a name; loops of unknown length count their trips;
* an array that is written in place gets its adjoint (its *shadow*) where it is made, and a view's shadow is the same
  view of the shadow.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..analysis.aliases import Aliases
from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Choice,
    Const,
    Display,
    Effect,
    Expr,
    For,
    Function,
    If,
    Item,
    Name,
    Object,
    Stmt,
    Update,
    While,
)
from ..ir.types import ListOf, Num, Type
from ..ir.walk import Fresh, is_call_of, map_stmt, statements
from ..normalise import Core, web_types
from ..rules.typing import like
from .acts import Adjoints
from .naming import named
from .terms import ADD

ZEROS_LIKE = Object(np.zeros_like, "np.zeros_like")


@dataclass
class Ready:
    """A core program with all facts that the reverse sweep is built from."""

    function: Function
    types: dict[str, Type]
    aliases: Aliases
    active: set[str]
    adjoints: Adjoints
    trips: dict[int, str]
    fresh: Fresh
    copied: list[str]  # the arguments that are written in place
    user_name: dict[str, str]  # the name in the user's program that a variable stands for


def prepare(core: Core, wrt: tuple[str, ...], results: Callable[[Function], list[str]]) -> Ready:
    """`results` tells the names of the result's active leaves from the final program."""
    params = core.types
    n = named(core.function, params, wrt, results, forward=False, known=core.user_name)
    function, types, aliases, active, fresh, user_name = n.function, n.types, n.aliases, n.active, n.fresh, n.user_name
    counter = _Counter(fresh, types, user_name)
    function = replace(function, body=counter.block(function.body))
    types.update(web_types(function, params))
    shadows = _Shadows(types, aliases, active, fresh, user_name)
    body = shadows.block(function.body)
    function = replace(function, body=body)
    trips = {
        id(s): counter.names[s.body[0]]
        for s in statements(body)
        if isinstance(s, For | While) and s.body and s.body[0] in counter.names
    }
    return Ready(function, types, aliases, active, shadows.adjoints, trips, fresh, n.copied, user_name)


class _Counter:
    """Loop bounds that can be evaluated again, and a count of the trips where the bounds do not tell them."""

    def __init__(self, fresh: Fresh, types: dict[str, Type], user_name: dict[str, str]) -> None:
        self.fresh, self.types, self.user_name = fresh, types, user_name
        self.names: dict[Stmt, str] = {}  # the counting statement -> the counter

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for s in block:
            if isinstance(s, For):
                s = self.bounded(s, out)
            if isinstance(s, For | While):
                s = replace(s, body=self.block(s.body))
                if isinstance(s, While) or _breaks(s.body):
                    trips = self.fresh("trips")
                    self.user_name[trips] = "trips"
                    count = Update(Name(trips), ADD, Const(1), s.origin)
                    self.names[count] = trips
                    self.types[trips] = Num("int64", weak=True)
                    out.append(Assign(Name(trips), Const(0), s.origin))
                    s = replace(s, body=(count, *s.body))
            elif isinstance(s, If):
                s = replace(s, body=self.block(s.body), orelse=self.block(s.orelse))
            out.append(s)
        return tuple(out)

    def bounded(self, s: For, out: list[Stmt]) -> For:
        assert isinstance(s.iter, Call)
        args = []
        for bound in s.iter.args:
            if not _is_light(bound):
                name = self.fresh("n")
                self.user_name[name] = "n"
                self.types[name] = Num("int64", weak=True)
                out.append(Assign(Name(name), bound, s.origin))
                bound = Name(name)
            args.append(bound)
        return replace(s, iter=replace(s.iter, args=tuple(args)))


def _is_light(e: Expr) -> bool:
    """A name, a literal, a length, and one sum or difference of these."""
    match e:
        case Name() | Const():
            return True
        case Object(value=int()):
            return True
        case Call(func=Object(value=f), args=(Name(),)) if f is len:
            return True
        case Item(base=Call(func=Object(value=f), args=(Name(),)), index=Const()) if f is np.ndarray.shape:
            return True
        case Call(func=Object(value=f), args=(a, Const())) if f in (operator.add, operator.sub):
            return _is_light(a) and not (isinstance(a, Call) and len(a.args) == 2)
        case Call(func=Object(value=f), args=(Name(), Name())) if f in (operator.add, operator.sub):
            return True
    return False


def _breaks(block: Block) -> bool:
    for s in block:
        match s:
            case Break():
                return True
            case If():
                if _breaks(s.body) or _breaks(s.orelse):
                    return True
            case _:
                pass
    return False


class _Shadows:
    """The statements that make the adjoints of arrays that are written in place, and of lists."""

    def __init__(
        self, types: dict[str, Type], aliases: Aliases, active: set[str], fresh: Fresh, user_name: dict[str, str]
    ) -> None:
        self.types, self.aliases, self.active = types, aliases, active
        self.adjoints = Adjoints({}, {})
        for name in sorted(active):
            bar = fresh(f"{user_name.get(name, name)}_bar")
            user_name[bar] = f"{user_name.get(name, name)}_bar"
            type_ = types[name]
            types[bar] = like(name, type_)
            shadowed = isinstance(type_, ListOf) or (aliases.is_array(name) and aliases.mutable(name))
            (self.adjoints.shadows if shadowed else self.adjoints.bars)[name] = bar

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for s in block:
            out.append(map_stmt(s, lambda e: e, self.block))
            out.extend(self.following(s))
        return tuple(out)

    def following(self, s: Stmt) -> list[Stmt]:
        match s:
            case Assign(target=Name(id=name), value=value) if name in self.adjoints.shadows:
                shadow = Name(self.adjoints.shadows[name])
                return [Assign(shadow, self.shadow(name, value), s.origin)]
            case Assign(target=Display(items=targets), value=Display(items=values)):
                pairs = [
                    (Name(self.adjoints.shadows[t.id]), self.shadow(t.id, v))
                    for t, v in zip(targets, values, strict=True)
                    if isinstance(t, Name) and t.id in self.adjoints.shadows
                ]
                if len(pairs) == 1:
                    return [Assign(*pairs[0], s.origin)]
                if pairs:
                    left, right = (Display("tuple", tuple(side)) for side in zip(*pairs, strict=True))
                    return [Assign(left, right, s.origin)]
            case Effect(value=Call(args=(Name(id=name), item)) as call) if is_call_of(call, list.append):
                if name in self.adjoints.shadows and self.aliases.mutable(name):  # a list of written arrays
                    shadow = Name(self.adjoints.shadows[name])
                    return [Effect(replace(call, args=(shadow, self.mirrored(item))), s.origin)]
        return []

    def shadow(self, name: str, value: Expr) -> Expr:
        """The adjoint storage of a new array, or the same view of the adjoint of what it is a view of."""
        if isinstance(self.types[name], ListOf):
            return Display("list", ())
        if self.aliases.shares(value):
            return self.mirrored(value)
        return Call(ZEROS_LIKE, (Name(name),))

    def mirrored(self, e: Expr) -> Expr:
        match e:
            case Name(id=name):
                return Name(self.adjoints.shadows[name])
            case Item():
                return replace(e, base=self.mirrored(e.base))
            case Choice():
                return replace(e, then=self.mirrored(e.then), other=self.mirrored(e.other))
            case Call():
                return replace(e, args=(self.mirrored(e.args[0]), *e.args[1:]))
        raise TypeError(f"no shadow for {e!r}")
