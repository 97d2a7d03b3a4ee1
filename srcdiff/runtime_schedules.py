"""Checkpoints: how users ask for them, and the schedules by which generated code keeps and drops snapshots."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from .errors import BadArgument

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def checkpoint(f: F) -> F:
    """`f`, to be computed again in the reverse sweep rather than remembered.

    In a differentiated function a call of `checkpoint(f)` keeps its arguments only: what `f` computes on the way is
    forgotten, and computed once more when the reverse sweep gets there. That takes the time of one more call and the
    memory of none. Everywhere else `checkpoint(f)` is just `f`. It decorates functions and methods, too.

    In a differentiated function a random draw or an output in `f` is refused: it would be repeated. Forward mode has
    nothing to remember and ignores the checkpoint.

    Raises BadArgument if `f` is not callable.

    >>> import numpy as np, srcdiff
    >>> @srcdiff.checkpoint
    ... def layer(x, w):
    ...     return np.tanh(w * x) * np.sin(x)
    >>> def network(x, w):
    ...     for k in range(len(w)):
    ...         x = layer(x, w[k])
    ...     return x
    >>> round(srcdiff.grad(network)(0.5, np.array([0.3, 2.0])), 6)
    0.07629
    """
    if not callable(f):
        raise BadArgument(f"srcdiff.checkpoint takes a function, not {f!r}")

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        return f(*args, **kwargs)

    call.checkpointed = f  # type: ignore[attr-defined]
    return call  # type: ignore[return-value]


def checkpointed(trips: Iterable[T], *, snapshots: int) -> Iterable[T]:
    """`trips`, for a loop whose derivative is to keep no more than `snapshots` states.

    In a differentiated function, `for t in checkpointed(range(n), snapshots=k):` keeps what the loop carries from trip
    to trip (its *state*) at `k` trips at most, and computes the others again from there. The trips are chosen such that
    the work is least: with `n` at most `binomial(k + r, k)`, no trip runs more than `r` times before it is reversed.
    Ten thousand trips with 20 snapshots run 3.8 times each; kept is the memory of 20 states, not of 10,000.

    `trips` is a range, an array, `enumerate` or `zip` of these, or `itertools.count()` for a loop that is left by
    `break`. Where the number of trips is known only when the loop has been left, the snapshots are thinned out on the
    way. Everywhere else, and in forward mode, this is `trips` itself.

    Raises BadArgument if `snapshots` is no whole number above zero. Formulas: Griewank and Walther, Algorithm 799:
    revolve, ACM Transactions on Mathematical Software 26 (2000); for loops of unknown length Wang, Moin and Iaccarino,
    Minimal repetition dynamic checkpointing algorithm, SIAM Journal on Scientific Computing 31 (2009).

    >>> import numpy as np, srcdiff
    >>> def decay(x, n):
    ...     for t in srcdiff.checkpointed(range(n), snapshots=5):
    ...         x = x - 0.01 * np.sin(x)
    ...     return x
    >>> round(srcdiff.grad(decay)(1.0, 100), 6)
    0.458357
    """
    if isinstance(snapshots, bool) or not hasattr(snapshots, "__index__") or snapshots < 1:
        raise BadArgument(f"`snapshots` is the number of states to keep, at least 1, not {snapshots!r}")
    return trips


def next_snapshot(start: int, stop: int, free: int) -> int:
    """Where the next state is kept, once that before trip `start` has been, with the trips up to `stop` to be reversed
    and room for `free` more: the trips in between are the first part of a split that makes the work least. Without
    room, the last trip.

    With `b(s, r) = binomial(s + r, s)`, `s` slots reverse up to `b(s, r)` trips with no trip run more than `r` times;
    a split is best if both of its parts stay within the bounds of their own `s` and `r`.

    >>> next_snapshot(0, 10, 2), next_snapshot(4, 10, 1), next_snapshot(7, 10, 0)
    (4, 7, 9)
    """
    if free < 1:
        return stop - 1
    steps, slots = stop - start, free + 1
    repeats, before, within = 1, 1, slots + 1
    while within < steps:
        repeats += 1
        before, within = within, within * (slots + repeats) // repeats
    return start + min(before, steps - before * slots // (slots + repeats - 1))


def make_room(frames: list[Any], base: int, levels: Any) -> None:
    """Drop one of the states in `frames[base:]`, of which the last is that before the current trip, if they are more
    than are to be kept: one fewer than `levels` is long. `levels` says for each of them how often it took the place of
    another one; a state before one of a higher level is spare. The state before the first trip stays.

    >>> frames, levels = [], [0, 0, 0, 0]
    >>> for trip in range(10):
    ...     make_room(frames, 0, levels)
    ...     frames.append(trip)
    >>> frames
    [0, 6, 8, 9]
    """
    kept = len(levels) - 1
    if len(frames) - base <= kept:
        return
    spare, highest = kept - 1, levels[kept - 1]
    for k in range(kept - 2, 0, -1):
        if levels[k] < highest:
            spare = k
            break
        highest = levels[k]
    if kept == 1:
        spare = 1  # there is room for the first state only
    elif spare == kept - 1:
        levels[kept] = levels[spare] + 1  # none is spare: the current one takes the place of the last
    for k in range(spare, kept):  # (in compiled code `frames.pop(k)` of an array in the middle corrupts memory)
        frames[base + k], levels[k] = frames[base + k + 1], levels[k + 1]
    frames.pop()
    levels[kept] = 0


def left_at(frames: list[Any], start: int, stop: int) -> int:
    """The trip at which a loop over `range(start, stop)` has ended, which may have been left before `stop`: the last
    state in `frames` is that before its last trip.

    >>> left_at([(0, 0.5), (4, 0.25)], 0, 10)
    5
    """
    return min(stop, frames[-1][0] + 1) if start < stop else stop
