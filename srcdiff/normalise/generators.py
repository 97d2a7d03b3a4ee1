"""What gives its elements one by one, when they are asked for: generator expressions, `map` and `filter`.

in:   for v in filter(test, x):          out:  for v_1 in x:
          s = s + v                                if test(v_1):
                                                       v = v_1
                                                       s = s + v

A loop over one of these is the loop over what it runs over itself, so that everything happens in Python's order. A
function that takes all elements at once is given a list. Anything else would have to follow who has asked how often.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ..errors import UnsupportedSyntax
from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Clause,
    Closure,
    Comprehension,
    Const,
    Display,
    Expr,
    For,
    If,
    Item,
    Name,
    Object,
    Param,
    Stmt,
    Update,
    While,
)
from ..ir.walk import assigned, expressions, is_call_of, names, statements, subexprs
from ..rules.effects import has_effect
from ..rules.typing import TypeProblem
from .forms import may_change

_ITERATORS = (map, filter, enumerate, zip, reversed, itertools.chain, itertools.accumulate, itertools.product)


def is_iterator(raw: Expr) -> bool:
    """Whether the elements of what a raw expression gives are made when they are asked for, and given once."""
    if isinstance(raw, Comprehension):
        return raw.kind == "generator"
    function = raw.func.value if isinstance(raw, Call) and isinstance(raw.func, Object) else None
    return function == itertools.chain.from_iterable or is_call_of(raw, *_ITERATORS)


def as_sequence(raw: Expr) -> Expr:
    """All the elements of an iterator, asked for one after the other."""
    if isinstance(raw, Comprehension):
        return replace(raw, kind="list")
    return Call(Object(tuple, "tuple"), (raw,), at=getattr(raw, "at", None))


def is_computed(raw: Expr) -> bool:
    """Whether something is evaluated for each element, at the time when it is asked for."""
    if is_call_of(raw, enumerate, zip, reversed):
        assert isinstance(raw, Call)
        return any(map(is_computed, raw.args))
    return is_iterator(raw)


def unwound(s: For, fresh: Callable[[str], str]) -> Block | None:
    """A loop over a generator expression, `map` or `filter` as loops over what these run over; None for any other, and
    for one that several loops would have to leave at once."""
    match s.iter:
        case Comprehension(kind="generator", clauses=clauses) as made:
            if len(clauses) > 1 and any(isinstance(i, Break) for i in _own(s.body)):
                return None
            body: Block = (Assign(s.target, made.element, s.origin), *s.body)
            for clause in reversed(clauses):
                for condition in reversed(clause.conditions):
                    body = (If(condition, body, (), s.origin),)
                body = (For(clause.target, clause.iter, body, (), s.origin),)
            return body
        case Call(func=Object(value=function)) as call if function is itertools.product:
            return None if any(isinstance(i, Break) for i in _own(s.body)) else _nested(s, call, fresh)
        case Call(func=Object(value=function), args=(called, *sources), kwargs=()) if sources:
            if function not in (map, filter) or (function is filter and len(sources) > 1):
                return None
        case _:
            return None
    ahead: Block = ()
    if not isinstance(called, Object | Const):  # the function is what it is when the loop begins
        known = Name(fresh("function"))
        ahead, called = (Assign(known, called, s.origin),), known
    element = Name(fresh("element"))
    value: Expr = element
    if function is map:
        many = len(sources) > 1
        given = tuple(Item(element, Const(k)) for k, _ in enumerate(sources)) if many else (element,)
        value = Call(called, given, at=s.iter.at)
    body = (Assign(s.target, value, s.origin), *s.body)
    if function is filter:
        test = element if called == Const(None) else Call(called, (element,), at=s.iter.at)
        body = (If(test, body, (), s.origin),)
    source = sources[0] if len(sources) == 1 else Call(Object(zip, "zip"), tuple(sources))
    return (*ahead, For(element, source, body, (), s.origin))


def _nested(s: For, call: Call, fresh: Callable[[str], str]) -> Block | None:
    """A loop over `itertools.product` as loops in one another."""
    repeat = dict(call.kwargs).get("repeat", Const(1))
    if not isinstance(repeat, Const) or type(repeat.value) is not int or not call.args or repeat.value < 1:
        return None
    check_apart(s)  # the elements are taken when the loop begins
    given: list[Expr] = list(call.args)
    ahead: list[Stmt] = []
    for k, source in enumerate(given):
        if not _is_same_again(source) and (k or repeat.value > 1):
            given[k] = own = Name(fresh("source"))
            ahead.append(Assign(own, source, s.origin))
    sources = given * repeat.value
    if isinstance(s.target, Display) and len(s.target.items) == len(sources):
        elements, body = s.target.items, s.body
    else:
        elements = tuple(Name(fresh("element")) for _ in sources)
        body = (Assign(s.target, Display("tuple", elements), s.origin), *s.body)
    for element, source in zip(reversed(elements), reversed(sources), strict=True):
        body = (For(element, source, body, (), s.origin),)
    return (*ahead, *body)


def _is_same_again(source: Expr) -> bool:
    """Whether what `itertools.product` runs over may be evaluated anew for each turn of a loop around it."""
    if is_call_of(source, range, zip, enumerate, reversed) and isinstance(source, Call):
        return all(map(_is_same_again, source.args))
    parts = list(subexprs(source))
    return not any(isinstance(p, Display | Comprehension) or (isinstance(p, Call) and not _is_plain(p)) for p in parts)


def _is_plain(call: Call) -> bool:
    """Whether a call is an operator or `len`, which give the same for the same operands: a number or a new array."""
    function = call.func.value if isinstance(call.func, Object) else None
    return function is len or getattr(function, "__module__", None) == "_operator"


def _is_pure(e: Expr) -> bool:
    """Whether it makes no difference how often an expression is evaluated, as long as nobody writes into the value."""
    calls = [p for p in subexprs(e) if isinstance(p, Call)]
    return (
        not any(isinstance(p, Closure) for p in subexprs(e)) and not has_effect(e) and not any(map(may_change, calls))
    )


def split(e: Comprehension) -> Comprehension:
    """A comprehension over `itertools.product` as one with several clauses."""
    clauses = e.clauses
    found: list[Clause] = []
    changes_nothing = all(map(_is_pure, (e.element, *(c for clause in clauses for c in clause.conditions))))
    for clause in clauses:
        repeat = dict(clause.iter.kwargs).get("repeat", Const(1)) if isinstance(clause.iter, Call) else None
        parts = clause.target.items if isinstance(clause.target, Display) else ()
        if not is_call_of(clause.iter, itertools.product) or not isinstance(repeat, Const) or not parts:
            found.append(clause)
            continue
        assert isinstance(clause.iter, Call)
        sources = clause.iter.args * int(repeat.value)
        same = all(_is_same_again(s) or (changes_nothing and _is_pure(s)) for s in sources[1:])
        if len(sources) != len(parts) or not same:
            return e
        found += [Clause(t, source, ()) for t, source in zip(parts, sources, strict=True)]
        found[-1] = Clause(parts[-1], sources[-1], clause.conditions)
    return replace(e, clauses=tuple(found))


def _own(block: Block) -> Iterator[Stmt]:
    """The statements of a loop's body, without those of loops inside."""
    for s in block:
        yield s
        if isinstance(s, If):
            yield from _own((*s.body, *s.orelse))


def check_apart(s: For) -> None:
    """Refuse a loop that changes what the elements that it has not come to yet are made of."""
    if not is_computed(s.iter):
        return
    written = {n for i in statements(s.body) for n in changed_names(i)} | assigned(s.body)
    if clash := written & free_names(s.iter):
        raise TypeProblem(
            UnsupportedSyntax,
            f"a loop that changes `{min(clash)}`, of which the elements that follow are made",
            "they are made when the loop comes to them",
            "write the calls into the body of the loop",
            getattr(s.iter, "at", None),
        )


def changed_names(s: Stmt) -> set[str]:
    """The variables that a statement writes into, or calls a method of."""
    place = s.target if isinstance(s, Assign | Update) else None
    found = names(place) if place is not None else set()
    for top in expressions(s):
        for e in subexprs(top):
            if isinstance(e, Call) and not isinstance(e.func, Object):
                found |= names(e)
    return found


def free_names(e: Expr) -> set[str]:
    """The variables that an expression reads, also in the functions that it defines."""
    found = names(e)
    for part in subexprs(e):
        if isinstance(part, Closure):
            found |= set(part.free)
    return found


def check_named(raw: Expr) -> None:
    """Refuse an iterator under a name."""
    if isinstance(raw, Comprehension | Call) and is_iterator(raw):
        raise TypeProblem(
            UnsupportedSyntax,
            "a generator expression under a name" if isinstance(raw, Comprehension) else f"`{_text(raw)}` under a name",
            "it gives its elements once, and makes them when they are asked for",
            "make it a list, or write it where it is used",
            raw.at,
        )


def check_arguments(e: Call, params: tuple[Param, ...], body: Block) -> None:
    """Refuse an iterator as an argument, unless the callee runs through it once."""
    plain = [p.name for p in params if p.kind == ""]
    given = [*zip(plain, e.args, strict=False), *e.kwargs, *(("*", a) for a in e.args[len(plain) :])]
    for name, raw in given:
        again = len(list(_reads(body, name))) > 1 or name not in {p.name for p in params} or _reads_again(body, name)
        if is_iterator(raw) and again:
            raise TypeProblem(
                UnsupportedSyntax,
                f"an iterator as the argument `{name}`, which is read more than once",
                "it gives its elements once",
                "pass a list",
                getattr(raw, "at", None),
            )


def _reads(body: Block, name: str) -> Iterator[Expr]:
    for s in statements(body):
        for top in expressions(s):
            for e in subexprs(top):
                if e == Name(name) or (isinstance(e, Closure) and name in e.free):
                    yield e


def _reads_again(body: Block, name: str) -> bool:
    loops = [s for s in statements(body) if isinstance(s, For | While)]
    return any(any(_reads(s.body, name)) for s in loops)


def _text(e: Call) -> Any:
    return getattr(e.func, "text", "an iterator")
