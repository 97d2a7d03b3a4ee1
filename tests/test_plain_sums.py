"""Sums of products, quotients and first sums in the adjoints of plain text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad

RNG = np.random.default_rng(11)
X, Y, A, B = RNG.normal(size=6), 2.0 + RNG.random(6), RNG.normal(size=(4, 5)), RNG.normal(size=(4, 5))


def text_of(f: Callable[..., Any], *args: Any, wrt: Any = None, jit: bool = False) -> str:
    wrt = tuple(range(len(args))) if wrt is None else wrt
    return srcdiff.source(srcdiff.grad(f, wrt=wrt, jit=jit), *args)


# ---------------------------------------------------------------------------------------------------- inner products


def scaled(x, r):
    return np.sum(np.sin(r * x))


def of_matrices(a, r):
    v = r * np.tanh(a)
    return np.sum(v * v * v)


def divided(x, p):
    z = np.sin(x) / p
    return np.sum(z * z * z)


def three_factors(x, r):
    z = r * x * np.cos(x)
    return np.sum(z * z)


def backward(x, r):
    z = x.copy()
    z[1:] = z[1:] - r * x[:-1]
    return np.sum(z * z)


@pytest.mark.parametrize(
    ("f", "args", "line"),
    [
        (scaled, (X, 0.7), "r_bar = result_bar * (np.cos(r * x) @ x)"),
        (of_matrices, (A, 0.7), "r_bar = np.vdot("),
        (divided, (X, 1.7), "p_bar = -(z @ z_bar)"),
        (three_factors, (X, 0.3), "r_bar = np.dot(z_1 * x, z_bar)"),
        (backward, (X, 0.3), "r_bar = -(x[:-1] @ z_bar[1:])"),
    ],
)
def test_inner_products(f: Callable[..., Any], args: tuple[Any, ...], line: str) -> None:
    text = text_of(f, *args)
    assert line in text
    assert "np.sum(" not in text.partition("# reverse sweep")[2].replace("return np.sum(", "")
    assert "np.dot" not in text_of(f, *args, jit=True) and "vdot" not in text_of(f, *args, jit=True)
    check_grad(f, args, order=2)


def spread(x, y, r):
    """Nothing says that the part of `x` has the length of the sum."""
    return np.sum(np.tanh(r * x[1:] + y[2:]))


def test_not_of_arrays_that_may_differ_in_shape() -> None:
    longer = np.append(Y, 0.5)
    text = text_of(spread, X, longer, 0.3)  # what may have been repeated is summed first
    assert "result_1_bar_1 = unbroadcast(" in text and "r_bar = x[1:] @ result_1_bar_1" in text
    for x in (X, X[:2]):
        for y in (longer, Y[:3]):
            check_grad(spread, (x, y, 0.3))


def test_not_in_single_precision() -> None:
    x = X.astype(np.float32)
    assert "r_bar = np.sum(np.cos(r * x) * x * result_bar)" in text_of(scaled, x, np.float32(0.7))
    assert srcdiff.grad(scaled)(x, np.float32(0.7)).dtype == np.float32


def test_what_the_user_writes_stays() -> None:
    def energy(x, k):
        return k * np.sum(x * x)

    assert "np.sum(x * x)" in text_of(energy, X, 0.5)


# ---------------------------------------------------------------------------------------------------------- quotients


def ratio_of_arrays(x, y):
    z = np.sin(x) / y
    return np.sum(z * z)


def store_of_quotient(x, y, p):
    z = np.zeros(len(x))
    z[0] = x[0]
    for i in range(1, 3):
        z[2:] = (x[2:] + p * z[1:-1]) / (y[2:] + p)
    return np.sum(z * z)


def halved(x, y):
    return np.sum(np.tanh((x + y) / 2.0))


def test_an_array_is_divided_once() -> None:
    text = text_of(store_of_quotient, X, Y, 0.4)
    assert text.partition("# reverse sweep")[2].count("z_bar[2:] / (y[2:] + p)") == 1
    for f, args in ((ratio_of_arrays, (X, Y)), (store_of_quotient, (X, Y, 0.4)), (halved, (X, Y))):
        check_grad(f, args, order=2)
    assert " / 2.0" not in text_of(halved, X, Y).partition("# reverse sweep")[2].replace("(x + y) / 2.0", "")


def test_of_shapes_that_differ() -> None:
    for shape in ((6,), (1,), ()):
        y = 1.5 + RNG.random(shape)
        check_grad(ratio_of_arrays, (X, y if shape else float(y)))
        check_grad(ratio_of_arrays, (y if shape else float(y), Y))
    check_grad(ratio_of_arrays, (A, 2.0 + RNG.random(5)))
    check_grad(ratio_of_arrays, (A, 2.0 + RNG.random((4, 1))))


# ------------------------------------------------------------------------------------------------------------- shapes


def diffused(p, source):
    p = p.copy()
    for _ in range(3):
        around = p[1:-1, 2:] + p[1:-1, :-2]
        p[1:-1, 1:-1] = 0.25 * (around - 0.3 * np.sin(source))
    return np.sum(p * p)


def moved(u, v, w):
    u = u.copy()
    for _ in range(2):
        rate = u * u - v * w - np.cos(v) * w
        u[...] += 0.1 * rate
    return np.sum(np.sin(u))


def test_a_value_as_large_as_its_place() -> None:
    """What is written has the shape of the place if a part of it has: only what may be smaller is summed."""
    p = RNG.normal(size=(4, 5))
    text = text_of(diffused, p, A[:2, :3])
    assert "unbroadcast(" not in text
    assert "around_tape" not in text
    for source in (A[:2, :3], A[:1, :3], A[:2, :1], A[:1, :1]):
        check_grad(diffused, (p, source))
    check_grad(diffused, (p[:3, :3], A[:1, :1]))
    check_grad(diffused, (p[:2, :2], A[:1, :1]))


def test_no_product_is_made_for_its_shape() -> None:
    assert "unbroadcast(rate_bar, v * w)" not in text_of(moved, A, B, B)
    for v in (B, B[:1], B[:, :1], B[:1, :1]):
        for w in (A, A[:1], A[:, :1]):
            check_grad(moved, (A, v, w))


# --------------------------------------------------------------------------------------------------------- first sums


def two_sheets(a, b):
    a = a.copy()
    b = b.copy()
    for _ in range(3):
        b[1:-1] = 0.2 * (a[1:-1] + a[2:])
        a[1:-1] = 0.3 * (b[1:-1] + b[:-2])
    return np.sum(a * a) + np.sum(b)


def overlapping(x):
    d = x[1:] - x[:-1]
    return np.sum(d * d * d)


def users_own(x):
    y = np.zeros_like(x)
    y[1:] += x[:-1] * x[1:]
    y[0] = 0.0
    y[0] += x[0] * x[1]
    return np.sum(y * y)


def picked(x, at):
    return np.sum(x[at] * x[at])


def same_array(x):
    x = x.copy()
    x[1:] = x[:-1] * 2.0
    x[:-1] = np.sin(x[1:])
    return np.sum(x * x)


def test_what_is_added_first_is_put_there() -> None:
    text = text_of(two_sheets, X, Y)
    assert "b_bar_1 = 0.2 * b_bar[1:-1]" in text and "a_bar[1:-1] = b_bar_1" in text
    assert text.count("a_bar[1:-1] = 0.0") == 0
    text = text_of(overlapping, X)
    assert "x_bar[1:] = d_bar" in text and "x_bar[:-1] -= d_bar" in text
    check_grad(two_sheets, (X, Y), order=2)
    check_grad(overlapping, (X,), order=2)


def test_it_is_added_where_something_may_be_there() -> None:
    text = text_of(users_own, X)
    assert "y[1:] += x[:-1] * x[1:]" in text and "y[0] += " in text  # as the user has written it
    assert "x_bar[at] = " not in text_of(picked, X, np.array([0, 2, 2]), wrt=0)
    check_grad(users_own, (X,))
    check_grad(picked, (X, np.array([0, 2, 2])), wrt=0)
    check_grad(same_array, (X,), order=2)


def test_a_seed_is_not_written() -> None:
    value, pullback = srcdiff.vjp(lambda a: a[1:] - a[:-1], X)
    seed = np.ones(5)
    (first,) = pullback(seed)
    (again,) = pullback(seed)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(seed, 1.0)
    assert value.shape == (5,)


# ------------------------------------------------------------------------------------------------ the user's own sums


def added_to_zeros(a, v):
    total = np.zeros_like(a)
    total += v
    return np.sum(total * total)


@pytest.mark.parametrize("jit", [False, True])
def test_what_does_not_fit_into_zeros_is_said(jit: bool) -> None:
    """Where the function raises, its derivative does: the first sum is what is added only if it has the shape."""
    derivative = srcdiff.grad(added_to_zeros, wrt=1, jit=jit)
    np.testing.assert_allclose(derivative(A, B), 2.0 * B)
    np.testing.assert_allclose(derivative(A, B[:1]), 8.0 * B[:1])
    for wrong in (B[:2], B[:, :2]):
        with pytest.raises(ValueError, match="broadcast"):
            derivative(A, wrong)
