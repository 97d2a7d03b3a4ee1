"""The eager runtime as parts use it: values and tensors, and the derivatives of a recorded run.

The runtime is loaded when something is first recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import NotRecorded
from .problems import described_function
from .shapes import type_of

if TYPE_CHECKING:
    from .parts import Part

Leaves = Sequence[Any]
Places = tuple[int, ...]
Back = Callable[[tuple[Any, ...]], tuple[Any, ...]]


# ------------------------------------------------------------------------------------------------ values and tensors


def is_tensor(value: Any) -> bool:
    return type(value).__name__ == "Tensor" and type(value).__module__ == "srcdiff.tape.tensor"


def has_tensors(leaves: Leaves) -> bool:
    return any(map(is_tensor, leaves))


def value_of(value: Any) -> Any:
    """A number or array, also of a tensor."""
    return value._v if is_tensor(value) else value  # noqa: SLF001 (what it holds, whether it needs a gradient or not)


def copied(value: Any) -> Any:
    value = value_of(value)
    return np.array(value) if isinstance(value, np.ndarray) else value


def is_same(a: Any, b: Any) -> bool:
    """Whether two values are equal in every element; what is no number is itself only."""
    a, b = value_of(a), value_of(b)
    if isinstance(a, np.ndarray | np.generic | float | int):
        return np.shape(a) == np.shape(b) and np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind == "f")
    return a is b


def is_close(a: Any, b: Any) -> bool:
    """Whether two values are equal but for rounding."""
    a, b = np.asarray(value_of(a)), np.asarray(value_of(b))
    if a.shape != b.shape:
        return False
    finite = np.abs(a[np.isfinite(a)]) if a.dtype.kind == "f" else a
    slack = 1e-9 * float(finite.max()) if a.dtype.kind == "f" and finite.size else 0.0
    single = a.dtype == np.float32
    return bool(np.allclose(a, b, rtol=1e-3 if single else 1e-6, atol=slack * (1e3 if single else 1.0), equal_nan=True))


def handed(value: Any) -> Any:
    """What a function is given: an array of its own."""
    return np.array(value) if isinstance(value, np.ndarray) else value


def note(value: Any) -> Any:
    """What shows whether a tensor has been changed in place."""
    return (value._node, copied(value)) if is_tensor(value) else None  # noqa: SLF001


def is_unchanged(value: Any, noted: Any, original: Any) -> bool:
    if noted is None:
        return not isinstance(value, np.ndarray) or is_same(value, original)
    node, before = noted
    return value._node is node and is_same(value, before)  # noqa: SLF001


# --------------------------------------------------------------------------------------------------------- recorded


@contextmanager
def watched(leaves: Leaves, function: Any) -> Iterator[None]:
    """A run in which nothing is computed with tensors other than those given: their gradient would be lost."""
    if not has_tensors(leaves):
        yield
        return
    from ..tape import modes
    from ..tape.record import PARENTS, SERIAL, serial

    start, outer = serial(), modes.thread.listener
    own = {t._node[SERIAL] for t in leaves if is_tensor(t) and t._node is not None}  # noqa: SLF001

    def listener(record: list[Any]) -> None:
        if outer is not None:
            outer(record)
        parents = record[PARENTS]
        for parent in (parents,) if isinstance(parents, list) else parents or ():
            if parent[SERIAL] > start and parent[SERIAL] not in own:  # (numbers fall)
                raise NotRecorded(
                    f"`{described_function(function)}` uses a tensor that is none of its arguments: one that an "
                    f"earlier call has left in a variable outside, whose gradient would be lost; pass it as an argument"
                )

    refused = modes.thread.refused
    with modes.Within("listener", listener):
        yield
    if modes.thread.refused > refused:
        raise NotRecorded(
            f"`{described_function(function)}` tries to turn a tensor into a plain number or array, catches the error, "
            f"and goes on with something else, whose gradient would be lost; use NumPy's functions on the tensor itself"
        )


def pulled(part: Part, leaves: Leaves, active: Places) -> tuple[Leaves, Back]:
    """The results of a part, and the function that takes adjoints of all of them to those of the active parameters."""
    from ..tape import pullback

    given = list(leaves)

    def run(*tensors: Any) -> tuple[Any, ...]:
        for k, t in zip(active, tensors, strict=True):
            given[k] = t
        return part.on(given)

    return pullback(run, *(real(leaves[k]) for k in active))


def real(value: Any) -> Any:
    """A value in a place of real numbers: Python's whole numbers are floats there."""
    return float(value) if isinstance(value, int) else value


@contextmanager
def _recording() -> Iterator[None]:
    """A run of functions that were written for arrays, recorded."""
    from ..tape.modes import Within, exact, thread
    from ..tape.versions import Keeper

    if exact() and thread.recording and thread.keeper is not None:
        yield
        return
    keeper = Keeper()
    with (
        Within("recording", True),
        Within("exact", True),
        Within("keeper", keeper),
        Within("listener", keeper.note),
    ):
        yield


def _run(part: Part, leaves: Leaves, active: Places) -> tuple[list[Any], tuple[Any, ...]]:
    """The active parameters as tensors of their own, and the results."""
    from ..tape.shaping import clone
    from ..tape.tensor import leaf

    given, inputs = list(leaves), []
    for k in active:
        v = given[k]
        of_its_own = clone(v) if is_tensor(v) and v._node is not None else None  # noqa: SLF001
        given[k] = leaf(real(value_of(v)), True) if of_its_own is None else of_its_own
        inputs.append(given[k])
    return inputs, part.on(given)


def _gradients(outputs: list[Any], inputs: list[Any], seeds: list[Any]) -> tuple[Any, ...]:
    """The gradients as tensors that are recorded themselves; None for what does not depend on an input."""
    from ..tape import grad

    pairs = [(y, s) for y, s in zip(outputs, seeds, strict=True) if is_tensor(y) and y._node is not None]  # noqa: SLF001
    if not pairs:
        return (None,) * len(inputs)
    outputs, seeds = [y for y, _ in pairs], [_like(s, y) for y, s in pairs]
    return grad(outputs, inputs, seeds, create_graph=True, allow_unused=True)


def _like(seed: Any, y: Any) -> Any:
    """An adjoint as a tensor of the shape of what it belongs to."""
    from ..tape.tensor import leaf

    if is_tensor(seed):
        return seed
    return leaf(np.array(np.broadcast_to(seed, y.shape), y.dtype), False)


def _zero(like: Any) -> Any:
    return np.zeros_like(value_of(like))[()]


def adjoints(
    part: Part, leaves: Leaves, active: Places, asked: Places, seeds: Leaves
) -> tuple[Leaves, tuple[Any, ...]]:
    """The results of a part, and the adjoints of its active parameters, recorded."""
    with _recording():
        inputs, found = _run(part, leaves, active)
        gradients = _gradients([found[k] for k in asked], inputs, list(seeds))
    return found, tuple(_zero(x) if g is None else g for g, x in zip(gradients, inputs, strict=True))


def tangents(part: Part, leaves: Leaves, active: Places, asked: Places, dots: Leaves) -> tuple[Any, ...]:
    """The results of a part and tangents of those asked for, recorded: the pullback is linear in the adjoints, and its
    own pullback takes tangents of the arguments to those of the results."""
    from ..tape.tensor import leaf

    with _recording():
        inputs, found = _run(part, leaves, active)
        outputs = [found[k] for k in asked]
        seeds = [leaf(np.ones_like(value_of(y)), True) for y in outputs if type_of(y).is_float]  # type: ignore[union-attr]
        gradients = _gradients(outputs, inputs, seeds)
        pairs = [(g, d) for g, d in zip(gradients, dots, strict=True) if g is not None]
        found_dots = _gradients([g for g, _ in pairs], seeds, [d for _, d in pairs])
    return (*found, *(_zero(y) if d is None else d for d, y in zip(found_dots, outputs, strict=True)))
