"""The adjoints of calls: of functions that have a derivative of their own, and of those that are called as they are."""

from __future__ import annotations

from dataclasses import replace

from ..ir.callee import Callee, Opaque
from ..ir.nodes import Assign, Call, Expr, Name, Object
from ..ir.types import Num, Type
from ..ir.walk import Fresh, targets
from ..rules.typing import Typer
from .acts import Act, Adjoints, Kill, Pull
from .helpers import Helpers
from .push import Pusher
from .terms import Term


class Calls:
    """What the adjoints of calls do, as acts."""

    types: dict[str, Type]
    active: set[str]
    adjoints: Adjoints
    fresh: Fresh
    acts: list[Act]
    user_name: dict[str, str]
    helpers: Helpers | None = None

    def pusher(self, result: Expr | None = None) -> Pusher:
        raise NotImplementedError

    def mirrored(self, place: Expr) -> Expr:
        raise NotImplementedError

    def accumulate(self, pusher: Pusher, skip: tuple[Expr, ...] = ()) -> None:
        raise NotImplementedError

    def call(self, s: Assign, callee: Callee, value: Call) -> None:
        """A call of a recursive function: its own adjoint gives the adjoints of the arguments."""
        results = [Name(n) for n in targets(s.target)]
        if not isinstance(callee, Opaque):  # (of which nothing has to be known but which values it takes)
            assert len(value.args) == len(callee.function.params), "a parameter is told by its place"
        pusher = self.pusher()
        active = tuple(k for k, a in enumerate(value.args) if pusher.is_active(a))
        asked = tuple(k for k, r in enumerate(results) if r.id in self.active)
        if not active:  # what the variables held before has no part in what they hold now
            own = (results[k].id for k in asked)
            self.acts.extend(Kill(self.adjoints.of(name)) for name in own if name in self.adjoints.bars)
        if not active or not asked:
            return
        if isinstance(callee, Opaque):
            self.call_as_it_is(callee, value, results, active, asked)
            return
        assert self.helpers is not None
        helper = self.helpers.pull(callee, active, asked, s)
        seeds = tuple(Name(self.adjoints.of(results[k].id)) for k in asked)
        filled = tuple(self.mirrored(value.args[k]) for k in helper.adds)
        call = replace(value, func=Object(helper, helper.name), args=(*value.args, *filled, *seeds))
        self.pull(callee, value, call, helper.returned, seeds, pusher)

    def call_as_it_is(
        self, callee: Opaque, value: Call, results: list[Name], active: tuple[int, ...], asked: tuple[int, ...]
    ) -> None:
        """A call of a function that is not read: its pullback, or its adjoint, gives those of the arguments."""
        seeds = tuple(Name(self.adjoints.of(results[k].id)) for k in asked)
        if callee.pulls is not None:
            call = Call(results[-1], seeds)
        else:
            part = callee.part.adjoint(active, asked)
            call = Call(Object(part.callee, part.name), (*value.args, *results, *seeds))
        self.pull(callee, value, call, active, seeds, self.pusher())

    def pull(
        self, callee: Callee, value: Call, call: Call, by: tuple[int, ...], seeds: tuple[Name, ...], pusher: Pusher
    ) -> None:
        """What a call returns as the adjoints of the arguments `by`, added to theirs."""
        made: list[str] = []
        for k in by:
            own = callee.function.params[k].name
            name = self.fresh(f"{own}_bar")
            self.user_name[name] = f"{own}_bar"
            made.append(name)
            self.types[name] = self.type_of_adjoint(value.args[k])
        self.acts.append(Pull(tuple(made), call))
        self.acts.extend(Kill(seed.id) for seed in seeds)
        for name, k in zip(made, by, strict=True):
            pusher.push(value.args[k], Term((Name(name),)))
        self.accumulate(pusher)

    def type_of_adjoint(self, e: Expr) -> Type:
        type_ = Typer(self.types)(e)
        assert isinstance(type_, Num)
        return replace(type_.plain(), weak=False, contiguous=False)
