"""Elements of adjoints that nobody looks at again are not set to zero; others when they have been used."""

import numpy as np
import pytest
from thinning import FULL

import srcdiff
from srcdiff.testing import check_grad

A = np.array([[0.3, -0.4, 1.2, 0.8], [0.5, 0.1, -0.7, 0.2], [0.9, 0.6, 0.4, -0.3]])
B = 0.3 * A + 0.2


def swept(u, w):
    """Each column is written once, and read by the next trip."""
    out = np.zeros(u.shape)
    out[:, 0] = u[:, 0]
    for k in range(1, u.shape[1]):
        out[:, k] = np.sin(u[:, k]) + w[:, k] * out[:, k - 1]
    return np.sum(out * out)


def swept_twice(u, w):
    """The columns are written again in each step: zeros are needed, behind what uses the adjoint."""
    out = u.copy()
    for _ in range(2):
        for k in range(1, u.shape[1]):
            out[:, k] = u[:, k] * w[:, k] + w[:, 0] * out[:, k - 1]
    return np.sum(out * out)


def own_column(u, w):
    """What is added while the adjoint is in use goes to the same column."""
    out = u.copy()
    for k in range(1, u.shape[1]):
        out[:, k] = w[:, k] * out[:, k] * out[:, k - 1]
        out[:, k] = np.cos(out[:, k]) * w[:, 0]
    return np.sum(out * out)


def by_places(u, w):
    """Nobody knows whether columns come again."""
    out = u.copy()
    for k in (0, 2, 1, 2):
        out[:, k] = np.tanh(w[:, k]) * out[:, 1]
    return np.sum(out * out)


def elements(u, w):
    y = np.zeros(u.shape[0])
    for i in range(u.shape[0]):
        y[i] = u[i, 0] * w[i, 1]
        for j in range(i):
            y[i] += y[j] * u[i, 2]
    return np.sum(y * w[:, 3])


def under_a_name(u, w):
    """A second name for the part that is written."""
    out = u.copy()
    for k in range(1, u.shape[1]):
        row = out[:, k]
        row[:] = w[:, k] * out[:, k - 1]
        out[:, k] = row * row
    return np.sum(out * out)


ALL = [swept, swept_twice, own_column, by_places, elements, under_a_name]


@pytest.mark.parametrize("f", ALL)
def test_gradients(f):
    check_grad(f, (A, B), order=2)


@pytest.mark.jit
@pytest.mark.parametrize("f", ALL if FULL else [swept, own_column, elements])
def test_compiled_gradients(f):
    check_grad(f, (A, B), jit=True)


def test_columns_that_are_never_looked_at_again_are_not_set_to_zero():
    found = srcdiff.source(srcdiff.grad(swept, wrt=(0, 1)), A, B)
    assert "= 0.0" not in found
    assert ".copy()" not in found


def test_columns_that_come_again_are_zero_when_they_have_been_used():
    found = srcdiff.source(srcdiff.grad(swept_twice, wrt=(0, 1)), A, B)
    held, zero = found.index("out_bar_1 = out_bar[:, k]\n"), found.index("out_bar[:, k] = 0.0")
    assert held < found.index("out_bar[:, k - 1] += ") < zero


def test_a_zero_stays_where_the_element_is_added_to_at_once():
    found = srcdiff.source(srcdiff.grad(own_column, wrt=(0, 1)), A, B)
    assert "u_bar[:, k].copy()" in found or "* u_bar[:, k]" in found
    value, gradient = srcdiff.value_and_grad(own_column, wrt=(0, 1))(A, B)
    jitted, other = srcdiff.value_and_grad(own_column, wrt=(0, 1))(A.copy(), B.copy())
    assert value == jitted
    for a, b in zip(gradient, other, strict=True):
        np.testing.assert_array_equal(a, b)
