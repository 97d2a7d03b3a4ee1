"""Elementary functions that the program has computed are not computed again by adjoints, and where they have to be."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad

X = np.linspace(0.3, 1.1, 5)


def backward(f: Callable[..., Any], jit: bool = False) -> str:
    return srcdiff.source(srcdiff.value_and_grad(f, jit=jit), X).partition("# reverse sweep")[2]


def turned(x):
    """Each of both wants the other one."""
    t = 0.5
    for i in range(len(x)):
        s = math.sin(t)
        c = math.cos(t)
        t = t + x[i] * s / (1.0 + c * c)
    return t


def one_behind(x):
    t = 0.5
    for i in range(len(x)):
        c = math.cos(t)
        u = math.sin(t) * x[i] + c * c
        t = t + u
    return t


def read_between(x):
    """What has the value's name in between is another one: `s` is read before `c` is there."""
    t = 0.5
    for i in range(len(x)):
        s = math.sin(t)
        t2 = s * s * x[i]
        c = math.cos(t)
        t = t + t2 * c
    return t


def rebound(x):
    """The cosine is one of another angle."""
    t = 0.5
    for i in range(len(x)):
        s = math.sin(t)
        t = t * x[i]
        c = math.cos(t)
        t = t + s * s * c * c
    return t


def into_an_array(x):
    """The adjoint of `y[i]` is taken in between: what is added there has to stay where it is."""
    y = x.copy()
    t = 0.5
    for i in range(len(x)):
        s = math.sin(t) * y[i]
        y[i] = t * x[i]
        c = math.cos(t)
        t = t + s * s * c + y[i] * y[i]
    return t + np.sum(y)


def bound_between(x):
    t, w = 0.5, 1.0
    for i in range(len(x)):
        s = math.sin(t) * w
        w = s * x[i]
        c = math.cos(t)
        t = t + w * w * c * c
    return t + w


def on_one_side(x):
    s = 0.0
    for i in range(len(x)):
        c = np.cos(x[i])
        if x[i] > 0.6:
            c = math.sin(x[i]) * c * c
        s += c * c
    return s


def in_a_while(x):
    t = x[0]
    n = 0
    while abs(t) > 1e-3 and n < 20:
        t = t - x[1] * math.sin(t) / (1.5 + math.cos(t))
        n += 1
    return t * t


ALL = [turned, one_behind, read_between, rebound, into_an_array, bound_between, on_one_side, in_a_while]


@pytest.mark.parametrize("f", ALL)
@pytest.mark.parametrize("jit", [False, True])
def test_gradients(f: Callable[..., Any], jit: bool) -> None:
    check_grad(f, (X,), jit=jit)


@pytest.mark.parametrize("jit", [False, True])
def test_both_are_read(jit: bool) -> None:
    text = backward(turned, jit)
    assert "math.sin(t) *" not in text
    assert "math.cos(t) *" not in text


@pytest.mark.parametrize("f", [read_between, rebound, into_an_array, bound_between])
def test_what_comes_too_late_is_computed_again(f: Callable[..., Any]) -> None:
    assert "math.cos(t)" in backward(f)
