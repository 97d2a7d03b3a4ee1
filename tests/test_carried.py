"""Adjoints that a loop carries as one product a trip, in the text for Numba; where they must stay as they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad
from tests.compiled_text import check_text

X = np.linspace(-1.6, 1.4, 7)


def robust(x, rate):
    s = 0.0
    for i in range(len(x)):
        r = x[i] - rate * s
        if abs(r) < 1.0:
            s = s + 0.5 * r * r
        else:
            s = s + abs(r) - 0.5
    return s


def three_sides(x, rate):
    s = 0.5
    for i in range(len(x)):
        r = x[i] - rate * s
        if r < -1.0:
            q = -0.5 * r
        elif r < 1.0:
            q = r * r
        else:
            q = math.sin(r)
        s = s + 0.3 * q
    return s


def euler(x, rate):
    y = x[0]
    for i in range(len(x)):
        y = y + 0.1 * np.tanh(rate * y)
    return y


def midpoint(x, rate):
    """The adjoint is added to twice on a trip."""
    y = x[0]
    for _ in range(5):
        a = -rate * y * y
        m = y + 0.05 * a
        y = y - 0.1 * rate * m * m
    return y


def quotient(x, rate):
    """Divided by what is never zero: a product with its reciprocal."""
    s = 1.0
    for i in range(len(x)):
        r = rate * s / (2.0 + x[i])
        s = s + 0.1 * r * x[i]
    return s


def with_a_rest(x, rate):
    """What the carried adjoint passes through on its way has another term, which it knows nothing of."""
    s, total = 1.0, 0.0
    for i in range(len(x)):
        r = x[i] + rate * s
        total += np.sin(r)
        s = 0.5 * r / (1.0 + x[i] * x[i])
    return total


def runge_kutta(x, rate):
    y = x[0]
    for _ in range(4):
        k1 = math.sin(rate * y)
        k2 = math.sin(rate * (y + 0.05 * k1))
        k3 = math.sin(rate * (y + 0.05 * k2))
        k4 = math.sin(rate * (y + 0.1 * k3))
        y = y + 0.1 / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return y


def driven(x, rate):
    """Each trip adds to the adjoint before it goes through the chain."""
    s, total = 0.0, 0.0
    for i in range(len(x)):
        r = x[i] - rate * s
        s = s + 0.2 * r * r * r
        total = total + x[i] * s
    return total


@pytest.mark.parametrize(
    ("f", "product"),
    [
        (robust, "s_bar *= 1.0 - rate * ds_dr"),
        (three_sides, "s_bar *= 1.0 - rate * ds_dr"),
        (euler, "y_bar *= 1.0 + 0.1 * (1.0 - y_1 * y_1) * rate"),
        (midpoint, "y_bar *= 1.0 + dy_dm - 2.0 * y * rate * dy_da"),
        (quotient, "s_bar *= 1.0 + rate * ds_dr"),
        (with_a_rest, "s_bar = rate * ds_dr * s_bar + rate * r_bar_rest"),
        (driven, "s_bar *= 1.0 - rate * ds_dr"),
        (runge_kutta, "dy_dk3 = dy_dk3 + 0.1 * math.cos(rate * (y + 0.1 * k3)) * rate * dy_dk4"),
    ],
)
def test_one_product_a_trip(f: Callable[..., Any], product: str) -> None:
    assert product in check_text(f, X, 0.7, wrt=(0, 1))
    check_grad(f, (X, 0.7))


def test_branches_bind_the_partial_derivative() -> None:
    text = check_text(robust, X, 0.7, wrt=(0, 1))
    assert "ds_dr = np.sign(r)" in text
    assert text.index("ds_dr = np.sign(r)") < text.index("        r_bar = ds_dr * s_bar")


@pytest.mark.parametrize("f", [robust, runge_kutta])
def test_compiled(f: Callable[..., Any]) -> None:
    found, wanted = srcdiff.grad(f, wrt=(0, 1), jit=True)(X, 0.7), srcdiff.grad(f, wrt=(0, 1))(X, 0.7)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)


def test_plain_python_has_no_need_of_it() -> None:
    assert "s_bar -= rate * r_bar" in srcdiff.source(srcdiff.grad(robust, wrt=(0, 1)), X, 0.7)


def left_out(x, rate):
    """An adjoint that is zero on one side is zero whatever the carried one is."""
    s = 1.0
    for i in range(len(x)):
        r = x[i] - rate * s
        if r > 0.0:
            s = s + 0.1 * r * r
        else:
            s = s - 0.1
    return s


def counted(x, rate):
    """Products of whole numbers may leave the range of 64 bits."""
    s = 1.0
    for i in range(len(x)):
        s = s + i * s + x[i] * rate
    return s


def coupled(x, rate):
    s, v = 1.0, 0.0
    for i in range(len(x)):
        f = -s * s * s
        v = v + rate * f
        s = s + rate * v + x[i]
    return s


def seen_between(x, rate):
    """Its adjoint is looked at between the two sums that a trip adds to it."""
    y = x[0]
    for i in range(len(x)):
        k = 0.5 * y * y
        y -= 0.01 * k * k
        y += 0.1 * rate * x[i]
        m = 0.5 * y * y
        y -= 0.01 * m * m
    return y


@pytest.mark.parametrize("f", [left_out, counted, coupled, seen_between])
def test_other_loops(f: Callable[..., Any]) -> None:
    text = check_text(f, X, 0.7, wrt=(0, 1))
    check_grad(f, (X, 0.7))
    assert "_bar *= " not in text
