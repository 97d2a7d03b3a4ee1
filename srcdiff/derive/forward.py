"""The forward-mode derivative of a core program: each statement with its tangent beside it, in the program's order.

in:   y = x * x                          out:  y_dot = 2.0 * x * x_dot
      u[i] = math.sin(y)                       y = x * x
                                               u_dot[i] = math.cos(y) * y_dot
                                               u[i] = math.sin(y)

(A tangent that reads the result of its statement stands after it.)

The tangent of an array that is written in place has storage of its own, and the tangent of a view is the same view of
that storage.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from .. import runtime
from ..errors import UnsupportedSyntax
from ..ir.callee import Callee, Opaque, called
from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Comment,
    Const,
    Display,
    Effect,
    Expr,
    For,
    Function,
    If,
    Item,
    Name,
    Object,
    Origin,
    Param,
    Raise,
    Return,
    Stmt,
    Update,
    While,
)
from ..ir.types import ListOf, Num, Type
from ..ir.walk import assigned, is_call_of, map_stmt, mentioned, names, rename, statements, substitute, targets
from ..normalise import Core
from ..normalise.attempts import is_attempt
from ..rules.typing import TypeProblem, Typer, like, settled
from .helpers import Helpers
from .naming import Named
from .places import base_of
from .push import named_apart, replaced
from .request import Derived, Request, identifier, leaves
from .tangents import ZEROS_LIKE, Tangents, is_pop
from .terms import ZERO
from .zeros import as_complex, owned_like

ANY_ZEROS_LIKE = Object(runtime.zeros_like, "zeros_like")
_RESULT = Name("the result")


class Writer:
    """Writes what is computed beside each variable: its tangent, or (see `sparsity`) the inputs it depends on."""

    suffix = "dot"  # of the names of what is computed
    ending = "jvp"  # of the name of the function
    nothing: Expr = ZERO  # what belongs to a number that does not depend on the arguments

    def __init__(
        self, program: Named, request: Request, helpers: Helpers, asked: tuple[int, ...] | None = None
    ) -> None:
        self.program, self.request, self.helpers, self.asked = program, request, helpers, asked
        self.types, self.aliases, self.fresh = program.types, program.aliases, program.fresh
        self.dots: dict[str, str] = {}
        self.params = {name: self.dot(name) for name in request.wrt}
        for name in sorted(program.active - set(request.wrt)):
            self.dots[name] = self.dot(name)
        self.dots.update({n: d for n, d in self.params.items() if n in program.active})
        self.ahead: list[Stmt] = []
        self.wish = "tangent"
        self.tangents = self.expressions()

    def expressions(self) -> Tangents:
        return Tangents(self.types, self.aliases, self.dots, self.fresh, self.let)

    def dot(self, name: str) -> str:
        wish = f"{self.program.user_name.get(name, name)}_{self.suffix}"
        dot = self.fresh(wish)
        self.program.user_name[dot] = wish
        self.types[dot] = self.type_beside(name)
        return dot

    def type_beside(self, name: str) -> Type:
        """The type of what is computed beside a variable."""
        return like(name, self.types[name])

    def let(self, value: Expr) -> Name:
        name = self.temporary(value)
        self.ahead.append(Assign(name, value))
        return name

    def temporary(self, value: Expr) -> Name:
        """A name for a part of a tangent."""
        wish = f"{self.program.user_name.get(self.wish, self.wish)}_{self.suffix}"
        name = self.fresh(wish)
        self.program.user_name[name] = wish
        type_ = Typer(self.types)(value)
        self.types[name] = settled(type_.plain()) if isinstance(type_, Num) else type_
        return Name(name)

    # -------------------------------------------------------------------------------------------------- the function

    def derived(self, core: Core) -> Derived:
        program = self.program
        function = self.function(core)
        written = frozenset(p.name for p in core.function.params if p.name in program.copied)
        return Derived(function, program.types, program.user_name, {}, (), program.aliases, written)

    def function(self, core: Core) -> Function:
        original = self.program.function
        body = self.block(original.body)
        own = tuple(Param(p.name) for p in original.params)
        seeds = tuple(Param(self.params[name]) for name in self.request.wrt)
        # an argument that is held fixed, in a variable that is active further on
        fixed = [p.name for p in own if p.name in self.dots and p.name not in self.params]
        body = (*(Assign(Name(self.dots[name]), self.zero(name)) for name in fixed), *body)
        return Function(f"{identifier(core.function.name)}_{self.ending}", own + seeds, body, None, original.origin)

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for s in block:
            match s:
                case If() if is_attempt(s):
                    outcome = out.pop()
                    keeps, tried, tangents = self.attempted(s)
                    out += [*keeps, outcome, tried, *tangents]
                case If():
                    out.append(replace(s, body=self.block(s.body), orelse=self.block(s.orelse)))
                case For() | While():
                    out.append(replace(s, body=self.block(s.body)))
                case Return():
                    out.append(replace(s, value=self.returned(s.value or Const(None))))
                case _:
                    out.extend(self.simple(s))
        return tuple(out)

    def attempted(self, s: If) -> tuple[list[Stmt], If, list[Stmt]]:
        """The tangents of what is attempted follow it: an exception out of a tangent is not the program's. What they
        read of the time before is kept."""
        kept: dict[str, Name] = {}
        tangents: list[Stmt] = []
        for k, p in enumerate(s.body):
            if is_attempt(p):  # what is attempted inside of an attempt stands behind its outcome
                if self.block(s.body[k - 1 : k + 1]) != s.body[k - 1 : k + 1]:
                    raise _not_followed(s)
                continue
            found = self.simple(p) if isinstance(p, Assign | Effect) else list(self.block((p,)))
            if found == [p]:
                continue
            place = next((i for i, q in enumerate(found) if q is p), None)
            if place is None or _assigned_twice(s.body) or not isinstance(p, Assign) or isinstance(p.target, Item):
                raise _not_followed(s)
            for group, later in ((found[:place], s.body[k:]), (found[place + 1 :], s.body[k + 1 :])):
                mine = mentioned(tuple(group))
                table = {n: kept.setdefault(n, self.was(n)).id for n in sorted(assigned(later)) if n in mine}
                tangents += rename(tuple(group), table)
        tried = replace(s, orelse=self.block(s.orelse))
        keeps: list[Stmt] = [Assign(name, Name(n), s.origin) for n, name in kept.items()]
        follow: list[Stmt] = [If(s.test, tuple(tangents), (), s.origin)] if tangents else []
        return keeps, tried, follow

    def was(self, name: str) -> Name:
        wish = f"{self.program.user_name.get(name, name)}_was"
        was = self.fresh(wish)
        self.program.user_name[was] = wish
        self.types[was] = self.types[name]
        return Name(was)

    def returned(self, result: Expr) -> Expr:
        if self.asked is not None:
            found = leaves(result)
            return Display("tuple", (*found, *(self.tangent_of_result(found[k]) for k in self.asked)))
        tangent = self.tangent_of_result(result)
        return tangent if self.request.kind != "jvp" else Display("tuple", (result, tangent))

    def tangent_of_result(self, e: Expr) -> Expr:
        match e:
            case Display():
                return replace(e, items=tuple(map(self.tangent_of_result, e.items)))
            case Name(id=name):
                return Name(self.dots[name]) if name in self.dots else self.zero(name)
        return self.nothing

    # ---------------------------------------------------------------------------------------------------- statements

    def simple(self, s: Stmt) -> list[Stmt]:
        """The statement with its tangent. A problem without a place is one of the statement."""
        self.ahead = []
        try:
            if isinstance(s, Assign) and isinstance(s.value, Call) and (callee := called(s.value)) is not None:
                return self.call(s, callee, s.value)
            before, after = self.around(s)
        except TypeProblem as problem:
            problem.origin = problem.origin or s.origin
            raise
        return [*_of(s.origin, (*self.ahead, *before)), s, *_of(s.origin, after)]

    def call(self, s: Assign, callee: Callee, value: Call) -> list[Stmt]:
        """A call of a recursive function: its tangent is computed along with its results."""
        results = targets(s.target)
        asked = tuple(k for k, name in enumerate(results) if name in self.dots)
        active = tuple(k for k, a in enumerate(value.args) if self.tangents.is_active(a))
        if not asked or not active:
            zeros = [Assign(Name(self.dots[results[k]]), self.zero(results[k])) for k in asked]
            return [s, *_of(s.origin, zeros)]
        self.wish = results[0]
        if isinstance(callee, Opaque):
            return self.called_as_it_is(s, callee, value, active, asked)
        helper = self.helpers.push(callee, active, asked, self.ending)
        return self.called(s, value, Object(helper, helper.name), active, asked)

    def called_as_it_is(
        self, s: Assign, callee: Opaque, value: Call, active: tuple[int, ...], asked: tuple[int, ...]
    ) -> list[Stmt]:
        """A call of a function that is not read."""
        part = callee.part.tangent(active, asked)
        return self.called(s, value, Object(part.callee, part.name), active, asked)

    def called(
        self, s: Assign, value: Call, func: Object, active: tuple[int, ...], asked: tuple[int, ...]
    ) -> list[Stmt]:
        """The call of a function that gives the results, and after them what belongs to those `asked`."""
        results = targets(s.target)
        tangents = tuple(self.tangents.operand(value.args[k], False) for k in active)
        dots = (self.dots[results[k]] for k in asked)
        names = Display("tuple", (*map(Name, results), *map(Name, dots)))
        call = replace(value, func=func, args=(*value.args, *tangents))
        return [*_of(s.origin, self.ahead), replace(s, target=names, value=call)]

    def around(self, s: Stmt) -> tuple[list[Stmt], list[Stmt]]:
        """What stands before the statement, and what stands after it."""
        match s:
            case Assign(target=Name(id=name), value=value):
                return self.assigned(name, value)
            case Assign(target=Display(items=targets), value=Display(items=values)):
                given = [(t.id, v) for t, v in zip(targets, values, strict=True) if isinstance(t, Name)]
                both = [(name, self.new(v, name)) for name, v in given if name in self.dots]
                pairs = [(Name(self.dots[name]), found) for name, found in both if found is not None]
                zeros: list[Stmt] = [Assign(Name(self.dots[n]), self.zero(n)) for n, found in both if found is None]
                if len(pairs) < 2:
                    return [Assign(t, v) for t, v in pairs], zeros
                left, right = (Display("tuple", tuple(side)) for side in zip(*pairs, strict=True))
                return [Assign(left, right)], zeros
            case Assign(target=Display(items=targets), value=Call() as value):
                return [], self.unpacked([t for t in targets if isinstance(t, Name)], value)
            case Assign(target=Item() as place, value=value):
                if base_of(place) in self.dots:
                    self.wish = base_of(place) or self.wish
                    zero = self.zero_of(value) if isinstance(Typer(self.types)(place.base), ListOf) else self.nothing
                    return [self.stored(place, self.tangent(value) or zero)], []
            case Update():
                return self.updated(s), []
            case Effect(value=Call(args=(Name(id=name), item)) as call) if is_call_of(call, list.append):
                if name in self.dots and isinstance(Typer(self.types)(item), ListOf):
                    return [Effect(replace(call, args=tuple(map(self.tangents.mirrored, call.args))))], []
                if name in self.dots:
                    self.wish = name
                    dot = self.new(item, name) or self.zero_of(item)
                    return [Effect(replace(call, args=(Name(self.dots[name]), dot)))], []
            case Effect(value=Call(args=(Name(id=name),)) as call) if is_pop(call) and name in self.dots:
                return [Effect(replace(call, args=(Name(self.dots[name]),)))], []
            case Effect() | Break() | Raise() | Comment() | Assign():
                pass
            case _:
                raise TypeError(f"not a simple statement: {s!r}")
        return [], []

    def stored(self, place: Item, tangent: Expr) -> Stmt:
        """The write of a tangent, beside that of the value."""
        return Assign(self.tangents.mirrored(place), tangent)

    def unpacked(self, results: list[Name], value: Call) -> list[Stmt]:
        """The tangents of several results of one call, after it: they read the results."""
        wanted = [r for r in results if r.id in self.dots]
        if not wanted:
            return []
        self.wish = wanted[0].id
        places = [results.index(r) for r in wanted]
        parts = self.tangents.parts(value, Display("tuple", tuple(results)), places)
        found = dict(zip(results, parts, strict=True))
        ahead: list[Stmt] = []

        def let(value: Expr) -> Name:
            name = self.temporary(value)
            ahead.append(Assign(name, value))
            return name

        shared = named_apart([found[r] for r in wanted], let)
        return [*ahead, *(Assign(Name(self.dots[r.id]), replaced(found[r], shared)) for r in wanted)]

    def assigned(self, name: str, value: Expr) -> tuple[list[Stmt], list[Stmt]]:
        if is_pop(value):
            assert isinstance(value, Call)
            popped = self.tangents.mirrored(value) if names(value) & self.dots.keys() else None
            if popped is None:
                return ([], [Assign(Name(self.dots[name]), self.zero(name))]) if name in self.dots else ([], [])
            return [Assign(Name(self.dots[name]), popped) if name in self.dots else Effect(popped)], []
        if name not in self.dots:
            return [], []
        dot = Name(self.dots[name])
        if isinstance(self.types[name], ListOf):
            return [Assign(dot, self.list_of_tangents(value))], []
        self.wish = name
        found = self.new(value, name, _RESULT)
        if found is None:
            return [], [Assign(dot, self.first_zero(name, value))]
        self.ahead = [map_stmt(s, lambda e: substitute(e, {_RESULT.id: value}), lambda b: b) for s in self.ahead]
        if _RESULT.id not in names(found):
            return [Assign(dot, found)], []
        if name in names(found):  # it reads the old value, and so cannot read the new one by its name
            return [Assign(dot, substitute(found, {_RESULT.id: value}))], []
        return [], [Assign(dot, substitute(found, {_RESULT.id: Name(name)}))]

    def first_zero(self, name: str, value: Expr) -> Expr:
        """What belongs to a variable whose new value depends on nothing."""
        return value if is_call_of(value, np.zeros, np.zeros_like) else self.zero(name)

    def list_of_tangents(self, value: Expr) -> Expr:
        """The tangents of the items of a new list, or the list of tangents that belongs to a list."""
        if isinstance(value, Display) or is_call_of(value, runtime.zeros_like):
            return value
        if is_call_of(value, operator.mul):
            assert isinstance(value, Call)
            return replace(value, args=(Display("list", (self.nothing,)), value.args[1]))
        return self.tangents.mirrored(value)

    def new(self, value: Expr, name: str, result: Expr | None = None) -> Expr | None:
        """The tangent of a new value of a variable: among the tangents of arrays that are written in place, memory is
        shared exactly where the values share it."""
        if isinstance(Typer(self.types)(value), ListOf):
            return self.list_of_tangents(value)
        if any(n in self.dots and self.aliases.mutable(n) for n in self.aliases.shares(value)):
            return self.tangents.mirrored(value)
        found = self.tangent(value, result)
        written = {self.dots[n] for n in self.dots if self.aliases.is_array(n) and self.aliases.mutable(n)}
        if found is None or not written & {self.dots[name], base_of(found)}:
            return found
        type_ = Typer(self.types)(found)
        assert isinstance(type_, Num)
        return self.owned(found, type_, self.types[name])

    def owned(self, found: Expr, type_: Num, own: Type) -> Expr:
        """A tangent that may be written in place, for a variable of the type `own`."""
        if isinstance(own, Num) and own.is_complex and not type_.is_complex and type_.ndim != 0:
            return as_complex(found, own)  # complex numbers may be written into it
        return found if type_.ndim == 0 else owned_like(found, type_)

    def updated(self, s: Update) -> list[Stmt]:
        base = base_of(s.target)
        if base is None or base not in self.dots:
            return []
        self.wish = base
        target = self.tangents.mirrored(s.target)
        if s.op.value in (operator.add, operator.sub):
            found = self.tangent(s.value)
            return [] if found is None else [Update(target, s.op, found)]
        found = self.tangent(Call(s.op, (s.target, s.value))) or self.nothing
        whole = isinstance(target, Name) and self.aliases.is_array(base)
        return [Assign(Item(target, Const(Ellipsis)) if whole else target, found)]

    # ------------------------------------------------------------------------------------------------------- tangents

    def tangent(self, value: Expr, result: Expr | None = None) -> Expr | None:
        if result is not None:
            assert isinstance(result, Name)
            self.types[result.id] = settled(Typer(self.types)(value))
        self.tangents.result = result
        return self.tangents.of(value, top=result is not None)

    def zero(self, name: str) -> Expr:
        """The zero tangent of a variable, made after it."""
        return self.zero_of(Name(name))

    def zeros_of_list(self, e: Expr, type_: ListOf) -> Expr:
        """What belongs to a list whose items depend on nothing."""
        if type_.item is None:
            return Display("list", ())
        if isinstance(type_.item, Num) and type_.item.ndim == 0:
            return Call(Object(operator.mul, "*"), (Display("list", (self.nothing,)), Call(Object(len, "len"), (e,))))
        return Call(ANY_ZEROS_LIKE, (e,))

    def zero_of(self, e: Expr) -> Expr:
        type_ = Typer(self.types)(e)
        if isinstance(type_, ListOf):
            return self.zeros_of_list(e, type_)
        if not isinstance(type_, Num) or type_.ndim == 0:
            return self.nothing
        return Call(ANY_ZEROS_LIKE if type_.ndim is None else ZEROS_LIKE, (e,))


def _of(origin: Origin | None, block: Iterable[Stmt]) -> list[Stmt]:
    """Statements that stand for one of the user's."""
    return [s if s.origin is not None else replace(s, origin=origin) for s in block]


def _assigned_twice(body: Block) -> bool:
    found = [name for s in statements(body) if isinstance(s, Assign) for name in targets(s.target)]
    return len(found) > len(set(found))


def _not_followed(s: If) -> TypeProblem:
    problem = TypeProblem(
        UnsupportedSyntax,
        "forward mode through a `try` whose body branches, writes in place or assigns a variable twice",
        "the tangents follow the body, so that no exception of theirs is taken for one of the program",
        "compute into new variables inside `try`, or use reverse mode",
        None,
    )
    problem.origin = s.origin
    return problem
