"""A tracker that follows a signal, scored by Huber's loss: a scalar carried through a loop with a branch."""

import numpy as np


def huber_walk(x, rate):
    s = 0.0
    for i in range(len(x)):
        r = x[i] - rate * s
        if abs(r) < 1.0:
            s = s + 0.5 * r * r
        else:
            s = s + abs(r) - 0.5
    return s


ARGS = (np.array([0.3, 1.9, -0.4, 0.8, -2.2]), 0.4)
