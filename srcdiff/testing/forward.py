"""Tangents through the public API, held against gradients or finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff import api

from .differences import SEED, check_one, probes
from .problem import Problem, close, completed, positional
from .values import GradientMismatch, copied, leaves


def check_forward(problem: Problem, value: Any, gradients: tuple[Any, ...], weights: Any) -> None:
    """The tangent along a random direction against the gradient: in all arguments together, and in the last one alone
    (with the others held fixed the tangent is another program)."""
    try:
        args, where = positional(problem)
    except ValueError:  # a keyword-only argument: `jvp` takes them by position
        return
    rng = np.random.default_rng(SEED + 1)
    directions = [rng.uniform(0.5, 1.5, np.shape(args[k])) * rng.choice([-1.0, 1.0], np.shape(args[k])) for k in where]
    parts = list(zip(where, directions, gradients, strict=True))
    for moved in (parts, parts[-1:]) if len(parts) > 1 else (parts,):
        tangents: list[Any] = [None] * len(args)
        for k, v, _ in moved:
            tangents[k] = v
        again, tangent = api.jvp(problem.f, [copied(a) for a in args], tangents, **problem.how)
        close(problem, value, again, "the value of jvp")
        for leaf in leaves(tangent):
            if any(isinstance(t, np.ndarray) and np.shares_memory(leaf, t) for t in tangents):
                raise GradientMismatch(f"{problem.name}: the tangent shares memory with the tangent of an argument")
        forward = _weighed(problem, value, tangent, weights)
        reverse = [np.asarray(g, float) * v for _, v, g in moved]
        one, other = (float(sum(np.sum(part) for part in side)) for side in (forward, reverse))
        scale = max(float(sum(np.sum(np.abs(part)) for part in side)) for side in (forward, reverse))
        rtol = problem.rtol or (1e-3 if problem.float32 else 1e-7)
        if np.isfinite(other) and not abs(one - other) <= rtol * scale + 1e-12:
            check_tangents(problem, value, weights)  # names the argument and the element, if one can be told
            raise GradientMismatch(
                f"{problem.name}: forward mode gives {one!r} along a random direction, reverse mode {other!r}",
                index="direction",
                got=one,
                expected=(other,),
            )


def check_tangents(problem: Problem, value: Any, weights: Any) -> None:
    """The tangent along one direction after the other against finite differences."""
    problem = completed(problem)
    pushes = [api.jvp(problem.f, wrt=key, **problem.how) for key in problem.wrt]

    def claim(k: int, direction: Any, _: tuple[int, ...] | None) -> float:
        kwargs = {name: copied(a) for name, a in problem.kwargs.items()}
        again, tangent = pushes[k](*map(copied, problem.args), direction, **kwargs)
        close(problem, value, again, "the value of jvp")
        return float(sum(np.sum(part) for part in _weighed(problem, value, tangent, weights)))

    found = list(probes(problem, claim))
    size = max((abs(probe.claimed) for probe in found), default=0.0)
    for probe in found:
        check_one(problem, probe, weights, size)


def _weighed(problem: Problem, value: Any, tangent: Any, weights: Any) -> list[Any]:
    """The leaves of a tangent, each times its weight."""
    if [np.shape(v) for v in leaves(value)] != [np.shape(t) for t in leaves(tangent)]:
        raise GradientMismatch(f"{problem.name}: the value is {value!r}, and its tangent has another form: {tangent!r}")
    return [np.asarray(t, float) * np.asarray(w, float) for t, w in zip(leaves(tangent), leaves(weights), strict=True)]
