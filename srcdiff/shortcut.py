"""The short way into compiled code. In: what runs for one combination of argument types, and arguments of these types.
Out: a function that looks whether arguments are such ones, and then calls the compiled code and nothing else.

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
from .optimise import Sized
from .ready import Options, Ready
from .runtime_loops import LengthsDiffer
from .signature import LAYOUT, finish
from .watch import Unchanged

MISS = object()
_SCALARS = (float, bool, np.float64, np.float32, np.int64, np.int32, np.bool_)


@dataclass(frozen=True)
class Returned:
    """What compiled code returns: its Numba type, whether there is a single gradient, and the places of the arguments
    that the gradients belong to."""

    type_: Any
    single: bool
    places: Sequence[int]


def with_shortcut(
    ready: Ready, args: Sequence[Any], tangents: Sequence[Any], options: Options, returned: Returned
) -> Ready:
    """The same with the short way; without, where more has to be done in every call than to look at the arguments."""
    beside = options.has_aux or ready.built.unknown_rank or options.kind not in ("grad", "value", "jvp")
    refit = any(k in returned.places or type(args[k]) is not int for k in ready.refit)
    call, unchanged = ready.call, ready.unchanged
    if beside or refit or ready.loose or ready.structured or ready.written:
        return ready
    if not isinstance(call, Jitted) or call.plain or not isinstance(unchanged, Unchanged):
        return ready

    def failed(problem: Exception) -> None:
        call.failed(problem)
        explain(problem, ready.built.module)

    sizes = None if ready.gain is None else Sizes(ready.gain, ready.pays)
    way = Way(call.run, args, ready.captured, unchanged, failed, sizes)
    if options.kind == "jvp":
        return ready if call.narrowed else replace(ready, shortcut=_pushing(way, tangents, returned))
    narrowed = narrowing(returned.type_.types[0], (ready.built.result,)) if options.kind == "value" else None
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

    def test(self, args: Sequence[Any], captured: list[str]) -> str:
        """The expression that is true where the code is not for an argument's length, or another one's value."""
        places = sorted({k for k, _ in self.gain.numbers if k < len(args)})
        own = [f"a{k}_shape" if isinstance(args[k], np.ndarray) else f"a{k}" for k in places]
        given = ", ".join([*(f"a{k}" for k in range(len(args))), *captured])
        return f"(own := ({', '.join(own)},)) != sizes.last and sizes.differ(own, {given})" if own else "False"


@dataclass(frozen=True)
class Way:
    """What runs, and for what: arguments of the kinds of these. `failed` may raise another error in the place of one
    that compiled code has raised. Of what has `sizes`, it runs for these only."""

    run: Callable[..., Any]
    args: Sequence[Any]
    captured: Sequence[Any]
    unchanged: Unchanged
    failed: Callable[[Exception], None]
    sizes: Sizes | None = None

    def names(self) -> dict[str, Any]:
        """What the short way reads."""
        own = {"ndarray": np.ndarray, "run": self.run, "failed": self.failed, "finish": finish, "MISS": MISS}
        own |= {"LengthsDiffer": LengthsDiffer, "sizes": self.sizes}
        return {**self.unchanged.names, **own, **{f"c{k}": v for k, v in enumerate(self.captured)}}

    def function(
        self, names: dict[str, Any], more: list[str], tests: list[str], target: str, given: list[str], end: list[str]
    ) -> Callable[..., Any]:
        """The short way: arguments and those that follow them, what sends a call the long way, the call itself, and
        what is done with what it returns."""
        captured = [f"c{k}" for k in range(len(self.captured))]
        own = [f"a{k}" for k in range(len(self.args))]
        tests = tests if self.sizes is None else [*tests, self.sizes.test(self.args, captured)]
        lines = [
            f"def call({', '.join([*own, *more])}):",
            f"    if {' or '.join(tests)} or not ({self.unchanged.text}):",
            "        return MISS",
            "    try:",
            f"        {target} = run({', '.join([*own, *captured, *given])})",
            "    except LengthsDiffer:",  # the long way leads to code that follows broadcasting
            "        return MISS",
            "    except Exception as problem:",
            "        failed(problem)",
            "        raise",
            *end,
        ]
        exec(_code("\n".join(lines)), names)
        call: Callable[..., Any] = names["call"]
        return call


def _written(
    way: Way, returned: Returned, has_value: bool, narrowed: Callable[[Any], Any] | None
) -> Callable[..., Any] | None:
    """The short way to gradients, or None where an argument is more than a number or an array."""
    args, names = way.args, way.names()
    tests = [test for k, a in enumerate(args) if (test := _test(f"a{k}", a, names)) is not None]
    if len(tests) < len(args):
        return None
    gradients = [f"g{k}" for k in returned.places]
    alone = returned.single and not has_value
    types = [returned.type_] if alone else returned.type_.types[has_value:]
    found = gradients[0] if alone else ", ".join([*["value"] * has_value, *gradients]) + ","
    form = gradients[0] if returned.single else f"({', '.join(gradients)},)"
    end = [line for k, t in zip(returned.places, types, strict=True) for line in _finished(k, t, args[k])]
    if narrowed is not None:
        names["narrowed"] = narrowed
        end.insert(0, "    value = narrowed(value)")
    result = f"    return {f'value, {form}' if has_value else form}"
    return way.function(names, [], tests, found, [], [*end, result])


def _pushing(way: Way, tangents: Sequence[Any], returned: Returned) -> Callable[..., Any] | None:
    """The short way to a value and its tangent: both numbers, or arrays of one dtype, and the function's own. A tangent
    is copied, since a result may be the tangent itself."""
    args, names = way.args, way.names()
    tests = [_test(f"a{k}", a, names) for k, a in enumerate(args)]
    for place, tangent in zip(returned.places, tangents, strict=False):
        tests.append(_tangent_test(f"d{place}", f"a{place}", args[place], tangent))
    if None in tests or len(tangents) != len(returned.places) or not _is_alike(returned.type_):
        return None
    given = [f"d{k}.copy()" if isinstance(args[k], np.ndarray) else f"d{k}" for k in returned.places]
    more = [f"d{k}" for k in returned.places]
    return way.function(names, more, [t for t in tests if t], "found", given, ["    return found"])


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


@functools.cache
def _code(text: str) -> CodeType:
    return compile(text, "<srcdiff call>", "exec")


def _test(name: str, value: Any, names: dict[str, Any]) -> str | None:
    """The expression that is true where an argument is not of the kind of this one (see `signature.key_of`)."""
    kind = type(value)
    if kind is int:
        return f"type({name}) is not int or not -0x8000000000000000 <= {name} < 0x8000000000000000"
    if kind is np.ndarray and value.ndim and 1 not in value.shape:
        names[f"{name}_dtype"] = value.dtype
        return (
            f"type({name}) is not ndarray or {name}.dtype is not {name}_dtype "
            f"or len({name}_shape := {name}.shape) != {value.ndim} or 1 in {name}_shape "
            f"or {name}.flags.num & {LAYOUT} != {value.flags.num & LAYOUT}"
        )
    if kind not in _SCALARS:
        return None
    names[kind.__name__] = kind
    return f"type({name}) is not {kind.__name__}"


def _finished(place: int, type_: Any, argument: Any) -> Iterator[str]:
    """What is left to do for a gradient to have the form of its argument (see `signature.finish`)."""
    from numba.core import types
    from numba.np.numpy_support import as_dtype

    own = f"g{place}"
    finishing = f"    {own} = finish({own}, a{place})"
    if isinstance(argument, float) and type_ is types.float64:  # (NumPy's float64 is a float, too)
        return
    if not isinstance(argument, np.ndarray) or not isinstance(type_, types.Array):
        yield finishing
    elif type_.mutable and as_dtype(type_.dtype) == argument.dtype and type_.ndim == argument.ndim:
        yield f"    if {own}.shape != a{place}_shape:"
        yield f"    {finishing}"
    else:
        yield finishing
