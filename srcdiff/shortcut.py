"""The short way into generated code. In: what runs for one combination of argument types, and arguments of these types.
Out: a function that looks whether arguments are such ones, and then calls the generated code and nothing else.

What `Derivative.__call__` decides anew in every call (types, layouts, what to do with arguments and results) is decided
here once and written down as a few lines of Python. Arguments of any other kind give MISS.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import CodeType
from typing import Any

import numpy as np

from .backend import explain
from .compiled import Jitted, narrowing
from .errors import SrcdiffError
from .optimise import Sized
from .ready import Options, Ready
from .records import is_structure
from .runtime_loops import LengthsDiffer
from .short_reading import NoShortWay, Reading
from .signature import alike, finish
from .watch import Unchanged

MISS = object()


@dataclass(frozen=True)
class Returned:
    """What generated code returns: its Numba type (None in plain Python), whether there is a single gradient, and the
    places of the arguments that the gradients belong to."""

    type_: Any
    single: bool
    places: Sequence[int]


def with_shortcut(
    ready: Ready, args: Sequence[Any], tangents: Sequence[Any], options: Options, returned: Returned
) -> Ready:
    """The same with the short way; without, where more has to be done in every call than to look at the arguments."""
    built = ready.built
    beside = options.has_aux or built.unknown_rank or options.kind not in ("grad", "value", "jvp")
    if beside or built.on_tape or built.unknown or ready.loose or ready.written:
        return ready
    call, unchanged = ready.call, ready.unchanged
    if not isinstance(unchanged, Unchanged) or (isinstance(call, Jitted) and call.plain):
        return ready

    def failed(problem: Exception) -> None:
        if isinstance(call, Jitted):
            call.failed(problem)
        elif isinstance(problem, SrcdiffError):
            return
        explain(problem, built.module)

    try:
        reading = Reading(args, returned.places, alike(args, options.jit is not None))
    except NoShortWay:
        return ready
    sizes = None if ready.gain is None else Sizes(ready.gain, ready.pays)
    way = Way(getattr(call, "run", call), reading, ready.captured, unchanged, failed, sizes)
    if options.kind == "jvp":
        own = isinstance(call, Jitted) and not (ready.structured or call.narrowed)
        return replace(ready, shortcut=_pushing(way, tangents, returned)) if own else ready
    compiled = options.kind == "value" and returned.type_ is not None
    narrowed = narrowing(returned.type_.types[0], (built.result,)) if compiled else None
    return replace(ready, shortcut=_written(way, returned, options.kind == "value", narrowed))


class Sizes:
    """The lengths and counts that code is for: those for which loops on several cores are worth it, or are not. The
    last ones that were looked at are remembered."""

    def __init__(self, gain: Sized, pays: bool) -> None:
        self.gain, self.pays = gain, pays
        self.last: tuple[Any, ...] | None = None

    def differ(self, found: tuple[Any, ...], *args: Any) -> bool:
        """Whether it is not for these lengths and counts, those of these arguments."""
        if (self.gain(*args) >= 0.0) is not self.pays:
            return True
        self.last = found
        return False

    def test(self, leaves: dict[str, Any], captured: list[str]) -> str:
        """The expression that is true where the code is not for an argument's length, or another one's value."""
        places = {k for k, _ in self.gain.numbers}
        looked_at = [leaf for k, leaf in enumerate(leaves.items()) if k in places]
        own = [f"{name}_shape" if isinstance(value, np.ndarray) else name for name, value in looked_at]
        given = ", ".join([*leaves, *captured])
        return f"(own := ({', '.join(own)},)) != sizes.last and sizes.differ(own, {given})" if own else "False"


@dataclass(frozen=True)
class Way:
    """What runs, and for what: arguments that are read in this way. `failed` may raise another error in the place of
    one that generated code has raised. Of what has `sizes`, it runs for these only."""

    run: Callable[..., Any]
    reading: Reading
    captured: Sequence[Any]
    unchanged: Unchanged
    failed: Callable[[Exception], None]
    sizes: Sizes | None = None

    def function(
        self, more: dict[str, Any], tests: list[str], target: str, given: dict[str, str], end: list[str]
    ) -> Callable[..., Any]:
        """The short way: what else it reads, what else sends a call the long way, the call itself with what follows
        the arguments (by the names of parameters), and what is done with what it returns."""
        leaves = self.reading.leaves
        captured = [f"c{k}" for k in range(len(self.captured))]
        own = [f"a{k}" for k in range(len(self.reading.args))]
        tests = tests if self.sizes is None else [*tests, self.sizes.test(leaves, captured)]
        tests = tests if self.unchanged.text == "True" else [*tests, f"not ({self.unchanged.text})"]
        lines = [
            f"def call({', '.join([*own, *given])}):",
            *self.reading.head(tests),
            "    try:",
            f"        {target} = run({', '.join([*leaves, *captured, *given.values()])})",
            "    except LengthsDiffer:",  # the long way leads to code that follows broadcasting
            "        return MISS",
            "    except Exception as problem:",
            "        failed(problem)",
            "        raise",
            *end,
        ]
        fixed = {"run": self.run, "failed": self.failed, "finish": finish, "MISS": MISS, "sizes": self.sizes}
        names = {**self.unchanged.names, **self.reading.names, **fixed, "LengthsDiffer": LengthsDiffer, **more}
        names |= {f"c{k}": v for k, v in enumerate(self.captured)}
        exec(_code("\n".join(lines)), names)
        call: Callable[..., Any] = names["call"]
        return call


def _written(
    way: Way, returned: Returned, has_value: bool, narrowed: Callable[[Any], Any] | None
) -> Callable[..., Any]:
    """The short way to gradients."""
    reading, places = way.reading, returned.places
    leaves = [leaf for k in places for leaf in reading.active[k]]
    gradients = [f"g{leaf[1:]}" for leaf in leaves]
    alone = returned.single and not has_value and not is_structure(reading.args[places[0]])
    types = [None] * len(leaves)
    if returned.type_ is not None:
        types = [returned.type_] if alone else returned.type_.types[has_value:]
    found = gradients[0] if alone else ", ".join([*["value"] * has_value, *gradients]) + ","
    end = ["    value = narrowed(value)"] if narrowed is not None else []
    end += [line for leaf, t in zip(leaves, types, strict=True) for line in _finished(leaf, t, reading.leaves[leaf])]
    forms = [reading.gradient(k, end) for k in places]
    form = forms[0] if returned.single else f"({', '.join(forms)},)"
    result = f"    return {f'value, {form}' if has_value else form}"
    return way.function({"narrowed": narrowed}, [], found, {}, [*end, result])


def _pushing(way: Way, tangents: Sequence[Any], returned: Returned) -> Callable[..., Any] | None:
    """The short way to a value and its tangent: both numbers, or arrays of one dtype, and the function's own. A tangent
    is copied, since a result may be the tangent itself."""
    args, tests = way.reading.args, []
    for place, tangent in zip(returned.places, tangents, strict=False):
        test = _tangent_test(f"d{place}", f"a{place}", args[place], tangent)
        if test is None:
            return None
        tests.append(test)
    if len(tangents) != len(returned.places) or not _is_alike(returned.type_):
        return None
    given = {f"d{k}": f"d{k}.copy()" if isinstance(args[k], np.ndarray) else f"d{k}" for k in returned.places}
    return way.function({}, tests, "found", given, ["    return found"])


def _tangent_test(name: str, own: str, argument: Any, tangent: Any) -> str | None:
    """The expression that is true where a tangent is not taken as it is for an argument that is (see
    `pushforward.fitted_tangent`)."""
    if type(argument) is float:
        return f"type({name}) is not float"
    if isinstance(argument, np.ndarray) and argument.dtype.kind == "f" and tangent.flags.c_contiguous:
        return f"type({name}) is not ndarray or {name}.dtype is not {own}_dtype or {name}.shape != {own}_shape"
    return None


def _is_alike(type_: Any) -> bool:
    """Whether a Numba type is one of a value and a tangent of the same kind."""
    from numba.core import types

    parts: tuple[Any, ...] = getattr(type_, "types", ())
    if len(parts) != 2:
        return False
    value, tangent = parts
    if isinstance(value, types.Array) and isinstance(tangent, types.Array):
        return value.dtype == tangent.dtype and value.dtype in (types.float64, types.float32)
    return bool(value == tangent == types.float64)


@functools.lru_cache(1000)  # (those of long lists are long)
def _code(text: str) -> CodeType:
    return compile(text, "<srcdiff call>", "exec")


def _finished(leaf: str, type_: Any, argument: Any) -> Iterator[str]:
    """What is left to do for a gradient to have the form of its argument (see `signature.finish`), for what is
    returned of this Numba type, or of any in plain Python."""
    own = f"g{leaf[1:]}"
    finishing = f"    {own} = finish({own}, {leaf})"
    if type_ is None:
        yield f"    if type({own}) is not float:\n    {finishing}" if type(argument) is float else finishing
        return
    from numba.core import types
    from numba.np.numpy_support import as_dtype

    if isinstance(argument, float) and type_ is types.float64:  # (NumPy's float64 is a float, too)
        return
    if not isinstance(argument, np.ndarray) or not isinstance(type_, types.Array):
        yield finishing
    elif type_.mutable and as_dtype(type_.dtype) == argument.dtype and type_.ndim == argument.ndim:
        yield f"    if {own}.shape != {leaf}_shape:"
        yield f"    {finishing}"
    else:
        yield finishing
