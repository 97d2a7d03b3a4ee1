"""Recursive functions: each gets, for each kind of arguments, a core program of its own that is called.

in:   def power(x, n):                              out:  power(x, n):  power_1 = power(x, n - 1)
          return x * power(x, n - 1) if n else 1.0                      ...
      s = power(a, 3) + 1.0                               power_1 = power(a, 3); s = power_1 + 1.0

The types of the parameters are those of all calls taken together, and nothing is known of values, so that no chain of
calls makes ever new kinds. The type of the result starts from the paths on which nothing is called whose result is
not known yet (such a call ends its path: `NotYet`); the walk is repeated until nothing changes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import Problem
from ..frontend import Program
from ..ir.callee import Callee, translated
from ..ir.nodes import Function
from ..ir.types import Dim, ListOf, Num, Static, Tup, Type
from .policy import Policy


class Recursive(Exception):
    """A function has been met that calls itself: the walk has to begin anew, and know it."""

    def __init__(self, function: Function) -> None:
        super().__init__(function.name)
        self.function = function


class Writes(Exception):
    """A recursive function writes into an argument: the walk has to begin anew, and know it."""


class NotYet(Exception):
    """A call whose result has no known type yet: nothing is known of the path behind it."""


@dataclass(eq=False)
class Instance:
    """A recursive function for one kind of arguments, while the program is walked."""

    program: Program
    callee: Callee
    params: tuple[Type, ...]  # of the user's parameters
    result: Type | None = None  # None while it is not known
    problems: list[Problem] = field(default_factory=list)
    captured: dict[int, tuple[str, object]] = field(default_factory=dict)
    walked: bool = False
    lists: tuple[str, ...] = ()  # the variables of the lists that it is given
    own: frozenset[str] = frozenset()  # those that it does more with than reading their items
    changed: tuple[str, ...] = ()  # those whose items it returns, too
    met: tuple[str, ...] = ()  # those of which the last walk has found that
    returned: frozenset[str] = frozenset()  # those that may be among the results

    def begin(self) -> None:
        """It is walked anew. Where it changes more lists than were known, it returns more than was known, too."""
        self.walked = True
        if self.met != self.changed:
            self.changed, self.result = self.met, None

    def parts(self) -> tuple[Type, tuple[ListOf, ...]]:
        """The type of what it returns in the program, and of the lists that it changes."""
        assert self.result is not None
        if not self.changed:
            return self.result, ()
        assert isinstance(self.result, Tup)
        result, *lists = self.result.items
        return result, tuple(t for t in lists if isinstance(t, ListOf))


@dataclass
class Group:
    """The recursive functions of a program; `changed` says that the types found in this walk are new."""

    recursive: tuple[Function, ...] = ()
    instances: dict[Hashable, Instance] = field(default_factory=dict)
    changed: bool = False
    writes: bool = False  # whether one of them writes into its arguments: then the order of evaluation matters
    policy: Policy = field(default_factory=Policy)
    derivatives: list[tuple[object, Any]] = field(default_factory=list)  # that the program makes, see `nested`
    alone: dict[Problem, None] = field(default_factory=dict)  # that do not follow from others, see `reports.told`
    lifted: list[Function] = field(default_factory=list)  # see `inner_recursion`
    carriers: list[tuple[Function, tuple[str, ...], type]] = field(default_factory=list)  # see `carried`

    def begin(self) -> None:
        """A new walk over the program."""
        self.changed = False
        self.policy.begin()
        for instance in self.instances.values():
            instance.walked = False

    def holds(self, function: Function) -> bool:
        return any(is_same(function, known) for known in self.recursive)

    def walked(self) -> list[Instance]:
        """The functions that the last walk has met."""
        return [i for i in self.instances.values() if i.walked]

    def found(self, instance: Instance, result: Type | None) -> None:
        """The type of what a function returns, as its walk has found it."""
        result = None if result is None else _lasting(result)
        if result != instance.result:
            instance.result, self.changed = result, True

    def names(self) -> set[str]:
        return {f.name for f in self.recursive}

    def place(self, function: Function) -> int:
        """The number of a function; one that is lifted out of another one gets its own when it is met."""
        for k, known in enumerate((*self.recursive, *self.lifted)):
            if is_same(function, known):
                return k
        self.lifted.append(function)
        return len(self.recursive) + len(self.lifted) - 1

    def instance(self, program: Program, types: tuple[Type, ...]) -> Instance:
        """The function for arguments of these types, its parameters made wide enough for them."""
        key = (self.place(program.function), *map(_kind, types))
        found = self.instances.get(key)
        if found is None:
            wide = tuple(_general(types, types))
            empty = Function(program.function.name, (), (), None, program.function.origin)
            found = self.instances[key] = Instance(program, Callee(empty.name, empty, {}, ()), wide)
            self.changed = True
            return found
        wide = tuple(_general(found.params, types))
        if wide != found.params:
            found.params, self.changed = wide, True
        return found


def _lasting(type_: Type) -> Type:
    """The type of a result without what is known of its value."""
    if isinstance(type_, ListOf):
        return ListOf(None if type_.item is None else _lasting(type_.item))
    if isinstance(type_, Tup):
        return Tup(tuple(map(_lasting, type_.items)), type_.form)
    return replace(type_, value=None, boxed=False) if isinstance(type_, Num) else type_


def is_same(a: Function, b: Function) -> bool:
    return a is b or (a.origin == b.origin and a == b)


# ---------------------------------------------------------------------------------------------------------- types


def flat(type_: Type) -> Iterator[Type]:
    """The leaves of a type."""
    if isinstance(type_, Tup):
        for item in type_.items:
            yield from flat(item)
    else:
        yield type_


def _kind(type_: Type) -> Hashable:
    """What makes another function of it: dtype, rank, structure, and what is no number."""
    match type_:
        case Num():
            return type_.dtype, type_.ndim, type_.boxed
        case Tup():
            return type_.form, tuple(map(_kind, type_.items))
        case ListOf():
            return list, None if type_.item is None else _kind(type_.item)
    return type_


def _general(known: tuple[Type, ...], given: tuple[Type, ...]) -> Iterator[Type]:
    """The types that cover both, with lengths of their own: two are the same where both have them so."""
    groups: dict[Hashable, Dim] = {}

    def dim(a: Dim, b: Dim) -> Dim:
        one = a.one if a.one is b.one else None
        sure = a.token is not None and b.token is not None
        group = (a.token, b.token) if sure else ("alone", len(groups))
        found = groups.setdefault(group, Dim(("parameter", len(groups)), one))
        return replace(found, one=one if one is found.one else None)

    def cover(a: Type, b: Type) -> Type:
        match a, b:
            case Tup(), Tup():
                return Tup(tuple(map(cover, a.items, b.items)), a.form)
            case Num(), Num():
                shape = tuple(map(dim, a.shape, b.shape))
                return replace(
                    a, shape=shape, weak=a.weak and b.weak, value=None, contiguous=a.contiguous and b.contiguous
                )
            case ListOf(item=None), ListOf():
                return ListOf()
            case ListOf(item=ListOf() as m), ListOf(item=ListOf() as n):
                return ListOf(cover(m, n))
            case ListOf(item=Num() as m), ListOf(item=Num() as n):
                return ListOf(cover(replace(m, weak=False), n))  # its items come out of an array
        return a

    return map(cover, known, given)


def result_for(instance: Instance, args: tuple[Type, ...]) -> tuple[Num, ...]:
    """The types of the numbers and arrays that a call with these arguments returns."""
    assert instance.result is not None
    leaves = tuple(numbers(instance.result))
    return translated(leaves, [t for p in instance.params for t in flat(p)], tuple(t for a in args for t in flat(a)))


def numbers(type_: Type) -> list[Num]:
    """The numbers and arrays of a result; a list is handed over as arrays."""
    found = (packed_types(t) if isinstance(t, ListOf) else (t,) for t in flat(type_))
    return [t for parts in found for t in parts if isinstance(t, Num)]


def packed_types(type_: ListOf) -> tuple[Num, ...]:
    """The arrays that stand for a list (see `packing`); none for one that holds nothing, or is refused."""
    item = type_.item
    if item is None or not is_packed(type_):
        return ()
    if isinstance(item, ListOf):
        return (*((_vector(item.item.dtype),) if isinstance(item.item, Num) else ()), _vector("int64"))
    assert isinstance(item, Num)
    if item.ndim == 0:
        return (_vector(item.dtype),)
    rank = 1 if item.ndim == 1 else 2
    return _vector(item.dtype), Num("int64", rank, (Dim(None),) * rank, contiguous=True)


def _vector(dtype: str) -> Num:
    return Num(dtype, 1, (Dim(None),), contiguous=True)


def is_packed(type_: Type) -> bool:
    """Whether a list can be handed over: one of numbers, of arrays of one rank, or of lists of numbers."""
    item = type_.item if isinstance(type_, ListOf) else None
    if isinstance(item, ListOf):
        item = item.item or Num("float64")
        return isinstance(item, Num) and item.ndim == 0 and not item.is_complex
    return item is None or (isinstance(item, Num) and item.ndim is not None and not item.is_complex)


def is_nested(type_: Type) -> bool:
    """Whether this is a list of lists."""
    return isinstance(type_, ListOf) and isinstance(type_.item, ListOf)


def is_plain(type_: Type) -> bool:
    """Whether values of the type can be handed to a function of their own: numbers, arrays, lists, structures of
    these."""
    return all(isinstance(t, Num | Static | ListOf) for t in flat(type_))
