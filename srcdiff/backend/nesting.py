"""Marks back into statements: the `with` and `try` that calls of `ir/marks.py` stand for.

in:   entering(np.errstate, all="ignore"); y = x / z; leaving(...)     out:  with np.errstate(all="ignore"): y = x / z
"""

from __future__ import annotations

import operator
from dataclasses import replace

from srcdiff.ir import nodes as ir
from srcdiff.ir.marks import attempt, attempted, caught, concluded, concluding, entering, leaving, trying
from srcdiff.ir.walk import ends_in_raise, expressions, is_call_of, map_stmt, names, statements


def nested(function: ir.Function) -> ir.Function:
    """The function with its marks as statements; itself where it has none."""
    if not any(is_call_of(e, *_OPENING, attempt) for s in statements(function.body) for e in expressions(s)):
        return function
    reads = [n for s in statements(function.body) for e in expressions(s) for n in names(e)]
    return replace(function, body=_Nesting(reads).block(function.body))


_OPENING = (entering, trying)


class _Nesting:
    def __init__(self, mentions: list[str]) -> None:
        self.mentions = mentions

    def block(self, block: ir.Block) -> ir.Block:
        out: list[ir.Stmt] = []
        rest = list(block)
        while rest:
            s = rest.pop(0)
            value = s.value if isinstance(s, ir.Assign | ir.Effect) else None
            if isinstance(value, ir.Call) and is_call_of(value, entering):
                body, rest = _until(rest, leaving)
                target = s.target if isinstance(s, ir.Assign) else None
                out.append(ir.With(_context(value), target, self.block(body), s.origin, s.adjoint_of))
            elif is_call_of(value, trying):
                body, rest = _until(rest, concluding)
                final, rest = _until(rest, concluded)
                tried, last = self.block(body), self.block(final)
                out.extend((ir.Try(tried, (), (), last, s.origin),) if last else tried)
            elif isinstance(s, ir.Assign) and isinstance(value, ir.Call) and is_call_of(value, attempt):
                place = next(k for k, other in enumerate(rest) if isinstance(other, ir.If))
                kept, branch, rest = rest[:place], rest[place], rest[place + 1 :]
                handled: ir.Block = ()
                after: ir.Block = ()
                if rest and len(value.args) == 1 and (sides := _on_failure(rest[0], s.target)) is not None:
                    handled, after = sides
                    rest = [*after, *rest[1:]]
                out.append(self.attempted(s, value, branch, handled, asked=bool(handled) and not after))
                out.extend(kept)  # of the outcome
            else:
                out.append(map_stmt(s, lambda e: e, self.block))
        return tuple(out)

    def attempted(self, head: ir.Assign, call: ir.Call, branch: ir.Stmt, handled: ir.Block, asked: bool) -> ir.Try:
        """`handled` is what follows the attempt where it has failed, and is written as the handler; `asked`: whether
        that is all that was asked for there."""
        assert isinstance(branch, ir.If)
        assert isinstance(head.target, ir.Name)
        body = [s for s in branch.body if not (isinstance(s, ir.Effect) and is_call_of(s.value, attempted))]
        several = len(call.args) > 1
        outcome = head.target
        left = self.mentions.count(outcome.id) - 1 - (outcome.id in names(branch.test)) - asked
        follows = handled
        if several:
            left -= sum(isinstance(s, ir.If) and outcome.id in names(s.test) for s in branch.orelse)
        handlers = []
        for k, classes in enumerate(call.args, 1):
            handled = _handled(branch.orelse, outcome, k) if several else branch.orelse
            name, handled = _named(handled)
            if left > 0:
                handled = (ir.Assign(outcome, ir.Const(k) if several else ir.Const(False)), *handled)
            handled = (*handled, *follows)
            handlers.append(ir.Handler(classes, name, self.block(handled), head.origin))
        if left > 0:
            body.append(ir.Assign(outcome, ir.Const(0) if several else ir.Const(True)))
        return ir.Try(self.block(tuple(body)), tuple(handlers), (), (), head.origin)


def _on_failure(s: ir.Stmt, outcome: ir.Expr) -> tuple[ir.Block, ir.Block] | None:
    """What a statement does after a failure, and what is left of it; None where it does not ask for that, or leaves a
    loop."""
    match s:
        case ir.If(test=ir.Call(ir.Object(operator.not_), (asked,)), body=body, orelse=orelse) if asked == outcome:
            if any(isinstance(p, ir.Break) for p in statements(body)):
                return None
            return body, (ir.If(outcome, orelse, (), s.origin, s.adjoint_of),) if orelse else ()
    return None


def _until(block: list[ir.Stmt], closing: object) -> tuple[ir.Block, list[ir.Stmt]]:
    """What stands before the mark that closes this level, and what follows it; all of it, where an exception comes
    first."""
    level = 0
    for k, s in enumerate(block):
        value = s.value if isinstance(s, ir.Assign | ir.Effect) else None
        if level == 0 and is_call_of(value, closing):
            return tuple(block[:k]), block[k + 1 :]
        level += is_call_of(value, *_OPENING) - is_call_of(value, leaving, concluded)
    return tuple(block), []


def _context(call: ir.Call) -> ir.Expr:
    is_call, callee, *args = call.args
    return ir.Call(callee, tuple(args), call.kwargs) if is_call == ir.Const(True) else callee


def _handled(block: ir.Block, outcome: ir.Name, k: int) -> ir.Block:
    """What is done with the exception of handler `k`."""
    for s in block:
        if isinstance(s, ir.If) and isinstance(s.test, ir.Call) and s.test.args == (outcome, ir.Const(k)):
            return s.body
    return ()


def _named(block: ir.Block) -> tuple[str | None, ir.Block]:
    """The name that a handler gives to its exception. Python takes that name away again at the handler's end."""
    for k, s in enumerate(block):
        if isinstance(s, ir.Assign) and isinstance(s.target, ir.Name) and is_call_of(s.value, caught):
            if ends_in_raise(block):
                return s.target.id, (*block[:k], *block[k + 1 :])
            name = f"{s.target.id}_caught"
            return name, (*block[:k], replace(s, value=ir.Name(name)), *block[k + 1 :])
    return None, block
