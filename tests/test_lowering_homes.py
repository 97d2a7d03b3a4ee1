"""An array that is computed from the place that it is copied into afterwards is not made in that place (Numba)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff

Y = np.array([0.3, -0.7, 1.1, 0.8])
DOT = np.array([1.0, 0.5, -2.0, 0.7])
WEIGHTS = np.arange(1.0, 5.0)


def turned_in_place(y):
    y[:] = np.exp(-y[::-1] * y[::-1])
    return np.sum(y * y * WEIGHTS)


def added_in_place(y):
    y += 0.5 * (y[::-1] - y)
    return np.sum(y * y * WEIGHTS)


def moved_on(y):
    u = y[1:]
    u[:] = y[:-1] * u
    return np.sum(y * y * WEIGHTS)


@pytest.mark.parametrize("f", [turned_in_place, added_in_place, moved_on])
def test_tangents_and_gradients(f: Callable[..., Any]) -> None:
    """The text for Numba, run as Python, against the plain one."""
    for wanted, compiled, args in (
        (srcdiff.jvp(f), srcdiff.jvp(f, jit=True), (Y, DOT)),
        (srcdiff.value_and_grad(f), srcdiff.value_and_grad(f, jit=True), (Y,)),
    ):
        space: dict[str, Any] = {}
        text = srcdiff.source(compiled, *args)
        exec(text, space)
        name = text.partition("def ")[2].partition("(")[0]
        captured = (WEIGHTS,) if "WEIGHTS" in text.partition("):")[0] else ()
        found = space[name](*(a.copy() for a in args[:1]), *captured, *(a.copy() for a in args[1:]))
        expected = wanted(*(a.copy() for a in args))
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-12)
        assert found[0] == pytest.approx(expected[0], rel=1e-12)
