"""Sums that loops of adjoints add to neighbouring elements: a loop for each of them, where that is the same."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from compiled_text import check_text

import srcdiff

LENGTHS = (1, 2, 3, 4, 5, 6, 9)


def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def scatters(text: str) -> bool:
    """Whether an innermost loop of the reverse sweep writes to several elements of one array."""
    for loop in ast.walk(
        ast.parse(text.partition("# reverse sweep")[2].replace("\n    ", "\n").replace("return", "0,"))
    ):
        if isinstance(loop, ast.For) and not any(isinstance(s, ast.For) for part in loop.body for s in ast.walk(part)):
            written = [
                s.target if isinstance(s, ast.AugAssign) else s.targets[0]
                for part in loop.body
                for s in ast.walk(part)
                if isinstance(s, ast.Assign | ast.AugAssign)
            ]
            places = {ast.unparse(target) for target in written if isinstance(target, ast.Subscript)}
            bases = [place.partition("[")[0] for place in places]
            if len(set(bases)) < len(bases):
                return True
    return False


# -------------------------------------------------------------------------------------------------- what is taken apart


def diffused(u, k, steps):
    u = u.copy()
    n = len(u)
    for _ in range(steps):
        v = u.copy()
        for i in range(1, n - 1):
            u[i] = v[i] + k * (v[i - 1] - 2.0 * v[i] + v[i + 1])
    return np.sum(u * u)


def heated(u, k, steps):
    u = u.copy()
    rows, columns = u.shape
    for _ in range(steps):
        v = u.copy()
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                u[i, j] = v[i, j] + k * (v[i - 1, j] + v[i + 1, j] + v[i, j - 1] + v[i, j + 1] - 4.0 * v[i, j])
    return np.sum(u * u)


def nine_points(u, w):
    rows, columns = u.shape
    s = np.zeros((rows, columns))
    for i in range(1, rows - 1):
        for j in range(1, columns - 1):
            above = w[0] * u[i - 1, j - 1] + w[1] * u[i - 1, j] + w[2] * u[i - 1, j + 1]
            beside = w[3] * u[i, j - 1] + w[4] * u[i, j] * u[i, j] + w[5] * u[i, j + 1]
            s[i, j] = above + beside + w[6] * u[i + 1, j - 1] + w[7] * u[i + 1, j] + w[8] * u[i + 1, j + 1]
    return np.sum(s * s)


def differences(x, h):
    n = len(x)
    d = np.empty(n)
    for i in range(n - 1):
        d[i] = (x[i + 1] - x[i]) * h[i]
    d[n - 1] = 0.0
    return np.sum(d * d)


def wide(x):
    y = np.zeros(len(x))
    for i in range(2, len(x) - 2):
        y[i] = x[i - 2] * x[i] - 8.0 * x[i - 1] + 8.0 * x[i + 1] - x[i + 2] * x[i - 1]
    return np.sum(y * y)


def from_behind(x):
    y = np.zeros(len(x))
    for i in range(len(x) - 2, 0, -1):
        y[i] = x[i + 1] * x[i] - x[i - 1]
    return np.sum(y * y)


def around(x):
    """Negative indices are those at the end."""
    y = np.zeros(len(x))
    for i in range(len(x)):
        y[i] = x[i - 1] - 2.0 * x[i] * x[i - 2]
    return np.sum(y * y)


def in_slices(x, k, steps):
    u = x * 1.0
    for _ in range(steps):
        u[1:-1] += k * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return np.sum(u * u)


def of_the_counter(x):
    y = np.zeros(len(x))
    for i in range(1, len(x) - 1):
        y[i] = x[i - 1] * i - x[i + 1] * (i + 1.5)
    return np.sum(y * y)


def from_a_place_on(x, start):
    y = np.zeros(len(x))
    for i in range(len(x) - start - 1):
        y[i] = x[start + i] * x[start + i + 1]
    return np.sum(y * y)


CASES = [
    (diffused, lambda n: (rng().normal(size=n), 0.3, 2), ("u", "k")),
    (heated, lambda n: (rng().normal(size=(n, n + 1)), 0.2, 2), ("u", "k")),
    (heated, lambda n: (rng().normal(size=(n + 2, n)), 0.2, 2), ("u", "k")),
    (nine_points, lambda n: (rng().normal(size=(4, n)), rng().normal(size=9)), ("u", "w")),
    (differences, lambda n: (rng().normal(size=n), rng().uniform(1.0, 2.0, size=n)), ("x", "h")),
    (wide, lambda n: (rng().normal(size=n),), ("x",)),
    (from_behind, lambda n: (rng().normal(size=n),), ("x",)),
    (in_slices, lambda n: (rng().normal(size=n), 0.2, 3), ("x", "k")),
    (of_the_counter, lambda n: (rng().normal(size=n),), ("x",)),
    (from_a_place_on, lambda n: (rng().normal(size=n + 2), 2), ("x",)),
]


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize(("f", "args", "wrt"), CASES)
def test_apart(f: Callable[..., Any], args: Callable[[int], tuple[Any, ...]], wrt: Any, n: int) -> None:
    text = check_text(f, *args(n), wrt=wrt)
    assert not scatters(text), text


@pytest.mark.parametrize("n", [2, 3, 4, 7])
def test_indices_from_the_end(n: int) -> None:
    check_text(around, rng().normal(size=n))


# ------------------------------------------------------------------------------------------------------ what is not


def swept(u, k):
    """Each element is computed from the new one beside it."""
    u = u.copy()
    for i in range(1, len(u) - 1):
        u[i] = u[i] + k * (u[i - 1] - 2.0 * u[i] + u[i + 1])
    return np.sum(u * u)


def by_table(x, places):
    y = np.zeros(len(x))
    for i in range(len(places)):
        y[i] = x[places[i]] * x[places[i] + 1]
    return np.sum(y * y)


def in_steps(x):
    y = np.zeros(len(x))
    for i in range(1, len(x) - 1, 2):
        y[i] = x[i - 1] * x[i + 1]
    return np.sum(y * y)


def with_a_branch(x):
    y = np.zeros(len(x))
    for i in range(1, len(x) - 1):
        if x[i] > 0.0:
            y[i] = x[i - 1] * x[i + 1]
        else:
            y[i] = x[i + 1]
    return np.sum(y * y)


def dear(x):
    """What the terms have in common is not computed again for each neighbour."""
    y = np.zeros(len(x))
    for i in range(1, len(x) - 1):
        y[i] = np.exp(np.sin(x[i - 1] * x[i + 1]) * x[i])
    return np.sum(y * y)


def quotients(x, h):
    y = np.zeros(len(x))
    for i in range(len(x) - 1):
        y[i] = (x[i + 1] - x[i]) / h[i]
    return np.sum(y * y)


@pytest.mark.parametrize("n", [1, 2, 3, 8])
@pytest.mark.parametrize("f", [in_steps, with_a_branch])
def test_left_alone(f: Callable[..., Any], n: int) -> None:
    assert scatters(check_text(f, rng().normal(size=n)))


def test_a_sweep_is_left_alone() -> None:
    assert scatters(check_text(swept, rng().normal(size=7), 0.3, wrt=("u", "k")))


def test_a_table_is_left_alone() -> None:
    assert scatters(check_text(by_table, rng().normal(size=7), np.array([0, 3, 3, 5]), wrt=("x",)))


def test_nothing_dear_is_computed_twice() -> None:
    assert scatters(check_text(dear, rng().normal(size=7)))
    text = check_text(quotients, rng().normal(size=7), rng().uniform(1.0, 2.0, size=7))
    assert scatters(text)


def two_names(x, y):
    z = np.zeros(len(x))
    for i in range(1, len(x) - 1):
        z[i] = x[i - 1] * y[i + 1] + x[i + 1] * y[i]
    return np.sum(z * z)


def test_arguments_that_share_memory() -> None:
    whole = rng().normal(size=9)
    check_text(two_names, whole[:-1], whole[1:])
    check_text(two_names, whole, whole)


def summed_up(x):
    """The program's own sums: their order is the program's."""
    y = np.zeros(len(x))
    for i in range(1, len(x) - 1):
        y[i - 1] += 0.1 * x[i]
        y[i] += 0.7 * x[i]
        y[i + 1] += 0.2 * x[i]
    return np.sum(y * y)


def test_sums_of_the_program_stay() -> None:
    text = check_text(summed_up, rng().normal(size=8))
    assert "y[i + 1] += 0.2 * x[i]" in text


@pytest.mark.jit
@pytest.mark.parametrize(("f", "args", "wrt"), [CASES[0], CASES[1], CASES[4], CASES[5], CASES[7]])
def test_compiled(f: Callable[..., Any], args: Callable[[int], tuple[Any, ...]], wrt: Any) -> None:
    pytest.importorskip("numba")
    plain, jitted = srcdiff.grad(f, wrt=wrt), srcdiff.grad(f, wrt=wrt, jit=True)
    for n in (3, 4, 6, 9):
        for one, other in zip(jitted(*args(n)), plain(*args(n)), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11)
