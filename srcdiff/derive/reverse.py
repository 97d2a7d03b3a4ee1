"""The reverse-mode derivative of a core program, as a function of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..ir.nodes import Assign, Call, Comment, Const, Display, Expr, Function, Name, Object, Param, Return, Stmt
from ..ir.types import ListOf, Num
from ..normalise import Core
from ..rules.typing import like
from .acts import Acc, Act, Node, Step
from .assemble import Assembler
from .plan import Planner
from .prepare import Ready, prepare
from .request import Derived, Request, identifier, leaves, result_of
from .schedule import rebound
from .skeleton import Builder
from .tapes import DTYPES
from .terms import COPY, ZERO, Term
from .zeros import Zeros


def reverse(core: Core, request: Request) -> Derived:
    """The derivative function. Its parameters are those of the primal and the seeds; see `Request` for its result."""

    def results(function: Function) -> list[str]:
        found = result_of(function)
        if request.has_aux and isinstance(found, Display):
            found = found.items[0]
        return [leaf.id for leaf in leaves(found) if isinstance(leaf, Name)]

    ready = prepare(core.function, core.types, request.wrt, results)
    writer = _Writer(core, ready, request, results(ready.function))
    adjoints = ready.adjoints
    like = {seed: adjoints.of(n) for n, seed in writer.seeds.items() if n in ready.active}
    written = frozenset(p.name for p in core.function.params if p.name in ready.copied)
    return Derived(writer.function(), ready.types, ready.user_name, like, writer.seed_leaves(), written)


class _Writer:
    def __init__(self, core: Core, ready: Ready, request: Request, results: list[str]) -> None:
        self.core, self.ready, self.request, self.results = core, ready, request, results
        self.types, self.fresh = ready.types, ready.fresh
        self.seeds = self.make_seeds()

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
        ready, adjoints = self.ready, self.ready.adjoints
        first = [n for n in self.request.wrt if n in adjoints.bars]
        primal = {adjoints.bars[n]: n for n in dict.fromkeys([*first, *adjoints.bars])}
        builder = Builder(self.types, ready.aliases, ready.active, adjoints, self.fresh)
        builder.trips, builder.user_name = ready.trips, ready.user_name
        before = set(self.types)
        nodes = builder.block(ready.function.body)
        self.seed_acts(nodes)
        temporaries = set(self.types) - before
        wanted = [adjoints.bars[n] for n in self.request.wrt if n in adjoints.bars]
        shadows = set(adjoints.shadows.values())
        zeros = Zeros(primal, self.types, shadows)
        start = dict.fromkeys(primal, "zero")
        zeros.run(nodes, set(wanted), dict(start))  # tells which adjoints may be exactly zero where they are used
        nodes, state = zeros.run(nodes, set(wanted), start)
        own = set(primal) | temporaries | set(self.seeds.values())
        planner = Planner(nodes, ready.aliases, self.types, own, primal, shadows)
        plan = planner.plan()
        assembler = Assembler(ready, planner, primal)
        defined = {p.name for p in ready.function.params}
        forward, _ = assembler.forward(nodes, plan, (), defined)
        backward = assembler.reverse(nodes, plan, ())
        unset: list[Stmt] = [Assign(Name(n), self.placeholder(n)) for n in assembler.unset]
        value, keep = self.value(rebound(plan, nodes))
        body: list[Stmt] = [
            *unset,
            *(forward and [Comment("forward sweep"), *forward]),
            *keep,
            *(backward and [Comment("reverse sweep", blank=bool(forward))]),
            *backward,
            Return(self.returned(value, state, assembler)),
        ]
        return Function(self.name(), self.params(), tuple(body), None, ready.function.origin)

    # ------------------------------------------------------------------------------------------------------ parts

    def seed_acts(self, nodes: list[Node]) -> None:
        """The adjoint of `return`: the seeds."""
        last = nodes[-1]
        assert isinstance(last, Step)
        acts: list[Act] = []
        for name, seed in self.seeds.items():
            if name in self.ready.active:
                acts.append(Acc(Name(self.ready.adjoints.of(name)), (Term((Name(seed),)),)))
        last.acts = acts

    def placeholder(self, name: str) -> Expr:
        """A value for a variable that is saved on paths where the program has not assigned it yet."""
        type_ = self.types[name]
        if isinstance(type_, Num) and type_.ndim == 0:
            return ZERO if type_.is_inexact else Const(False) if type_.dtype == "bool" else Const(0)
        if isinstance(type_, Num) and type_.ndim:
            shape: Expr = Display("tuple", (Const(0),) * type_.ndim)
            dtype = DTYPES.get(type_.dtype)
            args = (shape,) if dtype is None else (shape, Object(dtype, f"np.{dtype.__name__}"))
            return Call(Object(np.empty, "np.empty"), args)
        if isinstance(type_, ListOf):
            return Display("list", ())
        return ZERO

    def value(self, overwritten: set[str]) -> tuple[Expr | None, list[Stmt]]:
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
            aliases = self.ready.aliases
            written = aliases.is_array(leaf.id) and aliases.mutable(leaf.id)
            if not written and leaf.id not in overwritten:
                kept[leaf.id] = leaf
                continue
            name = self.fresh("result")
            self.ready.user_name[name] = "result"
            source: Expr = Call(COPY, (leaf,)) if written else leaf
            keep.append(Assign(Name(name), source))
            self.types[name] = self.types[leaf.id]
            kept[leaf.id] = Name(name)
        return _replaced(result, kept), keep

    def returned(self, value: Expr | None, state: dict[str, str], assembler: Assembler) -> Expr:
        adjoints = self.ready.adjoints
        parts: list[Expr] = []
        for name in self.request.wrt:
            bar = adjoints.bars.get(name)
            parts.append(Name(bar) if bar is not None and state[bar] != "zero" else assembler.zero(name))
        gradient: Expr = parts[0] if self.request.single else Display("tuple", tuple(parts))
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
        suffix = {"grad": "grad", "value": "value_and_grad", "vjp": "vjp"}[self.request.kind]
        return f"{identifier(self.core.function.name)}_{suffix}"

    def params(self) -> tuple[Param, ...]:
        default = None if self.request.kind == "vjp" else Object(1.0, "1.0")
        own = tuple(Param(p.name) for p in self.ready.function.params)
        return own + tuple(Param(seed, default) for seed in self.seeds.values())


def _replaced(e: Expr, kept: dict[str, Expr]) -> Expr:
    if isinstance(e, Display):
        return replace(e, items=tuple(_replaced(i, kept) for i in e.items))
    return kept.get(e.id, e) if isinstance(e, Name) else e
