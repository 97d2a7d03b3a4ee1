"""Walking, rewriting and renaming IR: the few traversals that every pass is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .nodes import (
    Assign,
    Attr,
    Block,
    Break,
    Call,
    Choice,
    Clause,
    Closure,
    Comment,
    Comprehension,
    Const,
    Continue,
    Display,
    Effect,
    Expr,
    For,
    If,
    Item,
    Logic,
    Name,
    Object,
    Raise,
    Return,
    Slice,
    Stmt,
    Try,
    Update,
    While,
    With,
)


def _no_children(_: Expr) -> tuple[Expr, ...]:
    return ()


# Every pass asks for the parts of expressions over and over: a table by type, since it is the quickest to ask.
_CHILDREN: dict[type, Callable[[Any], tuple[Expr, ...]]] = {
    Name: _no_children,
    Const: _no_children,
    Object: _no_children,
    Attr: lambda e: (e.base,),
    Call: lambda e: (e.func, *e.args, *(v for _, v in e.kwargs)) if e.kwargs else (e.func, *e.args),
    Item: lambda e: (e.base, e.index),
    Slice: lambda e: tuple(part for part in (e.lower, e.upper, e.step) if part is not None),
    Display: lambda e: e.items,
    Choice: lambda e: (e.test, e.then, e.other),
    Logic: lambda e: e.values,
    Closure: lambda e: tuple(value for _, value in e.defaults),
    Comprehension: lambda e: (e.element, *(p for c in e.clauses for p in (c.target, c.iter, *c.conditions))),
}
_LEAVES = {Name, Const, Object}


def children(e: Expr) -> tuple[Expr, ...]:
    """The direct sub-expressions, in order of evaluation."""
    return _CHILDREN[type(e)](e)


def rebuild(e: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """`e` with `change` applied to each direct sub-expression; `e` itself where that changes nothing."""
    kind = type(e)
    if kind in _LEAVES:
        return e
    old = _CHILDREN[kind](e)
    new = [change(child) for child in old]
    for before, after in zip(old, new, strict=True):
        if before is not after:
            return _with_children(e, new)
    return e


def _with_children(e: Expr, new: list[Expr]) -> Expr:
    match e:
        case Call(kwargs=()):
            return Call(new[0], tuple(new[1:]), (), e.at)
        case Item():
            return Item(new[0], new[1], e.at)
        case Call():
            count = 1 + len(e.args)
            kwargs = tuple((k, v) for (k, _), v in zip(e.kwargs, new[count:], strict=True))
            return Call(new[0], tuple(new[1:count]), kwargs, e.at)
        case Attr():
            return Attr(new[0], e.name, e.at)
        case Slice():
            rest = iter(new)
            lower, upper, step = (None if p is None else next(rest) for p in (e.lower, e.upper, e.step))
            return Slice(lower, upper, step, e.at, e.within)
        case Display():
            return replace(e, items=tuple(new))
        case Choice():
            return Choice(new[0], new[1], new[2], e.at)
        case Logic():
            return Logic(e.op, tuple(new), e.at)
        case Closure():
            return replace(e, defaults=tuple((n, v) for (n, _), v in zip(e.defaults, new, strict=True)))
        case Comprehension():
            parts = iter(new[1:])
            clauses = [Clause(next(parts), next(parts), tuple(next(parts) for _ in c.conditions)) for c in e.clauses]
            return replace(e, element=new[0], clauses=tuple(clauses))
        case Name() | Const() | Object():
            return e


_MANY = 64  # parts of an expression that are worth keeping a list of


def subexprs(e: Expr) -> Sequence[Expr]:
    """`e` and everything below it, depth first."""
    kind = type(e)
    if kind in _LEAVES:
        return (e,)
    known: tuple[Expr, ...] | None = e.parts  # type: ignore[union-attr]
    if known is not None:
        return known
    found = []
    waiting = [e]
    while waiting:
        part = waiting.pop()
        found.append(part)
        kind = type(part)
        if kind not in _LEAVES:
            waiting += _CHILDREN[kind](part)[::-1]
    if len(found) <= _MANY:
        e.parts = tuple(found)  # type: ignore[union-attr, misc]
    return found


def names(e: Expr | None) -> set[str]:
    """The local variables that an expression mentions."""
    return set() if e is None else set(_mentions(e))


def _mentions(e: Expr) -> tuple[str, ...]:
    """The local variables that an expression mentions, in order of evaluation. (The most frequent question of all: the
    answer is kept.)"""
    kind = type(e)
    if kind is Name:
        return (e.id,)  # type: ignore[union-attr]
    if kind is Const or kind is Object:
        return ()
    known: tuple[str, ...] | None = e.mentions  # type: ignore[union-attr]
    if known is None:
        known = tuple(dict.fromkeys(name for part in _CHILDREN[kind](e) for name in _mentions(part)))
        e.mentions = known  # type: ignore[union-attr, misc]
    return known


def ordered_names(e: Expr) -> list[str]:
    return list(_mentions(e))


def substitute(e: Expr, mapping: Mapping[str, Expr]) -> Expr:
    """`e` with variables replaced by expressions."""
    if isinstance(e, Name):
        return mapping.get(e.id, e)
    return rebuild(e, lambda child: substitute(child, mapping))


def blocks(s: Stmt) -> tuple[Block, ...]:
    match s:
        case If() | For() | While():
            return (s.body, s.orelse)
        case With():
            return (s.body,)
        case Try():
            return (s.body, *(h.body for h in s.handlers), s.orelse, s.final)
        case _:
            return ()


_SIMPLE = {Assign, Update, Effect, Comment, Return}  # statements without a block, of those that there are many of


def statements(block: Block) -> list[Stmt]:
    """All statements of a block, nested ones included, in text order."""
    found: list[Stmt] = []
    _add_statements(block, found)
    return found


def _add_statements(block: Block, found: list[Stmt]) -> None:
    for s in block:
        found.append(s)
        if type(s) not in _SIMPLE:
            for inner in blocks(s):
                _add_statements(inner, found)


def paths(block: Block, path: tuple[Stmt, ...] = ()) -> Iterator[tuple[Stmt, tuple[Stmt, ...]]]:
    """All statements of a block in text order, each with the branches and loops that it stands in, the outermost one
    first."""
    for s in block:
        yield s, path
        for inner in blocks(s):
            yield from paths(inner, (*path, s))


def expressions(s: Stmt) -> tuple[Expr, ...]:
    """The expressions that belong to the statement itself (not to its blocks), in order of evaluation."""
    match s:
        case Assign():
            return (s.value, s.target)
        case Update():
            return (s.target, s.value)
        case Effect():
            return (s.value,)
        case If() | While():
            return (s.test,)
        case For():
            return (s.iter, s.target)
        case Return():
            return () if s.value is None else (s.value,)
        case With():
            return (s.context,) if s.target is None else (s.context, s.target)
        case Try():
            return tuple(h.classes for h in s.handlers if h.classes is not None)
        case Raise():
            return tuple(e for e in (s.value, s.cause) if e is not None)
        case Break() | Continue() | Comment():
            return ()


def targets(e: Expr) -> list[str]:
    """The variables that an assignment to the target `e` binds (a write to an item binds none)."""
    match e:
        case Name():
            return [e.id]
        case Display():
            return [name for item in e.items for name in targets(item)]
        case _:
            return []


def target_reads(e: Expr) -> set[str]:
    """The variables that an assignment to the target `e` reads: bases and indices of items."""
    match e:
        case Name():
            return set()
        case Display():
            return {name for item in e.items for name in target_reads(item)}
        case _:
            return names(e)


def map_stmt(s: Stmt, expr: Callable[[Expr], Expr], block: Callable[[Block], Block]) -> Stmt:
    """The statement with its own expressions and blocks rewritten."""
    match s:
        case Assign():  # (spelled out for those that there are many of: `replace` looks at every field)
            return Assign(expr(s.target), expr(s.value), s.origin, s.adjoint_of)
        case Update():
            return Update(expr(s.target), s.op, expr(s.value), s.origin, s.adjoint_of)
        case Effect():
            return Effect(expr(s.value), s.origin, s.adjoint_of)
        case If():
            return If(expr(s.test), block(s.body), block(s.orelse), s.origin, s.adjoint_of)
        case While():
            return While(expr(s.test), block(s.body), block(s.orelse), s.origin, s.adjoint_of)
        case For():
            return For(expr(s.target), expr(s.iter), block(s.body), block(s.orelse), s.origin, s.adjoint_of)
        case Return():
            return s if s.value is None else Return(expr(s.value), s.origin, s.adjoint_of)
        case With():
            target = None if s.target is None else expr(s.target)
            return replace(s, context=expr(s.context), target=target, body=block(s.body))
        case Try():
            handlers = tuple(
                h._replace(classes=None if h.classes is None else expr(h.classes), body=block(h.body))
                for h in s.handlers
            )
            return replace(s, body=block(s.body), handlers=handlers, orelse=block(s.orelse), final=block(s.final))
        case Raise():
            value, cause = (None if e is None else expr(e) for e in (s.value, s.cause))
            return replace(s, value=value, cause=cause)
        case Break() | Continue() | Comment():
            return s


def map_block(block: Block, expr: Callable[[Expr], Expr]) -> Block:
    """A block with every expression (targets included) rewritten."""
    return tuple(map_stmt(s, expr, lambda b: map_block(b, expr)) for s in block)


def rename(block: Block, mapping: Mapping[str, str]) -> Block:
    table: dict[str, Expr] = {old: Name(new) for old, new in mapping.items()}
    return map_block(block, lambda e: substitute(e, table))


def assigned(block: Block) -> set[str]:
    """Every variable that some statement of the block binds."""
    found: set[str] = set()
    for s in statements(block):
        match s:
            case Assign(value=Closure(nonlocals=changed)):
                found.update(targets(s.target), changed)
            case Assign() | Update() | For():
                found.update(targets(s.target))
            case With(target=target) if target is not None:
                found.update(targets(target))
            case Try():
                found.update(h.name for h in s.handlers if h.name is not None)
            case _:
                pass
    return found


def mentioned(block: Block) -> set[str]:
    """Every variable that occurs in the block at all."""
    return {name for s in statements(block) for e in expressions(s) for name in _mentions(e)}


def ends_in_raise(block: Block) -> bool:
    """Whether every path through the block ends with an exception."""
    match block[-1:]:
        case (Raise(),):
            return True
        case (If(body=body, orelse=orelse),):
            return ends_in_raise(body) and ends_in_raise(orelse)
    return False


def is_call_of(e: Any, *functions: object) -> bool:
    """Whether `e` is a call of one of these very objects."""
    if type(e) is not Call or type(e.func) is not Object:
        return False
    called = e.func.value
    for f in functions:  # (a loop of its own: asked so often that `any` would take twice as long)  # noqa: SIM110
        if called is f:
            return True
    return False


class Fresh:
    """Hands out names that are not taken: `x`, `x_1`, `x_2`, ..."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = set(taken)

    def __call__(self, wish: str) -> str:
        name, count = wish, 0
        while name in self.taken:
            count += 1
            name = f"{wish}_{count}"
        self.taken.add(name)
        return name
