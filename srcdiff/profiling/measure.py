"""`profile`: a derivative is run with clocks in it. In: a derivative and the arguments of a call. Out: a `Profile`.

A clock costs something itself: what an empty interval takes, and what a function's own books add to a call of it, are
measured on a text of a few lines and taken off.
"""

from __future__ import annotations

import functools
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import fmean
from types import FunctionType
from typing import Any, NamedTuple, TypeVar

from ..backend import Module, Rendered, load, module_of
from ..compiled import Jitted, numba_module, uncached
from ..ir.nodes import Origin, Span
from ..jit_options import Jit
from ..learning import Learned
from ..ready import Ready
from ..rules.effects import without_outputs
from ..runtime_loops import LengthsDiffer
from .calls import Called, called_by
from .clocks import Bench, compiled_bench, has_counter, plain_bench
from .instrument import Group, Instrumented, instrumented
from .places import Places
from .report import Line, Profile

T = TypeVar("T")
_BUDGET, _ROUNDS = 0.5, 100  # seconds, runs
_SLOWER = 1.2  # times, from where on it is said that clocks have made compiled code slower
_FORWARD = ("jvp", "tangent", "tangents")
_COMPILED = (
    "Compiled code, with a clock between its statements, which keeps the compiler from joining and vectorising them: "
    "compare the lines with each other."
)
_IN_PYTHON = "The derivative is compiled; this is its text in plain Python, because "


def profile(derivative: Any, /, *args: Any, **kwargs: Any) -> Profile:
    """The time and the memory of each line of your function in a call `derivative(*args, **kwargs)`, by sweeps.

    `derivative` is what `grad`, `value_and_grad`, `jvp`, `hvp` or `grad_and_hvp` give, or a pullback that `vjp` gives
    (its argument is the adjoint of the value). The result is a `Profile`: print it for a table; `lines` and `to_dict`
    have the numbers, `plot` makes a picture. See docs/profile.md.

    The generated code runs with a clock between its statements, several times if that is short and every run does the
    same; the faster half of the runs is averaged. Times are without what the clocks cost, and those of the lines add up
    to the whole. Bytes are those that a line puts on a tape or leaves in arrays for the reverse sweep; memory that is
    kept twice counts once, that of the arguments does not. The caller's arrays and generators stay as they are. A
    function that prints, or draws from what is not an argument, runs once.

    What is compiled is measured compiled, by the counter of the processor. Where there is none, or Numba does not
    compile the clocks, the text is measured in plain Python, and `note` says so.

    Raises BadArgument for what is no such derivative, and what the call itself raises.

    >>> import numpy as np
    >>> import srcdiff
    >>> def f(x):
    ...     s = 0.0
    ...     for i in range(len(x)):
    ...         s = s * x[i] + np.sin(x[i])
    ...     return s
    >>> found = srcdiff.profile(srcdiff.grad(f), np.linspace(0.0, 1.0, 50))
    >>> [(line.text, line.forward_bytes) for line in found.lines if line.forward_bytes]
    [('s = s * x[i] + np.sin(x[i])', 400)]
    """
    call = called_by(derivative, args, kwargs)
    while True:
        try:
            return _profiled(call)
        except Learned:  # what runs on the tape has done something new: the text is another one now
            continue


def _profiled(call: Called) -> Profile:
    ready = call.ready()
    once = ready.built.repeats.problem is not None or _tells(ready)
    alone: list[float] = [] if once else [_timed(call, ready)]
    runs: list[_Run] = []
    clocked, note = _clocked(call, ready, runs)
    started = time.perf_counter()
    while not once and len(runs) < _ROUNDS and time.perf_counter() - started < _BUDGET:
        runs.append(clocked.run(call, ready))
        alone.append(_timed(call, ready))
    lines = _lines(_faster_half(runs, key=lambda r: sum(r.seconds)), clocked.code.groups)
    bare = fmean(_faster_half(alone, float)) if alone else None
    handing = _handing_over(call, ready) if alone and note == _COMPILED else None
    found = Profile(call.title, tuple(lines), len(runs), bare, note, handing)
    if bare is None or handing is None or found.seconds < _SLOWER * bare:
        return found
    return replace(found, note=f"{note} Here they take {found.seconds / bare:.1f} times as long with it.")


def _tells(ready: Ready) -> bool:
    """Whether the program prints."""
    body = ready.built.function.body
    return without_outputs(body) != body


# --------------------------------------------------------------------------------------------------------- the runs


class _Run(NamedTuple):
    """What the groups of a text have spent and kept in one run."""

    seconds: list[float]
    held: list[int]


class _Clocked:
    """A function of a module, with clocks."""

    def __init__(self, code: Instrumented, module: Module, bench: Bench, costs: tuple[float, float]) -> None:
        self.code, self.bench = code, bench
        self.interval, self.call = costs
        space = dict(vars(module.namespace)) | {code.helpers[n]: f for n, f in bench.helpers.items()}
        exec(code.code, space)
        self.function = bench.made(space[code.name])

    def __call__(self, *args: Any) -> Any:
        self.books = self.bench.books(len(self.code.groups), round(self.call))
        for a in args:
            self.bench.helpers["alive"](a, self.books[-1])  # what the caller keeps is not on the tape
        return self.function(self.books, *args)

    def run(self, call: Called, ready: Ready) -> _Run:
        call.run(ready, self)
        return self.read()

    def read(self) -> _Run:
        spent, runs, held, *_ = self.books
        pairs = zip(spent, runs, strict=True)
        seconds = [max(float(t) - float(n) * self.interval, 0.0) * self.bench.tick for t, n in pairs]
        return _Run(seconds, list(map(int, held)))


def _clocked(call: Called, ready: Ready, runs: list[_Run]) -> tuple[_Clocked, str]:
    """The derivative with clocks, with a first run of it, and what is to be said of it."""

    def first(function: FunctionType, bench: Bench, costs: tuple[float, float]) -> _Clocked:
        module = module_of(function.__code__.co_filename)
        assert module is not None
        is_forward = call.derivative.options.kind in _FORWARD
        code = instrumented(module.rendered, function.__name__, module.filename, is_forward)
        clocked = _Clocked(code, module, bench, costs)
        runs.append(clocked.run(call, ready))
        return clocked

    compiled, function, note = ready.call, ready.built.plain, ""
    if isinstance(compiled, Jitted):
        function = compiled.in_python()
    if isinstance(compiled, Jitted) and not compiled.plain:
        if has_counter():
            alone = replace(compiled.jit, parallel=False)
            checked = call.derivative.checked and not ready.built.inside
            bench = compiled_bench(functools.partial(uncached, jit=alone, checked=checked))
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", numba_module().NumbaPerformanceWarning)
                    try:
                        return first(compiled.function, bench, _compiled_costs()), _COMPILED
                    except LengthsDiffer:
                        if compiled.general is None:
                            raise
                        bench = compiled_bench(functools.partial(uncached, jit=alone, checked=True))
                        return first(compiled.general(True), bench, _compiled_costs()), _COMPILED
            except numba_module().core.errors.NumbaError:
                note = f"{_IN_PYTHON}Numba does not compile the clocks in it."
        else:
            note = f"{_IN_PYTHON}this processor has no counter of time that compiled code can read."
    return first(function, plain_bench(), _plain_costs()), note


def _timed(call: Called, ready: Ready) -> float:
    """How long the generated code takes by itself."""
    spent = 0.0

    def timed(*args: Any) -> Any:
        nonlocal spent
        started = time.perf_counter()
        result = ready.call(*args)
        spent = time.perf_counter() - started
        return result

    call.run(ready, timed)
    return spent


def _handing_over(call: Called, ready: Ready) -> float | None:
    """How long it takes to hand arguments to compiled code and the result back, which is no line's: that of a function
    which does nothing else. None where Numba cannot compile that."""
    found: list[float] = []

    def measured(*args: Any) -> Any:
        result = ready.call(*args)
        last = numba_module().njit(lambda *given: given[-1])
        last(*args, result)
        for _ in range(_ROUNDS):
            started = time.perf_counter()
            last(*args, result)
            found.append(time.perf_counter() - started)
        return result

    try:
        call.run(ready, measured)
    except numba_module().core.errors.NumbaError:
        return None
    return fmean(_faster_half(found, float))


def _faster_half(runs: Sequence[T], key: Callable[[T], float]) -> list[T]:
    return sorted(runs, key=key)[: (len(runs) + 1) // 2]


# -------------------------------------------------------------------------------------------------- what clocks cost

_TEXT = """\
def nothing(x):
    return x


def three(n, x):
    for _ in range(n):
        x = x
        x = nothing(x)
        x = other(x)
    return x
"""
_EMPTY, _CLOCKED_CALL, _CALL = 7, 8, 9  # lines of it


def _costs(bench: Bench, other: Callable[..., Any]) -> tuple[float, float]:
    """What an empty interval counts, and what a call counts more if the function has clocks."""
    lines = {k: Origin("<clock>", Span(k, 0, k, 0), row) for k, row in enumerate(_TEXT.splitlines(), 1)}
    module = load(Rendered(_TEXT, lines, {"other": other}), "clock")
    clocked = _Clocked(instrumented(module.rendered, "three", module.filename, True), module, bench, (0.0, 0.0))
    trips, found = 2000, []
    for _ in range(8):
        clocked(trips, 0.0)
        spent = clocked.books[0]
        at = {g.origin.span.line: float(t) / trips for g, t in zip(clocked.code.groups, spent, strict=True) if g.origin}
        found.append((at[_EMPTY], at[_CLOCKED_CALL] - at[_CALL]))
    empty, call = map(min, zip(*found, strict=True))
    return empty, max(call, 0.0)


def _plain_costs() -> tuple[float, float]:
    return _costs(plain_bench(), lambda x: x)


@functools.cache
def _compiled_costs() -> tuple[float, float]:
    """(Compiled once in a process.)"""
    njit = numba_module().njit
    return _costs(compiled_bench(functools.partial(uncached, jit=Jit(), checked=True)), njit(lambda x: x))


# ------------------------------------------------------------------------------------------------------- the lines


def _lines(runs: Sequence[_Run], groups: Sequence[Group]) -> list[Line]:
    """The lines of each function together, functions in the order in which they are met; what is not a line of the
    user's comes last."""
    places = Places()
    found: dict[tuple[str, str], dict[int, Line]] = {}
    for k, group in enumerate(groups):
        file, line, function, text = places.of(group.origin) or ("", 0, "", "")
        own = found.setdefault((file, function), {}).get(line, Line(file, function, line, text))
        seconds, held = fmean(r.seconds[k] for r in runs), runs[0].held[k]
        found[file, function][line] = own.with_more(seconds, held, group.reverse)
    rest = found.pop(("", ""), {})
    return [line for lines in (*found.values(), rest) for _, line in sorted(lines.items())]
