"""Many directions in one sweep, by both of its texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from srcdiff.derivative import Options
from srcdiff.jit_options import Jit
from srcdiff.pushforward import Pushforward
from srcdiff.signature import argument_type


def many(
    f: Callable[..., Any], args: Sequence[Any], wrt: tuple[int, ...], seeds: Sequence[Any], loops: bool
) -> tuple[Any, str]:
    """The tangents in all directions, and the text that gave them: the one for plain Python, or the one with `loops`
    for compiled code, which runs without being compiled here. Raises OneByOne."""
    own = Pushforward(f, Options("tangents", wrt, Jit() if loops else None, False, True))
    types = [argument_type(a, n, k in wrt) for k, (a, n) in enumerate(zip(args, own.function_names, strict=True))]
    built = own.built_for_types(types)
    ready = own.prepare(tuple(args))
    return built.plain(*own._taken(ready, tuple(args)), *ready.extra(), *seeds), built.text
