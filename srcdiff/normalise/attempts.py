"""What a failed attempt leaves behind: the derivative takes it that a `try` body has run either in full or not at all.

    try:
        s = s + x[k]        # done, when the next line fails
        t = s / y           # refused where `s` is read after the failure: it is neither the old nor the new state
    except ZeroDivisionError:
        t = 0.0

In: the body of a core function. A variable that only the last statement assigns is not touched by a failure; what is
written in place, or assigned earlier, must not be read on the way on from a handler.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Mapping

from ..errors import UnsupportedSyntax
from ..ir.marks import attempted
from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Const,
    Effect,
    Expr,
    For,
    If,
    Item,
    Name,
    Object,
    Raise,
    Return,
    Stmt,
    Update,
    While,
)
from ..ir.types import ListOf, Num, Type
from ..ir.walk import assigned, ends_in_raise, expressions, is_call_of, names, statements, target_reads, targets
from ..rules.typing import TypeProblem

_SAFE = (
    *(operator.add, operator.sub, operator.mul, operator.neg, operator.pos, operator.not_),
    *(operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne),
)
_WHY = "the derivative takes it that the body of `try` has run in full or not at all, and a failure would come between"
_FIX = "compute into new variables inside `try`, and write or assign what is kept in `else:` or after the statement"


def check_attempts(body: Block, types: Mapping[str, Type]) -> None:
    """Raise a TypeProblem for an attempt that may leave something half-way. `types` are those of the variables."""
    lists = {n for n, t in types.items() if isinstance(t, ListOf) and not t.tape}
    numbers = {n for n, t in types.items() if isinstance(t, Num) and t.ndim == 0}
    attempts = [s for s in statements(body) if isinstance(s, If) and is_attempt(s)]
    if not attempts:
        return
    sets = Counter(n for s in statements(body) if isinstance(s, Assign | Update | For) for n in targets(s.target))
    live = _Live({}, sets)
    live.block(body, set())
    for s in attempts:
        if id(s) in live.failures:
            head, after, flags = live.failures[id(s)]
            if flags:
                again = _Live(flags, sets)
                again.block(body, set())
                after = again.failures[id(s)][1]
            _check(s, after, head, lists, numbers)


def is_attempt(s: Stmt) -> bool:
    """Whether a statement is the branch of an attempt, `if ok: ...`."""
    return isinstance(s, If) and any(isinstance(p, Effect) and is_call_of(p.value, attempted) for p in s.body)


def may_fail(e: Expr) -> bool:
    """Whether evaluating an expression may raise, its operands left aside."""
    if isinstance(e, Call):
        return not (isinstance(e.func, Object) and any(e.func.value is f for f in _SAFE))
    return isinstance(e, Item)


def check_pushes(s: If, body: list[Stmt]) -> None:
    """Refuse an attempt that would have pushed onto a list what is not popped, because it failed after that."""
    if not is_attempt(s) or ends_in_raise(s.orelse):
        return
    end = next(k for k, p in enumerate(body) if isinstance(p, Effect) and is_call_of(p.value, attempted))
    if any(is_call_of(e, list.append) for p in statements(tuple(body[:end])) for e in expressions(p)):
        what = "`try` in a loop of unknown length, whose body overwrites what its derivative needs"
        why = "the values are kept on a list, which a failure would leave one value too long"
        problem = TypeProblem(UnsupportedSyntax, what, why, _FIX, None)
        problem.origin = s.origin
        raise problem


def goes_on(s: If, classes: int) -> bool:
    """Whether the program goes on after some exception that an attempt catches."""
    stopped = sum(ends_in_raise((p,)) for p in s.orelse) if classes > 1 else int(ends_in_raise(s.orelse))
    return stopped < classes


class _Live:
    """Variables that may still be read, from the end of the program to its beginning, where `settled` variables have
    these values. `failures` gives for each attempt that the program survives: the statement that begins it, what is
    read after it has failed, and the flags that nothing else sets than this failure."""

    def __init__(self, settled: dict[str, bool], sets: Counter[str]) -> None:
        self.settled = settled
        self.breaks: list[set[str]] = []
        self.failures: dict[int, tuple[Assign, set[str], dict[str, bool]]] = {}
        self.sets = sets  # how many statements set a variable

    def block(self, block: Block, live: set[str]) -> set[str]:
        after: list[set[str]] = []  # what is live after each statement, the last one first
        for k in range(len(block) - 1, -1, -1):
            s = block[k]
            if isinstance(s, If) and is_attempt(s):
                head = block[k - 1]
                assert isinstance(head, Assign)
                assert isinstance(head.value, Call)
                if goes_on(s, len(head.value.args)):
                    follow = block[k + 1] if k + 1 < len(block) else None
                    left = self.failed(follow, names(s.test), live, after[-1] if after else live)
                    flags = {} if self.breaks else self.flags(s, follow)
                    self.failures[id(s)] = head, left, flags
            after.append(live)
            live = self.statement(s, live)
        return live

    def flags(self, s: If, follow: Stmt | None) -> dict[str, bool]:
        """The variables that are set to one truth value in an attempt, and to another one where it has failed."""
        set_here = _truths(s.body)
        handled = _truths(follow.body) if isinstance(follow, If) and is_call_of(follow.test, operator.not_) else {}
        return {n: v for n, v in handled.items() if n in set_here and set_here[n] != v and self.sets[n] == 2}

    def failed(self, follow: Stmt | None, outcome: set[str], live: set[str], after: set[str]) -> set[str]:
        """What is read after an attempt where it has failed: what follows it mostly asks for the outcome."""
        found: set[str] = set()
        while isinstance(follow, If) and names(follow.test) == outcome:
            if isinstance(follow.test, Name):  # `if ok`
                return found | self.block(follow.orelse, after)
            found |= self.block(follow.body, after)
            if is_call_of(follow.test, operator.not_):
                return found
            follow = follow.orelse[0] if follow.orelse else None
        return found | (after if found else live)

    def statement(self, s: Stmt, live: set[str]) -> set[str]:
        match s:
            case Assign():
                return (live - set(targets(s.target))) | target_reads(s.target) | names(s.value)
            case If(test=Name(id=flag)) if flag in self.settled and not is_attempt(s):
                return self.block(s.body if self.settled[flag] else s.orelse, live)
            case If(test=Call(func=Object(value=operator.not_), args=(Name(id=flag),))) if flag in self.settled:
                return self.block(s.orelse if self.settled[flag] else s.body, live)
            case If():
                return self.block(s.body, live) | self.block(s.orelse, live) | names(s.test)
            case For() | While():
                return self.loop(s, live)
            case Break():
                return set(self.breaks[-1])
            case Return() | Raise():
                return {n for e in expressions(s) for n in names(e)}
            case _:
                return live.union(*(names(e) for e in expressions(s)))

    def loop(self, s: For | While, live: set[str]) -> set[str]:
        head = set(live).union(*(names(e) for e in expressions(s)))
        while True:
            self.breaks.append(live)
            entry = self.block(s.body, head)
            self.breaks.pop()
            if entry <= head:
                return head
            head |= entry


def _truths(block: Block) -> dict[str, bool]:
    return {
        s.target.id: s.value.value
        for s in block
        if isinstance(s, Assign)
        and isinstance(s.target, Name)
        and s.value in (Const(True), Const(False))
        and isinstance(s.value, Const)
    }


def _check(s: If, after: set[str], head: Assign, lists: set[str], numbers: set[str]) -> None:
    done = [p for p in s.body if not (isinstance(p, Effect) and is_call_of(p.value, attempted))]
    while done and _is_sure(done[-1]):
        done.pop()  # what comes before it fails, or nothing does
    if done and (isinstance(done[-1], Assign | Effect) or not _writes(done[-1], numbers)):
        done.pop()  # where it fails it has done nothing
    left = sorted(assigned(tuple(done)) & after)
    written = [p for p in statements(tuple(done)) if _writes(p, numbers) or _lengthens(p, lists)]
    if left or written:
        kind = "an array" if not written or _writes(written[0], numbers) else "a list"
        what = f"`{left[0]}`, which `try` may leave half-way" if left else f"{kind} that `try` may leave half-way"
        problem = TypeProblem(UnsupportedSyntax, what, _WHY, _FIX, None)
        problem.origin = head.origin if left else written[0].origin
        raise problem


def _is_sure(s: Stmt) -> bool:
    """Whether a statement cannot fail: it gives a value that is there a name."""
    return isinstance(s, Assign) and isinstance(s.target, Name) and isinstance(s.value, Const | Name)


def _writes(s: Stmt, numbers: set[str]) -> bool:
    """Whether a statement writes into an array. (A number is replaced.)"""
    if isinstance(s, Update) and isinstance(s.target, Name):
        return s.target.id not in numbers
    return isinstance(s, Update) or (isinstance(s, Assign) and isinstance(s.target, Item))


def _lengthens(s: Stmt, lists: set[str]) -> bool:
    """Whether a statement makes one of the lists longer or shorter."""
    value = s.value if isinstance(s, Assign | Effect) else None
    return isinstance(value, Call) and is_call_of(value, list.append, list.pop) and bool(names(value.args[0]) & lists)
