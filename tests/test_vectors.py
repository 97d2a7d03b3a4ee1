"""Loops over pairs in the text for Numba: columns of arrays side by side, chains of additions in loops of their own.

The text is Python: it is run as such against the plain derivative; some of it is compiled, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad


def both(f: Callable[..., Any], wrt: tuple[str, ...], *args: Any) -> str:
    """The text for Numba, after its derivative has been held against the plain one: the value to the last bit."""
    text = srcdiff.source(srcdiff.value_and_grad(f, wrt=wrt, jit=True), *args)
    space: dict[str, Any] = {}
    exec(text, space)
    value, *found = space[f"{f.__name__}_value_and_grad"](*args)
    plain, wanted = srcdiff.value_and_grad(f, wrt=wrt)(*args)
    assert value == plain
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    return text


def compiled(f: Callable[..., Any], wrt: tuple[str, ...], *args: Any) -> None:
    """The compiled derivative against the plain one, and against finite differences."""
    value, found = srcdiff.value_and_grad(f, wrt=wrt, jit=True)(*args)
    plain, wanted = srcdiff.value_and_grad(f, wrt=wrt)(*args)
    assert value == plain
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    check_grad(f, args, wrt=wrt)


def planets(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).normal(size=shape)


def attraction(x, m):
    """Every body pulls every other one; the sums of a body's pulls are squared."""
    n = len(m)
    total = 0.0
    for i in range(n):
        pull_x = 0.0
        for j in range(n):
            dx = x[j, 0] - x[i, 0]
            dy = x[j, 1] - x[i, 1]
            pull = m[j] / math.sqrt(dx * dx + dy * dy + 0.01)
            pull_x += pull * dx
        total += pull_x * pull_x
    return total


def energy(x, m):
    """Each pair once, in the upper triangle."""
    total = 0.0
    n = len(m)
    for i in range(n):
        for j in range(i + 1, n):
            dx = x[i, 0] - x[j, 0]
            dy = x[i, 1] - x[j, 1]
            total -= m[i] * m[j] / math.sqrt(dx * dx + dy * dy + 0.01)
    return total


def energy_below(x, m):
    """Each pair once, in the lower triangle."""
    total = 0.0
    for i in range(len(m)):
        for j in range(i):
            dx = x[i, 0] - x[j, 0]
            total -= m[i] * m[j] / (dx * dx + 0.01)
    return total


def test_columns_and_chains() -> None:
    text = both(attraction, ("x", "m"), planets(5, 2), np.full(5, 0.3))
    forward, _, reverse = text.partition("# reverse sweep")
    assert "x_0[j] = x[j, 0]" in forward
    assert forward.count("for j in range(n):") == 3  # the columns, the pulls, their sums
    assert "pull = pull_tape[j]" in forward  # the sums read the tape, which is one for each trip
    assert "x_bar[j, 0] += x_bar_0[j]" in reverse
    assert "dx = x_0[j] - x_i0" in reverse
    assert "x_bar_i0 = added(x_bar_i0, -dx_bar)" in reverse  # no trip of the inner loop waits for another one


def test_rows_where_no_tape_keeps_a_number() -> None:
    x, m = planets(4, 2), np.full(4, 0.3)
    text = srcdiff.source(srcdiff.jvp(attraction, wrt=("x",), jit=True), x, m, x)
    assert "pull_row[j] = pull" in text
    assert "pull = pull_row[j]" in text
    space: dict[str, Any] = {}
    exec(text, space)
    wanted = srcdiff.jvp(attraction, wrt=("x",))(x, m, x)
    np.testing.assert_allclose(space["attraction_jvp"](x, m, x), wanted, rtol=1e-12)


@pytest.mark.parametrize("n", [0, 1, 2, 6])
def test_triangles_have_columns_as_long_as_the_longest_row(n: int) -> None:
    text = both(energy, ("x", "m"), planets(n, 2), np.full(n, 0.5))
    assert "for j in range(1, n):\n        x_0[j] = x[j, 0]" in text
    assert "total -= total_row[j]" in text
    text = both(energy_below, ("x", "m"), planets(n, 2), np.full(n, 0.5))
    assert "for j in range(len(m) - 1):\n        x_0[j] = x[j, 0]" in text


@pytest.mark.jit
@pytest.mark.parametrize("f", [attraction, energy, energy_below])
def test_compiled(f: Callable[..., Any]) -> None:
    compiled(f, ("x", "m"), planets(19, 2), np.linspace(0.2, 0.4, 19))


# ------------------------------------------------------------------------------------------------- where it is not done


def moved(x, m):
    """What is read is moved by the outer loop."""
    x = x.copy()
    for i in range(len(m)):
        force = 0.0
        for j in range(len(m)):
            force += m[j] / (1.0 + x[j, 0] * x[j, 0])
        x[i, 0] += force
    return x[0, 0] + x[1, 0]


def first_found(x, m):
    """The outer loop may be left before its inner one has run."""
    total = 0.0
    for i in range(len(m)):
        if m[i] > 5.0:
            break
        for j in range(len(m)):
            total += m[i] / (1.0 + x[j, 0] * x[j, 0])
    return total


def fed_back(x, m):
    """Each term needs the sum so far."""
    total = 0.0
    for i in range(len(m)):
        for j in range(len(m)):
            total += m[i] / (1.0 + x[j, 0] * x[j, 0] + total)
    return total


def maybe_none(x, m, times):
    """The outer loop may have no trips where the inner one has some."""
    total = 0.0
    for _ in range(times):
        for j in range(len(m)):
            total += m[j] / (1.0 + x[j, 0] * x[j, 0])
    return total


def three(x, m):
    """Too few trips to be worth it."""
    total = 0.0
    for i in range(len(m)):
        for j in range(3):
            total += m[i] / (1.0 + x[j, 0] * x[j, 0])
    return total


def indirect(x, m, places):
    """Elements that do not follow each other."""
    total = 0.0
    for i in range(len(m)):
        for j in range(len(m)):
            total += m[i] / (1.0 + x[places[j], 0] * x[places[j], 0])
    return total


@pytest.mark.parametrize("f", [moved, first_found, fed_back, maybe_none, three, indirect])
def test_other_loops_stay(f: Callable[..., Any]) -> None:
    more = {"maybe_none": (2,), "indirect": (np.array([2, 0, 1, 1]),)}.get(f.__name__, ())
    text = both(f, ("x", "m"), planets(4, 2), np.full(4, 0.4), *more)
    assert "x_0" not in text
    assert "total_row" not in text
    assert "force_row" not in text


def test_nothing_is_read_that_the_program_does_not_read() -> None:
    both(first_found, ("x", "m"), planets(0, 1), np.full(3, 9.0))
    jitted = srcdiff.value_and_grad(maybe_none, wrt=("x", "m"), jit=True)
    value, (x_bar, m_bar) = jitted(planets(0, 1), np.full(3, 0.4), 0)
    assert value == 0.0
    assert x_bar.shape == (0, 1)
    np.testing.assert_array_equal(m_bar, np.zeros(3))


def twice(x, m):
    """Two terms of one sum on each trip, in their order."""
    total = 0.0
    for i in range(len(m)):
        for j in range(len(m)):
            total += m[i] / (1.0 + x[j, 0] * x[j, 0])
            total -= 0.1 / (2.0 + x[j, 0])
    return total


def test_two_terms_of_one_sum() -> None:
    both(twice, ("x", "m"), 0.1 * planets(4, 1), np.full(4, 0.4))
