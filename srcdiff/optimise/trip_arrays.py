"""Lists that keep the values of an inner loop, for one trip of the loop around it, as arrays.

in:   s_tape = []                            out:  s_tape = np.empty(steps)
      for p in range(paths):                       for p in range(paths):
          for t in range(steps):                       for t in range(steps):
              s_tape.append(s)                             s_tape[t] = s
              if s > barrier:                              if s > barrier:
                  break                                        break
              ...                                          ...
          for t in range(trips - 1, -1, -1):           for t in range(trips - 1, -1, -1):
              s = s_tape.pop()                             s = s_tape[t]

A list that is filled and emptied over and over again is given memory and gives it back every time. An array for all
trips of both loops may be far larger than what they keep; one for the inner loop alone is small.
"""

from __future__ import annotations

from dataclasses import replace

from ..derive.nests import MAX
from ..derive.nests import Nest as Shape
from ..derive.stacks import DTYPES, EMPTY
from ..derive.tapes import HUGE
from ..ir.nodes import Assign, Block, Call, Const, Effect, Expr, For, If, Item, Name, Object, Stmt, While
from ..ir.types import Dim, ListOf, Num, Type
from ..ir.walk import assigned, expressions, is_call_of, map_stmt, mentioned, names, rebuild, subexprs
from ..normalise.iteration import minus, range_bounds


class TripArrays:
    """The lists that a loop fills in one inner loop and empties in another one, which runs backwards. `known` are the
    variables that have a value where the lists are made, and keep it."""

    def __init__(self, first: For, second: For, types: dict[str, Type], known: set[str]) -> None:
        self.first, self.second, self.types, self.known = first, second, types, known
        self.pairs: dict[str, tuple[For, For]] = {}

    def fits(self, name: str) -> bool:
        """Whether a list may become an array."""
        if not is_list_of_numbers(self.types[name]):
            return False
        there, back = _loop_around(self.first.body, name), _loop_around(self.second.body, name)
        if not isinstance(there, For) or not isinstance(back, For):
            return False
        if self.length(there) is None or _counted(there, back) is None:
            return False
        self.pairs[name] = there, back
        return True

    def length(self, loop: For) -> Expr | None:
        """A number that is at least that of the trips, known ahead."""
        start, stop, step = range_bounds(_range(loop))
        if start != Const(0) or step != Const(1) or not names(stop) <= self.known:
            return None
        if not isinstance(loop.target, Name) or loop.target.id in assigned(loop.body):
            return None
        shape = Shape((), self.types, set())
        if not shape.is_plain(stop) or (isinstance(stop, Const) and stop.value > HUGE):
            return None
        return stop if shape.is_natural(stop) else Call(MAX, (stop, Const(0)))

    def made(self, name: str, maker: Assign) -> Assign:
        """The statement that makes the array in the place of the list."""
        type_, length = self.types[name], self.length(self.pairs[name][0])
        assert isinstance(type_, ListOf)
        assert isinstance(type_.item, Num)
        assert length is not None
        dtype = DTYPES.get(type_.item.dtype)
        self.types[name] = Num(type_.item.dtype, 1, (Dim(None),), contiguous=True)
        args = (length,) if dtype is None else (length, Object(dtype, f"np.{dtype.__name__}"))
        return replace(maker, value=Call(EMPTY, args))

    def written(self, loop: For) -> For:
        """One of the two loops, with arrays for all lists that fit."""
        return replace(loop, body=tuple(self.statement(s, {}) for s in loop.body))

    def statement(self, s: Stmt, counters: dict[str, Name]) -> Stmt:
        """`counters` are those of the loops that the lists belong to."""
        own = {name: pair for name, pair in self.pairs.items() if s is pair[0] or s is pair[1]}
        for name, (there, back) in own.items():
            assert isinstance(there.target, Name)
            counters = counters | {name: there.target}
            s = _counted(there, back) or s if s is back else s

        def expr(e: Expr) -> Expr:
            if is_call_of(e, list.pop) and isinstance(e, Call) and isinstance(list_ := e.args[0], Name):
                return Item(list_, counters[list_.id]) if list_.id in counters else e
            return rebuild(e, expr)

        match s:
            case Effect(value=Call(args=(Name(id=name), value)) as push) if name in counters:
                assert is_call_of(push, list.append)
                return Assign(Item(Name(name), counters[name]), expr(value), s.origin, s.adjoint_of)
        return map_stmt(s, expr, lambda b: tuple(self.statement(t, counters) for t in b))


def is_list_of_numbers(type_: Type) -> bool:
    """Whether this is the type of a list of what an array may hold as elements."""
    item = type_.item if isinstance(type_, ListOf) else None
    return isinstance(item, Num) and item.ndim == 0 and (item.dtype == "float64" or item.dtype in DTYPES)


def _range(loop: For) -> Call:
    assert isinstance(loop.iter, Call)
    return loop.iter


def _counted(there: For, back: For) -> For | None:
    """The second loop, with the counter of the first one, if it runs backwards over trips that the first one made."""
    start, stop, step = range_bounds(_range(back))
    if back.target == there.target and stop == Const(-1) and step == Const(-1):
        return back if back.target not in _assigned_names(back) else None
    unread = isinstance(back.target, Name) and back.target.id not in mentioned(back.body)
    if not unread or start != Const(0) or step != Const(1):
        return None
    assert isinstance(there.target, Name)
    if there.target.id in mentioned(back.body):
        return None
    return replace(
        back, target=there.target, iter=replace(_range(back), args=(minus(stop, Const(1)), Const(-1), Const(-1)))
    )


def _assigned_names(loop: For) -> set[Name]:
    return {Name(n) for n in assigned(loop.body)}


def _loop_around(block: Block, name: str) -> For | While | None:
    """The only loop around the one mention of a list in a block."""
    found: list[tuple[For | While, ...]] = []

    def walk(b: Block, around: tuple[For | While, ...]) -> None:
        for s in b:
            found.extend(around for e in expressions(s) for part in subexprs(e) if part == Name(name))
            match s:
                case For() | While():
                    walk(s.body, (*around, s))
                case If():
                    walk(s.body, around)
                    walk(s.orelse, around)
                case _:
                    pass

    walk(block, ())
    return found[0][0] if len(found) == 1 and len(found[0]) == 1 else None
