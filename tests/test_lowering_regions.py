"""What a write in a loop overwrites is kept in an array, in the text for Numba, if its lengths are told ahead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad

pytest.importorskip("numba")
pytestmark = pytest.mark.jit


def texts_agree(f: Callable[..., Any], *args: Any, compiled: bool = False) -> str:
    """The text for Numba, as Python and (if asked) compiled, held against plain Python's."""
    wanted = srcdiff.grad(f)(*args)
    jitted = srcdiff.grad(f, jit=True)
    text, space = srcdiff.source(jitted, *args), {}
    exec(text, space)
    found = space[text.partition("def ")[2].partition("(")[0]](*args)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)
    if compiled:
        np.testing.assert_allclose(jitted(*args), wanted, rtol=1e-12, atol=1e-14)
    return text


def x(n: int = 8) -> np.ndarray:
    return np.random.default_rng(n).normal(size=n)


def squared(x, steps):
    x = x.copy()
    for _ in range(steps):
        x[1:-1] = x[1:-1] * x[1:-1] - 0.1 * x[2:]
    return np.sum(x)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 9])
@pytest.mark.parametrize("steps", [-1, 0, 3])
def test_the_inside(n, steps):
    text = texts_agree(squared, x(n), steps)
    assert ".append(" not in text
    assert ".pop()" not in text


def test_compiled():
    texts_agree(squared, x(), 3, compiled=True)


def test_the_whole_array_and_a_row():
    def f(x, steps):
        y = np.zeros((3, len(x)))
        for k in range(steps):
            y[k % 3] = np.sin(x) * y[(k + 1) % 3] + x
            x = x * 1.5
            y[...] = y * y
        return np.sum(y)

    texts_agree(f, 0.3 * x(), 4, compiled=True)


def test_strides_and_reversed_parts():
    def f(x, steps):
        x = x.copy()
        for _ in range(steps):
            x[::2] = x[::2] * x[::2]
            x[::-1] = x * x[::-1]
            x[-2:0:-2] *= x[-2:0:-2]
        return np.sum(x)

    for n in [1, 2, 3, 8, 9]:
        texts_agree(f, 0.5 * x(n), 2, compiled=n == 8)


def test_overlapping_views():
    def f(x, steps):
        x = x.copy()
        y = x[1:]
        for _ in range(steps):
            y[1:] = x[1:-1] * y[1:]
            x[:2] = x[:2] * y[:2]
        return np.sum(x)

    texts_agree(f, x(), 3, compiled=True)


def test_a_part_that_differs_from_trip_to_trip():
    def f(x):
        x = x.copy()
        for k in range(len(x)):
            x[k:] = x[k:] * x[k:] * 0.5
        return np.sum(x)

    texts_agree(f, x(), compiled=True)


def test_under_a_condition_and_in_nested_loops():
    def f(x, steps):
        x = x.copy()
        for k in range(steps):
            if x[0] < 10.0:
                for _ in range(k):
                    x[1:] = x[1:] * x[:-1] + 0.1
            else:
                x[:] = x * x
        return np.sum(x)

    texts_agree(f, x(), 4, compiled=True)


def test_chosen_elements():
    def f(x, places, steps):
        x = x.copy()
        for _ in range(steps):
            x[places] = x[places] * x[places]
        return np.sum(x)

    texts_agree(f, x(), np.array([0, 3, 5]), 3, compiled=True)


def folded(y):
    """The adjoint of `y[::-1]` is added to what is read on the way."""
    p = y[1]
    y = 0.5 * (y + y[::-1])
    y = y * p
    return np.sum(y * y * y)


def folded_rows(y):
    y = y + 2.0 * y[::-1]
    y = y + y.T
    return np.sum(y * y * y)


def added_to_itself(y):
    y = y.copy()
    y[::-1] += y
    y[1:] += y[:-1]
    return np.sum(y * y * y)


@pytest.mark.parametrize(("f", "shape"), [(folded, 5), (folded_rows, (4, 4)), (added_to_itself, 5)])
def test_an_array_is_added_to_another_view_of_itself(f: Any, shape: Any) -> None:
    y = np.random.default_rng(2).normal(size=shape)
    expected = srcdiff.value_and_grad(f)(y)
    found = srcdiff.value_and_grad(f, jit=True)(y)
    assert found[0] == pytest.approx(expected[0], rel=1e-12)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-12)
    check_grad(f, (y,))


def sums_of_an_array_and_its_parts(A):
    A += A.transpose(0, 2, 1)
    A += A[0]
    A[1] = A[1].T @ A[0]
    return np.sum(A**2)


def sums_in_turns(A):
    A[0] += A[0].T
    A[1] = A[1].T @ A[0]
    A += A.transpose(0, 2, 1)
    A += A[0]
    return np.sum(A**2)


@pytest.mark.parametrize("f", [sums_of_an_array_and_its_parts, sums_in_turns])
def test_a_sum_that_reads_its_own_array_keeps_its_place(f: Any) -> None:
    """`A_bar += A_bar.T` is no sum that may come before or behind other sums into `A_bar`."""
    A = np.random.default_rng(5).normal(size=(2, 3, 3))
    texts_agree(f, A, compiled=True)
    check_grad(f, (A,), jit=True)


def cosines_of_the_axes_turned(C):
    C[:] = np.cos(C.transpose(0, 2, 1))
    C[0, :, 0] = C[-1, :, 2]
    return np.sum(C * C)


def chosen_of_the_axes_turned(C):
    C += np.where(C > 0.1, C.transpose(0, 2, 1), C)
    return np.sum(np.sin(C))


def products_with_the_axes_swapped(C):
    C[::-1] *= 0.5 + np.swapaxes(C, 0, 2)
    return np.sum(C**3)


@pytest.mark.parametrize("f", [cosines_of_the_axes_turned, chosen_of_the_axes_turned, products_with_the_axes_swapped])
def test_a_view_that_is_named_ahead_of_its_nest_shares_memory(f: Any) -> None:
    """`C_1 = C.transpose(0, 2, 1)` ahead of the loops that write into `C`: what they read is copied first."""
    texts_agree(f, np.random.default_rng(3).normal(size=(3, 3, 3)))
