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

from dataclasses import replace

from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Const,
    Continue,
    For,
    Function,
    If,
    Name,
    Raise,
    Return,
    Stmt,
    Try,
    While,
    With,
)
from ..ir.walk import Fresh, ends_in_raise, mentioned
from .contexts import Contexts
from .paths import (
    FLAGS,
    NOT,
    always_exits,
    exits_of,
    flagged,
    marked,
    negated,
    one_sided,
    plain_exit,
    raising_apart,
    without_exits,
    without_returns,
)

__all__ = ["NOT", "negated", "single_exit"]


def single_exit(function: Function) -> Function:
    """The same function with exits in tail position and exactly one `return`, its last statement."""
    fresh = Fresh(mentioned(function.body) | {p.name for p in function.params})
    return _Exits(fresh).function(function)


class _Exits(Contexts):
    def __init__(self, fresh: Fresh) -> None:
        self.fresh = fresh
        self.result: str | None = None

    def function(self, function: Function) -> Function:
        body = self.block(function.body)
        if not always_exits(body):
            body = self.block((*body, Return(Const(None), function.origin)))
        *head, last = body
        if ends_in_raise(body) and not exits_of(body):
            body = (*without_exits(body), Return(Const(None), function.origin))
        elif not isinstance(last, Return):
            name = self.result_name()
            body = without_exits(without_returns(body, name))
            body = (*body, Return(Name(name), last.origin))
        else:
            value = last.value or Const(None)
            head_block = without_exits(tuple(head))
            if isinstance(value, Name | Const):
                body = (*head_block, replace(last, value=value))
            else:
                name = self.result_name()
                body = (*head_block, Assign(Name(name), value, last.origin), replace(last, value=Name(name)))
        return replace(function, body=body)

    def result_name(self) -> str:
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
                case If() if (sides := raising_apart(s)) is not None:
                    stopped, others = sides
                    return (*out, replace(stopped, body=self.block(stopped.body)), *self.block((*others, *rest)))
                case With():
                    return (*out, *self.with_block(s, rest))
                case Try():
                    return (*out, *self.try_block(s, rest))
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
        kinds = exits_of(body) | exits_of(orelse)
        if not kinds or not rest:
            return [replace(s, body=body, orelse=orelse)], False
        if always_exits(body):
            return one_sided(replace(s, body=body, orelse=self.block((*s.orelse, *rest)))), True
        if always_exits(orelse):
            return one_sided(replace(s, body=self.block((*s.body, *rest)), orelse=orelse)), True
        out: list[Stmt] = []
        guards: list[Stmt] = []
        for kind in sorted(kinds, key=lambda k: k.__name__):
            flag = self.fresh(FLAGS[kind])
            name = self.result_name() if kind is Return else None
            out.append(Assign(Name(flag), Const(False), s.origin))
            body, orelse = (flagged(b, kind, flag, name) for b in (body, orelse))
            exit_ = Return(Name(name), s.origin) if name is not None else plain_exit(kind, s.origin)
            guards.append(If(Name(flag), (exit_,), (), s.origin))
        out.append(replace(s, body=body, orelse=orelse))
        return [*out, *self.block((*guards, *rest))], True

    def _loop(self, s: For | While) -> tuple[list[Stmt], list[Stmt]]:
        """The loop, with what has to stand before it, and what has to follow it."""
        body = self.block(s.body)
        before: list[Stmt] = []
        follow: list[Stmt] = []
        broken = Break in exits_of(body)
        if Return in exits_of(body):
            flag, name = self.fresh("returned"), self.result_name()
            body = flagged(body, Return, flag, name, Break(s.origin))
            before.append(Assign(Name(flag), Const(False), s.origin))
            follow.append(If(Name(flag), (Return(Name(name), s.origin),), (), s.origin))
        if s.orelse and broken:
            flag = self.fresh("broke")
            body = marked(body, flag)
            before.append(Assign(Name(flag), Const(False), s.origin))
            follow.append(If(Call(NOT, (Name(flag),)), s.orelse, (), s.origin))
        elif s.orelse:
            follow.extend(s.orelse)
        return [*before, replace(s, body=without_exits(body), orelse=())], follow
