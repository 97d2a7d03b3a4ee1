"""Loops that go through an array from the other end, and arrays that are zero between trips, in text for Numba."""

from __future__ import annotations

import numpy as np
import pytest
from test_lowering_neighbours import jitted_text

pytest.importorskip("numba")
pytestmark = pytest.mark.jit

R = 0.5 ** np.arange(1, 8) * (1.0 + 0.05 * np.random.default_rng(1).uniform(size=7))


def levinson(r):
    n = len(r)
    y = np.zeros(n)
    z = np.zeros(n)
    y[0] = -r[0]
    alpha = -r[0]
    beta = 1.0
    for k in range(1, n):
        beta = (1.0 - alpha * alpha) * beta
        s = 0.0
        for i in range(k):
            s += r[k - 1 - i] * y[i]
        alpha = -(r[k] + s) / beta
        for i in range(k):
            z[i] = y[i] + alpha * y[k - 1 - i]
        for i in range(k):
            y[i] = z[i]
        y[k] = alpha
    return np.sum(y * y)


def test_levinsons_recursion():
    text = jitted_text(levinson, "r", R, compiled=True)
    assert "r_bar[i] += y[k - 1 - i] * s_bar" in text
    assert "y_bar[i] += alpha * z_bar_1" in text
    assert "z_bar[i] = y_bar_1" in text
    assert "z_bar[i] = 0.0" not in text
    assert "z_bar[k - 1 - i] = 0.0" not in text


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_trips(n):
    jitted_text(levinson, "r", R[:n])


def folded(x, w):
    n = len(x)
    s = 0.0
    for i in range(n):
        s += x[n - 1 - i] * w[i] * w[i]
    return s * s


def test_a_convolution_turned_round():
    text = jitted_text(folded, ("x", "w"), R, R[::-1].copy(), compiled=True)
    assert "x_bar[i] =" in text
    assert "[n - 1 - i] +=" not in text
    assert "[n - 1 - i] =" not in text


def mirrored(x):
    """Each element is added to the one at the other end, which a later trip reads."""
    x = x.copy()
    n = len(x)
    for i in range(n):
        x[n - 1 - i] += 0.5 * x[i] * x[i]
    return np.sum(x * x)


def test_trips_that_need_each_other_stay():
    jitted_text(mirrored, "x", R, compiled=True)


def halves(x):
    n = len(x)
    y = np.zeros(n)
    for i in range(n):
        y[n - 1 - i] += x[i] * x[i]
        y[i] += x[n - 1 - i]
    return np.sum(y * y * y)


def test_an_array_that_is_added_to_from_both_ends():
    jitted_text(halves, "x", R, compiled=True)


def counted(x):
    n = len(x)
    y = np.zeros(n)
    for i in range(n):
        y[n - 1 - i] += x[i] * i
    return np.sum(y * y)


def test_a_counter_that_is_a_factor():
    jitted_text(counted, "x", R, compiled=True)


def last(x):
    n = len(x)
    y = np.zeros(n)
    t = 0.0
    for i in range(n):
        t = x[i] * x[i]
        y[n - 1 - i] += t
    return np.sum(y * y) + t


def test_what_the_last_trip_leaves_behind():
    jitted_text(last, "x", R, compiled=True)


def swept(a, steps):
    """An array that each trip fills anew, in two dimensions."""
    a = a.copy()
    rows, columns = a.shape
    b = np.zeros((rows, columns))
    for _ in range(steps):
        for i in range(rows):
            for j in range(columns):
                b[i, j] = np.sin(a[i, j]) * a[i, j]
        for i in range(rows):
            for j in range(columns):
                a[i, j] = b[i, j] * b[i, j] + 0.1 * a[i, j]
    return np.sum(a)


def cut(a, steps):
    """The trips of one loop end early, those of the other do not."""
    n = len(a)
    a = a.copy()
    b = np.zeros(n)
    for _ in range(steps):
        for i in range(n):
            if a[i] > 0.3:
                break
            b[i] = a[i] * a[i]
        for i in range(n):
            a[i] = 0.5 * a[i] + b[i]
    return np.sum(a * a)


def shorter(a):
    """Trips that fill less and less, and a place beyond that is read."""
    n = len(a)
    b = np.zeros(n + 1)
    total = 0.0
    for k in range(n, 0, -1):
        for i in range(k):
            b[i] = a[i] * k
        for i in range(k):
            total += b[i] * b[i + 1]
    return total


def summed(a, steps):
    """The array is added to, trip by trip, and read at the end."""
    b = np.zeros(len(a))
    for t in range(steps):
        for i in range(len(a)):
            b[i] += a[i] ** t
        for i in range(len(a)):
            a = a * 1.0
            b[i] = b[i] * 1.1
    return np.sum(b * b)


def counted_from_the_end(a, first):
    """Elements that have two names: the first sum must not be lost."""
    b = np.zeros(len(a))
    total = 0.0
    for k in range(1, 4):
        for i in range(len(a) - 1, first - 1, -1):
            b[i] = a[i] * (i + 1.5)
        for i in range(first, len(a)):
            total += b[i] * (i + k)
    return total


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (swept, (np.random.default_rng(2).normal(size=(3, 4)), 3)),
        (cut, (np.linspace(0.0, 0.5, 6), 3)),
        (shorter, (R,)),
        (summed, (R, 3)),
        (counted_from_the_end, (R[:3], -3)),
    ],
)
def test_arrays_of_every_trip(f, args):
    jitted_text(f, "a", *args, compiled=True)
