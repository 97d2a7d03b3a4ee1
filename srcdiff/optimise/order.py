"""Loops whose trips may come in any order come in the order of the user's loop, which compiles to faster code.

in:   for i in range(n - 1, -1, -1):          out:  for i in range(n):
          x_bar[i] += y_bar[i] * w                      x_bar[i] += y_bar[i] * w
          w_bar += y_bar[i] * x[i]                      w_bar += y_bar[i] * x[i]
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.nodes import Call, Const, For, Function, Stmt, While
from ..ir.types import Type
from ..normalise.iteration import RANGE, plus, range_bounds
from .dead import Liveness
from .independence import Nest, Sums
from .storage import Storage


def in_order(function: Function, types: dict[str, Type]) -> Function:
    """The function with its independent loops counting upwards."""
    body, _ = _Order(function, types).block(function.body, set())
    return replace(function, body=body)


class _Order(Liveness):
    """A walk that knows at each loop what is read after it."""

    decides = True

    def __init__(self, function: Function, types: dict[str, Type]) -> None:
        super().__init__(types, set())
        self.storage = Storage(function, types)
        self.around: tuple[For | While, ...] = ()  # the loops that the walk is in

    def loop(self, s: For | While, live: set[str]) -> tuple[list[Stmt], set[str]]:
        self.around = (*self.around, s)
        found, head = super().loop(s, live)
        self.around = self.around[:-1]
        if not self.settling and len(found) == 1 and isinstance(found[0], For) and self.turns(found[0], live):
            found = [_turned(found[0])]
        return found, head

    def turns(self, s: For, live: set[str]) -> bool:
        """Whether a loop counts down and need not."""
        assert isinstance(s.iter, Call)
        if range_bounds(s.iter)[2] != Const(-1):
            return False
        return isinstance(Nest(s, live, self.types, self.storage, self.around).verdict(), Sums)


def _turned(s: For) -> For:
    assert isinstance(s.iter, Call)
    start, stop, _ = range_bounds(s.iter)
    first, end = plus(stop, Const(1)), plus(start, Const(1))
    return replace(s, iter=Call(RANGE, (end,) if first == Const(0) else (first, end)))
