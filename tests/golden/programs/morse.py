"""The curvature of the Morse potential: the derivative of a derivative."""

import math


def morse(r, depth, width):
    decay = math.exp(-width * (r - 1.0))
    return depth * (1.0 - decay) ** 2


FORM = "second"
ARGS = (1.3, 2.0, 0.9)
WRT = "r"
