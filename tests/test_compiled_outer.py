"""Outer products that are added up, in the text for Numba: a product of matrices behind the loop, or loops in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from tests.test_compiled_text import texts

RNG = np.random.default_rng(7)
W, V, X = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 4)), RNG.normal(size=(5, 4))


def state(W, V, x):
    h = np.zeros(len(W))
    total = 0.0
    for t in range(len(x)):
        h = np.tanh(W @ h + V @ x[t])
        total += np.sum(h * h)
    return total


def gated(W, V, h):
    for _ in range(3):
        h = h + (W @ h) * (V @ h)
    return np.sum(h)


def counted(W, x, n):
    """The number of trips may be negative, and the loop does not begin at zero."""
    h = x[0]
    for t in range(2, n):
        h = np.tanh(W @ h - x[t])
    return np.sum(h)


def unnamed(W, h, n):
    for _ in range(n):
        h = np.tanh(h @ W)
    return np.sum(h)


def on_one_side(W, x):
    h = np.ones(len(W))
    for t in range(len(x)):
        if x[t, 0] > 0.0:
            h = np.tanh(W @ h)
        h = h * x[t, 1]
    return np.sum(h)


def under_a_condition(W, h):
    for _ in range(10):
        h = np.tanh(h)
        if np.sum(h * h) < 0.01:
            h = W @ h
    return np.sum(h)


def changed(W, x):
    """The matrix is another one on every trip: its adjoint is read inside of the loop."""
    h = np.ones(len(W))
    for t in range(len(x)):
        h = np.tanh(W @ h)
        W = W * x[t, 0]
    return np.sum(h)


def rows_changed(W, x):
    """The rows that the adjoint reads are not those that the matrix has in the end."""
    x = x.copy()
    total = 0.0
    for t in range(len(x)):
        total += np.sum(np.tanh(W @ x[t]))
        x[t] = x[t] * 0.5
    return total + np.sum(x)


def in_turn(W, n):
    """Both vectors come off tapes, and one goes by its own name again."""
    a, v = np.full(len(W), 0.3), np.ones(W.shape[1])
    for _ in range(n):
        u = a / (W @ v)
        v = 1.0 / (W.T @ u)
    return np.sum(u[:, None] * W * v * W)


def single(W, x):
    h = np.ones(len(W), np.float32)
    for t in range(len(x)):
        h = np.tanh(W @ h + x[t, 0])
    return np.sum(h)


def twice(A, x):
    y = A.T @ (A @ x)
    return np.sum(y * y)


def test_one_product_behind_the_loop() -> None:
    text = texts(state, ("W", "V", "x"), W, V, X)
    behind = text.partition("# reverse sweep")[2].rpartition("\n        ")[2]
    assert "W_bar = h_1_bar_rows.T @ h_rows" in behind
    assert "V_bar = V_x_bar.T @ x" in behind  # (a product for all trips: see `derive/products_of_trips`)
    assert "np.outer" not in text
    texts(state, ("W", "V", "x"), W, V, X[:0])


def test_a_vector_is_kept_once() -> None:
    text = texts(gated, ("W", "V"), W, V[:, :3], X[0, :3])
    assert text.count("h_rows = ") == 1
    assert text.count("h_rows[t, i] = h[i]") == 1
    assert text.count(".T @ h_rows") == 2


@pytest.mark.parametrize("n", [-3, 0, 2, 3, 5])
def test_the_number_of_trips(n: int) -> None:
    text = texts(counted, ("W", "x"), W, RNG.normal(size=(5, 3)), n)
    assert "workspace((max(n - 2, 0), W.shape[0]))" in text
    text = texts(unnamed, ("W", "h"), W, X[0, :3], n)
    assert "_rows[t, i]" in text


@pytest.mark.parametrize(
    ("f", "args"), [(on_one_side, (W, X)), (under_a_condition, (W, X[0, :3])), (twice, (W, X[0, :3]))]
)
def test_loops_in_place_elsewhere(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    text = texts(f, ("W",) if "W" in f.__code__.co_varnames else ("A",), *args)
    assert "_rows" not in text
    assert "_bar[i, j] += " in text or "A_bar[i, j] = y_1_i * y_bar[j] + y_1_bar_i * x[j]" in text


@pytest.mark.parametrize(("f", "args"), [(changed, (W, X)), (single, (W.astype(np.float32), X.astype(np.float32)))])
def test_not_behind_a_loop_that_reads_the_sum(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    text = srcdiff.source(srcdiff.value_and_grad(f, jit=True), *args)
    assert "_rows" not in text
    if f is changed:
        texts(f, ("W", "x"), *args)


def test_rows_that_change_are_copied() -> None:
    text = texts(rows_changed, ("W", "x"), W, RNG.normal(size=(5, 3)))
    assert ".T @ x\n" not in text


def test_a_transposed_outer_product_is_one() -> None:
    plain, compiled = (
        srcdiff.source(srcdiff.value_and_grad(twice, wrt="A", jit=jit), W, X[0, :3]) for jit in (False, True)
    )
    assert "A_bar = np.stack((y_1, y_1_bar), axis=1) @ np.stack((y_bar, x))" in plain
    assert "A_bar[i, j] = y_1_i * y_bar[j] + y_1_bar_i * x[j]" in compiled


@pytest.mark.jit
@pytest.mark.parametrize(
    ("f", "args"),
    [
        (state, (W, V, X)),
        (state, (W, V, X[:0])),
        (state, (W, V, np.asfortranarray(RNG.normal(size=(8, 7)))[::2, ::2])),
        (unnamed, (W, X[0, :3], 3)),
        (unnamed, (W, X[0, :3], -1)),
        (on_one_side, (W, X)),
        (under_a_condition, (W, X[0, :3])),
        (changed, (W, X)),
        (rows_changed, (W, RNG.normal(size=(5, 3)))),
        (twice, (W, X[0, :3])),
    ],
)
def test_compiled(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    value, gradient = srcdiff.value_and_grad(f, jit=True)(*args)
    wanted = srcdiff.value_and_grad(f)(*args)
    assert value == pytest.approx(wanted[0], rel=1e-12)
    np.testing.assert_allclose(gradient, wanted[1], rtol=1e-10, atol=1e-12)


@pytest.mark.jit
def test_rows_that_come_off_a_tape_in_a_second_derivative() -> None:
    """In the text of the gradient one variable holds arrays that a nest fills and arrays that it takes off a list."""
    W, W_dot = np.abs(V), RNG.normal(size=V.shape)
    gradient, product = srcdiff.grad_and_hvp(in_turn, jit=True)(W, 3, W_dot)
    wanted = srcdiff.grad_and_hvp(in_turn)(W, 3, W_dot)
    np.testing.assert_allclose(gradient, wanted[0], rtol=1e-10)
    np.testing.assert_allclose(product, wanted[1], rtol=1e-9, atol=1e-12)
    df, h = srcdiff.grad(in_turn), 1e-5
    central = (df(W + h * W_dot, 3) - df(W - h * W_dot, 3)) / (2.0 * h)
    np.testing.assert_allclose(product, central, rtol=1e-6, atol=1e-8)
