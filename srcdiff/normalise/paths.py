"""The ways out of a block: which there are, and how one is replaced by a flag, by an assignment or by nothing."""

from __future__ import annotations

import operator
from dataclasses import replace

from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Comment,
    Const,
    Continue,
    Expr,
    For,
    If,
    Name,
    Object,
    Origin,
    Raise,
    Return,
    Stmt,
    While,
)
from ..ir.walk import ends_in_raise, subexprs
from ..rules import rule_of
from ..rules.effects import has_effect

NOT = Object(operator.not_, "not")
_OPPOSITE = {operator.eq: (operator.ne, "!="), operator.ne: (operator.eq, "==")}
Exit = type[Break] | type[Continue] | type[Return]
FLAGS: dict[Exit, str] = {Break: "left", Continue: "skipped", Return: "returned"}


def negated(test: Expr) -> Expr:
    """`not test`; `==` and `!=` turn into each other (the orderings do not: NaN)."""
    match test:
        case Call(func=Object(value=op), args=args) if op in _OPPOSITE:
            return replace(test, func=Object(*_OPPOSITE[op]), args=args)
        case Call(func=Object(value=operator.not_), args=(inner,)):
            return inner
    return Call(NOT, (test,), at=test.at)


def raising_apart(s: If) -> tuple[If, Block] | None:
    """An `if` one side of which raises, as one that has this side only, and the other side."""
    if ends_in_raise(s.body):
        return replace(s, orelse=()), s.orelse
    if ends_in_raise(s.orelse):
        return replace(s, test=negated(s.test), body=s.orelse, orelse=()), s.body
    return None


def one_sided(s: If) -> list[Stmt]:
    sides = raising_apart(s)
    return [s] if sides is None else [sides[0], *sides[1]]


def plain_exit(kind: Exit, origin: Origin | None) -> Stmt:
    return Break(origin) if kind is Break else Continue(origin)


def exits_of(block: Block) -> set[Exit]:
    """The kinds of exit that leave the block (a `break` of an inner loop does not)."""
    found: set[Exit] = set()
    for s in block:
        match s:
            case Return():
                found.add(Return)
            case Break():
                found.add(Break)
            case Continue():
                found.add(Continue)
            case If():
                found |= exits_of(s.body) | exits_of(s.orelse)
            case For() | While():
                found |= exits_of(s.body) & {Return}
            case _:
                pass
    return found


def always_exits(block: Block) -> bool:
    """Whether every path through the block ends in an exit."""
    if not block:
        return False
    match block[-1]:
        case Return() | Break() | Continue() | Raise():
            return True
        case If(body=body, orelse=orelse):
            return always_exits(body) and always_exits(orelse)
    return False


def flagged(block: Block, kind: Exit, flag: str, name: str | None, *after: Stmt) -> Block:
    """Each exit of that kind replaced by setting the flag (and the result); inner loops are already free of it."""
    out: list[Stmt] = []
    for s in block:
        if isinstance(s, Return) and kind is Return and name is not None:
            if s.value != Name(name):
                out.append(Assign(Name(name), s.value or Const(None), s.origin))
            out.append(Assign(Name(flag), Const(True), s.origin))
            out.extend(after)
        elif isinstance(s, kind):
            out.extend((Assign(Name(flag), Const(True), s.origin), *after))
        elif isinstance(s, If):
            body, orelse = (flagged(b, kind, flag, name, *after) for b in (s.body, s.orelse))
            out.append(replace(s, body=body, orelse=orelse))
        else:
            out.append(s)
    return tuple(out)


def marked(block: Block, flag: str) -> Block:
    """Each `break` of this loop preceded by setting the flag."""
    out: list[Stmt] = []
    for s in block:
        if isinstance(s, Break):
            out.append(Assign(Name(flag), Const(True), s.origin))
        out.append(replace(s, body=marked(s.body, flag), orelse=marked(s.orelse, flag)) if isinstance(s, If) else s)
    return tuple(out)


def without_returns(block: Block, name: str) -> Block:
    """Returns in tail position turned into assignments of the result."""
    out: list[Stmt] = []
    for s in block:
        if isinstance(s, Return):
            if s.value != Name(name):
                out.append(Assign(Name(name), s.value or Const(None), s.origin))
        elif isinstance(s, If):
            out.append(replace(s, body=without_returns(s.body, name), orelse=without_returns(s.orelse, name)))
        else:
            out.append(s)
    return tuple(out)


def without_exits(block: Block) -> Block:
    """`continue` in tail position is nothing at all; an `if` left with an empty body is turned round, one with nothing
    on either side goes unless its test may write into an array."""
    out: list[Stmt] = []
    for s in block:
        match s:
            case Continue() | Comment():
                continue
            case If():
                body, orelse = without_exits(s.body), without_exits(s.orelse)
                if body:
                    out.append(replace(s, body=body, orelse=orelse))
                elif orelse:
                    out.append(replace(s, test=negated(s.test), body=orelse, orelse=()))
                elif _may_write(s.test):
                    out.append(replace(s, body=(), orelse=()))
            case _:
                out.append(s)
    return tuple(out)


def _may_write(test: Expr) -> bool:
    """Whether the test calls something that is not known to leave its arguments alone."""
    calls = (e for e in subexprs(test) if isinstance(e, Call))
    known = (isinstance(e.func, Object) and rule_of(e.func.value) is not None for e in calls)
    return has_effect(test) or not all(known)
