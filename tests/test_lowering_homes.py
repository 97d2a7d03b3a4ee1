"""An array that is computed from the place that it is copied into afterwards is not made in that place (Numba)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from compiled_text import check_text

import srcdiff
from srcdiff.testing import check_grad

Y = np.array([0.3, -0.7, 1.1, 0.8])
DOT = np.array([1.0, 0.5, -2.0, 0.7])
WEIGHTS = np.arange(1.0, 5.0)


def turned_in_place(y):
    y[:] = np.exp(-y[::-1] * y[::-1])
    return np.sum(y * y * WEIGHTS)


def added_in_place(y):
    y += 0.5 * (y[::-1] - y)
    return np.sum(y * y * WEIGHTS)


def moved_on(y):
    u = y[1:]
    u[:] = y[:-1] * u
    return np.sum(y * y * WEIGHTS)


@pytest.mark.parametrize("f", [turned_in_place, added_in_place, moved_on])
def test_tangents_and_gradients(f: Callable[..., Any]) -> None:
    """The text for Numba, run as Python, against the plain one."""
    for wanted, compiled, args in (
        (srcdiff.jvp(f), srcdiff.jvp(f, jit=True), (Y, DOT)),
        (srcdiff.value_and_grad(f), srcdiff.value_and_grad(f, jit=True), (Y,)),
    ):
        space: dict[str, Any] = {}
        text = srcdiff.source(compiled, *args)
        exec(text, space)
        name = text.partition("def ")[2].partition("(")[0]
        captured = (WEIGHTS,) if "WEIGHTS" in text.partition("):")[0] else ()
        found = space[name](*(a.copy() for a in args[:1]), *captured, *(a.copy() for a in args[1:]))
        expected = wanted(*(a.copy() for a in args))
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-12)
        assert found[0] == pytest.approx(expected[0], rel=1e-12)


def column_of_planes(C, A):
    C[::-1] = np.tanh(A[:, :, None])
    return np.sum(np.sin(C) * C)


def row_of_rows(C, A):
    C[1] = np.tanh(A[0])
    return np.sum(np.sin(C) * C)


@pytest.mark.parametrize("f", [column_of_planes, row_of_rows])
def test_an_array_of_another_shape_is_not_made_in_the_place_it_is_copied_into(f: Callable[..., Any]) -> None:
    """The value has an axis of one element, or an axis less: only a part of the place was written."""
    C, A = (np.random.default_rng(2).normal(size=shape) for shape in ((3, 3, 3), (3, 3)))
    check_text(f, C, A)
    check_grad(f, (C, A))


def written_into_itself(y):
    y = 0.3 * y
    y[:] = y
    return np.sum(y * y * y)


def test_an_array_is_not_made_in_itself() -> None:
    check_text(written_into_itself, Y)


def changed_in_the_next_trip(x, n):
    """`v` is written in place before it is made anew: it must not be the row that was kept of it."""
    T = np.zeros((n, 3))
    v = np.cos(x[0])
    for t in range(n):
        v *= x[t]
        T[t] = T[t] + v
        v = np.sin(x[t]) * 2.0
        T[t] = v
    return np.sum(T**3) + v @ v


def changed_through_another_name(x, n):
    T = np.zeros((n, 3))
    w = np.cos(x[0])
    for t in range(n):
        w[0] += x[t, 0]
        T[t] = T[t] + w
        v = np.sin(x[t]) * 2.0
        T[t] = v
        w = v
    return np.sum(T**3) + w @ w


def kept_in_one_row(x, n):
    T = np.zeros((2, 3))
    v = np.cos(x[0])
    for t in range(n):
        T[0] = T[0] + v
        v = np.sin(v) * x[t]
        T[0] = v
    return np.sum(T**3) + v @ v


@pytest.mark.jit
@pytest.mark.parametrize("f", [changed_in_the_next_trip, changed_through_another_name, kept_in_one_row])
def test_an_array_is_no_row_that_others_see(f):
    check_grad(f, (np.random.default_rng(0).normal(size=(4, 3)), 4), jit=True)


def whole_sums_within(x):
    """Adjoints of the copy go to `x` at once, beside sums of all of it."""
    s = 0.0
    for q in x.copy():
        s += q * q
        s += np.sum(np.roll(x, 1) ** 2)
    return s + np.sum(x)


def test_sums_of_the_whole_array_beside_those_of_a_copy() -> None:
    check_grad(whole_sums_within, (Y,))
    check_text(whole_sums_within, Y)
