"""`vjp`: the value of a function and its pullback, for results of any shape."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import numpy as np

from .derivative import Derivative, signature_of
from .errors import BadArgument, NotDifferentiable, Refusal, UnsupportedCall
from .ir.types import Form, ListOf, Num, Tup, Type
from .jit_options import Jit, JitLike, jit_of
from .learning import Learned
from .ready import Options, Ready
from .records import FROZEN, form_of, is_columns, is_structure, leaves, mapped, parts_of
from .signature import bound, duplicated, finished, is_real, key_of
from .subject import importable

How = tuple[Jit | None, str | None]  # how it is compiled, and what becomes of what is refused


def vjp(
    f: Callable[..., Any], /, *args: Any, jit: JitLike = False, fallback: str | None = None
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value `f(*args)` and the pullback: from the adjoint of the value to the adjoints of the arguments.

    The value may be a number, an array, or a tuple or list of these (nested too; a list of any length); the pullback
    takes an adjoint of the same structure, lengths and shapes and returns a tuple with one adjoint per positional
    argument, zeros where the value does not depend on it, and None for arguments by which none is taken (strings,
    bools, None, tuples, counts, indices, complex numbers).
    It may be called any number of times; it holds copies of the arguments and of the arrays that `f` captures. With
    `jit`, Numba compiles it.

    Raises what `grad` raises, and BadArgument if the adjoint does not fit the value.

    >>> import numpy as np
    >>> import srcdiff
    >>> def scale(x, k):
    ...     return k * x
    >>> value, pullback = srcdiff.vjp(scale, np.array([1.0, 2.0]), 3.0)
    >>> pullback(np.array([1.0, 1.0]))
    (array([3., 3.]), 3.0)
    """
    if not args:
        raise BadArgument("vjp needs at least one argument")
    signature = signature_of(f)
    given = bound(signature, getattr(f, "__name__", "f"), args, {})
    whole = tuple(given.arguments.values())
    names = tuple(signature.parameters)[: len(args)]
    derivative, ready = _chosen(f, names, whole, (jit_of(jit), fallback))
    if ready.written:
        derivative.check_apart(ready, whole)
    if ready.built.repeats.problem is not None:
        raise UnsupportedCall([ready.built.repeats.problem])
    kept = duplicated(map(_copied, whole))
    captured = tuple(map(_copied, ready.extra()))
    value = f(*map(_copied, given.args), **given.kwargs)  # (this is the run that advances random generators)
    return value, Pullback(f, derivative, ready, names, kept, captured, _form(value))


class Pullback:
    """From the adjoint of the value to the adjoints of the arguments. It pickles as long as its function does."""

    def __init__(
        self,
        f: Callable[..., Any],
        derivative: Derivative,
        ready: Ready,
        names: tuple[str, ...],
        kept: tuple[Any, ...],
        captured: tuple[Any, ...],
        form: Any,
    ) -> None:
        self._f, self._derivative, self._ready, self._names = f, derivative, ready, names
        self._kept, self._captured, self._form = kept, captured, form

    def seeds(self, y_bar: Any) -> tuple[Any, ...]:
        """The adjoint of the value as generated code takes it."""
        built, compiled = self._ready.built, self._derivative.options.jit is not None
        leaves = list(_leaves(_seeds(self._form, y_bar), built.result))
        found: list[Any] = []
        for own in built.seed_leaves:
            seed, type_ = functools.reduce(_sum, (leaves[k][0] for k in own)), leaves[own[0]][1]
            found.append(_for_numba(seed, type_) if compiled and isinstance(type_, ListOf) else seed)
        return tuple(found)

    def call_of(self, y_bar: Any) -> tuple[Derivative, tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
        """The derivative that a call runs, the arguments, the seeds, and the captured arrays."""
        return self._derivative, self._kept, self.seeds(y_bar), self._captured

    def __call__(self, y_bar: Any) -> tuple[Any, ...]:
        seeds = self.seeds(y_bar)
        _, *parts = _run(self._derivative, self._ready, self._kept, (*self._captured, *seeds))
        adjoints = iter(parts)
        given = dict(zip(self._names, self._kept, strict=False))
        done = {n: finished(adjoints, given[n]) for n in self._derivative.wrt}
        return tuple(done.get(n) for n in self._names)

    def __repr__(self) -> str:
        return f"<pullback of {self._derivative.function.__qualname__} to {', '.join(self._derivative.wrt)}>"

    def __reduce__(self) -> Any:
        if not importable(self._f):
            raise BadArgument(f"{self!r} cannot be pickled: its function is not found by its name")
        options = self._derivative.options
        how = options.jit, options.fallback
        return _pullback, (self._f, self._names, self._derivative.wrt, self._kept, self._captured, self._form, how)


def _pullback(
    f: Any, names: tuple[str, ...], wrt: tuple[str, ...], kept: Any, captured: Any, form: Any, how: How
) -> Pullback:
    """A pullback in another process: the derivative is written there again."""
    derivative, ready = _prepared(f, wrt, kept, how)
    return Pullback(f, derivative, ready, names, kept, captured, form)


def _copied(a: Any) -> Any:
    """An argument that nobody else changes; arrays in the same order of axes in memory."""
    return mapped(lambda leaf: np.array(leaf, copy=True, order="K") if isinstance(leaf, np.ndarray) else leaf, a)


def _run(derivative: Derivative, ready: Ready, args: tuple[Any, ...], extra: tuple[Any, ...]) -> Any:
    """What the generated code returns; written anew where a function on the tape does something new."""
    while True:
        try:
            return derivative.run(ready, duplicated(args), extra)
        except Learned:
            ready = derivative.prepare(args)


# ------------------------------------------------------------------------------- which arguments carry a derivative


def _chosen(f: Any, names: tuple[str, ...], whole: tuple[Any, ...], how: How) -> tuple[Derivative, Ready]:
    """The derivative by all arguments that are real numbers; whole numbers are, unless they serve as counts."""
    choices, key = _choices(f), (names, tuple(map(key_of, whole)))
    if key in choices:
        try:
            return _prepared(f, choices[key], whole, how)
        except Refusal:  # something that the function uses has changed
            del choices[key]
    kinds = dict(zip(names, map(_kind, whole), strict=False))
    wanted = tuple(n for n in names if kinds[n])
    if not wanted:
        raise BadArgument(f"no argument of this call of {getattr(f, '__name__', 'f')} carries a derivative")
    try:
        found = _prepared(f, wanted, whole, how)
    except Refusal as refusal:
        if not _counts(refusal):
            raise
        wanted = _without_counts(f, wanted, kinds, whole, how)
        if not wanted:
            raise
        found = _prepared(f, wanted, whole, how)
    real = tuple(n for n in wanted if kinds[n] == "real")
    if real and real != wanted and any(m.function is found[0].function for m in found[1].built.on_tape):
        wanted, found = real, _prepared(f, real, whole, how)  # nobody knows what is a count on the tape
    choices[key] = wanted
    return found


def _without_counts(
    f: Any, names: tuple[str, ...], kinds: dict[str, str], whole: tuple[Any, ...], how: How
) -> tuple[str, ...]:
    """The real arguments, and each whole number that can be differentiated."""
    accepted = {n for n in names if kinds[n] == "real"}
    for name in names:
        if name in accepted:
            continue
        try:
            _prepared(f, tuple(n for n in names if n in accepted or n == name), whole, (None, how[1]))
        except Refusal as refusal:
            if not _counts(refusal):
                raise
        else:
            accepted.add(name)
    return tuple(n for n in names if n in accepted)


def _counts(refusal: Refusal) -> bool:
    """Whether it says that an active value serves as a count, an index or a shape."""
    return any(p.error is NotDifferentiable for p in refusal.problems)


@functools.lru_cache(maxsize=16)
def _choices(f: Any) -> dict[Hashable, tuple[str, ...]]:  # noqa: ARG001 (there is one for each function)
    """What was chosen for a function, by the types of its arguments."""
    return {}


def _prepared(f: Any, wanted: tuple[str, ...], whole: tuple[Any, ...], how: How) -> tuple[Derivative, Ready]:
    derivative = _derivative(f, wanted, *how)
    return derivative, derivative.prepare(whole)


@functools.lru_cache(maxsize=16)
def _derivative(f: Any, wanted: tuple[str, ...], jit: Jit | None, fallback: str | None) -> Derivative:
    """Kept for the next call with the same function; the derivative itself notices what has changed since."""
    return Derivative(f, Options("vjp", wanted, jit, False, quiet=True, fallback=fallback))


def _made(f: Any, wanted: tuple[int, ...], count: int) -> Derivative:
    """The derivative that the pullback of a call with `count` arguments stands for, by those of them; where `f` is a
    function inside another one it has more arguments than that (for calls that are themselves differentiated)."""
    names = tuple(signature_of(f).parameters)[:count]
    return _derivative(f, tuple(names[k] for k in wanted), False, None)


vjp.__dict__["made"] = _made


def _kind(a: Any) -> str:
    if is_structure(a):
        return "real" if any(is_real(leaf) for _, leaf in leaves(a, "")) else ""
    if isinstance(a, enum.Enum):  # also where it is a whole number
        return ""
    if isinstance(a, np.ndarray | np.generic):
        return {"f": "real", "i": "whole", "u": "whole"}.get(a.dtype.kind, "")
    if isinstance(a, bool):
        return ""
    return "real" if isinstance(a, float) else "whole" if isinstance(a, int) else ""


# ------------------------------------------------------------------------------------------- values and their adjoints


def _form(value: Any) -> Any:
    """The structure of a value: for each leaf its shape and dtype, or None where it is no number."""
    if is_structure(value):
        form = form_of(value)
        return _Node(form, tuple(map(_form, parts_of(value, form))))
    leaf = np.asarray(value)
    return _Leaf(leaf.shape, leaf.dtype) if leaf.dtype.kind in "iubf" else None


class _Node:
    def __init__(self, form: Form | None, parts: tuple[Any, ...]) -> None:
        self.form, self.parts = form, parts


class _Leaf:
    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = shape, dtype


def _seeds(form: Any, y_bar: Any) -> Any:
    """The adjoint of a value in tuples and lists, its numbers and arrays as generated code takes them: own copies."""
    if not isinstance(form, _Node):
        return None if form is None else _seed(form, y_bar)
    pairs = zip(form.parts, _parts_like(form, y_bar), strict=True)
    parts = tuple([_seeds(part, y) for part, y in pairs])
    return list(parts) if form.form is not None and form.form.kind == "list" else parts


def _leaves(seeds: Any, type_: Type | None) -> Iterator[tuple[Any, Type | None]]:
    """The adjoint of a value of this type leaf by leaf, each with its type: a list of the program is one of them."""
    if isinstance(type_, ListOf) or not isinstance(seeds, tuple | list):
        yield seeds, type_
        return
    if isinstance(type_, Tup) and type_.form == FROZEN:
        yield from _leaves(list(seeds), type_.items[0])
        return
    types: tuple[Type | None, ...] = type_.items if isinstance(type_, Tup) else (None,) * len(seeds)
    if isinstance(type_, Tup) and is_columns(type_.form):
        seeds = [[row[k] for row in seeds] for k in range(len(types))]
    for part, own in zip(seeds, types, strict=True):
        yield from _leaves(part, own)


def _sum(a: Any, b: Any) -> Any:
    """The sum of the adjoints of one variable that is returned twice."""
    return [_sum(x, y) for x, y in zip(a, b, strict=True)] if isinstance(a, list) else a + b


def _for_numba(seed: list[Any], type_: ListOf) -> Any:
    """The adjoint of a list as compiled code takes it: numbers as an array, arrays (and rows of numbers) as a list of
    these. Where there are none, Numba could not tell of what: an array without rows is read in the same way."""
    item = type_.item
    if item is None or (isinstance(item, Num) and item.ndim == 0):
        return np.array(seed, np.float32 if isinstance(item, Num) and item.dtype == "float32" else np.float64)
    rows = [_for_numba(s, item) if isinstance(item, ListOf) else np.ascontiguousarray(s) for s in seed]
    rank = item.ndim if isinstance(item, Num) and item.ndim is not None else 1
    return rows or np.empty((0,) * (rank + 1))


def _parts_like(form: _Node, y_bar: Any) -> tuple[Any, ...]:
    """The parts of an adjoint of a structure; a list will do for a tuple."""
    own, count = form.form, len(form.parts)
    if own is None or own.is_sequence:
        if not isinstance(y_bar, tuple | list) or len(y_bar) != count:
            what = f"a {'tuple' if own is None else own.cls.__name__} of {count}"
            raise BadArgument(f"the value is {what}; its adjoint has to be one, too")
        return tuple(y_bar)
    given = form_of(y_bar)
    if given is None or given.cls is not own.cls or set(given.keys) != set(own.keys):
        raise BadArgument(f"the value is a {own.cls.__name__} of {', '.join(map(str, own.keys))}; so is its adjoint")
    return parts_of(y_bar, own) if own.kind != "dict" else tuple(y_bar[k] for k in own.keys)


def _seed(leaf: _Leaf, y_bar: Any) -> Any:
    try:
        given = np.asarray(y_bar)
    except (TypeError, ValueError):
        raise BadArgument(f"the adjoint {y_bar!r} is no number or array") from None
    if given.dtype.kind == "c":
        raise BadArgument("the adjoint is complex, and the value is real")
    if given.dtype.kind not in "biuf":
        raise BadArgument(f"the adjoint {y_bar!r} is no number or array")
    dtype = leaf.dtype if leaf.dtype.kind == "f" else np.dtype(np.float64)
    seed = np.array(given, dtype)
    if seed.shape != leaf.shape:
        raise BadArgument(f"the value has shape {leaf.shape}, its adjoint has shape {seed.shape}")
    return seed if seed.shape else seed[()] if dtype == np.float32 else float(seed)
