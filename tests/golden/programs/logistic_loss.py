"""Regularised logistic regression in whole arrays."""

import numpy as np


def logistic_loss(w, b, X, y, penalty):
    z = X @ w + b
    return np.mean(np.log1p(np.exp(-y * z))) + penalty * np.sum(w * w)


ARGS = (
    np.array([0.4, -0.2]),
    0.1,
    np.array([[0.5, 1.0], [-1.2, 0.3], [0.7, -0.9]]),
    np.array([1.0, -1.0, 1.0]),
    0.05,
)
WRT = ("w", "b")
