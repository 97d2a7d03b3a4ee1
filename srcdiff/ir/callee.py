"""Functions of a program besides the one that is differentiated: those that call themselves, and what is derived from
them. A call of one is `Call(Object(callee), args)`; several results are unpacked by one statement.

Every argument and result is a number or an array. A callee is a pure function: what it writes in place is a copy of
its argument, which it returns after its results, and the caller puts it back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .nodes import Call, Expr, Function, Object
from .types import Dim, Num, Tup, Type


@dataclass(eq=False)
class Callee:
    """A recursive function for arguments of certain types. `types` are those of its parameters; `shares` are the
    parameters that an array among the results may share memory with, `tied` says that two results may share memory
    with each other, `written` are the parameters whose new contents are among the results."""

    name: str
    function: Function
    types: dict[str, Type]
    results: tuple[Num, ...]
    shares: frozenset[int] = frozenset()
    tied: bool = False
    written: tuple[int, ...] = ()
    user_name: dict[str, str] = field(default_factory=dict)  # the names in the user's program, where they are others

    def result(self, args: tuple[Type, ...]) -> Type:
        """The type of a call: the callee's lengths in terms of those of the arguments."""
        return _single(translated(self.results, [self.types[p.name] for p in self.function.params], args))

    @property
    def count(self) -> int:
        return len(self.results)


@dataclass(eq=False)
class Helper:
    """A function that is derived from a callee. `role` is "fwd", "rev", "vjp" or "jvp"; `active` are the parameters and
    `asked` the results that it is about. `function` is None while it is being written; `tape` is the one that it fills
    or empties itself (None: it has nothing to keep), `tapes` are all those that it takes."""

    role: str
    callee: Callee
    active: tuple[int, ...]
    asked: tuple[int, ...]
    name: str
    reads: frozenset[int] = frozenset()  # the parameters of the callee that it takes, and whose contents it may read
    adds: tuple[int, ...] = ()  # the active parameters whose adjoints it adds to arrays that it is given
    function: Function | None = None
    tape: Tape | None = None
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
