"""Log-likelihood of a local level by the Kalman filter: value and gradient."""

import math

import numpy as np


def local_level(y, noise, drift):
    level = y[0]
    variance = noise
    loglik = 0.0
    for t in range(1, len(y)):
        variance = variance + drift
        error = y[t] - level
        total = variance + noise
        loglik -= 0.5 * (math.log(2.0 * math.pi * total) + error * error / total)
        gain = variance / total
        level = level + gain * error
        variance = variance * (1.0 - gain)
    return loglik


FORM = "value_and_grad"
ARGS = (np.array([1.1, 0.8, 1.4, 1.9, 1.2]), 0.5, 0.2)
WRT = ("noise", "drift")
