"""Sums over neighbours in the place of additions to neighbours: where they are written, and where they must not be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from parallel_text import PARALLEL, in_orders

import srcdiff

pytest.importorskip("numba")
pytestmark = pytest.mark.jit


def agree(found: Any, wanted: Any, atol: float = 1e-13) -> None:
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-13)
    for one, other in zip(found[1], wanted[1], strict=True):
        assert np.shape(one) == np.shape(other)
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=atol)


def texts_agree(f: Callable[..., Any], wrt: tuple[str, ...], *args: Any, compiled: bool = False) -> str:
    """The text for Numba, as Python and (if asked) compiled, held against the plain derivative."""
    wanted = srcdiff.value_and_grad(f, wrt=wrt)(*args)
    jitted = srcdiff.value_and_grad(f, wrt=wrt, jit=True)
    text, space = srcdiff.source(jitted, *args), {}
    exec(text, space)
    value, *gradients = space[text.partition("def ")[2].partition("(")[0]](*args)
    agree((value, gradients), wanted)
    if compiled:
        agree(jitted(*args), wanted)
    return text


def in_a_row(x, a, steps):
    x = x.copy()
    for _ in range(steps):
        bend = x[2:] - a * x[1:-1] + x[:-2]
        x[1:-1] += 0.1 * bend * bend
    return np.sum(x * x)


def around(u, alpha, steps):
    u = u.copy()
    for _ in range(steps):
        laplacian = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]
        u[1:-1, 1:-1] += alpha * laplacian
    return np.sum(u * u)


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (1, 5), (2, 2), (2, 4), (3, 3), (4, 1), (5, 6)])
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_stencil_in_a_plane(shape, steps):
    u = np.random.default_rng(1).normal(size=shape)
    text = texts_agree(around, ("u",), u, 0.2, steps)
    if min(shape) > 3:
        assert "u_bar[i, j] += (" in text
        ahead, _, _ = text.partition("# reverse sweep")[2].partition("for ")
        assert "laplacian_bar_padded = zeroed_workspace((u_bar.shape[0] + 2, u_bar.shape[1] + 2))" in ahead


def test_compiled():
    rng = np.random.default_rng(2)
    texts_agree(around, ("u", "alpha"), rng.normal(size=(7, 9)), 0.2, 3, compiled=True)


def test_differences_take_away():
    def f(x, steps):
        x = x.copy()
        for _ in range(steps):
            d = x[4:] - x[3:-1] + x[2:-2] - x[1:-3] - x[:-4]
            x[2:-2] += 0.1 * d
        return np.sum(x * x)

    for n in [0, 1, 3, 4, 5, 6, 12]:
        text = texts_agree(f, ("x",), np.random.default_rng(3).normal(size=n), 3)
    assert "- d_bar_padded[i + 4]" in text


def test_all_are_taken_away():
    def f(x, b, steps):
        x = x.copy()
        for _ in range(steps):
            b = b * 0.5 - x[2:] - x[1:-1] - x[:-2]
            x[1:-1] += 0.1 * b
        return np.sum(x * x)

    rng = np.random.default_rng(4)
    texts_agree(f, ("x", "b"), rng.normal(size=8), rng.normal(size=6), 3, compiled=True)


def test_other_coefficients_stay_additions():
    for n in [2, 3, 4, 9]:
        text = texts_agree(in_a_row, ("x",), np.random.default_rng(5).normal(size=n), 1.5, 3)
    assert "padded" not in text  # two equal neighbours only


def test_a_part_of_the_array_stays_additions():
    """Behind margins of the interior's own there would be elements that nothing is added to."""

    def f(x, m, steps):
        x = x.copy()
        for _ in range(steps):
            d = x[: m - 2] + x[1 : m - 1] + x[2:m]
            x[1 : m - 1] = 0.3 * d
        return np.sum(x * x)

    x = np.random.default_rng(6).normal(size=12)
    for m in [3, 7, 12]:
        assert "padded" not in texts_agree(f, ("x",), x, m, 3)


def test_steps_and_reversed_parts():
    def f(x, steps):
        x = x.copy()
        for _ in range(steps):
            d = x[4::2] + x[2:-2:2] + x[:-4:2]
            e = x[::-1][2:] + x[::-1][1:-1] + x[::-1][:-2]
            x[2:-2:2] += 0.1 * d
            x[1:-1] += 0.1 * e
        return np.sum(x * x)

    for n in [5, 9, 11]:
        texts_agree(f, ("x",), np.random.default_rng(7).normal(size=n), 3)


def test_the_value_reads_what_it_is_added_to():
    """The adjoint of a smoothing in place: what is added depends on what has been added."""

    def f(x, steps):
        x = x.copy()
        for _ in range(steps):
            x[1:-1] = (x[2:] + x[1:-1] + x[:-2]) / 3.0
        return np.sum(x * x)

    for n in [2, 3, 4, 9]:
        texts_agree(f, ("x",), np.random.default_rng(8).normal(size=n), 3)


def test_two_names_of_one_array():
    def f(x, steps):
        x = x.copy()
        y = x
        for _ in range(steps):
            d = x[2:] + y[1:-1] + x[:-2]
            y[1:-1] += 0.1 * d * d
        return np.sum(x * y)

    for n in [2, 3, 9]:
        texts_agree(f, ("x",), 0.3 * np.random.default_rng(9).normal(size=n), 3)


def test_infinities_stay_where_they_belong():
    """A margin is zero, and is not multiplied by anything."""

    def f(x, c, steps):
        x = x.copy()
        y = x * 1.0
        for _ in range(steps):
            y[1:-1] += c * (x[2:] + x[1:-1] + x[:-2])
        return np.sum(y)

    args = np.ones(6), np.inf, 2
    wanted = srcdiff.grad(f, wrt="x")(*args)
    text, space = srcdiff.source(srcdiff.grad(f, wrt="x", jit=True), *args), {}
    exec(text, space)
    np.testing.assert_array_equal(space["f_grad"](*args), wanted)


def test_single_precision_and_complex_numbers_stay_additions():
    x = np.random.default_rng(10).normal(size=(5, 6)).astype(np.float32)
    text = srcdiff.source(srcdiff.grad(around, wrt="u", jit=True), x, 0.2, 3)
    assert "padded" not in text


def test_outside_of_loops_nothing_is_gathered():
    def f(u):
        return np.sum((u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]) ** 2)

    assert "padded" not in texts_agree(f, ("u",), np.random.default_rng(11).normal(size=(5, 6)))


def test_loops_that_run_in_parallel_gather_too(any_length):
    u = np.random.default_rng(12).normal(size=(5, 6))
    derivative = srcdiff.value_and_grad(around, wrt="u", jit=PARALLEL)
    assert srcdiff.source(derivative, u, 0.2, 3).partition("_padded")[2].count("in prange(32)") >= 1
    value, gradient = in_orders(derivative, (u, 0.2, 3))
    wanted = srcdiff.value_and_grad(around, wrt="u")(u, 0.2, 3)
    agree((value, [gradient]), (wanted[0], [wanted[1]]))


def test_under_a_condition_and_in_inner_loops():
    def f(u, steps):
        u = u.copy()
        for k in range(steps):
            if k % 2 == 0:
                for _ in range(k + 1):
                    u[1:-1, 1:-1] = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
            else:
                u = u * 1.5
        return np.sum(u * u)

    texts_agree(f, ("u",), np.random.default_rng(13).normal(size=(5, 6)), 4, compiled=True)
