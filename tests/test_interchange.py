"""The order of loops in the text for Numba: along the rows of memory, where the trips allow it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from compiled_text import check_text

import srcdiff


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def levels_last(x, a):
    """Each level from the one below, levels along the last axis."""
    x = x.copy()
    for k in range(1, x.shape[1]):
        x[:, k] = a[:, k] * x[:, k - 1] + x[:, k]
    return np.sum(x * x)


def downwards(x, a):
    x = x.copy()
    for k in range(x.shape[1] - 2, -1, -1):
        x[:, k] += a[:, k] * x[:, k + 1] ** 2
    return np.sum(x * x)


def columns(x, a):
    x = x.copy()
    rows, levels = x.shape
    for k in range(1, levels):
        for i in range(rows):
            x[i, k] = a[i, k] * x[i, k - 1] + x[i, k]
    return np.sum(x * x)


def three_axes(x, a):
    rows, middle, levels = x.shape
    out = np.zeros((rows, middle, levels))
    out[:, :, 0] = x[:, :, 0]
    for k in range(1, levels):
        ratio = a[:, :, k] / (1.5 + out[:, :, k - 1] ** 2)
        out[:, :, k] = ratio * x[:, :, k] - out[:, :, k - 1]
    return np.sum(out * out)


def innermost(text: str, counter: str) -> bool:
    """Whether a loop with that counter stands in another one (with the element that it starts from) and has none in
    itself."""
    ahead = r"(?:\1    \w+_before = .*\n)?"
    return re.search(rf"\n( +)for \w+ in range.*\n{ahead}\1    for {counter} in range.*\n(?!\1 +for)", text) is not None


SHAPES = [(3, 4), (1, 5), (4, 1), (2, 2), (0, 3), (3, 0)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("f", [levels_last, downwards, columns])
def test_levels_are_innermost(f: Callable[..., Any], shape: tuple[int, int]) -> None:
    text = check_text(f, rng().normal(size=shape), rng().normal(size=shape))
    assert innermost(text, "k") or shape[0] == 1, text  # (an axis of length 1 has no loop)


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 1, 5), (3, 2, 1), (0, 2, 3)])
def test_three_axes(shape: tuple[int, ...]) -> None:
    text = check_text(three_axes, rng().normal(size=shape), rng().normal(size=shape))
    assert innermost(text, "k") or shape[0] == 1, text


def test_what_is_kept_lies_as_the_loops_run() -> None:
    text = check_text(three_axes, rng().normal(size=(2, 3, 4)), rng().normal(size=(2, 3, 4)))
    assert re.search(r"_tape\[i, j, k\]", text), text
    assert not re.search(r"_tape\[k", text), text


def test_lengths_are_held_against_each_other_ahead_of_the_loops() -> None:
    args = rng().normal(size=(3, 4)), rng().normal(size=(3, 4))
    text = srcdiff.source(srcdiff.grad(levels_last, wrt=(0, 1), jit=True), *args)
    assert re.search(r"\n    same_length\(", text), text
    assert not re.search(r"\n     +same_length\(", text), text


@pytest.mark.jit
def test_lengths_that_differ_where_a_loop_has_no_trip() -> None:
    pytest.importorskip("numba")
    x, a = np.ones((3, 1)), np.ones((2, 1))
    for one, other in zip(
        *(srcdiff.grad(levels_last, wrt=(0, 1), jit=jit)(x, a) for jit in (False, True)), strict=True
    ):
        np.testing.assert_array_equal(one, other)


# ------------------------------------------------------------------------------------------------------ what is not


def rows_first(x, a):
    """Levels along the first axis: the rows lie in memory as the loops are."""
    x = x.copy()
    for k in range(1, len(x)):
        x[k] = a[k] * x[k - 1] + x[k]
    return np.sum(x * x)


def skewed(x):
    """Each element from its neighbours on the level below: a column does not stand for itself."""
    x = x.copy()
    rows, levels = x.shape
    for k in range(1, levels):
        for i in range(1, rows):
            x[i, k] += 0.5 * x[i - 1, k - 1] * x[i, k - 1]
    return np.sum(x * x)


def against(x):
    """Column k - 1 further down is read on a later trip than it is written: no exchange."""
    x = x.copy()
    rows, levels = x.shape
    for k in range(1, levels):
        for i in range(rows - 1):
            x[i, k] += 0.5 * x[i + 1, k - 1]
    return np.sum(x * x)


def triangle(x):
    x = x.copy()
    for k in range(1, x.shape[1]):
        for i in range(k):
            x[i, k] = x[i, k - 1] * x[i, k]
    return np.sum(x * x)


def total_in_order(x, a):
    """A sum of the program's own: its order is the program's."""
    total = 0.0
    for k in range(x.shape[1]):
        for i in range(x.shape[0]):
            total += a[i, k] * x[i, k]
    return total


def ends_early(x, a):
    x = x.copy()
    for k in range(1, x.shape[1]):
        if a[0, k] > 1e9:
            break
        x[:, k] = a[:, k] * x[:, k - 1] + x[:, k]
    return np.sum(x * x)


@pytest.mark.parametrize("shape", [(4, 5), (1, 4), (4, 1), (2, 2)])
@pytest.mark.parametrize("f", [skewed, against, triangle])
def test_columns_that_depend_on_each_other(f: Callable[..., Any], shape: tuple[int, int]) -> None:
    check_text(f, rng().normal(size=(max(shape), max(shape)) if f is triangle else shape))


@pytest.mark.parametrize("f", [rows_first, ends_early])
def test_left_alone(f: Callable[..., Any]) -> None:
    text = check_text(f, rng().normal(size=(4, 5)), rng().normal(size=(4, 5)))
    assert not innermost(text, "k"), text


def test_sums_of_the_program_keep_their_order() -> None:
    x = np.array([[1e16, 1.0], [1.0, -1e16]])
    a = np.ones((2, 2))
    text = check_text(total_in_order, x, a)
    forward = text.partition("# reverse sweep")[0]
    assert not innermost(forward, "k"), text


def test_arguments_that_share_memory() -> None:
    whole = rng().normal(size=(4, 6))
    check_text(levels_last, whole[:, :-1], whole[:, 1:])
    check_text(columns, whole, whole)


@pytest.mark.jit
def test_compiled() -> None:
    pytest.importorskip("numba")
    shape = (3, 2, 5)
    args = rng().normal(size=shape), rng().normal(size=shape)
    plain, jitted = (srcdiff.value_and_grad(three_axes, wrt=(0, 1), jit=jit)(*args) for jit in (False, True))
    assert jitted[0] == pytest.approx(plain[0])
    for one, other in zip(jitted[1], plain[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11)
