"""A fixed smoothing filter on slices, in place and linear: its derivative keeps nothing."""

import numpy as np


def smooth(u, passes):
    u = u.copy()
    for _ in range(passes):
        u[1:-1] += 0.25 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return u


FORM = "vjp"
ARGS = (np.array([0.0, 1.0, 0.4, -0.7, 0.2, 0.0]), 3)
WRT = "u"
