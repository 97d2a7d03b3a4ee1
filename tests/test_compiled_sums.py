"""Sums of the innermost loops in variables of their own, in the text for Numba; where they must stay elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.runtime_loops import LengthsDiffer
from tests.test_compiled_text import texts


def lu(a):
    a = a.copy()
    n = len(a)
    for i in range(n):
        for j in range(i):
            for k in range(j):
                a[i, j] -= a[i, k] * a[k, j]
            a[i, j] /= a[j, j]
        for j in range(i, n):
            for k in range(i):
                a[i, j] -= a[i, k] * a[k, j]
    total = 0.0
    for p in range(n):
        for q in range(n):
            total += a[p, q] * a[p, q]
    return total


def lu_of_a_part(a, n):
    """The loop that reads all of it may stop short of what the factorisation writes."""
    a = a.copy()
    for i in range(n):
        for j in range(i, n):
            for k in range(i):
                a[i, j] -= a[i, k] * a[k, j]
    total = 0.0
    for p in range(n - 1):
        for q in range(n):
            total += a[p, q] * a[p, q]
    return total


def pairs(x, w):
    energy = 0.0
    for i in range(len(x)):
        for j in range(len(x)):
            d = x[j] - x[i]
            energy += w[i] * d * d * d
    return energy


def running(x):
    """What is added to is read again on the next trip."""
    y = np.zeros(len(x) + 1)
    for i in range(len(x)):
        for k in range(len(x)):
            y[i] += x[k] * y[k]
        y[i] += x[i]
    return np.sum(y * y)


def overlapping(x, m):
    y = x.copy()
    for i in range(len(x)):
        for k in range(m):
            y[i] += x[k] * x[k]
            y[k] *= 0.5
    return np.sum(y * y)


def beside_a_condition(x, n):
    """The element is read only if there is one."""
    y = np.zeros(len(x))
    total = 0.0
    for i in range(n):
        known = y[i] if i < len(y) else 0.0
        for k in range(len(x) - i):
            y[i] += x[k] * x[k]
        total += known
    return total + np.sum(y)


def single(x):
    y = np.zeros(len(x), np.float32)
    for i in range(len(x)):
        for k in range(len(x)):
            y[i] += x[k] * x[i]
    return np.sum(y * y)


RNG = np.random.default_rng(5)
MATRIX = RNG.normal(size=(4, 4)) + 4.0 * np.eye(4)


def test_an_element_that_nothing_else_reaches() -> None:
    text = texts(lu, ("a",), MATRIX)
    assert "a_ij = a[i, j]\n            for k in range(j):\n                a_ij -= a[i, k] * a[k, j]" in text
    assert "a_ij = a[i, j]\n            for k in range(i):\n                a_ij -= a[i, k] * a[k, j]" in text
    assert text.count("a[i, j] = a_ij") == 2


def test_tangents_have_them_too() -> None:
    tangent = srcdiff.jvp(lu, wrt="a", jit=True)
    text = srcdiff.source(tangent, MATRIX, MATRIX)
    assert text.count("a_dot_ij -= a[k, j] * a_dot[i, k] + a[i, k] * a_dot[k, j]") == 2


def test_not_where_the_element_may_not_exist() -> None:
    text = texts(lu_of_a_part, ("a",), MATRIX, 4)
    assert "a_ij = a[i, j]" not in text
    with pytest.raises(LengthsDiffer):  # no element is ever reached: the text that looks at every index runs instead
        texts(lu_of_a_part, ("a",), np.ones((0, 0)), 1)


def test_adjoints_that_are_only_added_to_may_be_the_same_element() -> None:
    text = texts(pairs, ("x", "w"), RNG.normal(size=4), RNG.normal(size=4))
    assert "x_bar_i = 0.0" in text
    assert "x_bar[j] += d_bar" in text
    assert "x_bar_i = added(x_bar_i, -d_bar)" in text
    assert "x_bar[i] += x_bar_i" in text


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (running, (RNG.normal(size=4),)),
        (overlapping, (RNG.normal(size=4), 3)),
        (beside_a_condition, (RNG.normal(size=2), 4)),
        (single, (RNG.normal(size=4).astype(np.float32),)),
    ],
)
def test_not_where_something_else_may_reach_it(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    compiled = srcdiff.value_and_grad(f, jit=True)
    forward = srcdiff.source(compiled, *args).partition("# reverse sweep")[0]
    assert "y[i] += x[k]" in forward or "            y[i] = y_before" in forward  # written on each trip
    if f is not single:
        texts(f, ("x",), *args)


@pytest.mark.jit
@pytest.mark.parametrize(
    ("f", "args"),
    [(lu, (MATRIX,)), (pairs, (RNG.normal(size=4), RNG.normal(size=4))), (overlapping, (RNG.normal(size=4), 3))],
)
def test_compiled(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    value, gradient = srcdiff.value_and_grad(f, jit=True)(*args)
    wanted = srcdiff.value_and_grad(f)(*args)
    assert value == pytest.approx(wanted[0], rel=1e-12)
    np.testing.assert_allclose(gradient, wanted[1], rtol=1e-10, atol=1e-12)


def of_several_lengths(x, n):
    """The loop at the end reaches all of the last `y`, which is longer than those before."""
    total = 0.0
    y = x[:1] * x[:1]
    for t in range(1, n):
        y = x[:t] * x[:t]
        for i in range(n):
            for k in range(t - i):
                y[i] += x[k] * x[k]
        total += y[0]
    for i in range(n - 1):
        total += y[i]
    return total


def test_an_array_that_is_made_anew_had_other_elements() -> None:
    texts(of_several_lengths, ("x",), RNG.normal(size=4), 4)


def counted_up(x, n):
    """The bound of the loop that reaches elements is another number later on."""
    y = x * x
    total = 0.0
    for i in range(n):
        total += y[i]
    n += 1
    for i in range(n):
        for k in range(1 - i):
            y[i] += x[k]
    return total + y[0]


def test_a_bound_that_changes_is_no_proof() -> None:
    texts(counted_up, ("x",), RNG.normal(size=2), 2)
