"""Tapes that nobody reads back are gone from the text for Numba; nests know what is checked ahead of all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff

pytest.importorskip("numba")
pytestmark = pytest.mark.jit


def texts_agree(f: Callable[..., Any], wrt: str | tuple[str, ...], *args: Any) -> str:
    """The text for Numba, run as plain Python and held against the plain derivative."""
    jitted = srcdiff.value_and_grad(f, wrt=wrt, jit=True)
    text, space = srcdiff.source(jitted, *args), {}
    exec(text, space)
    found = space[text.partition("def ")[2].partition("(")[0]](*args)
    wanted = srcdiff.value_and_grad(f, wrt=wrt)(*args)
    gradients = wanted[1] if isinstance(wanted[1], tuple) else wanted[1:]
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-13)
    for one, other in zip(found[1:], gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)
    return text


def relaxed(p, b, sweeps):
    p = p.copy()
    for _ in range(sweeps):
        around = p[2:] + p[:-2]
        p[1:-1] = 0.5 * (around - b * b)
    return np.sum(p * p)


@pytest.mark.parametrize("n", [2, 3, 4, 9])
@pytest.mark.parametrize("sweeps", [0, 1, 4])
def test_an_array_of_which_only_the_lengths_are_needed_is_not_kept(n, sweeps):
    rng = np.random.default_rng(n)
    text = texts_agree(relaxed, ("p", "b"), rng.normal(size=n), rng.normal(size=n - 2), sweeps)
    assert "around_tape" not in text


def test_compiled_it_gives_the_same():
    rng = np.random.default_rng(0)
    args = rng.normal(size=9), rng.normal(size=7), 4
    wanted = srcdiff.value_and_grad(relaxed, wrt=("p", "b"))(*args)
    value, gradients = srcdiff.value_and_grad(relaxed, wrt=("p", "b"), jit=True)(*args)
    np.testing.assert_allclose(value, wanted[0], rtol=1e-13)
    for one, other in zip(gradients, wanted[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_lengths_that_differ_are_still_refused_or_broadcast():
    args = np.linspace(1.0, 2.0, 9), np.array([0.5]), 3
    wanted = srcdiff.value_and_grad(relaxed, wrt=("p", "b"))(*args)
    value, gradients = srcdiff.value_and_grad(relaxed, wrt=("p", "b"), jit=True)(*args)
    np.testing.assert_allclose(value, wanted[0], rtol=1e-13)
    for one, other in zip(gradients, wanted[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_an_array_that_is_read_back_is_kept():
    def f(p, b, sweeps):
        p = p.copy()
        for _ in range(sweeps):
            around = p[2:] + p[:-2]
            p[1:-1] = 0.5 * (around * around - b)
        return np.sum(p * p)

    rng = np.random.default_rng(1)
    text = texts_agree(f, ("p", "b"), 0.3 * rng.normal(size=8), 0.3 * rng.normal(size=6), 3)
    assert "around = around_tape[" in text


def test_every_row_is_memory_of_its_own():
    """What has been put away on one trip is not overwritten on the next one."""

    def f(p, b, sweeps):
        kept = []
        for k in range(sweeps):
            around = (k + 1) * p[2:] + p[:-2]
            kept.append(around)
            p = p * np.sum(around - b)
        return np.sum(kept[0] * kept[-1]) + np.sum(p)

    rng = np.random.default_rng(2)
    texts_agree(f, ("p", "b"), rng.normal(size=6), rng.normal(size=4), 3)


def coupled(p, u, steps):
    u = u.copy()
    for _ in range(steps):
        px = p[2:] - p[:-2]
        ux = u[2:] - u[:-2]
        rate = px + 2.0 * ux
        u[1:-1] += 0.1 * rate
    return np.sum(u)


@pytest.mark.parametrize("n", [2, 3, 8])
def test_nests_over_lengths_that_are_checked_ahead_of_them_are_one(n):
    rng = np.random.default_rng(3)
    text = texts_agree(coupled, ("p", "u"), rng.normal(size=n), rng.normal(size=n), 3)
    ahead, _, loop = text.partition("for t in range")
    assert "same_length" in ahead
    assert "px = p[i + 2] - p[i]" in loop  # in one nest with `rate`: numbers
    assert "ux = u[i + 2] - u[i]" in loop
    assert text.count("same_length(") == 1  # nor is anything checked twice


def test_checks_under_a_condition_say_nothing_outside():
    def f(a, b, c, steps):
        total = 0.0
        for k in range(steps):
            if k == 1:
                total += np.sum(a * b)
            x = 2.0 * a
            y = 3.0 * b
            total += np.sum(x * x) + np.sum(y * y * c)
        return total

    rng = np.random.default_rng(4)
    long, short = rng.normal(size=5), rng.normal(size=3)
    for args in [(long, short, short, 1), (long, long, long, 3)]:
        texts_agree(f, ("a", "b"), *args)
        wanted = srcdiff.value_and_grad(f, wrt=("a", "b"))(*args)
        value, gradients = srcdiff.value_and_grad(f, wrt=("a", "b"), jit=True)(*args)
        np.testing.assert_allclose(value, wanted[0], rtol=1e-13)
        for one, other in zip(gradients, wanted[1], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)
