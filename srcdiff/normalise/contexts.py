"""`with` and `try` as statements of one block, between marks (`ir/marks.py`), with their exits behind them.

in:   with np.errstate(all="ignore"):      out:  entering(np.errstate, all="ignore")
          return x / y                               result = x / y
                                                 leaving(np.errstate, all="ignore")
                                                 return result

in:   try:                                 out:  ok = attempt(LinAlgError)
          L = np.linalg.cholesky(A)              if ok:
      except np.linalg.LinAlgError:                  L = np.linalg.cholesky(A)
          return np.inf                              attempted(L)
      return np.sum(L)                           if not ok: return np.inf
                                                 return np.sum(L)

A handler that ends with an exception of its own stays where it is, on the other side of `if ok`.
"""

from __future__ import annotations

import operator
from dataclasses import replace

from ..ir.marks import attempt, attempted, caught, concluded, concluding, entering, leaving, trying
from ..ir.nodes import (
    Assign,
    Block,
    Call,
    Const,
    Effect,
    Expr,
    Handler,
    If,
    Name,
    Object,
    Origin,
    Raise,
    Return,
    Stmt,
    Try,
    With,
)
from ..ir.walk import Fresh, ends_in_raise, map_stmt, statements
from .paths import FLAGS, always_exits, exits_of, flagged, plain_exit, without_exits, without_returns

_EVERY = Object(BaseException, "BaseException")


def mark(function: object, *args: Expr) -> Call:
    return Call(Object(function, getattr(function, "__name__", "mark")), args)


class Contexts:
    """Makes the blocks of `with` and `try` plain."""

    fresh: Fresh

    def block(self, block: Block) -> Block:
        raise NotImplementedError

    def result_name(self) -> str:
        raise NotImplementedError

    def released(self, body: Block, origin: Origin | None) -> tuple[list[Stmt], Block, list[Stmt]]:
        """A block without the ways out of it: what has to stand before it, the block, what leaves after it."""
        body = self.block(body)
        kinds = exits_of(body)
        if kinds and always_exits(body) and len(kinds) == 1 and not (kinds - {Return}):
            name = self.result_name()
            return [], without_exits(without_returns(body, name)), [Return(Name(name), origin)]
        before: list[Stmt] = []
        after: list[Stmt] = []
        for kind in sorted(kinds, key=lambda k: k.__name__):
            flag = self.fresh(FLAGS[kind])
            result = self.result_name() if kind is Return else None
            before.append(Assign(Name(flag), Const(False), origin))
            body = flagged(body, kind, flag, result)
            leave = Return(Name(result), origin) if result is not None else plain_exit(kind, origin)
            after.append(If(Name(flag), (leave,), (), origin))
        return before, without_exits(body), after

    def with_block(self, s: With, rest: Block) -> Block:
        at = getattr(s.context, "at", None)
        enters = Object(entering, "with", at)
        call = Call(enters, (Const(False), s.context), (), at)
        if isinstance(s.context, Call):
            call = Call(enters, (Const(True), s.context.func, *s.context.args), s.context.kwargs, at)
        enter: Stmt = Effect(call, s.origin) if s.target is None else Assign(s.target, call, s.origin)
        leave = Effect(replace(call, func=Object(leaving, "with", at)), s.origin)
        before, body, after = self.released(s.body, s.origin)
        return (*before, enter, *body, leave, *self.block((*after, *rest)))

    def try_block(self, s: Try, rest: Block) -> Block:
        if s.final:
            inner = (replace(s, final=()),) if s.handlers else s.body
            before, body, after = self.released(inner, s.origin)
            marks = [Effect(mark(m), s.origin) for m in (trying, concluding, concluded)]
            return (*before, marks[0], *body, marks[1], *self.block(s.final), marks[2], *self.block((*after, *rest)))
        before, body, after = self.released(s.body, s.origin)
        ok = Name(self.fresh("ok" if len(s.handlers) == 1 else "outcome"))
        classes = tuple(h.classes or _EVERY for h in s.handlers)
        tests = _tests(ok, len(classes))
        done = Effect(mark(attempted), s.origin)
        inside: list[Stmt] = []
        follow: Block = (*after, *s.orelse)
        for test, h in [*zip(tests[1:], s.handlers, strict=True)][::-1]:
            handled = self.block(h.body)
            raises = ends_in_raise(handled) and not exits_of(handled)
            own: Block = handled if raises else ()
            if not raises and any(isinstance(p, Raise) and p.value is None for p in statements(h.body)):
                h = self.naming(h)
            if h.name is not None:
                own = (Assign(Name(h.name), mark(caught), h.origin), *own)
            if own:
                inside = [If(test, own, (), h.origin), *inside] if len(classes) > 1 else list(own)
            if not raises and (h.body or follow):
                follow = (If(test, h.body, follow, h.origin),)
        head = Assign(ok, replace(mark(attempt, *classes), at=None if s.origin is None else s.origin.span), s.origin)
        tried = If(tests[0], (*body, done), tuple(inside), s.origin)
        return (*before, head, tried, *self.block((*follow, *rest)))

    def naming(self, h: Handler) -> Handler:
        """A handler that goes on after its `try`, with a name for the exception that it may raise again."""
        name = h.name or self.fresh("error")
        return h._replace(name=name, body=_raising(h.body, name))


def _raising(block: Block, name: str) -> Block:
    """Each bare `raise` with the exception that it means."""
    return tuple(
        replace(s, value=Name(name))
        if isinstance(s, Raise) and s.value is None
        else map_stmt(s, lambda e: e, lambda b: _raising(b, name))
        for s in block
    )


def _tests(ok: Name, handlers: int) -> list[Expr]:
    """The tests for no exception, and for that of each handler."""
    if handlers == 1:
        return [ok, Call(Object(operator.not_, "not"), (ok,))]
    return [Call(Object(operator.eq, "=="), (ok, Const(k))) for k in range(handlers + 1)]
