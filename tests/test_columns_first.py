"""Arrays that loops go through column by column lie in memory that way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad

A = np.random.default_rng(3).normal(size=(9, 5))
B = np.random.default_rng(4).normal(size=(9, 5))
C = np.random.default_rng(5).normal(size=(3, 4, 5))


def paths(a, b):
    """Steps along the last axis, the payoff at the end."""
    n, steps = a.shape
    s = np.zeros((n, steps + 1))
    s[:, 0] = 1.0
    for t in range(steps):
        s[:, t + 1] = s[:, t] * np.exp(0.1 * a[:, t]) + b[:, t]
    return np.sum(np.maximum(s[:, -1], 0.3))


def solved(c):
    rows, columns, levels = c.shape
    y = np.empty((rows, columns, levels))
    y[:, :, 0] = c[:, :, 0]
    for k in range(1, levels):
        y[:, :, k] = np.tanh(c[:, :, k] + y[:, :, k - 1])
        y[1:, :, k] *= 0.5
    total = 0.0
    for k in range(levels):
        total += np.sum(y[:, :, k])
    return total


def in_steps(a, b):
    """The array is made again on each trip; its parts are slices of columns."""
    total = 0.0
    for i in range(3):
        s = np.ones((len(a), 5))
        for t in range(1, 5):
            s[1:, t] = s[:-1, t - 1] * a[1:, t] + s[1:, t] * b[i, t]
        total += np.mean(s[:, 4] * s[:, 3])
    return total


ONCE = "np.zeros((steps + 1, n)).T"


@pytest.mark.parametrize(
    ("f", "args", "made"),
    [
        (paths, (A, B), "np.zeros((steps + 1, n)).T"),
        (solved, (C,), "np.empty((levels, rows, columns)).transpose((1, 2, 0))"),
        (in_steps, (A, B), "np.ones((5, len(a))).T"),
    ],
)
def test_columns_are_contiguous(f: Callable[..., Any], args: tuple[Any, ...], made: str) -> None:
    derivative = srcdiff.value_and_grad(f, wrt=tuple(range(len(args))))
    assert made in srcdiff.source(derivative, *args)
    assert derivative(*args)[0] == f(*args)
    check_grad(f, args)
    assert ".T\n" not in srcdiff.source(srcdiff.value_and_grad(f, jit=True), *args)


def test_an_index_without_parts() -> None:
    check_grad(lambda x: np.sum(x[()] * x), (A,))


def test_tangents_too() -> None:
    derivative = srcdiff.jvp(paths, wrt=(0, 1))
    text = srcdiff.source(derivative, A, B, A, B)
    assert text.count("np.zeros((steps + 1, n)).T") + text.count("np.zeros_like(s)") == 2
    value, tangent = derivative(A, B, A, B)
    (a_bar, b_bar) = srcdiff.grad(paths, wrt=(0, 1))(A, B)
    assert value == paths(A, B)
    assert tangent == pytest.approx(np.sum(a_bar * A) + np.sum(b_bar * B), rel=1e-12)


def summed_as_a_whole(a):
    n, steps = a.shape
    s = np.zeros((n, steps))
    for t in range(1, steps):
        s[:, t] = s[:, t - 1] + np.sin(a[:, t])
    return np.sum(s * s)


def returned(a):
    n, steps = a.shape
    s = np.zeros((n, steps))
    for t in range(1, steps):
        s[:, t] = s[:, t - 1] + np.sin(a[:, t])
    return s


def another_is_returned(a):
    """Users would see the layout of what is made like it."""
    n, steps = a.shape
    s = np.zeros((n, steps))
    r = np.zeros_like(s)
    for t in range(1, steps):
        s[:, t] = s[:, t - 1] + np.sin(a[:, t])
        r[:, t] = s[:, t] * s[:, t]
    return r


def multiplied(a):
    """BLAS adds up numbers that lie side by side in another order."""
    n, steps = a.shape
    s = np.zeros((n, steps))
    total = 0.0
    for t in range(1, steps):
        s[:, t] = s[:, t - 1] + np.sin(a[:, t])
        total += s[:, t] @ s[:, t - 1]
    return total


def multiplied_under_a_name(a):
    n, steps = a.shape
    s = np.zeros((n, steps))
    total = 0.0
    for t in range(1, steps):
        s[:, t] = s[:, t - 1] + np.sin(a[:, t])
        v = s[:, t]
        total += np.dot(v, v)
    return total


def rows_too(a):
    n, steps = a.shape
    s = np.zeros((n, steps))
    for t in range(1, steps):
        s[:, t] = s[:, t - 1] + np.sin(a[:, t])
    for i in range(1, n):
        s[i, :] = s[i - 1, :] * a[i]
    return np.sum(s[0, :])


def bound_twice(a):
    """It may be the argument, too."""
    n, steps = a.shape
    s = np.zeros((n, steps))
    if steps > 6:
        s = a
    total = 0.0
    for t in range(1, steps):
        total += np.sum(s[:, t - 1] + np.sin(a[:, t]))
    return total


def handed_over(a):
    def last(s):
        return np.cumsum(s)[-1]

    n, steps = a.shape
    s = np.zeros((n, steps))
    for t in range(1, steps):
        s[:, t] = s[:, t - 1] + np.sin(a[:, t])
    return last(s)


def at_places(a):
    n, steps = a.shape
    s = np.zeros((n, steps))
    for t in range(1, steps):
        s[[0, 2], t] = s[[0, 2], t - 1] + np.sin(a[[0, 2], t])
    return np.sum(s[:, -1])


@pytest.mark.parametrize(
    "f",
    [summed_as_a_whole, multiplied, multiplied_under_a_name, rows_too, bound_twice, handed_over, at_places],
)
def test_others_stay_as_they_are(f: Callable[..., Any]) -> None:
    derivative = srcdiff.value_and_grad(f)
    text = srcdiff.source(derivative, A)
    assert "s = np.zeros((n, steps))\n" in text
    assert "np.zeros((steps, n))" not in text
    assert derivative(A)[0] == f(A)
    check_grad(f, (A,))


@pytest.mark.parametrize("f", [returned, another_is_returned])
def test_results_have_the_layout_that_they_had(f: Callable[..., Any]) -> None:
    value, _ = srcdiff.jvp(f)(A, A)
    assert value.strides == f(A).strides
    value, pullback = srcdiff.vjp(f, A)
    assert value.strides == f(A).strides
    assert pullback(np.ones_like(value))[0].shape == A.shape
