"""What a statement that becomes a loop nest needs around it: statements ahead of it, and the lengths of its axes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field

import numpy as np

from ...ir.callee import helper_of
from ...ir.nodes import Assign, Call, Const, Effect, Expr, Item, Name, Object, Slice, Stmt
from ...ir.types import Dim, Num, Type
from ...ir.walk import Fresh, names, ordered_names
from ...normalise.iteration import LEN, minus, plus
from ...rules.typing import Typer, settled
from ...runtime import same_length
from ..storage import Storage
from .lengths import Lengths, is_result
from .only_copies import OnlyCopies

SHAPE = Object(np.ndarray.shape, "shape")
SAME_LENGTH = Object(same_length, "same_length")
COUNTERS = "ijklmn"


class NotElementwise(Exception):
    """Of a statement that stays what it is."""


@dataclass
class Context:
    """What lasts for a whole function: its types, names and alias classes. `counters` are the loop variables that
    lowering has made, with the length that each goes through."""

    types: dict[str, Type]
    wished: dict[str, str]
    storage: Storage
    rebound: frozenset[str] = field(kw_only=True)  # the variables that are bound in more than one place
    fresh: Fresh
    letters: list[str]
    lengths: Lengths
    counters: dict[str, tuple[Dim, Lengths]] = field(default_factory=dict)
    counted: set[str] = field(default_factory=set)  # those of loops of the program that count from zero now
    lasting: frozenset[str] = frozenset()  # variables that are bound once, in front of all loops
    buffers: set[str] = field(default_factory=set)  # arrays that lowering has made, to be filled by nests
    padded: set[str] = field(default_factory=set)  # those among others that have margins of zeros
    sizes: dict[tuple[str, int], Expr] = field(default_factory=dict)  # of buffers and their axes, in lasting variables
    agreed: dict[Expr, tuple[Dim, Dim]] = field(default_factory=dict)  # what a check holds against each other
    totals: set[str] = field(default_factory=set)  # the variables that reductions to elements of arrays are made in
    places: set[str] = field(default_factory=set)  # numbers, and arrays of them, that are indices of surely one element
    searches: dict[Expr, dict[int, Expr]] = field(default_factory=dict)  # the places that are known in this block
    only_copies: OnlyCopies = field(kw_only=True)  # what may be made where it is copied to
    # the statements that compute a value ahead of a nest
    ahead: Callable[[Context, Assign, set[str]], list[Stmt]] = field(kw_only=True)

    def name(self, wish: str, type_: Type) -> Name:
        """A new variable."""
        name = self.fresh(wish)
        self.types[name], self.wished[name] = type_, wish
        return Name(name)

    def counter(self, wish: int | str, length: Dim, lengths: Lengths) -> Name:
        """The variable of a new loop, which has a name or the letter for its depth."""
        found = self.name(self.letters[wish] if isinstance(wish, int) else wish, Num("int64", weak=True))
        self.counters[found.id] = length, lengths
        return found


class Site:
    """One statement: what it takes ahead of its nest, and how long the axes are that it runs over."""

    def __init__(self, context: Context, defined: set[str], wish: str) -> None:
        self.context, self.defined, self.wish = context, defined, wish
        self.typer = Typer(context.types)
        self.ahead: list[Stmt] = []
        self.named: dict[Expr, Name] = {}
        self.lengths: dict[object, Expr] = {}  # by the token of a length
        self.equal = context.lengths.inside()
        self.unmade = ""  # the variable that the statement makes
        self.assumed: list[Dim] = []  # the lengths that are taken to be the same as others

    def num(self, e: Expr) -> Num:
        type_ = None if helper_of(e) is not None else self.typer(e)  # (which tells what a function itself returns)
        if not isinstance(type_, Num) or type_.ndim is None:
            raise NotElementwise
        if any(owner in self.context.rebound for dim in type_.shape for owner in _owners(dim.token)):
            raise NotElementwise  # its length is another one after each binding
        return type_

    def let(self, e: Expr, view: bool = False) -> Name:
        """A name for a value that is computed ahead of the nest."""
        known = self.named.get(e)
        if known is None:
            wish = next(iter(ordered_names(e)), self.wish) if view else self.wish
            wish = self.context.wished.get(wish, wish)
            type_ = self.typer(e)
            known = self.named[e] = self.context.name(f"{wish}_1", settled(type_))
            for axis, dim in enumerate(type_.shape if isinstance(type_, Num) else ()):
                self.note_length(dim, known.id, axis)
            self.ahead += (
                [Assign(known, e)] if view else self.context.ahead(self.context, Assign(known, e), self.defined)
            )
            for other in sorted(self.context.storage.shared(e)):  # (the other axes of an array are a view of it, too)
                self.context.storage.join(known.id, other)
        return known

    # ------------------------------------------------------------------------------------------------- lengths

    def note_length(self, dim: Dim, base: str, axis: int, part: Slice | None = None, within: bool = False) -> None:
        """Note that an axis of that length is one of a variable, or a slice of it; `within` says that both bounds of
        the slice are surely places in that axis."""
        if dim.token is None or isinstance(dim.token, int) or base == self.unmade:
            return
        found: Expr | None = self.whole(base, axis) if part is None else self.cut(base, axis, part, within)
        known = self.lengths.get(dim.token)
        if found is not None and (known is None or self.weight(found, part) < self.weight(known, None)):
            self.lengths[dim.token] = found

    def weight(self, e: Expr, part: Slice | None) -> int:
        """How much there is against telling a length this way: arrays that nests fill may disappear."""
        if names(e) & self.context.buffers:
            return 2
        return 0 if part is None else 1

    def cut(self, base: str, axis: int, part: Slice, within: bool) -> Expr | None:
        """The length of a slice, as a number of trips (it may be below zero)."""
        whole, lower = self.whole(base, axis), part.lower or Const(0)
        low = self.literal(lower)
        high = None if part.upper is None else self.literal(part.upper)
        if part.step is not None and self.literal(part.step) != 1:
            return None
        if low is not None and low >= 0 and (part.upper is None or (high is not None and high < 0)):
            return minus(whole, Const(low - (high or 0)))
        return minus(part.upper or whole, lower) if within else None

    def whole(self, base: str, axis: int) -> Expr:
        """The length of an axis of a variable: under a name that the program has for it, if there is one."""
        type_ = self.context.types[base]
        assert isinstance(type_, Num)
        named = self.count(type_.shape[axis]) or self.context.sizes.get((base, axis))
        if named is not None:
            return named
        return Call(LEN, (Name(base),)) if type_.ndim == 1 else Item(Call(SHAPE, (Name(base),)), Const(axis))

    def count(self, dim: Dim) -> Name | None:
        """A variable of the program that is surely assigned here and holds that length."""
        if dim.token is None:
            return None
        for name in sorted(self.defined):
            type_ = self.context.types.get(name)
            if isinstance(type_, Num) and type_.is_integral and isinstance(type_.value, Dim) and type_.value.same(dim):
                return Name(name)
        return None

    def literal(self, e: Expr) -> int | None:
        """The whole number that an expression surely is; 0 for `None`, which leaves a bound out."""
        if isinstance(e, Const) and e.value is None:
            return 0
        type_ = self.typer(e)
        return type_.value if isinstance(type_, Num) and type(type_.value) is int else None

    def extent(self, dim: Dim) -> Expr:
        """How many trips a loop along an axis has."""
        if isinstance(dim.token, int):
            return Const(dim.token)
        found = self.told(dim)
        if found is None:
            root = self.equal.find(dim.token)
            others = (Dim(token) for token in self.lengths if self.equal.find(token) == root)
            found = Const(root) if isinstance(root, int) else next(iter(e for e in map(self.told, others) if e), None)
        if found is None:
            raise NotElementwise
        return found

    def told(self, dim: Dim) -> Expr | None:
        """A length in terms of variables, if it is told by any."""
        return Const(dim.token) if isinstance(dim.token, int) else self.count(dim) or self.lengths.get(dim.token)

    # ---------------------------------------------------------------------------------------- lengths to check

    def same(self, a: Dim, b: Dim) -> bool:
        return self.equal.same(a, b)

    def assume(self, a: Dim, b: Dim) -> bool:
        """Whether two lengths may be taken to be the same; then they are from here on."""
        if not self.equal.may_assume or a.token is None or b.token is None:
            return False
        self.assumed += [a, b]
        self.equal.join(a, b)
        return True

    def checks(self) -> list[Stmt]:
        """The statements that hold lengths against each other which are taken to be the same. Raises NotElementwise
        where one is not told."""
        found: list[Stmt] = []
        first: dict[Hashable, tuple[Dim, Expr]] = {}
        for dim in self.assumed:
            own = self.told(dim)
            if own is None:
                if is_result(dim):
                    continue
                raise NotElementwise
            same, other = first.setdefault(self.equal.find(dim.token), (dim, own))
            check = Call(SAME_LENGTH, (other, own))
            if own != other and Effect(check) not in found:
                found.append(Effect(check))
                self.context.agreed[check] = same, dim
        if all(map(lasting, self.assumed)):
            self.context.lengths.learn(self.equal)
        return found


def shifted(index: Expr, start: Expr) -> Expr:
    """`start + index` as one writes it: the counter first."""
    return plus(index, start) if isinstance(start, Const) else plus(start, index)


def lasting(dim: Dim) -> bool:
    """Whether equal tokens are equal lengths in other statements, too, as long as the same variables have not been
    bound anew."""
    return _lasts(dim.token)


def _owners(token: object) -> Iterator[str]:
    """The variables whose unknown lengths a length is made of."""
    match token:
        case ("of", str(owner), *_):
            yield owner
        case tuple():
            for part in token:
                yield from _owners(part)


def _lasts(token: object) -> bool:
    match token:
        case ("of", owner, *_):
            return isinstance(owner, str)
        case ("slice", whole, start, stop, None):  # (a bound that is None is left out)
            return _lasts(whole) and all(b is None or _lasts(b) for b in (start, stop))
        case tuple():
            return all(map(_lasts, token))
        case Slice():
            return _is_literal(token)
    return token is not None


def _is_literal(part: Slice) -> bool:
    return not any(names(b) for b in (part.lower, part.upper, part.step))
