"""Dependences that a derivative does not carry. In: a core program and what it is differentiated by. Out: the places
where a value that varies becomes a whole number or picks an element, and whether the result depends on an argument at
all, or only through comparisons and whole numbers.

All of these are differentiated as they should be, since such values are constant almost everywhere; but somebody who
asked for the derivative may have expected another one.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Const,
    Effect,
    Expr,
    For,
    Function,
    If,
    Item,
    Name,
    Object,
    Origin,
    Stmt,
    Update,
    While,
)
from ..ir.types import Num
from ..ir.walk import assigned, children, expressions, is_call_of, statements, subexprs, targets
from ..rules import rule_of
from ..rules.typing import Typer
from ..runtime import stop_gradient
from .activity import Edges, active_names, closure, varied_names
from .aliases import Aliases

# what is read of an array is its shape or type, not its elements
SHAPE_ONLY = {
    *(len, np.ndarray.shape, np.ndarray.ndim, np.ndarray.size, np.ndarray.dtype, np.shape, np.size, np.ndim),
    *(np.zeros_like, np.ones_like, np.empty_like),
}
_COMPARISONS = {
    *(operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge, operator.not_),
    *(np.less, np.less_equal, np.equal, np.not_equal, np.greater, np.greater_equal),
    *(np.isnan, np.isfinite, np.isinf, np.signbit, math.isnan, math.isfinite, math.isinf, bool),
}
_TO_INTEGER = {int, round, math.floor, math.ceil, math.trunc, np.ndarray.astype}


class Place(NamedTuple):
    """An expression of the program, and the statement that it stands in."""

    expr: Expr
    origin: Origin | None


class Lost(NamedTuple):
    """`integers` and `picks` are the places where a value that varies becomes a whole number, and where a comparison
    picks elements of something that does not vary; `unused` are the arguments on which the result does not depend,
    `compared` those on which it depends in no differentiable way, with a place that reads them."""

    integers: list[Place]
    picks: list[Place]
    unused: list[str]
    compared: list[tuple[str, Place | None]]


def lost(function: Function, arguments: dict[str, tuple[str, ...]], results: list[str], aliases: Aliases) -> Lost:
    """`arguments` are those of the derivative, each with the variables that hold its parts."""
    wrt = {leaf for own in arguments.values() for leaf in own}
    whole = _Dependence(function, aliases)
    unused: list[str] = []
    compared: list[tuple[str, Place | None]] = []
    active = active_names(function, wrt, results, aliases)
    for name, own in arguments.items():
        if active & set(own) and active_names(function, own, results, aliases) & set(own):
            continue
        if not whole.reached(own, stopped=True) & set(results):
            unused.append(name)
        elif whole.reached(own) & set(results):
            compared.append((name, whole.first_reader(own)))
    return Lost(whole.integers(wrt, results), whole.picks(wrt, results), unused, compared)


class _Dependence:
    """Which values of a program depend on which others, differentiably or not."""

    def __init__(self, function: Function, aliases: Aliases) -> None:
        self.function, self.aliases = function, aliases
        self.typer = Typer(aliases.types)

    def reached(self, start: Iterable[str], *, comparisons: bool = True, stopped: bool = False) -> set[str]:
        """What depends on these variables; without `comparisons`, through numbers only."""
        edges = list(self._edges(self.function.body, frozenset(), comparisons, stopped))
        return closure(set(start), edges, self.aliases)

    def reaching(self, results: Iterable[str]) -> set[str]:
        """What these variables depend on."""
        edges = [(t, s) for s, t in self._edges(self.function.body, frozenset(), comparisons=True, stopped=False)]
        return closure(set(results), edges, self.aliases)

    def _edges(self, block: Block, control: frozenset[str], comparisons: bool, stopped: bool) -> Edges:
        for s in block:
            read = {n for e in expressions(s) for n in _read(e, comparisons, stopped)}
            yield from ((n, t) for t in _affected(s) for n in sorted(read | control))
            if isinstance(s, If | While | For):
                around = control | read | _leaving(s, stopped) if comparisons else control
                for inner in (s.body, s.orelse):
                    yield from self._edges(inner, around, comparisons, stopped)

    def first_reader(self, own: Iterable[str]) -> Place | None:
        """The first expression that takes what varies with `own` and gives a value that does not."""
        varied = varied_names(self.function, own, self.aliases)
        for s, e in self._places():
            match e:
                case Call(func=Object(value=f), args=args) if f not in SHAPE_ONLY and f is not stop_gradient:
                    rule = rule_of(f)
                    cuts = rule is not None and rule.kind == "constant"
                    if cuts and any(_read(a, True, False) & varied for a in args):
                        return Place(e, s.origin)
                case Item(index=index) if _read(index, True, False) & varied:
                    return Place(e, s.origin)
        return None

    def _places(self) -> Iterator[tuple[Stmt, Expr]]:
        for s in statements(self.function.body):
            for top in expressions(s):
                for e in subexprs(top):
                    yield s, e

    # --------------------------------------------------------------------------------------------- whole numbers

    def integers(self, wrt: Iterable[str], results: Iterable[str]) -> list[Place]:
        """Conversions of what varies to a whole number that the result depends on, where the rest is not used."""
        numbers, useful = self.reached(wrt, comparisons=False), self.reaching(results)
        found = [
            Place(e, s.origin)
            for s, e in self._places()
            if self._to_integer(e, numbers) and set(_affected(s)) & useful and not self._with_rest(e, wrt)
        ]
        stores = [s for s in statements(self.function.body) if isinstance(s, Assign | Update)]
        return found + [
            Place(s.target, s.origin) for s in stores if set(_affected(s)) & useful and self._truncates(s, numbers)
        ]

    def _to_integer(self, e: Expr, numbers: set[str]) -> bool:
        match e:
            case Call(func=Object(value=f), args=(x, *_)) if f in _TO_INTEGER and _read(x, False, False) & numbers:
                before, after = self.typer(x), self.typer(e)
                is_integer = isinstance(after, Num) and after.dtype.startswith("int")
                return is_integer and isinstance(before, Num) and before.is_float
        return False

    def _truncates(self, s: Assign | Update, numbers: set[str]) -> bool:
        """Whether a statement writes what varies into an array of whole numbers."""
        if not isinstance(s.target, Item) or not _read(s.value, False, False) & numbers:
            return False
        before, after = self.typer(s.value), self.typer(s.target.base)
        whole = isinstance(after, Num) and after.dtype.startswith("int")
        return whole and isinstance(before, Num) and before.is_float

    def _with_rest(self, e: Expr, wrt: Iterable[str]) -> bool:
        """Whether the program also computes what the conversion leaves over, `x - int(x)`, as interpolation does."""
        made = {t for s in statements(self.function.body) if _holds(s, e) for t in _affected(s)}
        whole = self.reached(made)
        varied = varied_names(self.function, wrt, self.aliases)
        for _, other in self._places():
            if isinstance(other, Call) and is_call_of(other, operator.sub, np.subtract):
                a, b = other.args[:2]
                if e in subexprs(b) or (_read(b, True, False) & whole and _read(a, False, False) & varied):
                    return True
        return False

    # ------------------------------------------------------------------------------------------------- selections

    def picks(self, wrt: Iterable[str], results: Iterable[str]) -> list[Place]:
        """Elements of what does not vary, picked by a truth value that does, where no varying array is picked from in
        the same way."""
        varied, reached = varied_names(self.function, wrt, self.aliases), self.reached(wrt)
        useful = self.reaching(results)
        found: list[tuple[Stmt, Expr, set[str]]] = []
        alike: set[str] = set()
        for s, e in self._places():
            base, index = _picked(e)
            if index is None or base is None:
                continue
            read = _read(index, True, False)
            if not self._is_truth(index):
                continue
            if _read(base, False, False) & varied:
                alike |= read
            elif read & reached and set(_affected(s)) & useful:
                found.append((s, e, read))
        return [Place(e, s.origin) for s, e, read in found if not read & alike]

    def _is_truth(self, index: Expr) -> bool:
        """Whether an index is a truth value, or one made a number: `int(x > 0)`."""
        if is_call_of(index, int) and isinstance(index, Call):
            index = index.args[0]
        type_ = self.typer(index)
        return isinstance(type_, Num) and type_.dtype == "bool"


def _leaving(s: If | While | For, stopped: bool) -> set[str]:
    """What decides whether a loop is left early."""
    tests = [t for t in statements(s.body) if isinstance(t, If) and any(isinstance(b, Break) for b in statements((t,)))]
    return {n for t in tests for n in _read(t.test, True, stopped)} if isinstance(s, While | For) else set()


def _picked(e: Expr) -> tuple[Expr | None, Expr | None]:
    match e:
        case Item(base=base, index=index) if not isinstance(index, Const):
            return base, index
        case Call(args=(base, index)) if is_call_of(e, operator.getitem):
            return base, index
    return None, None


def _holds(s: Stmt, e: Expr) -> bool:
    return any(e == part for top in expressions(s) for part in subexprs(top))


def _affected(s: Stmt) -> list[str]:
    """The variables that a statement, with what it contains, gives a value or changes."""
    match s:
        case Assign(target=Item(base=base)) | Update(target=Item(base=base)):
            return [base.id] if isinstance(base, Name) else []
        case Assign(target=target) | Update(target=target):
            return targets(target)
        case Effect(value=Call(args=(Name(id=name), *_))):
            return [name]
        case If() | While() | For():
            own = targets(s.target) if isinstance(s, For) else []
            inner = [n for part in statements((*s.body, *s.orelse)) for n in _written(part)]
            return [*own, *sorted(assigned((*s.body, *s.orelse))), *inner]
    return []


def _written(s: Stmt) -> list[str]:
    return [] if isinstance(s, If | While | For) else _affected(s)


def _read(e: Expr, comparisons: bool, stopped: bool) -> set[str]:
    """The variables whose values make the value of `e`; `stopped` counts what is passed to `stop_gradient`."""
    match e:
        case Name():
            return {e.id}
        case Call(func=Object(value=f)) if f in SHAPE_ONLY or (f is stop_gradient and not stopped):
            return set()
        case Call(func=Object(value=f)) if f in _COMPARISONS and not comparisons:
            return set()
    return {n for child in children(e) for n in _read(child, comparisons, stopped)}
