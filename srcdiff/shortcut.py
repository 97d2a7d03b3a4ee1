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


def with_shortcut(ready: Ready, args: Sequence[Any], options: Options, returned: Returned) -> Ready:
    """The same with the short way; without, where more has to be done in every call than to look at the arguments."""
    beside = options.has_aux or ready.built.unknown_rank or options.kind not in ("grad", "value")
    refit = any(k in returned.places or type(args[k]) is not int for k in ready.refit)
    call, unchanged = ready.call, ready.unchanged
    if beside or refit or ready.loose or ready.structured or ready.written:
        return ready
    if not isinstance(call, Jitted) or call.plain or not isinstance(unchanged, Unchanged):
        return ready

    def failed(problem: Exception) -> None:
        call.failed(problem)
        explain(problem, ready.built.module)

    has_value = options.kind == "value"
    short = _written(call.dispatcher, args, ready.captured, returned, has_value, unchanged, failed)
    return replace(ready, shortcut=short)


def _written(
    run: Callable[..., Any],
    args: Sequence[Any],
    captured: Sequence[Any],
    returned: Returned,
    has_value: bool,
    unchanged: Unchanged,
    failed: Callable[[Exception], None],
) -> Callable[..., Any] | None:
    """The function, or None where an argument is more than a number or an array. `failed` may raise another error in
    the place of one that compiled code has raised."""
    names = {**unchanged.names, "ndarray": np.ndarray, "run": run, "failed": failed, "finish": finish, "MISS": MISS}
    names["LengthsDiffer"] = LengthsDiffer
    if has_value:
        names["narrowed"] = narrowing(returned.type_.types[0])
    own, more = [f"a{k}" for k in range(len(args))], [f"c{k}" for k in range(len(captured))]
    names |= dict(zip(more, captured, strict=True))
    tests = [_test(name, a, names) for name, a in zip(own, args, strict=True)]
    if any(test is None for test in tests):
        return None
    gradients = [f"g{k}" for k in returned.places]
    alone = returned.single and not has_value
    types = [returned.type_] if alone else returned.type_.types[has_value:]
    found = gradients[0] if alone else ", ".join([*["value"] * has_value, *gradients]) + ","
    form = gradients[0] if returned.single else f"({', '.join(gradients)},)"
    lines = [
        f"def call({', '.join(own)}):",
        f"    if {' or '.join(map(str, tests))} or not ({unchanged.text}):",
        "        return MISS",
        "    try:",
        f"        {found} = run({', '.join([*own, *more])})",
        "    except LengthsDiffer:",  # the long way leads to code that follows broadcasting
        "        return MISS",
        "    except Exception as problem:",
        "        failed(problem)",
        "        raise",
        *(["    value = narrowed(value)"] if has_value and narrowing(returned.type_.types[0]) else []),
        *(line for k, t in zip(returned.places, types, strict=True) for line in _finished(k, t, args[k])),
        f"    return {f'value, {form}' if has_value else form}",
    ]
    exec(_code("\n".join(lines)), names)
    call: Callable[..., Any] = names["call"]
    return call


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
