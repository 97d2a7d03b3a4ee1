"""Functions, constants and defaults of another module, for the programs in `calls`."""

import math

import numpy as np

HALF_LIFE = 5.27
KNOTS = np.array([0.0, 0.5, 1.5, 3.0])


def square(x):
    return x * x


def decay(t, half_life=HALF_LIFE):
    return math.exp(-math.log(2.0) * t / half_life)


def logistic(x):
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def quartic(x):
    return square(square(x)) + square(x)


def scale_in_place(x, factor):
    for i in range(len(x)):
        x[i] = x[i] * factor * x[i]


def normalised(x):
    total = np.sum(x * x)
    return x / np.sqrt(total), total


def horner(coefficients, x):
    acc = 0.0
    for c in coefficients:
        acc = acc * x + c
    return acc


def first_above(x, level):
    for i in range(len(x)):
        if x[i] > level:
            return x[i] * i
    return level


def mix(a, b, weight=0.5, power=1):
    return (weight * a + (1.0 - weight) * b) ** power


def strict_mix(a, b, *, weight=0.5, shift=0.0):
    return weight * a * b + (1.0 - weight) * b * b + shift


def square_of(x):
    """The same name as a helper in `calls`, with another meaning."""
    return x * x
