"""Indices that are read from arrays: where all elements of such an array fit, none of them has to be looked at again.

in:   for k in range(len(row)):               out:  all_within(row, len(x))
          i = row[k]                                for k in range(len(row)):
          s += x[i]                                     i = row[k]
                                                        s += x[i]   (no longer looked at)

An argument's whole numbers stay as they are if nothing writes into it, so that they can be held against the length
once, at the head. The same goes for those that a loop begins and ends with, `range(start[i], start[i + 1])`. Where one
of them does not fit, the text that looks at every index runs instead, and has the error where the function has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from ..analysis.dependence import At
from ..derive.places import base_of
from ..ir.callee import called, helper_of, is_opaque
from ..ir.nodes import Assign, Call, Const, Display, Effect, Expr, For, Function, Item, Name, Object, Slice, Update
from ..ir.types import Num, Type
from ..ir.walk import assigned, expressions, names, statements, subexprs, targets
from ..rules.effects import has_effect
from ..runtime import all_below, all_within
from .length_checks import is_length_check
from .storage import Storage, parts

ALL_WITHIN = Object(all_within, "all_within")
ALL_BELOW = Object(all_below, "all_below")


@dataclass
class Lookups:
    """`sources` are the variables that are nothing but elements of such arrays, with the parts of the arrays that they
    are from; `checks` what has been taken to hold."""

    types: Mapping[str, Type]
    fixed: set[str] = field(default_factory=set)  # the arrays of whole numbers that nothing writes into
    sources: dict[str, tuple[Expr, ...]] = field(default_factory=dict)
    counters: set[str] = field(default_factory=set)  # the variables that loops alone set
    checks: list[Expr] = field(default_factory=list)

    def fits(self, index: Expr, length: Expr, way: tuple[At, ...]) -> bool:
        """Whether an index is inside an axis of this length if its array's elements are; that is noted."""
        found = self.of(index)
        if found:
            self.note(ALL_WITHIN, found, length)
            return True
        ends = self.ends(index, way)
        if ends:
            self.note(ALL_BELOW, ends, length)
        return bool(ends)

    def note(self, check: Object, found: tuple[Expr, ...], length: Expr) -> None:
        self.checks += [call for part in found if (call := Call(check, (part, length))) not in self.checks]

    def of(self, e: Expr) -> tuple[Expr, ...]:
        """The parts of arrays that hold whatever the expression may be; none where it may be something else."""
        match e:
            case Name(id=name):
                return self.sources.get(name, ())
            case Call(func=Object(value=function), args=(inner,), kwargs=()) if function is int:
                return self.of(inner)
            case Item(base=Name(id=name)) if name in self.fixed:
                type_ = self.types[name]
                index = parts(e)
                if isinstance(type_, Num) and type_.ndim == len(index) and all(map(_is_number, index)):
                    return (_column(e),)
        return ()

    def ends(self, index: Expr, way: tuple[At, ...]) -> tuple[Expr, ...]:
        """The same for what the loop over such an index begins and ends with."""
        if not isinstance(index, Name) or index.id not in self.counters:
            return ()
        loops = [at.loop for at in way if isinstance(at.loop, For) and at.loop.target == index]
        match [s.iter for s in loops]:
            case [Call(func=Object(value=function), args=(start, stop))] if function is range:
                first = () if _is_natural(start) else self.of(start)
                last = self.of(stop)
                return (*first, *last) if last and (first or _is_natural(start)) else ()
        return ()


def lookups(function: Function, types: Mapping[str, Type], tapes: Set[str]) -> Lookups:
    """What is known of the whole numbers in a function's arguments. `tapes` are the arrays that keep values: what is
    read from one has been written there."""
    whole = {p.name for p in function.params if _is_whole(types.get(p.name))}
    found = Lookups(types, whole and whole - _written(function, types) - assigned(function.body))
    if not found.fixed:
        return found
    given, loops = _given(function, tapes)
    found.counters = loops - given.keys()
    kept = {n for n in tapes if n in given and _is_whole(types.get(n))}
    leaves: dict[str, set[Expr]] = {}  # the parts of arrays that each is from
    links: dict[str, set[str]] = {}  # and the variables and tapes
    for name, values in given.items():
        if name in loops or (name not in kept and _is_array(types.get(name))):
            continue
        parts_of = [() if v is None else found.of(v) for v in values]
        others = [None if v is None else _linked(v, given, kept) for v in values]
        if all(p or o for p, o in zip(parts_of, others, strict=True)):
            leaves[name] = {e for part in parts_of for e in part}
            links[name] = {o for p, o in zip(parts_of, others, strict=True) if o and not p}
    while lost := {n for n, linked in links.items() if linked - links.keys()}:
        for name in lost:
            del links[name]
    for name in links:
        reached = [name]
        for n in reached:
            reached += sorted(links[n] - set(reached))
        found.sources[name] = tuple(sorted({e for n in reached for e in leaves[n]}, key=repr))
    return found


def _given(function: Function, tapes: Set[str]) -> tuple[dict[str, list[Expr | None]], set[str]]:
    """The values that each variable, and each tape's elements, get; None for what is not looked into. And the variables
    that loops set."""
    values: dict[str, list[Expr | None]] = {p.name: [None] for p in function.params}
    loops: set[str] = set()
    for s in statements(function.body):
        match s:
            case For(target=target):
                loops |= set(targets(target))
            case Assign(target=Display(items=left), value=Display(items=right)) if len(left) == len(right):
                for target, value in zip(left, right, strict=True):
                    for name in targets(target):
                        values.setdefault(name, []).append(value if isinstance(target, Name) else None)
            case Assign(target=Name(id=name), value=value):
                if name not in tapes:  # (what makes a tape says nothing of its elements)
                    values.setdefault(name, []).append(value)
            case Assign(target=Item(base=Name(id=name)), value=value) if name in tapes:
                values.setdefault(name, []).append(value)
            case Assign(target=target) | Update(target=target):
                for name in [base_of(target) or ""] if isinstance(target, Item) else targets(target):
                    values.setdefault(name, []).append(None)
            case _:
                pass
    return values, loops


def _linked(e: Expr, given: Mapping[str, Any], kept: Set[str]) -> str | None:
    """The variable that an expression is, or the tape that it is an element of."""
    match e:
        case Name(id=name) if name in given:
            return name
        case Item(base=Name(id=name)) if name in kept:
            return name
    return None


def _written(function: Function, types: Mapping[str, Type]) -> set[str]:
    """The arguments that may be written: by their names or others, or by what they are handed to."""
    storage = Storage(function, types)
    written = {storage.find(a.name) for a in storage.accesses(function.body) if a.kind != "read"}
    written |= {storage.find(n) for e in _acting(function) for n in names(e)}
    return {p.name for p in function.params if storage.find(p.name) in written}


def _acting(function: Function) -> Iterator[Expr]:
    """The expressions that may do something to the arrays in them."""
    for s in statements(function.body):
        for e in expressions(s):
            acts = isinstance(s, Effect) and not is_length_check(e)
            if acts or has_effect(e) or any(called(c) or helper_of(c) or is_opaque(c) for c in subexprs(e)):
                yield e


def _is_whole(type_: Type | None) -> bool:
    return isinstance(type_, Num) and bool(type_.ndim) and not type_.is_inexact and type_.dtype != "bool"


def _is_array(type_: Type | None) -> bool:
    return not isinstance(type_, Num) or type_.is_array


def _is_natural(e: Expr) -> bool:
    return isinstance(e, Const) and type(e.value) is int and e.value >= 0


def _is_number(index: Expr) -> bool:
    return not isinstance(index, Slice | Const) or type(getattr(index, "value", None)) is int


def _column(e: Item) -> Expr:
    """The part of the array that an element is from: `pairs[:, 1]` for `pairs[k, 1]`."""
    index = tuple(p if isinstance(p, Const) else Slice(None, None, None) for p in parts(e))
    if len({type(p) for p in index}) == 1:  # (that a single element is there is not known at the head)
        return e.base
    return Item(e.base, Display("tuple", index) if len(index) > 1 else index[0])
