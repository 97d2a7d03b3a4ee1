"""What the specialiser carries along: names, types, the statements written so far, the problems met."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from ..errors import Problem, UnsupportedType
from ..frontend import Program, Reference, problem_at
from ..ir.nodes import Display, Expr, Name, Origin, Stmt
from ..ir.types import Num, Static, Tup, Type, TypeMismatch, join
from ..ir.walk import Fresh
from ..rules.typing import TypeProblem, Typer, settled

Env = dict[str, Type]


class _Clash:
    """The value of a variable that is of one kind on one path and of another kind on the other."""

    def __repr__(self) -> str:
        return "a variable of two kinds"


CLASH = Static(_Clash())


@dataclass
class State:
    """`components` gives the variable that holds an item of a tuple: `p_0` for the first item of `p`, or another name
    where the program has a `p_0` of its own."""

    fresh: Fresh
    env: Env
    out: list[Stmt] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    references: dict[tuple[str, int], Reference] = field(default_factory=dict)
    captured: dict[int, tuple[str, object]] = field(default_factory=dict)  # id of the array -> parameter, array
    breaks: list[list[Env]] = field(default_factory=list)
    reachable: bool = True
    origin: Origin | None = None
    components: dict[tuple[str, int], str] = field(default_factory=dict)

    def component(self, name: str, k: int) -> str:
        """The variable that holds item `k` of the tuple `name`: always the same one, and nobody else's."""
        if (name, k) not in self.components:
            self.components[name, k] = self.fresh(component(name, k))
        return self.components[name, k]

    def expanded(self, name: str, type_: Type) -> Expr:
        """A variable as an expression: a tuple is the display of its components."""
        if isinstance(type_, Tup):
            return Display("tuple", tuple(self.expanded(self.component(name, k), t) for k, t in enumerate(type_.items)))
        return Name(name)

    def typed(self, e: Expr) -> Type:
        return settled(Typer(self.env)(e))

    def emit(self, s: Stmt) -> None:
        self.out.append(replace(s, origin=s.origin or self.origin))

    def snapshot(self) -> tuple[set[str], int]:
        return set(self.fresh.taken), len(self.problems)

    def restore(self, mark: tuple[set[str], int]) -> None:
        self.fresh.taken = mark[0] | set(self.components.values())
        del self.problems[mark[1] :]

    @contextmanager
    def collect(self) -> Iterator[list[Stmt]]:
        """Statements emitted inside go into the list that is given."""
        outer, self.out = self.out, []
        try:
            yield self.out
        finally:
            self.out = outer


def merge(a: Env, b: Env) -> Env:
    """The types after two paths meet; a variable of two kinds is one of no kind."""
    merged = dict(a)
    for name, type_ in b.items():
        if name not in merged:
            merged[name] = type_
            continue
        try:
            merged[name] = join(merged[name], type_)
        except TypeMismatch:
            merged[name] = CLASH
    return merged


def component(name: str, k: int) -> str:
    """The name of item `k` of the argument `name`, and the wish for that of any other tuple."""
    return f"{name}_{k}"


def to_problem(program: Program, problem: TypeProblem, origin: Origin | None, chain: tuple[str, ...]) -> Problem:
    span = problem.at or (origin.span if origin else None)
    found = problem_at(program, span, problem.error, problem.what, problem.why, problem.fix)
    return replace(found, calls=chain) if len(chain) > 1 else found


def clash(e: Name) -> TypeProblem:
    return TypeProblem(
        UnsupportedType,
        f"`{e.id}` holds values of different kinds on the paths that lead here",
        "a variable of the derivative has one kind of value",
        "give the second kind of value a name of its own",
        e.at,
    )


def unknown() -> Num:
    """The type given to what a problem has left without one, so that it is reported once."""
    return Num("float64", None)
