"""Zeros that need not be written: the first accumulation into an adjoint is its definition.

The state of an adjoint at a point of the reverse sweep is *zero* (it has no storage yet and stands for 0), *clear*
(storage that holds 0) or *set*. Terms with a zero seed vanish; `+=` on a zero adjoint becomes `=`; a zero is written
out only where two ways meet of which one has set the adjoint, and only if somebody reads it afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .. import runtime
from ..ir.callee import Opaque, called, helper_of
from ..ir.nodes import Call, Const, Effect, Expr, Item, Name, Object
from ..ir.types import Num, Type
from ..ir.walk import is_call_of, names, subexprs, substitute
from ..rules import is_view
from ..rules.typing import Typer, like
from ..runtime import first_max, first_min
from .acts import Acc, Act, Do, Fork, Kill, Let, Node, Pull, Round, Step, Together, When
from .places import base_of
from .push import value_is_at_least
from .terms import COPY, ZERO, Term, guarded, total

State = dict[str, str]
FULL_LIKE = Object(np.full_like, "np.full_like")
ASTYPE = Object(np.ndarray.astype, "astype")
COPIED = Object(runtime.copied, "copied")
ZEROS_LIKE = Object(np.zeros_like, "np.zeros_like")


@dataclass
class Zeros:
    """`primal` maps each value adjoint to its variable; shadows are no business of this pass."""

    primal: dict[str, str]
    types: dict[str, Type]
    shadows: set[str]
    maybe_zero: set[str] = field(default_factory=set)  # adjoints that a zero is written into, or a masked sum

    def run(self, nodes: list[Node], live: set[str], state: State) -> tuple[list[Node], State]:
        """Process the nodes of a block (given in forward order) in reverse; `live` is read after the block."""
        after: list[set[str]] = []
        for node in nodes:
            after.append(live)
            live = self.live_before(node, live)
        out: list[Node] = []
        for node, live_after in zip(reversed(nodes), reversed(after), strict=True):
            new, state = self.node(node, live_after, state)
            out.append(new)
        return out[::-1], state

    # -------------------------------------------------------------------------------------------------- liveness

    def live_before(self, node: Node, live: set[str]) -> set[str]:
        match node:
            case Step():
                return self.live_acts(node.acts, live)
            case Fork():
                return self.live_block(node.body, live) | self.live_block(node.orelse, live)
            case Round():
                while True:
                    head = live | self.live_block(node.body, live)
                    if head == live:
                        return live
                    live = head

    def live_block(self, nodes: Sequence[Node], live: set[str]) -> set[str]:
        for node in nodes:
            live = self.live_before(node, live)
        return live

    def live_acts(self, acts: Sequence[Act], live: set[str]) -> set[str]:
        for act in reversed(acts):
            match act:
                case Kill(name=name):
                    live = live - {name}
                case Acc(target=Name(id=name), assign=True):
                    live = (live - {name}) | self.read_by(act)
                case Acc():
                    live = live | self.read_by(act)
                case Together(parts=parts):
                    live = live - {p.target.id for p in parts if isinstance(p.target, Name)}
                    live = live.union(*(self.read_by(p) for p in parts))
                case Let(value=value) | Pull(call=value):
                    live = live | (names(value) & self.primal.keys())
                case Do(stmt=stmt):
                    assert isinstance(stmt, Effect)
                    live = live | (names(stmt.value) & self.primal.keys())
                case When():
                    live = self.live_acts(act.then, live) | self.live_acts(act.other, live)
        return live

    def read_by(self, acc: Acc) -> set[str]:
        found = {n for t in acc.terms for e in (*t.factors, *t.denominators) for n in names(e)}
        if not acc.assign or not isinstance(acc.target, Name):
            found |= names(acc.target)
        return found & self.primal.keys()

    # --------------------------------------------------------------------------------------------------- states

    def node(self, node: Node, live: set[str], state: State) -> tuple[Node, State]:
        match node:
            case Step():
                acts, state = self.acts(node.acts, live, state)
                return replace(node, acts=acts), state
            case Fork():
                return self.fork(node, live, state)
            case Round():
                return self.round(node, live, state)

    def fork(self, node: Fork, live: set[str], state: State) -> tuple[Node, State]:
        body, one = self.run(node.body, live, state)
        orelse, two = self.run(node.orelse, live, state)
        early = [b for b in self.primal if b in live and state[b] == "zero" and _mixed(one[b], two[b])]
        if early:
            state = {**state, **dict.fromkeys(early, "clear")}
            new, state = self.fork(node, live, state)
            assert isinstance(new, Fork)
            return replace(new, before=[*map(self.zero, early), *new.before]), state
        ends: tuple[list[Act], list[Act]] = ([], [])
        merged: State = {}
        for bar in self.primal:
            merged[bar] = one[bar] if one[bar] == two[bar] else "set"
            if _mixed(one[bar], two[bar]):
                if bar in live:
                    ends[0 if one[bar] == "zero" else 1].append(self.zero(bar))
                else:
                    merged[bar] = "zero"
        return Fork(node.stmt, body, orelse, list(node.before), ends), merged

    def round(self, node: Round, live: set[str], state: State) -> tuple[Node, State]:
        at_head = self.live_before(node, live)
        before: list[str] = []
        head = dict(state)
        while True:
            body, out = self.run(node.body, at_head, head)
            end: list[Act] = []
            changed = False
            for bar in self.primal:
                if head[bar] == out[bar] or (head[bar] == "zero" and bar not in at_head):
                    continue
                if head[bar] == "zero":
                    before.append(bar)
                    head[bar] = "set"
                    changed = True
                elif out[bar] == "zero":
                    if bar in at_head:
                        end.append(self.zero(bar))
                    if head[bar] == "clear" and bar not in at_head:
                        continue
                elif head[bar] == "clear":
                    head[bar] = "set"
                    changed = True
            if not changed:
                return Round(node.stmt, body, node.trips, [*node.before, *map(self.zero, before)], end), head

    def acts(self, acts: Sequence[Act], live: set[str], state: State) -> tuple[list[Act], State]:
        state = dict(state)
        out: list[Act] = []
        gone: set[str] = set()  # temporaries that stand for zero
        for k, act in enumerate(acts):
            zero = {b for b, s in state.items() if s == "zero"} | gone
            match act:
                case Kill(name=name):
                    state[name] = "zero"
                case Let(name=name, value=value):
                    if names(value) & zero:
                        gone.add(name)
                    else:
                        out.append(act)
                case Pull(names=made, call=call):
                    self.pull(made, call, zero, gone, state, out)
                case Acc():
                    self.accumulate(act, zero, state, out)
                case Together():
                    self.together(act, zero, state, out)
                case Do(stmt=stmt):
                    assert isinstance(stmt, Effect)
                    out.append(Do(replace(stmt, value=self.with_zeros(stmt.value, zero))))
                case When():
                    later = self.live_acts(acts[k + 1 :], live)
                    state = self.when(act, later, state, out)
        return out, state

    def when(self, act: When, live: set[str], state: State, out: list[Act]) -> State:
        """A fork among the acts of one statement: zeros are written ahead of it."""
        node = Fork(None, [Step(None, list(act.then))], [Step(None, list(act.other))])  # type: ignore[arg-type]
        new, state = self.fork(node, live, state)
        assert isinstance(new, Fork)
        sides = []
        for steps, end in zip((new.body, new.orelse), new.ends, strict=True):
            sides.append((*(a for s in steps if isinstance(s, Step) for a in s.acts), *end))
        out.extend(new.before)
        if any(sides):
            out.append(When(act.test, *sides))
        return state

    def pull(
        self, made: tuple[str, ...], call: Call, zero: set[str], gone: set[str], state: State, out: list[Act]
    ) -> None:
        """The adjoint of a recursive call: of results whose adjoints are all zero it is zero, but what its forward
        function has put on the tape is to be taken off. So is that of a call as it is."""
        helper = helper_of(call)
        if helper is None:
            self.pull_as_it_is(made, call, zero, gone, out)
            return
        count = len(helper.callee.function.params)
        filled, seeds = call.args[count : count + len(helper.adds)], call.args[count + len(helper.adds) :]
        if not helper.on_tape and all(names(seed) & zero for seed in seeds):
            gone.update(made)
            return
        for base in dict.fromkeys(base_of(place) for place in filled):
            if base in self.primal:
                if base in zero:
                    out.append(self.zero(base))
                state[base] = "set"
        seeds = tuple(self.with_zeros(seed, zero) for seed in seeds)
        out.append(Pull(made, replace(call, args=(*call.args[:count], *filled, *seeds))))

    def pull_as_it_is(self, made: tuple[str, ...], call: Call, zero: set[str], gone: set[str], out: list[Act]) -> None:
        callee = called(call)
        first = len(call.args) - len(callee.part.asked) if isinstance(callee, Opaque) else 0
        seeds = call.args[first:]
        if all(names(seed) & zero for seed in seeds):
            gone.update(made)
            return
        seeds = tuple(self.with_zeros(seed, zero) for seed in seeds)
        out.append(Pull(made, replace(call, args=(*call.args[:first], *seeds))))

    def with_zeros(self, e: Expr, zero: set[str]) -> Expr:
        table: dict[str, Expr] = {}
        for bar in sorted(names(e) & zero & self.primal.keys()):
            type_ = self.types.get(self.primal[bar])
            scalar = isinstance(type_, Num) and type_.ndim == 0
            table[bar] = ZERO if scalar else Call(ZEROS_LIKE, (Name(self.primal[bar]),))
        return substitute(e, table)

    def accumulate(self, acc: Acc, zero: set[str], state: State, out: list[Act]) -> None:
        terms = tuple(self.guarded(t) for t in acc.terms if not t.mentions(zero))
        base = base_of(acc.target)
        assert base is not None
        if any(
            t.masks or any(is_call_of(e, first_max, first_min) for f in t.factors for e in subexprs(f)) for t in terms
        ):
            self.maybe_zero.add(base)  # where the mask leaves the value out
        if base not in self.primal:  # a shadow: it always has storage
            if terms or acc.assign:
                out.append(replace(acc, terms=terms))
            return
        if not isinstance(acc.target, Name):
            if not terms and not acc.assign:
                return
            if state[base] == "zero":
                out.append(self.zero(base))
            out.append(replace(acc, terms=terms))
            state[base] = "set"
            return
        if not terms:
            if acc.assign:
                state[base] = "zero"
            return
        if acc.assign or state[base] == "zero":
            out.extend(self.defined(base, terms))
        elif state[base] == "clear" and self.is_scalar(base):
            out.append(replace(acc, terms=terms, assign=True))
        else:
            out.append(replace(acc, terms=terms))
        state[base] = "set"

    def guarded(self, term: Term) -> Term:
        """A partial that may be infinite, times an adjoint that may be exactly zero because the value has not been
        used on the way taken: such a product is zero, not NaN (and no division by zero)."""
        seed = term.factors[-1]
        if isinstance(seed, Name) and term.singular and (seed.id in self.maybe_zero or seed.id in self.shadows):
            return guarded(term, Typer(self.types))
        return term

    def zero(self, bar: str, guard: bool = True) -> Acc:
        """Write the zero out."""
        if guard:
            self.maybe_zero.add(bar)
        return Acc(Name(bar), (), assign=True)

    def is_scalar(self, bar: str) -> bool:
        type_ = self.types.get(self.primal[bar])
        return isinstance(type_, Num) and type_.ndim == 0

    def defined(self, bar: str, terms: tuple[Term, ...]) -> list[Act]:
        """The acts that give an adjoint without storage its first value."""
        target = Name(bar)
        if self.is_scalar(bar):
            return [Acc(target, terms, assign=True)]
        wanted = like(self.primal[bar], self.types[self.primal[bar]])
        value = total(terms, Typer(self.types))
        found = Typer(self.types)(value)
        assert isinstance(wanted, Num)
        assert isinstance(found, Num)
        if found.ndim == 0 and wanted.ndim:
            return [Acc(target, (Term((Call(FULL_LIKE, (Name(self.primal[bar]), value)),)),), assign=True)]
        reads_itself = any(t.mentions({bar}) for t in terms)
        sure = found.ndim == wanted.ndim is not None and value_is_at_least(found, wanted)
        if wanted.is_complex and not found.is_complex and (sure or reads_itself):
            return [Acc(target, (Term((as_complex(value, wanted),)),), assign=True)]
        if (sure and found.dtype == wanted.dtype) or reads_itself:
            return [Acc(target, (Term((owned_like(value, found),)),) if not is_fresh(value) else terms, assign=True)]
        return [self.zero(bar, guard=False), Acc(target, terms)]

    def together(self, act: Together, zero: set[str], state: State, out: list[Act]) -> None:
        parts: list[Acc] = []
        killed: list[str] = []
        for part in act.parts:
            assert isinstance(part.target, Name)
            terms = tuple(t for t in part.terms if not t.mentions(zero))
            if terms:
                if not self.is_scalar(part.target.id):
                    value = total(terms, Typer(self.types))
                    type_, own = Typer(self.types)(value), self.types[self.primal[part.target.id]]
                    assert isinstance(type_, Num)
                    if isinstance(own, Num) and own.is_complex and not type_.is_complex:
                        value = as_complex(value, own)
                        terms = (Term((value,)),)
                    terms = terms if is_fresh(value) else (Term((owned_like(value, type_),)),)
                parts.append(Acc(part.target, terms, assign=True))
            else:
                killed.append(part.target.id)
        if parts:
            out.append(Together(tuple(parts)) if len(parts) > 1 else parts[0])
        for part in parts:
            assert isinstance(part.target, Name)
            state[part.target.id] = "set"
        for name in killed:
            state[name] = "zero"


def _mixed(a: str, b: str) -> bool:
    return (a == "zero") != (b == "zero")


def owned(e: Expr) -> Expr:
    """An array of its own: an adjoint never shares memory with another one."""
    return e if is_fresh(e) else Call(COPY, (e,))


def owned_like(e: Expr, type_: Num) -> Expr:
    """`owned`, for a value that may also be a number."""
    return e if is_fresh(e) else Call(COPIED if type_.ndim is None else COPY, (e,))


def as_complex(e: Expr, wanted: Num) -> Expr:
    """A real array as a complex one, into which complex numbers can be added."""
    dtype = np.complex64 if wanted.dtype == "complex64" else np.complex128
    return Call(ASTYPE, (e, Object(dtype, f"np.{dtype.__name__}")))


def is_fresh(e: Expr) -> bool:
    """Whether the value is made by computation, so that nobody else holds it."""
    match e:
        case Name() | Item() | Const() | Object():
            return False
        case Call(func=Object(value=np.real | np.imag), args=(whole,)):
            return is_fresh(whole)
        case Call(func=Object(value=runtime.unbroadcast), args=(given, _)):
            return is_fresh(given)  # (which it gives back as it is where there is nothing to sum)
        case Call(func=Object(value=function)):
            return not is_view(function)
    return True
