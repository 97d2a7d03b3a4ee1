"""What the specialiser carries along: names, types, the statements written so far, the problems met."""

from __future__ import annotations

import linecache
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ..errors import Problem, UnsupportedType
from ..frontend import AnyReference, Program, problem_at
from ..ir.nodes import Assign, Const, Display, Effect, Expr, Item, Name, Object, Origin, Stmt
from ..ir.types import Form, ListOf, Num, Pooled, Ref, Static, Tup, Type, TypeMismatch, join
from ..ir.walk import Fresh
from ..rules.effects import has_effect
from ..rules.typing import TypeProblem, Typer, settled
from .groups import Group

Env = dict[str, Type]


class Scoped(Protocol):
    """A walk over one function: what the names of that function stand for."""

    scope: dict[str, Expr]


class _Clash:
    """The value of a variable that is of one kind on one path and of another kind on the other."""

    def __repr__(self) -> str:
        return "a variable of two kinds"


CLASH = Static(_Clash())


@dataclass
class State:
    """`components` gives the variable that holds an item of a structure: `p_0` for the first item of the tuple `p`, or
    another name where the program has a `p_0` of its own. Structures of the classes in `changed` are changed in place
    somewhere in the program, those of the variables in `building` are being made by their class."""

    fresh: Fresh
    env: Env
    out: list[Stmt] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    references: dict[tuple[str, int], AnyReference] = field(default_factory=dict)
    captured: dict[int, tuple[str, object]] = field(default_factory=dict)  # id of the array -> parameter, array
    breaks: list[list[Env]] = field(default_factory=list)
    reachable: bool = True
    origin: Origin | None = None
    components: dict[tuple[str, int], str] = field(default_factory=dict)
    effects: int = 0  # how many statements with an effect have been emitted
    changed: frozenset[type] = frozenset()
    building: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)  # variables of callees that have ended
    anchors: list[str] = field(default_factory=list)  # second names of structures in an assignment of several
    group: Group = field(default_factory=Group)  # the recursive functions of the program
    growing: frozenset[Hashable] = frozenset()  # the places where lists are made whose lengths the run decides
    kept: set[str] = field(default_factory=set)  # variables that may be dropped if what they hold stays as it is
    nonlocals: list[tuple[Scoped, str]] = field(default_factory=list)  # what functions inside others may bind
    pools: dict[Hashable, Pooled] = field(default_factory=dict)  # the structures that lists of unknown length hold
    walked: list[str] = field(default_factory=list)  # the lists that the loops around run over
    counters: set[str] = field(default_factory=set)  # of the loops around: none of them is below zero
    held_in: dict[str, set[str]] = field(default_factory=dict)  # for a list, the lists that may hold it
    names_of: dict[str, set[str]] = field(default_factory=dict)  # the variables that may stand for the same list
    lent: set[str] = field(default_factory=set)  # lists of a recursive function that it only reads: they are arrays
    nested_results: set[str] = field(default_factory=set)  # the lists of lists that a recursive function returns
    tied: list[Any] = field(default_factory=list)  # calls that may return a list which they are given
    recomputes: bool = False  # whether parts of the program are to be computed again in the reverse sweep
    learning: int = 0  # how many calls have been met of functions of which nobody knows what they return
    absent: dict[str, Num] = field(default_factory=dict)  # the variables that may hold None instead of such a value
    flags: dict[str, str] = field(default_factory=dict)  # for each of them, the variable that says whether it does
    were_none: set[str] = field(default_factory=set)  # the variables that have been given None
    numbers: dict[str, Num] = field(default_factory=dict)  # the kinds of numbers and arrays that variables were given
    owners: dict[Problem, Any] = field(default_factory=dict)  # the function that a problem has been met in
    frames: dict[Any, Scoped] = field(default_factory=dict)  # the walks whose variables the methods of classes read

    def of_another(self, fresh: Fresh) -> State:
        """The state of the walk over another function of the same program."""
        known = State(fresh, {}, references=self.references, changed=self.changed, group=self.group)
        known.growing, known.pools, known.owners = self.growing, dict(self.pools), self.owners
        known.recomputes, known.absent = self.recomputes, self.absent
        return known

    def component(self, name: str, k: int, form: Form | None = None) -> str:
        """The variable that holds item `k` of the structure `name`: always the same one, and nobody else's."""
        if (name, k) not in self.components:
            self.components[name, k] = self.fresh(component(name, k, form))
        return self.components[name, k]

    def same_list(self, a: str, b: str) -> None:
        """Note that two variables may stand for the same list."""
        together = self.names_of.get(a, {a}) | self.names_of.get(b, {b})
        self.names_of.update(dict.fromkeys(together, together))

    def is_home(self, name: str, form: Form | None) -> bool:
        """Whether the components of a structure are the only place where it is held, because it may be changed."""
        return form is not None and (form.cls in self.changed or name in self.building)

    def home_at(self, name: str) -> str:
        """The variable that holds the structure which a name stands for."""
        type_ = self.env.get(name)
        return self.home_at(type_.home) if isinstance(type_, Ref) else name

    def expanded(self, name: str, type_: Type) -> Expr:
        """A variable as an expression: a structure is the display of its components."""
        if isinstance(type_, Ref):
            return self.expanded(type_.home, self.env[type_.home])
        if isinstance(type_, Pooled):
            parts = tuple(Item(Name(part), Name(name)) for part in type_.pool)
            mutable = type_.form is not None and type_.form.is_mutable
            return Display(kind_of(type_.form), parts, None, type_.form, name if mutable else None)
        if isinstance(type_, Static) and type_ is not CLASH:
            return Const(type_.value) if type_.value is None or type(type_.value) is str else Object(type_.value, name)
        if not isinstance(type_, Tup):
            return Name(name)
        own = [self.component(name, k, type_.form) for k, _ in enumerate(type_.items)]
        home = self.is_home(name, type_.form)
        items = tuple(self.expanded(n, self.env.get(n, t)) for n, t in zip(own, type_.items, strict=True))
        return Display(kind_of(type_.form), items, None, type_.form, name if home else None)

    def typed(self, e: Expr) -> Type:
        return settled(Typer(self.env)(e))

    def emit(self, s: Stmt) -> None:
        if not self.reachable:
            return  # behind an exception
        self.out.append(s if s.origin or not self.origin else replace(s, origin=self.origin))
        self.effects += isinstance(s, Assign | Effect) and has_effect(s.value)

    def snapshot(self) -> tuple[set[str], int, dict[Any, Scoped]]:
        return set(self.fresh.taken), len(self.problems), dict(self.frames)

    def restore(self, mark: tuple[set[str], int, dict[Any, Scoped]]) -> None:
        self.fresh.taken = mark[0] | set(self.components.values())
        self.frames = dict(mark[2])
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
            one, other = resolved(merged[name], a), resolved(type_, b)
            referred = (one, other) != (merged[name], type_)
            sites = growing_sites(one, other) or (sites_of(one, other) if referred else frozenset())
            if sites:
                raise Grows(sites) from None
            merged[name] = CLASH
    return merged


class Grows(Exception):
    """How long a list is is known only when the program runs: the walk has to begin anew, and know it. `sites` are the
    places where the list is made."""

    def __init__(self, sites: frozenset[Hashable]) -> None:
        super().__init__(sites)
        self.sites = sites


class Pools(Exception):
    """Structures are put into a list whose length is known only when the program runs: the walk has to begin anew, and
    keep all of this kind in lists of their parts."""

    def __init__(self, key: Hashable, form: Form | None, count: int) -> None:
        super().__init__(key)
        self.key, self.form, self.count = key, form, count


class Absent(Exception):
    """A variable holds None on one way that leads to where it is read, and a number or array on another one: the walk
    has to begin anew, and know it."""

    def __init__(self, name: str, type_: Num) -> None:
        super().__init__(name)
        self.name, self.type = name, type_


class Empty(TypeProblem):
    """An item is read of a list that nothing has been put into on the ways that lead here."""


def resolved(type_: Type, env: Env) -> Type:
    """The type of the structure that a name refers to."""
    return env.get(type_.home, type_) if isinstance(type_, Ref) else type_


def sites_of(*types: Type) -> frozenset[Hashable]:
    """The places where these lists are made; nothing if one of them is none."""
    forms = [t.form if isinstance(t, Tup) else None for t in types]
    sites = [f.site if f is not None and f.kind == "list" else None for f in forms]
    return frozenset() if None in sites else frozenset(sites)


def growing_sites(a: Type, b: Type) -> frozenset[Hashable]:
    """The places where the lists are made that keep two types from being one, if it is that which does."""
    match a, b:
        case (Tup(form=Form(kind="list", site=site)), ListOf()) | (ListOf(), Tup(form=Form(kind="list", site=site))):
            return frozenset() if site is None else frozenset((site,))
        case Tup(form=Form(kind="list") as one), Tup(form=Form(kind="list") as other) if one.keys != other.keys:
            sites = (one.site, other.site)
            return frozenset() if None in sites else frozenset(sites)
        case Tup(), Tup() if len(a.items) == len(b.items):
            return frozenset().union(*(growing_sites(m, n) for m, n in zip(a.items, b.items, strict=True)))
    return frozenset()


def component(name: str, k: int, form: Form | None = None) -> str:
    """The name of item `k` of the argument `name`, and the wish for that of any other structure."""
    key = form.keys[k] if form is not None else k
    word = key.strip("_") if isinstance(key, str) else ""
    return f"{name}_{word}" if word and f"a{word}".isidentifier() else f"{name}_{k}"


def kind_of(form: Form | None) -> str:
    """The kind of display that a structure of this form is."""
    return "tuple" if form is None or form.is_sequence else "record"


def to_problem(program: Program, problem: TypeProblem, origin: Origin | None, chain: tuple[str, ...]) -> Problem:
    span = problem.at or (origin.span if origin else None)
    found = problem_at(program, span, problem.error, problem.what, problem.why, problem.fix)
    return replace(found, calls=chain) if len(chain) > 1 else found


def placed(program: Program, problem: TypeProblem) -> Problem:
    """A problem met while deriving, at its statement: that of an inlined helper may stand in another file."""
    origin = problem.origin
    if origin is None or origin.file == program.file:
        return to_problem(program, problem, origin, (program.function.name,))
    span = problem.at or origin.span
    line = linecache.getline(origin.file, span.line).rstrip("\n")
    return Problem(
        problem.error,
        problem.what,
        problem.why,
        problem.fix,
        file=origin.file,
        line=span.line,
        column=span.column,
        end_column=span.end_column if span.end_line == span.line else len(line),
        source_line=line,
    )


def clash(e: Name) -> TypeProblem:
    return TypeProblem(
        UnsupportedType,
        f"`{e.id}` holds values of different kinds on the paths that lead here",
        "a variable of the derivative has one kind of value",
        "give the second kind of value a name of its own (an array that becomes complex is started as a complex one)",
        e.at,
    )


def unknown() -> Num:
    """The type given to what a problem has left without one, so that it is reported once."""
    return Num("float64", None)
