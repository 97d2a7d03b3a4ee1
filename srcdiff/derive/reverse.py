"""The reverse-mode derivative of a core program, as a function of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..analysis.liveness import surely_assigned
from ..ir.callee import Helper
from ..ir.nodes import (
    FORWARD,
    REVERSE,
    Assign,
    Call,
    Comment,
    Display,
    Expr,
    Function,
    Name,
    Object,
    Param,
    Return,
    Stmt,
)
from ..ir.types import INT, ListOf, Num
from ..ir.walk import assigned, mentioned, targets
from ..normalise import Core
from ..rules.typing import like
from .acts import Acc, Act, Let, Node, Step
from .assemble import Assembler
from .direction_loops import in_directions
from .helpers import Helpers
from .known_values import with_known_values
from .list_results import added, copied_into, is_changed, list_of
from .plan import Planner
from .prepare import prepare
from .request import Derived, Request, identifier, leaves, result_of
from .schedule import rebound
from .skeleton import Builder
from .stacks import example
from .terms import COPY, ZERO, Term
from .zeros import Zeros


def reverse(core: Core, request: Request, helpers: Helpers) -> Derived:
    """The derivative function. Its parameters are those of the primal and the seeds; see `Request` for its result."""

    def results(function: Function) -> list[str]:
        found = result_of(function)
        if request.has_aux and isinstance(found, Display):
            found = found.items[0]
        return [leaf.id for leaf in leaves(found) if isinstance(leaf, Name)]

    writer = _Writer(core, request, results, helpers)
    derived = writer.derived(writer.function())
    return in_directions(derived, writer.bars, writer.fresh, request) if request.kind == "adjoints" else derived


def pulled(core: Core, request: Request, helper: Helper, helpers: Helpers) -> tuple[Derived, Derived | None]:
    """The adjoint of a recursive function, and the function that fills its tape if there is
    one. (That its frames go onto the tape is seen to when all functions are known.)"""

    def results(function: Function) -> list[str]:
        found = leaves(result_of(function))
        return [leaf.id for k in helper.asked if isinstance(leaf := found[k], Name)]

    writer = _Writer(core, request, results, helpers)
    writer.filled = tuple(core.function.params[k].name for k in helper.adds)
    if helper.role == "vjp":
        return writer.derived(writer.function()), None
    forward, backward = writer.pair()
    return writer.derived(backward), writer.derived(forward)


@dataclass
class _Sweeps:
    """`gradient` are the adjoints of the arguments that are differentiated by, `unset` values for variables that may be
    saved before they are assigned, `overwritten` the variables that the reverse sweep binds."""

    unset: list[Stmt]
    forward: list[Stmt]
    backward: list[Stmt]
    gradient: list[Expr]
    overwritten: set[str]


class _Writer:
    def __init__(
        self, core: Core, request: Request, results: Callable[[Function], list[str]], helpers: Helpers
    ) -> None:
        self.core, self.request, self.helpers = core, request, helpers
        self.ready = ready = prepare(core, request.wrt, results, helpers.taped)
        self.results = results(ready.function)
        self.types, self.fresh = ready.types, ready.fresh
        self.filled: tuple[str, ...] = ()  # the parameters whose adjoints are arrays that the caller gives
        self.bars: set[str] = set()  # the variables that hold adjoints
        self.seeds = self.make_seeds()

    def derived(self, function: Function) -> Derived:
        ready = self.ready
        like = {seed: ready.adjoints.of(n) for n, seed in self.seeds.items() if n in ready.active}
        written = frozenset(p.name for p in self.core.function.params if p.name in ready.copied)
        return Derived(
            function,
            ready.types,
            ready.user_name,
            like,
            self.seed_leaves(),
            ready.aliases,
            written,
            frozenset(ready.tapes),
        )

    def make_seeds(self) -> dict[str, str]:
        """A seed for every result leaf, named after it."""
        seeds: dict[str, str] = {}
        for name in dict.fromkeys(self.results):
            wish = f"{self.ready.user_name.get(name, name)}_bar"
            seed = self.fresh(wish)
            self.ready.user_name[seed] = wish
            type_ = self.types[name]
            self.types[seed] = like(name, type_)
            seeds[name] = seed
        return seeds

    def seed_leaves(self) -> tuple[tuple[int, ...], ...]:
        """For each seed the places of its variable among all leaves of the result."""
        found = [leaf.id if isinstance(leaf, Name) else None for leaf in leaves(result_of(self.ready.function))]
        return tuple(tuple(i for i, leaf in enumerate(found) if leaf == name) for name in self.seeds)

    def function(self) -> Function:
        sweeps = self.sweeps(apart=False)
        value, keep = (None, []) if self.request.kind == "pull" else self.value(sweeps.overwritten, sweeps.backward)
        body: list[Stmt] = [
            *sweeps.unset,
            *(sweeps.forward and [Comment(FORWARD), *sweeps.forward]),
            *keep,
            *(sweeps.backward and [Comment(REVERSE, blank=bool(sweeps.forward))]),
            *sweeps.backward,
            Return(self.returned(value, sweeps.gradient)),
        ]
        return Function(self.name(), self.params(), tuple(body), None, self.ready.function.origin)

    def pair(self) -> tuple[Function, Function]:
        """Both sweeps as functions of their own. What the second one reads of the first one is what goes onto the
        tape: the planner has seen to it that it is kept under a name of its own."""
        sweeps = self.sweeps(apart=True)
        value, keep = self.value(set(), [])
        assert value is not None
        origin = self.ready.function.origin
        own = tuple(Param(p.name) for p in self.ready.function.params)
        unset = self.unset_at_end(sweeps)
        forward = (*unset, *sweeps.forward, *keep, Return(value))
        backward = (*sweeps.backward, Return(self.returned(None, sweeps.gradient)))
        return Function("fwd", own, forward, None, origin), Function("rev", self.params(), backward, None, origin)

    def unset_at_end(self, sweeps: _Sweeps) -> list[Stmt]:
        """Values for the variables that may be put onto the tape and are not assigned on every path."""
        sure = surely_assigned(tuple(sweeps.forward)) | {p.name for p in self.ready.function.params}
        maybe = assigned(tuple(sweeps.forward)) - sure
        read = mentioned(tuple(sweeps.backward)) & maybe
        done = {t for s in sweeps.unset if isinstance(s, Assign) for t in targets(s.target)}
        more = [Assign(Name(n), example(self.types[n])) for n in sorted(read - done)]
        return [*sweeps.unset, *more]

    def sweeps(self, apart: bool) -> _Sweeps:
        """Both sweeps; `apart` if they do not share their variables."""
        ready, adjoints = self.ready, self.ready.adjoints
        first = [n for n in self.request.wrt if n in adjoints.bars]
        primal = {adjoints.bars[n]: n for n in dict.fromkeys([*first, *adjoints.bars])}
        builder = Builder(self.types, ready.aliases, ready.active, adjoints, self.fresh)
        builder.trips, builder.user_name, builder.helpers = ready.trips, ready.user_name, self.helpers
        builder.divides_once = not self.request.compiled
        before = set(self.types)
        builder.quotients.unasked = set(self.results) if self.request.kind == "grad" else set()
        nodes = builder.program(ready.function.body)
        with_known_values(nodes, self.types, lambda node: set(assigned((node.stmt,))))
        self.seed_acts(nodes)
        temporaries = set(self.types) - before
        given = [adjoints.bars[n] for n in self.filled if n in adjoints.bars]
        wanted = [adjoints.bars[n] for n in self.request.wrt if n in adjoints.bars]
        shadows = set(adjoints.shadows.values())
        last = nodes[-1]
        assert isinstance(last, Step)
        last.acts = [*(Let(bar, first) for bar, first in self.late_shadows().items()), *last.acts]
        zeros = Zeros(primal, self.types, shadows)
        start = dict.fromkeys(primal, "zero") | dict.fromkeys(given, "set")
        zeros.run(nodes, set(wanted), dict(start))  # tells which adjoints may be exactly zero where they are used
        nodes, state = zeros.run(nodes, set(wanted), start)
        own = set(primal) | temporaries | set(self.seeds.values()) | set(adjoints.late)
        beside = {bar: n for n, bar in adjoints.shadows.items() if bar not in adjoints.late}
        self.bars = set(primal) | shadows | set(self.seeds.values()) | set(adjoints.late)
        planner = Planner(nodes, ready.aliases, self.types, own, primal, beside)
        planner.apart = apart
        planner.params = {p.name for p in ready.function.params}
        plan = planner.plan()
        assembler = Assembler(ready, planner, primal)
        assembler.indexed = self.request.compiled
        defined = {p.name for p in ready.function.params}
        forward, _ = assembler.forward(nodes, plan, (), defined)
        backward = [*self.seeds_of_lists(), *assembler.reverse(nodes, plan, ())]
        unset: list[Stmt] = [Assign(Name(n), self.placeholder(n)) for n in assembler.unset]
        gradient: list[Expr] = []
        for name in (n for n in self.request.wrt if n not in self.filled):
            bar = adjoints.bars.get(name)
            gradient.append(Name(bar) if bar is not None and state[bar] != "zero" else assembler.zero(name))
        if self.helpers.taped:
            forward = list(self.helpers.with_tape(tuple(forward)))
        return _Sweeps(unset, forward, backward, gradient, rebound(plan, nodes))

    # ------------------------------------------------------------------------------------------------------ parts

    def seed_acts(self, nodes: list[Node]) -> None:
        """The adjoint of `return`: the seeds."""
        last = nodes[-1]
        assert isinstance(last, Step)
        acts: list[Act] = []
        for name, seed in self.seeds.items():
            if name in self.ready.active and not self.ready.aliases.is_list(name):
                acts.append(Acc(Name(self.ready.adjoints.of(name)), (Term((Name(seed),)),)))
        last.acts = acts

    def late_shadows(self) -> dict[str, Expr]:
        """The shadows that are made when the reverse sweep begins: of zeros, or of the adjoint of what is returned."""
        adjoints = self.ready.adjoints
        seeds = {adjoints.shadows[n]: list_of(Name(seed)) for n, seed in self.seeds.items() if n in adjoints.shadows}
        return {bar: seeds.get(bar, zeros) for bar, zeros in adjoints.late.items()}

    def seeds_of_lists(self) -> list[Stmt]:
        """The adjoints of lists that are returned, added to the shadows that are there already."""
        adjoints, out = self.ready.adjoints, list[Stmt]()
        for name, seed in self.seeds.items():
            type_, shadow = self.types[name], adjoints.shadows.get(name)
            if isinstance(type_, ListOf) and shadow is not None and shadow not in adjoints.late:
                out.append(added(Name(shadow), Name(seed), type_, self.counter))
        return out

    def counter(self) -> Name:
        """A new variable for the places in a list."""
        name = self.fresh("k")
        self.ready.user_name[name], self.types[name] = "k", INT
        return Name(name)

    def placeholder(self, name: str) -> Expr:
        """A value for a variable that is saved on paths where the program has not assigned it yet."""
        type_ = self.types[name]
        if isinstance(type_, Num) and type_.ndim == 0:
            return ZERO if type_.is_inexact else example(type_)
        return Display("list", ()) if isinstance(type_, ListOf) else example(type_)

    def value(self, overwritten: set[str], backward: list[Stmt]) -> tuple[Expr | None, list[Stmt]]:
        """The primal result, kept from what the reverse sweep overwrites."""
        result = result_of(self.ready.function)
        if self.request.kind == "grad" and not self.request.has_aux:
            return None, []
        keep: list[Stmt] = []
        kept: dict[str, Expr] = {}
        aux_only = self.request.kind == "grad"
        for k, leaf in enumerate(leaves(result)):
            if not isinstance(leaf, Name) or leaf.id in kept or (aux_only and k == 0):
                continue
            aliases, type_ = self.ready.aliases, self.types[leaf.id]
            is_list = isinstance(type_, ListOf)
            written = is_list and is_changed(aliases.lists(leaf.id), backward)
            written = written or (aliases.is_array(leaf.id) and aliases.mutable(leaf.id))
            if not written and leaf.id not in overwritten:
                kept[leaf.id] = leaf
                continue
            name = self.fresh("result")
            self.ready.user_name[name] = "result"
            if is_list and written:
                keep += copied_into(name, leaf, type_, self.counter)
            else:
                keep.append(Assign(Name(name), Call(COPY, (leaf,)) if written else leaf))
            self.types[name] = type_
            kept[leaf.id] = Name(name)
        return _replaced(result, kept), keep

    def returned(self, value: Expr | None, parts: list[Expr]) -> Expr:
        gradient: Expr = (
            parts[0] if len(parts) == 1 and (self.request.single or self.filled) else Display("tuple", tuple(parts))
        )
        if self.request.kind == "pull":
            return gradient
        if self.request.kind == "grad":
            if self.request.has_aux:
                assert isinstance(value, Display)
                return Display("tuple", (gradient, *value.items[1:]))
            return gradient
        assert value is not None
        if not self.request.single and self.request.kind == "value":
            return Display("tuple", (value, *parts))
        return Display("tuple", (value, *parts))

    def name(self) -> str:
        suffix = {"grad": "grad", "value": "value_and_grad"}.get(self.request.kind, "vjp")
        return f"{identifier(self.core.function.name)}_{suffix}"

    def params(self) -> tuple[Param, ...]:
        default = None if self.request.kind in ("vjp", "pull", "adjoints") else Object(1.0, "1.0")
        own = tuple(Param(p.name) for p in self.ready.function.params)
        filled = tuple(Param(self.bar(name)) for name in self.filled)
        return own + filled + tuple(Param(seed, default) for seed in self.seeds.values())

    def bar(self, name: str) -> str:
        """The adjoint of a parameter; a name that nothing reads where it has none."""
        return self.ready.adjoints.bars.get(name) or self.fresh(f"{name}_bar")


def _replaced(e: Expr, kept: dict[str, Expr]) -> Expr:
    if isinstance(e, Display):
        return replace(e, items=tuple(_replaced(i, kept) for i in e.items))
    return kept.get(e.id, e) if isinstance(e, Name) else e
