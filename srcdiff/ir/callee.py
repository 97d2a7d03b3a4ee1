"""Functions of a program besides the one that is differentiated: those that call themselves, parts that are computed
again in the reverse sweep, and what is derived from them. A call of one is `Call(Object(callee), args)`; several
results are unpacked by one statement.

Every argument and result is a number or an array. A callee is a pure function: what it writes in place is a copy of
its argument, which it returns after its results, and the caller puts it back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from .nodes import Call, Expr, Function, Object, Param
from .types import Dim, Num, Static, Tup, Type


@dataclass(frozen=True, eq=False)
class Trips:
    """What there is to know of a callee that is a loop of which snapshots are kept: `for target in range(start, stop)`,
    with `start` and `stop` its last two parameters. `step` is one trip as a function. Parameters of both that have one
    name are one variable, and so are results; `results` and `step_results` give the variables of the results, before
    the new contents of what is written. `copied` are the parameters that are written under other names: by value.
    `left` is the result of `step` that says whether the loop is left with this trip, if there is a way to leave it."""

    snapshots: Expr  # a number, or a parameter
    step: Callee
    target: str
    results: tuple[str, ...]
    step_results: tuple[str, ...]
    copied: tuple[str, ...]
    left: str | None


@dataclass(eq=False)
class Callee:
    """A function that is called: a recursive one for arguments of certain types, or a part of a function that is
    computed again in the reverse sweep. `types` are those of its parameters; `shares` are the parameters that an array
    among the results may share memory with, `tied` says that two results may share memory with each other, `written`
    are the parameters whose new contents are among the results. One that is `recomputed` has no tape, but is run again
    for its adjoint; for one that is a loop, `trips` says how that is done."""

    name: str
    function: Function
    types: dict[str, Type]
    results: tuple[Num, ...]
    shares: frozenset[int] = frozenset()
    tied: bool = False
    written: tuple[int, ...] = ()
    user_name: dict[str, str] = field(default_factory=dict)  # the names in the user's program, where they are others
    recomputed: bool = False
    trips: Trips | None = None

    def result(self, args: tuple[Type, ...]) -> Type:
        """The type of a call: the callee's lengths in terms of those of the arguments."""
        return _single(translated(self.results, [self.types[p.name] for p in self.function.params], args))

    @property
    def count(self) -> int:
        return len(self.results)

    def hands_on(self, place: int) -> bool:
        """Whether a parameter is a variable that a loop hands on from trip to trip."""
        return self.trips is not None and self.function.params[place].name in self.trips.results


@dataclass(eq=False)
class Opaque(Callee):
    """A function that is called as it is, without being read: its derivatives are those of the eager runtime. `part` is
    what generated code calls (see `srcdiff.opaque`). `like` are the arguments that the results are adjoints of, if they
    are; `pulls` is the type of its pullback, which is its last result then."""

    part: Any = None
    like: tuple[int, ...] | None = None
    pulls: Static | None = None

    @staticmethod
    def of(part: Any, results: tuple[Num, ...], pulls: tuple[Num, ...] | None = None) -> Opaque:
        params = tuple(map(Param, part.labels))
        types = dict(zip(part.labels, part.params, strict=True))
        back = None if pulls is None else Static(Pullback(_single(tuple(map(_owned, pulls)))))
        body = Function(part.name, params, ())
        made = Opaque(part.name, body, types, results, part=part, like=part.like, pulls=back)
        made.shares, made.tied = part.shares, part.tied
        return made

    def result(self, args: tuple[Type, ...]) -> Type:
        if self.like is not None:
            return _single(tuple(_owned(args[k]) for k in self.like))
        if self.pulls is not None:
            return Tup((*self._translated(args), self.pulls))
        return _single(self._translated(args))

    def _translated(self, args: tuple[Type, ...]) -> tuple[Num, ...]:
        return translated(self.results, [self.types[p.name] for p in self.function.params], args)


@dataclass(frozen=True)
class Pullback:
    """Stands for a function that takes adjoints of results to adjoints of arguments, made when the program runs."""

    result: Type


@dataclass(eq=False)
class Helper:
    """A function that is derived from a callee. `role` is "fwd", "rev", "vjp", "jvp" or "sparsity"; `active` are the
    parameters and `asked` the results that it is about. `function` is None while it is being written; `tape` is the one
    that it fills or empties itself (None: it has nothing to keep), `tapes` are all those that it takes."""

    role: str
    callee: Callee
    active: tuple[int, ...]
    asked: tuple[int, ...]
    name: str
    reads: frozenset[int] = frozenset()  # the parameters of the callee that it takes, and whose contents it may read
    adds: tuple[int, ...] = ()  # the active parameters whose adjoints it adds to arrays that it is given
    function: Function | None = None
    tape: Tape | None = None
    tape_name: str = ""  # by which the function itself fills and empties it, if not by one frame a call
    tapes: tuple[Tape, ...] = field(default=())

    def result(self, args: tuple[Type, ...]) -> Type:
        own = [self.callee.types[p.name] for p in self.callee.function.params]
        count = len(own)
        if len(args) < count + len(self.adds) + len(self.asked) and self.role == "rev":  # with what it takes alone
            return _single(tuple(replace(_owned(own[k]), shape=_unknown(own[k])) for k in self.returned))
        values = translated(self.callee.results, own, args[:count])
        if self.role == "fwd":
            return _single(values)
        if self.role == "jvp":
            return Tup((*values, *(values[k] for k in self.asked)))
        if self.role == "sparsity":
            sets = (replace(values[k], dtype="int64", weak=False, value=None) for k in self.asked)
            return Tup((*values, *sets))
        return _single(tuple(_owned(args[k]) for k in self.returned))

    @property
    def returned(self) -> tuple[int, ...]:
        """The parameters whose adjoints it returns."""
        return tuple(k for k in self.active if k not in self.adds)

    @property
    def has_effect(self) -> bool:
        """Whether a call changes an array or a list."""
        return bool(self.adds) or self.on_tape

    @property
    def on_tape(self) -> bool:
        """Whether a call fills or empties a tape; taken to be so while that is not known."""
        return self.role in ("fwd", "rev") and (self.function is None or bool(self.tapes))


@dataclass(eq=False)
class Tape:
    """A list that the forward function of a callee fills, one entry a call, and the reverse function empties."""

    name: str
    frame: tuple[Type, ...]


def called(e: Expr | None) -> Callee | None:
    """The recursive function that an expression is a call of."""
    if isinstance(e, Call) and isinstance(e.func, Object) and isinstance(e.func.value, Callee):
        return e.func.value
    return None


def is_opaque(e: Expr | None) -> bool:
    """Whether an expression is a call of a function that is not read: nobody knows what else it does."""
    return isinstance(called(e), Opaque)


def helper_of(e: Expr | None) -> Helper | None:
    """The derived function that an expression is a call of."""
    if isinstance(e, Call) and isinstance(e.func, Object) and isinstance(e.func.value, Helper):
        return e.func.value
    return None


def _single(types: tuple[Num, ...]) -> Type:
    return types[0] if len(types) == 1 else Tup(types)


def _unknown(type_: Type) -> tuple[Dim, ...]:
    return tuple(Dim(None, d.one) for d in type_.shape) if isinstance(type_, Num) else ()


def _owned(type_: Type) -> Num:
    assert isinstance(type_, Num)
    return replace(type_, value=None, weak=False, contiguous=False, boxed=False)


def translated(results: tuple[Num, ...], params: list[Type], args: tuple[Type, ...]) -> tuple[Num, ...]:
    """Types that speak of the lengths of parameters, in the lengths of the arguments."""
    known: dict[object, Dim] = {}
    for p, a in zip(params, args, strict=False):
        if isinstance(p, Num) and isinstance(a, Num) and p.ndim == a.ndim and p.ndim:
            known.update((m.token, n) for m, n in zip(p.shape, a.shape, strict=True) if m.token is not None)
    return tuple(replace(r, shape=tuple(known.get(d.token, Dim(None, d.one)) for d in r.shape)) for r in results)
