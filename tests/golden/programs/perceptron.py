"""A network with one hidden layer on a batch: matrix products, a row added to every row, an activation."""

import numpy as np


def perceptron(W1, b1, W2, X, target):
    hidden = np.tanh(X @ W1 + b1)
    error = hidden @ W2 - target
    return 0.5 * np.sum(error * error)


ARGS = (
    np.array([[0.3, -0.4, 0.1], [0.2, 0.5, -0.6]]),
    np.array([0.1, -0.1, 0.2]),
    np.array([[0.7], [-0.3], [0.5]]),
    np.array([[0.5, 1.0], [-1.2, 0.3], [0.7, -0.9], [0.2, 0.4]]),
    np.array([[0.3], [-0.5], [0.9], [0.0]]),
)
WRT = ("W1", "b1", "W2")
