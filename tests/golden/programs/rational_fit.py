"""A rational function against data: a helper with a loop of its own, called at two places."""

import numpy as np


def polynomial(c, x):
    value = 0.0
    for k in range(len(c)):
        value = value * x + c[k]
    return value


def rational_fit(p, q, x, y):
    loss = 0.0
    for i in range(len(x)):
        r = y[i] - polynomial(p, x[i]) / (1.0 + x[i] * polynomial(q, x[i]))
        loss += r * r
    return loss


ARGS = (np.array([0.3, -1.0, 0.8]), np.array([0.2, 0.1]), np.array([0.1, 0.5, 0.9]), np.array([0.6, 0.4, 0.2]))
WRT = ("p", "q")
