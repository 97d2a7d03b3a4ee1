"""The inputs that a program's results depend on, held against its tangents: a set may be too large, never too small."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import srcdiff
from srcdiff import records
from srcdiff.derivative import Options
from srcdiff.pushforward import Pushforward
from srcdiff.testing.values import leaves


def missing(f: Callable[..., Any], fresh: Callable[[], Sequence[Any]], wrt: tuple[int, ...]) -> list[tuple[int, int]]:
    """The results (by place in the flattened results) with the inputs that they have a derivative by, or that is not a
    number, and that their sets lack; `fresh` gives the arguments."""
    args = fresh()
    starts = np.cumsum([0, *(np.size(args[k]) for k in wrt)]).tolist()
    program = Pushforward(f, Options("sparsity", wrt, None, False, True))
    found = program.push(tuple(args), tuple(_seed(args[k], s) for k, s in zip(wrt, starts, strict=False)))
    sets = _flat(found)
    lacking = []
    for number in range(starts[-1]):
        args = fresh()
        directions = [_direction(args[k], number - s) for k, s in zip(wrt, starts, strict=False)]
        _, tangent = srcdiff.jvp(f, args, [directions[wrt.index(k)] if k in wrt else None for k in range(len(args))])
        column = _flat(_by_part(tangent))
        assert len(column) == len(sets)
        lacking += [(row, number) for row, dot in enumerate(column) if dot != 0.0 and not int(sets[row]) >> number & 1]
    return lacking


def _by_part(found: Any) -> Any:
    """A list of structures as a list for each of their parts: so the program of sets, not for users, has it."""
    form = records.form_of(found)
    if (
        isinstance(found, list)
        and found
        and all(records.is_structure(item) and not isinstance(item, list) for item in found)
    ):
        rows = (records.parts_of(item, records.form_of(item)) for item in found)
        return tuple(list(part) for part in zip(*rows, strict=True))
    if isinstance(found, tuple) or form is not None:
        return tuple(_by_part(part) for part in records.parts_of(found, form))
    return found


def _flat(found: Any) -> list[Any]:
    return [element for leaf in leaves(found) for element in np.ravel(np.asarray(leaf, object)).tolist()]


def _seed(argument: Any, first: int) -> Any:
    if np.ndim(argument) == 0:
        return 1 << first
    flat = np.empty(np.size(argument), object)
    flat[:] = [1 << first + k for k in range(np.size(argument))]
    return flat.reshape(np.shape(argument))


def _direction(argument: Any, place: int) -> Any:
    flat = np.zeros(np.size(argument))
    flat[place : place + 1] = float(0 <= place)
    return flat.reshape(np.shape(argument)) if np.ndim(argument) else float(flat[0])
