"""Sums of products in tangents: a factor or a denominator that they have in common is written once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad

X = np.array([0.7, -0.4, 1.3, 0.9])
Y = np.array([1.1, 0.5, -0.8, 2.0])


def tangent_text(f: Callable[..., Any], *args: Any) -> str:
    """The text of a tangent by all arguments but for a last one called `h`, held against differences and against the
    gradient."""
    wrt = tuple(name for name in inspect.signature(f).parameters if name != "h")
    args, rest = args[: len(wrt)], args[len(wrt) :]
    dots = tuple(np.cos(3.0 * np.arange(np.size(a)) + k).reshape(np.shape(a))[()] for k, a in enumerate(args))
    derivative = srcdiff.jvp(f, wrt=wrt)
    value, tangent = derivative(*args, *rest, *dots)
    np.testing.assert_allclose(value, f(*args, *rest), rtol=1e-14)
    h = 1e-6
    ahead, behind = (f(*(a + s * d for a, d in zip(args, dots, strict=True)), *rest) for s in (h, -h))
    np.testing.assert_allclose(tangent, (ahead - behind) / (2.0 * h), rtol=1e-7, atol=1e-9)
    if np.ndim(value) == 0:
        gradients = srcdiff.grad(f, wrt=wrt)(*args, *rest)
        np.testing.assert_allclose(
            tangent, sum(np.sum(g * d) for g, d in zip(gradients, dots, strict=True)), rtol=1e-12
        )
    text = srcdiff.source(derivative, *args, *rest, *dots)
    return " ".join(text.split()).replace("( ", "(").replace(" )", ")")


def mean(x, k):
    return k * (x[1:-1] + x[:-2] + x[2:])


def slope(x, h):
    return (x[2:] - x[:-2]) / (2.0 * h)


def weighted(x):
    return 0.2 * (x[1:] + x[:-1])


def multiples(x):
    return 0.25 * x[1:-1] + 0.5 * x[:-2] + 0.25 * x[2:]


def unlike(x):
    return 0.1 * x[1:] + 0.3 * x[:-1]


def squares(x, y):
    return x * x * y + x * y * y


def quotients(x, y):
    return (x + y * x) / (2.0 + y * y)


def one_tangent(x, r):
    return x[2:] * r + r * x[:-2] - 2.0 * r * x[1:-1] + np.sin(x[1:-1])


def softmaxed(x, k):
    e = np.exp(x - np.max(x))
    return np.sum(k * e / np.sum(e))


def chosen(x, y):
    return np.where(x > 0.0, x * y, y) + np.where(x > 0.0, 3.0 * y, x)


def numbers(x, y):
    total = 0.0
    for i in range(1, len(x)):
        total += (x[i] - x[i - 1]) / y[i] + y[0] * (x[i] + y[i] * y[i])
    return total


def broadcast(x, y):
    return np.sum(x[:, None] * (y + x[:, None]) / (3.0 + y))


@pytest.mark.parametrize(
    ("f", "args", "line"),
    [
        (mean, (X, 0.3), "(x[1:-1] + x[:-2] + x[2:]) * k_dot + k * (x_dot[1:-1] + x_dot[:-2] + x_dot[2:])"),
        (weighted, (X,), "0.2 * (x_dot[1:] + x_dot[:-1])"),
        (multiples, (X,), "0.25 * (x_dot[1:-1] + x_dot[2:]) + 0.5 * x_dot[:-2]"),
        (unlike, (X,), "0.1 * x_dot[1:] + 0.3 * x_dot[:-1]"),
        (slope, (X, 0.1), "0.5 / h * (x_dot[2:] - x_dot[:-2])"),
        (one_tangent, (X, 0.3), "(x[2:] + x[:-2] - 2.0 * x[1:-1]) * r_dot"),
        (one_tangent, (X, 0.3), "r * (x_dot[2:] + x_dot[:-2] - 2.0 * x_dot[1:-1])"),
        (softmaxed, (X, 2.0), ""),
        (squares, (X, Y), ""),
        (quotients, (X, Y), ""),
        (chosen, (X, Y), ""),
        (numbers, (X, Y), ""),
        (broadcast, (X, Y), ""),
    ],
)  # fmt: skip
def test_what_products_have_in_common(f, args, line):
    assert line in tangent_text(f, *args)


def test_a_number_is_taken_out_of_its_multiples_only():
    def f(x, k):
        return k * (0.5 * x[1:] - 1.5 * x[:-1])

    def g(x, k):
        return k * (0.1 * x[1:] - 0.3 * x[:-1])

    assert "0.5 * k * (x_dot[1:] - 3.0 * x_dot[:-1])" in tangent_text(f, X, 0.3)
    assert "k * (0.1 * x_dot[1:] - 0.3 * x_dot[:-1])" in tangent_text(g, X, 0.3)


def through_another_name(x, c):
    """`w[0]` is written as `v[0]` between two products with the same array."""
    w = c.copy()
    v = w[:2]
    t = np.sin(x)
    y = w[0] * t
    v[0] = 3.0
    z = w[0] * t
    return np.sum(y * y) + 2.0 * np.sum(z * z)


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.jit)])
def test_a_number_that_changes_under_another_name_is_no_common_factor(jit):
    x, d, c = np.array([0.3, 0.5, 0.9]), np.array([0.1, 0.2, -0.4]), np.array([0.7, 0.2, 0.1])
    tangent = 2.0 * np.sum((0.7**2 + 2.0 * 3.0**2) * np.sin(x) * np.cos(x) * d)
    value, along = srcdiff.jvp(through_another_name, jit=jit)(x, c, d)
    assert value == pytest.approx(through_another_name(x, c), rel=1e-12)
    assert along == pytest.approx(tangent, rel=1e-12)
    check_grad(through_another_name, (x, c), jit=jit)


def test_a_partial_at_a_masked_place_stays_masked():
    """Where the mask does not hold, the product that it stands before may be infinite."""

    def f(x, y):
        return np.sum(np.where(x > 0.0, np.where(x > 0.0, y / x, 1.0) + y, 0.0))

    x = np.array([0.0, 0.5, 2.0])
    with np.errstate(all="ignore"):
        _, tangent = srcdiff.jvp(f, (x, X[:3]), (Y[:3], X[:3]))
        gradients = srcdiff.grad(f, wrt=("x", "y"))(x, X[:3])
    np.testing.assert_allclose(tangent, gradients[0] @ Y[:3] + gradients[1] @ X[:3], rtol=1e-12)


# ------------------------------------------------------------------------------------- whole numbers that overflow


def sums_of_whole(x, y, p, q):
    return np.sum(x * p + x * q + np.sin(y))


def differences_of_whole(x, y, p, q):
    return np.sum(x * p - x * q) + np.sum(y)


def sums_alone(x, y, p, q):
    return np.sum(x * p + x * q) * y[0]


def products_of_whole(x, y, p, q):
    return np.sum(x * p * q + y / p / q)


def in_a_loop(x, y, p, q):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * p[i] * q[i] - y[i] / p[i] / q[i] + x[i] * p[i] + x[i] * q[i]
    return total


WHOLE = [
    (np.array([100, 90, 3, 7], dtype="int8"), np.array([50, 100, 2, 9], dtype="int8")),
    (np.array([200, 90, 3, 7], dtype="uint8"), np.array([250, 100, 9, 2], dtype="uint8")),
    (np.array([5 * 10**9, 3 * 10**12, 1, 2]), np.array([7 * 10**9, 10**12, 4, 5])),
    (np.array([True, True, True, True]), np.array([True, True, True, True])),
]


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.jit)])
@pytest.mark.parametrize(("p", "q"), WHOLE)
@pytest.mark.parametrize("f", [sums_of_whole, differences_of_whole, sums_alone, products_of_whole, in_a_loop])
def test_whole_numbers_are_neither_added_up_nor_multiplied_with_each_other(f, p, q, jit):
    """`100 + 100` of `int8` is -56, `True + True` of two arrays is True: the program adds products with floats."""
    if f is differences_of_whole and p.dtype == bool:
        p = p.astype("int8")
    wanted = srcdiff.grad(f, wrt=("x", "y"))(X, Y, p.astype(float), q.astype(float))
    found = srcdiff.grad(f, wrt=("x", "y"), jit=jit)(X, Y, p, q)
    _, tangent = srcdiff.jvp(f, (X, Y, p, q), (Y, X, None, None), jit=jit)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    np.testing.assert_allclose(tangent, wanted[0] @ Y + wanted[1] @ X, rtol=1e-12)
