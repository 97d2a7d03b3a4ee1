"""Many directions in one sweep: the tangents of a forward program, or the adjoints of one with both sweeps, get one
more axis, the last one.

in:   u_dot[i] = c * x_dot[i] + s_dot        out:  u_dot[i] = c * x_dot[i] + s_dot      (s_dot has a shape: (k,))
      y_dot = a * x_dot                            y_dot = a[..., None] * x_dot
      s_dot = np.sum(y_dot)                        s_dot = np.sum(y_dot, axis=0)

The axis is the last one so that an index of the primal is an index of the tangent, and tangents of different ranks
broadcast against one another as the values do (Griewank and Walther, Evaluating Derivatives, 2nd ed., section 3.2). A
program in which a tangent goes through anything else is not changed: `OneByOne` is raised, and its directions are taken
one after the other.

A tangent of a number becomes an array. It is never written in place, so that two names may share it: `s_dot += v` is
`s_dot = s_dot + v`, and an element that is read is copied. (`direction_loops` writes these tangents in loops instead.)
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field, replace

import numpy as np

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
    Function,
    If,
    Item,
    Name,
    Object,
    Raise,
    Return,
    Slice,
    Stmt,
    Update,
    While,
)
from ..ir.types import INT, Dim, ListOf, Num, Type
from ..ir.walk import Fresh, expressions, is_call_of, names, statements, targets
from ..normalise.attempts import is_attempt
from ..rules.typing import TypeProblem, Typer
from .places import base_of
from .push import BROADCAST, SHAPE
from .request import Derived, OneByOne
from .tangents import is_pop
from .terms import COPY, ZERO

DIRECTIONS = Dim("directions")  # how many there are
ZEROS = Object(np.zeros, "np.zeros")
MATMUL = Object(operator.matmul, "@")
TENSORDOT = Object(np.tensordot, "np.tensordot")
SIGNS = (operator.neg, operator.pos, np.negative, np.positive)
SUMS = (operator.add, operator.sub, np.add, np.subtract)
PRODUCTS = (operator.mul, np.multiply)
QUOTIENTS = (operator.truediv, np.divide)
_COPIES = (np.ndarray.copy, np.copy, np.array)
_MATMULS = (operator.matmul, np.matmul, np.dot, np.ndarray.dot)
# the axis along which a function works where none is given; None where that is all of them, in their order
_ALONG: dict[object, int | None] = {
    **dict.fromkeys((np.sum, np.ndarray.sum, np.mean, np.ndarray.mean), None),
    **dict.fromkeys((np.cumsum, np.ndarray.cumsum), None),
    np.concatenate: 0,
    np.stack: 0,
}
_RUNNING = (np.cumsum, np.ndarray.cumsum)
_JOINING = (np.concatenate, np.stack)


def _grown(function: Function, tangents: set[str]) -> set[str]:
    """All variables that hold tangents: those given, and what is computed from them."""
    found = set(tangents)
    pairs = [
        (set(targets(s.target)), names(s.value))
        for s in statements(function.body)
        if isinstance(s, Assign) and not isinstance(s.target, Item)
    ]
    while True:
        more = {name for left, right in pairs if right & found and len(left) == 1 for name in left} - found
        if not more:
            return found
        found |= more


def _writes(block: Block) -> list[Assign | Update]:
    return [s for s in statements(block) if isinstance(s, Assign | Update)]


@dataclass
class Directions:
    """`types` are those of the program before; `tangents` are the variables that get the axis."""

    types: dict[str, Type]
    tangents: set[str]
    fresh: Fresh
    stores: bool = False  # whether parts of tangents are written in place
    beside: bool = False  # whether the program's result is returned beside them
    made: dict[str, Type] = field(default_factory=dict)
    params: set[str] = field(default_factory=set)
    ahead: list[Stmt] = field(default_factory=list)  # what the statement at hand reads, and the program has no name for

    def program(self, derived: Derived) -> Derived:
        """The program with the axis. Raises OneByOne where it cannot be given one."""
        function = derived.function
        self.params = {p.name for p in function.params}
        self.tangents = _grown(function, self.tangents)
        seed = next(p.name for p in function.params if p.name in self.tangents)
        self.count = Name(self.fresh("directions"))
        self.stores = any(isinstance(s, Update) or not isinstance(s.target, Name) for s in _writes(function.body))
        shape = Call(SHAPE, (Name(seed),))
        count = Assign(self.count, Item(shape, Const(self.rank(Name(seed)))))
        body = self.whole(function.body)
        if any(self.count.id in names(e) for s in statements(body) for e in expressions(s)):
            body = (count, *body)
        types = {n: self.wider(t) if n in self.tangents else t for n, t in derived.types.items()}
        types |= {**self.made, self.count.id: replace(INT, value=DIRECTIONS)}
        return replace(derived, function=replace(function, body=body), types=types)

    def wider(self, type_: Type) -> Type:
        """The type of the tangents in all directions of what has this type."""
        match type_:
            case Num(ndim=int() as rank):
                shape = (*type_.shape, DIRECTIONS)
                return Num(type_.dtype, rank + 1, shape, contiguous=type_.contiguous)
            case ListOf(item=None):
                return type_
            case ListOf(item=item) if item is not None:
                return ListOf(self.wider(item))
        raise OneByOne

    def num(self, e: Expr) -> Num:
        try:
            type_ = Typer(self.types)(e)
        except TypeProblem:
            raise OneByOne from None
        if not isinstance(type_, Num) or type_.ndim is None or type_.is_complex:
            raise OneByOne
        return type_

    def rank(self, e: Expr) -> int:
        """The number of axes before there are directions."""
        rank = self.num(e).ndim
        assert rank is not None
        return rank

    def carries(self, e: Expr | None) -> bool:
        return e is not None and bool(names(e) & self.tangents)

    # ------------------------------------------------------------------------------------------------- statements

    def whole(self, body: Block) -> Block:
        return self.block(body)

    def block(self, block: Block) -> Block:
        return tuple(new for s in block for new in self.changed(s))

    def changed(self, s: Stmt) -> list[Stmt]:
        found = self.statement(s)
        ahead, self.ahead = self.ahead, []
        return [*ahead, *found]

    def statement(self, s: Stmt) -> list[Stmt]:
        match s:
            case If() if not is_attempt(s):
                self.leave(s.test)
                return [replace(s, body=self.block(s.body), orelse=self.block(s.orelse))]
            case For():
                self.leave(s.target, s.iter)
                return [replace(s, body=self.block(s.body))]
            case While():
                self.leave(s.test)
                return [replace(s, body=self.block(s.body))]
            case Return(value=Display(items=(value, found)) as both) if self.beside:
                self.leave(value)
                return [replace(s, value=replace(both, items=(value, self.result(found))))]
            case Return(value=value):
                return [replace(s, value=self.result(value))]
            case Assign() if self.carries(s.target) or self.carries(s.value):
                return self.assigned(s)
            case Update() if self.carries(s.target):
                return self.updated(s)
            case Effect(value=Call(args=(Name() as tape, item)) as call) if is_call_of(call, list.append):
                if not self.carries(tape):
                    self.leave(call)
                    return [s]
                return [replace(s, value=replace(call, args=(tape, self.kept(item))))]
            case Effect(value=Call() as call) if is_pop(call):
                return [s]
            case Break() | Comment():
                return [s]
            case Assign() | Update() | Effect() | Raise():
                self.leave(*expressions(s))
                return [s]
        raise OneByOne

    def result(self, value: Expr | None) -> Expr:
        """What is returned: a variable, or tangents that are zero."""
        if value is None or (self.carries(value) and not isinstance(value, Name)):
            raise OneByOne
        return value if self.carries(value) else self.zeros(value)

    def leave(self, *parts: Expr) -> None:
        """Parts of the program that stay as they are, which the tangents must have no part in."""
        if any(map(self.carries, parts)):
            raise OneByOne

    def assigned(self, s: Assign) -> list[Stmt]:
        match s.target, s.value:
            case Name(), Display(kind="list", items=()):
                return [s]
            case Name(), Call() as call if is_pop(call):
                return [s]
            case Name() as name, value:
                self.num(name)
                return [replace(s, value=self.kept(value))]
            case Item() as place, value:
                return [replace(s, target=self.place(place), value=value if is_zero(value) else self.of(value))]
            case Display(items=left), Display(items=right) if all(map(self.carries, left)):
                return [replace(s, value=Display("tuple", tuple(map(self.kept, right))))]
        raise OneByOne

    def updated(self, s: Update) -> list[Stmt]:
        if s.op.value not in (operator.add, operator.sub):
            raise OneByOne
        value = self.of(s.value)
        if isinstance(s.target, Name) and not self.rank(s.target):
            return [Assign(s.target, Call(s.op, (s.target, value)), s.origin, s.adjoint_of)]
        return [replace(s, target=self.place(s.target), value=value)]

    def place(self, target: Expr) -> Expr:
        """A place of a tangent that is written. The items of a list are not: they may have other names."""
        if not self.carries(target) or isinstance(self.types.get(base_of(target) or ""), ListOf):
            raise OneByOne
        return target if isinstance(target, Name) else self.of(target)

    def kept(self, e: Expr) -> Expr:
        """The tangents of a value that gets a name: those of a number are an array that nobody writes into."""
        found = self.of(e)
        is_view = isinstance(found, Item | Choice)
        return Call(COPY, (found,)) if is_view and self.stores and not self.rank(e) else found

    # ------------------------------------------------------------------------------------------------ expressions

    def of(self, e: Expr) -> Expr:
        """The tangents of `e` in all directions."""
        if not self.carries(e):
            return self.zeros(e)
        match e:
            case Name():
                self.num(e)
                return e
            case Item():
                return self.item(e)
            case Choice():
                self.leave(e.test)
                return replace(e, then=self.of(e.then), other=self.of(e.other))
            case Call(func=Object(value=function)):
                return self.call(e, function)
        raise OneByOne

    def item(self, e: Item) -> Expr:
        self.leave(e.index)
        self.num(e)
        base = self.of(e.base)
        index = e.index.items if isinstance(e.index, Display) else (e.index,)
        if Const(Ellipsis) in index[:-1]:  # what follows counts from the end, where the directions are now
            return replace(e, base=base, index=Display("tuple", (*index, Slice(None, None, None))))
        return replace(e, base=base)

    def call(self, e: Call, function: object) -> Expr:
        if function in SIGNS and not e.kwargs:
            return replace(e, args=(self.of(e.args[0]),))
        if function in SUMS and not e.kwargs:
            return replace(e, args=tuple(a if is_zero(a) else self.of(a) for a in e.args))
        if function in PRODUCTS and not e.kwargs:
            return replace(e, args=tuple(self.of(a) if self.carries(a) else self.factor(a) for a in e.args))
        if function in QUOTIENTS and not e.kwargs:
            self.leave(e.args[1])
            return replace(e, args=(self.of(e.args[0]), self.factor(e.args[1])))
        if function is np.where and len(e.args) == 3 and not e.kwargs:
            test, *values = e.args
            self.leave(test)
            return replace(e, args=(self.factor(test), *(v if is_zero(v) else self.of(v) for v in values)))
        if function in _COPIES and not e.kwargs and len(e.args) == 1:
            (first,) = e.args
            return self.stacked(first) if isinstance(first, Display) else replace(e, args=(self.of(first),))
        if function is np.zeros_like and not e.kwargs and len(e.args) == 1:
            return e
        if function is np.full_like and len(e.args) == 2:
            return self.filled(e.args[0], e.args[1])
        if function is np.broadcast_to and not e.kwargs:
            return replace(e, args=(self.of(e.args[0]), self.lengthened(e.args[1])))
        if function in _ALONG:
            return self.along(e, function)
        if function in _MATMULS and not e.kwargs:
            return self.product(*e.args)
        raise OneByOne

    def displayed(self, e: Expr) -> Expr:
        if not isinstance(e, Display):
            return self.of(e)
        return replace(e, items=tuple(map(self.displayed, e.items)))

    def stacked(self, e: Expr) -> Expr:
        """The tangents of an array that is written out, which Numba makes of numbers but not of arrays."""
        if not isinstance(e, Display):
            return self.of(e)
        return Call(Object(np.stack, "np.stack"), (Display("tuple", tuple(map(self.stacked, e.items))),))

    def factor(self, e: Expr) -> Expr:
        """A factor of the tangents in every direction."""
        if not self.rank(e):
            return e
        return Item(e, Display("tuple", (Const(Ellipsis), Const(None))))

    def zeros(self, e: Expr) -> Expr:
        """Tangents that are zero, from the zero tangent of one direction."""
        if is_zero(e):
            return Call(ZEROS, (self.count,))
        if is_call_of(e, np.zeros_like, np.zeros) and isinstance(e, Call) and not e.kwargs and len(e.args) == 1:
            (given,) = e.args
            if is_call_of(e, np.zeros_like):
                return Call(ZEROS, (self.shape(given),))
            lengths = given.items if isinstance(given, Display) else (given,)
            if isinstance(given, Display) or self.num(given).is_integral:
                return Call(ZEROS, (Display("tuple", (*lengths, self.count)),))
        raise OneByOne

    def lengthened(self, shape: Expr) -> Expr:
        """A shape that is written out, or an array's of the program, with the directions behind it."""
        match shape:
            case Display(items=lengths) if not self.carries(shape):
                return Display("tuple", (*lengths, self.count))
            case Call(args=(like,)) if is_call_of(shape, SHAPE.value) and not self.carries(like):
                return self.shape(like)
        raise OneByOne

    def shape(self, like: Expr) -> Expr:
        """The shape of the tangents of `like`, which is an array of the program, or computed like one."""
        rank = self.rank(like)
        if not isinstance(like, Name):
            name = self.fresh("whole")
            self.made[name] = self.types[name] = self.num(like).plain()
            self.ahead.append(Assign(Name(name), like))
            like = Name(name)
        lengths = (Item(Call(SHAPE, (like,)), Const(k)) for k in range(rank))
        return Display("tuple", (*lengths, self.count))

    def filled(self, like: Expr, value: Expr) -> Expr:
        if not self.carries(like):
            return Call(COPY, (Call(BROADCAST, (self.of(value), self.shape(like))),))
        return Call(COPY, (Call(BROADCAST, (self.of(value), Call(SHAPE, (self.of(like),)))),))

    def along(self, e: Call, function: object) -> Expr:
        """A function along an axis, or along all of them, which are now all but the last."""
        first, *rest = e.args
        given = dict(e.kwargs)
        if rest or given.keys() - {"axis", "keepdims"}:
            raise OneByOne
        if isinstance(first, Display) != (function in _JOINING):
            raise OneByOne
        rank = self.rank(first.items[0] if isinstance(first, Display) else first)
        axis = _whole(given["axis"]) if "axis" in given else _ALONG[function]
        if axis is None and (rank == 1 or function in _RUNNING):
            axis = 0
            if rank != 1:
                raise OneByOne
        if axis is None:
            given["axis"] = Display("tuple", tuple(map(Const, range(rank))))
        else:
            axes = rank + 1 if function is np.stack else rank
            given["axis"] = Const(axis % axes)
        return replace(e, args=(self.displayed(first),), kwargs=tuple(given.items()))

    def product(self, a: Expr, b: Expr) -> Expr:
        """A matrix product, where it is one of the tangents' as they lie."""
        ranks = self.rank(a), self.rank(b)
        if self.carries(a) and self.carries(b):
            raise OneByOne
        if self.carries(b) and ranks in ((1, 1), (2, 1)):
            return Call(MATMUL, (a, self.of(b)))
        if self.carries(a) and ranks == (1, 1):
            return Call(MATMUL, (b, self.of(a)))
        if self.carries(b) and ranks == (1, 2):
            return Call(TENSORDOT, (a, self.of(b), Const(1)))
        if self.carries(a) and ranks == (1, 2):
            return Call(MATMUL, (Call(Object(np.transpose, "np.transpose"), (b,)), self.of(a)))
        raise OneByOne


def is_zero(e: Expr) -> bool:
    return e == ZERO


def _whole(e: Expr) -> int:
    """An axis that is written out."""
    match e:
        case Const(value=int() as axis):
            return axis
        case Call(func=Object(value=op), args=(Const(value=int() as axis),)) if op is operator.neg:
            return -axis
    raise OneByOne
