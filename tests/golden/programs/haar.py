"""The Haar transform of a signal, in place: each call writes into the array that it was given."""

import numpy as np


def transform(y, n):
    if n < 2:
        return
    half = n // 2
    old = y[:n].copy()
    for k in range(half):
        y[k] = 0.5 * (old[2 * k] + old[2 * k + 1])
        y[half + k] = 0.5 * (old[2 * k] - old[2 * k + 1])
    transform(y, half)


def haar(signal, weight):
    y = signal.copy()
    transform(y, len(y))
    return np.sum(weight * y * y)


ARGS = (np.array([1.0, 0.5, -0.25, 2.0]), np.array([0.0, 0.5, 1.0, 1.0]))
