"""The sweep: gradients from the results of recorded operations back to the leaves.

Records are visited in the order of their serial numbers, the newest first: every record comes after all those that use
its result. A heap holds the numbers of those that have a gradient so far. Nothing here recurses.
"""

from __future__ import annotations

import threading
from heapq import heappop, heappush
from typing import Any

import numpy as np

from ..errors import GraphError
from . import modes, versions
from .arithmetic import Spread
from .fitting import fit
from .hooks import Hooked, run_hooks
from .record import FREED, PARENTS, SAVED, SERIAL, Record, about
from .recording import first_nan, has_nan
from .retracing import fit_again
from .several import results_again
from .shaping import to
from .tensor import State, Tensor, canonical, made, ndarray


class Into(tuple[Record]):
    """The one parent of an operation that reads part of it: `back(g, saved, buffer)` adds to the parent's gradient."""

    __slots__ = ()


def sweep(  # noqa: C901, PLR0915 (the one loop that everything waits for: calls would cost more than they tell)
    roots: list[tuple[Record, Any]],
    *,
    keep: bool = False,
    again: bool = False,
    captures: dict[int, Any] | None = None,
    needed: set[int] | None = None,
) -> None:
    """Propagate the gradients of `roots`.

    `keep`: saved values are kept for another sweep. `again`: gradients are tensors, and recorded themselves.
    `captures`: of records with these numbers the gradients are put in here, and leaves accumulate nothing.
    `needed`: records with other numbers are left out.
    """
    heap: list[int] = []
    records: dict[int, Record] = {}
    grads: dict[int, Any] = {}
    fresh: set[int] = set()  # whose gradient is an array that nobody else has
    anomaly = modes.SPECIAL and modes.thread.anomaly

    def put(record: Record, g: Any) -> None:
        """Add to the gradient of a record's result: in place where the sum is the sweep's own array."""
        number = record[0]
        old = grads.get(number)
        if old is None:
            grads[number] = g
            records[number] = record
            heappush(heap, number)
        elif number in fresh and type(g) is ndarray and g.ndim <= old.ndim:
            old += g
        else:
            total = grads[number] = old + g
            if type(total) is ndarray:
                fresh.add(number)

    for record, g in roots:
        put(record, g)
    record = []
    ahead = False  # whether `record` and `g` are the next ones already
    try:
        while ahead or heap:
            if ahead:
                ahead = False
            else:
                number = heappop(heap)
                record = records.pop(number)
                g = grads.pop(number)
            number, back, parents, saved = record[0], record[1], record[2], record[3]
            if type(back) is Hooked:
                g = back.run(g)
                back = back.back
            if captures is not None and number in captures:
                captures[number] = g
            if parents is None:
                if captures is None:
                    accumulate(saved, g)
                elif number in captures and saved.hooks is not None:
                    captures[number] = run_hooks(saved.hooks, g, saved)
                continue
            if saved is FREED:
                raise _freed(record)
            if number > versions.last:
                versions.check(record)
            if again:
                g = _again(record, g)
            elif type(parents) is Into:
                if needed is None or parents[0][0] in needed:
                    _into(parents[0], back, g, saved, heap, records, grads, fresh)
                if not keep:
                    record[3] = FREED
                continue
            else:
                g = back(g, saved)
            if saved and not keep:
                record[3] = FREED
            if anomaly and has_nan(g):
                raise _nan(record)
            if type(parents) is not list:
                if len(parents) > 1:
                    for parent, part in zip(parents[1:], g[1:], strict=True):
                        if part is not None and (needed is None or parent[0] in needed):
                            put(parent, part)
                    g = g[0]
                parents = parents[0]
            number = parents[0]
            if g is None or (needed is not None and number not in needed):
                continue
            if not heap or number < heap[0]:  # nothing comes before it
                record, ahead = parents, True
            else:
                put(parents, g)
    except Exception as error:
        if record and not isinstance(error, GraphError):
            error.add_note(f"in the backward pass of {about(record).name}, recorded at {versions.place_of(record)}")
        raise


def _into(
    parent: Record,
    back: Any,
    g: Any,
    saved: Any,
    heap: list[int],
    records: dict[int, Record],
    grads: dict[int, Any],
    fresh: set[int],
) -> None:
    """The gradient of a part, added to that of the whole, which is made once."""
    number = parent[SERIAL]
    shape, dtype = saved[0], saved[1]
    old = grads.get(number)
    if old is None:
        old = np.zeros(shape, dtype)
        records[number] = parent
        heappush(heap, number)
    elif number not in fresh or old.shape != shape:
        old = np.array(fit(old, shape))
    grads[number] = old
    fresh.add(number)
    back(g, saved, old)


def _again(record: Record, g: Any) -> Any:
    """The pullback of a record as recorded operations."""
    known = about(record)
    if known.again is None:
        raise GraphError(
            f"{known.name}, recorded at {versions.place_of(record)}, cannot be differentiated twice: {known.why_not}"
        )
    if type(g) is not Tensor and isinstance(g, ndarray | float | np.generic):
        g = made(canonical(g))
    return known.again(g, saved_tensors(record, known.operands, record[SAVED]))


def saved_tensors(record: Record, operands: tuple[int | None, ...], saved: Any) -> Any:
    """What a record has saved, with tensors in the place of the values of its operands and of its result."""
    if not operands:
        return saved
    if type(saved) is Spread:
        return (saved_tensors(record, operands, saved[0]), *saved[1:])
    parents = record[PARENTS] if type(record[PARENTS]) is not list else (record[PARENTS],)
    found = []
    for value, operand in zip(saved, operands, strict=False):
        if operand == -1 and isinstance(value, tuple | list):
            found.append(results_again(record, value, about(record).name))
        elif operand is None or not isinstance(value, ndarray | float | np.generic):
            found.append(value)
        else:
            found.append(made(canonical(value), record if operand < 0 else parents[operand]))
    return (*found, *saved[len(operands) :])


# ------------------------------------------------------------------------------------------------------- at a leaf


_adding = threading.RLock()  # threads that share a leaf take turns


def accumulate(state: State, g: Any) -> None:
    """Add to the `.grad` of a leaf."""
    if state.hooks is not None:
        g = run_hooks(state.hooks, g, state)
    if type(g) is Tensor:
        g = like_leaf(state, g)
    elif type(g) is not float or state.shape or state.dtype != np.float64:
        g = fit(g, state.shape)
        if state.shape and (type(g) is not ndarray or g.dtype != state.dtype):
            g = np.asarray(g, state.dtype)
        elif not state.shape and state.dtype != np.float64:
            g = state.dtype.type(g)
    with _adding:
        _add_to(state, g)


def _add_to(state: State, g: Any) -> None:
    old = state.grad
    if type(g) is Tensor:
        state.grad = g if old is None else old + g
    elif old is None:
        state.grad = made(np.array(g) if type(g) is ndarray else g)
    elif old._node is not None or old.shape != state.shape:
        state.grad = old + made(g)
    else:
        versions.changed(old, "backward()", None)
        if type(old._v) is ndarray:
            old._v += g
        else:
            old._v = old._v + g


def like_leaf(state: State, g: Tensor) -> Tensor:
    """A gradient that is a tensor, with the shape and dtype of its leaf."""
    if g.shape != state.shape:
        g = fit_again(g, state.shape)
    return g if g.dtype == state.dtype else to(g, state.dtype)


def _freed(record: Record) -> GraphError:
    return GraphError(
        "trying to backward through the graph a second time: the values saved by "
        f"{about(record).name}, recorded at {versions.place_of(record)}, have been freed. "
        "Specify retain_graph=True in the first backward or grad call if you need a second one"
    )


def _nan(record: Record) -> GraphError:
    text = f"Function '{about(record).name}' returned nan values; it was recorded at {versions.place_of(record)}"
    first = first_nan()
    if first is not None:
        text += f"\n  the first NaN of the forward pass came from {about(first).name} at {versions.place_of(first)}"
    return GraphError(text)
