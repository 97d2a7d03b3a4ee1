"""The reverse sweep in the raw: for each statement of the forward program what its adjoint does.

Forward structure is mirrored: a `Step` for each simple statement, a `Fork` for each `if`, a `Round` for each loop, all
still in forward order. What an adjoint does is a list of acts on adjoint variables: accumulate (`Acc`), name (`Let`),
forget (`Kill`), push or pop (`Do`). Primal values are mentioned by their names; that they are there at that place is
the business of `plan`.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from ..analysis.aliases import Aliases
from ..ir.callee import called
from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Choice,
    Comment,
    Const,
    Display,
    Effect,
    Expr,
    For,
    If,
    Item,
    Name,
    Object,
    Raise,
    Return,
    Stmt,
    Update,
    While,
)
from ..ir.types import ListOf, Num, Type
from ..ir.walk import Fresh, is_call_of, names, rebuild
from ..rules.typing import TypeProblem, Typer, like, settled
from ..runtime import only_last, replaced, watched
from .acts import Acc, Act, Adjoints, Fork, Kill, Let, Node, Round, Step, Together, When
from .calls import Calls
from .list_acts import ListActs
from .marked import hooked_in_place
from .places import base_of, entire
from .push import Pusher, value_is_at_least
from .quotients import with_shared_quotients
from .returned import Quotients, is_quotient
from .terms import COPY, ZERO, Term, collected

GETITEM = Object(operator.getitem, "getitem")
ONLY_LAST = Object(only_last, "only_last")
REPLACED = Object(replaced, "replaced")


class Builder(Calls, ListActs):
    def __init__(
        self, types: dict[str, Type], aliases: Aliases, active: set[str], adjoints: Adjoints, fresh: Fresh
    ) -> None:
        self.types, self.aliases, self.active, self.adjoints, self.fresh = types, aliases, active, adjoints, fresh
        self.acts: list[Act] = []
        self.wish = "adjoint"
        self.in_ternary = False
        self.divides_once = False  # see `Pusher`
        self.quotients = Quotients()
        self.in_loop = False
        self.quotient_at_hand: Expr | None = None
        self.trips: dict[int, str] = {}  # by id of the loop
        self.user_name: dict[str, str] = {}
        self.makes: dict[int, Assign] = {}  # by id of the statement that makes a shadow: the one that made the array

    # ------------------------------------------------------------------------------------------------- structure

    def block(self, block: Block) -> list[Node]:
        for s, following in pairwise(block):
            match s, following:
                case Assign(target=Name(id=name)), Assign() if self.is_made_next(name, s.value):
                    self.makes[id(following)] = s
                case _:
                    pass
        nodes: list[Node] = []
        for s in block:
            if is_quotient(s) and not self.makes_shadow(s):
                nodes.append(self.quotients.later(s, nodes, self.in_loop))
            elif not isinstance(s, Comment):
                nodes.append(self.node(s))
        return nodes

    def makes_shadow(self, s: Stmt) -> bool:
        made = isinstance(s, Assign) and isinstance(s.target, Name) and self.is_made_next(s.target.id, s.value)
        return made or id(s) in self.makes

    def program(self, block: Block) -> list[Node]:
        """The nodes of a whole function."""
        nodes = self.block(block)
        self.quotients.write(self, nodes)
        return nodes

    def is_made_next(self, name: str, value: Expr) -> bool:
        """Whether `name = value` makes an array of its own that has a shadow: the next statement makes that."""
        is_list = isinstance(self.types.get(name), ListOf)
        return name in self.adjoints.shadows and not is_list and not self.aliases.shares(value)

    def node(self, s: Stmt) -> Node:
        match s:
            case If():
                return Fork(s, self.block(s.body), self.block(s.orelse))
            case For() | While():
                outer, self.in_loop = self.in_loop, True
                node = Round(s, self.block(s.body), self.trips.get(id(s)))
                self.in_loop = outer
                return node
            case Assign(target=Name(id=name), value=Choice() as choice) if name in self.adjoints.bars:
                if name not in names(choice.test):
                    return Step(s, self.ternary(s, choice))
        return Step(s, self.simple(s))

    def ternary(self, s: Assign, choice: Choice) -> list[Act]:
        """The adjoint of a ternary is the adjoint of an `if`."""
        outer, self.in_ternary = self.in_ternary, True  # the result is that of one side only: not to be read back
        sides = [
            self.ternary(s, v) if isinstance(v, Choice) else self.simple(Assign(s.target, v, s.origin))
            for v in (choice.then, choice.other)
        ]
        self.in_ternary = outer
        return [When(choice.test, tuple(sides[0]), tuple(sides[1]))] if any(sides) else []

    def simple(self, s: Stmt) -> list[Act]:
        """What the adjoint of a simple statement does. A problem without a place is one of the statement."""
        try:
            return self.acts_of(s)
        except TypeProblem as problem:
            problem.origin = problem.origin or s.origin
            raise

    def acts_of(self, s: Stmt) -> list[Act]:
        self.acts = []
        if isinstance(s, Assign) and isinstance(s.value, Call) and (callee := called(s.value)) is not None:
            self.call(s, callee, s.value)
            return self.acts
        match s:
            case Assign(target=Name(id=name), value=value) if id(s) in self.makes:
                # the statement that makes a shadow stands for the one before it, which made the array
                made = self.makes[id(s)]
                assert isinstance(made.target, Name)
                self.assign(made.target.id, made.value)
            case Assign(target=Name(id=name), value=value) if self.is_made_next(name, value):
                pass
            case Assign(target=Name(id=name)):
                self.assign(name, s.value)
            case Assign(target=Display(items=targets), value=Display(items=values)):
                self.together([(t.id, v) for t, v in zip(targets, values, strict=True) if isinstance(t, Name)])
            case Assign(target=Display(items=targets), value=Call() as value):
                self.unpacked([t for t in targets if isinstance(t, Name)], value)
            case Assign(target=Item() as place):
                self.store(place, s.value)
            case Update(target=Name(id=name)) if not self.aliases.is_array(name):
                self.assign(name, Call(s.op, (s.target, s.value)))
            case Update(target=target):
                self.store(target, Call(s.op, (target, s.value)), whole=True)
            case Effect(value=value):
                self.effect(value)
            case Return() | Raise() | Break() | Comment():
                pass
            case _:
                raise TypeError(f"not a simple statement: {s!r}")
        return self.acts

    # -------------------------------------------------------------------------------------------------- adjoints

    def pusher(self, result: Expr | None = None) -> Pusher:
        return Pusher(self.types, self.active, self.let, result, {}, self.divides_once, self.quotient_at_hand)

    def let(self, value: Expr) -> Name:
        wish = f"{self.user_name.get(self.wish, self.wish)}_bar"
        name = self.fresh(wish)
        self.user_name[name] = wish
        type_ = Typer(self.types)(value)
        self.types[name] = type_.plain() if isinstance(type_, Num) else type_
        self.acts.append(Let(name, value))
        return Name(name)

    def mirrored(self, place: Expr) -> Expr:
        """The place of the adjoint that belongs to a place of the primal: the same part of the shadow."""
        if isinstance(place, Name):
            return Name(self.adjoints.of(place.id))
        if isinstance(place, Item):
            return Item(self.mirrored(place.base), place.index)
        assert isinstance(place, Call)
        return replace(place, args=(self.mirrored(place.args[0]), *place.args[1:]))

    def accumulate(self, pusher: Pusher, skip: tuple[Expr, ...] = ()) -> None:
        self.add({leaf: terms for leaf, terms in pusher.leaves.items() if leaf not in skip})

    def add(self, leaves: Mapping[Expr, list[Term]]) -> None:
        """Add sums of terms to the adjoints of the leaves of one statement."""
        sums = [(leaf, collected(terms)) for leaf, terms in leaves.items()]
        for leaf, terms in with_shared_quotients(sums, Typer(self.types), self.let):
            if terms:
                self.acts.append(self.added(leaf, terms))

    def assign(self, name: str, value: Expr) -> None:
        if is_call_of(value, list.pop):
            self.popped(name, value)
            return
        if name not in self.active:
            return
        if isinstance(self.types.get(name), ListOf):
            return
        if name in self.adjoints.shadows and is_call_of(value, watched) and isinstance(value, Call):
            self.acts.append(hooked_in_place(self.adjoints.shadows[name], value))
        if name in self.adjoints.shadows and self.aliases.shares(value):
            return  # a view or second name of a written array: its shadow is the same view of the shadow
        self.wish = name
        self_read = name in names(value) or self.in_ternary
        pusher = self.pusher(None if self_read else Name(name))
        adjoint = Name(self.adjoints.of(name))
        own = self.types[name]
        made = Typer(self.types)(value)
        if isinstance(made, Num) and isinstance(own, Num) and made.ndim == own.ndim:
            made = replace(made, dtype=own.dtype).plain()  # the adjoint of a new value has the new value's shape
            self.types[adjoint.id] = made
            if not self_read:
                self.types[name] = made
            pusher.known[value] = pusher.num(adjoint)
        pusher.push(value, Term((adjoint,)), top=True)
        self.types[name] = own
        self.types[adjoint.id] = like(name, own)
        own_terms = pusher.leaves.get(Name(name))
        places = [p for p in pusher.leaves if p != Name(name) and base_of(p) == name]
        if places:  # `x = x[1:]`: the old array's adjoint starts from zero
            self.types[adjoint.id] = settled(self.types[adjoint.id])
            held = self.let(adjoint)
            self.types[held.id] = settled(self.types[held.id])
            self.types[adjoint.id] = like(name, self.types[name])
            self.acts.append(Kill(adjoint.id))
            pusher = self.pusher(None)
            pusher.push(value, Term((held,)), top=True)
            self.accumulate(pusher)
            return
        self.accumulate(pusher, skip=(Name(name),))
        if own_terms is None:
            if name in self.adjoints.bars:
                self.acts.append(Kill(adjoint.id))
            return
        self.replace_own(adjoint, collected(own_terms))

    def replace_own(self, adjoint: Expr, terms: list[Term]) -> None:
        """The adjoint of the value that was there before: `terms` are products with the adjoint itself."""
        unit = Term((adjoint,))
        rest = [t for t in terms if t != unit]
        if len(rest) < len(terms):
            if rest:
                self.acts.append(Acc(adjoint, tuple(rest)))
            return
        self.acts.append(Acc(adjoint, tuple(terms), assign=True))

    def together(self, pairs: list[tuple[str, Expr]]) -> None:
        """A simultaneous assignment: new adjoints in terms of the old ones."""
        pairs = [(n, v) for n, v in pairs if n in self.active and n in self.adjoints.bars]
        merged: dict[Expr, list[Term]] = {}
        for name, value in pairs:
            self.wish = name
            pusher = self.pusher()
            bar = self.adjoints.of(name)
            self.types[bar] = settled(self.types[bar])
            pusher.push(value, Term((Name(bar),)))
            self.types[bar] = like(name, self.types[name])
            for leaf, terms in pusher.leaves.items():
                merged.setdefault(leaf, []).extend(terms)
        own = {name for name, _ in pairs}
        if any(base_of(leaf) in own and not isinstance(leaf, Name) for leaf in merged):
            held = {Name(self.adjoints.of(n)): self.let(Name(self.adjoints.of(n))) for n, _ in pairs}
            self.acts.extend(Kill(self.adjoints.of(n)) for n, _ in pairs)
            for leaf, terms in merged.items():
                swapped = [replace(t, factors=tuple(_swap(f, held) for f in t.factors)) for t in collected(terms)]
                self.acts.append(Acc(self.mirrored(leaf), tuple(swapped)))
            return
        for leaf, terms in merged.items():
            if not (isinstance(leaf, Name) and leaf.id in own):
                self.acts.append(self.added(leaf, collected(terms)))
        parts = [
            Acc(Name(self.adjoints.of(n)), tuple(collected(merged.get(Name(n), []))), assign=True) for n, _ in pairs
        ]
        if len(parts) == 1:
            adjoint = Name(self.adjoints.of(pairs[0][0]))
            if parts[0].terms:
                self.replace_own(adjoint, list(parts[0].terms))
            else:
                self.acts.append(Kill(adjoint.id))
        elif parts:
            self.acts.append(Together(tuple(parts)))

    def unpacked(self, results: list[Name], value: Call) -> None:
        """A call with several results: what the adjoint of each gives its operands, added up."""
        pusher = self.pusher(Display("tuple", tuple(results)))
        adjoints = [self.adjoints.of(r.id) if r.id in self.active else None for r in results]
        self.wish = results[0].id
        for k, adjoint in enumerate(adjoints):
            if adjoint is not None:
                self.wish = results[k].id
                pusher.part(value, Name(adjoint), k, len(results))
        self.accumulate(pusher)
        self.acts.extend(Kill(adjoint) for adjoint in adjoints if adjoint is not None)

    # ---------------------------------------------------------------------------------------------------- writes

    def store(self, place: Expr, value: Expr, whole: bool = False) -> None:
        """The adjoint of `place = value`; `whole` where the value surely has the shape of the place."""
        base = base_of(place)
        if base is None or base not in self.active or base not in self.adjoints.shadows:
            return
        self.wish = base
        mirror = self.mirrored(place)
        region = self.types_of(place)
        if is_call_of(value, replaced) and isinstance(value, Call) and value.args[0] == place:
            self.store_part(mirror, value)
            return
        if self.is_held_array(place):
            self.put(place, value)
            return
        seed: Expr = mirror
        probe = self.probe(place, value, region if whole else None, Term((seed,)))
        own = collected(probe.leaves.get(place, []))
        others = [leaf for leaf in probe.leaves if leaf != place]
        untouched = own == [Term((seed,))]
        related = any(self.related(leaf, base) for leaf in others)
        if untouched and (not related or len(others) <= 1) and not probe.lets:
            self.acts.extend(probe.acts)
            self.add({leaf: probe.leaves[leaf] for leaf in others})
            return
        if not others and not probe.lets:
            self.overwrite(mirror, own, region)
            return
        is_region = region.ndim != 0
        seed = self.let(Call(COPY, (entire(mirror),)) if is_region else mirror)
        again = self.probe(place, value, region if whole else None, Term((seed,)))
        self.acts.extend(again.acts)
        own = collected(again.leaves.get(place, []))
        if own != [Term((seed,))]:
            self.overwrite(mirror, own, region)
        self.add({leaf: terms for leaf, terms in again.leaves.items() if leaf != place})

    def store_part(self, mirror: Expr, value: Call) -> None:
        """The adjoint of writing what a mask or an array of places selects: the new value takes its adjoint from
        there, and the old one has none."""
        _, index, v = value.args
        pusher = self.pusher()
        if pusher.is_active(v):
            whole = entire(mirror)
            part = Call(GETITEM, (whole, index))
            is_mask = isinstance(t := Typer(self.types)(index), Num) and t.dtype == "bool"
            seed = self.let(part if is_mask else Call(ONLY_LAST, (part, index, whole)))
            pusher.descend(seed, v, Term((seed,)))
        kept = Term((Call(REPLACED, (mirror, index, ZERO)),))
        self.acts.append(Acc(mirror, (kept,), assign=True))
        self.accumulate(pusher)

    def overwrite(self, mirror: Expr, own: list[Term], region: Num) -> None:
        target = mirror
        if region.ndim != 0 and isinstance(mirror, Name):
            target = Item(mirror, Const(Ellipsis))
        unit = Term((mirror,))
        if unit in own and len(own) > 1:
            self.acts.append(Acc(mirror, tuple(t for t in own if t != unit)))
        else:
            self.acts.append(Acc(target, tuple(own), assign=True))

    def types_of(self, place: Expr) -> Num:
        type_ = Typer(self.types)(place)
        assert isinstance(type_, Num)
        return type_

    def probe(self, place: Expr, value: Expr, whole: Num | None, term: Term) -> _Probe:
        """The contributions of `place = value` for the adjoint `term` of the place, without recording them; `whole` is
        the type of the place where the value surely has its shape."""
        region = self.types_of(place)
        outer, self.acts = self.acts, []
        pusher = self.pusher()
        own_shape = Typer(self.types)(value)
        assert isinstance(own_shape, Num)
        if whole is None and own_shape.ndim == region.ndim is not None and value_is_at_least(own_shape, region):
            whole = region
        if whole is not None:
            pusher.known[value] = whole
            pusher.push(value, term, top=True)
        elif region.ndim and own_shape.ndim is not None and pusher.is_active(value):
            # the write itself broadcasts: its value may be smaller than the region
            spread = Call(Object(operator.add, "+"), (place, value))
            pusher.known[spread] = region
            pusher.descend(spread, value, term)
        else:
            pusher.push(value, term, top=True)
        acts, self.acts = self.acts, outer
        return _Probe(pusher.leaves, acts)

    def related(self, leaf: Expr, base: str) -> bool:
        other = base_of(leaf)
        return other is not None and self.aliases.find(other) == self.aliases.find(base)


@dataclass
class _Probe:
    leaves: dict[Expr, list[Term]]
    acts: list[Act] = field(default_factory=list)

    @property
    def lets(self) -> bool:
        return bool(self.acts)


def _swap(e: Expr, table: dict[Name, Name]) -> Expr:
    if isinstance(e, Name):
        return table.get(e, e)
    return rebuild(e, lambda child: _swap(child, table))
