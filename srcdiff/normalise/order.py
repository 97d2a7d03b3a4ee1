"""The parts of an expression are read from the left to the right.

in:   y = s * grow() + s                 out:  kept = s
      (grow doubles s)                         s = s * 2.0
                                               y = kept * s + s

What a part evaluates to is an expression still, which the statement that it is in will read. Where a later part of the
same statement turns out to need statements of its own, and these change what the earlier one is made of, the earlier
one is read in front of them, under a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ..errors import UnsupportedMutation
from ..ir.callee import called
from ..ir.marks import named
from ..ir.nodes import Assign, Block, Call, Const, Display, Effect, Expr, Item, Name, Object, Stmt, Update
from ..ir.types import Num, Ref, Tup
from ..ir.walk import assigned, is_call_of, names, statements
from ..rules import is_view
from ..rules.typing import TypeProblem
from .assignments import Assigner
from .state import Env, Grows, sites_of


class Order(Assigner):
    """What is read when, in the expressions of one function."""

    def items_of(self, e: Expr, at: Expr) -> tuple[Expr, ...]:
        raise NotImplementedError

    def spread(self, items: tuple[Expr, ...]) -> list[Expr]:
        """Expressions made core, starred ones item by item."""
        found: list[Expr] = []
        for item in items:
            mark = self.here_now(item)
            if isinstance(item, Display) and item.kind == "starred":
                new = list(self.items_of(self.expr(item.items[0]), item))
            else:
                new = [self.expr(item)]
            found = [*self.read_before(found, mark), *new]
        return found

    def here_now(self, item: Expr) -> tuple[int, Env]:
        """The place that the walk is at, in front of a part of an expression, and the types there."""
        return len(self.state.out), self.state.env if isinstance(item, Name | Const | Object) else dict(self.state.env)

    def read_before(self, values: list[Expr], mark: tuple[int, Env]) -> list[Expr]:
        """Values that are read ahead of the statements behind a mark, under names where those change what they are
        made of."""
        place, env = mark
        later: Block = tuple(self.state.out[place:])
        if not values or not later:
            return values
        bound, writes = assigned(later), any(map(self.may_write, later))
        if not writes and not any(names(v) & bound for v in values):
            return values
        del self.state.out[place:]
        now, self.state.env = self.state.env, env
        old = set(env)
        try:
            kept = [self.now(v, bound, writes) for v in values]
            now.update({name: env[name] for name in env.keys() - old})
        finally:
            self.state.env = now
        self.state.out.extend(later)
        return kept

    def may_write(self, s: Stmt) -> bool:
        """Whether a statement that stands for a part of an expression may change an array or a list."""
        for i in statements((s,)):
            if isinstance(i, Update | Effect) or (isinstance(i, Assign) and isinstance(i.target, Item)):
                return True
            if isinstance(i, Assign) and is_call_of(i.value, list.pop):
                return True
            if isinstance(i, Assign) and self.state.group.writes and called(i.value) is not None:
                return True
        return False

    def now(self, e: Expr, bound: set[str], writes: bool) -> Expr:
        """A value under a name, if it may change; a view stays one."""
        if isinstance(e, Display):
            return e if e.home is not None else replace(e, items=tuple(self.now(i, bound, writes) for i in e.items))
        if names(e) & bound:
            return self.copied(e)
        type_ = self.typed(e)
        is_number = isinstance(type_, Num) and type_.ndim == 0
        made = isinstance(e, Call) and not (isinstance(e.func, Object) and is_view(e.func.value))
        return self.atom(e, "kept") if writes and (made or (isinstance(e, Item) and is_number)) else e

    def kept(self, e: Expr, wish: str = "kept") -> Expr:
        """A value as it is now, under a name that is dropped if nothing changes it."""
        if isinstance(e, Const | Object):
            return e
        if isinstance(e, Display):
            return (
                self.anchored(e) if e.home is not None else replace(e, items=tuple(self.kept(i, wish) for i in e.items))
            )
        if not isinstance(self.typed(e), Num):
            return e
        name = self.state.fresh(wish)
        self.bind(name, e)
        self.state.kept.add(name)
        return self.state.expanded(name, self.state.env[name])

    def _call(self, e: Call) -> Expr:
        if not is_call_of(e, named):
            return super()._call(e)
        name, value = e.args
        assert isinstance(name, Name)
        self.scope[name.id] = found = self.kept(self.expr(value), "middle")
        return found

    @contextmanager
    def on_trial(self) -> Iterator[None]:
        """What is emitted inside is thrown away, and all that the walk has learned from it."""
        mark, outer = self.state.snapshot(), dict(self.scope)
        env, done, effects = dict(self.state.env), dict(self.done), self.state.effects
        try:
            with self.state.collect():
                yield
        finally:
            self.state.restore(mark)
            self.scope, self.state.env, self.done, self.state.effects = outer, env, done, effects

    @contextmanager
    def at_rest(self, source: Expr) -> Iterator[None]:
        """What is emitted inside is a loop over a source, written out: what it runs over has to stay the same."""
        homes = {h for d in _structures(source) for h in (d.home, d.view_of) if h is not None}
        anchors = {self.state.fresh("kept"): home for home in sorted(homes)}
        before = {home: self.state.env[home] for home in homes}
        self.state.env.update((name, Ref(home)) for name, home in anchors.items())
        yield
        for name, home in anchors.items():
            then, now = before[home], self.state.env.get(home)
            if self.state.env.get(name) != Ref(home):
                raise self.restless("the name of a list or dict given to another one", source)
            if not isinstance(then, Tup) or not isinstance(now, Tup) or len(then.items) != len(now.items):
                if sites := sites_of(then):
                    raise Grows(sites)
                raise self.restless("a list or dict that grows or shrinks", source)
            del self.state.env[name]

    def restless(self, what: str, source: Expr) -> TypeProblem:
        return TypeProblem(
            UnsupportedMutation,
            f"{what} while a loop runs over it",
            "how often the loop runs is decided when it begins",
            "loop over a copy of it: `for v in list(xs)`",
            getattr(source, "at", None),
        )


def _structures(source: Expr) -> list[Display]:
    """The structures that a loop runs over."""
    if isinstance(source, Call):
        return [d for a in source.args for d in _structures(a)]
    return [source] if isinstance(source, Display) else []
