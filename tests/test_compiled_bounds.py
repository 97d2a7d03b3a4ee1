"""Compiled code looks at its indices unless each of them is proved to fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import BadIndex
from srcdiff.signature import type_of


def is_proved(f: Callable[..., Any], *args: Any) -> bool:
    derivative = srcdiff.grad(f, jit=True)
    names = f.__code__.co_varnames
    types = [type_of(a, n) for a, n in zip(args, names, strict=False)]
    built = derivative.built_for_types(types, compiled=True)
    return bool(built.plain.__dict__["inside"])


def robust(x, rate):
    s = 0.0
    for i in range(len(x)):
        r = x[i] - rate * s
        s = s + (0.5 * r * r if abs(r) < 1.0 else abs(r) - 0.5)
    return s


def plate(u, steps):
    u = u.copy()
    rows, columns = u.shape
    for _ in range(steps):
        v = u.copy()
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                u[i, j] = v[i, j] * (v[i - 1, j] + v[i, j + 1])
    return np.sum(u)


def backwards(x):
    total = 0.0
    for k in range(len(x) - 1, -1, -1):
        total = total * x[k] + x[len(x) - 1 - k]
    return total


def guarded(x, w):
    total = 0.0
    for i in range(len(x)):
        if i < len(w):
            total += x[i] * w[i]
    return total


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (robust, (np.ones(3), 0.5)),
        (plate, (np.ones((4, 5)), 2)),
        (backwards, (np.ones(3),)),
        (guarded, (np.ones(3), np.ones(2))),
    ],
)
def test_proved(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    assert is_proved(f, *args)


def one_too_far(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i + 1]
    return total


def of_another_length(x, w):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * w[i]
    return total


def first(x):
    return x[0] * x[0]


def before_the_first(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i - 1]
    return total


def at_places(x, places):
    total = 0.0
    for i in range(len(places)):
        total += x[places[i]] ** 2
    return total


def carried(x):
    i = 0
    total = 0.0
    while i < len(x):
        total += x[i] ** 2
        i += 1
    return total


def guarded_by_another_number(x, n):
    total = 0.0
    for i in range(len(x)):
        if n < len(x):
            n = n + i
            total += x[n] * x[i]
    return total


def made_with_a_number_that_changes(x):
    total = 0.0
    y = np.zeros(1)
    for k in range(len(x)):
        for i in range(k):
            total += y[i] * x[i]
        y = np.zeros(k)
        y[:] = x[:k]
    return total


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (one_too_far, (np.ones(3),)),
        (of_another_length, (np.ones(3), np.ones(2))),
        (first, (np.ones(0),)),
        (before_the_first, (np.ones(3),)),
        (at_places, (np.ones(3), np.array([1, 3]))),
        (carried, (np.ones(3),)),
        (guarded_by_another_number, (np.ones(3), 1)),
        (made_with_a_number_that_changes, (np.ones(3),)),
    ],
)
def test_not_proved(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    assert not is_proved(f, *args)


@pytest.mark.jit
@pytest.mark.parametrize(
    ("f", "args"), [(one_too_far, (np.ones(3),)), (of_another_length, (np.ones(3), np.ones(2))), (first, (np.ones(0),))]
)
def test_what_is_not_proved_is_looked_at(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    with pytest.raises(BadIndex):
        srcdiff.grad(f, jit=True)(*args)


@pytest.mark.jit
@pytest.mark.parametrize(
    ("f", "args"),
    [
        (plate, (np.arange(20.0).reshape(4, 5) / 20, 2)),
        (plate, (np.ones((1, 0)), -2)),
        (guarded, (np.ones(3), np.ones(2))),
    ],
)
def test_compiled(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    np.testing.assert_allclose(srcdiff.grad(f, jit=True)(*args), srcdiff.grad(f)(*args), rtol=1e-12)
