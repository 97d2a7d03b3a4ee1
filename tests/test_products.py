"""Products of matrices that several statements of a tangent have in common."""

from __future__ import annotations

import numpy as np

import srcdiff
from srcdiff.testing import check_grad


def matrices() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    return rng.normal(size=(3, 4)), rng.normal(size=(4, 2))


def scaled(a, b, k):
    out = k * (a @ b)
    return np.sum(out * out)


def test_a_product_is_computed_once_for_a_tangent_and_its_value() -> None:
    a, b = matrices()
    text = srcdiff.source(srcdiff.jvp(scaled, wrt=("a", "b", "k")), a, b, 0.5, a, b, 1.0)
    assert text.count("(a @ b)") + text.count("= a @ b\n") == 1
    assert "a_b = a @ b" in text
    check_grad(scaled, (a, b, 0.5), wrt=("a", "b", "k"))


def between(a, b, k):
    a = a.copy()
    first = k * (a @ b)
    a[0, 0] = 3.0
    second = k * (a @ b)
    return np.sum(first * second)


def through_a_view(a, b, k):
    a = a.copy()
    row = a[0]
    first = k * (a @ b)
    row[1] = 2.0
    second = k * (a @ b)
    return np.sum(first * second)


def in_a_loop(a, b, k):
    total = 0.0
    for i in range(3):
        out = k * (a @ b)
        total += np.sum(out * out)
        a = a * 0.9 + i
    return total


def kept_and_written(a, b, k):
    out = a @ b
    other = k * (a @ b)
    out[0, 0] = 5.0
    return np.sum(out * other)


def test_operands_that_change() -> None:
    a, b = matrices()
    for f in (between, through_a_view, in_a_loop, kept_and_written):
        check_grad(f, (a, b, 0.5), wrt=("a", "b", "k"))
        wanted = f(a, b, 0.5)
        ones = np.ones_like(a), np.ones_like(b), 1.0
        value, slope = srcdiff.jvp(f, wrt=("a", "b", "k"))(a, b, 0.5, *ones)
        step = 1e-6
        ends = [f(a + s * ones[0], b + s * ones[1], 0.5 + s) for s in (step, -step)]
        assert value == wanted
        np.testing.assert_allclose(slope, (ends[0] - ends[1]) / (2 * step), rtol=1e-6)
