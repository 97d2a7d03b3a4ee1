"""What the text for Numba has that the plain one has not: arrays for tapes, loops that count upwards, hoisted loads.

The text is Python: most of it is run as such here, which is quicker than to compile it, against the plain derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.runtime_loops import LengthsDiffer


def texts(f: Callable[..., Any], wrt: tuple[str, ...], *args: Any) -> str:
    """The text for Numba, after its derivative has been held against that of the plain one."""
    compiled = srcdiff.value_and_grad(f, wrt=wrt, jit=True)
    text = srcdiff.source(compiled, *args)
    space: dict[str, Any] = {}
    exec(text, space)
    value, *found = space[f"{f.__name__}_value_and_grad"](*args)
    wanted = srcdiff.value_and_grad(f, wrt=wrt)(*args)
    assert value == pytest.approx(wanted[0], rel=1e-12)
    for a, b in zip(found, wanted[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    return text


def loops(text: str) -> list[str]:
    """The heads of the loops of the reverse sweep."""
    return [line.strip() for line in text.partition("# reverse sweep")[2].splitlines() if line.strip()[:4] == "for "]


# ------------------------------------------------------------------------------------------------------------- tapes


def settle(x, steps):
    total = 0.0
    for _ in range(steps):
        for i in range(1, len(x) - 1):
            total = math.sin(total) * x[i] + x[i - 1]
    return total


def test_nested_loops_have_one_array() -> None:
    text = texts(settle, ("x",), np.linspace(0.1, 0.9, 5), 3)
    assert "total_tape = workspace((max(steps, 0), len(x)))" in text
    assert "total_tape[t, i] = total" in text
    assert "append" not in text


def triangle(x, n):
    total = 1.0
    for i in range(n - 1):
        for j in range(n - 1, i, -1):
            for k in range(i + 1, j + 1):
                total = math.sin(total) + x[i] * x[j] * x[k]
    return total


@pytest.mark.parametrize("n", [-4, 0, 1, 2, 5])
def test_bounds_that_depend_on_other_loops(n: int) -> None:
    text = texts(triangle, ("x",), np.linspace(0.1, 0.9, 5), n)
    assert "workspace((max(n, 0), max(n, 0), max(n, 0)))" in text


@pytest.mark.parametrize("steps", [-3, 0, 2])
def test_no_trips(steps: int) -> None:
    texts(settle, ("x",), np.ones(2), steps)


def below_zero(x, n):
    total = 0.5
    for i in range(-2, n):
        for j in range(i, n):
            total = math.sin(total) + x[i] * x[j]
    return total


def unknown_count(x):
    total = 0.5
    for i in range(len(x)):
        n = int(x[i])
        for _ in range(n):
            total = math.sin(total) + x[i]
    return total


def test_lists_where_no_number_bounds_the_counters() -> None:
    assert "append" in texts(below_zero, ("x",), np.linspace(0.1, 0.9, 5), 3)
    assert "append" in texts(unknown_count, ("x",), np.array([1.5, 3.5, 0.2]))


def early(x, n):
    total = 0.5
    for i in range(n):
        for _ in range(10**9):
            total = math.sin(total) + x[i]
            if total > 0.3:
                break
    return total


def settled(x, n):
    v = x
    for _ in range(10**9):
        v = np.sin(v) * x
        if v[0] < 0.1 * n:
            break
    return np.sum(v)


def found(x, n):
    total = 0.5
    for i in range(10**12):
        total = math.sin(total) + x[i]
        if i + 1 == n:
            return total
    return 0.0


def band(x, n):
    total = 0.5
    for i in range(n):
        for j in range(i, min(i + 2, n)):
            total = math.sin(total) + x[i] * x[j]
        for j in range(i + 1, i - 1, -1):
            total = math.cos(total) + x[i] * x[j]
    return total


def diagonal(x, n):
    total = 0.5
    for i in range(n):
        for j in range(n):
            if i == j:
                for k in range(n):
                    total = math.sin(total) + x[i] * x[k]
    return total


@pytest.mark.parametrize("f", [early, settled, found, band, diagonal])
def test_no_array_that_would_stay_empty(f: Callable[..., Any]) -> None:
    text = texts(f, ("x",), np.linspace(0.1, 0.9, 6), 5)
    assert "append" in text
    arrays = [line for line in text.splitlines() if "workspace(" in line]
    assert not any("10000" in line or "max(" in line.replace("max(n, 0)", "n") for line in arrays)


def waves(u, c, steps):
    u = u.copy()
    rows, columns = u.shape
    for _ in range(steps):
        v = u.copy()
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                u[i, j] = v[i, j] + c * (v[i - 1, j] + v[i + 1, j] + v[i, j - 1] - 3.0 * v[i, j])
    return np.sum(u * u)


def test_a_copy_that_is_kept_is_made_on_the_tape() -> None:
    text = texts(waves, ("u", "c"), np.random.default_rng(1).normal(size=(5, 4)), 0.1, 3)
    assert "v_tape = workspace((max(steps, 0), rows, columns))" in text
    assert "v = v_tape[t]" in text
    assert "u.copy()" not in text.partition("for t in range(steps)")[2].partition("# reverse sweep")[0]


def swapped(u, c, steps):
    for _ in range(steps):
        new = u.copy()
        for i in range(1, len(u) - 1):
            new[i] = u[i] + c * (u[i + 1] - 2.0 * u[i] + u[i - 1])
        u = new
    return np.sum(u * u)


def test_of_an_array_that_is_written_it_is_kept_which_one_it_is() -> None:
    text = texts(swapped, ("u", "c"), np.random.default_rng(1).normal(size=6), 0.1, 3)
    assert "u_bar_tape.append(u_bar)" in text


# ------------------------------------------------------------------------------------------------------ order of trips


def scaled(x, w):
    total = 0.0
    for i in range(len(x)):
        total += w * x[i] * x[i]
    return total


def recurrence(x):
    x = x.copy()
    for i in range(1, len(x)):
        x[i] = x[i] * x[i - 1]
    return np.sum(x)


def doubled(x):
    x = x.copy()
    for i in range(-2, 3):
        x[i] = x[i] * x[i]
    return np.sum(x)


def last(x):
    y = 0.0
    for i in range(len(x)):
        y = x[i] * x[i]
    return y


def test_independent_trips_count_upwards() -> None:
    assert loops(texts(scaled, ("x", "w"), np.arange(4.0), 2.0))[0] in ("for i in range(n):", "for i in range(len(x)):")


@pytest.mark.parametrize("f", [recurrence, doubled, last])
def test_trips_that_are_not_independent_stay_in_their_order(f: Callable[..., Any]) -> None:
    *_, own = loops(texts(f, ("x",), np.linspace(0.5, 1.5, 5)))  # behind the one that fills the adjoint of the sum
    assert ", -1)" in own


def test_a_stencil_counts_upwards() -> None:
    found = loops(texts(waves, ("u", "c"), np.ones((4, 4)), 0.1, 2))
    own = ["for t in range(steps - 1, -1, -1):", "for i in range(rows):", "for j in range(columns - 2):"]
    assert own in [found[k : k + 3] for k in range(len(found))]


# ------------------------------------------------------------------------------------------- what is not taken back


def cholesky(A):
    n = A.shape[0]
    L = A.copy()
    for j in range(n):
        for k in range(j):
            L[j, j] -= L[j, k] * L[j, k]
        L[j, j] = math.sqrt(L[j, j])
        for i in range(j + 1, n):
            for k in range(j):
                L[i, j] -= L[i, k] * L[j, k]
            L[i, j] /= L[j, j]
    total = 0.0
    for i in range(n):
        total += L[i, 0] * L[i, i]
    return total


def read_first(x, w):
    """Each element is read, by a product that w is differentiated by, before it is overwritten."""
    x = x.copy()
    total = 0.0
    for i in range(1, len(x)):
        total += w * x[i] * x[i]
        x[i] = x[i - 1] * w
    return total + np.sum(x)


def spd(n: int) -> np.ndarray:
    m = np.random.default_rng(2).normal(size=(n, n))
    return m @ m.T + n * np.eye(n)


def test_cholesky_keeps_what_a_root_overwrites_and_no_quotient() -> None:
    text = texts(cholesky, ("A",), spd(5))
    tapes = [line.strip() for line in text.splitlines() if "_tape" in line and "workspace" in line]
    assert tapes == ["L_1_tape = workspace(n)"]


def test_an_element_that_was_read_is_kept() -> None:
    assert "x_tape" in texts(read_first, ("x", "w"), np.linspace(0.5, 1.5, 5), 0.3)


def test_both_are_true_of_the_plain_text() -> None:
    assert "np.empty((n, n, n))" not in srcdiff.source(srcdiff.grad(cholesky), spd(3))
    assert srcdiff.source(srcdiff.grad(cholesky), spd(3)).count("append") == 0


# ------------------------------------------------------------------------------------------------------ hoisted loads


def product(A, B):
    n, m = A.shape
    p = B.shape[1]
    C = np.zeros((n, p))
    for i in range(n):
        for j in range(p):
            for k in range(m):
                C[i, j] += A[i, k] * B[k, j]
    return np.sum(C * C)


def beyond(A, x, y):
    """`x[i]` may not exist where the inner loop has no trips."""
    total = 0.0
    for i in range(len(y)):
        for k in range(A.shape[1]):
            A_ik = A[i, k] * x[i] * x[i]
            total += A_ik * y[i]
    return total


def test_what_every_trip_reads_is_read_once() -> None:
    rng = np.random.default_rng(3)
    text = texts(product, ("A", "B"), rng.normal(size=(3, 4)), rng.normal(size=(4, 2)))
    assert "A_ik = A[i, k]\n            for j in range(p):" in text  # (the loops are in the order of the rows)


def test_an_element_that_may_not_exist_is_not_read_ahead() -> None:
    text = texts(beyond, ("A", "y"), np.ones((3, 2)), np.ones(3), np.ones(3))
    assert "= x[i]\n        for" not in text
    with pytest.raises(LengthsDiffer):  # the text that looks at every index runs instead
        texts(beyond, ("A", "y"), np.ones((3, 0)), np.ones(1), np.ones(3))


def turned(angle, x):
    R = np.array([[np.cos(angle), 0], [0, 1]])
    n = len(x)
    S = np.array([[n, n], [x[0], angle]])
    return np.sum(R @ S @ x)


def test_rows_of_numbers_are_of_one_kind() -> None:
    """Numba does not take a list of integers beside one of floats."""
    text = srcdiff.source(srcdiff.grad(turned, wrt=("angle", "x"), jit=True), 0.3, np.ones(2))
    assert "np.array([[np.cos(angle), 0], [0.0, 1.0]])" in text
    assert "np.array([[float(n), n], [x[0], angle]])" in text
    assert "[0, 1]" in srcdiff.source(srcdiff.grad(turned, wrt=("angle", "x")), 0.3, np.ones(2))


# ---------------------------------------------------------------------------------------------------------- compiled


@pytest.mark.jit
@pytest.mark.parametrize(
    ("f", "wrt", "args"),
    [
        (settle, ("x",), (np.linspace(0.1, 0.9, 5), 3)),
        (waves, ("u", "c"), (np.random.default_rng(1).normal(size=(5, 4)), 0.1, 3)),
        (cholesky, ("A",), (spd(5),)),
        (product, ("A", "B"), (np.ones((3, 4)), np.ones((4, 2)))),
        (turned, ("angle", "x"), (0.3, np.array([0.5, -1.2]))),
    ],
)
def test_compiled(f: Callable[..., Any], wrt: tuple[str, ...], args: tuple[Any, ...]) -> None:
    value, gradient = srcdiff.value_and_grad(f, wrt=wrt, jit=True)(*args)
    wanted = srcdiff.value_and_grad(f, wrt=wrt)(*args)
    assert value == pytest.approx(wanted[0], rel=1e-12)
    for a, b in zip(gradient, wanted[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
