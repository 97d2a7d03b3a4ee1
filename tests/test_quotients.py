"""Adjoints of quotients through their results, and where they must not be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from compiled_text import check_text

import srcdiff
from srcdiff.testing import check_grad

RNG = np.random.default_rng(5)
X, D = RNG.normal(size=7), 1.5 + RNG.random(7)


def text_of(f: Callable[..., Any], *args: Any, jit: bool = False) -> str:
    return srcdiff.source(srcdiff.value_and_grad(f, wrt=tuple(range(len(args))), jit=jit), *args)


def tapes(text: str) -> set[str]:
    return {word for line in text.splitlines() for word in line.split() if word.endswith("_tape")}


# ------------------------------------------------------------------------------------------------------- variables


def shares(a, d):
    """A variable that nothing binds again is there in the reverse sweep."""
    y = a / d
    return y * a


def read_by_others(x, d):
    s = 0.0
    for i in range(len(x)):
        y = x[i] / (1.0 + d[i] * d[i])
        s += y * y
    return s


def read_by_nobody(x, d):
    """Only sums take the quotient: to keep it would be a tape."""
    s = 0.0
    for i in range(len(x)):
        y = x[i] / d[i]
        s += y
    return s


def carried(x, d):
    """The result of the trip before is read, and what it gives is bound again."""
    y = 1.0
    s = 0.0
    for i in range(len(x)):
        s += y * y * x[i]
        z = 2.0 + y * y
        y = (x[i] + 1.0) / (z * d[i])
    return s + y


def of_itself(x, d):
    y = 3.0
    for i in range(len(x)):
        y = (y + x[i]) / (d[i] + y * y)
    return y


def on_one_side(x, d):
    s = 0.0
    for i in range(len(x)):
        if x[i] > 0.0:
            y = x[i] / d[i]
        else:
            y = d[i] / (2.0 + x[i] * x[i])
        s += y * y
    return s


def by_literal(x):
    y = x[0] / 3.0
    return y * y


def whole_arrays(x, d):
    y = x / d
    return np.sum(y * y * x)


def broadcast(x, d):
    y = x[:, None] / (d + x)
    return np.sum(y * y)


# ---------------------------------------------------------------------------------------------------------- places


def solved(x, d):
    """What is written is read by others, and nobody overwrites it."""
    u = np.zeros(len(x))
    u[0] = x[0] / d[0]
    for i in range(1, len(x)):
        u[i] = (x[i] - d[i] * u[i - 1]) / (d[i] + u[i - 1])
    return np.sum(u * u)


def divided_in_place(x, d):
    x = x.copy()
    for i in range(len(x)):
        x[i] /= d[i]
    return np.sum(x * x)


def overwritten(x, d):
    """The quotients are taken back: they have to be read before they are."""
    u = x.copy()
    s = 0.0
    for k in range(3):
        for i in range(1, len(x)):
            u[i] = (u[i] * u[i - 1] + k) / (d[i] + u[i])
            s += u[i] * u[i - 1]
    return s


def by_itself(x, d):
    """`x[i] /= x[j]` with both the same on some trips: the old element is the divisor."""
    x = x * d
    for i in range(len(x)):
        for j in range(i, len(x)):
            x[i] /= x[j]
            x[i] += 1.0
    return np.sum(x * x)


def only_added(x, d):
    u = np.zeros(len(x))
    for i in range(len(x)):
        u[i] = x[i] / d[i]
    return np.sum(u)


def columns(x, d):
    """Array statements along an axis: a tridiagonal sweep for each of some columns."""
    n = len(x)
    u = np.zeros((3, n))
    v = np.zeros((3, n))
    u[:, 0] = x[0]
    v[:, 0] = x[0] * d[0]
    for k in range(1, n):
        pivot = 2.0 + x[k] * u[:, k - 1]
        u[:, k] = d[k] / pivot
        v[:, k] = (x[k] + x[k] * v[:, k - 1]) / pivot
    return np.sum(v * v) + np.sum(u * v)


def columns_again(x, d):
    """The same places are written in each sweep."""
    n = len(x)
    u = np.ones((n, n))
    for s in range(2):
        for k in range(1, n):
            u[1:-1, k] = (u[1:-1, k] + d[k] * u[:-2, k - 1]) / (x[k] * x[k] + u[2:, k])
        for k in range(n - 2, -1, -1):
            u[1:-1, k] = x[k] * u[1:-1, k + 1] + s * u[1:-1, k]
    return np.sum(u * u)


def into_single(x, d):
    """A place of lower precision does not hold the quotient."""
    u = np.zeros(len(x), dtype=np.float32)
    for i in range(len(x)):
        u[i] = x[i] / d[i]
    s = 0.0
    for i in range(len(x)):
        s += u[i] * u[i]
    return s


def through_a_view(x, d):
    u = x.copy()
    v = u[1:]
    for i in range(len(v)):
        v[i] = (1.0 + x[i]) / (d[i] * u[i] * u[i] + 2.0)
    return np.sum(u * u)


ALL = [
    shares, read_by_others, read_by_nobody, carried, of_itself, on_one_side, whole_arrays, broadcast,
    solved, divided_in_place, overwritten, by_itself, only_added, columns, columns_again, through_a_view,
]  # fmt: skip


@pytest.mark.parametrize("f", ALL)
def test_gradients(f: Callable[..., Any]) -> None:
    args = (1.3, 1.7) if f is shares else (X, D)
    check_grad(f, args, wrt=(0, 1))
    if f is shares:
        return
    plain = srcdiff.value_and_grad(f, wrt=(0, 1))(X, D)
    jitted = srcdiff.value_and_grad(f, wrt=(0, 1), jit=True)(X, D)
    assert jitted[0] == pytest.approx(plain[0], rel=1e-12)
    for own, other in zip(plain[1], jitted[1], strict=True):
        np.testing.assert_allclose(other, own, rtol=1e-10, atol=1e-12)
    v, w = RNG.normal(size=7), RNG.normal(size=7)
    tangent = srcdiff.jvp(f, (X, D), (v, w))[1]
    assert tangent == pytest.approx(float(np.dot(plain[1][0], v) + np.dot(plain[1][1], w)), rel=1e-9)


def test_a_quotient_is_divided_once() -> None:
    text = text_of(shares, 2.0, 3.0)
    assert "y_bar = y_bar / d" in text
    assert "d_bar = -y * y_bar" in text
    assert "d * d" not in text


@pytest.mark.parametrize("jit", [False, True])
def test_what_others_read_is_kept_anyway(jit: bool) -> None:
    text = text_of(read_by_others, X, D, jit=jit)
    assert "d_bar[i] = -2.0 * y * d[i] * y_bar" in text


@pytest.mark.parametrize("jit", [False, True])
def test_nothing_is_kept_for_a_quotient_alone(jit: bool) -> None:
    assert not tapes(text_of(read_by_nobody, X, D, jit=jit))
    assert not tapes(text_of(only_added, X, D, jit=jit))


def test_a_result_that_is_not_returned_is_not_computed() -> None:
    def quotient(a, d):
        return a / (d * d)

    text = srcdiff.source(srcdiff.grad(quotient, wrt=(0, 1)), 2.0, 3.0)
    assert "result =" not in text


def test_a_literal_is_no_divisor_of_its_own() -> None:
    assert "x_bar" in text_of(by_literal, X)
    check_grad(by_literal, (X,))


@pytest.mark.parametrize("jit", [False, True])
def test_what_has_been_written_is_read_in_its_place(jit: bool) -> None:
    text = text_of(solved, X, D, jit=jit)
    assert "d_bar[i] = -(u[i - 1] + u_1) * u_bar_1" in text
    assert "d_bar[0] = -u[0] * u_bar_1" in text
    assert not tapes(text)


@pytest.mark.parametrize("jit", [False, True])
def test_an_update_keeps_no_old_element(jit: bool) -> None:
    assert not tapes(text_of(divided_in_place, X, D, jit=jit))


def test_what_is_taken_back_is_read_before() -> None:
    lines = text_of(overwritten, X, D, jit=True).splitlines()
    held = next(k for k, line in enumerate(lines) if line.strip().startswith("u_1 = u[i]"))
    assert "u[i] = u_tape" in "".join(lines[held + 1 : held + 4])


def test_array_statements_for_numba_keep_no_numerators() -> None:
    text = text_of(columns, X, D, jit=True)
    assert "pivot_bar = -v[i, k] * v_bar_2" in text
    assert tapes(text) == {"pivot_tape"}


def test_single_precision_is_not_read_back() -> None:
    assert "u_1" not in text_of(into_single, X, D)


# --------------------------------------------------------------------------------- what is broadcast into a place


def rows_by_a_number(A, B):
    for _ in range(3):
        A[:] = A[[1, 1, 0]] / (2.0 + A[-1, 1] ** 2)
    return np.sum(A * B)


def test_the_adjoint_of_a_place_is_kept_until_it_is_read() -> None:
    """`unbroadcast` may give back the part of `A_bar` that it gets, which is set to zero before it is read."""
    A, B = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 3))
    check_grad(rows_by_a_number, (A, B))
    check_text(rows_by_a_number, A, B)
