"""Loops of a program that add to neighbours, adjoints of copies, and nests side by side: what their texts are, and
where they must stay what they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from parallel_text import PARALLEL, in_orders

import srcdiff
from srcdiff.testing import check_grad

pytest.importorskip("numba")
pytestmark = pytest.mark.jit


def jitted_text(f: Callable[..., Any], wrt: str | tuple[str, ...], *args: Any, compiled: bool = False) -> str:
    """The text for Numba, run as Python (and compiled), held against the plain derivative."""
    wanted = srcdiff.value_and_grad(f, wrt=wrt)(*args)
    jitted = srcdiff.value_and_grad(f, wrt=wrt, jit=True)
    text, space = srcdiff.source(jitted, *args), {}
    exec(text, space)
    value, *gradients = space[text.partition("def ")[2].partition("(")[0]](*args)
    found = value, gradients[0] if isinstance(wrt, str) else tuple(gradients)
    for result in (found, jitted(*args)) if compiled else (found,):
        np.testing.assert_allclose(result[0], wanted[0], rtol=1e-12)
        pairs = [(result[1], wanted[1])] if isinstance(wrt, str) else zip(result[1], wanted[1], strict=True)
        for one, other in pairs:
            np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12)
    return text


def heat(u, alpha, steps):
    u = u.copy()
    rows, columns = u.shape
    for _ in range(steps):
        v = u.copy()
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                u[i, j] = v[i, j] + alpha * (v[i - 1, j] + v[i + 1, j] + v[i, j - 1] + v[i, j + 1] - 4.0 * v[i, j])
    total = 0.0
    for i in range(rows):
        for j in range(columns):
            total += u[i, j] * u[i, j]
    return total


SHAPES = [(0, 0), (0, 3), (1, 1), (1, 5), (2, 2), (2, 4), (3, 3), (4, 1), (5, 6)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_stencil_in_loops(shape, steps):
    text = jitted_text(heat, ("u", "alpha"), np.random.default_rng(1).normal(size=shape), 0.2, steps)
    reverse = text.partition("# reverse sweep")[2]
    assert "v_bar_terms = zeroed_workspace((rows + 2, columns + 2))" in reverse
    assert "v_bar_terms[i + 2, j + 2] = alpha * u_bar_1" in reverse
    if 1 not in shape:
        assert "            for j in range(columns):\n" in reverse
        assert "                u_bar[i, j] += (" in reverse


def test_the_adjoint_of_a_copy_is_that_of_the_original():
    text = jitted_text(heat, ("u", "alpha"), np.random.default_rng(2).normal(size=(5, 4)), 0.2, 2)
    assert "v_bar[" not in text
    assert "u_bar[i + 1, j + 1] = (1.0 - 4.0 * alpha) * u_bar_1" in text


def test_compiled_and_by_differences():
    u = np.random.default_rng(3).normal(size=(7, 9))
    jitted_text(heat, ("u", "alpha"), u, 0.2, 3, compiled=True)
    check_grad(heat, (u, 0.2, 3), wrt=("u", "alpha"), jit=True)


def test_nests_run_row_by_row():
    text = jitted_text(heat, "u", np.random.default_rng(4).normal(size=(5, 4)), 0.2, 2)
    assert "        for i in range(rows):\n            if i < rows - 2:\n" in text


def test_loops_that_run_in_parallel_stay_apart(any_length):
    u = np.random.default_rng(5).normal(size=(5, 6))
    derivative = srcdiff.value_and_grad(heat, wrt="u", jit=PARALLEL)
    assert "if i < rows - 2" not in srcdiff.source(derivative, u, 0.2, 3)
    value, gradient = in_orders(derivative, (u, 0.2, 3))
    wanted = srcdiff.value_and_grad(heat, wrt="u")(u, 0.2, 3)
    np.testing.assert_allclose(value, wanted[0], rtol=1e-12)
    np.testing.assert_allclose(gradient, wanted[1], rtol=1e-11, atol=1e-12)


def off_centre(x, steps):
    """All neighbours lie on one side."""
    n = len(x)
    y = np.zeros(n)
    for _ in range(steps):
        for i in range(n - 3):
            y[i] += 0.5 * (x[i] + x[i + 1] - x[i + 3])
    return np.sum(y * y * x)


def from_the_second(x, steps):
    """The loop begins and ends at other distances from the borders than the neighbours have."""
    n = len(x)
    y = np.zeros(n)
    for _ in range(steps):
        for i in range(2, n - 1):
            y[i] += y[i] * x[i] + 0.5 * (x[i - 1] + x[i] + x[i + 1])
    return np.sum(y * y)


def counter_in_the_value(x, steps):
    n = len(x)
    y = np.zeros(n)
    for _ in range(steps):
        for i in range(1, n - 1):
            y[i] += (0.1 * i) * (x[i - 1] + x[i] + x[i + 1])
    return np.sum(y * y)


def counter_behind(x, steps):
    """The counter is read behind the loop."""
    n = len(x)
    y = np.zeros(n)
    last = 0
    for _ in range(steps):
        i = 0
        for i in range(1, n - 1):
            y[i] += 0.5 * (x[i - 1] + x[i] + x[i + 1])
        last += i
        y[i] = y[i] * x[0]
    return np.sum(y * y) * last


def in_place(x, steps):
    """Each trip reads what the one before has written: adjoints are read where they are added to."""
    n = len(x)
    x = x.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            x[i] = 0.3 * (x[i - 1] + x[i] + x[i + 1])
    return np.sum(x * x)


def other_values(x, w, steps):
    """Each neighbour has a coefficient of its own."""
    n = len(x)
    y = np.zeros(n)
    for _ in range(steps):
        for i in range(1, n - 1):
            y[i] += w[0] * x[i - 1] + w[1] * x[i] + w[2] * x[i + 1]
    return np.sum(y * y)


def read_later(u, steps):
    """The original is read between the loop and the copy's end, so that its adjoint is changed there."""
    u = u.copy()
    n = len(u)
    for _ in range(steps):
        v = u.copy()
        for i in range(1, n - 1):
            u[i] = u[i] * v[i] + 0.1 * (v[i - 1] + v[i] + v[i + 1])
        for i in range(n):
            u[i] = u[i] * u[i] + v[n - 1 - i]
        for i in range(1, n - 1):
            u[i] += 0.2 * (v[i - 1] + v[i] + v[i + 1])
    return np.sum(u)


def copied_to_a_part(u, steps):
    """The copy is read backwards: other elements of the original's adjoint are read on other trips."""
    u = u.copy()
    n = len(u)
    for _ in range(steps):
        v = u.copy()
        for i in range(n):
            u[i] = np.sin(u[i]) * v[n - 1 - i]
    return np.sum(u * u)


PROGRAMS = [
    (off_centre, ("x",), 2),
    (from_the_second, ("x",), 2),
    (counter_in_the_value, ("x",), 2),
    (counter_behind, ("x",), 2),
    (in_place, ("x",), 2),
    (read_later, ("u",), 2),
    (copied_to_a_part, ("u",), 2),
]


@pytest.mark.parametrize(("f", "wrt", "steps"), PROGRAMS, ids=lambda p: getattr(p, "__name__", None))
def test_programs(f, wrt, steps):
    for n in (3, 4, 5, 9):
        jitted_text(f, wrt, 0.3 * np.random.default_rng(n).normal(size=n), steps)
    x = 0.3 * np.random.default_rng(6).normal(size=8)
    check_grad(f, (x, steps), wrt=wrt, jit=True)


def test_coefficients_of_their_own():
    rng = np.random.default_rng(7)
    text = jitted_text(other_values, ("x", "w"), rng.normal(size=6), rng.normal(size=3), 2)
    assert "_terms" not in text


def test_a_coefficient_that_is_infinite_stays_where_it_belongs():
    """A margin is zero, and is not multiplied by anything."""

    def f(x, c, steps):
        n = len(x)
        y = np.zeros(n)
        for _ in range(steps):
            for i in range(1, n - 3):
                y[i] += c * (x[i - 1] + x[i] + x[i + 3])
        return np.sum(y)

    args = np.ones(7), np.inf, 2
    wanted = srcdiff.grad(f, wrt="x")(*args)
    text, space = srcdiff.source(srcdiff.grad(f, wrt="x", jit=True), *args), {}
    exec(text, space)
    assert "_terms" in text
    np.testing.assert_array_equal(space["f_grad"](*args), wanted)


def three_nests(u, steps):
    """Differences of differences: each array has a row less than the one before."""
    u = u.copy()
    for _ in range(steps):
        laplacian = u[:-2, 1:-1] + u[2:, 1:-1] - 2.0 * u[1:-1, 1:-1]
        across = laplacian[1:] * laplacian[:-1]
        again = across[1:] * across[:-1]
        u[2:-2, 1:-1] += 0.1 * again
    return np.sum(u * u)


@pytest.mark.parametrize("shape", [(5, 2), (5, 4), (6, 3), (8, 7)])
def test_nests_of_fewer_and_fewer_rows(shape):
    text = jitted_text(three_nests, "u", 0.5 * np.random.default_rng(8).normal(size=shape), 2)
    assert "if i < " in text


def test_nests_of_fewer_rows_by_differences():
    check_grad(three_nests, (0.5 * np.random.default_rng(9).normal(size=(7, 5)), 2), wrt="u", jit=True)


def test_what_is_written_and_added_to_is_written_once():
    def f(a, x):
        return np.sum((a.T @ (a @ x)) ** 2)

    rng = np.random.default_rng(10)
    a, x = rng.normal(size=(4, 3)), rng.normal(size=3)
    text = jitted_text(f, ("a", "x"), a, x, compiled=True)
    assert "a_bar[i, j] = " in text
    assert "a_bar[i, j] += " not in text
    check_grad(f, (a, x), jit=True)


def test_sums_of_single_precision_are_rounded_where_they_were():
    def f(x, w):
        y = np.empty(len(x))
        y[:] = x * w
        y += w * 0.1
        return np.sum(y * y)

    rng = np.random.default_rng(11)
    args = rng.normal(size=5).astype(np.float32), rng.normal(size=5).astype(np.float32)
    plain, jitted = (srcdiff.value_and_grad(f, wrt="x", jit=jit)(*args) for jit in (False, True))
    np.testing.assert_allclose(jitted[0], plain[0], rtol=1e-6)
    np.testing.assert_allclose(jitted[1], plain[1], rtol=1e-5)
