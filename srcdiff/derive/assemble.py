"""The derivative's statements: the forward sweep with what it saves, and the reverse sweep with what it brings back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from .. import runtime
from ..ir.nodes import (
    Assign,
    Call,
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
    Origin,
    Return,
    Stmt,
    Update,
    While,
)
from ..ir.types import ListOf, Num
from ..ir.walk import is_call_of, mentioned, names, targets
from ..normalise.attempts import check_pushes
from ..normalise.exits import negated
from ..normalise.iteration import LEN, RANGE, minus, plus, range_bounds, times
from ..rules.typing import Typer
from .acts import Acc, Act, Do, Fork, Kill, Let, Node, Pull, Round, Step, Together, When, bound_by
from .facts import list_changed
from .places import entire
from .returned import read_in_place
from .schedule import BlockPlan, Restore, moment
from .tapes import APPEND, POP, Tape, Tapes
from .terms import ADD, COPY, SUB, ZERO, total
from .zeros import is_fresh

ZEROS_LIKE = Object(np.zeros_like, "np.zeros_like")
ANY_ZEROS_LIKE = Object(runtime.zeros_like, "zeros_like")


class Assembler(Tapes):
    """Writes both sweeps."""

    # ----------------------------------------------------------------------------------------------- forward sweep

    def forward(
        self, nodes: list[Node], plan: BlockPlan, loops: tuple[Round, ...], defined: set[str]
    ) -> tuple[list[Stmt], set[str]]:
        """The statements of a block with what they save; `defined` are the variables surely assigned."""
        out: list[Stmt] = []
        self.save(nodes, plan, 0, loops, defined, out)
        for p, node in enumerate(nodes):
            self.sure[id(nodes), p] = defined
            s = node.stmt
            match node:
                case Step():
                    if isinstance(s, Return | Comment):  # (a comment has acts alone)
                        continue
                    if p in plan.undone and (place := overwritten(s)) is not None:
                        tape = self.region_tape(plan, p, place, loops, s.origin)
                        out.append(tape.push(entire(place) if tape.rows else self.region(place)))
                    out.append(s)
                    if isinstance(s, Assign):
                        defined = defined | set(targets(s.target))
                case Fork():
                    out.extend(self.forward_fork(node, p, plan, loops, defined))
                    ends = [self.surely(b, defined) for b in (node.body, node.orelse)]
                    defined = ends[0] & ends[1]
                case Round():
                    inner = defined | (set(targets(s.target)) if isinstance(s, For) else set())
                    self.before[id(s)] = defined
                    body, _ = self.forward(node.body, plan.inner.get(p, (BlockPlan(),))[0], (*loops, node), inner)
                    out.extend(self.allocations.pop(id(s), []) if not loops else [])
                    out.append(self.forward_loop(node, body))
            self.save(nodes, plan, p + 1, loops, defined, out)
        self.sure[id(nodes), len(nodes)] = defined
        return out, defined

    def surely(self, nodes: list[Node], defined: set[str]) -> set[str]:
        """What is surely assigned after the nodes; a block that leaves the loop does not restrict what follows."""
        for node in nodes:
            match node:
                case Step(stmt=Assign(target=target)):
                    defined = defined | set(targets(target))
                case Fork():
                    defined = self.surely(node.body, defined) & self.surely(node.orelse, defined)
                case _:
                    pass
        return defined

    def forward_fork(
        self, node: Fork, p: int, plan: BlockPlan, loops: tuple[Round, ...], defined: set[str]
    ) -> list[Stmt]:
        out: list[Stmt] = []
        test = node.stmt.test
        if p in plan.saved_tests:
            tape = self.tape(plan, ("test", p), "taken", Num("bool"), loops, node.stmt.origin)
            if isinstance(test, Name):
                out.append(tape.push(test))
            else:
                taken = tape.name if not loops else self.fresh("taken")
                self.types[taken] = Num("bool")
                self.ready.user_name[taken] = "taken"
                out.append(Assign(Name(taken), test, node.stmt.origin))
                if loops:
                    out.append(tape.push(Name(taken)))
                test = Name(taken)
        inner = plan.inner.get(p, (BlockPlan(), BlockPlan()))
        body, _ = self.forward(node.body, inner[0], loops, defined)
        orelse, _ = self.forward(node.orelse, inner[1], loops, defined)
        check_pushes(node.stmt, body)
        out.append(replace(node.stmt, test=test, body=tuple(body), orelse=tuple(orelse)))
        return out

    def forward_loop(self, node: Round, body: list[Stmt]) -> Stmt:
        s = node.stmt
        bound = self.bounds.get(id(s))
        s = self.header(s) if isinstance(s, For) else s
        if bound is not None:
            assert isinstance(s, For)
            assert isinstance(s.iter, Call)
            start, _, _ = range_bounds(s.iter)
            s = replace(s, iter=replace(s.iter, args=(bound,) if start == Const(0) else (start, bound)))
        return replace(s, body=tuple(body))

    def save(
        self,
        nodes: list[Node],
        plan: BlockPlan,
        version: int,
        loops: tuple[Round, ...],
        defined: set[str],
        out: list[Stmt],
    ) -> None:
        """Save what is to be kept of what the last statement of `out` has bound."""
        for name, v in sorted(plan.saves):
            if v == version:
                if name not in defined:
                    self.unset.setdefault(name)
                tape = self.tape(plan, (name, v), name, self.types[name], loops, bound_by(name, nodes, v, loops))
                out.extend(self.copied_at_once(tape, name, out) or [tape.push(Name(name))])

    def copied_at_once(self, tape: Tape, name: str, out: list[Stmt]) -> list[Stmt]:
        """`v = u.copy(); v_tape[t] = v` with one copy: `v_tape[t] = u; v = v_tape[t]`."""
        match out:
            case [*_, Assign(target=Name(id=made), value=Call(args=(Name() as source,)) as copy) as s]:
                if made == name and tape.rows and is_call_of(copy, np.ndarray.copy):
                    out.pop()
                    return [tape.push(source), replace(s, value=tape.pop())]
        return []

    def region(self, place: Expr) -> Expr:
        """The old contents of a place, as a value of their own."""
        return Call(COPY, (entire(place),)) if self.is_region(place) else place

    def is_region(self, place: Expr) -> bool:
        """Whether a place has elements that are written. (An array in a list is not written itself.)"""
        held = isinstance(place, Item) and isinstance(Typer(self.types)(place.base), ListOf)
        type_ = Typer(self.types)(place)
        return not held and isinstance(type_, Num) and type_.ndim != 0

    def region_tape(
        self, plan: BlockPlan, p: int, place: Expr, loops: tuple[Round, ...], origin: Origin | None = None
    ) -> Tape:
        base = place
        while isinstance(base, Item):
            base = base.base
        wish = base.id if isinstance(base, Name) else "old"
        type_ = Typer(self.types)(place)
        return self.tape(plan, ("region", p), wish, type_, loops, origin, copied=self.is_region(place))

    def taken_back(self, plan: BlockPlan, p: int, s: Stmt, loops: tuple[Round, ...]) -> Stmt:
        """The statement that gives what a write has changed its old contents."""
        changed, place = list_changed(s), overwritten(s)
        if place is None:
            assert changed is not None
            return Effect(Call(POP, (Name(changed),)), s.origin)
        old = self.region_tape(plan, p, place, loops).pop()
        if changed is not None:
            return Effect(Call(APPEND, (Name(changed), old)), s.origin)
        return Assign(Item(place, Const(Ellipsis)) if isinstance(place, Name) else place, old, s.origin)

    # ----------------------------------------------------------------------------------------------- reverse sweep

    def reverse(self, nodes: list[Node], plan: BlockPlan, loops: tuple[Round, ...]) -> list[Stmt]:
        out: list[Stmt] = []
        count = len(nodes)
        for p in range(count - 1, -1, -1):
            node = nodes[p]
            origin = None if isinstance(node.stmt, Return) else node.stmt.origin
            first, second = (
                plan.restores.get(moment(count, p, False), []),
                plan.restores.get(moment(count, p, True), []),
            )
            for r in first:
                out.extend(self.restored(plan, r, loops))
            match node:
                case Step(stmt=Comment()) if p - 1 not in plan.undone:
                    pass  # what it reads is read in place, by the step before
                case Step():
                    behind = nodes[p + 1] if p + 1 < count and p not in plan.undone else None
                    back = behind.acts if isinstance(behind, Step) and isinstance(behind.stmt, Comment) else []
                    out.extend(self.step_restores(plan, p, node, second, loops))
                    out.extend(self.acts(read_in_place(node.acts, back), origin, self.sure[id(nodes), p]))
                case Fork() | Round() if not self.planner.has_work(node):
                    pass
                case Fork():
                    out.extend(self.acts(node.before, None, self.sure[id(nodes), p + 1]))
                    for r in second:
                        out.extend(self.restored(plan, r, loops))
                    out.extend(self.reverse_fork(node, p, plan, loops))
                case Round():
                    out.extend(self.acts(node.before, None, self.sure[id(nodes), p + 1]))
                    for r in second:
                        out.extend(self.restored(plan, r, loops))
                    out.extend(self.reverse_loop(node, plan.inner[p][0], loops))
        for r in plan.restores.get(moment(count, -1, False), []):
            out.extend(self.restored(plan, r, loops))
        return out

    def restored(self, plan: BlockPlan, r: Restore, loops: tuple[Round, ...]) -> list[Stmt]:
        if r.recompute is not None:
            return [r.recompute]
        tape = self.tape(plan, (r.name, r.version), r.name, self.types[r.name], loops)
        again = sum(1 for rs in plan.restores.values() for o in rs if (o.name, o.version) == (r.name, r.version)) > 1
        if not (tape.is_list and again):
            return [Assign(Name(r.name), tape.pop(), tape.origin)]
        # brought back more than once in one trip, but popped once
        held = self.held.get((id(plan), r.name, r.version))
        if held is not None:
            return [Assign(Name(r.name), Name(held), tape.origin)]
        user = self.ready.user_name.get(r.name, r.name)
        held = self.fresh(f"{user}_was")
        self.ready.user_name[held] = f"{user}_was"
        self.types[held] = self.types[r.name]
        self.held[id(plan), r.name, r.version] = held
        return [Assign(Name(held), tape.pop(), tape.origin), Assign(Name(r.name), Name(held), tape.origin)]

    def step_restores(
        self, plan: BlockPlan, p: int, node: Step, restores: list[Restore], loops: tuple[Round, ...]
    ) -> list[Stmt]:
        """Variables first, then the old contents of what was written, then what is computed from those."""
        stmts = [(r, s) for r in restores for s in self.restored(plan, r, loops)]
        if p not in plan.undone:
            return [s for _, s in stmts]
        written = self.planner.content_written(node.stmt)
        late: list[Stmt] = []
        early: list[Stmt] = []
        later: set[str] = set()
        for r, s in stmts:
            reads = self.planner.keys(r.recompute.value) if r.recompute is not None else set()
            (late if reads & (written | later) else early).append(s)
            if late and late[-1] is s:
                later.add(r.name)
        place = overwritten(node.stmt)
        assert not later & names(place), "the place of a write is computed from what the write destroys"
        undo = self.taken_back(plan, p, node.stmt, loops)
        return [*early, undo, *late]

    def reverse_fork(self, node: Fork, p: int, plan: BlockPlan, loops: tuple[Round, ...]) -> list[Stmt]:
        inner = plan.inner[p]
        body = self.reverse(node.body, inner[0], loops) + self.acts(
            node.ends[0], None, self.sure.get((id(node.body), 0), set())
        )
        orelse = self.reverse(node.orelse, inner[1], loops) + self.acts(
            node.ends[1], None, self.sure.get((id(node.orelse), 0), set())
        )
        test = node.stmt.test
        out: list[Stmt] = []
        if p in plan.saved_tests:
            test = self.tape(plan, ("test", p), "taken", Num("bool"), loops).pop()
            if not body and not orelse and not is_call_of(test, list.pop):
                return []
        elif not body and not orelse:
            return []
        if not body and not is_call_of(test, list.pop):
            return [If(negated(test), tuple(orelse), (), node.stmt.origin)]
        if is_call_of(test, list.pop) and not body:
            if not orelse:
                return [Effect(test)]
            return [If(negated(test), tuple(orelse), (), node.stmt.origin)]
        out.append(If(test, tuple(body), tuple(orelse), node.stmt.origin))
        return out

    def reverse_loop(self, node: Round, plan: BlockPlan, loops: tuple[Round, ...]) -> list[Stmt]:
        body = self.reverse(node.body, plan, (*loops, node)) + self.acts(
            node.end, None, self.sure.get((id(node.body), 0), set())
        )
        if not body:
            return []
        s = node.stmt
        if isinstance(s, While):
            assert node.trips is not None
            source = Call(RANGE, (Name(node.trips),))
            return [For(Name("_"), source, tuple(body), (), s.origin)]
        assert isinstance(s.iter, Call)
        start, stop, step = range_bounds(s.iter)
        stop = self.bounds.get(id(s), stop)
        s = self.header(s)
        if node.trips is not None and step == Const(1):
            stop, trips = plus(start, Name(node.trips)), None
        else:
            trips = node.trips
        unread = isinstance(s.target, Name) and s.target.id not in mentioned(tuple(body))
        if trips is None and step == Const(1) and unread:
            count = minus(stop, start)
            return [For(s.target, Call(RANGE, (count,)), tuple(body), (), s.origin)]
        if trips is None and step == Const(1):
            args: tuple[Expr, ...] = (minus(stop, Const(1)), minus(start, Const(1)), Const(-1))
            return [For(s.target, Call(RANGE, args), tuple(body), (), s.origin)]
        if trips is None and step == Const(-1):
            args = (plus(stop, Const(1)), plus(start, Const(1)))
            args = args[1:] if args[0] == Const(0) else args
            return [For(s.target, Call(RANGE, args), tuple(body), (), s.origin)]
        k = Name(self.fresh("k"))
        self.ready.user_name[k.id] = "k"
        self.types[k.id] = Num("int64", weak=True)
        count = Name(trips) if trips is not None else Call(LEN, (Call(RANGE, (start, stop, step)),))
        args = (minus(count, Const(1)), Const(-1), Const(-1))
        position = Assign(s.target, plus(start, times(k, step)))
        return [For(k, Call(RANGE, args), (position, *body), (), s.origin)]

    # ------------------------------------------------------------------------------------------------------- acts

    def acts(self, acts: Iterable[Act], origin: Origin | None, sure: set[str]) -> list[Stmt]:
        """The acts as statements; `sure` are the variables that are surely assigned here (a zero that is made like any
        other one gets a placeholder for it)."""
        out: list[Stmt] = []
        for act in acts:
            match act:
                case Acc():
                    if act.assign and not act.terms and isinstance(act.target, Name):
                        name = self.primal[act.target.id]
                        if name not in sure and isinstance(t := self.types[name], Num) and t.ndim != 0:
                            self.unset.setdefault(name)
                    out.append(self.accumulated(act))
                case Together(parts=parts):
                    left = Display("tuple", tuple(p.target for p in parts))
                    right = Display("tuple", tuple(total(p.terms, Typer(self.types)) for p in parts))
                    out.append(Assign(left, right))
                case Let(name=name, value=value):
                    out.append(Assign(Name(name), value))
                case Pull(names=(), call=call):
                    out.append(Effect(call))
                case Pull(names=(made,), call=call):
                    out.append(Assign(Name(made), call))
                case Pull(names=made, call=call):
                    out.append(Assign(Display("tuple", tuple(map(Name, made))), call))
                case Do(stmt=stmt):
                    out.append(stmt)
                case When(test=test, then=then, other=other):
                    out.extend(self.when(test, self.acts(then, None, sure), self.acts(other, None, sure)))
                case Kill():
                    pass
        return [_marked(s, origin) for s in out]

    def when(self, test: Expr, then: list[Stmt], other: list[Stmt]) -> list[Stmt]:
        if not then:
            return [If(negated(test), tuple(other))] if other else []
        return [If(test, tuple(then), tuple(other))]

    def accumulated(self, acc: Acc) -> Stmt:
        typer = Typer(self.types)
        if acc.assign:
            if acc.terms or not isinstance(acc.target, Name):
                return Assign(acc.target, total(acc.terms, typer))
            return Assign(acc.target, self.zero(self.primal[acc.target.id]))
        acc = self.without_overlap(acc)
        if all(t.coefficient < 0 for t in acc.terms):
            terms = tuple(replace(t, coefficient=-t.coefficient) for t in acc.terms)
            return Update(acc.target, SUB, total(terms, typer))
        return Update(acc.target, ADD, total(acc.terms, typer))

    def without_overlap(self, acc: Acc) -> Acc:
        """An adjoint that is added to another part of the same array is copied first (Numba does not do it)."""
        if len(acc.terms) != 1:
            return acc
        (term,) = acc.terms
        type_ = Typer(self.types)(term.factors[-1])
        if len(term.factors) > 1 or term.denominators or not isinstance(type_, Num) or type_.ndim == 0:
            return acc
        if self.storage(acc.target) is None or self.storage(acc.target) != self.storage(term.factors[0]):
            return acc
        return replace(acc, terms=(replace(term, factors=(Call(COPY, term.factors),)),))

    def storage(self, place: Expr) -> str | None:
        """The alias class of the array that an adjoint belongs to."""
        while not isinstance(place, Name):
            if is_fresh(place):
                return None
            if isinstance(place, Item):
                place = place.base
            elif isinstance(place, Call) and place.args and not is_call_of(place, np.ndarray.copy):
                place = place.args[0]
            else:
                return None
        owner = {bar: name for name, bar in self.ready.adjoints.shadows.items()}.get(place.id)
        return self.primal.get(place.id, place.id) if owner is None else "*" + self.ready.aliases.find(owner)

    def zero(self, name: str) -> Expr:
        """The zero that belongs to a variable."""
        type_ = self.types[name]
        if isinstance(type_, Num) and type_.ndim == 0:
            return ZERO
        if isinstance(type_, Num) and type_.ndim is None:
            return Call(ANY_ZEROS_LIKE, (Name(name),))
        return Call(ZEROS_LIKE, (Name(name),))


def overwritten(s: Stmt) -> Expr | None:
    """The place whose contents a simple statement changes; None where a list becomes longer."""
    match s:
        case Effect(value=Call(args=(xs,)) as call) | Assign(value=Call(args=(xs,)) as call) if is_call_of(
            call, list.pop
        ):
            return Item(xs, Const(-1))
        case Assign(target=target) | Update(target=target):
            return target
    return None


def _marked(s: Stmt, origin: Origin | None) -> Stmt:
    if isinstance(s, If):
        return replace(
            s,
            body=tuple(_marked(b, origin) for b in s.body),
            orelse=tuple(_marked(b, origin) for b in s.orelse),
            adjoint_of=origin,
        )
    return replace(s, adjoint_of=origin)
