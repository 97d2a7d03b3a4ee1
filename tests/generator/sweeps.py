"""Many directions in one sweep, tangents or adjoints, by both of its texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from srcdiff.derivative import Options
from srcdiff.jit_options import Jit
from srcdiff.pushforward import Pushforward
from srcdiff.seeded import Adjoints, Seeded
from srcdiff.signature import argument_type


def many(
    f: Callable[..., Any], args: Sequence[Any], wrt: tuple[int, ...], seeds: Sequence[Any], loops: bool
) -> tuple[Any, str]:
    """The tangents in all directions, and the text that gave them: the one for plain Python, or the one with `loops`
    for compiled code, which runs without being compiled here. Raises OneByOne."""
    return _run(Pushforward(f, Options("tangents", wrt, Jit() if loops else None, False, True)), args, seeds)


def many_adjoints(
    f: Callable[..., Any], args: Sequence[Any], place: int, seed: Any, loops: bool
) -> tuple[tuple[Any, Any], str]:
    """The result and the adjoints of the argument at `place`, in all directions, and the text, as `many`."""
    return _run(Adjoints(f, Options("adjoints", place, Jit() if loops else None, False, True)), args, [seed])


def _run(own: Seeded, args: Sequence[Any], seeds: Sequence[Any]) -> tuple[Any, str]:
    types = [
        argument_type(a, n, k in own.places) for k, (a, n) in enumerate(zip(args, own.function_names, strict=True))
    ]
    built = own.built_for_types(types)
    ready = own.prepare(tuple(args))
    return built.plain(*own._taken(ready, tuple(args)), *ready.extra(), *seeds), built.text
