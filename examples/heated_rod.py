"""The gradient of ten thousand steps of a heat equation, in the memory of twenty states.

In: a rod whose conductivity depends on its temperature, and what it looks like at the end. Out, on the terminal: the
gradient of the misfit by the conductivity and by the temperature at the start, with 20 snapshots and with all states
kept; how much memory each took; and a finite difference.

    du/dt = d/dx (c0 + c1 u) du/dx   on 200 points, explicit steps, fixed ends
"""

import time
import tracemalloc

import numpy as np

import srcdiff

POINTS, STEPS, SNAPSHOTS = 200, 10_000, 20


@srcdiff.grad(wrt=("u", "c"))
def misfit(u, c, target, steps):
    """`u` is the temperature at the start, `c` the two coefficients of the conductivity, in units of dx^2 / dt."""
    for _ in srcdiff.checkpointed(range(steps), snapshots=SNAPSHOTS):
        flow = (c[0] + 0.5 * c[1] * (u[1:] + u[:-1])) * (u[1:] - u[:-1])
        u[1:-1] += flow[1:] - flow[:-1]
    return np.sum((u - target) ** 2)


@srcdiff.grad(wrt=("u", "c"))
def misfit_keeping_all(u, c, target, steps):
    """The same, with the state of every step kept."""
    for _ in range(steps):
        flow = (c[0] + 0.5 * c[1] * (u[1:] + u[:-1])) * (u[1:] - u[:-1])
        u[1:-1] += flow[1:] - flow[:-1]
    return np.sum((u - target) ** 2)


def problem():
    """The temperature at the start, the conductivity, and the temperature that is to come out."""
    x = np.linspace(0.0, 1.0, POINTS)
    return np.sin(np.pi * x) + 0.3 * np.sin(5.0 * np.pi * x), np.array([0.2, 0.1]), 0.5 * np.sin(np.pi * x)


def measured(gradient, *args):
    """The gradient, the most memory that it took in units of one state, and the seconds."""
    start = time.perf_counter()
    found = gradient(*args)
    spent = time.perf_counter() - start
    tracemalloc.start()
    gradient(*args)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found, peak / args[0].nbytes, spent


def difference(u, c, target, steps, h=1e-6):
    """The derivative by the first coefficient, from two runs of the function itself."""
    run = misfit.primal
    step = np.array([h, 0.0])
    return (run(u.copy(), c + step, target, steps) - run(u.copy(), c - step, target, steps)) / (2.0 * h)


def main():
    u, c, target = problem()
    few, few_states, few_seconds = measured(misfit, u, c, target, STEPS)
    every, all_states, all_seconds = measured(misfit_keeping_all, u, c, target, STEPS)
    print(f"{STEPS} steps on {POINTS} points")
    print(f"  {SNAPSHOTS} snapshots: memory of {few_states:8.0f} states, {few_seconds:.1f} s")
    print(f"  all kept:     memory of {all_states:8.0f} states, {all_seconds:.1f} s")
    print(f"  gradient by the conductivity: {few[1]}, with all kept {every[1]}")
    print(f"  finite difference by the first coefficient: {difference(u, c, target, STEPS):.6f}")
    assert np.allclose(few[0], every[0])


if __name__ == "__main__":
    main()
