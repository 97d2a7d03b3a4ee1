"""The adjoint that a loop carries from trip to trip is multiplied by one factor, which is made beside it.

in:   for i in range(n - 1, -1, -1):              out:  for i in range(n - 1, -1, -1):
          if abs(r) < 1.0:                                  if abs(r) < 1.0:
              r_bar = r * s_bar                                 ds_dr = r
          else:                                             else:
              r_bar = np.sign(r) * s_bar                        ds_dr = np.sign(r)
          x_bar[i] += r_bar                                 r_bar = ds_dr * s_bar
          s_bar -= rate * r_bar                             x_bar[i] += r_bar
                                                            s_bar *= 1.0 - rate * ds_dr

A processor makes the factors of several trips at a time, but each trip waits for the adjoint of the one before: one
operation long is the shortest that this can be. What the function itself computes keeps its order of operations, so
that both sweeps take the same branches.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Set
from dataclasses import replace
from typing import NamedTuple

from ..derive.terms import ADD, DIV, MUL, NEG, SUB, negative
from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Const,
    Expr,
    For,
    Function,
    If,
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
    statements,
    subexprs,
)
from ..rules.typing import Typer
from .dead import drop_dead

ONE = Const(1.0)
_NOTHING: Block = ()
QUOTIENT = 3  # how many products a division is as long as
MORE = 2  # operations beside the chain for one on it: they take half a cycle each, that one takes four


class Linear(NamedTuple):
    """`factor * c + rest` of the carried adjoint `c`, None for zero; how many operations on the way from `c`, and
    through which variables."""

    factor: Expr | None
    rest: Expr | None
    depth: int = 0
    through: frozenset[str] = frozenset()


def with_factors(function: Function, types: dict[str, Type], wished: dict[str, str]) -> Function:
    """The function with the adjoints that its innermost loops carry multiplied by one factor a trip."""
    fresh = Fresh(mentioned(function.body) | {p.name for p in function.params})
    found = False

    def block(b: Block) -> Block:
        return tuple(map(statement, b))

    def statement(s: Stmt) -> Stmt:
        nonlocal found
        if isinstance(s, For | While) and not any(isinstance(i, For | While | Break) for i in statements(s.body)):
            body = _Trip(s.body, types, wished, fresh).shortened()
            found = found or body is not s.body
            return replace(s, body=body)
        return map_stmt(s, lambda e: e, block)

    body = block(function.body)
    return drop_dead(replace(function, body=body), types) if found else function


class _Trip:
    """The body of a loop."""

    def __init__(self, body: Block, types: dict[str, Type], wished: dict[str, str], fresh: Fresh) -> None:
        self.body, self.types, self.wished, self.fresh = body, types, wished, fresh

    def shortened(self) -> Block:
        for s in self.body:
            match s:
                case Assign(target=Name() as carried) | Update(target=Name() as carried) if s.adjoint_of:
                    self.body = self.multiplied(s, carried) or self.body
                case _:
                    pass
        return self.body

    def multiplied(self, last: Assign | Update, carried: Name) -> Block | None:
        """The body with `last` as one product, or None where that is no shorter."""
        if not self.is_number(carried) or [s for s in self.body if carried.id in assigned((s,))][-1] is not last:
            return None
        tried = _Chain(self, last, carried, None)
        if tried.saved <= 0:
            return None
        found = _Chain(self, last, carried, tried.needed)  # the factors that it takes, no others
        more = _operations(found.body) - _operations(self.body)
        return found.body if found.saved > 0 and more <= MORE * found.saved else None

    def is_number(self, e: Expr) -> bool:
        type_ = Typer(self.types)(e)
        return isinstance(type_, Num) and type_.ndim == 0 and type_.dtype == "float64"

    def is_bound_once(self, name: str) -> bool:
        return sum(name in assigned((s,)) for s in self.body) == 1

    def named(self, carried: Name, through: str) -> Name:
        """A variable for a partial derivative: `ds_dr`."""
        above, below = (self.wished_for(n).removesuffix("_before").removesuffix("_bar") for n in (carried.id, through))
        return self.called(f"d{above}_d{below}")

    def wished_for(self, name: str) -> str:
        return self.wished.get(name, name)

    def called(self, wish: str) -> Name:
        """A new variable for a number."""
        name = self.fresh(wish)
        self.wished[name], self.types[name] = wish, Num("float64")
        return Name(name)


class _Chain:
    """What a trip makes of the adjoint that it begins with, statement by statement up to `last`, which binds it for the
    next one: through all variables, or only those of `through`."""

    def __init__(self, trip: _Trip, last: Assign | Update, carried: Name, through: Set[str] | None) -> None:
        self.trip, self.carried, self.through = trip, carried, through
        self.forms: dict[str, Linear] = {carried.id: Linear(ONE, None)}
        self.opaque: set[str] = set()
        self.late: set[str] = set()  # what is made of the adjoint after a sum that is put off
        self.is_put_off = False
        end = next(k for k, s in enumerate(trip.body) if s is last)
        ahead = trip.body[:end]
        before = [new for k, s in enumerate(ahead) for new in self.taken(s, ahead[k + 1 :])]
        self.form = self.bound(last)
        self.body: Block = (*before, *self.closed(last), *trip.body[end + 1 :])

    @property
    def needed(self) -> Set[str]:
        return self.late if self.form is None else self.form.through | self.late

    @property
    def saved(self) -> int:
        """How many operations shorter the way is as one product, or as one with a sum."""
        if self.form is None or self.form.factor is None or self.carried.id in self.opaque:
            return 0
        return self.form.depth - (1 if self.form.rest is None else 2)

    def bound(self, s: Assign | Update) -> Linear | None:
        """What a statement that binds the adjoint makes of it."""
        return self.linear(Call(s.op, (s.target, s.value)) if isinstance(s, Update) else s.value)

    def closed(self, last: Assign | Update) -> Block:
        """The last statement, as one product."""
        if self.form is None or self.form.factor is None:
            return (last,)
        if self.form.rest is None:
            return (Update(last.target, MUL, self.form.factor, last.origin, last.adjoint_of),)
        value = _sum(_product(self.form.factor, self.carried), self.form.rest)
        return (Assign(last.target, value, last.origin, last.adjoint_of),)

    def taken(self, s: Stmt, between: Block) -> Block:
        """The next statement ahead of the last one; `between` are those that lie between the two."""
        new: Block | None = None
        match s:
            case _ if self.carried.id in assigned((s,)):
                new = self.put_off(s, between)
            case If() if s.orelse:
                new = self.joined(s)
            case Assign(target=Name(id=v)) | Update(target=Name(id=v)) if s.adjoint_of and self.is_open(v):
                new = self.factored(s, v, self.bound(s), between)
            case _:
                pass
        if new is None and any(names(e) & (self.forms.keys() | self.opaque) for e in _expressions(s)):
            self.opaque |= assigned((s,)) - {self.carried.id}
            if self.is_put_off and any(self.carried.id in names(e) for e in _expressions(s)):
                self.opaque.add(self.carried.id)  # it has another value by now
        return (s,) if new is None else new

    def put_off(self, s: Stmt, between: Block) -> Block | None:
        """The factor of a product that the last statement takes in; None where the adjoint is bound for good."""
        form = self.bound(s) if isinstance(s, Assign | Update) and s.adjoint_of else None
        if form is None or form.factor is None or form.rest is not None:
            self.begun_again()
            return None
        factor, ahead = form.factor, _NOTHING
        if any(isinstance(e, Item) for e in subexprs(factor)) or names(factor) & assigned(between):
            factor, ahead = self.kept(s, self.carried.id, factor)
        self.forms[self.carried.id], self.is_put_off = form._replace(factor=factor), True
        return ahead

    def begun_again(self) -> None:
        """From here on it is another adjoint; what is put off would be too late for it."""
        if self.is_put_off:
            self.opaque.add(self.carried.id)
        self.opaque |= self.forms.keys() - {self.carried.id}
        self.forms = {self.carried.id: Linear(ONE, None)}

    def kept(self, s: Stmt, v: str, factor: Expr) -> tuple[Name, Block]:
        """A factor under a name of its own."""
        partial = self.named(v)
        return partial, (Assign(partial, factor, s.origin, s.adjoint_of),)

    def is_open(self, v: str) -> bool:
        """Whether a variable is a number that may be seen as a product with the carried adjoint."""
        return (self.through is None or v in self.through) and self.trip.is_number(Name(v))

    def factored(self, s: Assign | Update, v: str, form: Linear | None, between: Block) -> Block | None:
        """`v = factor * c + rest`, the factor and the rest under names where they are none that last."""
        self.opaque.discard(v)
        if form is None or form.factor is None:
            return None
        partial, rest, ahead, lost = form.factor, form.rest, _NOTHING, assigned(between) | {v}
        if not isinstance(partial, Const | Name) or names(partial) & lost:
            partial, ahead = self.kept(s, v, partial)
        value = _product(partial, self.carried)
        if rest is not None:
            beside = (
                Name(f"rest of {v}") if self.through is None else self.trip.called(f"{self.trip.wished_for(v)}_rest")
            )
            ahead = (*ahead, Assign(beside, rest, s.origin, s.adjoint_of))
            rest, value = beside, _sum(value, beside)
        self.forms[v] = Linear(partial, rest, form.depth, form.through | {v})
        if self.is_put_off and (rest is None or any(self.carried.id in names(e) for e in _values(s))):
            self.late |= self.forms[v].through
        return *ahead, Assign(s.target, value, s.origin, s.adjoint_of)

    def named(self, v: str) -> Name:
        return Name(f"partial by {v}") if self.through is None else self.trip.named(self.carried, v)

    def joined(self, s: If) -> Block | None:
        """A branch that binds factors instead of products with the carried adjoint, and these behind it."""
        behind: list[Stmt] = []
        both = assigned(s.body) & assigned(s.orelse)
        for v in sorted(v for v in both if self.is_open(v) and self.trip.is_bound_once(v)):
            partial, made = self.named(v), list[tuple[Assign, Linear]]()
            new = self.side(s, v, partial, made)
            if isinstance(new, If):
                s, depth = new, max(form.depth for _, form in made)
                self.forms[v] = Linear(partial, None, depth, frozenset({v}).union(*(form.through for _, form in made)))
                self.late |= self.forms[v].through if self.is_put_off else set()
                behind.append(Assign(Name(v), _product(partial, self.carried), s.origin, s.adjoint_of))
        return (s, *behind) if behind else None

    def side(self, s: Stmt | None, v: str, partial: Name, made: list[tuple[Assign, Linear]]) -> Stmt | None:
        """The statement that binds `v` with the factor bound in its place, None where it is none."""
        match s:
            case If(body=body, orelse=orelse):
                one, other = (self.side_of(b, v, partial, made) for b in (body, orelse))
                return None if one is None or other is None else replace(s, body=one, orelse=other)
            case Assign(target=Name(), value=value) if s.adjoint_of:
                form = self.linear(value)
                if form is not None and form.factor is not None and form.rest is None:
                    made.append((s, form))
                    return replace(s, target=partial, value=form.factor)
        return None

    def side_of(self, block: Block, v: str, partial: Name, made: list[tuple[Assign, Linear]]) -> Block | None:
        """The same of a block, which binds `v` once and does not look at it."""
        binds = [s for s in block if v in assigned((s,))]
        if len(binds) != 1 or any(v in names(e) for s in statements(block) for e in _values(s)):
            return None
        new = self.side(binds[0], v, partial, made)
        return None if new is None else tuple(new if s is binds[0] else s for s in block)

    def linear(self, e: Expr) -> Linear | None:
        """An expression by the carried adjoint, or None where that is not seen or not in numbers of full width."""
        if names(e) & self.opaque:
            return None
        if not names(e) & self.forms.keys():
            return Linear(None, e) if isinstance(e, Const) or self.trip.is_number(e) else None
        match e:
            case Name(id=name):
                return self.forms.get(name)
            case Call(func=Object(value=op), args=(a,)) if op is operator.neg:
                form = self.linear(a)
                return None if form is None else _turned(form)
            case Call(func=Object(value=op), args=(a, b)) if op in _COMBINED:
                one, other = self.linear(a), self.linear(b)
                return None if one is None or other is None else _COMBINED[op](one, other)
        return None


def _added(a: Linear, b: Linear) -> Linear:
    parts = [y if x is None else x if y is None else _sum(x, y) for x, y in zip(a[:2], b[:2], strict=True)]
    return Linear(parts[0], parts[1], 1 + max(a.depth, b.depth), a.through | b.through)


def _turned(a: Linear) -> Linear:
    factor, rest = (None if part is None else negative(part) for part in (a.factor, a.rest))
    return Linear(factor, rest, a.depth, a.through)


def _subtracted(a: Linear, b: Linear) -> Linear:
    return _added(a, _turned(b))


def _multiplied(a: Linear, b: Linear) -> Linear | None:
    """A product with what has nothing of the carried adjoint."""
    a, by = (b, a.rest) if a.factor is None else (a, b.rest if b.factor is None else None)
    if by is None:
        return None
    factor, rest = (None if part is None else _product(by, part) for part in (a.factor, a.rest))
    return Linear(factor, rest, a.depth + 1, a.through)


def _divided(a: Linear, b: Linear) -> Linear | None:
    """A quotient by what has nothing of the carried adjoint. Where that is zero, the quotient is infinite or NaN, and
    so is the product with a factor."""
    by = b.rest
    if by is None or b.factor is not None:
        return None
    factor, rest = (None if part is None else Call(DIV, (part, by)) for part in (a.factor, a.rest))
    return Linear(factor, rest, a.depth + QUOTIENT, a.through)


_COMBINED: dict[object, Callable[[Linear, Linear], Linear | None]] = {
    operator.add: _added,
    operator.sub: _subtracted,
    operator.mul: _multiplied,
    operator.truediv: _divided,
}


def _product(a: Expr, b: Expr) -> Expr:
    """A product from left to right, literals first."""
    match a, b:
        case _ if a == ONE:
            return b
        case _ if b == ONE:
            return a
        case _, Const() if not isinstance(a, Const):
            return _product(b, a)
        case _, Call(func=func, args=(inner,)) if func == NEG:
            return negative(_product(a, inner))
        case _, Call(func=func, args=(one, other)) if func == MUL:
            return Call(MUL, (_product(a, one), other))
    return Call(MUL, (a, b))


def _sum(a: Expr, b: Expr) -> Expr:
    """A difference where the second begins with a minus."""
    begins_with = b
    while isinstance(begins_with, Call) and begins_with.func in (MUL, DIV):
        begins_with = begins_with.args[0]
    if is_call_of(begins_with, NEG.value) or (isinstance(begins_with, Const) and begins_with.value < 0):
        return Call(SUB, (a, _positive(b)))
    return Call(ADD, (a, b))


def _positive(e: Expr) -> Expr:
    match e:
        case Const(value=c):
            return Const(-c)
        case Call(func=func, args=(inner,)) if func == NEG:
            return inner
        case Call(args=(a, b)):
            return replace(e, args=(_positive(a), b))
    return e


def _operations(block: Block) -> int:
    """The operations of a block, but for those of indices."""
    return sum(_calls(e) for s in statements(block) for e in expressions(s))


def _calls(e: Expr) -> int:
    return 0 if isinstance(e, Item) else isinstance(e, Call) + sum(map(_calls, children(e)))


def _values(s: Stmt) -> list[Expr]:
    """What a statement reads, blocks apart."""
    return [e for e in expressions(s) if not (isinstance(s, Assign) and e is s.target and isinstance(e, Name))]


def _expressions(s: Stmt) -> list[Expr]:
    return [e for i in statements((s,)) for e in _values(i)]
