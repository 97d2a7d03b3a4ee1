"""Calls of functions that are not read: the eager runtime records them when they run (see `srcdiff.opaque`).

in:   y = g({"a": a, "b": b}, x)         out:  g_1 = g(a, b, x); y = g_1

What such a function returns is not known before it has run. Until then the program ends there, in a call that runs it
for arguments of these kinds and remembers what it returns; then the program is written anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import FunctionType
from typing import Any

from ..errors import Problem, UnsupportedCall, UnsupportedType
from ..ir.nodes import Assign, Call, Display, Effect, Expr, Name, Object, Raise
from ..ir.types import Held, ListOf, Num, Ref, Static, Tup, describe
from ..ir.walk import ends_in_raise
from ..opaque.parts import Part, Refuser, primal
from ..rules import is_spelled, rule_of
from ..rules.nearest import library_of
from ..rules.typing import TypeProblem
from .forms import is_helper, no_method
from .groups import NotYet, flat
from .literals import as_value
from .policy import Policy
from .recursion import Recursion
from .state import to_problem

_MAKING = ("__init__", "__post_init__", "__new__")


class Dynamics(Recursion):
    chain: tuple[str, ...]

    """The calls of such functions in one function. `owner` is the function that is read here: None for the one that is
    differentiated."""

    owner: Any = None

    def note(self, problem: Problem) -> None:
        """A problem met in this function."""
        self.state.problems.append(problem)
        self.state.owners.setdefault(problem, self.owner)
        if not problem.follows:
            self.state.group.alone.setdefault(problem)

    def owner_of(self, function: FunctionType) -> Any:
        """The function that runs on the tape if what is read of this one is refused: of a library the one that the
        program calls, and not a method that makes an object of a class."""
        inside = self.owner is not None and library_of(self.owner) is not None
        return self.owner if inside or is_spelled(function) or function.__name__ in _MAKING else function

    @property
    def policy(self) -> Policy:
        return self.state.group.policy

    def call_on_tape(
        self,
        function: Any,
        args: tuple[Expr, ...],
        kwargs: tuple[tuple[str, Expr], ...],
        e: Call,
        why: Problem | None = None,
    ) -> Expr:
        """A call of a function that is not read, with core arguments; its result."""
        name = str(getattr(function, "__name__", type(function).__name__))
        args = tuple(self.handed_over(a, e) for a in args)
        kwargs = tuple((k, self.handed_over(v, e)) for k, v in kwargs)
        types = tuple(map(self.typed, args)), tuple((k, self.typed(v)) for k, v in kwargs)
        part = primal(function, *types, name if name.isidentifier() else "function")
        leaves = [leaf for a in (*args, *(v for _, v in kwargs)) for leaf in self.leaves_of(a)]
        self.policy.note(function, name, why)
        if part.unfit is not None:
            raise TypeProblem(
                UnsupportedType,
                f"`{name}`, which runs on the tape, {part.unfit}",
                "generated code goes on with numbers, arrays, None, strings and structures of these",
                "return the numbers that are used further on, and work on copies",
                e.at,
            )
        if part.result is None and self.policy.guesses:
            part = part.guessed()
        if part.result is None:
            self.policy.unknown[id(part)] = part
            self.state.learning += 1
            learn = Object(part.learner, f"result_of_{part.name}")
            self.state.emit(Raise(Call(learn, tuple(leaves), at=e.at)))
            raise NotYet
        self.policy.parts[id(part)] = part
        names = iter(self.results_of(part, tuple(leaves), e))
        return self.rebuilt(part.result, names)

    def postponed(self, problem: Problem) -> None:
        """A problem behind a call whose result nobody knows yet, for lack of that perhaps: the program ends there, and
        is good for finding out results only."""
        self.policy.doubts.append(problem)
        self.state.reachable = True  # (a path that has ended in this statement has not said so)
        self.state.emit(Raise(Call(Object(Refuser(problem), "not_known_yet"), ())))
        self.state.reachable = False

    def without_rule(
        self,
        function: Any,
        args: tuple[Expr, ...],
        kwargs: tuple[tuple[str, Expr], ...],
        e: Call,
        problem: TypeProblem,
    ) -> Expr:
        possible = self.policy.enabled and callable(function) and rule_of(function) is None and not is_helper(function)
        if not possible or problem.error is not UnsupportedCall:
            raise problem
        why = to_problem(self.program, problem, self.state.origin, self.chain)
        return self.call_on_tape(function, args, kwargs, e, why)

    def unknown_method(self, base: Expr, name: str, e: Call) -> Expr:
        own = getattr(base.value, name, None) if isinstance(base, Object) and self.policy.enabled else None
        return self.without_rule(own, *self.arguments(e), e, no_method(self.typed(base), name, e))

    def call_part(self, part: Part, e: Call) -> Expr:
        """A call that generated code makes: of such a function, or of a derivative of one."""
        args, _ = self.arguments(e)
        names = self.results_of(part, args, e)
        return Name(names[0]) if len(names) == 1 else Display("tuple", tuple(map(Name, names)))

    def results_of(self, part: Part, leaves: tuple[Expr, ...], e: Call) -> list[str]:
        """The call as a statement; the variables that hold its results."""
        callee = part.callee
        call = Call(Object(callee, part.name), leaves, at=e.at)
        type_ = callee.result(tuple(map(self.typed, leaves)))
        found = type_.items if isinstance(type_, Tup) else (type_,)
        self.state.fresh.taken.add(part.name)  # the function goes by its own name
        names = [self.state.fresh(part.name) for _ in found]
        if names:
            target: Expr = Name(names[0]) if len(names) == 1 else Display("tuple", tuple(map(Name, names)))
            self.state.emit(Assign(target, call))
        else:
            self.state.emit(Effect(call))
        self.state.env.update(zip(names, found, strict=True))
        return names

    def handed_over(self, arg: Expr, e: Call) -> Expr:
        """An argument whose parts, if it is a structure, are there one by one."""
        arg = as_value(arg)
        type_ = self.typed(arg)
        if isinstance(type_, Tup) and not isinstance(arg, Display):
            arg = self.atom(arg, "argument")
            type_ = self.typed(arg)
        for part in flat(type_):
            inner = isinstance(part, Static) and hasattr(part.value, "walker")
            whole = isinstance(part, Num) and part.ndim is None
            if inner or whole or isinstance(part, ListOf | Ref) or (isinstance(part, Num) and part.is_complex):
                what = "an inner function" if inner else f"a {describe(part)}"
                raise TypeProblem(
                    UnsupportedType,
                    f"{what} as an argument of a function that runs on the tape",
                    "it is called from generated code, which has numbers, arrays and structures of these",
                    "pass numbers or arrays",
                    e.at,
                )
        return arg

    def leaves_of(self, e: Expr) -> Iterable[Expr]:
        if isinstance(e, Display):
            return [leaf for item in e.items for leaf in self.leaves_of(item)]
        return [e] if isinstance(self.typed(e), Num | Held) else []

    def check_path(self, before: int, at: Any) -> None:
        """Whether a path that has ended at a function with an unknown result says so where it ends."""
        if self.state.learning > before and not ends_in_raise(tuple(self.state.out)):
            raise TypeProblem(
                UnsupportedType,
                "a call of a function that runs on the tape in a place where it may be repeated",
                "what it returns is not known before it has run once",
                "call it in a statement of its own, and use the variable that it is assigned to",
                at,
            )
