"""The two sweeps over a loop of which snapshots are kept.

in:   for t in range(start, stop):      out:  base = len(tape)
          u = ...                             while start < stop - 1:
                                                  tape.append((start, u.copy()))
                                                  until = next_snapshot(start, stop, base + 20 - len(tape))
                                                  u = f_loop(u, start, until)
                                                  start = until
                                              ...

                                              for t in range(stop - 1, start - 1, -1):
                                                  here, u = tape.pop()
                                                  while here < t:
                                                      tape.append((here, u))
                                                      until = next_snapshot(here, t + 1, base + 20 - len(tape))
                                                      u = f_loop(u, here, until)
                                                      here = until
                                                  u_bar = f_step_vjp(u, t, u_bar)

On the tape are, from the bottom up, the snapshots and the state before the last trip. Reversing a trip takes the
topmost state; if it is an earlier one, it stays and the trips in between are run again, with snapshots at the places
that have become free.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from .. import runtime
from ..analysis.activity import active_names, varied_names
from ..analysis.aliases import Aliases, analyse
from ..ir.callee import Helper, Tape, Trips
from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Const,
    Display,
    Effect,
    Expr,
    For,
    Function,
    If,
    Kept,
    Name,
    Object,
    Param,
    Return,
    Stmt,
    Update,
    While,
)
from ..ir.types import INT, ListOf, Num, Type
from ..ir.walk import Fresh, mentioned
from ..normalise import split_webs, web_types
from ..normalise.iteration import LEN, MIN, RANGE, SUB, plus
from ..normalise.memory import results_of
from .helpers import Helpers
from .request import Derived
from .stacks import example
from .tapes import APPEND, POP
from .terms import ADD, COPY, ZERO

LESS = Object(operator.lt, "<")
ZEROS_LIKE = Object(np.zeros_like, "np.zeros_like")
NEXT = Object(runtime.next_snapshot, "next_snapshot")
MAKE_ROOM = Object(runtime.make_room, "make_room")
LEFT_AT = Object(runtime.left_at, "left_at")


def scheduled(rev: Helper, trips: Trips, helpers: Helpers) -> tuple[Derived, Derived]:
    """The reverse and the forward function of a loop."""
    sweeps = _Sweeps(rev, trips, helpers)
    return sweeps.backward(), sweeps.forward()


@dataclass
class _Flow:
    """What of one trip carries a derivative: variables before it, and variables after it."""

    before: set[str]
    after: set[str]


def _flow(trips: Trips, active: Iterable[str], asked: Iterable[str]) -> _Flow:
    """From the variables that are differentiated by before the loop, and the results that are asked for."""
    step, split = trips.step, split_webs(trips.step.function)[0]
    aliases = analyse(split, web_types(split, step.types), check=False)
    params = [p.name for p in split.params]
    leaves = dict(zip(_after(trips), (n.id for n in results_of(split) if isinstance(n, Name)), strict=True))
    varied, useful = set(active), set(asked)
    while True:
        reached = varied_names(split, varied & set(params), aliases)
        more = {n for n, leaf in leaves.items() if leaf in reached}
        if more <= varied:
            break
        varied |= more
    while True:
        results = [leaf for n, leaf in leaves.items() if n in useful]
        needed = active_names(split, varied & set(params), results, aliases) & set(params)
        if needed <= useful:
            break
        useful |= needed
    return _Flow(varied & needed, varied & useful & {n for n, leaf in leaves.items() if leaf in reached})


def _after(trips: Trips) -> list[str]:
    """The variables that the results of a trip are, by the names that they have as parameters."""
    step = trips.step
    written = [step.function.params[k].name for k in step.written]
    left = [trips.left] if trips.left is not None else []
    return [*trips.step_results, *left, *(n if n not in trips.step_results else f"{n}*" for n in written)]


def together(names: tuple[Name, ...]) -> Expr:
    return names[0] if len(names) == 1 else Display("tuple", names)


class _Sweeps:
    def __init__(self, rev: Helper, trips: Trips, helpers: Helpers) -> None:
        self.rev, self.trips, self.callee = rev, trips, rev.callee
        self.params = [p.name for p in self.callee.function.params]
        self.start, self.stop = map(Name, self.params[-2:])
        written = [self.params[k] for k in self.callee.written]
        self.results = [*trips.results, *written]
        step_params = [p.name for p in trips.step.function.params]
        self.bound: list[str] = []  # what a run of several trips binds
        self.state = [n for n in step_params if n in {*trips.step_results, *written}]
        active = [self.params[k] for k in rev.active]
        self.flow = _flow(trips, active, [self.results[k] for k in rev.asked])
        self.step_active = tuple(k for k, n in enumerate(step_params) if n in self.flow.before)
        self.step_asked = tuple(k for k, n in enumerate(_after(trips)) if n in self.flow.after)
        self.vjp = helpers.helper("vjp", trips.step, self.step_active, self.step_asked)
        taken = {*self.params, *self.results, *step_params, trips.target}
        self.fresh = Fresh(taken | mentioned(self.callee.function.body))
        self.user_name = {n: self.callee.user_name.get(n, n) for n in taken}
        self.types: dict[str, Type] = dict(self.callee.types)
        step_types = dict(zip(_after(trips), trips.step.results, strict=True))
        self.types |= {n: t for n, t in step_types.items() if n not in self.types} | {trips.target: INT}
        self.tape = self.local("tape", ListOf(INT))
        self.base, self.until = self.local("base", INT), self.local("until", INT)
        frame = (INT, *(self.types[n] for n in self.state))
        rev.tape = helpers.partner(rev).tape = Tape(f"{self.callee.name}_tape", frame)
        rev.tape_name = helpers.partner(rev).tape_name = self.tape.id

    # ---------------------------------------------------------------------------------------------------- the pieces

    def local(self, wish: str, type_: Type) -> Name:
        name = self.fresh(wish)
        self.types[name], self.user_name[name] = type_, wish
        return Name(name)

    def unread(self, name: str) -> Name:
        """A name for a result that nothing reads."""
        return self.local(f"{self.user_name.get(name, name)}_last", self.types[name])

    def room(self) -> Expr:
        """How many more snapshots there may be."""
        return Call(SUB, (plus(self.base, self.trips.snapshots), Call(LEN, (self.tape,))))

    def frame(self, trip: Expr, copied: bool = False) -> Expr:
        parts = (Call(COPY, (Name(n),)) if copied and self.is_array(n) else Name(n) for n in self.state)
        return Display("tuple", (trip, *parts))

    def is_array(self, name: str) -> bool:
        type_ = self.types.get(name)
        return isinstance(type_, Num) and type_.is_array

    def push(self, trip: Expr, copied: bool = False) -> Stmt:
        return Effect(Call(APPEND, (self.tape, self.frame(trip, copied))), Kept.of(self.callee.function.origin))

    def run(self, here: Expr, until: Expr) -> Stmt:
        """The trips from `here` up to `until`."""
        args = tuple(Name(n) for n in self.params[:-2])
        return Assign(
            together(tuple(map(Name, self.bound))), Call(Object(self.callee, self.callee.name), (*args, here, until))
        )

    def onward(self, here: Name, stop: Expr) -> Block:
        """From a state that is kept to the next one."""
        until = Assign(self.until, Call(NEXT, (here, stop, self.room())))
        return until, self.run(here, self.until), Assign(here, self.until)

    def derived(self, function: Function) -> Derived:
        origin = self.callee.function.origin
        aliases = Aliases(self.types)
        return Derived(replace(function, origin=origin), self.types, self.user_name, {}, (), aliases, frozenset())

    # ---------------------------------------------------------------------------------------------------- the sweeps

    def forward(self) -> Derived:
        self.bound = self.results
        ends = Return(together(tuple(map(Name, self.results))))
        base = Assign(self.base, Call(LEN, (self.tape,)))
        owned = [n for n in self.state if self.is_array(n) and not self.is_shared(n)]
        copies = tuple(Assign(Name(n), Call(COPY, (Name(n),))) for n in owned)
        body = self.known_length() if self.trips.left is None else self.unknown_length()
        params = tuple(map(Param, self.params))
        return self.derived(Function("fwd", params, (*copies, base, *body, ends)))

    def is_shared(self, name: str) -> bool:
        """Whether the result may be the argument itself: else it is not, even where no trip is run."""
        return self.params.index(name) in self.callee.shares

    def known_length(self) -> Block:
        before_last = Call(SUB, (self.stop, Const(1)))
        whole = While(
            Call(LESS, (self.start, before_last)), (self.push(self.start, True), *self.onward(self.start, self.stop))
        )
        last = If(Call(LESS, (self.start, self.stop)), (self.push(self.start, True), self.run(self.start, self.stop)))
        return whole, last

    def unknown_length(self) -> Block:
        """Trip by trip; the snapshots are thinned out as they become too many."""
        trips, target = self.trips, Name(self.trips.target)
        assert trips.left is not None
        self.types[trips.left] = trips.step.results[len(trips.step_results)]
        levels = self.local("levels", Num("int64", 1))
        made = Assign(
            levels, Call(Object(np.zeros, "np.zeros"), (plus(trips.snapshots, Const(1)), Object(np.int64, "np.int64")))
        )
        room = Effect(Call(MAKE_ROOM, (self.tape, self.base, levels)))
        args = tuple(Name(p.name) for p in trips.step.function.params)
        names = (self.unread(n[:-1]) if n.endswith("*") else Name(n) for n in _after(trips))
        step = Assign(together(tuple(names)), Call(Object(trips.step, trips.step.name), args))
        leave = If(Name(trips.left), (Break(),))
        loop = For(target, Call(RANGE, (self.start, self.stop)), (room, self.push(target, True), step, leave))
        return made, loop

    def backward(self) -> Derived:
        self.bound = [n if n in self.state else self.unread(n).id for n in self.results]
        bars: dict[str, Name] = {}
        head: list[Stmt] = []
        filled = tuple(self.local(self.bar(self.params[k]), self.types[self.params[k]]) for k in self.rev.adds)
        seeds = tuple(self.local(self.bar(self.results[k]), self.types[self.results[k]]) for k in self.rev.asked)
        for k, seed in zip(self.rev.asked, seeds, strict=True):
            bars[self.results[k]] = seed
            if self.is_array(self.results[k]):
                head.append(Assign(seed, Call(COPY, (seed,))))
        bars |= {self.params[k]: name for k, name in zip(self.rev.adds, filled, strict=True)}
        for n in dict.fromkeys(
            (*(self.params[k] for k in self.rev.active), *sorted(self.flow.before | self.flow.after))
        ):
            if n not in bars:
                bars[n] = self.local(self.bar(n), self.types[n])
                head.append(Assign(bars[n], self.zero(n)))
        head += self.marks_of_tape()
        loop = self.reversed_trips(bars)
        returned = tuple(bars[self.params[k]] for k in self.rev.returned)
        ends = Return(together(returned))
        params = (*map(Param, self.params), *(Param(n.id) for n in (*filled, *seeds)))
        return self.derived(Function("rev", params, (*head, loop, ends)))

    def marks_of_tape(self) -> list[Stmt]:
        """Where the loop ended, and how many states below are not of this loop."""
        out: list[Stmt] = []
        if self.trips.left is not None:
            out.append(Assign(self.stop, Call(LEFT_AT, (self.tape, self.start, self.stop))))
        kept = Call(MIN, (Call(SUB, (self.stop, self.start)), plus(self.trips.snapshots, Const(1))))
        out.append(Assign(self.base, Call(SUB, (Call(LEN, (self.tape,)), kept))))
        return out

    def reversed_trips(self, bars: dict[str, Name]) -> For:
        target = Name(self.trips.target)
        here = self.local("here", INT)
        popped = Assign(self.frame(here), Call(POP, (self.tape,)), self.callee.function.origin)
        again = While(Call(LESS, (here, target)), (self.push(here), *self.onward(here, plus(target, Const(1)))))
        last = Call(SUB, (self.stop, Const(1)))
        backwards = Call(RANGE, (last, Call(SUB, (self.start, Const(1))), Const(-1)))
        return For(target, backwards, (popped, again, *self.pulled(bars)))

    def pulled(self, bars: dict[str, Name]) -> Block:
        """The adjoint of one trip."""
        step, after = self.trips.step, _after(self.trips)
        params = [p.name for p in step.function.params]
        seeds = tuple(bars[after[k]] for k in self.step_asked)
        made: list[Name] = []
        added: list[Stmt] = []
        for k in self.step_active:
            if params[k] in self.state:
                made.append(bars[params[k]])
                continue
            made.append(part := self.local(self.bar(params[k]), self.types[params[k]]))
            added.append(Update(bars[params[k]], ADD, part))
        lost = [after[k] for k in self.step_asked if after[k] not in {params[j] for j in self.step_active}]
        zeroed = [Assign(bars[n], Call(ZEROS_LIKE, (bars[n],)) if self.is_array(n) else ZERO) for n in lost]
        call = Call(Object(self.vjp, self.vjp.name), (*(Name(p) for p in params), *seeds))
        return (*((Assign(together(tuple(made)), call),) if made else ()), *added, *zeroed)

    def bar(self, name: str) -> str:
        return f"{self.user_name.get(name, name)}_bar"

    def zero(self, name: str) -> Expr:
        """The adjoint of a variable that nothing has been added to; one of the parameters has its shape."""
        if not self.is_array(name):
            return ZERO
        return Call(ZEROS_LIKE, (Name(name),)) if name in self.params else example(self.types[name])
