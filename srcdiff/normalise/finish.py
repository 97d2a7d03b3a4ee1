"""The functions that are called made pure, once all of them are known.

in:   sort(x, n):  x[0] = ...; sort(x, n - 1)     out:  sort(x, n):  x_1 = x.copy(); x_1[0] = ...
                                                            x_2 = sort(x_1, n - 1); x_1[...] = x_2; return x_1

What a function captures becomes parameters, what it returns a flat tuple of numbers and arrays. What it writes in
place is a copy of its argument, which it returns after its results; the caller puts it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..analysis.aliases import analyse
from ..ir.callee import Callee, Opaque, called, is_opaque
from ..ir.nodes import Assign, Block, Call, Const, Display, Expr, Function, Item, Name, Object, Param, Return, Stmt
from ..ir.types import Num, Type
from ..ir.walk import Fresh, assigned, expressions, map_stmt, mentioned, rename, statements, subexprs, targets
from ..rules.typing import type_of_value
from .groups import Group, Instance, numbers
from .memory import calls, leaves, settle
from .outline import is_marked, outlined
from .trips import check_copied, check_trips
from .webs import split_webs, web_types

COPY = Object(np.ndarray.copy, "copy")
Captured = dict[int, tuple[str, object]]  # id of an array -> the parameter that it is, the array


class Finished(NamedTuple):
    """A function with its calls as they are meant to be, what it captures, and the names in the user's program of the
    variables that have others."""

    function: Function
    captured: tuple[tuple[str, object], ...]
    user_name: dict[str, str]


def finished(function: Function, types: dict[str, Type], captured: Captured, group: Group) -> Finished:
    """The function and the callees of the group made ready."""
    walked = group.walked()
    needed = _closure(walked)
    for instance in walked:
        _returning_numbers(instance)
    for instance in walked:
        _with_captured(instance, needed)
    function, captured = _main_with_captured(function, captured, needed)
    settle(i.callee for i in walked)
    types = types | {name: type_of_value(v, ("captured", k)) for k, (name, v) in captured.items()}
    function, parts, user_name = _outlined(function, types, walked)
    callees = [*(i.callee for i in walked), *parts]
    settle(callees)
    check_trips(callees)
    for instance in walked:
        if instance.program.file.startswith("<srcdiff "):
            _returning_copies(instance.callee)
    for callee in callees:
        _copying(callee)
    for callee in callees:
        callee.function, names = _put_back(callee.function, callee.types)
        callee.user_name = {new: callee.user_name.get(old, old) for new, old in names.items()} or callee.user_name
    function, names = _put_back(function, types)
    names = user_name | {new: user_name.get(old, old) for new, old in names.items()}
    check_copied([(function, types), *((c.function, c.types) for c in callees)])
    for callee in callees:  # from now on a call gives what the callee has written, too
        contents = (callee.types[callee.function.params[k].name] for k in callee.written)
        callee.results = (*callee.results, *map(_contents, contents))
    return Finished(function, tuple(captured.values()), names)


def _outlined(
    function: Function, types: dict[str, Type], walked: list[Instance]
) -> tuple[Function, list[Callee], dict[str, str]]:
    """What is to be computed again taken out of the function and of those that it calls."""
    parts: list[Callee] = []
    for callee in (i.callee for i in walked):
        if is_marked(callee.function.body):
            found = outlined(callee.function, callee.types)
            callee.function, callee.user_name = found.function, found.user_name
            parts += found.callees
    if not is_marked(function.body):
        return function, parts, {}
    found = outlined(function, types)
    return found.function, [*parts, *found.callees], found.user_name


def _returning_numbers(instance: Instance) -> None:
    callee, result = instance.callee, instance.result
    assert result is not None
    *body, last = callee.function.body
    assert isinstance(last, Return)
    fresh = _fresh(callee.function)
    names: list[Expr] = []
    for leaf in leaves(last.value or Const(None)):
        if isinstance(leaf, Const | Object) and not isinstance(type_of_value(leaf.value), Num):
            continue
        if not isinstance(leaf, Name) or leaf in names:
            own = Name(fresh("result"))
            body.append(Assign(own, leaf, last.origin))
            leaf = own
        names.append(leaf)
    callee.results = tuple(numbers(result))
    callee.function = replace(callee.function, body=(*body, Return(_together(names), last.origin)))


def _together(names: list[Expr]) -> Expr:
    return names[0] if len(names) == 1 else Display("tuple", tuple(names))


def _fresh(function: Function) -> Fresh:
    return Fresh(mentioned(function.body) | {p.name for p in function.params} | {function.name})


# ------------------------------------------------------------------------------------------------ captured arrays


def _closure(walked: list[Instance]) -> dict[Callee, Captured]:
    """What each function captures, with what those capture that it calls."""
    needed = {i.callee: dict(i.captured) for i in walked}
    while True:
        before = {c: len(n) for c, n in needed.items()}
        for i in walked:
            for _, callee, _ in calls(i.callee.function.body):
                needed[i.callee] |= {k: v for k, v in needed[callee].items() if k not in needed[i.callee]}
        if before == {c: len(n) for c, n in needed.items()}:
            return needed


def _with_captured(instance: Instance, needed: dict[Callee, Captured]) -> None:
    callee, own = instance.callee, instance.captured
    fresh = _fresh(callee.function)
    names = {k: own[k][0] if k in own else fresh(wish) for k, (wish, _) in needed[callee].items()}
    params = tuple(map(Param, names.values()))
    body = _passing(callee.function.body, needed, names)
    callee.function = replace(callee.function, params=(*callee.function.params, *params), body=body)
    callee.types |= {names[k]: type_of_value(v, ("captured", k)) for k, (_, v) in needed[callee].items()}


def _main_with_captured(function: Function, own: Captured, needed: dict[Callee, Captured]) -> tuple[Function, Captured]:
    fresh, captured = _fresh(function), dict(own)
    for _, callee, _ in calls(function.body):
        captured |= {k: (fresh(wish), v) for k, (wish, v) in needed[callee].items() if k not in captured}
    more = tuple(Param(name) for k, (name, _) in captured.items() if k not in own)
    body = _passing(function.body, needed, {k: name for k, (name, _) in captured.items()})
    return replace(function, params=(*function.params, *more), body=body), captured


def _passing(block: Block, needed: dict[Callee, Captured], names: dict[int, str]) -> Block:
    """Calls that pass captured arrays on."""

    def expr(e: Expr) -> Expr:
        callee = called(e)
        if callee is None or isinstance(callee, Opaque) or not isinstance(e, Call):
            return e
        return replace(e, args=(*e.args, *(Name(names[k]) for k in needed[callee])))

    return tuple(map_stmt(s, expr, lambda b: _passing(b, needed, names)) for s in block)


# ------------------------------------------------------------------------------------------------ written arguments


def _returning_copies(callee: Callee) -> None:
    """What srcdiff has written never returns memory that somebody else has, or might as well not: so it is copied."""
    *body, last = callee.function.body
    assert isinstance(last, Return)
    if not (callee.shares or callee.tied):
        return
    fresh = _fresh(callee.function)
    results: list[Expr] = []
    for leaf, type_ in zip(leaves(last.value or Const(None)), callee.results, strict=True):
        if type_.ndim:
            own = Name(fresh("result"))
            body.append(Assign(own, Call(COPY, (leaf,)), last.origin))
            leaf = own
        results.append(leaf)
    callee.function = replace(callee.function, body=(*body, replace(last, value=_together(results))))
    callee.shares, callee.tied = frozenset(), False


def _copying(callee: Callee) -> None:
    """Give a function copies of the arguments that it writes, which it returns after its results."""
    if not callee.written:
        return
    function, names = split_webs(callee.function)
    fresh = _fresh(function)
    own = [function.params[k].name for k in callee.written]
    table = {name: fresh(name) for name in own}
    copies = tuple(Assign(Name(new), Call(COPY, (Name(old),))) for old, new in table.items())
    *body, last = rename(function.body, table)
    assert isinstance(last, Return)
    results = [*leaves(last.value or Const(None)), *(Name(table[n]) for n in own)]
    results = [r for r in results if r != Const(None)]
    callee.user_name = {table.get(new, new): callee.user_name.get(old, old) for new, old in names.items()}
    callee.function = replace(function, body=(*copies, *body, replace(last, value=_together(results))))


def _contents(type_: Type) -> Num:
    assert isinstance(type_, Num)
    return replace(type_, contiguous=True)


def _put_back(function: Function, types: dict[str, Type]) -> tuple[Function, dict[str, str]]:
    """The function with what its callees have written put back, and results under the names that they get; what its
    variables were called before."""
    if not any(callee.written for _, callee, _ in calls(function.body)):
        return replace(function, body=renamed(_with_written(function, set()))), {}
    function, names = split_webs(function)
    aliases = analyse(function, web_types(function, types), check=False)
    own = {p.name for p in function.params}
    alone = {n for n in assigned(function.body) - own if aliases.is_array(n) and aliases.members(n) == [n]}
    while True:
        body = _with_written(function, alone)
        mixed = _joined(replace(function, body=body), alone)
        if not mixed:
            return replace(function, body=renamed(body)), names
        alone -= mixed


def _joined(function: Function, alone: set[str]) -> set[str]:
    """The variables whose new array would meet the old one, after a branch or in a loop: contents that are written are
    then the plainer program."""
    split, origins = split_webs(function)
    made: list[str] = []
    for s in statements(split.body):
        if isinstance(s, Assign):
            made += targets(s.target)
    taken = {
        n.id for s, callee, _ in calls(split.body) if callee.written for n in leaves(s.target) if isinstance(n, Name)
    }
    return {origins.get(n, n) for n in taken if made.count(n) > 1} & alone


def _with_written(function: Function, alone: set[str]) -> Block:
    """`alone` are the variables that take the new array itself."""
    fresh = _fresh(function)

    def block(b: Block) -> Block:
        out: list[Stmt] = []
        for s in b:
            callee = called(s.value) if isinstance(s, Assign) else None
            if callee is None or not isinstance(s, Assign) or not isinstance(s.value, Call):
                out.append(map_stmt(s, lambda e: e, block))
            elif callee.written or callee.results:
                out.extend(_written_back(s, callee, s.value, alone, fresh))
        return tuple(out)

    return block(function.body)


def _written_back(s: Assign, callee: Callee, call: Call, alone: set[str], fresh: Fresh) -> Iterator[Stmt]:
    """The call, with what is to be done with what it has written: a variable whose array has no other name takes the
    new one, into any other place the contents are written."""
    args = list(call.args)
    after: list[Stmt] = []
    names = list(leaves(s.target)) if s.target != Display("tuple", ()) else []
    for k in callee.written:
        place = args[k]
        if isinstance(place, Name) and place.id in alone and place not in names:
            names.append(place)
            continue
        if not isinstance(place, Name | Item):
            args[k] = place = Name(fresh(callee.function.params[k].name))
            yield Assign(place, call.args[k], s.origin)
        new = Name(fresh(callee.function.params[k].name))
        names.append(new)
        target = Item(place, Const(Ellipsis)) if isinstance(place, Name) else place
        after.append(Assign(target, new, s.origin))
    yield replace(s, target=_together(names), value=replace(call, args=tuple(args)))
    yield from after


def renamed(body: Block) -> Block:
    """`f_1 = f(x); y = f_1`, where that is the only use of `f_1`, as `y = f(x)`."""
    uses: dict[str, int] = {}
    for s in statements(body):
        for name in _mentions(s):
            uses[name] = uses.get(name, 0) + 1

    def once(e: Expr) -> bool:
        return isinstance(e, Name) and uses.get(e.id) == 2

    def plain(e: Expr) -> bool:
        return isinstance(e, Name)

    def block(b: Block) -> Block:
        out: list[Stmt] = []
        for s in b:
            before = out[-1] if out else None
            match before, s:
                case Assign(target=Name(id=made), value=value), Assign(target=Name(), value=Name(id=read)) if (
                    made == read and uses.get(made) == 2 and called(value) is not None
                ):
                    out[-1] = replace(before, target=s.target)
                case (
                    Assign(target=Display(items=made), value=value),
                    Assign(target=Display(items=named), value=Display(items=read)),
                ) if made == read and is_opaque(value) and all(map(once, made)) and all(map(plain, named)):
                    out[-1] = replace(before, target=s.target)
                case _:
                    out.append(map_stmt(s, lambda e: e, block))
        return tuple(out)

    return block(body)


def _mentions(s: Stmt) -> Iterator[str]:
    for e in expressions(s):
        for part in subexprs(e):
            if isinstance(part, Name):
                yield part.id
