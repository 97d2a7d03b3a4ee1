"""Activity: which variables carry a derivative from the chosen arguments to the result.

A variable is *varied* if it depends differentiably on a chosen argument, *useful* if the result depends
differentiably on it, *active* if both. Arrays that share memory and are written in place are active together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from ..ir.nodes import Assign, Call, Choice, Const, Display, Effect, Expr, Function, Item, Logic, Name, Object, Update
from ..ir.types import ListOf, Num, Tup, Type
from ..ir.walk import is_call_of, statements
from ..rules import linear_operands, rule_of
from .aliases import Aliases, root_of

Edges = Iterator[tuple[str, str]]  # (from, to)


def carries(type_: Type | None) -> bool:
    """Whether values of the type can carry a derivative at all."""
    match type_:
        case Num():
            return type_.is_inexact
        case ListOf():
            return type_.item is None or carries(type_.item)
        case Tup():
            return any(map(carries, type_.items))
    return False


def sources(e: Expr) -> set[str]:
    """The variables that `e` depends on differentiably, going by the rules."""
    match e:
        case Name():
            return {e.id}
        case Const() | Object():
            return set()
        case Item():
            return sources(e.base)
        case Display():
            return {n for item in e.items for n in sources(item)}
        case Choice():
            return sources(e.then) | sources(e.other)
        case Logic():
            return {n for value in e.values for n in sources(value)}
        case Call(func=Object(value=function)):
            rule = rule_of(function)
            if rule is not None and rule.kind == "constant":
                return set()
            linear = linear_operands(function)
            if rule is not None and linear:  # nothing flows through the others
                places = zip(rule.operands, e.args, strict=False)
                named = {n: a for n, a in (*places, *e.kwargs) if n in linear}
                return {n for a in named.values() for n in sources(a)}
            return {n for a in (*e.args, *(v for _, v in e.kwargs)) for n in sources(a)}
    return set()


def varied_names(function: Function, wrt: Iterable[str], aliases: Aliases) -> set[str]:
    """The variables that depend differentiably on `wrt`."""
    return closure(set(wrt), _flows(function, aliases), aliases)


def active_names(function: Function, wrt: Iterable[str], results: Iterable[str], aliases: Aliases) -> set[str]:
    """The active variables, for derivatives of `results` with respect to `wrt`."""
    flows = _flows(function, aliases)
    varied = closure(set(wrt), flows, aliases)
    useful = closure(set(results), [(t, s) for s, t in flows], aliases)
    return {n for n in varied & useful if carries(aliases.types.get(n))}


def _flows(function: Function, aliases: Aliases) -> list[tuple[str, str]]:
    """(from, to): a differentiable dependence in one statement."""
    flows: list[tuple[str, str]] = []

    def flow(value: Expr, name: str) -> None:
        if carries(aliases.types.get(name)):
            flows.extend((source, name) for source in sorted(sources(value)) if carries(aliases.types.get(source)))

    for s in statements(function.body):
        match s:
            case Assign(target=Name(id=name)):
                flow(s.value, name)
            case Assign(target=Display(items=targets), value=Display(items=values)):
                for t, v in zip(targets, values, strict=True):
                    assert isinstance(t, Name)
                    flow(v, t.id)
            case Assign(target=Display(items=targets), value=Call() as value):
                for t in targets:
                    assert isinstance(t, Name)
                    flow(value, t.id)
            case Assign(target=Item() as place) | Update(target=Item() as place):
                flow(s.value, root_of(place))
            case Update(target=Name(id=name)):
                flow(s.value, name)
            case Effect(value=Call(args=(Name(id=name), item)) as call) if is_call_of(call, list.append):
                flow(item, name)
            case _:
                pass
    return flows


def closure(start: set[str], edges: Collection[tuple[str, str]], aliases: Aliases) -> set[str]:
    """The variables that edges lead to from those at the start, arrays that share memory together."""
    reached = {n for name in start for n in _together(name, aliases)}
    while True:
        more = {n for a, b in edges if a in reached and b not in reached for n in _together(b, aliases)}
        if not more:
            return reached
        reached |= more


def _together(name: str, aliases: Aliases) -> list[str]:
    if aliases.is_list(name) and not aliases.mutable(name):
        return aliases.lists(name)
    return aliases.members(name) if aliases.mutable(name) else [name]
