"""Slices whose bounds are lengths: taken to be inside of their axes in text for Numba, which is checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from compiled_text import check_text

import srcdiff
from srcdiff.testing import check_grad

RNG = np.random.default_rng(23)
G, C, M = RNG.normal(size=12), RNG.normal(size=3), RNG.normal(size=(5, 12))


def gated(g, c):
    n = len(c)
    keep = 1.0 / (1.0 + np.exp(-g[:n]))
    take = 1.0 / (1.0 + np.exp(-g[n : 2 * n]))
    new = np.tanh(g[2 * n : 3 * n])
    show = np.tanh(g[3 * n :])
    c = keep * c + take * new
    return np.sum(show * np.tanh(c))


def cell(m, c):
    """The same as a recurrence: the state keeps its length."""
    n = len(c)
    s = 0.0
    for t in range(len(m)):
        c = np.sin(m[t, :n]) * c + m[t, n : 2 * n] * np.tanh(m[t, 3 * n :])
        s += np.sum(c * c)
    return s


def written(g, c):
    n = len(c)
    y = np.zeros(len(g))
    y[:n] = g[n : 2 * n] * c
    y[n : 2 * n] += g[:n] * c
    return np.sum(y**3)


def one_part(g, c):
    return np.sum(np.sin(g[: len(c)]) * c)


@pytest.mark.parametrize(("f", "args"), [(gated, (G, C)), (cell, (M, C)), (written, (G, C))])
def test_loops_instead_of_slices(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    text = check_text(f, *args)
    body = text.partition('"""')[2].partition('"""')[2]
    assert "long_enough(" in body
    code = "\n".join(line.partition("#")[0] for line in body.splitlines())
    assert ":" not in "".join(re.findall(r"\[[^\]]*\]", code))  # no slice is left
    assert "unbroadcast" not in code
    check_grad(f, args, wrt=(0, 1))


@pytest.mark.parametrize(("f", "args"), [(gated, (G, C)), (cell, (M, C)), (written, (G, C)), (one_part, (G, C))])
def test_compiled(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    plain, jitted = (srcdiff.value_and_grad(f, wrt=(0, 1), jit=jit)(*args) for jit in (False, True))
    for one, other in zip((plain[0], *plain[1]), (jitted[0], *jitted[1]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_an_array_that_is_too_short() -> None:
    """`g[:5]` of three elements has three, and broadcasting wants as many, or one."""
    df, plain = (srcdiff.grad(one_part, wrt=(0, 1), jit=jit) for jit in (True, False))
    df(G, C)
    long = RNG.normal(size=5)
    for g in (G[:1], G[:5]):
        for one, other in zip(df(g, long), plain(g, long), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)
    with pytest.raises(ValueError, match="broadcast"):
        plain(G[:3], long)
    with pytest.raises(ValueError, match=r"broadcast|size mismatch"):
        df(G[:3], long)


def shortened(g, c):
    """Lengths of slices are results, too."""
    part = g[: len(c)]
    return len(part) * np.sum(part * part) + np.sum(np.zeros_like(part) + 1.0)


def test_lengths_that_the_result_depends_on() -> None:
    df = srcdiff.value_and_grad(shortened, jit=True)
    for g, c in ((G, C), (G[:2], C), (G[:0], C), (G[:3], C)):
        value, bar = df(g, c)
        assert np.isclose(value, shortened(g, c))
        np.testing.assert_allclose(bar, 2.0 * min(len(g), 3) * np.where(np.arange(len(g)) < 3, g, 0.0))


def in_a_branch(g, c, test):
    s = np.sum(c * c)
    if test:
        s += np.sum(g[: len(c)] ** 3)
    return s


def test_a_slice_that_is_not_taken() -> None:
    df = srcdiff.grad(in_a_branch, wrt=(0, 1), jit=True)
    for g, test in ((G, True), (G[:2], False), (G[:2], True), (G, False)):
        g_bar, c_bar = df(g, C, test)
        np.testing.assert_allclose(g_bar, 3.0 * g**2 * (np.arange(len(g)) < 3) * test)
        np.testing.assert_allclose(c_bar, 2.0 * C)


def read_again(w, v, b, x):
    """The adjoint that is added to another one is read after that, too."""
    s = 0.0
    n = len(v)
    for t in range(len(x)):
        y = w @ x[t] + b
        s += np.sum(np.sin(y[:n]) * v) + np.sum(np.cos(y[n:]) * v)
        w = w * 0.9
    return s


def test_an_adjoint_of_a_copy_that_others_read() -> None:
    args = RNG.normal(size=(6, 2)), RNG.normal(size=3), RNG.normal(size=6), RNG.normal(size=(4, 2))
    check_grad(read_again, args, wrt=(0, 1, 2, 3))
    check_text(read_again, *args)


def test_one_check_says_it_for_all() -> None:
    """What is told by arguments is checked once, ahead of all loops; a check that says less goes."""
    text = srcdiff.source(srcdiff.value_and_grad(cell, wrt=(0, 1), jit=True), M, C)
    assert [line for line in text.splitlines() if "long_enough(" in line] == ["    long_enough(m.shape[1], 3 * n)"]


def checked_in_turn(g, c):
    """The second check comes too late for the first nest."""
    n = len(c)
    s = np.sum(np.sin(g[:n]) * c)
    if s > 0.0:
        s += np.sum(np.cos(g[n : 2 * n]) * c)
    return s


def test_a_check_that_comes_too_late() -> None:
    df = srcdiff.value_and_grad(checked_in_turn, wrt=(0, 1), jit=True)
    for sign in (1.0, -1.0):
        value, _ = df(sign * np.ones(6), np.ones(3))
        assert np.isclose(value, checked_in_turn(sign * np.ones(6), np.ones(3)))
    value, (g_bar, _) = df(-np.ones(3), np.ones(3))
    assert np.isclose(value, checked_in_turn(-np.ones(3), np.ones(3)))
    np.testing.assert_allclose(g_bar, np.cos(-np.ones(3)))


def kept_elsewhere(b, h, x):
    """What is copied into a part of `k` is needed after that part has been written again."""
    n = len(h)
    k = np.zeros(3 * n)
    for _e in range(2):
        for _t in range(len(x) - 1):
            h = h * h + np.sin(h)
            k[:n] = h
            x = x * 0.9
            h = h / (1.0 + np.exp(-b[n : n + len(h)])) + np.tanh(b[-n:])
    return np.sum(h * h) + np.sum(k * k)


def test_a_copy_that_is_written_again() -> None:
    check_text(kept_elsewhere, 0.3 * G, 0.3 * C, M[:3], wrt=(0, 1))
    check_grad(kept_elsewhere, (0.3 * G, 0.3 * C, M[:3]), wrt=(0, 1))
