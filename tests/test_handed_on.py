"""What a trip of a loop leaves to the next one in an element of an array: handed on in a variable, where nothing else
can have written to it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad
from tests.compiled_text import check_text

X = np.random.default_rng(5).normal(size=7)
A = np.random.default_rng(6).normal(size=(3, 7))


def smoothed(x, rate):
    y = np.zeros(len(x))
    y[0] = x[0]
    for t in range(1, len(x)):
        y[t] = rate * x[t] + (1.0 - rate) * y[t - 1]
    return np.sum(y * y)


def volatility(x, omega, alpha, beta):
    """A GARCH(1, 1) likelihood."""
    n = len(x)
    h = np.empty(n)
    h[0] = 1.0
    total = 0.0
    for t in range(1, n):
        h[t] = omega + alpha * x[t - 1] * x[t - 1] + beta * h[t - 1]
        total += math.log(h[t]) + x[t] * x[t] / h[t]
    return total


def backwards(x, rate):
    n = len(x)
    y = np.ones(n + 1)
    for t in range(n - 1, -1, -1):
        y[t] = x[t] * np.tanh(rate * y[t + 1])
    return np.sum(y)


def eliminated(a, b):
    """Thomas' algorithm: two recurrences side by side, quotients in both."""
    n = len(a)
    c, d = np.zeros(n), np.zeros(n)
    for i in range(1, n):
        pivot = 3.0 + a[i] * c[i - 1]
        c[i] = a[i] / pivot
        d[i] = (b[i] + a[i] * d[i - 1]) / pivot
    return np.sum(d * d) + np.sum(c)


def in_rows(a, rate):
    y = np.zeros(a.shape)
    for i in range(a.shape[0]):
        for t in range(1, a.shape[1]):
            y[i, t] = a[i, t] + rate * y[i, t - 1] * y[i, t - 1]
    return np.sum(y * y)


def every_second(x, rate):
    y = x * 1.0
    for t in range(2, len(x), 2):
        y[t] = y[t - 2] * rate + x[t - 1]
    return np.sum(y * y)


def in_place(x, rate):
    """Gauss and Seidel's sweep."""
    y = x * 1.0
    for t in range(1, len(x) - 1):
        y[t] = y[t] + rate * (y[t - 1] - 2.0 * y[t] + y[t + 1])
    return np.sum(y * y)


def one_place(x, rate):
    y = np.zeros(3)
    for t in range(len(x)):
        y[1] = rate * np.cos(y[1]) + x[t]
    return y[1] * y[1]


CARRIED = [
    (smoothed, (X, 0.3), "y_before = rate * x[t] + (1.0 - rate) * y_before"),
    (volatility, (X, 0.1, 0.2, 0.6), "h_before = omega + alpha * x[t - 1] * x[t - 1] + beta * h_before"),
    (volatility, (X, 0.1, 0.2, 0.6), "h_bar_before += total_bar_1 - x[t] * x[t] * total_bar_1 / h[t]"),
    (backwards, (X, 0.7), "y_bar_before"),
    (eliminated, (X, X[::-1].copy()), "c_before = a[i] / pivot"),
    (in_rows, (A, 0.4), "y_before = y[i, 0] if"),
    (every_second, (X, 0.4), "y_before"),
    (in_place, (X, 0.1), "y_before"),
    (one_place, (X, 0.5), "y_before"),
]


@pytest.mark.parametrize(("f", "args", "part"), CARRIED)
def test_in_variables(f: Callable[..., Any], args: tuple[Any, ...], part: str) -> None:
    wrt = tuple(range(len(args)))
    check_grad(f, args, wrt=wrt)
    assert part in check_text(f, *args, wrt=wrt)


@pytest.mark.parametrize(("f", "args"), [(f, args) for f, args, _ in CARRIED if f in (volatility, eliminated, in_rows)])
def test_compiled(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    wrt = tuple(range(len(args)))
    wanted = srcdiff.value_and_grad(f, wrt=wrt)(*args)
    found = srcdiff.value_and_grad(f, wrt=wrt, jit=True)(*args)
    assert found[0] == pytest.approx(wanted[0], rel=1e-14)
    for one, other in zip(found[1], wanted[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("f", [smoothed, backwards, every_second, in_place])
def test_few_trips(f: Callable[..., Any], n: int) -> None:
    """Without a trip, the element ahead of the first one may not exist."""
    check_text(f, X[:n], 0.3, wrt=(0, 1))


def test_plain_python_has_no_need_of_it() -> None:
    assert "before" not in srcdiff.source(srcdiff.value_and_grad(smoothed), X, 0.3)


# ----------------------------------------------------------------------------------------------------- what stays so


def written_behind(x, rate):
    """The element is written once more, on the same trip."""
    y = x * 1.0
    for t in range(1, len(x)):
        y[t] = rate * y[t - 1] * x[t]
        y[len(x) - t - 1] += 0.5 * x[t]
    return np.sum(y * y)


def read_behind(x, rate):
    """The element is read behind a write to one that may be the same."""
    y = x * 1.0
    for t in range(1, len(x)):
        y[len(x) - 1 - t] *= rate
        y[t] = y[t - 1] * x[t]
    return np.sum(y * y)


def on_one_side(x, rate):
    y = x * 1.0
    for t in range(1, len(x)):
        if x[t] > 0.0:
            y[t] = rate * y[t - 1] * x[t]
    return np.sum(y * y)


def read_on_one_side(x, rate):
    """The element ahead of the first one is never looked at."""
    y = np.zeros(len(x))
    for t in range(len(x)):
        y[t] = (rate * y[t - 7] if t > 6 else x[t]) * x[t]
    return np.sum(y * y)


def two_names(x, rate):
    y = x * 1.0
    z = y[1:]
    for t in range(1, len(x) - 1):
        y[t] = rate * y[t - 1] * x[t]
        z[t] += 0.3 * x[t]
        z[t - 1] *= 0.5
    return np.sum(y * y)


def far_behind(x, rate):
    y = x * 1.0
    for t in range(2, len(x)):
        y[t] = rate * y[t - 2] * x[t]
    return np.sum(y * y)


def places_that_move(x, rate):
    """The place is read from an array that the loop writes to."""
    y, z = x * 1.0, np.zeros(2, dtype=np.int64)
    for t in range(len(x)):
        y[z[0]] = rate * np.sin(y[z[0]]) + x[t]
        z[0] += 1
    return np.sum(y * y)


def in_single(x, rate):
    """Elements of half the width are rounded when they are written."""
    y = np.zeros(len(x), dtype=np.float32)
    for t in range(1, len(x)):
        y[t] = rate * y[t - 1] + x[t]
    return np.sum(y)


@pytest.mark.parametrize(
    "f", [written_behind, read_behind, on_one_side, read_on_one_side, two_names, far_behind, places_that_move]
)
def test_left_in_memory(f: Callable[..., Any]) -> None:
    check_grad(f, (X, 0.6), wrt=(0, 1))
    text = check_text(f, X, 0.6, wrt=(0, 1))
    forward = text.partition("# reverse sweep")[0]
    assert "y_before" not in forward


def test_elements_of_another_width() -> None:
    text = srcdiff.source(srcdiff.value_and_grad(in_single, jit=True), X, 0.6)
    assert "y_before" not in text
