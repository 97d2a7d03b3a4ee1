"""Exits in tail position: what follows an exiting `if` becomes its `else`; one `return`, at the end.

in:   for i in range(n):              out:  for i in range(n):
          if x[i] == 0.0:                       if x[i] != 0.0:
              continue                              s = s * x[i]
          s = s * x[i]                              if s > cap:
          if s > cap:                                   result = s
              return s                                  returned = True
      return -s                                         break
                                            if not returned: ...

`break` stays where it is in the user's loop; it only has to be the last thing on its path, so that the reverse of
the body is the reverse of a structured block. Where an `if` exits on some of its paths only and more follows, a flag
remembers which way was taken. A path that ends with an exception has no reverse: what stands on the other side of its
`if` follows that `if`, which then has one side only.
"""

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
    Function,
    If,
    Name,
    Object,
    Origin,
    Raise,
    Return,
    Stmt,
    While,
)
from ..ir.walk import Fresh, ends_in_raise, mentioned, subexprs
from ..rules import rule_of
from ..rules.effects import has_effect

NOT = Object(operator.not_, "not")
_OPPOSITE = {operator.eq: (operator.ne, "!="), operator.ne: (operator.eq, "==")}
_Exit = type[Break] | type[Continue] | type[Return]
_FLAGS: dict[_Exit, str] = {Break: "left", Continue: "skipped", Return: "returned"}


def single_exit(function: Function) -> Function:
    """The same function with exits in tail position and exactly one `return`, its last statement."""
    fresh = Fresh(mentioned(function.body) | {p.name for p in function.params})
    return _Exits(fresh).function(function)


def negated(test: Expr) -> Expr:
    """`not test`; `==` and `!=` turn into each other (the orderings do not: NaN)."""
    match test:
        case Call(func=Object(value=op), args=args) if op in _OPPOSITE:
            return replace(test, func=Object(*_OPPOSITE[op]), args=args)
        case Call(func=Object(value=operator.not_), args=(inner,)):
            return inner
    return Call(NOT, (test,), at=test.at)


class _Exits:
    def __init__(self, fresh: Fresh) -> None:
        self.fresh = fresh
        self.result: str | None = None

    def function(self, function: Function) -> Function:
        body = self.block(function.body)
        if not _always(body):
            body = self.block((*body, Return(Const(None), function.origin)))
        *head, last = body
        if ends_in_raise(body) and not _exits(body):
            body = (*_without_exits(body), Return(Const(None), function.origin))
        elif not isinstance(last, Return):
            name = self._result()
            body = _without_exits(_replace_returns(body, name))
            body = (*body, Return(Name(name), last.origin))
        else:
            value = last.value or Const(None)
            head_block = _without_exits(tuple(head))
            if isinstance(value, Name | Const):
                body = (*head_block, replace(last, value=value))
            else:
                name = self._result()
                body = (*head_block, Assign(Name(name), value, last.origin), replace(last, value=Name(name)))
        return replace(function, body=body)

    def _result(self) -> str:
        if self.result is None:
            self.result = self.fresh("result")
        return self.result

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for k, s in enumerate(block):
            rest = block[k + 1 :]
            match s:
                case Return() | Break() | Continue() | Raise():
                    return (*out, s)
                case If() if (sides := _apart(s)) is not None:
                    stopped, others = sides
                    return (*out, replace(stopped, body=self.block(stopped.body)), *self.block((*others, *rest)))
                case If():
                    whole = self._branch(s, rest)
                    out.extend(whole[0])
                    if whole[1]:
                        return tuple(out)
                case For() | While():
                    before, follow = self._loop(s)
                    out.extend(before)
                    if follow:
                        return (*out, *self.block((*follow, *rest)))
                case _:
                    out.append(s)
        return tuple(out)

    def _branch(self, s: If, rest: Block) -> tuple[list[Stmt], bool]:
        """The statements for an `if`, and whether they have taken in what follows it."""
        body, orelse = self.block(s.body), self.block(s.orelse)
        kinds = _exits(body) | _exits(orelse)
        if not kinds or not rest:
            return [replace(s, body=body, orelse=orelse)], False
        if _always(body):
            return _one_sided(replace(s, body=body, orelse=self.block((*s.orelse, *rest)))), True
        if _always(orelse):
            return _one_sided(replace(s, body=self.block((*s.body, *rest)), orelse=orelse)), True
        out: list[Stmt] = []
        guards: list[Stmt] = []
        for kind in sorted(kinds, key=lambda k: k.__name__):
            flag = self.fresh(_FLAGS[kind])
            name = self._result() if kind is Return else None
            out.append(Assign(Name(flag), Const(False), s.origin))
            body, orelse = (_flagged(b, kind, flag, name) for b in (body, orelse))
            exit_ = Return(Name(name), s.origin) if name is not None else _plain(kind, s.origin)
            guards.append(If(Name(flag), (exit_,), (), s.origin))
        out.append(replace(s, body=body, orelse=orelse))
        return [*out, *self.block((*guards, *rest))], True

    def _loop(self, s: For | While) -> tuple[list[Stmt], list[Stmt]]:
        """The loop, with what has to stand before it, and what has to follow it."""
        body = self.block(s.body)
        before: list[Stmt] = []
        follow: list[Stmt] = []
        broken = Break in _exits(body)
        if Return in _exits(body):
            flag, name = self.fresh("returned"), self._result()
            body = _flagged(body, Return, flag, name, Break(s.origin))
            before.append(Assign(Name(flag), Const(False), s.origin))
            follow.append(If(Name(flag), (Return(Name(name), s.origin),), (), s.origin))
        if s.orelse and broken:
            flag = self.fresh("broke")
            body = _marked(body, flag)
            before.append(Assign(Name(flag), Const(False), s.origin))
            follow.append(If(Call(NOT, (Name(flag),)), s.orelse, (), s.origin))
        elif s.orelse:
            follow.extend(s.orelse)
        return [*before, replace(s, body=_without_exits(body), orelse=())], follow


def _apart(s: If) -> tuple[If, Block] | None:
    """An `if` one side of which raises, as one that has this side only, and the other side."""
    if ends_in_raise(s.body):
        return replace(s, orelse=()), s.orelse
    if ends_in_raise(s.orelse):
        return replace(s, test=negated(s.test), body=s.orelse, orelse=()), s.body
    return None


def _one_sided(s: If) -> list[Stmt]:
    sides = _apart(s)
    return [s] if sides is None else [sides[0], *sides[1]]


def _plain(kind: _Exit, origin: Origin | None) -> Stmt:
    return Break(origin) if kind is Break else Continue(origin)


def _exits(block: Block) -> set[_Exit]:
    """The kinds of exit that leave the block (a `break` of an inner loop does not)."""
    found: set[_Exit] = set()
    for s in block:
        match s:
            case Return():
                found.add(Return)
            case Break():
                found.add(Break)
            case Continue():
                found.add(Continue)
            case If():
                found |= _exits(s.body) | _exits(s.orelse)
            case For() | While():
                found |= _exits(s.body) & {Return}
            case _:
                pass
    return found


def _always(block: Block) -> bool:
    """Whether every path through the block ends in an exit."""
    if not block:
        return False
    match block[-1]:
        case Return() | Break() | Continue() | Raise():
            return True
        case If(body=body, orelse=orelse):
            return _always(body) and _always(orelse)
    return False


def _flagged(block: Block, kind: _Exit, flag: str, name: str | None, *after: Stmt) -> Block:
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
            body, orelse = (_flagged(b, kind, flag, name, *after) for b in (s.body, s.orelse))
            out.append(replace(s, body=body, orelse=orelse))
        else:
            out.append(s)
    return tuple(out)


def _marked(block: Block, flag: str) -> Block:
    """Each `break` of this loop preceded by setting the flag."""
    out: list[Stmt] = []
    for s in block:
        if isinstance(s, Break):
            out.append(Assign(Name(flag), Const(True), s.origin))
        out.append(replace(s, body=_marked(s.body, flag), orelse=_marked(s.orelse, flag)) if isinstance(s, If) else s)
    return tuple(out)


def _replace_returns(block: Block, name: str) -> Block:
    """Returns in tail position turned into assignments of the result."""
    out: list[Stmt] = []
    for s in block:
        if isinstance(s, Return):
            if s.value != Name(name):
                out.append(Assign(Name(name), s.value or Const(None), s.origin))
        elif isinstance(s, If):
            out.append(replace(s, body=_replace_returns(s.body, name), orelse=_replace_returns(s.orelse, name)))
        else:
            out.append(s)
    return tuple(out)


def _without_exits(block: Block) -> Block:
    """`continue` in tail position is nothing at all; an `if` left with an empty body is turned round, one with nothing
    on either side goes unless its test may write into an array."""
    out: list[Stmt] = []
    for s in block:
        match s:
            case Continue() | Comment():
                continue
            case If():
                body, orelse = _without_exits(s.body), _without_exits(s.orelse)
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
