"""Upwind steps of Burgers' equation on slices, in place and nonlinear: what each step overwrites is kept."""

import numpy as np


def burgers(u, dt, steps):
    for _ in range(steps):
        u[1:] -= dt * u[1:] * (u[1:] - u[:-1])
    return np.sum(u * u)


ARGS = (np.array([0.1, 0.6, 1.0, 0.8, 0.3]), 0.2, 4)
WRT = ("u", "dt")
