"""Which variables may share memory, and which arrays are written in place.

Flow-insensitive: variables bound to one another, to views of one another, or to either of two arrays form a class.
A class is *mutable* if some statement writes into one of its arrays; only then does sharing matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..errors import AmbiguousAlias
from ..ir.callee import Callee, Opaque, called
from ..ir.nodes import Assign, Call, Choice, Display, Effect, Expr, Function, Item, Name, Object, Stmt, Update
from ..ir.types import ListOf, Num, Type
from ..ir.walk import is_call_of, statements
from ..rules import is_read_only, is_view
from ..rules.typing import TypeProblem, Typer
from .settled import Settled


@dataclass
class Aliases:
    types: dict[str, Type]
    parent: dict[str, str] = field(default_factory=dict)
    mutable_roots: set[str] = field(default_factory=set)

    def find(self, name: str) -> str:
        while self.parent.get(name, name) != name:
            name = self.parent[name]
        return name

    def union(self, a: str, b: str) -> None:
        a, b = self.find(a), self.find(b)
        if a != b:
            self.parent[max(a, b)] = min(a, b)

    def mutable(self, name: str) -> bool:
        """Whether the array that `name` stands for is written in place, under whatever name."""
        return self.find(name) in self.mutable_roots

    def members(self, name: str) -> list[str]:
        root = self.find(name)
        return sorted(n for n in self.types if self.find(n) == root)

    def is_array(self, name: str) -> bool:
        type_ = self.types.get(name)
        return isinstance(type_, Num) and type_.is_array

    def is_list(self, name: str) -> bool:
        """Whether `name` is a list of the program (a tape is not)."""
        type_ = self.types.get(name)
        return isinstance(type_, ListOf) and not type_.tape

    def points(self, name: str) -> bool:
        """Whether a list holds what is changed in place: other lists, or arrays that are written."""
        type_ = self.types.get(name)
        return isinstance(type_, ListOf) and (isinstance(type_.item, ListOf) or self.mutable(name))

    def lists(self, name: str) -> list[str]:
        """The lists that may be the same one, or one in the other."""
        return [n for n in self.members(name) if isinstance(self.types.get(n), ListOf)]

    def written_by(self, s: Stmt) -> list[str]:
        """The variables whose arrays a statement writes, itself or by what it calls."""
        if not isinstance(s, Assign | Update):
            return []
        callee = called(s.value)
        args = s.value.args if isinstance(s.value, Call) else ()
        return [*_written(s, self), *(n for k in (callee.written if callee else ()) for n in self.shares(args[k]))]

    def shares(self, e: Expr) -> list[str]:
        """The arrays and lists that the value of `e` may share memory with."""
        match e:
            case Name():
                return [e.id] if self.is_array(e.id) or isinstance(self.types.get(e.id), ListOf) else []
            case Choice():
                return self.shares(e.then) + self.shares(e.other)
            case Item():
                type_ = Typer(self.types)(e)
                shared = isinstance(type_, ListOf) or (isinstance(type_, Num) and type_.is_array)
                return self.shares(e.base) if shared else []
            case Call(func=Object(value=function), args=args) if is_view(function):
                return self.shares(args[0])
            case Call(func=Object(value=Callee() as callee), args=args):
                return [n for k in sorted(callee.shares) for n in self.shares(args[k])]
            case Call(func=Object(value=function), args=(base, *_)) if function is list.pop:
                return self.shares(base)
        return []


MAY_COPY = (np.reshape, np.ndarray.reshape, np.ravel, np.ndarray.ravel, np.ascontiguousarray)


def analyse(function: Function, types: dict[str, Type], check: bool = True) -> Aliases:
    """The alias classes of a core function; with `check`, raises TypeProblem where it cannot be told whether a value
    shares memory with an array that is written."""
    aliases = Aliases(types)
    written: list[str] = []
    puts: list[tuple[Stmt, str, Expr]] = []
    for s in statements(function.body):
        match s:
            case Assign(target=Name(id=name), value=value) if aliases.is_array(name) or _is_list(types.get(name)):
                for other in aliases.shares(value):
                    aliases.union(name, other)
            case Assign(target=Display(items=targets), value=Display(items=values)):
                for t, v in zip(targets, values, strict=True):
                    if isinstance(t, Name) and (aliases.is_array(t.id) or _is_list(types.get(t.id))):
                        for other in aliases.shares(v):
                            aliases.union(t.id, other)
            case Assign(target=Display(items=targets), value=Call() as call) if called(call) is not None:
                _share_results([t.id for t in targets if isinstance(t, Name)], call, aliases)
            case Effect(value=Call(args=(Name(id=name), item)) as call) if is_call_of(call, list.append):
                puts.append((s, name, item))
            case Assign(target=Item(base=base), value=value) if _is_list(Typer(types)(base)):
                puts.append((s, root_of(base), value))
            case _:
                pass
        if isinstance(s, Assign | Update):
            written.extend(_written(s, aliases))
    _put_in_lists(function, puts, written, aliases)
    aliases.mutable_roots = {aliases.find(name) for name in written}
    if check:
        _check(function, aliases)
    return aliases


def _put_in_lists(function: Function, puts: list[tuple[Stmt, str, Expr]], written: list[str], aliases: Aliases) -> None:
    """An array in a list may be written under another name, unless nobody writes it any more."""
    roots = {aliases.find(n) for n in written}
    settled: Settled | None = None
    apart: list[tuple[str, str]] = []
    for s, name, item in puts:
        for other in aliases.shares(item):
            if item == Name(other) and aliases.is_array(other) and aliases.find(other) in roots:
                settled = settled or Settled(function.body, (p.name for p in function.params), aliases.written_by)
                if settled.is_settled(s, aliases.members(other)):
                    continue
            apart.append((name, other))
    for name, other in apart:
        aliases.union(name, other)


def _share_results(names: list[str], call: Call, aliases: Aliases) -> None:
    """The results of a recursive function; the new contents of what it writes are arrays of their own."""
    callee = called(call)
    assert callee is not None
    own = callee.count - len(callee.written)
    arrays = [n for n in names[:own] if aliases.is_array(n)]
    for name in arrays:
        for other in (*aliases.shares(call), *(arrays[:1] if callee.tied else ())):
            aliases.union(name, other)


def _check_call(s: Stmt, aliases: Aliases) -> None:
    """Refuse a call of a recursive function where what it writes, or what is written later, may be shared."""
    callee = called(s.value) if isinstance(s, Assign) else None
    if callee is None or not isinstance(s, Assign) or not isinstance(s.value, Call):
        return
    args = s.value.args
    groups = [{aliases.find(n) for n in aliases.shares(a)} for a in args]
    for k in callee.written:
        for j, group in enumerate(groups):
            if j != k and group & groups[k]:
                raise TypeProblem(
                    AmbiguousAlias,
                    f"two arguments of `{callee.name}` that may share memory, one of which it writes",
                    ("a loop over `checkpointed`" if callee.trips is not None else "a recursive function")
                    + " is differentiated with a copy of what it writes",
                    "pass the whole array once, with the bounds as numbers",
                    s.value.at,
                )
    names = list(s.target.items) if isinstance(s.target, Display) else [s.target]
    made = [n.id for n in names[: callee.count - len(callee.written)] if isinstance(n, Name)]
    if (callee.shares or callee.tied) and any(aliases.is_array(n) and aliases.mutable(n) for n in made):
        raise TypeProblem(
            AmbiguousAlias,
            f"an array that `{callee.name}` returns and that may be one of its arguments, or another result, is "
            f"written in place",
            _why_shared(callee),
            f"return a copy from `{callee.name}`, or copy the result before it is written",
            s.value.at,
        )


def _why_shared(callee: Callee) -> str:
    if isinstance(callee, Opaque):
        return "generated code goes on with a copy of what a function that runs on the tape returns"
    depth = "how many trips there were" if callee.trips is not None else "how deep the recursion went"
    return f"whether the other one changes, too, depends on {depth}"


def _written(s: Assign | Update, aliases: Aliases) -> list[str]:
    match s.target:
        case Item(base=base):
            return [] if _is_list(Typer(aliases.types)(base)) else [root_of(base)]
        case Name(id=name) if isinstance(s, Update) and aliases.is_array(name):
            return [name]
    return []


def _is_list(type_: Type | None) -> bool:
    return isinstance(type_, ListOf)


def root_of(e: Expr) -> str:
    """The variable that an item is taken from, at whatever depth."""
    while isinstance(e, Item):
        e = e.base
    return e.id if isinstance(e, Name) else ""


def _bound(s: Stmt) -> tuple[Expr, ...]:
    """The values that a statement gives names to, or writes through."""
    match s:
        case Assign(target=Item(base=base), value=value):
            return (base,)
        case Assign(target=Display(), value=Display(items=items)):
            return items
        case Assign(value=value):
            return (value,)
        case Update(target=Item(base=base)):
            return (base,)
    return ()


def _chain(e: Expr) -> list[Expr]:
    """An expression and those below it that its value may be a view of."""
    match e:
        case Choice():
            return [e, *_chain(e.then), *_chain(e.other)]
        case Item():
            return [e, *_chain(e.base)]
        case Call(func=Object(value=function), args=args) if is_view(function):
            return [e, *_chain(args[0])]
    return [e]


def _check_item(e: Expr, aliases: Aliases) -> None:
    """Refuse an element that may be a number or a row, of an array that is written in place."""
    if not isinstance(e, Item):
        return
    type_ = Typer(aliases.types)(e)
    if isinstance(type_, Num) and type_.ndim is None and any(map(aliases.mutable, aliases.shares(e))):
        raise TypeProblem(
            AmbiguousAlias,
            "a part of an array whose number of dimensions is not known here, and which is written in place",
            "a row of a matrix is a view of it, an element of a vector is a number of its own",
            "give the variable one rank on all paths, for instance by starting it as an array",
            e.at,
        )


def _check_list(s: Stmt, aliases: Aliases) -> None:
    """Refuse a list of the program whose arrays are written in place."""
    match s:
        case Effect(value=Call(args=(Name(id=name), _)) as call) if is_call_of(call, list.append):
            pass
        case Assign(target=Item(base=Name(id=name))) if aliases.is_list(name):
            pass
        case _:
            return
    if aliases.is_list(name) and aliases.mutable(name):
        problem = TypeProblem(
            AmbiguousAlias,
            f"an array in the list `{name}`, and an array that may be the same one is written in place",
            "which item of the list changes with it is known only when the program runs",
            "put a copy into the list (xs.append(x.copy())), or write into a copy of the item",
        )
        problem.origin = s.origin
        raise problem


def _check(function: Function, aliases: Aliases) -> None:
    """Refuse what would make sharing a guess: a reshape that may copy, a list of arrays that are written."""
    for s in statements(function.body):
        _check_call(s, aliases)
        _check_list(s, aliases)
        for e in (e for top in _bound(s) for e in _chain(top)):
            _check_item(e, aliases)
            if not isinstance(e, Call) or not isinstance(e.func, Object):
                continue
            shared = aliases.shares(e) if is_view(e.func.value) else []
            if not any(aliases.mutable(name) for name in shared):
                continue
            base = Typer(aliases.types)(e.args[0])
            may_copy = e.func.value in MAY_COPY
            if may_copy and isinstance(base, Num) and not base.contiguous:
                raise TypeProblem(
                    AmbiguousAlias,
                    f"`{e.func.text}` of an array that is not surely contiguous, and one of both is written in place",
                    "NumPy gives a view or a copy, depending on the memory layout",
                    "reshape a copy (x.copy().reshape(...)), or write before reshaping",
                    e.at,
                )
            if is_read_only(e.func.value):
                name = getattr(e.func.value, "__name__", e.func.text)
                raise TypeProblem(
                    AmbiguousAlias,
                    f"{name} of an array that is written in place",
                    "many elements of the result are one element of the array"
                    if e.func.value is np.broadcast_to
                    else "the result is a view that cannot be written",
                    f"copy it: {e.func.text}(...).copy()",
                    e.at,
                )
