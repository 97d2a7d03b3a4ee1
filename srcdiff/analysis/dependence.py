"""Whether two places of a program can be the same element of an array.

in:   for j in range(n): for i in range(j + 1, n): for k in range(j): L[i, j] -= L[i, k] * L[j, k]
out:  no element that is written has been read before as L[i, k] or L[j, k]

A place comes with its way through the program, from the outermost block inwards. What is not a sum of multiples of loop
counters and of numbers that never change may be anything.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ..ir.nodes import Call, Const, Expr, For, Item, Name, Object, While
from ..ir.types import Dim, Num, Type
from .affine import Form, affine, constant, difference, impossible, is_length

ONE = constant(1)
_NEGATED = {
    operator.eq: operator.ne,
    operator.ne: operator.eq,
    operator.lt: operator.ge,
    operator.ge: operator.lt,
    operator.gt: operator.le,
    operator.le: operator.gt,
}


class At(NamedTuple):
    """One step of a way: the position in a block, and what is entered there: a loop, or a side of an `if` (1 or 2)
    with its test."""

    position: int
    loop: For | While | None = None
    side: int = 0
    test: Expr | None = None


class Known(NamedTuple):
    """What is known of variables: whether one has the same value (or an array: the same shape) from beginning to end,
    whether it is a whole number, whether it is bound by the head of one loop only, and the type it has."""

    is_fixed: Callable[[str], bool]
    is_whole: Callable[[str], bool]
    is_counter: Callable[[str], bool]
    types: Mapping[str, Type]

    def length(self, e: Expr) -> Dim | None:
        """The length that a variable, `len(a)` or `a.shape[k]` stands for."""
        type_ = self.types.get(name_in(e).id)
        if not isinstance(type_, Num):
            return None
        if isinstance(e, Name):
            return type_.value if isinstance(type_.value, Dim) else None
        axis = e.index.value if isinstance(e, Item) and isinstance(e.index, Const) else 0
        return type_.shape[axis] if 0 <= axis < len(type_.shape) else None


@dataclass(frozen=True)
class Place:
    """An element `name[index]`; without an index, any element of any array that may share memory with it."""

    name: str
    index: tuple[Expr, ...] | None
    way: tuple[At, ...]


class Instance:
    """A place on some trip of each of its loops; `shared` of the loops are on the same trip as those of another one."""

    def __init__(self, place: Place, tag: int, shared: int, known: Known) -> None:
        self.place, self.known = place, known
        self.counters: dict[str, Hashable] = {}
        self.bounds: list[Form] = []
        self.loops = loops_of(place.way)
        self.unequal: list[Form] = []  # forms that are not zero
        for depth, loop in enumerate(self.loops):
            if isinstance(loop, For) and isinstance(loop.target, Name) and known.is_counter(loop.target.id):
                counter = (loop.target.id, 0 if depth < shared else tag)
                self.bounds += self.range_of(loop, {counter: 1})
                self.counters[loop.target.id] = counter
        for at in place.way:
            if isinstance(at.test, Call):
                self.condition(at.test, at.side == 1)

    def condition(self, test: Call, holds: bool) -> None:
        """What a comparison of whole numbers says, or its negation."""
        if not isinstance(test.func, Object) or test.func.value not in _NEGATED or len(test.args) != 2:
            return
        left, right = self.form(test.args[0]), self.form(test.args[1])
        if left is None or right is None:
            return
        op = test.func.value if holds else _NEGATED[test.func.value]
        ahead = difference(left, right)
        if op in (operator.eq, operator.ge, operator.gt):
            self.bounds.append(difference(ahead, ONE) if op is operator.gt else ahead)
        if op in (operator.eq, operator.le, operator.lt):
            behind = difference({}, ahead)
            self.bounds.append(difference(behind, ONE) if op is operator.lt else behind)
        if op is operator.ne:
            self.unequal.append(ahead)

    def variable(self, e: Expr) -> Hashable | None:
        name = name_in(e)
        if name.id in self.counters:
            return self.counters[name.id]
        is_array = isinstance(self.known.types.get(name.id), Num)  # the length of a list may change
        whole = self.known.is_whole(name.id) if isinstance(e, Name) else is_array
        if not whole or not self.known.is_fixed(name.id):
            return None
        length = self.known.length(e)
        variable = None if length is None else _variable_of(length)
        return (e, 0) if variable is None else variable

    def form(self, e: Expr) -> Form | None:
        return affine(e, self.variable)

    def range_of(self, loop: For, counter: Form) -> Iterator[Form]:
        """What the counter of a loop satisfies."""
        start, stop, step = range_of(loop)
        first, end = self.form(start), self.form(stop)
        up = isinstance(step, Const) and step.value > 0
        if not up and not (isinstance(step, Const) and step.value < 0):
            return
        if first is not None:
            yield difference(counter, first) if up else difference(first, counter)
        if end is not None:
            yield difference(difference(end, counter) if up else difference(counter, end), ONE)
        shorter = self.shorter(stop) if up else None
        if shorter is not None:
            yield difference(difference(shorter, counter), ONE)

    def shorter(self, e: Expr) -> Form | None:
        """The form of a variable that is a length less a fixed number, unless that is below zero."""
        length = self.known.length(e) if isinstance(e, Name) and self.known.is_fixed(e.id) else None
        match length:
            case Dim(token=("minus", token, int(less))) if (variable := _variable_of(Dim(token))) is not None:
                return difference({variable: 1}, constant(less))
        return None

    def part(self, axis: int) -> Form | None:
        """The form of a part of the index that is surely not negative, or that counts from the end of a known length
        (and may be none of an element then)."""
        assert self.place.index is not None
        e = self.place.index[axis]
        if isinstance(e, Const) and isinstance(e.value, int) and e.value < 0:
            length = self.length_of(axis)
            return None if length is None else difference(length, constant(-e.value))
        return self.natural(e)

    def natural(self, e: Expr) -> Form | None:
        """The form of an index that is surely not negative."""
        form = self.form(e)
        if form is None or not impossible([*self.bounds, *self.lengths(form), difference(difference({}, form), ONE)]):
            return None
        return form

    def length_of(self, axis: int) -> Form | None:
        """The form of the length of the array along an axis (all parts of the index being numbers or slices)."""
        type_ = self.known.types.get(self.place.name)
        if not isinstance(type_, Num) or axis >= len(type_.shape) or not self.known.is_fixed(self.place.name):
            return None
        dim = type_.shape[axis]
        variable = _variable_of(dim)
        if variable is None:
            return constant(dim.token) if isinstance(dim.token, int) else None
        return {variable: 1}

    def is_below(self, end: Expr) -> bool:
        """Whether the index, of one axis, is surely not negative and below a number."""
        index = self.place.index
        form = self.natural(index[0]) if index is not None and len(index) == 1 else None
        limit = self.form(end)
        if form is None or limit is None:
            return False
        return impossible([*self.bounds, *self.lengths(form, limit), difference(form, limit)])

    def lengths(self, *forms: Form) -> list[Form]:
        """That the lengths in some forms are not negative."""
        variables = {v for f in (*forms, *self.bounds) for v in f}
        return [{v: 1} for v in variables if isinstance(v, tuple) and _is_natural(v[0])]

    def is_inside(self, shape: tuple[Dim, ...]) -> bool:
        """Whether the index is surely one of an element of an array of that shape."""
        index = self.place.index
        if index is None or len(index) != len(shape):
            return False
        for part, dim in zip(index, shape, strict=True):
            form = self.natural(part)
            variable = _variable_of(dim)
            if form is None or (variable is None and not isinstance(dim.token, int)):
                return False
            length = constant(dim.token) if isinstance(dim.token, int) else {variable: 1}
            if not impossible([*self.bounds, *self.lengths(form, length), difference(form, length)]):
                return False
        return True


def _variable_of(length: Dim) -> Hashable | None:
    """The variable that stands for a length everywhere."""
    match length.token:
        case None | int() | ("of", *_):
            return None
        case token:
            return ("length", token), 0


def _is_natural(e: object) -> bool:
    """Whether a variable stands for the length of an array."""
    match e:
        case ("length", ("argument", _, _)):
            return True
        case Item() | Call():
            return is_length(e)
    return False


def name_in(e: Expr) -> Name:
    """The variable of a name, a `len(a)` or an `a.shape[k]`."""
    match e:
        case Name():
            return e
        case Item(base=base):
            return name_in(base)
        case Call(args=(base,)):
            return name_in(base)
    raise TypeError(f"no variable in {e!r}")


def range_of(loop: For) -> tuple[Expr, Expr, Expr]:
    assert isinstance(loop.iter, Call)
    match loop.iter.args:
        case (stop,):
            return Const(0), stop, Const(1)
        case (start, stop):
            return start, stop, Const(1)
        case (start, stop, step):
            return start, stop, step
    raise TypeError("a range has one to three arguments")


def loops_of(way: tuple[At, ...]) -> list[For | While]:
    """The loops of a way that are entered."""
    return [at.loop for at in way if at.loop is not None]


def may_meet_before(later: Place, earlier: Place, known: Known) -> bool:
    """Whether one place can be the same element as another one was before, or is at the same moment."""
    common, same_trip = _common(later.way, earlier.way)
    cases = [(depth, True) for depth in range(common)] + ([(common, False)] if same_trip else [])
    return any(_may_meet(later, earlier, depth, ordered, known) for depth, ordered in cases)


def meet_on_trips(later: Place, earlier: Place, depth: int, known: Known) -> bool:
    """Whether two places in a loop, which is inside of `depth` others, can be the same element, one on a later trip of
    that loop than the other and both on the same trip of the others."""
    return _may_meet(later, earlier, depth, True, known)


def may_meet(a: Place, b: Place, depth: int, known: Known) -> bool:
    """Whether two places can be the same element on the same trip of the first `depth` loops, which they share, and on
    any trips of the others."""
    return _may_meet(a, b, depth, False, known)


def _common(later: tuple[At, ...], earlier: tuple[At, ...]) -> tuple[int, bool]:
    """How many loops two ways have in common, and whether the second place may come first on the same trip of these."""
    common = 0
    for a, b in zip(later, earlier, strict=False):
        if a.position != b.position:
            return common, b.position < a.position
        if a.side != b.side:
            return common, 0 in (a.side, b.side)
        common += a.loop is not None and b.loop is not None
    return common, True


def _may_meet(later: Place, earlier: Place, depth: int, ordered: bool, known: Known) -> bool:
    """The same with both on one trip of the loops outside `depth`, and, if `ordered`, on an earlier one of the next."""
    if later.index is None or earlier.index is None or later.name != earlier.name or not known.is_fixed(later.name):
        return True
    a, b = Instance(later, 1, depth, known), Instance(earlier, 2, depth, known)
    system = [*a.bounds, *b.bounds, *a.lengths(), *b.lengths()]
    if ordered:
        loop = a.loops[depth]
        if isinstance(loop, For) and isinstance(loop.target, Name):
            step = range_of(loop)[2]
            one, other = a.counters.get(loop.target.id), b.counters.get(loop.target.id)
            if isinstance(step, Const) and step.value and one is not None and other is not None:
                ahead = {one: 1, other: -1, None: -1} if step.value > 0 else {one: -1, other: 1, None: -1}
                system.append(ahead)
    equal: list[Form] = []
    for axis in range(min(len(later.index), len(earlier.index))):
        left, right = a.part(axis), b.part(axis)
        if left is not None and right is not None:
            equal.append(difference(left, right))
    return not all(impossible([*system, *apart], equal) for apart in _alternatives(a.unequal + b.unequal))


def _alternatives(unequal: list[Form]) -> list[list[Form]]:
    """Forms that are not zero are positive or negative: the ways of that, for the first three of them."""
    found: list[list[Form]] = [[]]
    for form in unequal[:3]:
        ways = (difference(form, ONE), difference(difference({}, form), ONE))
        found = [[*others, way] for others in found for way in ways]
    return found
