"""Loops along rows of many arrays: several, where a compiler could not hold all rows against each other in one."""

from __future__ import annotations

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad

pytest.importorskip("numba")
pytestmark = pytest.mark.jit

rng = np.random.default_rng(3)


def jitted_tangent(f, wrt, *args, parallel=False):
    """The text of a tangent for Numba, run as Python and compiled, held against the plain one, and that against the
    gradient."""
    names = (wrt,) if isinstance(wrt, str) else wrt
    positions = [f.__code__.co_varnames.index(n) for n in names]
    dots = tuple(rng.normal(size=np.shape(args[k])) for k in positions)
    value, tangent = srcdiff.jvp(f, wrt=names)(*args, *dots)
    gradients = srcdiff.grad(f, wrt=names)(*args)
    np.testing.assert_allclose(tangent, sum(np.sum(g * d) for g, d in zip(gradients, dots, strict=True)), rtol=1e-9)
    jitted = srcdiff.jvp(f, wrt=names, jit=True)
    text, space = srcdiff.source(jitted, *args, *dots, jit=True), {}
    exec(text, space)
    for result in (space[f"{f.__name__}_jvp"](*args, *dots), jitted(*args, *dots)):
        np.testing.assert_allclose(result, (value, tangent), rtol=1e-11)
    return text


def jacobi(a, b, steps):
    a = a.copy()
    b = b.copy()
    for _ in range(steps):
        b[1:-1, 1:-1] = 0.2 * (a[1:-1, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] + a[:-2, 1:-1])
        a[1:-1, 1:-1] = 0.2 * (b[1:-1, 1:-1] + b[1:-1, :-2] + b[1:-1, 2:] + b[2:, 1:-1] + b[:-2, 1:-1])
    return np.sum(a * a)


def heat(u, steps):
    u = u.copy()
    for _ in range(steps):
        laplacian = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]
        u[1:-1, 1:-1] += 0.2 * laplacian
    return np.sum(u * u)


def few_rows(a):
    c = np.zeros(a.shape)
    c[:, 1:] = a[:, 1:] - 0.5 * a[:, :-1]
    return np.sum(c * c)


def many_rows(a, b):
    c = np.zeros(a.shape)
    c[:, 1:] = a[:, 1:] * b[:, :-1]
    return np.sum(c * c)


def one_axis(a, b, steps):
    a, b = a.copy(), b.copy()
    for _ in range(steps):
        c = a[1:-1] * b[1:-1] + a[2:] * b[:-2]
        d = a[1:-1] - b[2:] * c
        a[1:-1] = c * d
        b[1:-1] = np.sin(c) - d
    return np.sum(a * b)


def passes_on(a, b):
    """Each element needs the one before it."""
    a, b, c = a.copy(), b.copy(), b.copy()
    rows, columns = a.shape
    for i in range(1, rows):
        for j in range(1, columns):
            a[i, j] = 0.5 * a[i - 1, j] + b[i, j - 1] + c[i - 1, j]
            b[i, j] = 0.5 * b[i - 1, j] - 0.1 * a[i, j] + c[i, j]
            c[i, j] = a[i, j] * b[i, j]
    return np.sum(a * b + c)


def columns_first(a, b):
    """The innermost loop goes down columns."""
    c, d, e = a.copy(), b.copy(), a.copy()
    rows, columns = a.shape
    for j in range(1, columns):
        for i in range(1, rows):
            k = (i * 7) % rows
            c[k, j] = a[k, j - 1] * b[k, j] + d[k, 0]
            e[k, j] = a[k, j - 1] - b[k, j] * c[k, j]
    return np.sum(c * d * e)


def two_orders(a, b, steps):
    """What the second statement writes is read by the first one on the same trip, and by the third one."""
    a, b, c = a.copy(), b.copy(), a * b
    rows, columns = a.shape
    for _ in range(steps):
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                c[i, j] = 0.3 * a[i, j] + 0.2 * b[i - 1, j] - 0.1 * b[i + 1, j]
                a[i, j] = 0.7 * b[i, j] + 0.1 * c[i, j] - 0.2 * c[i - 1, j]
                b[i, j] = a[i, j] - 0.5 * c[i, j]
    return np.sum(a * b - c)


def shared_number(a, b, steps):
    """A number that costs more than a few operations is not computed twice."""
    a, b, c, d = a.copy(), b.copy(), a * b, a - b
    rows, columns = a.shape
    for _ in range(steps):
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                m = a[i - 1, j] * b[i, j] / (2.0 + b[i + 1, j] * b[i + 1, j]) * b[i - 1, j] + a[i + 1, j] / 3.0
                c[i, j] = m + 0.1 * c[i, j]
                d[i, j] = m * 0.5 - 0.1 * d[i, j]
    return np.sum(c * d)


A, B = rng.normal(size=(6, 7)), rng.normal(size=(6, 7))


def inner_loops(text):
    """How many loops over rows the text has, for each loop over all rows."""
    lines = text.splitlines()
    return [sum("for j in" in line for line in part.splitlines()) for part in "\n".join(lines).split("for i in")[1:]]


def test_a_step_and_its_tangent_are_two_loops():
    assert inner_loops(jitted_tangent(jacobi, ("a", "b"), A, B, 2)) == [2, 2, 1]


def test_arrays_that_are_made_in_each_step_are_no_obstacle():
    assert inner_loops(jitted_tangent(heat, "u", A, 2)) == [2, 1, 1]


@pytest.mark.parametrize("shape", [(0, 0), (1, 3), (2, 2), (3, 3), (3, 1), (4, 6)])
@pytest.mark.parametrize("f", [heat, jacobi])
def test_any_shape(f, shape):
    a, b = rng.normal(size=shape), rng.normal(size=shape)
    jitted_tangent(f, ("u",) if f is heat else ("a", "b"), *((a,) if f is heat else (a, b)), 2)


def test_few_rows_stay_in_one_loop():
    assert inner_loops(jitted_tangent(few_rows, "a", A)) == [2]  # the other one is that of the sum
    assert inner_loops(jitted_tangent(many_rows, ("a", "b"), A, B)) == [3]


def test_loops_over_one_axis_stay_whole():
    """They may be longer than the cache is large."""
    text = jitted_tangent(one_axis, ("a", "b"), A[0], B[0], 2)
    step = text.partition("for _ in")[2].partition("result_dot")[0]
    assert step.count("for i in") == 2


def test_trips_that_need_each_other_stay_together():
    text = jitted_tangent(passes_on, ("a", "b"), A, B)
    assert inner_loops(text.partition("rows =")[2]) == [1]
    check_grad(passes_on, (A, B))


def test_loops_down_columns_stay_whole():
    check_grad(columns_first, (A, B))
    text = jitted_tangent(columns_first, ("a", "b"), A, B)
    assert text.partition("rows =")[2].partition("result_dot")[0].count("for ") == 2


@pytest.mark.parametrize("f", [two_orders, shared_number])
def test_the_order_of_a_trip_is_kept(f):
    jitted_tangent(f, ("a", "b"), A, B, 2)
    check_grad(f, (A, B, 2), wrt=("a", "b"))
