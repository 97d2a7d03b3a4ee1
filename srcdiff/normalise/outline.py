"""What is to be computed again in the reverse sweep as functions of their own, which are called.

in:   recomputing("step")                     out:  def step(x): step_1 = np.sin(x) * x; return step_1
      step_1 = np.sin(x) * x
      recomputed()                                  step_1 = step(x)

in:   keeping(20)                             out:  def f_loop(u, c, start, stop):
      for t in range(n):                                for t in range(start, stop):
          u = u + c * np.sin(u)                             u = u + c * np.sin(u)
                                                        return u

                                                    u = f_loop(u, c, 0, n)

Parameters are the variables that are read before they are bound, results those that are bound and mentioned elsewhere.
What a function writes in place is seen to by `finish`, as for recursive functions.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from ..analysis.aliases import analyse
from ..analysis.liveness import live_before
from ..errors import UnsupportedCall, UnsupportedSyntax, UnsupportedType
from ..ir.callee import Callee, Trips, called, is_opaque
from ..ir.marks import keeping, recomputed, recomputing
from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Const,
    Display,
    Effect,
    Expr,
    For,
    Function,
    Name,
    Object,
    Origin,
    Param,
    Return,
    Stmt,
    Update,
)
from ..ir.types import BOOL, INT, Num, Type, describe
from ..ir.walk import (
    Fresh,
    assigned,
    blocks,
    expressions,
    is_call_of,
    map_stmt,
    mentioned,
    ordered_names,
    rename,
    statements,
    subexprs,
    targets,
)
from ..rules.effects import calls_with_effect
from ..rules.typing import TypeProblem
from .iteration import ENDLESS, RANGE, endless, range_bounds
from .memory import memory_of, written_classes
from .paths import exits_of, flagged
from .webs import split_webs, web_types

# What is computed again: nothing, calls of `checkpoint(f)`, or these and the trips of loops over `checkpointed(...)`.
Recompute = Literal["nothing", "calls", "loops"]
COPY = Object(np.ndarray.copy, "copy")


@dataclass
class Outlined:
    """`callees` are the functions that have been made, inner ones first; `user_name` gives the names in the user's
    program of the variables that have got others."""

    function: Function
    callees: list[Callee] = field(default_factory=list)
    user_name: dict[str, str] = field(default_factory=dict)


def is_marked(block: Block) -> bool:
    return any(_is_mark(s, recomputing, keeping) for s in statements(block))


def _is_mark(s: Stmt, *marks: object) -> bool:
    return isinstance(s, Effect) and is_call_of(s.value, *marks)


def without_marks(function: Function, recompute: Recompute) -> Function:
    """The function with no more marks than those of what is to be computed again."""
    gone = {"nothing": (recomputing, recomputed, keeping), "calls": (keeping,), "loops": ()}[recompute]
    fresh = Fresh(mentioned(function.body) | {p.name for p in function.params})

    def block(b: Block) -> Block:
        out: list[Stmt] = []
        for s in b:
            s = map_stmt(s, lambda e: e, block)
            if isinstance(s, For) and keeping in gone and s.iter == Call(RANGE, (ENDLESS,)):
                out.extend(endless(s, fresh(f"{ordered_names(s.target)[0]}_next")))
            elif not _is_mark(s, *gone):
                out.append(s)
        return tuple(out)

    return replace(function, body=block(function.body))


def outlined(function: Function, types: dict[str, Type]) -> Outlined:
    """The function with calls in the places of its marked parts. Raises TypeProblem for what cannot be computed again
    by a function of its own."""
    function, user_name = split_webs(function)
    found = Outlined(function, [], user_name)
    while is_marked(found.function.body):
        outline = _Outline(found.function, web_types(found.function, types), user_name)
        found.function = replace(found.function, body=outline.first(found.function.body))
        found.callees += outline.made
    return found


class _Outline:
    """One part of a function taken out of it."""

    def __init__(self, function: Function, types: dict[str, Type], user_name: dict[str, str]) -> None:
        self.function, self.types, self.user_name = function, types, user_name
        self.made: list[Callee] = []
        self.before: set[str] = set()  # the variables that are bound in front of the part

    def first(self, block: Block) -> Block:
        """The block with the first part that has none inside of it taken out."""
        for k, s in enumerate(block):
            if _is_mark(s, recomputing):
                end = _end(block, k)
                inside = block[k + 1 : end]
                if is_marked(inside):
                    return (*block[: k + 1], *self.first(inside), *block[end:])
                return (*block[:k], *self.part(s, inside), *block[end + 1 :])
            if _is_mark(s, keeping):
                loop = block[k + 1]
                assert isinstance(loop, For)
                if is_marked(loop.body):
                    return (*block[: k + 1], replace(loop, body=self.first(loop.body)), *block[k + 2 :])
                return (*block[:k], *self.loop(s, loop), *block[k + 2 :])
            if any(is_marked(inner) for inner in blocks(s)):
                done = False

                def one(inner: Block) -> Block:
                    nonlocal done
                    if done or not is_marked(inner):
                        return inner
                    done = True
                    return self.first(inner)

                return (*block[:k], map_stmt(s, lambda e: e, one), *block[k + 1 :])
        raise AssertionError("no part is marked")

    # ---------------------------------------------------------------------------------------------- calls and loops

    def part(self, head: Stmt, body: Block) -> Block:
        """The statements of a call of `checkpoint(f)` as a call."""
        assert isinstance(head, Effect)
        assert isinstance(head.value, Call)
        (name,) = head.value.args
        assert isinstance(name, Const)
        self.check_effects(body)
        self.before = self.bound_before(head)
        results = self.results(body)
        if not results and not any(isinstance(s, Assign | Update) for s in statements(body)):
            return body
        callee, _ = self.callee(name.value, body, results, head.origin)
        callee.recomputed = True
        return (_call(callee, tuple(Name(p.name) for p in callee.function.params), results, head.origin),)

    def loop(self, head: Stmt, loop: For) -> Block:
        """A loop over `checkpointed(...)` as a call; one that carries nothing from trip to trip stays as it is."""
        assert isinstance(head, Effect)
        assert isinstance(head.value, Call)
        assert isinstance(loop.target, Name)
        self.check_effects(loop.body)
        (snapshots,) = head.value.args
        self.before = self.bound_before(head)
        results = self.handed_on(loop)
        ahead = [
            self.without_value(n, head.origin) for n in results if n not in self.before and _is_returned(n, loop.body)
        ]
        if isinstance(snapshots, Name):
            ahead.append(Assign(kept := Name(self.fresh("snapshots", INT)), snapshots, head.origin))
            snapshots = kept
        bounds = tuple(Name(self.fresh(wish, INT)) for wish in ("start", "stop"))
        last = (*((snapshots.id,) if isinstance(snapshots, Name) else ()), *(b.id for b in bounds))
        whole = replace(loop, iter=Call(RANGE, bounds))
        name = _identifier(self.function.name)
        callee, copied = self.callee(f"{name}_loop", (whole,), results, loop.origin, last)
        body, step_results, left = loop.body, [n for n in results if n in assigned(loop.body)], None
        if Break in exits_of(body):
            left = self.fresh("left", BOOL)
            body = (Assign(Name(left), Const(False), loop.origin), *flagged(body, Break, left, None))
            step_results.append(left)
        self.before.add(loop.target.id)
        step, _ = self.callee(f"{name}_step", body, step_results, loop.origin)
        if not (step.written or copied or set(step_results) & step.types.keys()):
            del self.made[:]
            if loop.iter == Call(RANGE, (ENDLESS,)):
                return endless(loop, self.fresh(f"{loop.target.id}_next", INT))
            return (loop,)
        steps = tuple(n for n in step_results if n != left)
        callee.trips = Trips(snapshots, step, loop.target.id, tuple(results), steps, copied, left)
        self.made = [callee, step]
        assert isinstance(loop.iter, Call)
        args = (*(Name(p.name) for p in callee.function.params[:-2]), *range_bounds(loop.iter)[:2])
        return (*ahead, _call(callee, args, results, loop.origin))

    def callee(
        self, name: str, body: Block, results: list[str], origin: Origin | None, last: tuple[str, ...] = ()
    ) -> tuple[Callee, tuple[str, ...]]:
        """The block as a function of what it reads; and which of its parameters it copies, since they are bound anew
        and what they stand for is written in place, so that a parameter in the end is not what it was. `last` are the
        parameters that come at the end."""
        name = _identifier(name)
        read = live_before(body, set(results)) - set(last)
        if last:  # a loop without a trip binds nothing: a variable that it binds first has no value before, nor then
            read = {n for n in read if n in self.before}
        params = [n for n in dict.fromkeys((*_in_order(body), *results)) if n in read]
        for n in params:
            self.check_value(n, origin)
        for n in (*params, *results):
            self.check_type(n, origin)
        types = {n: self.types[n] for n in (*params, *last)}
        numbers = tuple(_lasting(self.types[n]) for n in results)
        function = _function(name, (*params, *last), body, results, origin)
        copied = _copied(function, types)
        if copied or name in mentioned(body):
            table = {n: self.fresh(n, self.types[n]) for n in copied}
            copies = tuple(Assign(Name(own), Call(COPY, (Name(n),)), origin) for n, own in table.items())
            if name in mentioned(body) and name not in types:  # a result that is called like its function
                table[name] = self.fresh("result", self.types[name])
            own_results = [table.get(n, n) for n in results]
            function = _function(name, (*params, *last), (*copies, *rename(body, table)), own_results, origin)
        known = {n: self.user_name[n] for n in mentioned(function.body) if n in self.user_name}
        made = Callee(function.name, function, types, numbers, user_name=known)
        made.shares, made.tied, made.written = memory_of(made)
        self.made.append(made)
        return made, copied

    def fresh(self, wish: str, type_: Type) -> str:
        user = self.user_name.get(wish, wish)
        name = Fresh(mentioned(self.function.body) | set(self.types))(user)
        self.types[name], self.user_name[name] = type_, user
        return name

    def bound_before(self, head: Stmt) -> set[str]:
        """The variables that a statement in front of a part binds."""
        ahead = tuple(itertools.takewhile(lambda s: s is not head, statements(self.function.body)))
        return {p.name for p in self.function.params} | set(_binds_of(ahead, self.types))

    def without_value(self, name: str, origin: Origin | None) -> Stmt:
        """A value for what a loop returns, if it does not: nothing reads it."""
        self.before.add(name)
        type_ = self.types[name]
        assert isinstance(type_, Num)
        shape = Display("tuple", (Const(0),) * (type_.ndim or 0))
        scalar = Const(0.0) if type_.is_inexact else Const(False) if type_.dtype == "bool" else Const(0)
        value = Call(Object(np.zeros, "np.zeros"), (shape,)) if type_.is_array else scalar
        return Assign(Name(name), value, origin)

    def handed_on(self, loop: For) -> list[str]:
        """What a loop binds and others mention, or its own next trip reads."""
        outside = set(self.results((loop,)))
        bound = set(_binds(loop.body, self.types))
        carried = live_before((loop,), set()) & bound
        return [n for n in _in_order((loop,)) if n in outside or n in carried]

    def results(self, body: Block) -> list[str]:
        """What a part binds and others mention."""
        outside = _mentions(self.function.body) - _mentions(body)
        bound = set(_binds(body, self.types))
        return [n for n in _in_order(body) if n in outside and n in bound]

    # ------------------------------------------------------------------------------------------------------ refusals

    def check_effects(self, body: Block) -> None:
        self.check_reading(body)
        for s, call, effect in calls_with_effect(body):
            if effect.state == "mark":
                continue
            tells = effect.state == "output"
            problem = TypeProblem(
                UnsupportedCall,
                f"`{getattr(call.func, 'text', 'a call')}` in what the reverse sweep computes again",
                "what has an effect is to run exactly once"
                if tells
                else "it would give something else the second time",
                "do it outside" if tells else "draw outside, into an array or a variable, and read that",
                call.at,
            )
            problem.origin = s.origin
            raise problem

    def check_reading(self, body: Block) -> None:
        """Refuse calls of what is not read: it may draw, or keep something from one call to the next."""
        for s, e in _unread(body, set()):
            name = getattr(e.func, "text", "a call")
            problem = TypeProblem(
                UnsupportedCall,
                f"`{name}`, which runs on the tape, in what the reverse sweep computes again",
                "its source is not read: nothing says that it would give the same the second time",
                "call it outside of this part",
                e.at,
            )
            problem.origin = s.origin
            raise problem

    def check_value(self, name: str, origin: Origin | None) -> None:
        """Refuse a variable that is bound in the part alone and may be read before: it would need a value first."""
        if name in self.before:
            return
        user = self.user_name.get(name, name)
        problem = TypeProblem(
            UnsupportedSyntax,
            f"`{user}`, which a part that the reverse sweep computes again binds on some of its paths only",
            "it is handed on from one run of that part to the next, and has no value at the first one",
            f"give `{user}` a value before the loop",
        )
        problem.origin = origin
        raise problem

    def check_type(self, name: str, origin: Origin | None) -> None:
        type_ = self.types.get(name)
        if isinstance(type_, Num):
            return
        user, kind = self.user_name.get(name, name), describe(type_) if type_ is not None else "value"
        problem = TypeProblem(
            UnsupportedType,
            f"`{user}`, a {kind}, in what the reverse sweep computes again",
            "it has to be kept and brought back, which is done for numbers and arrays",
            "keep it out of this part; what grows there can be an array that is made before and written into",
        )
        problem.origin = origin
        raise problem


def _copied(function: Function, types: dict[str, Type]) -> tuple[str, ...]:
    """The parameters that are bound anew, and the arrays that they stand for written."""
    function, _ = split_webs(function)
    own_types = web_types(function, types)
    aliases = analyse(function, own_types, check=False)
    bound, written = set(_binds(function.body, own_types)), written_classes(function, aliases)
    arrays = [p.name for p in function.params if aliases.is_array(p.name)]
    return tuple(n for n in arrays if n in bound and aliases.find(n) in written)


def _function(name: str, params: tuple[str, ...], body: Block, results: list[str], origin: Origin | None) -> Function:
    names = tuple(map(Name, results))
    value: Expr = names[0] if len(names) == 1 else Display("tuple", names)
    return Function(name, tuple(map(Param, params)), (*body, Return(value, origin)), None, origin)


def _call(callee: Callee, args: tuple[Expr, ...], results: list[str], origin: Origin | None) -> Stmt:
    names = tuple(map(Name, results))
    target: Expr = names[0] if len(names) == 1 else Display("tuple", names)
    return Assign(target, Call(Object(callee, callee.name), args), origin)


def _end(block: Block, start: int) -> int:
    """Where the part that begins there ends; one that ends in an exception goes as far as its block."""
    depth = 0
    for k in range(start, len(block)):
        depth += _is_mark(block[k], recomputing) - _is_mark(block[k], recomputed)
        if depth == 0:
            return k
    return len(block)


def _identifier(name: str) -> str:
    return name if name.isidentifier() else "function"


def _lasting(type_: Type) -> Num:
    assert isinstance(type_, Num)
    return replace(type_, value=None, boxed=False)


def _in_order(body: Block) -> list[str]:
    """The variables of a block in the order of the text."""
    return list(dict.fromkeys(n for s in statements(body) for e in expressions(s) for n in ordered_names(e)))


def _binds(body: Block, types: dict[str, Type]) -> Iterator[str]:
    """The variables that a block binds; `u += v` of an array binds nothing."""
    return _binds_of(statements(body), types)


def _binds_of(body: Iterable[Stmt], types: dict[str, Type]) -> Iterator[str]:
    for s in body:
        if isinstance(s, Assign | For):
            yield from targets(s.target)
        elif isinstance(s, Update) and isinstance(s.target, Name):
            type_ = types.get(s.target.id)
            if not (isinstance(type_, Num) and type_.is_array):
                yield s.target.id


def _is_returned(name: str, body: Block) -> bool:
    """Whether a loop binds a variable only where it leaves with it, for a `return`."""
    binding = [b for b in _all_blocks(body) if any(isinstance(s, Assign) and name in targets(s.target) for s in b)]
    return bool(binding) and all(
        isinstance(b[-1], Break) and any(isinstance(s, Assign) and _is_flag(s) for s in b) for b in binding
    )


def _is_flag(s: Assign) -> bool:
    return s.value == Const(True) and isinstance(s.target, Name) and s.target.id.startswith("returned")


def _all_blocks(body: Block) -> Iterator[Block]:
    yield body
    for s in body:
        for inner in blocks(s):
            yield from _all_blocks(inner)


def _mentions(body: Block) -> Counter[str]:
    return Counter(n for s in statements(body) for e in expressions(s) for n in ordered_names(e))


def _unread(body: Block, seen: set[int]) -> Iterator[tuple[Stmt, Call]]:
    """The calls of what is not read in a block, and in the recursive functions that it calls."""
    for s in statements(body):
        for e in (part for top in expressions(s) for part in subexprs(top)):
            callee = called(e)
            if isinstance(e, Call) and is_opaque(e):
                yield s, e
            elif callee is not None and id(callee) not in seen:
                seen.add(id(callee))
                yield from _unread(callee.function.body, seen)
