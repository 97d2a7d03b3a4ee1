"""Energy of point charges on a line: two nested loops over pairs."""

import numpy as np


def pair_energy(x, charge, softening):
    energy = 0.0
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            d = x[i] - x[j]
            energy += charge[i] * charge[j] / (d * d + softening)
    return energy


ARGS = (np.array([0.0, 0.9, 2.1, 2.8]), np.array([1.0, -0.5, 0.7, 1.2]), 0.1)
