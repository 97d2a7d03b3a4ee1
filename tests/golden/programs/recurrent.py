"""A recurrent network over a sequence: matrix products and an array carried through a loop."""

import numpy as np


def recurrent(W, U, h, xs):
    loss = 0.0
    for t in range(len(xs)):
        h = np.tanh(W @ h + U @ xs[t])
        loss += np.sum(h * h)
    return loss


ARGS = (
    np.array([[0.3, -0.4], [0.2, 0.5]]),
    np.array([[0.7, 0.1, -0.2], [-0.3, 0.4, 0.6]]),
    np.array([0.1, -0.1]),
    np.array([[0.5, 1.0, 0.2], [-1.2, 0.3, 0.9], [0.7, -0.9, 0.1]]),
)
WRT = ("W", "U", "h")
