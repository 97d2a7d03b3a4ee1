"""Variables that hold None until they are given a number or an array: whether they hold one is a variable of its own.

in:   best = None                        out:  best = 0.0; has_best = False
      for v in x:                              for k in range(len(x)):
          if best is None or v < best:             v = x[k]
              best = v                             if not has_best or v < best:
      return best * best                               best = v; has_best = True
                                               if not has_best: raise TypeError("best is None")
                                               return best * best

That a variable is such a one is found out where it is read: it holds None on one way that leads there, and a number on
another. Then the walk begins anew (`Absent`). A test of the variable says what it holds on the ways behind it; where
nothing does, reading it raises the error that Python would raise.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..ir.nodes import Assign, Block, Call, Const, Display, Expr, If, Logic, Name, Object, Origin, Raise, Stmt
from ..ir.types import Num, Type, TypeMismatch, join
from ..ir.walk import assigned, targets
from .exits import NOT, negated
from .gathering import EMPTY, kind_of_dtype
from .state import CLASH, Absent
from .turned import Turned


class Absences(Turned):
    """The variables of one function that may hold None."""

    def assign_name(self, name: str, value: Expr) -> None:
        own = self.own(name)
        if value == Const(None) and name in assigned(self.program.function.body):  # not where `return` is left out
            self.state.were_none.add(own)
        flag = self.flag(own)
        if flag is None:
            super().assign_name(name, value)
            return
        is_none = value == Const(None)
        super().assign_name(name, _placeholder(self.state.absent[own]) if is_none else value)
        self.state.emit(Assign(flag, Const(not is_none)))
        self.state.env[flag.id] = Num("bool", weak=True, value=not is_none)

    def bind(self, name: str, value: Expr) -> None:
        super().bind(name, value)
        self.noted(name)

    def noted(self, name: str) -> None:
        type_ = self.state.env.get(name)
        if isinstance(type_, Num) and type_.ndim is not None:
            self.state.numbers[name] = _wider(self.state.numbers.get(name), type_.plain())

    def is_absent(self, name: str) -> bool:
        return self.flag(self.own(name)) is not None

    def flag(self, own: str) -> Name | None:
        """The variable that says whether another one holds a value; None for one that always does."""
        if own not in self.state.absent:
            return None
        flag = self.state.flags.get(own)
        if flag is None:
            flag = self.state.flags[own] = self.state.fresh(f"has_{own}")
        return Name(flag)

    # ------------------------------------------------------------------------------------------------------- reads

    def _name(self, e: Name) -> Expr:
        target = self.scope.get(e.id, e)
        if not isinstance(target, Name):
            return super()._name(e)
        self.check_known(target.id)
        flag = self.flag(target.id)
        if flag is not None and flag.id in self.state.env and self.known(flag) is None:
            error = Call(Object(TypeError, "TypeError"), (Const(f"{e.id} is None"),))
            check = If(negated(flag), (Raise(error),), (), self.state.origin)
            if not self.is_checked(check, flag):
                self.state.emit(check)
        return super()._name(e)

    def check_known(self, own: str) -> None:
        """Begin anew where a variable holds None on one way and a number on another one."""
        if self.state.env.get(own) is CLASH and own in self.state.were_none and own in self.state.numbers:
            raise Absent(own, self.state.numbers[own])

    def is_checked(self, check: Stmt, flag: Name) -> bool:
        """Whether the same check stands in front of this place already."""
        for s in reversed(self.state.out):
            if s == check:
                return True
            if isinstance(s, Assign) and flag.id in targets(s.target):
                return False
        return False

    def special_call(self, function: Any, e: Call) -> Expr | None:
        if function in (operator.is_, operator.is_not) and len(e.args) == 2 and e.args[1] == Const(None):
            raw = e.args[0]
            target = self.scope.get(raw.id, raw) if isinstance(raw, Name) else None
            if isinstance(target, Name):
                self.check_known(target.id)
                flag = self.flag(target.id)
                if flag is not None and flag.id in self.state.env:
                    return Call(NOT, (flag,), at=e.at) if function is operator.is_ else flag
        return super().special_call(function, e)

    # ------------------------------------------------------------------------------------------- what tests tell

    def forked(
        self, test: Expr, then: Callable[[], Block], other: Callable[[], Block], origin: Origin | None = None
    ) -> None:
        def knowing(side: Callable[[], Block], truth: bool) -> Callable[[], Block]:
            def run() -> Block:
                self.state.env.update(self.told(test, truth))
                return side()

            return run

        super().forked(test, knowing(then, True), knowing(other, False), origin)

    @contextmanager
    def given(self, test: Expr, truth: bool) -> Iterator[None]:
        told = self.told(test, truth)
        before = {flag: self.state.env[flag] for flag in told}
        self.state.env.update(told)
        try:
            yield
        finally:
            self.state.env.update(before)

    def told(self, test: Expr, truth: bool) -> dict[str, Type]:
        """What the truth of a test says of variables that may hold None."""
        match test:
            case Name(id=name) if name in self.state.flags.values():
                return {name: Num("bool", weak=True, value=truth)}
            case Call(func=Object(value=operator.not_), args=(inner,)):
                return self.told(inner, not truth)
            case Logic(op=op, values=values) if truth == (op == "and"):
                return {flag: type_ for v in values for flag, type_ in self.told(v, truth).items()}
        return {}


def _wider(known: Num | None, other: Num) -> Num:
    try:
        found = join(known, other) if known is not None else other
    except TypeMismatch:
        return other
    return found if isinstance(found, Num) else other


def _placeholder(type_: Num) -> Expr:
    """A value of this kind, which nobody reads."""
    if type_.ndim == 0:
        return Const(False) if type_.dtype == "bool" else Const(0 if type_.is_integral else 0.0)
    shape: Expr = Const(0) if type_.ndim == 1 else Display("tuple", (Const(0),) * (type_.ndim or 0))
    return Call(EMPTY, (shape,) if type_.dtype == "float64" else (shape, kind_of_dtype(type_.dtype)))
