"""Explicit diffusion with two buffers that change roles after every step."""

import numpy as np


def diffuse(u, rate, steps):
    new = u.copy()
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            new[i] = u[i] + rate * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        u, new = new, u
    return u


FORM = "vjp"
ARGS = (np.array([0.0, 1.0, 0.4, -0.7, 0.2, 0.0]), 0.2, 3)
WRT = ("u", "rate")
