"""An expression tree in an array, its children at 2i + 1 and 2i + 2: a recursion over places in one array."""

import numpy as np


def tree_value(x, i):
    if i >= len(x):
        return 1.0
    left = tree_value(x, 2 * i + 1)
    right = tree_value(x, 2 * i + 2)
    return x[i] * left + np.sin(right)


ARGS = (np.array([0.5, 1.2, -0.3, 0.8, 0.1]), 0)
