"""Outer products that are added up, in plain text: one product of matrices for a loop, or for a sum of a few."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from test_compiled_outer import (
    changed,
    counted,
    gated,
    on_one_side,
    rows_changed,
    single,
    state,
    twice,
    under_a_condition,
    unnamed,
)

import srcdiff
from srcdiff.testing import check_grad

RNG = np.random.default_rng(3)
W, V, X, H = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 4)), RNG.normal(size=(5, 4)), RNG.normal(size=3)
FIVE = RNG.normal(size=(5, 3))


def text_of(f: Callable[..., Any], *args: Any) -> str:
    return srcdiff.source(srcdiff.grad(f, wrt=f.__code__.co_varnames[0]), *args)


@pytest.mark.parametrize(
    ("f", "args", "line"),
    [
        (state, (W, V, X), "W_bar = h_1_bar_rows.T @ h_rows"),
        (counted, (W, FIVE, 4), "np.empty((max(n - 2, 0), W.shape[0]))"),
        (unnamed, (W, H, 3), "_rows[t] = h"),
        (rows_changed, (W, FIVE), "x_rows[t] = x[t]"),
        (twice, (W, H), "A_bar = np.stack((y_1, y_1_bar), axis=1) @ np.stack((y_bar, x))"),
    ],
)
def test_one_product(f: Callable[..., Any], args: tuple[Any, ...], line: str) -> None:
    text = text_of(f, *args)
    assert line in text
    assert "np.outer" not in text
    check_grad(f, args, wrt=0)


@pytest.mark.parametrize("n", [-3, 0, 2, 3])
def test_a_loop_of_few_trips(n: int) -> None:
    for f, args in ((counted, (W, FIVE, n)), (unnamed, (W, H, n))):
        gradient = srcdiff.grad(f)(*args)
        assert gradient.shape == W.shape
        assert (n > 2) <= bool(np.any(gradient))
        check_grad(f, args, wrt=0)


def test_a_vector_is_kept_once() -> None:
    text = srcdiff.source(srcdiff.grad(gated, wrt=("W", "V")), W, V[:, :3], H)
    assert text.count("h_rows[t] = h\n") == 1
    assert text.count(".T @ h_rows") == 2


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (on_one_side, (W, X)),
        (under_a_condition, (W, H)),
        (changed, (W, X)),  # the sum is read inside of the loop
    ],
)
def test_added_where_they_are_made(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    text = text_of(f, *args)
    assert "_bar += np.outer(" in text
    assert "_rows" not in text
    check_grad(f, args, wrt=0)


def test_float32_is_added_as_it_was() -> None:
    assert "_rows" not in text_of(single, W.astype(np.float32), X.astype(np.float32))


def scaled_between(A, x):
    """The first sum is read before the second one is added: it is an adjoint of something else by then."""
    y = A @ x
    B = A * y[0]
    return np.sum(np.tanh(B @ x)) + np.sum(y * y)


def three(A, x):
    y = A @ (A @ (A @ x))
    return np.sum(np.sin(y))


def seeded(A, x):
    return A.T @ (A @ x)


def test_of_more_terms_and_with_other_sums() -> None:
    assert "np.stack((y_bar, y_1_bar, y_1_bar_1), axis=1) @ np.stack((y_1_1, y_1, x))" in text_of(three, W, H)
    check_grad(three, (W, H), wrt=(0, 1))
    check_grad(scaled_between, (W, H), wrt=(0, 1))


def test_a_seed_stays_what_it_was() -> None:
    value, pullback = srcdiff.vjp(seeded, W, H)
    seed = np.ones(3)
    A_bar, x_bar = pullback(seed)
    np.testing.assert_array_equal(seed, 1.0)
    again = pullback(seed)
    np.testing.assert_array_equal(A_bar, again[0])
    assert not np.shares_memory(x_bar, seed)
    y = W @ H
    np.testing.assert_allclose(A_bar, np.outer(y, seed) + np.outer(W @ seed, H), rtol=1e-12)
    np.testing.assert_allclose(value, W.T @ y, rtol=1e-12)


@pytest.mark.parametrize(("f", "args"), [(twice, (W, H)), (three, (W, H)), (unnamed, (W, H, 3))])
def test_second_order(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    gradient = srcdiff.grad(f)
    v = RNG.normal(size=(3, 3))
    e = 1e-6
    wanted = (gradient(args[0] + e * v, *args[1:]) - gradient(args[0] - e * v, *args[1:])) / (2 * e)
    np.testing.assert_allclose(srcdiff.hvp(f)(*args, v), wanted, rtol=1e-5, atol=1e-6)
    check_grad(lambda A, x: np.sum(v * srcdiff.grad(f)(A, x, *args[2:])), args[:2], wrt=0)
