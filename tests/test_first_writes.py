"""First sums into elements of zeros are assignments, where no trip has come to the element before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad
from tests.compiled_text import check_text

X, A = np.linspace(0.4, 1.6, 6), np.random.default_rng(8).normal(size=(4, 6))


def running(x, c):
    s = 0.0
    for i in range(len(x)):
        s = s + x[i] * c[i] * s + x[i] * c[i]
    return s


def neighbours(x, c):
    """Two of three trips have been there before."""
    total = 0.0
    for i in range(1, len(x) - 1):
        total += x[i - 1] * x[i] * x[i + 1] * c[i]
    return total


def even_and_odd(x, c):
    s = 1.0
    for i in range(len(x) // 2):
        s = s * (x[2 * i] + c[i]) + x[2 * i + 1]
    return s


def from_the_other_end(x, c):
    """The place `-1 - i` is a name of another one."""
    s = 0.0
    for i in range(len(x)):
        s = s * x[i] + x[-1 - i] * c[i]
    return s


def in_a_while(x, c):
    s, i = 1.0, 0
    while i < len(x):
        s = s * x[i] + c[i]
        i += 1
    return s


def chosen(x, c):
    """The same element again and again."""
    s = 1.0
    for i in range(len(x)):
        j = (i * i) % 3
        s = s * x[j] + c[j]
    return s


def in_rows(a):
    s = np.zeros(a.shape[1])
    for t in range(len(a)):
        s = np.tanh(a[t] + 0.5 * s)
    return np.sum(s)


def lower_half(a):
    s = 0.0
    for i in range(4):
        for j in range(i):
            s = s * 0.5 + a[i, j] * a[i, j]
        s = s * a[i, i]
    return s


def columns(a):
    """The first column's adjoint has a name of its own, behind the sums."""
    b = np.zeros(a.shape)
    b[:, 0] = a[:, 0]
    for k in range(1, a.shape[1]):
        b[:, k] = a[:, k] * b[:, k - 1]
    out = np.zeros(a.shape)
    out[:, -1] = a[:, -1]
    for k in range(a.shape[1] - 2, -1, -1):
        out[:, k] = b[:, k] - a[:, k] * out[:, k + 1]
    return np.sum(out * out)


def the_last_first(a):
    """The reverse sweep comes to the last column on its first trip."""
    b = np.zeros(a.shape)
    for k in range(a.shape[1]):
        b[:, k] = a[:, k] * a[:, -1]
    return np.sum(b * b)


def the_last_at_last(a):
    """The reverse sweep comes to the last column when all trips have added to it."""
    b = np.zeros(a.shape)
    for k in range(a.shape[1] - 1, -1, -1):
        b[:, k] = a[:, k] * a[:, -1]
    return np.sum(b * b)


@pytest.mark.parametrize(
    ("f", "args", "first", "added"),
    [
        (running, (X, X), ["x_bar[i] = ", "c_bar[i] = "], []),
        (neighbours, (X, X), ["c_bar[i] = ", "x_bar[i - 1] = "], ["x_bar[i] += ", "x_bar[i + 1] += "]),
        (even_and_odd, (X, X), ["x_bar[2 * i + 1] = ", "x_bar[2 * i] = ", "c_bar[i] = "], []),
        (from_the_other_end, (X, X), ["c_bar[i] = "], ["x_bar[-1 - i] += ", "x_bar[i] += "]),
        (in_a_while, (X, X), [], ["x_bar[i] += ", "c_bar[i] += "]),
        (chosen, (X, X), [], ["x_bar[j] += ", "c_bar[j] += "]),
        (in_rows, (A,), ["a_bar[t] = "], []),
        (columns, (A,), ["b_bar[:, k] = out_bar_1"], ["a_bar[:, k] "]),
        (the_last_first, (A,), ["a_bar[:, k] = "], ["a_bar[:, -1] += "]),
        (the_last_at_last, (A,), [], ["a_bar[:, k] += ", "a_bar[:, -1] += "]),
        (lower_half, (A,), ["a_bar[i, j] = ", "a_bar[i, i] = "], []),
    ],
)
def test_text(f: Callable[..., Any], args: tuple[Any, ...], first: list[str], added: list[str]) -> None:
    wrt = tuple(range(len(args)))
    text = srcdiff.source(srcdiff.value_and_grad(f, wrt=wrt), *args)
    for part in (*first, *added):
        assert part in text
    check_grad(f, args)
    check_text(f, *args)


def test_programs_to_be_differentiated_again_keep_their_sums() -> None:
    """An assignment would have to be undone."""
    hessian = srcdiff.hessian(running)(X, X)
    step, columns = 1e-6, []
    for k in range(len(X)):
        d = step * np.eye(len(X))[k]
        columns.append((srcdiff.grad(running)(X + d, X) - srcdiff.grad(running)(X - d, X)) / (2 * step))
    np.testing.assert_allclose(hessian, np.array(columns), rtol=1e-6, atol=1e-7)
