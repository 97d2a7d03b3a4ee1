"""No temporaries, and the factor 0.2 once for each array: what is added to neighbours is added as it is."""

import numpy as np


def _mean(a, into, work):
    np.add(a[1:-1, 1:-1], a[1:-1, :-2], out=work)
    work += a[1:-1, 2:]
    work += a[2:, 1:-1]
    work += a[:-2, 1:-1]
    np.multiply(0.2, work, out=into)


def _spread(a_bar, into, work):
    np.multiply(0.2, a_bar[1:-1, 1:-1], out=work)
    a_bar[1:-1, 1:-1] = 0.0
    into[1:-1, 1:-1] += work
    into[1:-1, :-2] += work
    into[1:-1, 2:] += work
    into[2:, 1:-1] += work
    into[:-2, 1:-1] += work


def value_and_grad(a, b, steps):
    a, b = a.copy(), b.copy()
    work = np.empty((a.shape[0] - 2, a.shape[1] - 2))
    for _ in range(steps):
        _mean(a, b[1:-1, 1:-1], work)
        _mean(b, a[1:-1, 1:-1], work)
    value = np.vdot(a, a)

    b_bar = np.zeros_like(b)
    a *= 2.0
    for _ in range(steps):
        _spread(a, b_bar, work)
        _spread(b_bar, a, work)
    return value, a, b_bar
