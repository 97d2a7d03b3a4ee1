"""Products with the rows of a matrix, one in each trip of a loop, as one product ahead of it.

in:   for t in range(len(x)):                   out:  w_x = x @ w.T
          gates = w @ x[t] + b                        for t in range(len(x)):
                                                          gates = w_x[t] + b

Neither factor changes in the loop, and the program decides nothing by what comes out, whose last bits may be others.
A product of two matrices reads each element once for many multiplications, where the products of the trips read the
whole matrix each; its adjoints are two products of matrices behind the loop.
"""

from __future__ import annotations

import operator
from dataclasses import replace

import numpy as np

from ..analysis.aliases import Aliases
from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Choice,
    Closure,
    Comprehension,
    Const,
    Display,
    Expr,
    For,
    Function,
    Item,
    Logic,
    Name,
    Object,
    Slice,
    Stmt,
    Update,
)
from ..ir.types import Dim, Num, Type
from ..ir.walk import Fresh, assigned, is_call_of, map_stmt, names, ordered_names, rebuild, statements
from ..normalise.iteration import range_bounds
from ..rules.typing import Typer
from .decisions import decided_by

MATMUL = Object(operator.matmul, "@")
ALL = Slice(None, None, None)
TRANSPOSED = Object(np.ndarray.T, "T")
PRODUCTS = (operator.matmul, np.matmul, np.dot, np.ndarray.dot)


def products_of_trips(
    function: Function, types: dict[str, Type], aliases: Aliases, fresh: Fresh, user_name: dict[str, str]
) -> Function:
    """The function with these products ahead of their loops; `types` and `user_name` are told of the new variables."""
    found = _Together(types, aliases, fresh, user_name)
    found.decided_by = decided_by(function, found.typer, aliases)
    return replace(function, body=found.block(function.body))


class _Together:
    def __init__(self, types: dict[str, Type], aliases: Aliases, fresh: Fresh, user_name: dict[str, str]) -> None:
        self.types, self.aliases, self.fresh, self.user_name = types, aliases, fresh, user_name
        self.typer = Typer(types)
        self.made: dict[Expr, Assign] = {}  # of the loop at hand, by what stands for it in a trip
        self.changed: set[str] = set()
        self.decided_by: set[str] = set()

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for s in block:
            if isinstance(s, For) and self.is_counted(s):
                self.made, self.changed = {}, assigned(s.body)
                s = replace(s, body=tuple(self.statement(i, s) for i in s.body))
                out += self.made.values()
            out.append(map_stmt(s, lambda e: e, self.block))
        return tuple(out)

    def is_counted(self, s: For) -> bool:
        """Whether a loop makes the trips 0, 1, 2, ... up to its end."""
        assert isinstance(s.iter, Call)
        start, _, step = range_bounds(s.iter)
        counts = start == Const(0) and step == Const(1) and isinstance(s.target, Name)
        own = isinstance(s.target, Name) and s.target.id != "_" and s.target.id not in assigned(s.body)
        return counts and own and not s.orelse and not any(isinstance(i, Break) for i in statements(s.body))

    def statement(self, s: Stmt, loop: For) -> Stmt:
        """A statement that runs in each trip, with its products taken from where they are together."""
        match s:
            case Assign(target=Name(id=name)) if self.aliases.mutable(name):
                return s  # what is written in place is an array of its own
            case Assign() | Update() if not self.decided_by & names(_base(s.target)):
                return replace(s, value=self.taken(s.value, s, loop))
        return s

    def taken(self, e: Expr, s: Assign | Update, loop: For) -> Expr:
        match e:
            case Choice() | Logic() | Closure() | Comprehension():
                return e  # what may not be evaluated
            case Call(args=(a, b)) if is_call_of(e, *PRODUCTS) and not e.kwargs:
                product = self.together(a, b, loop)
                if product is not None:
                    return self.row(product, f"{self.word(a)}_{self.word(b)}", s, loop)
        return rebuild(e, lambda part: self.taken(part, s, loop))

    def word(self, factor: Expr) -> str:
        """What the program calls a factor."""
        name = next(iter(ordered_names(factor)))
        return self.user_name.get(name, name)

    def row(self, product: Expr, wish: str, s: Assign | Update, loop: For) -> Expr:
        """What a trip finds in the product of all of them."""
        if product not in self.made:
            rows = Name(self.fresh(wish))
            self.types[rows.id], self.user_name[rows.id] = self.typer(product), wish
            self.made[product] = Assign(rows, product, s.origin)
        return Item(self.made[product].target, loop.target)

    def together(self, a: Expr, b: Expr, loop: For) -> Expr | None:
        """The products of all trips as one; None where `a @ b` is not one of a row and what stays the same."""
        if (rows := self.rows(a, loop)) is not None and self.is_factor(b, (1, 2)):
            return Call(MATMUL, (rows, b))
        if (rows := self.rows(b, loop)) is not None and self.is_factor(a, (1, 2)):
            vector = self.number(a).ndim == 1
            return Call(MATMUL, (rows, a if vector else _transposed(a)))
        return None

    def rows(self, e: Expr, loop: For) -> Expr | None:
        """The matrix whose row of that trip this is; columns are rows of the transposed matrix."""
        match e:
            case Item(base=base, index=index) if index == loop.target and self.is_factor(base, (2,)):
                return self.first(base, loop)
            case Item(base=base, index=Display(items=(part, index))) if (
                part == ALL and index == loop.target and self.is_factor(base, (2,))
            ):
                return self.first(_transposed(base), loop)
        return None

    def first(self, matrix: Expr, loop: For) -> Expr | None:
        """The rows that the trips of a loop go through: all of them, or so many from the first one on."""
        assert isinstance(loop.iter, Call)
        stop = range_bounds(loop.iter)[1]
        if names(stop) & self.changed:
            return None
        type_, length = self.typer(stop), self.number(matrix).shape[0]
        trips = type_.value if isinstance(type_, Num) else None
        if isinstance(trips, Dim) and trips.same(length):
            return matrix
        natural = trips.is_natural() if isinstance(trips, Dim) else type(trips) is int and trips >= 0
        return Item(matrix, Slice(None, stop, None)) if natural else None

    def is_factor(self, e: Expr, ranks: tuple[int, ...]) -> bool:
        """Whether this is an array of so many axes that is there in front of the loop, and stays as it is."""
        inner = e.args[0] if isinstance(e, Call) and is_call_of(e, np.ndarray.T) and len(e.args) == 1 else e
        if not isinstance(inner, Name) or inner.id in self.changed or self.aliases.mutable(inner.id):
            return False
        type_ = self.number(inner)
        return type_.ndim in ranks and type_.dtype == "float64"

    def number(self, e: Expr) -> Num:
        type_ = self.typer(e)
        return type_ if isinstance(type_, Num) else Num("object")


def _transposed(e: Expr) -> Expr:
    if isinstance(e, Call) and is_call_of(e, np.ndarray.T):
        return e.args[0]
    return Call(TRANSPOSED, (e,))


def _base(place: Expr) -> Expr:
    return _base(place.base) if isinstance(place, Item) else place
