"""Branches and loops made core: what the types decide is decided, loops count, the types at a loop's head hold for
every trip.

in:   for k, row in enumerate(A):        out:  for k in range(len(A)):
          if row.ndim == 1:                        row = A[k]
              s = s + row[0]                       s = s + row[0]
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace

from ..errors import UnsupportedCall, UnsupportedSyntax
from ..ir.marks import keeping
from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Choice,
    Const,
    Display,
    Effect,
    Expr,
    For,
    If,
    Logic,
    Name,
    Origin,
    Stmt,
    Update,
    While,
)
from ..ir.types import INT, Num
from ..ir.walk import assigned, is_call_of, map_stmt, rebuild, subexprs, targets
from ..rules.typing import TypeProblem
from ..runtime import checkpointed
from .attempts import is_attempt, may_fail
from .contexts import mark
from .displays import Displays
from .exits import negated
from .generators import check_apart, unwound
from .iteration import ENDLESS, endless, never_runs, range_of, static_items, trips
from .literals import literal
from .state import merge


class Loops(Displays):
    """Control flow of one function."""

    def branch(self, s: If) -> None:
        test = self.tested(self.expr(s.test))
        self.typed(test)
        if any(is_call_of(e, list.pop) for e in subexprs(test)):
            test = self.atom(test, "popped")  # evaluated once, whatever becomes of the branch
        if self.known(test) is None and not isinstance(test, Name | Const) and self._rank(test) not in (0, None):
            raise TypeProblem(
                UnsupportedSyntax,
                "an array as the condition of a branch",
                "an array has a truth for each element, not one",
                "use np.where(condition, a, b), or .any() / .all()",
                getattr(s.test, "at", None),
            )

        def then() -> Block:
            block = self.run(s.body)
            return self.in_order(block) if is_attempt(s) else block

        self.forked(test, then, lambda: self.run(s.orelse), s.origin)

    def forked(
        self, test: Expr, then: Callable[[], Block], other: Callable[[], Block], origin: Origin | None = None
    ) -> None:
        """Emit a branch with what each side emits; that of a known test alone."""
        known = self.known(test)
        if known is not None:
            self.state.out.extend(then() if known else other())
            return
        entry = dict(self.state.env)
        scope = dict(self.scope)
        ends = []
        bodies: list[Block] = []
        for side in (then, other):
            self.state.env = dict(entry)
            self.state.reachable = True
            bodies.append(side())
            if self.state.reachable:
                ends.append(self.state.env)
        self.scope = {**scope, **self.scope}
        self.state.env = merge(*ends) if len(ends) == 2 else (ends or [entry])[0]
        self.state.reachable = True  # as the branch is, even if nothing behind it is
        if bodies[0]:
            self.state.emit(If(test, bodies[0], bodies[1], origin))
        elif bodies[1]:
            self.state.emit(If(negated(test), bodies[1], (), origin))
        self.state.reachable = bool(ends)

    def in_order(self, block: Block) -> Block:
        """Statements that fail where the program fails: each does one thing that may fail. (A number that is updated
        is one that is assigned anew.)"""
        with self.state.collect() as out:
            for s in block:
                if isinstance(s, Update) and isinstance(s.target, Name) and self._rank(s.target) == 0:
                    s = Assign(s.target, Call(s.op, (s.target, s.value)), s.origin)
                if isinstance(s, Assign) and sum(map(may_fail, subexprs(s.value))) > 1:
                    s = replace(s, value=self.one_by_one(s.value, s.target))
                out.append(map_stmt(s, lambda e: e, self.in_order))
        return tuple(out)

    def one_by_one(self, e: Expr, target: Expr | None = None) -> Expr:
        if isinstance(e, Choice | Logic):
            return e  # what it evaluates depends on its test
        e = rebuild(e, self.one_by_one)
        if target is not None or not may_fail(e) or not isinstance(self.typed(e), Num):
            return e
        return self.atom(e, "part")

    def _rank(self, test: Expr) -> int | None:
        type_ = self.typed(test)
        return type_.ndim if isinstance(type_, Num) else 0

    def fixpoint(self, body: Callable[[], Block], bound: Collection[str] = ()) -> Block:
        """Walk a loop body until the types at its head no longer change; then they hold for every trip. The variables
        that are bound in it have their names ahead: where one trip reads what the one before has bound, that name is
        met first, and what stands under it may be a variable of the caller."""
        for name in sorted(bound):
            self.own(name)
        entry = self.state.env
        while True:
            mark, scope = self.state.snapshot(), dict(self.scope)
            self.state.breaks.append([])
            self.state.env = dict(entry)
            self.done.clear()
            block = body()
            head = merge(entry, self.state.env) if self.state.reachable else entry
            left = self.state.breaks.pop()
            self.state.reachable = True
            if head == entry:
                for env in left:
                    entry = merge(entry, env)
                self.state.env = dict(entry)
                return block
            self.state.restore(mark)
            self.scope = scope
            entry = head

    def while_loop(self, s: While) -> None:
        test: Expr = Const(True)

        def body() -> Block:
            nonlocal test
            with self.state.collect() as out:
                test = self.tested(self.expr(s.test))
                self.typed(test)
                if isinstance(test, Display):
                    test = Const(bool(self.known(test)))
            block = self.run(s.body)
            if not out:
                return block
            inner = If(negated(test), (Break(s.origin),), block, s.origin)
            test = Const(True)
            return (*out, inner)

        block = self.fixpoint(body, assigned(s.body))
        self.state.emit(While(test, block, (), s.origin))

    def for_loop(self, s: For) -> None:
        lowered = unwound(s, self.unused)
        if lowered is not None:
            self.state.out.extend(self.run(lowered))
            return
        check_apart(s)
        s, snapshots = self.with_snapshots(s)
        source = self.source(s.iter)
        before = len(self.state.walked)
        if never_runs(self, source):
            return
        items = static_items(self, source)
        if items is not None:
            with self.at_rest(source):
                self.unrolled(s, items)
            return
        bound = assigned(s.body) | set(targets(s.target))
        changed = {own.id for n in bound if isinstance(own := self.scope.get(n, Name(n)), Name)}
        source = self.stable(source, changed)
        plan = trips(self, source, by_step=snapshots is None)
        counter = self.counter(s, plan.element)
        bounds = tuple(self.expr_again(b, changed) for b in plan.bounds)

        def body() -> Block:
            self.state.env[counter] = Num("int64", weak=True)
            with self.state.collect() as out:
                element = plan.element(Name(counter))
                if not self.is_counter(s.target, element, counter):
                    self.bind_element(s.target, element, counter)
                out.extend(self.run(s.body))
            return tuple(out)

        with self.not_below_zero(counter, bounds):
            block = self.fixpoint(body, bound)
        del self.state.walked[before:]
        loop = For(Name(counter), range_of(*bounds), block, (), s.origin)
        if snapshots is not None:
            self.state.emit(Effect(mark(keeping, snapshots), s.origin))
        elif bounds[1] == ENDLESS:
            self.state.env[after := self.state.fresh(f"{counter}_next")] = INT
            start_, loop_ = endless(loop, after)
            self.state.emit(start_)
            self.state.emit(loop_)
            return
        self.state.emit(loop)

    @contextmanager
    def not_below_zero(self, counter: str, bounds: tuple[Expr, ...]) -> Iterator[None]:
        """Inside, a counter is known not to be below zero where it goes up from there, or down to there."""
        start, stop, step = map(literal, bounds)
        up = type(start) is int and start >= 0
        down = type(stop) is int and stop >= -1
        if type(step) is int and (up if step > 0 else down):
            self.state.counters.add(counter)
        try:
            yield
        finally:
            self.state.counters.discard(counter)

    def with_snapshots(self, s: For) -> tuple[For, Expr | None]:
        """A loop over `checkpointed(...)` as one over what is in there, and how many states are to be kept."""
        if not is_call_of(s.iter, checkpointed) or not isinstance(s.iter, Call):
            return s, None
        given = dict(s.iter.kwargs)
        if len(s.iter.args) == 1 and given.keys() == {"snapshots"}:
            count = self.atom(self.expr(given["snapshots"]), "snapshots")
            type_ = self.typed(count)
            is_int = isinstance(type_, Num) and type_.dtype == "int64" and type_.ndim == 0
            if is_int and not (isinstance(count, Const) and count.value < 1):
                return replace(s, iter=s.iter.args[0]), count
        raise TypeProblem(
            UnsupportedCall,
            "`checkpointed` in another form than `checkpointed(trips, snapshots=k)`",
            "`snapshots` is the number of states to keep, a whole number above zero",
            "write `for t in srcdiff.checkpointed(range(n), snapshots=20):`",
            s.iter.at,
        )

    def stable(self, source: Expr, changed: set[str]) -> Expr:
        """The iterable, with an array whose name the body binds anew held under a second name."""
        if is_call_of(source, enumerate, zip, reversed):
            assert isinstance(source, Call)
            return replace(source, args=tuple(self.stable(a, changed) for a in source.args))
        if isinstance(source, Name) and source.id in changed:
            return self.copied(source)
        return source

    def expr_again(self, e: Expr, changed: set[str]) -> Expr:
        """A loop bound, held under a name where the body changes what it is made of."""
        self.typed(e)
        if any(isinstance(n, Name) and n.id in changed for n in subexprs(e)):
            return self.copied(e)
        return e

    def counter(self, s: For, element: Callable[[Expr], Expr]) -> str:
        """The loop variable: the user's own where it is the counter itself and the body leaves it alone."""
        body = assigned(s.body)
        probe = Name("\0")
        found = element(probe)
        pairs = [(s.target, found)]
        if isinstance(s.target, Display) and isinstance(found, Display) and len(s.target.items) == len(found.items):
            pairs = list(zip(s.target.items, found.items, strict=True))
        for target, value in pairs:
            if value == probe and isinstance(target, Name) and target.id not in body:
                return self.own(target.id)
        return self.state.fresh("k")

    def is_counter(self, target: Expr, element: Expr, counter: str) -> bool:
        return isinstance(target, Name) and element == Name(counter) and self.scope.get(target.id) == Name(counter)

    def bind_element(self, target: Expr, element: Expr, counter: str) -> None:
        if isinstance(target, Display) and isinstance(element, Display) and len(target.items) == len(element.items):
            for t, e in zip(target.items, element.items, strict=True):
                if not self.is_counter(t, e, counter):
                    self.bind_element(t, e, counter)
            return
        self.assign(target, element)

    def unrolled(self, s: For, items: list[Expr]) -> None:
        """A loop over a structure: its body once for each item. Where it may be left before its end, a flag guards
        what follows."""
        left = self.unused("left") if any(isinstance(i, Break) for i in _own(s.body)) else None
        if left is not None:
            self.scope[left] = Name(left)
            self.bind(left, Const(False))
        for k, item in enumerate(items):
            element = self.unused("element")
            self.scope[element] = item
            body: Block = (Assign(s.target, Name(element), s.origin), *flagged(s.body, left))
            if k and left is not None:
                body = (If(negated(Name(left)), body, (), s.origin),)
            self.state.out.extend(self.run(body))
            del self.scope[element]


def _own(block: Block) -> Iterator[Stmt]:
    """The statements of a loop's body, without those of loops inside."""
    for s in block:
        yield s
        if isinstance(s, If):
            yield from _own((*s.body, *s.orelse))


def flagged(block: Block, flag: str | None) -> Block:
    """The body of a loop that is written out: where it is left, a flag says so."""
    if flag is None:
        return block
    out: list[Stmt] = []
    for s in block:
        if isinstance(s, If):
            s = replace(s, body=flagged(s.body, flag), orelse=flagged(s.orelse, flag))
        out.append(Assign(Name(flag), Const(True), s.origin) if isinstance(s, Break) else s)
    return tuple(out)
