"""Gauss-Seidel sweeps until nothing moves: `while True` with `break`, and elements written in place."""

import numpy as np


def relax(u, k, tol):
    u = u.copy()
    while True:
        err = 0.0
        for j in range(1, len(u) - 1):
            step = k * (u[j - 1] - 2.0 * u[j] + u[j + 1])
            if step < 0.0:
                step = 0.5 * step
            u[j] = u[j] + step
            err = max(err, abs(step))
        if err < tol:
            break
    return u


FORM = "vjp"
ARGS = (np.array([0.0, 1.0, -0.6, 0.9, 0.2]), 0.3, 0.05)
WRT = ("u", "k")
