"""`backward` and `grad`: what is asked of the sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import GraphError
from .modes import Within
from .nodes import _parents
from .record import SERIAL, Record
from .sweep import sweep
from .tensor import State, Tensor, canonical, made, methods, ndarray

Tensors = Tensor | Sequence[Tensor]


def _seeds(outputs: Sequence[Tensor], given: Any, create_graph: bool) -> list[tuple[Record, Any]]:
    """Each output's record with its gradient."""
    if given is None:
        given = [None] * len(outputs)
    elif type(given) is Tensor or not isinstance(given, list | tuple):
        given = [given]
    if len(given) != len(outputs):
        raise GraphError(f"got {len(outputs)} tensors and {len(given)} gradients")
    found = []
    for t, g in zip(outputs, given, strict=True):
        if type(t) is not Tensor:
            raise TypeError(f"expected a Tensor, got {type(t).__name__}")
        if t._node is None:
            raise GraphError("the tensor does not require grad and does not have a grad_fn: nothing leads back from it")
        found.append((t._node, _seed(t, g, create_graph)))
    return found


def _seed(t: Tensor, g: Any, create_graph: bool) -> Any:
    v = t._v
    if g is None:
        if t.numel() != 1:
            raise GraphError(
                "grad can be implicitly created only for scalar outputs: "
                f"this tensor has shape {t.shape}, so give backward(gradient=...) one of its shape"
            )
        g = 1.0 if type(v) is float else np.ones_like(v)
    elif type(g) is not Tensor:
        g = np.asarray(g)
    value = g._v if type(g) is Tensor else g
    if np.shape(value) != t.shape:
        raise GraphError(f"the gradient has shape {np.shape(value)}, the tensor has shape {t.shape}")
    if create_graph:
        return g if type(g) is Tensor else made(canonical(g))
    if type(value) is ndarray:
        return float(value) if value.ndim == 0 and value.dtype == np.float64 else np.asarray(value, t.dtype)
    return value


def backward(
    tensors: Tensors,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensors | None = None,
) -> None:
    """Add the gradients of the sum of `tensors` to the `.grad` of the leaves.

    `grad_tensors` are the gradients of the tensors themselves, 1 for scalars. The graph is freed unless `retain_graph`
    (or `create_graph`, which records the gradients' own operations). With `inputs`, only these accumulate.

    Raises GraphError (a RuntimeError) if a tensor needs no gradient, is no scalar and has no gradient given, or if the
    graph was freed before.

    >>> from srcdiff import tape
    >>> x = tape.tensor([1.0, 2.0], requires_grad=True)
    >>> tape.backward(x * x, tape.tensor([1.0, 10.0]))
    >>> x.grad
    tensor([ 2., 40.])
    """
    outputs = [tensors] if type(tensors) is Tensor else list(tensors)
    keep = create_graph if retain_graph is None else retain_graph
    if inputs is not None:
        given = [inputs] if type(inputs) is Tensor else list(inputs)
        found = grad(outputs, given, grad_tensors, keep, create_graph, allow_unused=True)
        for t, g in zip(given, found, strict=True):
            if g is not None:
                t.grad = g if t._state is None or t._state.grad is None else t._state.grad + g
        return
    run(_seeds(outputs, grad_tensors, create_graph), keep, create_graph)


def run(roots: list[tuple[Record, Any]], keep: bool, create_graph: bool, **options: Any) -> None:
    """A sweep in the mode that it needs: recording if, and only if, a graph of the gradients is wanted."""
    if create_graph:
        with Within("recording", True):
            sweep(roots, keep=keep, again=True, **options)
    else:
        sweep(roots, keep=keep, **options)


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of the sum of `outputs` by the `inputs`, as a tuple; `.grad` is not touched.

    An input that the outputs do not depend on is an error, unless `allow_unused` (its gradient is then None) or
    `materialize_grads` (zeros). Otherwise as `backward`.

    >>> from srcdiff import tape
    >>> x = tape.tensor(3.0, requires_grad=True)
    >>> (first,) = tape.grad(x * x * x, x, create_graph=True)
    >>> first.item(), tape.grad(first, x)[0].item()
    (27.0, 18.0)
    """
    outputs = [outputs] if type(outputs) is Tensor else list(outputs)
    inputs = [inputs] if type(inputs) is Tensor else list(inputs)
    keep = create_graph if retain_graph is None else retain_graph
    roots = _seeds(outputs, grad_outputs, create_graph)
    for t in inputs:
        if type(t) is not Tensor or t._node is None:
            raise GraphError("one of the differentiated tensors does not require grad")
    captures: dict[int, Any] = {t._node[SERIAL]: None for t in inputs if t._node is not None}
    run(roots, keep, create_graph, captures=captures, needed=_between(roots, set(captures)))
    return tuple(_result(t, captures, allow_unused or materialize_grads, materialize_grads) for t in inputs)


def _result(t: Tensor, captures: dict[int, Any], allow_unused: bool | None, materialize: bool) -> Any:
    assert t._node is not None
    g = captures[t._node[SERIAL]]
    if g is None:
        if not allow_unused:
            raise GraphError(
                "one of the differentiated tensors appears to not have been used in the graph. "
                "Set allow_unused=True if this is the desired behavior"
            )
        return (
            made(canonical(np.zeros(t.shape, t.dtype)[()] if not t.shape else np.zeros(t.shape, t.dtype)))
            if materialize
            else None
        )
    state = State()
    state.shape, state.dtype = t.shape, t.dtype
    if type(g) is Tensor:
        from .sweep import like_leaf

        return like_leaf(state, g)
    if not t.shape:
        return made(canonical(t.dtype.type(g)))
    if type(g) is not ndarray or g.shape != t.shape or g.dtype != t.dtype or not g.flags.writeable:
        return made(np.array(np.broadcast_to(g, t.shape), t.dtype))
    return made(g)


def _between(roots: list[tuple[Record, Any]], wanted: set[int]) -> set[int]:
    """The numbers of the records that lie on a way from the roots to those wanted."""
    oldest = max(wanted)  # numbers fall
    reached: dict[int, Record] = {}
    ahead = [record for record, _ in roots]
    while ahead:
        record = ahead.pop()
        if record[SERIAL] in reached or record[SERIAL] > oldest:
            continue
        reached[record[SERIAL]] = record
        ahead.extend(_parents(record))
    needed = set(wanted)
    for number in sorted(reached, reverse=True):  # from the oldest to the newest
        if any(p[SERIAL] in needed for p in _parents(reached[number])):
            needed.add(number)
    return needed


def _backward(
    self: Tensor,
    gradient: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensors | None = None,
) -> None:
    """Add the gradients of this tensor to the `.grad` of the leaves: see `tape.backward`."""
    backward([self], None if gradient is None else [gradient], retain_graph, create_graph, inputs)


methods(backward=_backward)
