"""Products of a Jacobian with directions, for those who know which directions tell all of it: a few at a time, many in
one sweep where that can be done."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Hashable
from typing import Any, Protocol

import numpy as np

from .blocks import SWEEP, check_no_structure, rank_of_result, weighed
from .build import BUILDING, NotRunYet, result_type
from .derivative import Derivative
from .derive import OneByOne
from .errors import BadArgument, UnsupportedCall
from .ir.types import Num, Type, held
from .jit_options import Jit, shown
from .pushforward import Pushforward
from .ready import Options, Wrt
from .records import leaves
from .seeded import Adjoints, Seeded
from .signature import argument_type, bound, count_by_position, duplicated, key_of
from .subject import importable

Array = np.ndarray[Any, Any]
_PLAIN = (np.ndarray, float, int, bool, str, type(None))


Shape = tuple[int, ...]


class Directions(Protocol):
    """Sums of columns of a Jacobian, or of rows: `count` of them."""

    @property
    def count(self) -> int: ...
    def seeds(self, start: int, stop: int) -> Array:
        """The directions from `start` to `stop`: a column for each, with a row for every column (or row) summed."""
        ...


class ArrayFunction:
    """A function whose result is a number or an array, and the arguments that it is differentiated by."""

    def __init__(self, f: Callable[..., Any], wrt: Wrt, jit: Jit | None, fallback: str | None) -> None:
        # reads the function, and refuses what cannot be read
        inner = Derivative(f, Options("vjp", wrt, jit, False, fallback=fallback))
        self.primal, self.function, self.signature = f, inner.function, inner.signature
        self.wrt, self.single, self.options = inner.wrt, inner.single, inner.options
        self._inner = inner
        self._names = tuple(self.signature.parameters)
        self._count = count_by_position(self.signature)
        self._known: set[Hashable] = set()  # the keys of calls that are known to have a Jacobian
        functools.update_wrapper(self, self.function, updated=())
        self.__wrapped__ = f

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    def described(self, what: str) -> str:
        call = f"{self.function.__qualname__}{self.signature}"
        return f"<{what} of {call} with respect to {', '.join(self.wrt)}{shown(self.options.jit)}>"

    def document(self, what: str) -> None:
        doc = inspect.getdoc(self.function)
        line = f"The {what} of {self.function.__name__}{self.signature} with respect to {', '.join(self.wrt)}."
        self.__doc__ = f"{line}\n\n{doc}" if doc else line

    def check_importable(self) -> None:
        if not importable(self.primal):
            raise BadArgument(f"{self!r} cannot be pickled: its function is not found by its name")

    @property
    def given_wrt(self) -> Wrt:
        return self.wrt[0] if self.single else self.wrt

    def bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """All arguments by position. Raises for those that a Jacobian cannot be taken for."""
        return self.keyed(args, kwargs)[0]

    def keyed(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], Hashable]:
        """The same, with what tells such calls apart from others."""
        whole = args
        if kwargs or len(args) != self._count:
            whole = tuple(bound(self.signature, self.function.__name__, args, kwargs).arguments.values())
        key = self.key(whole)
        if key in self._known:
            return whole, key
        for name, value in zip(self._names, whole, strict=True):
            if name in self.wrt:
                check_no_structure(value, name)
        types = self._types(whole)
        try:
            self._check(types)
        except NotRunYet:
            if not self._inner.learn(whole):
                raise
            self._check(types)
        self._known.add(key)
        return whole, key

    def key(self, args: tuple[Any, ...]) -> Hashable:
        """What tells calls apart that may run other code. (The key of a function would not keep it.)"""
        return tuple(map(key_of, args)) if all(type(a) in _PLAIN for a in args) else tuple(self._types(args))

    def _types(self, args: tuple[Any, ...]) -> list[Type]:
        return [argument_type(a, n, n in self.wrt) for a, n in zip(args, self._names, strict=True)]

    def _check(self, types: list[Type]) -> None:
        with BUILDING:
            inner = self._inner
            result, repeats, _, _ = result_type(inner.program(), types, self.wrt, inner.instead)
            rank_of_result(result, self.function.__name__)
            if repeats.problem is not None:
                raise UnsupportedCall([repeats.problem])


class Sweeps(ArrayFunction):
    """A function with products of its Jacobian by one argument."""

    def __init__(self, f: Callable[..., Any], wrt: Wrt, jit: Jit | None, fallback: str | None) -> None:
        super().__init__(f, wrt, jit, fallback)
        self._seeded: dict[tuple[str, str], Seeded] = {}
        self._pulled: dict[tuple[str, bool], tuple[Derivative, str]] = {}
        self._together: dict[tuple[Any, ...], bool] = {}

    def value(self, args: tuple[Any, ...]) -> Any:
        """The result, from one run of the tangent along zero."""
        name = self.wrt[0]
        zero = np.zeros(np.shape(args[self._names.index(name)]))
        return self.seeded("jvp", name).push(args, (zero if zero.ndim else 0.0,))[0]

    def columns(self, name: str, sums: Directions, args: tuple[Any, ...]) -> tuple[Array, Shape]:
        """The products with sums of columns, each one a column, and the shape of the result."""
        shape = np.shape(args[self._names.index(name)])
        many = bool(shape) and self.many("tangents", name, args)
        push = self.seeded("tangents" if many else "tangent", name).push
        parts: list[Array] = []
        result: Shape = ()
        step = SWEEP if many else 1
        for start in range(0, sums.count, step):
            seeds = sums.seeds(start, min(start + step, sums.count))
            if many:
                found = np.asarray(push(self.again(args), (seeds.reshape(*shape, seeds.shape[1]),)))
                parts.append(found.reshape(math.prod(found.shape[:-1]), found.shape[-1]))
                result = found.shape[:-1]
            else:
                seed = seeds.reshape(shape) if shape else float(seeds[0, 0])
                found = np.asarray(push(self.again(args), (seed,)))
                parts.append(found.reshape(-1, 1))
                result = found.shape
        if not parts:
            result = np.shape(self.value(self.again(args)))
        return _beside(parts, math.prod(result)), result

    def rows(self, name: str, sums: Directions, shape: Shape, args: tuple[Any, ...]) -> Array:
        """The products of sums of rows with the Jacobian, each one a column, if the result has that shape. Raises
        OtherShape where it has another one."""
        if np.ndim(args[self._names.index(name)]) and shape and self.many("adjoints", name, args):
            return self._rows_together(name, sums, shape, args)
        value = np.shape(self.value(self.again(args)))
        if value != shape:
            raise OtherShape(value)
        pull, weight = self._pullback(name, bool(shape))
        parts = []
        for c in range(sums.count):
            given = dict(zip(self._names, self.again(args), strict=True))
            seed = {weight: sums.seeds(c, c + 1).reshape(shape)} if shape else {}
            parts.append(np.reshape(pull(**given, **seed), (-1, 1)))
        return _beside(parts, np.size(args[self._names.index(name)]))

    def _rows_together(self, name: str, sums: Directions, shape: Shape, args: tuple[Any, ...]) -> Array:
        pull = self.seeded("adjoints", name).push
        parts = []
        for start in range(0, sums.count, SWEEP):
            seeds = sums.seeds(start, min(start + SWEEP, sums.count))
            try:
                value, found = pull(self.again(args), (seeds.reshape(*shape, seeds.shape[1]),))
            except Exception:  # adjoints of another shape than the result's fit nowhere; what else it is comes again
                value, found = self.value(self.again(args)), None
                if np.shape(value) == shape:
                    raise
            if np.shape(value) != shape:
                raise OtherShape(np.shape(value))
            parts.append(found.reshape(math.prod(found.shape[:-1]), found.shape[-1]))
        if not parts and np.shape(self.value(self.again(args))) != shape:
            raise OtherShape(np.shape(self.value(self.again(args))))
        return _beside(parts, np.size(args[self._names.index(name)]))

    def draws(self, args: tuple[Any, ...]) -> bool:
        """Whether some of what is passed is a random generator. All sweeps see copies of it; a run of the function
        behind them leaves it as one call leaves it."""
        return any(held(leaf) is not None for a in args if type(a) not in _PLAIN for _, leaf in leaves(a, ""))

    def again(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments of one more run."""
        return duplicated(args) if self.draws(args) else args

    def text_of(self, kind: str, name: str, args: tuple[Any, ...]) -> str:
        """The text of the program that computes "tangents" (a "tangent" of a number), or "adjoints", for these
        arguments."""
        if kind != "tangent" and self.many(kind, name, args):
            return self.seeded(kind, name).prepare(args).built.text
        if kind != "adjoints":
            return self.seeded("tangent", name).prepare(args).built.text
        pull, _ = self._pullback(name, True)
        return pull.prepare((*args, self.value(self.again(args)))).built.text

    def seeded(self, kind: str, name: str) -> Seeded:
        key = kind, name
        if key not in self._seeded:
            made = Adjoints if kind == "adjoints" else Pushforward
            self._seeded[key] = made(self.primal, self._asked(kind, name))
        return self._seeded[key]

    def _pullback(self, name: str, weighs: bool) -> tuple[Derivative, str]:
        """The gradient of the result, or of the sum of its elements times adjoints, with the name of these."""
        key = name, weighs
        if key not in self._pulled:
            base = self.function.__name__
            summed, weight = self.primal, ""
            if weighs:
                summed, weight = weighed(summed, base if base.isidentifier() else "function", list(self._names))
            self._pulled[key] = Derivative(summed, self._asked("grad", name)), weight
        return self._pulled[key]

    def _asked(self, kind: str, name: str) -> Options:
        return Options(kind, name, self.options.jit, False, True, self.options.fallback)

    def many(self, kind: str, name: str, args: tuple[Any, ...]) -> bool:
        """Whether "tangents" or "adjoints" are taken together, many in one sweep."""
        key = kind, name, self.key(args)
        if key not in self._together:
            try:
                plain = [t.plain() if isinstance(t, Num) else t for t in self._types(args)]
                self.seeded(kind, name).built_for_types(plain)
                self._together[key] = True
            except OneByOne:
                self._together[key] = False
        return self._together[key]


class OtherShape(Exception):
    """Of a result that has not the shape that it was taken to have."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.shape = shape


def _beside(parts: list[Array], height: int) -> Array:
    """Columns of that height side by side, of which there may be none."""
    if not parts:
        return np.zeros((height, 0))
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
