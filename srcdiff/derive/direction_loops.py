"""Many directions in one sweep for compiled code: the tangents of numbers are written in loops over the directions.

in:   s_dot = c * t_dot                      out:  for d in range(directions):
      u_dot[i] = s_dot * x_dot[i]                      s_dot[d] = c * t_dot[d]
                                                       u_dot[i, d] = s_dot[d] * x_dot[i, d]

In NumPy an operation on all directions is one call; compiled, it would allocate its result, and that takes longer than
the arithmetic. Here the tangent of a number has storage of its own from the beginning, into which it is written in
place; statements share their loop (`direction_order`). The tangents of arrays stay as `directions` gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..analysis.aliases import Aliases
from ..ir.nodes import (
    Assign,
    Block,
    Call,
    Choice,
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
    Stmt,
    Update,
)
from ..ir.types import FLOAT, INT, Num
from ..ir.walk import Fresh, is_call_of, rebuild
from ..normalise.attempts import is_attempt
from ..rules.typing import TypeProblem, Typer
from ..runtime import adjoint_fits
from .direction_order import Fixed, Order, Piece, Tangent, Value, as_numbers, private
from .directions import PRODUCTS, QUOTIENTS, SIGNS, SUMS, Directions, is_zero
from .push import SHAPE
from .request import Derived, Request
from .tangents import is_pop
from .terms import COPY

RANGE = Object(range, "range")
FITS = Object(adjoint_fits, "adjoint_fits")
EMPTY = Object(np.empty, "np.empty")
_ARITHMETIC = (*SIGNS, *SUMS, *PRODUCTS, *QUOTIENTS, np.where)


def in_directions(derived: Derived, shadows: set[str], fresh: Fresh, request: Request) -> Derived:
    """The program with an axis of directions for what the shadows hold, its tangents or its adjoints. Raises OneByOne
    where it cannot be given one."""
    way = DirectionLoops if request.compiled else Directions
    return way(derived.types, shadows, fresh, beside=request.kind == "adjoints").program(derived)


@dataclass
class DirectionLoops(Directions):
    stored: list[str] = field(default_factory=list)  # the tangents of numbers, which are written in place
    aliases: Aliases = field(init=False)
    order: Order = field(init=False)

    def program(self, derived: Derived) -> Derived:
        self.aliases = derived.aliases
        found = super().program(derived)
        return replace(found, function=_held_against(found.function, derived.like))

    def whole(self, body: Block) -> Block:
        self.direction = Name(self.fresh("d"))
        self.made[self.direction.id] = INT
        self.order = Order(self.types, self.aliases, self.fresh, self.made, lambda inner: self.looped(*inner)[0])
        body = self.block(body)
        alone = private(body, self.direction, set(self.stored) - self.params)
        self.tangents = self.tangents - alone  # they are numbers, as in one direction
        stored = (n for n in dict.fromkeys(self.stored) if n not in alone)
        return (*(Assign(Name(n), self.storage(n)) for n in stored), *as_numbers(body, alone))

    def storage(self, name: str) -> Expr:
        """An array that a tangent of a number is written into; what the caller gives is copied."""
        return Call(COPY, (Name(name),)) if name in self.params else Call(EMPTY, (self.count,))

    def block(self, block: Block) -> Block:
        return self.order.arranged([piece for s in block for piece in self.pieces(s)])

    def pieces(self, s: Stmt) -> list[Piece]:
        taken, s = self.taken_ahead(s)
        return [*([Fixed(taken)] if taken else []), *self.of_statement(s)]

    def taken_ahead(self, s: Stmt) -> tuple[Block, Stmt]:
        """A statement that is written in loops, or in two parts, without what it takes off lists: that is taken once,
        ahead of it."""
        ahead: list[Stmt] = []

        def expr(e: Expr) -> Expr:
            if not is_pop(e) or self.carries(e):
                return rebuild(e, expr)
            name = self.fresh("taken" if isinstance(s, If) else "kept")
            self.made[name] = self.types[name] = self.num(e).plain()
            ahead.append(Assign(Name(name), e, s.origin))
            return Name(name)

        match s:
            case If(test=test) if not is_attempt(s):
                s = replace(s, test=expr(test))
            case Assign(target=target, value=value) if self.carries(target) and not is_pop(value):
                value = expr(value)
                s = replace(s, target=expr(target), value=value)
            case Update(target=target, value=value) if self.carries(target):
                target = expr(target)
                s = replace(s, target=target, value=expr(value))
            case _:
                pass
        return tuple(ahead), s

    def of_statement(self, s: Stmt) -> list[Piece]:
        if isinstance(s, If) and not is_attempt(s):
            self.leave(s.test)
            sides = ([piece for inner in side for piece in self.pieces(inner)] for side in (s.body, s.orelse))
            return self.order.branches(s, *sides)
        found = self.changed(s)
        match found:
            case [For(target=self.direction, body=body)] if not self.order.has_list(*body):
                return [Tangent(body)]
            case [only] if only is s and self.order.is_free(s):
                return [Value(s)]
        return [Fixed(tuple(found))]

    def looped(self, *body: Stmt) -> list[Stmt]:
        return [For(self.direction, Call(RANGE, (self.count,)), body)]

    def assigned(self, s: Assign) -> list[Stmt]:
        match s.target, s.value:
            case Display(items=left), Display(items=right):
                values = [self.at(v) for v in right]
                places = [self.at(t) for t in left]
                if None in values or None in places:
                    return super().assigned(s)
                self.note(*left)
                new = [self.fresh("new") for _ in left]
                self.made |= dict.fromkeys(new, FLOAT)
                first = [Assign(Name(n), v, s.origin) for n, v in zip(new, values, strict=True) if v is not None]
                then = [Assign(p, Name(n), s.origin) for n, p in zip(new, places, strict=True) if p is not None]
                return self.looped(*first, *then)
            case target, value:
                place, found = self.at(target), self.at(value)
                if place is None or found is None:
                    return super().assigned(s)
                self.note(target)
                return self.looped(replace(s, target=place, value=found))

    def updated(self, s: Update) -> list[Stmt]:
        place, found = self.at(s.target), self.at(s.value)
        if place is None or found is None:
            return super().updated(s)
        self.note(s.target)
        return self.looped(replace(s, target=place, value=found))

    def note(self, *targets: Expr) -> None:
        self.stored += [t.id for t in targets if isinstance(t, Name)]

    def kept(self, e: Expr) -> Expr:
        """The tangents of a number are an array that will be written into: no other name shares it."""
        found = super().of(e)
        return Call(COPY, (found,)) if isinstance(found, Name | Item | Choice) and not self.rank(e) else found

    def at(self, e: Expr) -> Expr | None:
        """The tangent of a number in the direction of the loop; None for anything else."""
        if is_zero(e):
            return e
        if not self.carries(e) or self.kind(e) != 0:
            return None
        match e:
            case Name():
                return Item(e, self.direction)
            case Item(base=Name() as base, index=index) if not self.carries(index):
                indices = index.items if isinstance(index, Display) else (index,)
                whole = len(indices) == self.kind(base) and all(self.kind(i) == 0 for i in indices)
                return Item(base, Display("tuple", (*indices, self.direction))) if whole else None
            case Choice() if not self.carries(e.test):
                then, other = self.at(e.then), self.at(e.other)
                return None if then is None or other is None else replace(e, then=then, other=other)
            case Call(func=Object(value=function)) if function in _ARITHMETIC and not e.kwargs:
                args = [self.at(a) if self.carries(a) else a for a in e.args]
                return replace(e, args=tuple(a for a in args if a is not None)) if None not in args else None
        return None

    def kind(self, e: Expr) -> int | None:
        """The rank of a number or an array; None for anything else."""
        try:
            type_ = Typer(self.types)(e)
        except TypeProblem:
            return None
        return type_.ndim if isinstance(type_, Num) and not type_.is_complex else None


def _held_against(function: Function, like: Mapping[str, str]) -> Function:
    """The function with the lengths of given adjoints held against those of what they are the adjoints of: whoever
    gives them does not know the result yet, and compiled code would read beside them."""
    body: list[Stmt] = []
    given = {name: seed for seed, name in like.items()}
    for s in function.body:
        body.append(s)
        match s:
            case Assign(target=Name(id=name), value=Call(args=(Display(items=(*lengths, _)),)) as made) if (
                name in given and is_call_of(made, np.zeros)
            ):
                own = (Item(Call(SHAPE, (Name(given[name]),)), Const(k)) for k in range(len(lengths)))
                body += (Effect(Call(FITS, pair)) for pair in zip(own, lengths, strict=True))
            case _:
                pass
    return replace(function, body=tuple(body))
