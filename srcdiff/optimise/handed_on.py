"""An element that a trip of a loop leaves to the next one is handed on in a variable.

in:   for k in range(1, n):                       out:  y_before = y[0]
          y[k] = x[k] + a * y[k - 1]                    for k in range(1, n):
                                                            y_before = x[k] + a * y_before
                                                            y[k] = y_before

Each trip waits for the one before, and by way of memory it waits half as long again. A compiler cannot do it: it does
not know that `x` is not `y`. (Scalar replacement: Callahan, Carr and Kennedy, Improving register allocation for
subscripted variables, PLDI 1990.)

The variable is what the last write of a trip leaves, and it is read where the next trip has written nothing yet to any
array that may share that memory: no other write can lie between the two.
"""

from __future__ import annotations

import operator
from collections.abc import Hashable, Iterator
from dataclasses import replace

from ..analysis.affine import Form, affine, constant, difference
from ..analysis.dependence import range_of
from ..ir.nodes import (
    Assign,
    Block,
    Call,
    Choice,
    Const,
    Expr,
    For,
    Function,
    Item,
    Name,
    Object,
    Stmt,
    Update,
    While,
)
from ..ir.types import Num, Type
from ..ir.walk import (
    Fresh,
    assigned,
    children,
    expressions,
    is_call_of,
    map_stmt,
    mentioned,
    names,
    rebuild,
    statements,
    subexprs,
    substitute,
    targets,
)
from ..normalise.iteration import plus
from ..rules.typing import Typer
from .existing import Inside, is_sure
from .independence import is_plain, known_in
from .storage import Storage, parts

Loops = tuple[For | While, ...]
_MORE = Object(operator.gt, ">")


def handed_on(function: Function, types: dict[str, Type], wished: dict[str, str]) -> Function:
    """The function with what its innermost loops carry in elements of arrays in variables beside them."""
    return replace(function, body=_HandedOn(function, types, wished).block(function.body, ()))


class _HandedOn:
    def __init__(self, function: Function, types: dict[str, Type], wished: dict[str, str]) -> None:
        self.types, self.wished = types, wished
        self.storage = Storage(function, types)
        self.inside = Inside(function, self.storage, types)
        self.fresh = Fresh(mentioned(function.body) | {p.name for p in function.params})

    def block(self, block: Block, around: Loops) -> Block:
        out: list[Stmt] = []
        for s in block:
            match s:
                case For(target=Name()) if is_call_of(s.iter, range) and _is_innermost(s):
                    out.extend(self.innermost(s, around))
                case For() | While():
                    out.append(replace(s, body=self.block(s.body, (*around, s))))
                case _:
                    out.append(map_stmt(s, lambda e: e, lambda b: self.block(b, around)))
        return tuple(out)

    def innermost(self, s: For, around: Loops) -> list[Stmt]:
        ahead: list[Stmt] = []
        for k, last in reversed([*enumerate(s.body)]):
            trip = _Trip(self, s, k)
            match last:
                case Assign(target=Item(base=Name())) | Update(target=Item(base=Name())) if trip.is_carried:
                    before = self.named(last.target)
                    ahead.append(Assign(before, self.ahead_of(s, around, trip.first, trip.is_up)))
                    s = replace(s, body=trip.with_variable(before))
                case _:
                    pass
        return [*ahead, s]

    def ahead_of(self, s: For, around: Loops, first: Item, is_up: bool) -> Expr:
        """What the first trip finds; where that may not exist, without a trip, zero."""
        assert isinstance(first.base, Name)
        if self.inside.exists(first.base.id, parts(first), around, known_in((*around, s), self.types)):
            return first
        start, stop, _ = range_of(s)
        return Choice(_exceeds(stop, start) if is_up else _exceeds(start, stop), first, Const(0.0))

    def named(self, element: Expr) -> Name:
        assert isinstance(element, Item)
        assert isinstance(element.base, Name)
        wish = f"{self.wished.get(element.base.id, element.base.id)}_before"
        name = self.fresh(wish)
        self.wished[name], self.types[name] = wish, Num("float64")
        return Name(name)


class _Trip:
    """A trip of a loop, and the statement at `end` as the one whose element the next trip reads. Up to `begin`, the
    statement of the first other write, the variable has what that trip finds in the element."""

    def __init__(self, around: _HandedOn, loop: For, end: int) -> None:
        self.types, self.storage, self.loop, self.end = around.types, around.storage, loop, end
        self.bound = assigned((loop,))
        self.start, _, self.step = range_of(loop)
        self.reads: dict[Expr, Item] = {}
        self.begin = end
        last = loop.body[end]
        if isinstance(last, Assign | Update) and isinstance(last.target, Item) and self.is_last(last, last.target):
            left = last.target
            self.begin = next((k for k in range(end) if self.is_other(loop.body[k], left)), end)
            found = (e for e in self.read_ahead() if isinstance(e, Item))
            self.reads = {e: e for e in found if self.is_handed_on(e, left)}

    @property
    def is_up(self) -> bool:
        return isinstance(self.step, Const) and self.step.value > 0

    @property
    def first(self) -> Item:
        """The element that the first trip reads."""
        found = _folded(substitute(next(iter(self.reads.values())), {self.counter: self.start}))
        assert isinstance(found, Item)
        return found

    @property
    def is_carried(self) -> bool:
        """Whether every trip surely reads the element, and what it leaves is made of it."""
        if not any(e in self.reads for s in self.loop.body[: self.begin + 1] if is_sure(s) for e in _read(s)):
            return False
        made: set[str] = set()
        for s in self.loop.body[: self.end + 1]:
            is_made = any(e in self.reads or names(e) & made for i in statements((s,)) for e in _read(i))
            if is_made and s is self.loop.body[self.end]:
                return True
            made |= {n for i in statements((s,)) for n in _changed(i)} if is_made else set()
        return False

    def is_last(self, s: Assign | Update, place: Item) -> bool:
        """Whether nothing is written behind a place, all is of full width, and the step is known."""
        if not isinstance(self.step, Const) or not isinstance(self.step.value, int) or not self.step.value:
            return False
        if not isinstance(place.base, Name) or place.base.id in self.bound:
            return False
        if not self.is_double(place) or not self.is_double(s.value):
            return False
        return not any(self.writes(other, place) for other in self.loop.body[self.end + 1 :])

    def is_double(self, e: Expr) -> bool:
        type_ = Typer(self.types)(e)
        return isinstance(type_, Num) and type_.ndim == 0 and type_.dtype == "float64"

    def writes(self, s: Stmt, place: Item) -> bool:
        """Whether a statement writes to what may share memory with that of a place."""
        assert isinstance(place.base, Name)
        own = self.storage.find(place.base.id)
        return any(a.kind != "read" and self.storage.find(a.name) == own for a in self.storage.accesses((s,)))

    def is_other(self, s: Stmt, left: Item) -> bool:
        """Whether a statement writes there, but for a sum into the element that has been handed on."""
        if isinstance(s, Update) and isinstance(s.target, Item) and self.is_handed_on(s.target, left):
            return not self.is_double(s.value)
        return self.writes(s, left)

    def read_ahead(self) -> Iterator[Expr]:
        """What is read ahead of the first write, or by it."""
        for s in self.loop.body[: self.begin]:
            for i in statements((s,)):
                yield from _read(i)
        s = self.loop.body[self.begin]
        if isinstance(s, Assign | Update):
            yield from _read(s)

    def is_handed_on(self, e: Item, left: Item) -> bool:
        """Whether an element on the next trip is the one that is left by this one."""
        if e.base != left.base or len(parts(e)) != len(parts(left)):
            return False
        step = self.step.value if isinstance(self.step, Const) and isinstance(self.step.value, int) else 0
        for read, written in zip(parts(e), parts(left), strict=True):
            forms = self.form(read), self.form(written)
            if forms[0] is None or forms[1] is None:
                if read != written or names(read) & self.bound or any(isinstance(e, Item) for e in subexprs(read)):
                    return False
            elif difference(_next(forms[0], self.counter, step), forms[1]):
                return False
        return True

    @property
    def counter(self) -> str:
        assert isinstance(self.loop.target, Name)
        return self.loop.target.id

    def form(self, e: Expr) -> Form | None:
        return affine(e, self.variable)

    def variable(self, e: Expr) -> Hashable | None:
        if isinstance(e, Name) and e.id == self.counter:
            return None if self.counter in assigned(self.loop.body) else self.counter
        type_ = self.types.get(e.id) if isinstance(e, Name) else Num("int64")
        whole = isinstance(type_, Num) and type_.is_integral and type_.ndim == 0
        return e if whole and not names(e) & self.bound else None

    def with_variable(self, before: Name) -> Block:
        """The body with the variable in place of the element."""
        return tuple(new for k, s in enumerate(self.loop.body) for new in self.rewritten(s, k, before))

    def rewritten(self, s: Stmt, k: int, before: Name) -> Block:
        def expr(e: Expr) -> Expr:
            return before if e in self.reads else rebuild(e, expr)

        def block(b: Block) -> Block:
            return tuple(map_stmt(s, expr, block) for s in b)

        if not isinstance(s, Assign | Update) or k > self.begin:
            s = s if k >= self.begin else map_stmt(s, expr, block)
        elif isinstance(s, Update) and s.target in self.reads:
            new = Update(before, s.op, expr(s.value), s.origin, s.adjoint_of)
            return new, Assign(s.target, before, adjoint_of=s.adjoint_of)
        else:
            s = replace(s, value=expr(s.value))
        if k != self.end:
            return (s,)
        assert isinstance(s, Assign | Update)
        value = Call(s.op, (s.target, s.value)) if isinstance(s, Update) else s.value
        return Assign(before, value, s.origin, s.adjoint_of), Assign(s.target, before, adjoint_of=s.adjoint_of)


def _exceeds(a: Expr, b: Expr) -> Expr:
    """`a > b`, with the numbers on one side."""
    match a, b:
        case Call(func=Object(value=operator.sub), args=(x, Const(value=int(c)))), Const(value=int(low)):
            return Call(_MORE, (x, Const(low + c)))
    return Call(_MORE, (a, b))


def _folded(e: Expr) -> Expr:
    match rebuild(e, _folded):
        case Call(func=Object(value=operator.add), args=(a, b)):
            return plus(a, b)
        case Call(func=Object(value=operator.sub), args=(a, Const(value=int(c)))):
            return plus(a, Const(-c))
        case new:
            return new


def _next(form: Form, counter: str, step: int) -> Form:
    """A form on the next trip."""
    return difference(form, constant(-step * form.get(counter, 0)))


def _is_innermost(s: For) -> bool:
    return all(is_plain(i) and not isinstance(i, For | While) for i in statements(s.body))


def _read(s: Stmt) -> Iterator[Expr]:
    """The expressions that a statement itself evaluates, with their parts; a place that it only writes to is none."""
    for e in expressions(s):
        is_place = isinstance(s, Assign) and e is s.target
        for part in children(e) if is_place else (e,):
            yield from subexprs(part)


def _changed(s: Stmt) -> set[str]:
    """The variables that a statement binds, and the arrays that it writes to."""
    if not isinstance(s, Assign | Update):
        return set()
    return {*targets(s.target), *(names(s.target.base) if isinstance(s.target, Item) else ())}
