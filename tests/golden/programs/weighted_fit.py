"""A weighted straight-line fit scored point by point: `enumerate`, `zip` and `continue`."""

import numpy as np


def weighted_fit(slope, offset, x, y, weight):
    loss = 0.0
    for i, (a, b) in enumerate(zip(x, y)):
        if weight[i] == 0.0:
            continue
        r = b - slope * a - offset
        loss += weight[i] * r * r
    return loss


ARGS = (0.7, 0.1, np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.2, 0.9, 9.0, 2.0]), np.array([1.0, 2.0, 0.0, 1.0]))
WRT = ("slope", "offset", "x", "y")
