"""Checks a derivative that srcdiff writes against finite differences of the function itself.

In: a function and arguments; `check_grad` builds its derivative through the public API. Out: nothing, or a
`GradientMismatch` that names the function, the argument, the element and both values.

A finite difference with one step proves little: a large step has truncation error, a small one has rounding error. So
each element and each direction is tried at several steps, and one of them has to agree. Everything is deterministic.
"""

from __future__ import annotations

import copy
import inspect
import itertools
import linecache
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcdiff import api
from srcdiff.records import is_structure

from . import structures
from .values import GradientMismatch, agree, copied, is_scalar, leaves, seed_like

__all__ = ["GradientMismatch", "check_grad"]

STEPS = (1e-4, 1e-5, 1e-3, 1e-6, 1e-7)
STEPS_FLOAT32 = (1e-2, 1e-3, 3e-2, 1e-4, 1e-1)
EVERY_ELEMENT_UP_TO = 32  # a larger array is checked at some elements and along directions
SOME_ELEMENTS = 8
DIRECTIONS = 3
SEED = 20240229

# What a function may raise when a step leaves its domain; that step then says nothing.
OUT_OF_DOMAIN = (ValueError, ZeroDivisionError, OverflowError, FloatingPointError)

Function = Callable[..., Any]
Key = int | str  # an argument given by position or by keyword


def check_grad(
    f: Function,
    args: Sequence[Any],
    *,
    wrt: Key | Sequence[Key] | None = None,
    jit: bool = False,
    modes: Sequence[str] = ("reverse", "forward"),
    order: int = 1,
    rtol: float | None = None,
    atol: float = 1e-8,
    kwargs: Mapping[str, Any] | None = None,
) -> None:
    """Compare the derivative of `f` at `args` with central finite differences.

    >>> import numpy as np
    >>> from srcdiff.testing import check_grad
    >>> def energy(x, k):
    ...     return 0.5 * k * np.sum(x * x)
    >>> check_grad(energy, (np.array([1.0, -2.0]), 3.0), order=2)

    `f` may return a scalar (checked through `srcdiff.grad` and `srcdiff.value_and_grad`) or an array or a tuple
    (checked through `srcdiff.vjp` with a fixed random seed). `wrt` names the arguments by position or name; without
    it, all arguments that hold floats are checked. A small array is checked at every element and along random
    directions, a large one at some elements and along directions.

    Beyond the values: the gradient has the shape and dtype of its argument (a float for a Python number), a second
    call gives the same bits, the arguments are bitwise what they were, and no adjoint shares memory with an argument.
    The value that `vjp` returns belongs to the caller: the pullback leaves it alone and does not read it.

    With "forward" among `modes`, the tangent along a random direction is held against the gradient, by the identity
    `<J v, w> = <v, J^T w>`.

    `order=2` checks the second derivatives of a scalar `f` too: for an argument `x`, the gradient of `df(x)`, or of
    `np.sum(v * df(x))` with a random `v` where `x` is an array, with respect to all of `wrt`.

    `rtol` defaults to 1e-5 (1e-4 for second derivatives, 1e-3 where an argument is float32); `atol` is the largest
    error ever put down to rounding where the gradient itself is small. Raises `GradientMismatch`.
    """
    if order not in (1, 2):
        raise ValueError(f"order is 1 or 2, not {order!r}")
    if "reverse" not in modes or not set(modes) <= {"reverse", "forward"}:
        raise ValueError(f'modes are "reverse" and, beside it, "forward"; not {modes!r}')
    if any(is_structure(a) for a in args) and not kwargs:
        _check_structured(f, tuple(args), wrt, jit, order, rtol, atol)
        return
    kwargs = dict(kwargs or {})
    chosen, labels = _selected(f, tuple(args), kwargs, wrt)
    problem = _Problem(f, tuple(args), kwargs, chosen, labels, jit, rtol, atol)
    value = problem.evaluate({})
    scalar = is_scalar(value)
    if order == 2 and not scalar:
        raise ValueError(f"order=2 takes a scalar function; {problem.name} returns {type(value).__name__}")
    keep = _Snapshot(problem)
    weights = 1.0 if scalar else seed_like(value, np.random.default_rng(SEED))
    gradients = _through_grad(problem, keep, value) if scalar else _through_vjp(problem, keep, value, weights)
    keep.compare()
    size = max((float(np.max(np.abs(g), initial=0.0)) for g in gradients), default=0.0)
    for probe in _probes(problem, gradients):
        _check_one(problem, probe, weights, size)
    if "forward" in modes:
        _check_forward(problem, value, gradients, weights)
        keep.compare()
    if order == 2:
        _check_second(problem, gradients)


@dataclass(frozen=True)
class _Problem:
    """One call of one function, and which of its arguments are differentiated."""

    f: Function
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    wrt: tuple[Key, ...]
    labels: tuple[str, ...]  # one per entry of wrt
    jit: bool
    rtol: float | None
    atol: float

    @property
    def name(self) -> str:
        return getattr(self.f, "__name__", None) or repr(self.f)

    def argument(self, key: Key) -> Any:
        return self.args[key] if isinstance(key, int) else self.kwargs[key]

    def evaluate(self, replaced: Mapping[Key, Any]) -> Any:
        """The function's value on copies of the arguments, with some replaced: it may write into what it is given."""
        args = [copied(replaced.get(i, a)) for i, a in enumerate(self.args)]
        kwargs = {k: copied(replaced.get(k, a)) for k, a in self.kwargs.items()}
        return self.f(*args, **kwargs)

    @property
    def float32(self) -> bool:
        return any(getattr(a, "dtype", None) == np.float32 for a in (*self.args, *self.kwargs.values()))


def _parameter_names(f: Function, count: int) -> list[str]:
    try:
        names = list(inspect.signature(f).parameters)
    except (TypeError, ValueError):
        names = []
    return names + [f"argument {i}" for i in range(len(names), count)]


def _selected(
    f: Function, args: tuple[Any, ...], kwargs: Mapping[str, Any], wrt: Key | Sequence[Key] | None
) -> tuple[tuple[Key, ...], tuple[str, ...]]:
    """The arguments to differentiate by, as positions or (where passed by keyword) names; and what to call them."""
    names = _parameter_names(f, len(args))
    passed = dict[Key, Any]([*enumerate(args), *kwargs.items()])
    if wrt is None:
        wrt = [key for key, a in passed.items() if _holds_floats(a)]
        if not wrt:
            raise ValueError("no argument holds floats; say with wrt= which to differentiate")
    chosen: list[Key] = []
    for given in (wrt,) if isinstance(wrt, int | str) else wrt:
        key = given
        if isinstance(key, int) and -len(args) <= key < 0:
            key += len(args)
        elif isinstance(key, int) and len(args) <= key < len(names):
            key = names[key]
        elif isinstance(key, str) and key not in kwargs and key in names[: len(args)]:
            key = names.index(key)
        if key not in passed:
            raise ValueError(f"wrt={given!r} is none of the arguments that were passed")
        chosen.append(key)
    return tuple(chosen), tuple(key if isinstance(key, str) else names[key] for key in chosen)


def _holds_floats(a: Any) -> bool:
    return isinstance(a, float | np.floating) or (isinstance(a, np.ndarray) and a.dtype.kind == "f")


def _through_grad(problem: _Problem, keep: _Snapshot, value: Any) -> tuple[Any, ...]:
    df = api.grad(problem.f, wrt=problem.wrt, jit=problem.jit)
    gradients = df(*problem.args, **problem.kwargs)
    keep.compare()
    if not isinstance(gradients, tuple) or len(gradients) != len(problem.wrt):
        raise GradientMismatch(f"{problem.name}: the gradient is not a tuple of {len(problem.wrt)}: {gradients!r}")
    _check_form(problem, gradients)
    _same_bits(problem, gradients, df(*problem.args, **problem.kwargs), "a second call of the gradient")
    if not problem.jit:
        both = api.value_and_grad(problem.f, wrt=problem.wrt)
        again, with_value = both(*problem.args, **problem.kwargs)
        _close(problem, value, again, "the value of value_and_grad")
        _close(problem, gradients, with_value, "the gradient of value_and_grad")
    return gradients


def _through_vjp(problem: _Problem, keep: _Snapshot, value: Any, weights: Any) -> tuple[Any, ...]:
    args, where = _positional(problem)
    f = problem.f
    if problem.jit and not hasattr(f, "py_func"):
        import numba

        f = numba.njit(f)  # this is how `vjp` is asked for compiled code
    result, pullback = api.vjp(f, *args)
    _close(problem, value, result, "vjp")
    before = [leaf.copy() for leaf in leaves(weights)]
    adjoints: Any = pullback(weights)
    keep.compare()
    if not isinstance(adjoints, tuple) or len(adjoints) != len(args):
        raise GradientMismatch(f"{problem.name}: the pullback does not return a tuple of {len(args)} adjoints")
    for leaf, was in zip(leaves(weights), before, strict=True):
        if leaf.tobytes() != was.tobytes():
            raise GradientMismatch(f"{problem.name}: the pullback changed the adjoint that it was given")
        if any(isinstance(adjoint, np.ndarray) and np.shares_memory(adjoint, leaf) for adjoint in adjoints):
            raise GradientMismatch(f"{problem.name}: an adjoint shares memory with the pullback's argument")
    gradients = tuple(adjoints[i] for i in where)
    _check_form(problem, gradients)
    _close(problem, value, result, "vjp, after its pullback has run,")
    _scribble(result, args)
    again = pullback(weights)
    _same_bits(problem, gradients, tuple(again[i] for i in where), "a second call of the pullback")
    return gradients


def _scribble(result: Any, args: tuple[Any, ...]) -> None:
    """Write into a result as its owner may (`y -= target`); the pullback must not depend on it any more."""
    arrays = [a for a in args if isinstance(a, np.ndarray)]
    for leaf in leaves(result):
        if leaf.dtype.kind == "f" and leaf.flags.writeable and not any(np.shares_memory(leaf, a) for a in arrays):
            leaf.fill(np.nan)


def _positional(problem: _Problem) -> tuple[tuple[Any, ...], list[int]]:
    """All arguments by position, as `vjp` takes them, and where those of `wrt` are."""
    if not problem.kwargs:
        return problem.args, [key for key in problem.wrt if isinstance(key, int)]
    bound = inspect.signature(problem.f).bind(*problem.args, **problem.kwargs)
    bound.apply_defaults()
    if bound.kwargs:
        raise ValueError(f"{problem.name} does not return a scalar, and vjp takes positional arguments only")
    names = list(bound.arguments)
    return bound.args, [key if isinstance(key, int) else names.index(key) for key in problem.wrt]


def _same_bits(problem: _Problem, first: Any, second: Any, what: str) -> None:
    pairs = itertools.zip_longest(leaves(first), leaves(second))
    if any(a is None or b is None or a.tobytes() != b.tobytes() for a, b in pairs):
        raise GradientMismatch(f"{problem.name}: {what} gives something else: {first!r}, then {second!r}")


def _close(problem: _Problem, first: Any, second: Any, what: str) -> None:
    rtol = 1e-5 if problem.float32 else 1e-10
    if not all(agree(a, b, rtol) for a, b in itertools.zip_longest(leaves(first), leaves(second))):
        raise GradientMismatch(f"{problem.name} gives {first!r}, but {what} gives {second!r}")


class _Snapshot:
    """The arguments' arrays (and those that they are views of) before the derivative ran, to compare with after."""

    def __init__(self, problem: _Problem) -> None:
        self.name = problem.name
        names = _parameter_names(problem.f, len(problem.args))
        named = [*zip(names, problem.args, strict=False), *problem.kwargs.items()]
        named += [(f"the base of {label}", getattr(a, "base", None)) for label, a in named]
        self.arrays = [(label, a, a.copy()) for label, a in named if isinstance(a, np.ndarray)]

    def compare(self) -> None:
        for label, now, before in self.arrays:
            if now.shape != before.shape or now.dtype != before.dtype or now.tobytes() != before.tobytes():
                message = f"{self.name}: the derivative changed the caller's data: {label} was {before!r}, is {now!r}"
                raise GradientMismatch(message, argument=label)


def _check_form(problem: _Problem, gradients: tuple[Any, ...]) -> None:
    arrays = [a for a in (*problem.args, *problem.kwargs.values()) if isinstance(a, np.ndarray)]
    for key, label, gradient in zip(problem.wrt, problem.labels, gradients, strict=True):
        complaint = _form_complaint(problem.argument(key), gradient)
        if complaint is None and isinstance(gradient, np.ndarray):
            if any(np.shares_memory(gradient, a) for a in arrays):
                complaint = "it shares memory with an argument or another gradient"
            arrays.append(gradient)
        if complaint:
            raise GradientMismatch(f"gradient of {problem.name} by {label}: {complaint}", argument=label)


def _form_complaint(argument: Any, gradient: Any) -> str | None:
    """What is wrong with the type, shape or dtype of a gradient, or None."""
    if not isinstance(argument, np.ndarray):
        if isinstance(gradient, float | np.floating):
            return None
        return f"the argument is a number and its gradient is a {type(gradient).__name__}, not a float: {gradient!r}"
    if not isinstance(gradient, np.ndarray | np.floating) or (argument.ndim and not isinstance(gradient, np.ndarray)):
        return f"the argument is an array and its gradient is a {type(gradient).__name__}: {gradient!r}"
    if gradient.shape != argument.shape:
        return f"the argument has shape {argument.shape} and its gradient {gradient.shape}"
    dtype = argument.dtype if argument.dtype.kind == "f" else np.dtype(np.float64)
    if gradient.dtype != dtype:
        return f"the argument has dtype {argument.dtype} and its gradient {gradient.dtype}, not {dtype}"
    return None


@dataclass(frozen=True)
class _Probe:
    """A direction in one argument, and the derivative along it that srcdiff claims."""

    key: Key
    label: str
    index: tuple[int, ...] | str | None
    point: Any  # a float, or an array in double precision
    direction: Any
    claimed: float


def _probes(problem: _Problem, gradients: tuple[Any, ...]) -> Iterator[_Probe]:
    """For an array: elements (all of a small one, some of a large one), then random directions."""
    rng = np.random.default_rng(SEED + 1)
    for key, label, gradient in zip(problem.wrt, problem.labels, gradients, strict=True):
        argument = problem.argument(key)
        if not isinstance(argument, np.ndarray):
            yield _Probe(key, label, None, float(argument), 1.0, float(gradient))
            continue
        point, claimed = argument.astype(np.float64), np.asarray(gradient, dtype=np.float64)
        few = rng.choice(point.size, SOME_ELEMENTS, replace=False) if point.size > EVERY_ELEMENT_UP_TO else None
        for i in range(point.size) if few is None else few:
            index = tuple(int(k) for k in np.unravel_index(i, point.shape))
            unit = np.zeros(point.shape)
            unit[index] = 1.0
            yield _Probe(key, label, index, point, unit, float(claimed[index]))
        for k in range(DIRECTIONS if point.size > 1 else 0):
            direction = rng.normal(size=point.shape)
            yield _Probe(key, label, f"direction {k}", point, direction, float(np.sum(claimed * direction)))


def _check_one(problem: _Problem, probe: _Probe, weights: Any, size: float) -> None:
    """The claimed derivative is finite and agrees with the finite difference of at least one step."""
    steps = STEPS_FLOAT32 if problem.float32 else STEPS
    rtol = problem.rtol if problem.rtol is not None else (1e-3 if problem.float32 else 1e-5)
    spread = max(1.0, float(np.max(np.abs(probe.point * (probe.direction != 0.0)), initial=0.0)))
    tried: list[float] = []
    for step in steps:
        expected, noise = _difference(problem, probe, step * spread, weights)
        tried.append(expected)
        # rounding noise is forgiven, but never so much that a wrong gradient could hide behind it
        allowed = rtol * max(abs(expected), abs(probe.claimed)) + min(noise, max(1e-4 * size, problem.atol))
        if math.isfinite(probe.claimed) and abs(expected - probe.claimed) <= allowed:
            return
    at = probe.index
    place = f", random {at}" if isinstance(at, str) else f"{[*at]}" if at else ""
    rows = [f"derivative of {problem.name} by {probe.label}{place}"]
    rows += [f"  srcdiff:            {probe.claimed!r}", "  finite differences:"]
    rows += [f"    step {step:7.0e}:     {value!r}" for step, value in zip(steps, tried, strict=True)]
    where: dict[str, Any] = {"argument": probe.label, "index": probe.index}
    raise GradientMismatch("\n".join(rows), **where, got=probe.claimed, expected=tried, steps=steps)


def _difference(problem: _Problem, probe: _Probe, h: float, weights: Any) -> tuple[float, float]:
    """The central difference of the weighted results, and how far rounding alone could have moved it."""
    ahead, behind = probe.point + h * probe.direction, probe.point - h * probe.direction
    width = 2.0 * h if np.ndim(ahead) else ahead - behind  # of a number, the step that was really taken
    if isinstance(probe.point, np.ndarray):
        ahead, behind = np.asarray(ahead), np.asarray(behind)  # a 0-d array stays one
    with np.errstate(all="ignore"):
        try:
            up, down = problem.evaluate({probe.key: ahead}), problem.evaluate({probe.key: behind})
        except OUT_OF_DOMAIN:
            return math.nan, 0.0
        change = size = 0.0
        for a, b, w in zip(leaves(up), leaves(down), leaves(weights), strict=True):
            if a.shape != b.shape:
                return math.nan, 0.0
            change += float(np.sum(w * (a.astype(np.float64) - b.astype(np.float64))))
            size += float(np.sum(np.abs(w * a)))
    unit = np.finfo(np.float32 if problem.float32 else np.float64).eps
    return change / width, 32.0 * float(unit) * size / h


def _check_forward(problem: _Problem, value: Any, gradients: tuple[Any, ...], weights: Any) -> None:
    """The tangent along a random direction against the gradient."""
    try:
        args, where = _positional(problem)
    except ValueError:  # a keyword-only argument: `jvp` takes them by position
        return
    rng = np.random.default_rng(SEED + 1)
    directions = [rng.uniform(0.5, 1.5, np.shape(args[k])) * rng.choice([-1.0, 1.0], np.shape(args[k])) for k in where]
    tangents: list[Any] = [None] * len(args)
    for k, v in zip(where, directions, strict=True):
        tangents[k] = v
    again, tangent = api.jvp(problem.f, [copied(a) for a in args], tangents, jit=problem.jit)
    _close(problem, value, again, "the value of jvp")
    for leaf in leaves(tangent):
        if any(isinstance(t, np.ndarray) and np.shares_memory(leaf, t) for t in tangents):
            raise GradientMismatch(f"{problem.name}: the tangent shares memory with the tangent of an argument")
    forward = [
        np.asarray(t, float) * np.asarray(w, float) for t, w in zip(leaves(tangent), leaves(weights), strict=True)
    ]
    reverse = [np.asarray(g, float) * v for g, v in zip(gradients, directions, strict=True)]
    one, other = (float(sum(np.sum(part) for part in parts)) for parts in (forward, reverse))
    scale = max(float(sum(np.sum(np.abs(part)) for part in parts)) for parts in (forward, reverse))
    rtol = problem.rtol or (1e-3 if problem.float32 else 1e-7)
    if np.isfinite(other) and not abs(one - other) <= rtol * scale + 1e-12:
        raise GradientMismatch(
            f"{problem.name}: forward mode gives {one!r} along a random direction, reverse mode {other!r}"
        )


def _check_structured(
    f: Function,
    args: tuple[Any, ...],
    wrt: Key | Sequence[Key] | None,
    jit: bool,
    order: int,
    rtol: float | None,
    atol: float,
) -> None:
    """What `check_grad` does, for arguments some of which are structures: leaf by leaf."""
    names = _parameter_names(f, len(args))
    given = range(len(args)) if wrt is None else (wrt,) if isinstance(wrt, int | str) else wrt
    places = [names.index(k) if isinstance(k, str) else k for k in given]
    places = [k for k in places if structures.has_real(args[k])]
    flat = structures.Flat(f, args, names, places)
    problem = _Problem(flat, flat.values, {}, flat.wrt, flat.labels, jit, rtol, atol)
    value = f(*copy.deepcopy(args))
    weights = 1.0 if is_scalar(value) else seed_like(value, np.random.default_rng(SEED))
    gradients = structures.check_gradients(flat, places, weights, jit)
    size = max((float(np.max(np.abs(g), initial=0.0)) for g in gradients), default=0.0)
    for probe in _probes(problem, gradients):
        _check_one(problem, probe, structures.numbers(weights), size)
    if order == 2:
        for k in places:
            text, bindings = structures.along_text(names[: len(args)], k, args)
            along = _function("along", text, {"df": api.grad(f, wrt=k, jit=jit), **bindings})
            _check_structured(along, args, places, jit, 1, rtol or 1e-4, max(atol, 1e-7))


def _check_second(problem: _Problem, gradients: tuple[Any, ...]) -> None:
    """Each first derivative, made a scalar function of all arguments, is a function to check like any other."""
    rng = np.random.default_rng(SEED + 2)
    for key, gradient in zip(problem.wrt, gradients, strict=True):
        df: Function = api.grad(problem.f, wrt=key, jit=problem.jit)
        if isinstance(gradient, np.ndarray) and gradient.ndim:
            v = np.asarray(rng.normal(size=gradient.shape))
            df = _along(df, v, len(problem.args), tuple(problem.kwargs))
        rtol = problem.rtol if problem.rtol is not None else (5e-3 if problem.float32 else 1e-4)
        options: dict[str, Any] = {"jit": problem.jit, "rtol": rtol, "atol": max(problem.atol, 1e-7)}
        check_grad(df, problem.args, wrt=problem.wrt, kwargs=problem.kwargs, **options)


_counter = itertools.count(1)


def _along(df: Function, v: np.ndarray[Any, Any], count: int, keywords: tuple[str, ...]) -> Function:
    """`lambda x, ...: np.sum(v * df(x, ...))` with as many parameters as `df` was given arguments.

    srcdiff reads source text and fixed parameter lists: it is written out and put where `inspect.getsource` looks.
    """
    names = [f"a{i}" for i in range(count)]
    passed = ", ".join([*names, *(f"{k}={k}" for k in keywords)])
    text = f"def along({', '.join([*names, *keywords])}):\n    return np.sum(v * df({passed}))\n"
    return _function("along", text, {"v": v, "df": df})


def _function(name: str, text: str, bindings: dict[str, Any]) -> Function:
    """The function that a text defines, where `inspect.getsource` finds it."""
    file = f"<srcdiff.testing {next(_counter)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space: dict[str, Any] = {"np": np, **bindings, "__name__": __name__}
    exec(compile(text, file, "exec"), space)
    found: Function = space[name]
    return found
