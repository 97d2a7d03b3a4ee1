"""The core program, with names for its values, made ready for its adjoint.

* loop bounds that are dear or read contents get a name; loops of unknown length count their trips;
* an array that is written in place gets its adjoint (its *shadow*) where it is made, and a view's shadow is the same
  view of the shadow.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from .. import runtime
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
from ..ir.walk import Fresh, is_call_of, map_stmt, statements, subexprs, targets
from ..normalise import Core, web_types
from ..rules.typing import Typer, like
from .acts import Adjoints
from .naming import named
from .terms import ADD, ZERO

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
    tapes: set[str] = field(default_factory=set)  # the arrays that keep values of loops, as far as they are made


def prepare(core: Core, wrt: tuple[str, ...], results: Callable[[Function], list[str]], taped: bool) -> Ready:
    """`results` tells the names of the result's active leaves from the final program; `taped` that it is not
    differentiated again."""
    params = core.types
    n = named(core, wrt, results, forward=False, taped=taped)
    function, types, aliases, active, fresh, user_name = n.function, n.types, n.aliases, n.active, n.fresh, n.user_name
    counter = _Counter(fresh, types, user_name)
    function = replace(function, body=counter.block(function.body))
    types.update(web_types(function, params))
    shadows = _Shadows(types, aliases, active, fresh, user_name)
    shadows.find_late(function)
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
            if not _is_light(bound) or self.of_list(bound):
                name = self.fresh("n")
                self.user_name[name] = "n"
                type_ = Typer(self.types)(bound)
                self.types[name] = type_ if self.of_list(bound) else Num("int64", weak=True)
                out.append(Assign(Name(name), bound, s.origin))
                bound = Name(name)
            args.append(bound)
        return replace(s, iter=replace(s.iter, args=tuple(args)))

    def of_list(self, bound: Expr) -> bool:
        """Whether a bound is told by a list, which may have another length when the loop is reversed."""
        return any(isinstance(n, Name) and isinstance(self.types.get(n.id), ListOf) for n in subexprs(bound))


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

    def find_late(self, function: Function) -> None:
        """The lists whose shadows can be made when the reverse sweep begins: made once, outside of all branches and
        loops, and known under one name."""
        made: dict[str, list[Stmt]] = {}
        for s in statements(function.body):
            for name in targets(s.target) if isinstance(s, Assign) else []:
                made.setdefault(name, []).append(s)
        for name, bar in self.adjoints.shadows.items():
            first = made.get(name, [])
            alone = self.aliases.is_list(name) and self.aliases.lists(name) == [name] and len(first) == 1
            if alone and not self.aliases.points(name) and any(s is first[0] for s in function.body):
                self.adjoints.late[bar] = zeros_of_list(name, self.types[name])

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for s in block:
            out.append(map_stmt(s, lambda e: e, self.block))
            out.extend(self.following(s))
        return tuple(out)

    def following(self, s: Stmt) -> list[Stmt]:
        """What stands behind a statement: the same for the shadows."""
        match s:
            case Assign(target=Name(id=name), value=Call(args=(Name(id=base),)) as call) if is_call_of(call, list.pop):
                if self.is_beside(base):
                    return [Effect(self.mirrored(call), s.origin)]
                own = self.adjoints.shadows.get(name)
                return [] if own is None else [Assign(Name(own), self.shadow(name, call), s.origin)]
            case Assign(target=Name(id=name), value=value) if name in self.adjoints.shadows:
                shadow = self.adjoints.shadows[name]
                return (
                    [] if shadow in self.adjoints.late else [Assign(Name(shadow), self.shadow(name, value), s.origin)]
                )
            case Assign(target=Display(items=names), value=Display(items=values)):
                pairs = [
                    (Name(self.adjoints.shadows[t.id]), self.shadow(t.id, v))
                    for t, v in zip(names, values, strict=True)
                    if isinstance(t, Name) and t.id in self.adjoints.shadows
                ]
                if len(pairs) == 1:
                    return [Assign(*pairs[0], s.origin)]
                if pairs:
                    left, right = (Display("tuple", tuple(side)) for side in zip(*pairs, strict=True))
                    return [Assign(left, right, s.origin)]
            case Assign(target=Item(base=Name(id=name)) as place, value=value) if self.is_beside(name):
                if isinstance(t := Typer(self.types)(value), Num) and t.ndim:
                    return [Assign(self.mirrored(place), self.zero_of(value), s.origin)]
            case Effect(value=Call(args=(Name(id=name),)) as call) if is_call_of(call, list.pop):
                if self.is_beside(name) or (name in self.adjoints.shadows and self.aliases.points(name)):
                    return [Effect(replace(call, args=(Name(self.adjoints.shadows[name]),)), s.origin)]
            case Effect(value=Call(args=(Name(id=name), item)) as call) if is_call_of(call, list.append):
                if name in self.adjoints.shadows and self.aliases.points(name):
                    both = (Name(self.adjoints.shadows[name]), self.mirrored(item))
                    return [Effect(replace(call, args=both), s.origin)]
                if self.is_beside(name):
                    both = (Name(self.adjoints.shadows[name]), self.zero_of(item))
                    return [Effect(replace(call, args=both), s.origin)]
        return []

    def is_beside(self, name: str) -> bool:
        """Whether a list has a shadow in the forward program, which holds a zero for each of its items."""
        shadow = self.adjoints.shadows.get(name)
        own = shadow is not None and shadow not in self.adjoints.late
        return own and self.aliases.is_list(name) and not self.aliases.points(name)

    def zero_of(self, item: Expr) -> Expr:
        type_ = Typer(self.types)(item)
        return Call(ZEROS_LIKE, (item,)) if isinstance(type_, Num) and type_.ndim else ZERO

    def shadow(self, name: str, value: Expr) -> Expr:
        """The adjoint storage of a new array or list, or the same view of the adjoint of what it is a view of."""
        if isinstance(value, Display):
            return value
        if isinstance(self.types[name], ListOf) and is_call_of(value, operator.mul):
            assert isinstance(value, Call)
            return replace(value, args=(Display("list", (ZERO,)), value.args[1]))
        if isinstance(self.types[name], ListOf) and is_call_of(value, runtime.zeros_like):
            return value
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


def zeros_of_list(name: str, type_: Type) -> Expr:
    """The list of the zeros of the items of a list."""
    item = type_.item if isinstance(type_, ListOf) else None
    if isinstance(item, Num) and item.ndim == 0:
        return Call(Object(operator.mul, "*"), (Display("list", (ZERO,)), Call(Object(len, "len"), (Name(name),))))
    return Call(Object(runtime.zeros_like, "zeros_like"), (Name(name),))
