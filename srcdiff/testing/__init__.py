"""Checks a derivative that srcdiff writes against finite differences of the function itself.

In: a function and arguments; `check_grad` builds its derivative through the public API. Out: nothing, or a
`GradientMismatch` that names the function, the argument, the element and both values.

A finite difference with one step proves little: a large step has truncation error, a small one has rounding error. So
each element and each direction is tried at several steps, and one of them has to agree. Everything is deterministic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from srcdiff.jit_options import JitLike, jit_of
from srcdiff.records import is_structure

from .differences import SEED, check_probes
from .forward import check_forward, check_tangents
from .problem import Function, Key, Problem, Snapshot, selected
from .reverse import through_grad, through_vjp
from .second import first_along
from .structured import check_structured
from .values import GradientMismatch, is_scalar, seed_like

__all__ = ["GradientMismatch", "check_grad"]

FIRST = ("reverse", "forward")


def check_grad(
    f: Function,
    args: Sequence[Any],
    *,
    wrt: Key | Sequence[Key] | None = None,
    jit: JitLike = False,
    modes: Sequence[str] = ("reverse", "forward"),
    order: int = 1,
    rtol: float | None = None,
    atol: float = 1e-8,
    kwargs: Mapping[str, Any] | None = None,
    fallback: str | None = None,
) -> None:
    """Compare the derivative of `f` at `args` with central finite differences.

    >>> import numpy as np
    >>> from srcdiff.testing import check_grad
    >>> def energy(x, k):
    ...     return 0.5 * k * np.sum(x * x)
    >>> check_grad(energy, (np.array([1.0, -2.0]), 3.0), order=2)

    `f` may return a scalar (checked through `srcdiff.grad` and `srcdiff.value_and_grad`) or an array or a tuple
    (checked through `srcdiff.vjp` with a fixed random seed). `wrt` names the arguments by position or name; without
    it, all arguments that hold floats are checked. A small array is checked at every element and along random
    directions, a large one at some elements and along directions.

    Beyond the values: the gradient has the shape and dtype of its argument (a float for a Python number), a second
    call gives the same bits, the arguments are bitwise what they were, and no adjoint shares memory with an argument.
    The value that `vjp` returns belongs to the caller: the pullback leaves it alone and does not read it.

    `modes` names what is checked: "reverse", "forward", or a nest of these, as in "forward-over-reverse" (the outer one
    first). With "reverse" and "forward" both, the tangent along a random direction is held against the gradient, by
    the identity `<J v, w> = <v, J^T w>`; "forward" alone is held against finite differences. A nest, of a scalar `f`,
    differentiates a first derivative along a fixed direction `v` (`np.sum(v * df(x))`, or the tangent along `v`) by
    all of `wrt`, and checks that first derivative too. `order=2` adds "reverse-over-reverse" and
    "forward-over-reverse". Where an argument is a random generator, each evaluation gets a copy of it, and a gradient
    has to leave it as one call of `f` does. `jit` and `fallback` are passed on to `grad`, `vjp` and `jvp`.

    `rtol` defaults to 1e-5 (1e-4 for second derivatives, 1e-3 where an argument is float32); `atol` is the largest
    error ever put down to rounding where the gradient itself is small. Raises `GradientMismatch`, which names the
    argument, the element, both values and the steps; ValueError for what does not fit together.
    """
    if order not in (1, 2):
        raise ValueError(f"order is 1 or 2, not {order!r}")
    chains = [tuple(mode.split("-over-")) for mode in modes]
    if not chains or not all(set(chain) <= set(FIRST) for chain in chains):
        raise ValueError(f'modes are "reverse", "forward", and nests such as "forward-over-reverse"; not {modes!r}')
    how = {"jit": jit_of(jit), "fallback": fallback}
    if any(is_structure(a) for a in args) and not kwargs:
        check_structured(f, tuple(args), wrt, how, order, rtol, atol)
        return
    if order == 2 and not any(len(chain) > 1 for chain in chains):
        chains += [("reverse", "reverse"), ("forward", "reverse")]
    kwargs = dict(kwargs or {})
    chosen, labels = selected(f, tuple(args), kwargs, wrt)
    _check(Problem(f, tuple(args), kwargs, chosen, labels, how, rtol, atol), chains)


def _check(problem: Problem, chains: Sequence[tuple[str, ...]]) -> None:
    """Check the derivatives that the chains of modes name, the outermost mode of each first."""
    value = problem.evaluate({})
    scalar = is_scalar(value)
    if not scalar and any(len(chain) > 1 for chain in chains):
        raise ValueError(
            f"second derivatives (order=2, nests of modes) take a scalar function; {problem.name} returns "
            f"{type(value).__name__}"
        )
    keep = Snapshot(problem)
    weights = 1.0 if scalar else seed_like(value, np.random.default_rng(SEED))
    wanted = {chain[-1] for chain in chains}
    if "reverse" in wanted:
        gradients = through_grad(problem, keep, value) if scalar else through_vjp(problem, keep, value, weights)
        keep.compare()
        check_probes(problem, gradients, weights)
        if "forward" in wanted:
            check_forward(problem, value, gradients, weights)
    else:
        check_tangents(problem, value, weights)
    keep.compare()
    for inner in FIRST:
        outer = [chain[:-1] for chain in chains if len(chain) > 1 and chain[-1] == inner]
        if outer:
            for derivative in first_along(problem, inner):
                _check(derivative, outer)
