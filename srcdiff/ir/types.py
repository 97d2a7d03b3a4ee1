"""What is known of a value when the derivative is written: kind, dtype, rank, and as much of the shape as is sure.

Types are facts that remove helpers; they never decide what a program means beyond what Python itself would do with a
value of that type. A `Dim` is the length along one axis: its token is an int where the length is known, else
anything hashable, and two equal tokens are equal lengths; the token None is a length of which nothing is known, equal
to no other. `one` says whether that length is 1 (None: not known),
which is what broadcasting turns on.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Hashable
from dataclasses import field, replace
from inspect import ismodule
from typing import Any

from .constants import identity
from .frozen import frozen

MANY = 16  # lengths in a sum


@frozen
class Dim:
    token: Hashable
    one: bool | None = None

    @staticmethod
    def known(length: int) -> Dim:
        return Dim(length, length == 1)

    def same(self, other: Dim) -> bool:
        """Whether both are surely the same length."""
        return self.token is not None and self.token == other.token

    def covers(self, other: Dim) -> bool:
        """Whether this is surely the other length, as far as it is one that broadcasts to it."""
        if self.one is False or self.same(other):
            return True
        return other.token is not None and {*_alternatives(other.token)} <= {*_alternatives(self.token)}

    def plus(self, other: Dim) -> Dim:
        """The length of both together."""
        if self.token is None or other.token is None:
            return Dim(None)
        (a, many), (b, more) = self._sum(), other._sum()
        return _of_sum(a + b, many + more)

    def between(self, lower: Dim, upper: Dim) -> Dim | None:
        """The length from `lower` to `upper`, where these are surely places in this one, the lower one first."""
        if self.token is None or lower.token is None or upper.token is None:
            return None
        (a, start), (b, stop), (c, whole) = lower._sum(), upper._sum(), self._sum()
        if not (0 <= a <= b <= c and start <= stop <= whole):
            return None
        return _of_sum(b - a, stop - start)

    def beyond(self, lower: Dim) -> Dim | None:
        """How much longer this is than `lower`, where it surely is as long."""
        if self.token is None or lower.token is None:
            return None
        (a, start), (b, stop) = lower._sum(), self._sum()
        return _of_sum(b - a, stop - start) if 0 <= a <= b and start <= stop else None

    def times(self, count: int) -> Dim:
        """The length of so many together (not negative, and few: they are listed one by one)."""
        known, unknown = self._sum()
        if self.token is None or count * unknown.total() > MANY:
            return Dim(None)
        return _of_sum(count * known, Counter({token: count * n for token, n in unknown.items()}))

    def is_natural(self) -> bool:
        """Whether this surely is the length of an array, or a sum of such lengths. (A whole number that is an argument,
        and what is left of a length, may be negative.)"""
        match self.token:
            case int(n):
                return n >= 0
            case ("argument", _, _) | ("of", _, _):
                return True
            case ("sum", int(n), tuple(tokens)):
                return n >= 0 and all(Dim(token).is_natural() for token in tokens)
        return False

    def _sum(self) -> tuple[int, Counter[Hashable]]:
        """The length as a whole number and a sum of unknown lengths, none of them negative."""
        if isinstance(self.token, int):
            return self.token, Counter()
        if isinstance(self.token, tuple) and self.token[:1] == ("sum",):
            return self.token[1], Counter(self.token[2])
        return 0, Counter([self.token])

    def minus(self, count: int) -> Dim:
        """The length left when `count` elements are cut off (never below zero)."""
        if count == 0 or self.token is None:
            return self if count == 0 else Dim(None)
        if isinstance(self.token, int):
            return Dim.known(max(0, self.token - count))
        known, unknown = self._sum()
        if known >= count > 0:
            return _of_sum(known - count, unknown)
        if isinstance(self.token, tuple) and self.token and self.token[0] == "minus":
            return Dim(("minus", self.token[1], self.token[2] + count))
        return Dim(("minus", self.token, count))


def _of_sum(count: int, unknown: Counter[Hashable]) -> Dim:
    if not unknown:
        return Dim.known(count)
    tokens = tuple(sorted(unknown.elements(), key=repr))
    return Dim(tokens[0]) if count == 0 and len(tokens) == 1 else Dim(("sum", count, tokens))


@frozen
class Num:
    """A number (`ndim` 0), an array, or a value whose rank is not known (`ndim` None).

    `dtype` is a NumPy dtype name. `weak` marks Python's own numbers, which do not widen float32. `value` is the value
    itself (int, bool) or, for a length, its `Dim`. `contiguous` says that the array surely is in C order, `boxed` that
    the number is the caller's 0-d array, which can be written in place.
    """

    dtype: str
    ndim: int | None = 0
    shape: tuple[Dim, ...] = ()
    weak: bool = False
    value: Any = None
    contiguous: bool = False
    boxed: bool = False

    @property
    def is_array(self) -> bool:
        return self.ndim is None or self.ndim > 0

    @property
    def is_scalar(self) -> bool:
        return self.ndim == 0

    @property
    def is_float(self) -> bool:
        return self.dtype.startswith("float")

    @property
    def is_complex(self) -> bool:
        return self.dtype.startswith("complex")

    @property
    def is_inexact(self) -> bool:
        """Whether it is made of real or complex numbers, which carry a derivative."""
        return self.is_float or self.is_complex

    @property
    def is_integral(self) -> bool:
        return self.ndim == 0 and not self.is_inexact

    def plain(self) -> Num:
        """The same type with nothing known of the value."""
        return self if self.value is None else replace(self, value=None)


@frozen
class Form:
    """How a structure is put together: its class, and what its items are called.

    `kind` is "list", "dict", "named" (a named tuple), "dataclass", "object" (of an ordinary class) or "slice" (a value,
    whose keys are those bounds that are not None). The keys of a list are its positions, those of a dict its keys, all
    others are attribute names. A plain tuple has no form. `site` is the place in the program where a list is made.
    "frozen" is the tuple that is made of a list of the program, its only part. "columns" are lists of one length, one
    for each part of the structures of a class (`tuple` for plain tuples) that make up the items of one list.
    """

    kind: str
    cls: type
    keys: tuple[Hashable, ...]
    site: Hashable = field(default=None, compare=False, repr=False)

    @property
    def by_attribute(self) -> bool:
        return self.kind in ("named", "dataclass", "object", "slice")

    @property
    def is_sequence(self) -> bool:
        return self.kind in ("list", "named")

    @property
    def is_mutable(self) -> bool:
        frozen = getattr(getattr(self.cls, "__dataclass_params__", None), "frozen", False)
        return self.kind not in ("named", "slice") and not frozen

    def place(self, key: Hashable) -> int | None:
        """Where the item of that name stands; `1` and `True` are different keys here, `1` and `1.0` are, too."""
        for place, own in enumerate(self.keys):
            if type(own) is type(key) and own == key:
                return place
        return None


@frozen
class Tup:
    """A structure of values that is known when the derivative is written: a tuple, or what `form` says."""

    items: tuple[Type, ...]
    form: Form | None = None


@frozen
class Ref:
    """A second name of the structure that the variable `home` holds, which is changed in place somewhere."""

    home: str


@frozen
class ListOf:
    """A list whose elements have one type (None while it is empty). A `tape` is a list that generated code has made to
    keep values: it is only appended to and popped, and it is empty again when the code ends. A variable that holds its
    `own` list is surely the only one that does. One that is `frozen` is a tuple for the user's program."""

    item: Type | None = None
    tape: bool = False
    own: bool = False
    frozen: bool = False


@frozen
class Pooled:
    """A structure that lists of unknown length hold: the variable holds its place in the lists of the parts of all
    such structures, `pool`. `key` says which structures these are, `form` how they are put together."""

    key: Hashable
    form: Form | None = field(default=None, compare=False)
    pool: tuple[str, ...] = ()


@frozen
class Static:
    """A value that is known when the derivative is written and is no number: None, str, dtype, function."""

    value: Any

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Static):
            return False
        return type(other.value) is type(self.value) and identity(other.value) == identity(self.value)

    def __hash__(self) -> int:
        return hash(identity(self.value))


@frozen
class Held:
    """An object that the program passes on and calls the methods of, which may change it: a random generator, a text.
    It has no derivative."""

    kind: type


Type = Num | Tup | Ref | Pooled | ListOf | Static | Held

TAPE = Form("tape", list, ())  # of the display of a tape

FLOAT = Num("float64", weak=True)
COMPLEX = Num("complex128", weak=True)
INT = Num("int64", weak=True)
BOOL = Num("bool", weak=True)
NONE = Static(None)
TEXT = Held(str)  # made when the program runs


def held(value: object) -> Held | None:
    """The type of a random generator (none of a class of the user's own), None for anything else."""
    random: Any = sys.modules.get("numpy.random")  # where it is not in use there are no generators
    known = random is not None and type(value) in (random.Generator, random.RandomState)
    return Held(type(value)) if known else None


class TypeMismatch(Exception):
    """Two types that no single variable can have."""


_ORDER = ("bool", "int64", "float32", "float64")
_COMPLEX = {"complex64", "complex128"}


def wider(a: str, b: str) -> str:
    """The dtype that holds the values of both."""
    if a == b:
        return a
    if {a, b} & _COMPLEX:
        return "complex64" if {a, b} <= {"bool", "float32", "complex64"} else "complex128"
    if {a, b} == {"int64", "float32"}:
        return "float64"
    return max(a, b, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))


def join(a: Type, b: Type) -> Type:
    """The type of a variable that holds a value of type `a` or of type `b`. Raises TypeMismatch where there is none."""
    if a == b:
        return a
    match a, b:
        case Num(), Num():
            if a.is_complex != b.is_complex and (b if a.is_complex else a).is_array:
                raise TypeMismatch(f"{describe(a)} and {describe(b)}")  # a real array holds no imaginary part
            dtype = wider(a.dtype, b.dtype)
            value = a.value if a.value == b.value and type(a.value) is type(b.value) else None
            boxed = a.boxed or b.boxed
            if a.ndim is None or b.ndim is None or a.ndim != b.ndim:
                return Num(dtype, None, boxed=boxed)
            shape = tuple(_join_dim(m, n) for m, n in zip(a.shape, b.shape, strict=True))
            return Num(dtype, a.ndim, shape, a.weak and b.weak, value, a.contiguous and b.contiguous, boxed)
        case Tup(), Tup() if len(a.items) == len(b.items) and a.form == b.form:
            return Tup(tuple(join(m, n) for m, n in zip(a.items, b.items, strict=True)), a.form)
        case ListOf(), ListOf() if a.tape is b.tape and a.frozen is b.frozen:
            item = a.item or b.item if a.item is None or b.item is None else join(a.item, b.item)
            return replace(a, item=item, own=a.own and b.own)
    raise TypeMismatch(f"{describe(a)} and {describe(b)}")


def _join_dim(a: Dim, b: Dim) -> Dim:
    return Dim(a.token if a.same(b) else None, a.one if a.one is b.one else None)


def broadcast(shapes: list[tuple[Dim, ...]]) -> tuple[Dim, ...]:
    """The shape of an elementwise operation on operands of these shapes."""
    rank = max((len(s) for s in shapes), default=0)
    result = []
    for axis in range(-rank, 0):
        dim = Dim.known(1)
        for shape in shapes:
            if len(shape) >= -axis:
                dim = _broadcast_dim(dim, shape[axis])
        result.append(dim)
    return tuple(result)


def _broadcast_dim(a: Dim, b: Dim) -> Dim:
    if a.same(b):
        return a if a.one is not None else b
    if b.one is True:
        return a
    if a.one is True or b.one is False:
        return b
    if a.one is False:
        return a
    if a.token is None or b.token is None:
        return Dim(None)
    tokens = sorted({*_alternatives(a.token), *_alternatives(b.token)}, key=repr)
    return Dim(("broadcast", *tokens))


def _alternatives(token: Hashable) -> tuple[Hashable, ...]:
    """The lengths that have been broadcast together; in which order and how often does not matter."""
    return token[1:] if isinstance(token, tuple) and token[:1] == ("broadcast",) else (token,)


def has_real(type_: Type) -> bool:
    """Whether a value of the type holds real numbers, by which a function can be differentiated."""
    return any(map(has_real, type_.items)) if isinstance(type_, Tup) else isinstance(type_, Num) and type_.is_float


def describe(type_: Type) -> str:
    """A type in words, for messages and generated docstrings."""
    match type_:
        case Num(ndim=0):
            return {"bool": "bool", "int64": "int", "float64": "float", "complex128": "complex"}.get(
                type_.dtype, type_.dtype
            )
        case Num(ndim=None):
            return f"number or array ({type_.dtype})"
        case Num():
            return f"{type_.ndim}-D array ({type_.dtype})"
        case Tup(form=None):
            return "tuple of (" + ", ".join(map(describe, type_.items)) + ")"
        case Tup(form=Form(kind="list" | "dict" as kind)):
            return kind
        case Tup(form=form):
            return form.cls.__name__ if form is not None else "tuple"
        case Ref():
            return "record"
        case Pooled():
            return "tuple" if type_.form is None else type_.form.cls.__name__
        case ListOf():
            return "tuple" if type_.frozen else "list"
        case Static(value=value):
            if value is None or isinstance(value, type):
                return "None" if value is None else "class"
            return "function" if hasattr(value, "__name__") and not ismodule(value) else type(value).__name__
        case Held():
            return type_.kind.__name__
