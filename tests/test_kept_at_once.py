"""What the trips of a loop keep of an array is kept ahead of it, where none finds what another one has written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad
from tests.compiled_text import check_text

A = np.random.default_rng(15).normal(size=(4, 5))


def down(a, r, steps):
    """Each row by the one above, which is new; the reverse sweep reads both as they are then."""
    q = a.copy()
    for _ in range(steps):
        for i in range(1, len(q)):
            q[i] = q[i] * q[i - 1] * r
    return np.sum(q * q)


def down_over(a, r, steps):
    """What the rows have been is read by another sweep only."""
    n = len(a)
    q = a.copy()
    p = a.copy()
    for _ in range(steps):
        for i in range(1, n):
            q[i] = np.sin(p[i]) * q[i - 1] + r
        for j in range(n - 2, -1, -1):
            p[j] = np.cos(p[j + 1]) * q[j]
    return np.sum(q * p)


def columns(a, r, steps):
    n = a.shape[1]
    q = a.copy()
    p = a.copy()
    for _ in range(steps):
        for k in range(1, n):
            q[:, k] = np.sin(p[:, k]) * q[:, k - 1] + r
        for k in range(n - 1, 0, -1):
            p[:, k] = np.cos(p[:, k]) * q[:, k]
    return np.sum(q * p)


def elements(a, r, steps):
    n = len(a)
    q = a[:, 0].copy()
    s = 0.0
    for _ in range(steps):
        for i in range(1, n):
            q[i] = np.sin(q[i - 1]) * r
            s += q[i] * q[i - 1]
    return s


def the_row_below(a, r, steps):
    """The reverse sweep needs the row below as it was, which it has put back on the trip before."""
    n = len(a)
    q = a.copy()
    for _ in range(steps):
        for i in range(n - 1):
            q[i] = np.sin(q[i + 1]) * r
    return np.sum(q * q)


def written_before(a, r, steps):
    """A trip keeps what the trip before has written."""
    n = len(a)
    q = a.copy()
    for _ in range(steps):
        for i in range(1, n):
            q[i - 1] = np.sin(q[i]) * r
            q[i] = np.cos(q[i - 1]) * q[i - 1]
    return np.sum(q * q)


def from_the_end(a, r, steps):
    """The first row is the last one's other name."""
    n = len(a)
    q = a.copy()
    for _ in range(steps):
        for i in range(-1, n - 1):
            q[i] = np.sin(q[i - 1]) * r
    return np.sum(q * q)


def left_early(a, r, steps):
    n = len(a)
    q = a.copy()
    for _ in range(steps):
        for i in range(1, n):
            if q[i, 0] > 1e3:
                break
            q[i] = np.sin(q[i - 1]) * r
    return np.sum(q * q)


def by_another_name(a, r, steps):
    """The rows are read through a view."""
    n = len(a)
    q = a.copy()
    v = q[1:]
    for _ in range(steps):
        for i in range(1, n):
            q[i] = np.sin(v[i - 2]) * r
    return np.sum(q * q)


def growing(a, r, steps):
    """The loop is longer on each trip of the one around it."""
    q = a.copy()
    for k in range(steps):
        for i in range(1, k + 2):
            q[i] = np.sin(q[i - 1]) * r
    return np.sum(q * q)


def the_last_first(a, r, steps):
    """The trip at -1 writes the last row; a part from -1 on has others."""
    n = len(a)
    q = a.copy()
    p = a.copy()
    for _ in range(steps):
        for i in range(-1, n - 1):
            q[i] = np.sin(p[i]) * r
        for j in range(n):
            p[j] = np.cos(p[j]) * q[j]
    return np.sum(q * p)


def the_same_row_of_a_view(a, r, steps):
    """`v[i - 1]` is the row that a trip of the reverse sweep has put back."""
    n = len(a)
    q = a.copy()
    v = q[1:]
    for _ in range(steps):
        for i in range(1, n):
            q[i] = np.sin(v[i - 1]) * r
    return np.sum(q * q)


@pytest.mark.parametrize(
    ("f", "at_once"),
    [
        (down_over, ["q_tape.append(q[1:n].copy())", "        q[1:n] = q_tape.pop()"]),
        (columns, ["q_tape.append(q[:, 1:n].copy())", "        q[:, 1:n] = q_tape.pop()"]),
        (elements, ["q_tape.append(q[1:n].copy())", "        q[1:n] = q_tape.pop()"]),
        (the_row_below, []),
        (down, []),
        (written_before, []),
        (from_the_end, []),
        (left_early, []),
        (by_another_name, []),
        (growing, []),
        (the_last_first, []),
        (the_same_row_of_a_view, []),
    ],
)
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_text(f: Callable[..., Any], at_once: list[str], steps: int) -> None:
    args = (A, 0.7, steps)
    text = srcdiff.source(srcdiff.value_and_grad(f, wrt=(0, 1)), *args)
    lines = text.splitlines()
    for part in at_once:
        assert any(line.startswith(part) or line.strip() == part for line in lines)
    if not at_once:
        assert not any("    q_tape.append(q[" in line and not line.startswith(" " * 12) for line in lines)
    check_grad(f, args, wrt=(0, 1))
    check_text(f, *args, wrt=(0, 1))


def test_loops_without_trips() -> None:
    """What is kept may be more than nothing, by an end below zero: it is put back as it was."""

    def f(a, n, steps):
        q = a.copy()
        for _ in range(steps):
            for i in range(1, n):
                q[i] = np.sin(q[i - 1])
            q[0] = np.cos(q[2]) * q[0]
        return np.sum(q * q)

    derivative = srcdiff.grad(f)
    assert "q_tape.append(q[1:n].copy())" in srcdiff.source(derivative, A, -1, 2)
    for n in (-2, -1, 0, 1, 4):
        check_grad(f, (A, n, 2), wrt=0)


def test_places_beyond_the_array_are_reached_by_trips_only() -> None:
    def f(a, n, k, steps):
        q = a.copy()
        for _ in range(steps):
            for i in range(1, n):
                q[i, k] = np.sin(q[i - 1, k])
            q[0] = np.cos(q[2]) * q[0]
        return np.sum(q * q)

    check_grad(f, (A, 3, 2, 2), wrt=0)
    check_grad(f, (A, 1, 7, 2), wrt=0)
