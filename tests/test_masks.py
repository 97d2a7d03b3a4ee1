"""Masks that several statements take are computed once, where they are the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad

X = np.array([0.3, -0.7, 1.2, -0.1, 0.9])


def leaky(x):
    return np.sum(np.where(x > 0.0, x, 0.1 * x) ** 2)


def limited(x, y):
    d = x[1:] - x[:-1]
    d = np.where(d * (y[1:] - y[:-1]) > 0.0, 0.0, d)
    return np.sum(d * d * y[1:])


def in_a_loop(x):
    """Forward and reverse sweep are loops of their own; a trip takes its mask twice."""
    s = np.zeros(len(x))
    for _ in range(3):
        s = np.where(s < x, s + x * x, s) * np.where(s < x, x, 2.0)
    return np.sum(s)


def written_between(x):
    """The second mask has another `y`."""
    y = x.copy()
    a = np.where(y > 0.0, y, 0.5 * y)
    y[1:] *= -x[:-1]
    b = np.where(y > 0.0, y * y, -y)
    return np.sum(a * b)


def written_through_a_view(x):
    y = x.copy()
    v = y[:3]
    a = np.where(y > 0.0, y, 0.5 * y)
    v[:] = -x[2:]
    b = np.where(y > 0.0, y * y, -y)
    return np.sum(a * b)


def chosen(x, smooth):
    """Where the second choice is not taken, its mask is not computed either."""
    a = np.where(x > 0.0, x, 0.5 * x)
    b = a if smooth else np.where(x > 0.0, a, x)
    return np.sum(a * b)


def whole_numbers(x):
    n = np.arange(len(x))
    return np.sum(np.where(n % 2, x * x, 3.0 * x))


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (leaky, (X,)),
        (limited, (X, X[::-1].copy())),
        (in_a_loop, (X,)),
        (written_between, (X,)),
        (written_through_a_view, (X,)),
        (chosen, (X, True)),
        (chosen, (X, False)),
        (whole_numbers, (X,)),
    ],
)
def test_gradients(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    check_grad(f, args)
    assert srcdiff.value_and_grad(f)(*args)[0] == f(*args)


def test_a_mask_is_computed_once() -> None:
    text = srcdiff.source(srcdiff.grad(limited, wrt=(0, 1)), X, X)
    assert text.count("> 0.0") == 2  # (one is in a comment)
    assert "d_bar = np.where(mask, 0.0, d_bar)" in text
    text = srcdiff.source(srcdiff.jvp(leaky), X, X)
    assert text.count("x > 0.0") == 1


@pytest.mark.parametrize("f", [written_between, written_through_a_view])
def test_masks_of_other_values_are_others(f: Callable[..., Any]) -> None:
    text = srcdiff.source(srcdiff.jvp(f), X, X)
    assert text.count("y > 0.0") == 2


def test_what_a_mask_leaves_out_needs_no_mask_of_its_own() -> None:
    assert "~" not in srcdiff.source(srcdiff.grad(limited, wrt=(0, 1)), X, X)
