"""What is left out because nobody reads it, and what stays since somebody does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad


def counted(x):
    n = int(x / 0.1)
    s = 0.0
    for _ in range(n):
        s += x
    return s


def under_a_test(x):
    n = int(x / 0.1)
    s = 0.0
    if n > 3:
        for _ in range(n):
            s += x * 2.0
    for _ in range(n):
        s += x
    return s


def in_a_loop(x):
    n = int(x / 0.1)
    s = 0.0
    for k in range(n):
        for _ in range(k):
            s += x
    return s


@pytest.mark.filterwarnings("ignore::srcdiff.SrcdiffWarning")
@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.jit)])
@pytest.mark.parametrize("f", [counted, under_a_test, in_a_loop])
def test_what_is_read_behind_a_loop_that_is_left_out_stays(f: Callable[..., float], jit: bool) -> None:
    """The forward loop is left out; the number of its trips is read behind it."""
    check_grad(f, (1.55,))
    by_tangent = srcdiff.jvp(f, (1.55,), (1.0,))[1]
    assert np.isclose(srcdiff.grad(f, jit=jit)(1.55), by_tangent)
    forward, _, _ = srcdiff.source(srcdiff.grad(f, jit=jit), 1.55).partition("# reverse sweep")
    assert "for " not in forward
