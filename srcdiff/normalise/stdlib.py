"""Functions of the standard library that go through values known one by one, copy them or hold arguments.

in:   for a, b in pairwise((x, y, z)): ...     out:  a, b = x, y; ...; a, b = y, z; ...
      f = partial(scaled, k=2.0); f(x)               scaled(x, k=2.0)
"""

from __future__ import annotations

import copy
import functools
import inspect
import itertools
import math
import operator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import UnsupportedCall
from ..ir.nodes import Attr, Call, Const, Display, Expr, Item, Object
from ..ir.types import Num, Static
from ..rules.typing import TypeProblem
from .operators import Operators

_ITERATED = (
    *(itertools.pairwise, itertools.combinations, itertools.permutations),
    *(itertools.combinations_with_replacement, itertools.islice),
)
_GETTERS = (operator.itemgetter, operator.attrgetter)
_MANY = 1000


@dataclass(frozen=True, eq=False)
class Partial:
    """`functools.partial` of core values, which are held under names."""

    callee: Expr
    args: tuple[Expr, ...]
    kwargs: tuple[tuple[str, Expr], ...]

    @property
    def __name__(self) -> str:
        return "partial"


class Library(Operators):
    """Calls of the standard library in one function."""

    def special_call(self, function: Any, e: Call) -> Expr | None:
        if isinstance(function, Partial):
            return self.call_partial(function, e)
        if isinstance(function, _GETTERS):
            return self.gotten(function, e)
        if function is functools.partial and e.args:
            (callee, *args), kwargs = self.arguments(e)
            held = tuple((k, self.frozen(v)) for k, v in kwargs)
            partial = Partial(self.frozen(callee), tuple(map(self.frozen, args)), held)
            return Object(partial, "partial", e.at)
        if function in _GETTERS and not e.kwargs:
            return Object(function(*[self.key(self.expr(a)) for a in e.args]), function.__name__, e.at)
        if function is callable and len(e.args) == 1:
            type_ = self.typed(self.expr(e.args[0]))
            return Const(isinstance(type_, Static) and (callable(type_.value) or hasattr(type_.value, "__name__")))
        if function in (copy.copy, copy.deepcopy) and len(e.args) == 1:
            (value,), _ = self.arguments(e)
            if function is copy.deepcopy and self.arrays(value) > 1:
                raise several_arrays(e)
            return self.duplicate(value, function is copy.deepcopy)
        if function is math.hypot and len(e.args) != 2:
            return self.length(e.args, e)
        if function is math.dist and len(e.args) == 2:
            return self.distance(e)
        if self.hashable(function) in _ITERATED and e.args:
            return self.iterated(function, e)
        if function is itertools.repeat and len(e.args) == 2:
            (value, times), _ = self.arguments(e)
            count = self.key(times)
            return (
                None
                if type(count) is not int or count > _MANY
                else Display("tuple", (self.shared(value),) * count, e.at)
            )
        return super().special_call(function, e)

    def frozen(self, e: Expr) -> Expr:
        """A value as it is now, whatever becomes of its name."""
        return e if isinstance(e, Const | Object) else self.copied(e)

    def call_partial(self, partial: Partial, e: Call) -> Expr:
        fixed = [partial.callee, *partial.args, *(v for _, v in partial.kwargs)]
        given = dict(e.kwargs)
        with self.under_names(tuple(fixed)) as names:
            count = 1 + len(partial.args)
            held = zip((k for k, _ in partial.kwargs), names[count:], strict=True)
            kwargs = (*((k, n) for k, n in held if k not in given), *e.kwargs)
            return self.expr(Call(names[0], (*names[1:count], *e.args), kwargs, e.at))

    def gotten(self, getter: Any, e: Call) -> Expr:
        """`itemgetter(1)(pair)`, `attrgetter("mass")(body)`."""
        keys = getter.__reduce__()[1]
        found: list[Expr] = []
        for key in keys:
            if isinstance(getter, operator.itemgetter):
                found.append(self.expr(Item(e.args[0], Const(key), e.at)))
                continue
            part = e.args[0]
            for name in key.split("."):
                part = Attr(part, name, e.at)
            found.append(self.expr(part))
        return found[0] if len(keys) == 1 else Display("tuple", tuple(found), e.at)

    def duplicate(self, value: Expr, deep: bool) -> Expr | None:
        """A copy of arrays and structures; None for what says itself how it is copied."""
        if not isinstance(value, Display):
            type_ = self.typed(value)
            if isinstance(type_, Num) and type_.is_array:
                return Call(Object(np.copy, "np.copy"), (value,))
            return value if isinstance(type_, Num | Static) else None
        cls = value.form.cls if value.form is not None else tuple
        own = ("__copy__", "__deepcopy__", "__getstate__", "__setstate__", "__reduce__", "__reduce_ex__")
        if any(inspect.getattr_static(cls, n, None) is not inspect.getattr_static(object, n, None) for n in own):
            return None
        items: list[Expr] = []
        for item in value.items:
            new = self.duplicate(item, deep) if deep else item
            if new is None:
                return None
            items.append(new)
        return replace(value, items=tuple(items), home=None)

    def arrays(self, value: Expr) -> int:
        """How many arrays a value holds."""
        if isinstance(value, Display):
            return sum(map(self.arrays, value.items))
        type_ = self.typed(value)
        return int(isinstance(type_, Num) and type_.is_array)

    def length(self, parts: tuple[Expr, ...], e: Call) -> Expr:
        """The square root of the sum of squares."""
        with self.under_names(tuple(self.atom(self.expr(p), "part") for p in parts)) as names:
            squares: list[Expr] = [Call(Object(operator.mul, "*"), (n, n)) for n in names]
            total = functools.reduce(lambda a, b: Call(Object(operator.add, "+"), (a, b)), squares)
            return self.expr(Call(Object(math.sqrt, "math.sqrt"), (total,), at=e.at))

    def distance(self, e: Call) -> Expr | None:
        points = [self.items_or_none(a) for a in e.args]
        if points[0] is not None and points[1] is not None and len(points[0]) == len(points[1]):
            with self.under_names((*points[0], *points[1])) as names:
                half = len(names) // 2
                apart = [Call(Object(operator.sub, "-"), pair) for pair in zip(names[:half], names[half:], strict=True)]
                return self.length(tuple(apart), e)
        if any(p is not None for p in points):
            return None
        difference = Call(Object(operator.sub, "-"), e.args, at=e.at)
        return self.expr(Call(Object(np.linalg.norm, "np.linalg.norm"), (difference,), at=e.at))

    def iterated(self, function: Any, e: Call) -> Expr | None:
        items = self.items_or_none(e.args[0])
        if items is None or e.kwargs:
            return None
        bounds = [self.key(self.expr(a)) for a in e.args[1:]]
        items = [self.shared(i) for i in items]
        found = list(itertools.islice(function(items, *bounds), _MANY + 1))
        if len(found) > _MANY:
            raise TypeProblem(
                UnsupportedCall,
                f"`{function.__name__}` with more than {_MANY} results",
                "they are written out one by one",
                "write nested loops",
                e.at,
            )
        return Display("tuple", tuple(Display("tuple", i) if isinstance(i, tuple) else i for i in found), e.at)


def several_arrays(e: Call) -> TypeProblem:
    return TypeProblem(
        UnsupportedCall,
        "`copy.deepcopy` of a structure with several arrays",
        "where two of its parts are the same array, they are one array in the copy as well, and srcdiff cannot tell",
        "copy the arrays one by one: `{'a': p['a'].copy(), ...}`",
        e.at,
    )
