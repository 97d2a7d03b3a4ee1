"""`gradcheck`: gradients held against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..errors import GraphError
from .backward import grad
from .modes import Within
from .tensor import Tensor, leaf, plain


def gradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Whether the gradients of `func(*inputs)` agree with central differences, for each output and each element of the
    inputs that require grad (which have to be of float64).

    Raises GraphError where they do not, unless `raise_exception` is False; then returns False.

    >>> from srcdiff import tape
    >>> x = tape.tensor([0.5, 1.5], requires_grad=True)
    >>> tape.gradcheck(lambda v: v.sin() * v, x)
    True
    """
    given = (inputs,) if type(inputs) is Tensor else tuple(inputs)
    active = [k for k, t in enumerate(given) if type(t) is Tensor and t._node is not None]
    if not active:
        raise ValueError("gradcheck expects at least one input that requires grad")
    for k in active:
        if given[k].dtype != np.float64:
            raise ValueError(f"gradcheck needs inputs of float64: input {k} is of {given[k].dtype}")
    leaves = [leaf(np.array(t._v)[()], k in active) if type(t) is Tensor else t for k, t in enumerate(given)]
    try:
        for number, output in enumerate(_outputs(func(*leaves))):
            if output._node is not None:
                _compare(func, leaves, active, number, output, eps, atol, rtol)
    except GraphError:
        if raise_exception:
            raise
        return False
    return True


def _outputs(found: Any) -> list[Tensor]:
    outputs = found if isinstance(found, tuple | list) else (found,)
    return [o for o in outputs if type(o) is Tensor]


def _compare(
    func: Any, leaves: list[Any], active: list[int], number: int, output: Tensor, eps: float, atol: float, rtol: float
) -> None:
    for place in np.ndindex(*output.shape):
        seed = np.zeros(output.shape)
        seed[place] = 1.0
        found = grad(output, [leaves[k] for k in active], [seed], retain_graph=True, allow_unused=True)
        for k, g in zip(active, found, strict=True):
            analytic = np.zeros(leaves[k].shape) if g is None else np.asarray(g._v)
            for element, difference in _differences(func, leaves, k, number, place, eps):
                if not np.isclose(analytic[element], difference, rtol=rtol, atol=atol, equal_nan=True):
                    raise GraphError(
                        f"the gradient of output {number} at {place} by input {k} at {element} is "
                        f"{analytic[element]}, finite differences give {difference}"
                    )


def _differences(
    func: Any, leaves: list[Any], k: int, number: int, place: tuple[int, ...], eps: float
) -> Iterator[tuple[tuple[int, ...], float]]:
    """Central differences of one element of an output, by each element of input `k`."""
    base = np.asarray(leaves[k]._v)
    for element in np.ndindex(*base.shape):
        values = []
        for step in (eps, -eps):
            moved = np.array(base)
            moved[element] += step
            with Within("recording", False):
                args = [leaf(moved[()], False) if j == k else a for j, a in enumerate(leaves)]
                values.append(float(np.asarray(plain(_outputs(func(*args))[number]))[place]))
        yield element, (values[0] - values[1]) / (2 * eps)
