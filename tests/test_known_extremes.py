"""The largest and smallest elements of rows under `jit=True`: taken in any order, their places found where they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad
from tests.compiled_text import check_text

X = np.random.default_rng(3).normal(size=(4, 5))
NAN = float("nan")


def softmax(x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return np.sum(e[:, 0] / np.sum(e, axis=1))


def of_rows(x):
    least = np.min(x, axis=-1)
    return np.sum(least * least)


def of_all(x):
    most = np.max(x)
    return most * most * most


def changed_in_place(x):
    y = 2.0 * x
    most = np.max(y)
    y[0] = 10.0 - most
    return np.sum(y * most)


def changed_after(x):
    """A trip changes what it has taken."""
    z = 2.0 * x
    most = np.max(z)
    z *= 3.0
    return np.sum(z * z) * most


def with_bias(x, b):
    """What is searched is made in the same loop."""
    z = x + b
    most = np.max(z, axis=1)
    return np.sum(np.log(np.sum(np.exp(z - most[:, None]), axis=1)) + most)


ENDS = "if not above(", "if not below("


def test_search_ends_at_what_is_known() -> None:
    assert ENDS[0] in check_text(softmax, X)
    assert ENDS[1] in check_text(of_rows, X)
    assert ENDS[0] in check_text(of_all, X[0])
    assert ENDS[0] in check_text(with_bias, X, X[0])
    for f, args in ((softmax, (X,)), (of_rows, (X,)), (of_all, (X[0],)), (with_bias, (X, X[0]))):
        check_grad(f, args)


def test_not_where_the_array_has_changed() -> None:
    for x in (X[0], -X[0], X[0] - 20.0):
        assert not any(end in check_text(changed_in_place, x) for end in ENDS)
        check_grad(changed_in_place, (x,))
        check_text(changed_after, x)
        check_grad(changed_after, (x,))


@pytest.mark.parametrize(
    "row", [[1.0, 3.0, 3.0], [NAN, 2.0, 3.0], [1.0, NAN, NAN], [-np.inf, -np.inf, -np.inf], [0.0, -0.0, 0.0]]
)
def test_the_first_of_equal_ones(row: list[float]) -> None:
    x = np.array([row, [3.0, 1.0, 2.0]])
    for f in (lambda x: np.sum(np.max(x, axis=1)), lambda x: np.sum(np.min(x, axis=1))):
        (_, plain), space = srcdiff.value_and_grad(f)(x), dict[str, Any]()
        text = srcdiff.source(srcdiff.value_and_grad(f, jit=True), x)
        exec(text, space)
        _, found = space[text.partition("\ndef ")[2].partition("(")[0]](x)
        assert any(end in text for end in ENDS)
        np.testing.assert_array_equal(found, plain)


def test_compiled() -> None:
    """Numba's and LLVM's own instructions know NaN, and elements of half the width."""
    compiled = srcdiff.value_and_grad(lambda x: np.sum(np.max(x, axis=1) - 0.5 * np.min(x, axis=1)), jit=True)
    plain = srcdiff.value_and_grad(lambda x: np.sum(np.max(x, axis=1) - 0.5 * np.min(x, axis=1)))
    wide = np.repeat(X, 9, axis=1) + np.arange(45) % 7
    spoilt = wide.copy()
    spoilt[1, 13] = spoilt[2, 40] = NAN
    for x in (wide, spoilt, wide.astype(np.float32), np.full((2, 3), np.inf), np.zeros((3, 1))):
        for found, wanted in zip(compiled(x), plain(x), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-6)
    with pytest.raises(ValueError, match="zero-size array"):
        compiled(np.zeros((2, 0)))
