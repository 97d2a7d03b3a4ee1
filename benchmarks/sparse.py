"""Sparse Jacobians and Hessians against dense ones: the same function, side by side in one run.

    python -m benchmarks.sparse [--rounds N] [--plain] [--markdown]

For each function: the directions that a sparse derivative takes, of how many; and the time of the dense one as a
multiple of the sparse one's, where the pattern is found at every call, and where it is given. The median of rounds in
which all three take turns, with the lowest and the highest. The matrices are compared first.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .threads import use_one_thread

use_one_thread()

import numpy as np  # noqa: E402

import srcdiff  # noqa: E402

from .kernels import bundle, kmeans  # noqa: E402
from .timing import Spread, timed  # noqa: E402


def reaction(x):
    """A reaction and diffusion along a line, as a loop."""
    y = np.empty_like(x)
    n = len(x)
    for i in range(n):
        rate = math.exp(-x[i]) - x[i] ** 3
        if i > 0:
            rate += x[i - 1] - x[i]
        if i < n - 1:
            rate += x[i + 1] - x[i]
        y[i] = rate
    return y


def diffusion(u):
    """A step of a nonlinear diffusion in the plane, in slices."""
    v = u.copy()
    k = 0.1 / (1.0 + u * u)
    v[1:-1, 1:-1] += k[1:-1, 1:-1] * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * u[1:-1, 1:-1])
    return v


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@dataclass(frozen=True)
class Case:
    label: str
    f: Callable[..., Any]
    arguments: tuple[Any, ...]
    wrt: Any = 0
    hessian: bool = False

    def derivative(self, jit: bool, **options: Any) -> Any:
        make = srcdiff.hessian if self.hessian else srcdiff.jacobian
        return make(self.f, wrt=self.wrt, jit=jit, **options)

    def pattern(self) -> Any:
        f = srcdiff.grad(self.f, wrt=self.wrt) if self.hessian else self.f
        return srcdiff.sparsity(f, wrt=self.wrt)(*self.arguments)


def cases(scale: int) -> list[Case]:
    rng = np.random.default_rng(0)
    observations = (4 * scale, 30 * scale, 80 * scale)
    return [
        Case("tridiagonal, a loop", reaction, (rng.normal(size=200 * scale),)),
        Case("five points, slices", diffusion, (rng.normal(size=(15 * scale, 15)),)),
        Case("bundle adjustment", bundle.bundle, bundle.make(rng, *observations), wrt=(0, 1, 2)),
        Case("Rosenbrock, Hessian", rosenbrock, (rng.normal(size=200 * scale),), hessian=True),
        Case("k-means, Hessian", kmeans.kmeans, kmeans.make(rng, 50 * scale, 5, 5), hessian=True),
    ]


def blocks(found: Any) -> tuple[Any, ...]:
    return found if isinstance(found, tuple) else (found,)


def compared(case: Case, jit: bool, rounds: int) -> list[str]:
    """A row of the table."""
    dense, sparse = case.derivative(jit), case.derivative(jit, sparse=True)
    given = case.derivative(jit, sparse=True, pattern=case.pattern())
    expected = blocks(dense(*case.arguments))
    for own in (sparse, given):
        for block, wanted in zip(blocks(own(*case.arguments)), expected, strict=True):
            np.testing.assert_allclose(block.toarray(), np.reshape(wanted, block.shape), rtol=1e-8, atol=1e-10)
    found: dict[str, list[float]] = {"found": [], "given": []}
    last = 0.0
    for _ in range(rounds):
        last, a, b = (timed(d, case.arguments, 1) for d in (dense, sparse, given))
        found["found"].append(last / max(a, 1e-9))
        found["given"].append(last / max(b, 1e-9))
    height, width = (sum(b.shape[k] for b in blocks(sparse(*case.arguments))) for k in (0, 1))
    taken = sum(plan.count for plan in sparse.plans.values())
    ratios = [f"{s.median:.1f} ({s.low:.1f}-{s.high:.1f})" for s in map(Spread.of, found.values())]
    mode = "compiled" if jit else "plain"
    return [
        case.label,
        mode,
        f"{height // len(blocks(expected))} x {width}",
        str(taken),
        f"{1e3 * last:.1f} ms",
        *ratios,
    ]


HEAD = ["function", "", "matrix", "directions", "dense", "dense / sparse", "dense / sparse, pattern given"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scale", type=int, default=4, help="how large the matrices are")
    parser.add_argument("--plain", action="store_true", help="nothing compiled")
    parser.add_argument("--markdown", action="store_true")
    asked = parser.parse_args()
    rows = [HEAD, ["---"] * len(HEAD)] if asked.markdown else [HEAD]
    for row in rows:
        print("| " + " | ".join(row) + " |" if asked.markdown else "  ".join(row))
    for jit in (False,) if asked.plain else (False, True):
        for case in cases(asked.scale):
            row = compared(case, jit, asked.rounds)
            print("| " + " | ".join(row) + " |" if asked.markdown else "  ".join(row), flush=True)


if __name__ == "__main__":
    main()
