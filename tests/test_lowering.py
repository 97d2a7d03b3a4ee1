"""Array statements as loop nests: the same numbers as in plain Python, and the text that is expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad

pytest.importorskip("numba")
pytestmark = pytest.mark.jit

NO_FIT = "broadcast|size|shape|length"


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def flat(parts: Any) -> list[np.ndarray]:
    """The numbers of a nest of tuples."""
    return [a for p in parts for a in flat(p)] if isinstance(parts, tuple) else [np.asarray(parts)]


def check(f: Callable[..., Any], *args: Any, wrt: Any = None, lowered: bool = True) -> str:
    """Hold the jitted derivative against the plain one, and its text against there being loops. The text."""
    wrt = wrt or tuple(k for k, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype.kind == "f")
    plain, jitted = srcdiff.value_and_grad(f, wrt=wrt), srcdiff.value_and_grad(f, wrt=wrt, jit=True)
    kept = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    for one, other in zip(flat(jitted(*args)), flat(plain(*args)), strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        tolerance = 1e-5 if one.dtype == np.float32 else 1e-12
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
    for before, after in zip(kept, args, strict=True):
        np.testing.assert_array_equal(before, after)
    text = srcdiff.source(jitted, *args)
    assert ("for i in range" in text) is lowered, text
    return text


# ------------------------------------------------------------------------------------------------------ broadcasting


def weighted_rows(x, w):
    return np.sum(np.exp(x * w) * w)


def table(x, y):
    return np.sum((x[:, None] - y[None, :]) ** 2 * y)


def of_number(x, c):
    y = x * c + c
    return np.sum(y * y)


@pytest.mark.parametrize(
    ("f", "shapes"),
    [
        (weighted_rows, [(3, 4), (4,)]),
        (weighted_rows, [(3, 4), (3, 1)]),
        (weighted_rows, [(1, 4), (3, 1)]),
        (weighted_rows, [(3, 4), (1, 1)]),
        (weighted_rows, [(0, 4), (4,)]),
        (table, [(3,), (4,)]),
        (table, [(1,), (4,)]),
        (table, [(0,), (4,)]),
        (table, [(3,), (0,)]),
    ],
)
def test_broadcasting(f: Callable[..., Any], shapes: list[tuple[int, ...]]) -> None:
    check(f, *(rng().uniform(0.5, 1.5, shape) for shape in shapes))


def test_a_number_among_arrays() -> None:
    check(of_number, rng().normal(size=5), 0.3, wrt=(0, 1))


def inner(x, y):
    return np.sum(x[1:-1] * y)


def test_a_length_that_turns_out_to_be_one_is_broadcast() -> None:
    text = check(inner, np.arange(6.0), np.arange(4.0))
    assert "same_length(" in text
    jitted = srcdiff.value_and_grad(inner, wrt=(0, 1), jit=True)
    plain = srcdiff.value_and_grad(inner, wrt=(0, 1))
    for n, m in ((6, 4), (3, 4), (6, 4), (3, 2)):  # `x[1:-1]` has one element where n is 3
        x, y = np.arange(1.0, n + 1), np.arange(2.0, m + 2)
        for one, other in zip(flat(jitted(x, y)), flat(plain(x, y)), strict=True):
            np.testing.assert_allclose(one, other)


def test_shapes_that_do_not_fit_raise() -> None:
    jitted = srcdiff.value_and_grad(inner, wrt=(0, 1), jit=True)
    with pytest.raises(ValueError, match=NO_FIT):
        jitted(np.arange(6.0), np.arange(3.0))
    jitted(np.arange(6.0), np.arange(4.0))
    with pytest.raises(ValueError, match=NO_FIT):
        jitted(np.arange(6.0), np.arange(5.0))


def filled(x, y):
    z = x * 2.0
    z[1:] = y * x[0]
    return np.sum(z * z)


def test_a_write_of_another_length_raises() -> None:
    jitted = srcdiff.grad(filled, jit=True)
    jitted(np.arange(4.0), np.arange(3.0))
    with pytest.raises(ValueError, match=NO_FIT):
        jitted(np.arange(4.0), np.arange(2.0))


def drawn(x, y, rng):
    noise = rng.normal()
    return np.sum(x[1:-1] * y) * noise


def test_what_runs_once_is_not_run_again() -> None:
    x, y = np.arange(3.0), np.arange(2.0)  # broadcast
    one, other = np.random.default_rng(1), np.random.default_rng(1)
    jitted, plain = srcdiff.value_and_grad(drawn, jit=True), srcdiff.value_and_grad(drawn)
    for a, b in zip(flat(jitted(x, y, one)), flat(plain(x, y, other)), strict=True):
        np.testing.assert_allclose(a, b)
    assert one.bit_generator.state == other.bit_generator.state


def test_called_from_compiled_code_lengths_may_differ() -> None:
    import numba

    gradient = srcdiff.grad(inner, wrt=(0, 1)).jitted

    @numba.njit
    def caller(x, y):
        return gradient(x, y)

    for n, m in ((6, 4), (3, 4)):
        x, y = np.arange(1.0, n + 1), np.arange(2.0, m + 2)
        for one, other in zip(caller(x, y), srcdiff.grad(inner, wrt=(0, 1))(x, y), strict=True):
            np.testing.assert_allclose(one, other)


# ----------------------------------------------------------------------------------------------- overlap and aliasing


def up(x):
    u = x.copy()
    u[1:] = u[:-1] * u[1:]
    return np.sum(u * u)


def down(x):
    u = x.copy()
    u[:-1] = u[1:] * u[:-1]
    return np.sum(u * u)


def summed_up(x):
    u = x * 1.5
    u[1:] += u[:-1] ** 2
    u[:-1] -= u[1:] * 0.5
    return np.sum(u * u)


def turned(x):
    u = x * 1.5
    u[:] = u[::-1] * x
    return np.sum(u * u)


def diagonal(x):
    u = np.outer(x, x)
    u[1:, 1:] = u[:-1, :-1] * 2.0 + u[1:, :-1]
    u[:-1, 1:] *= u[1:, :-1]
    return np.sum(u * u)


def views(x):
    u = x * 2.0
    v, w = u[1:], u[:-1]
    v[:] = w * v
    w += v * 0.1
    return np.sum(u * v[0])


def element_of_the_target(x):
    u = x * 2.0
    u[:] = u[0] * u
    u *= u[1]
    return np.sum(u)


def transposed(x):
    u = np.outer(x, np.sin(x))
    u[:] = u.T * 0.5
    return np.sum(u * u * x)


@pytest.mark.parametrize("f", [up, down, summed_up, turned, diagonal, views, element_of_the_target, transposed])
def test_overlap(f: Callable[..., Any]) -> None:
    check(f, rng().uniform(0.5, 1.5, 6))


def two(x, y):
    z = x * y
    z[1:] += y[:-1] * x[1:]
    return np.sum(z * z)


def test_arguments_that_share_memory() -> None:
    whole = rng().normal(size=9)
    check(two, whole[:-1], whole[1:])
    check(two, whole, whole)


# ------------------------------------------------------------------------------------------------- slices and lengths


def stepped(x):
    return np.sum(x[::2] * x[1::2]) + np.sum(x[::-1] * x) + np.sum(x[-1:0:-2] ** 2)


def cut(x):
    return np.sum(x[2:100] ** 2) + np.sum(x[-100:] ** 3) + np.sum(x[-2:] * x[:2]) + np.sum(x[3:2])


def between(x, a, b):
    y = x[a:b] * 2.0
    z = x.copy()
    z[a:b] -= y * y
    return np.sum(z * x)


@pytest.mark.parametrize("n", [2, 4, 8])
def test_steps(n: int) -> None:
    check(stepped, rng().normal(size=n))


@pytest.mark.parametrize("n", [3, 7])
def test_bounds_outside(n: int) -> None:
    check(cut, rng().normal(size=n))


@pytest.mark.parametrize(("a", "b"), [(1, 4), (-3, -1), (2, 100), (4, 1), (-100, 3)])
def test_bounds_that_only_the_run_knows(a: int, b: int) -> None:
    check(between, rng().normal(size=6), a, b, wrt=("x",))


def column_by_row(A, j):
    A[:-1, j] *= 0.5 * A[-1, :-1]
    return np.mean(A * A)


def test_lengths_held_against_each_other_in_two_nests_of_a_statement() -> None:
    """Value and tangent each learn that rows and columns are as many, in their own words."""
    check_grad(column_by_row, (rng().normal(size=(3, 3)), 1), wrt="A", modes=["forward"], jit=True)


def heat(u, alpha, steps):
    u = u.copy()
    for _ in range(steps):
        laplacian = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]
        u[1:-1, 1:-1] += alpha * laplacian
    return np.sum(u * u)


@pytest.mark.parametrize("shape", [(5, 6), (3, 3), (2, 4), (1, 1), (0, 3)])
def test_a_stencil(shape: tuple[int, int]) -> None:
    text = check(heat, rng().normal(size=shape), 0.2, 3, wrt=("u", "alpha"))
    code = re.sub("#.*", "", text)
    assert not re.search(r"u(_bar)?\[[^]]*:[^]]*\] [-+]?=", code), "slices are left"
    assert "laplacian = laplacian_tape[t]" in text


@pytest.mark.parametrize("order", ["C", "F"])
def test_memory_layout(order: str) -> None:
    u = np.array(rng().normal(size=(5, 6)), order=order)
    check(heat, u, 0.2, 3, wrt=("u", "alpha"))
    check(heat, u[::-1, ::2], 0.2, 3, wrt=("u", "alpha"))


# ------------------------------------------------------------------------------------------------------------- dtypes


def smooth(x, y):
    return np.sum(np.tanh(x) * y - x / (1.0 + y * y))


def test_float32() -> None:
    x = rng().normal(size=5).astype(np.float32)
    for other in (x[::-1].copy(), x.astype(np.float64)):
        gradients = srcdiff.grad(smooth, wrt=(0, 1), jit=True)(x, other)
        plain = srcdiff.grad(smooth, wrt=(0, 1))(x, other)
        for one, wanted in zip(gradients, plain, strict=True):
            assert one.dtype == wanted.dtype
            np.testing.assert_allclose(one, wanted, rtol=1e-5)


def counted(x, n):
    return np.sum(x * n) + np.sum(x * (n // 2) ** 2) + np.sum(x / (n + 1))


def wrapped(x, n):
    return np.sum(x * (n + n))


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, np.bool_])
def test_whole_numbers(dtype: Any) -> None:
    check(counted if dtype is not np.bool_ else smooth, rng().normal(size=4), np.array([0, 1, 1, 0], dtype), wrt=(0,))


def test_whole_numbers_keep_their_width() -> None:
    check(wrapped, rng().normal(size=2), np.array([100, 200], np.uint8), wrt=(0,), lowered=True)


def masked(x, y):
    low = (x < y) & ~(x < 0.0)
    return np.sum(np.where(low, x * x, y)) + np.sum(np.where(x > 1.0, np.log(np.where(x > 1.0, x, 2.0)), 0.0))


def test_truth_values() -> None:
    check(masked, rng().normal(size=8), rng().normal(size=8)[::-1].copy())


# ------------------------------------------------------------------------------------------------- fusion and numbers


def chain(x, w):
    a = np.exp(x)
    b = a * w
    return np.sum(b * b)


def test_arrays_that_one_nest_needs_are_numbers() -> None:
    text = check(chain, rng().normal(size=4), rng().normal(size=4))
    made = text.count("np.empty") + text.count("workspace(")
    assert made <= 4, text  # what is squared and the exponentials, and the two gradients


def shifted_sums(x):
    y = x * 1.0
    for _ in range(2):
        y[1:-1] += 0.1 * (y[:-2] - 2.0 * y[1:-1] + y[2:])
    return np.sum(y[1:] * y[:-1])


def across(x):
    z = np.zeros(len(x))
    for k in range(1, len(x)):
        z[1:] += x[:-1] * z[k - 1]
        z[k] = z[k] + x[k]
        z[:-1] *= 1.1
    return np.sum(z)


def rows_and_columns(a):
    r = np.sum(a, axis=1)
    c = np.sum(a * a, axis=0)
    return np.sum(r * r) + np.sum(np.sqrt(c))


def branch_in_a_loop(x, n):
    y = x.copy()
    for k in range(n):
        z = y * 2.0
        y = np.sin(z) + x if k % 2 else z - x
        y[1:] += z[:-1]
    return np.sum(y * z)


@pytest.mark.parametrize("f", [shifted_sums, across])
def test_order_of_reads_and_writes(f: Callable[..., Any]) -> None:
    check(f, rng().uniform(0.5, 1.5, 7))


def test_sums_over_one_axis() -> None:
    check(rows_and_columns, rng().normal(size=(3, 4)))


def test_branches() -> None:
    check(branch_in_a_loop, rng().normal(size=5), 4, wrt=("x",))


def products_of_rows(a, x):
    y = np.zeros(len(a))
    z = x * 1.0
    for j in range(len(a)):
        y[j] += np.sum(a[j] * x)
        z[0] += np.sum(z * x)
    return np.sum(y * y) * z[0]


def test_sums_that_are_added_to_an_element() -> None:
    text = check(products_of_rows, rng().normal(size=(3, 4)), rng().normal(size=4))
    assert "np.sum" not in re.sub("#.*", "", text), text


def own_sum(x):
    s = 0.0
    c = 0.0
    for i in range(len(x)):  # compensated: the order of these operations is what it is about
        y = x[i] - c
        t = s + y
        c = (t - s) - y
        s = t
    return s


def test_sums_of_the_program_keep_their_order() -> None:
    x = np.array([1e16, 1.0, -1e16, 1.0, 0.5])
    value, _ = srcdiff.value_and_grad(own_sum, jit=True)(x)
    assert value == own_sum(x)
    assert "added(" not in srcdiff.source(srcdiff.value_and_grad(own_sum, jit=True), x)


def test_forward_mode() -> None:
    u, du = rng().normal(size=(4, 5)), rng().normal(size=(4, 5))
    tangent = srcdiff.jvp(heat, wrt=("u",), jit=True)
    for one, other in zip(tangent(u, 0.2, 3, du), srcdiff.jvp(heat, wrt=("u",))(u, 0.2, 3, du), strict=True):
        np.testing.assert_allclose(one, other)


def test_the_plain_text_has_no_such_loops() -> None:
    u = rng().normal(size=(4, 5))
    assert "for i" not in srcdiff.source(srcdiff.grad(heat), u, 0.2, 3)


def outside(x, k):
    y = x * 2.0
    return np.sum(y[1:] * x[:-1]) * x[k]


def test_indices_of_the_program_are_held_against_their_arrays() -> None:
    jitted = srcdiff.grad(outside, jit=True)
    jitted(np.arange(3.0), 2)
    with pytest.raises(IndexError):
        jitted(np.arange(3.0), 3)


def edges(p, steps):
    p = p * 1.0
    for _ in range(steps):
        p[:, -1] = p[:, -2] * 2.0
        p[0, :] = p[1, :]
    return np.sum(p * p)


def test_elements_in_fixed_places_are_looked_for_once() -> None:
    text = check(edges, rng().normal(size=(3, 4)), 2)
    assert "long_enough(len(p), 2)" in text
    assert "long_enough(p.shape[1], 2)" in text
    jitted, plain = srcdiff.grad(edges, jit=True), srcdiff.grad(edges)
    for shape, steps in (((3, 4), 2), ((3, 1), 0), ((1, 1), 0), ((2, 2), 1)):
        p = rng().normal(size=shape)
        np.testing.assert_allclose(jitted(p, steps), plain(p, steps))
    for shape in ((3, 1), (1, 3)):
        with pytest.raises(IndexError):
            jitted(rng().normal(size=shape), 1)


def paired(m, v, steps):
    v = v * 1.0
    for _ in range(steps):
        for i in range(len(m)):
            for k in range(3):
                v[i, k] *= m[i]
    return np.sum(v * v)


def test_lengths_of_different_arguments_are_held_against_each_other_once() -> None:
    text = check(paired, rng().normal(size=4), rng().normal(size=(4, 3)), 2)
    assert "long_enough(len(v), len(m))" in text
    assert "long_enough(v.shape[1], 3)" in text
    jitted, plain = srcdiff.grad(paired, jit=True), srcdiff.grad(paired)
    for n, shape, steps in ((2, (4, 3), 2), (2, (2, 5), 1), (3, (2, 3), 0), (0, (0, 1), 2)):
        m, v = rng().normal(size=n), rng().normal(size=shape)
        np.testing.assert_allclose(jitted(m, v, steps), plain(m, v, steps))
    for n, shape in ((3, (2, 3)), (3, (3, 2))):
        with pytest.raises(IndexError):
            jitted(rng().normal(size=n), rng().normal(size=shape), 1)


def differences(x, y):
    n = len(x)
    total = 0.0
    for i in range(n - 1):
        total += (x[i + 1] - x[i]) * y[i] ** 2
    return total


def test_an_array_that_is_shorter_by_one() -> None:
    x = rng().normal(size=5)
    text = check(differences, x, x[:4] * 2.0)
    assert "long_enough(len(y), len(x) - 1)" in text
    jitted, plain = srcdiff.grad(differences, wrt=(0, 1), jit=True), srcdiff.grad(differences, wrt=(0, 1))
    for n, m in ((5, 4), (5, 5), (1, 0), (0, 0), (2, 7)):
        args = rng().normal(size=n), rng().normal(size=m)
        for one, other in zip(jitted(*args), plain(*args), strict=True):
            np.testing.assert_allclose(one, other)
    with pytest.raises(IndexError):
        jitted(x, x[:3])


def sum_below(x, n):
    total = 0.0
    for i in range(n):
        if total < 5.0:
            total += x[i] * x[i]
    return total


def test_what_a_condition_guards_is_not_taken_to_exist() -> None:
    text = srcdiff.source(srcdiff.grad(sum_below, jit=True), np.full(3, 2.0), 9)
    assert "long_enough" not in text
    np.testing.assert_allclose(srcdiff.grad(sum_below, jit=True)(np.full(3, 2.0), 9), [4.0, 4.0, 0.0])


def moved_behind_its_test(x, k):
    total = 0.0
    if k < len(x):
        if k >= 0:
            k = k + 5
            for i in range(3):
                total += x[k] * i * x[0]
    return total + k * 1.0


def test_a_condition_says_nothing_of_what_is_bound_behind_it() -> None:
    """The check of the indices was left out, and memory behind the array was read."""
    x = np.arange(1.0, 9.0)
    for jit in (False, True):
        tangent = srcdiff.jvp(moved_behind_its_test, jit=jit)
        assert tangent(x, 2, x) == (31.0, 48.0)
        for k in (3, 7):
            with pytest.raises(IndexError):
                tangent(x, k, x)


def under_two_conditions(x, n):
    total = 0.0
    for i in range(n):
        if i > 1:
            total += x[i]
        if i < len(x):
            total += x[i] * x[i]
    return total


def test_what_one_condition_says_of_an_index_is_not_said_by_another_one() -> None:
    jitted = srcdiff.grad(under_two_conditions, jit=True)
    jitted(np.arange(3.0), 3)
    with pytest.raises(IndexError):
        jitted(np.arange(3.0), 6)


def shrinking(x, c, steps):
    p = x * 1.0
    v = np.maximum(1.0 - p, 0.0)
    for _ in range(steps):
        p = p[:-1] / c
        v = np.maximum(c * v[1:], 1.0 - p)
    return v[0]


def test_arrays_that_are_shorter_after_every_trip() -> None:
    """A length of a variable that is bound anew is not the one that it had."""
    args = np.linspace(0.5, 1.2, 5), 1.1, 3
    found, wanted = (srcdiff.grad(shrinking, wrt=(0, 1), jit=jit)(*args) for jit in (True, False))
    np.testing.assert_allclose(found[0], wanted[0])
    assert found[1] == pytest.approx(wanted[1])


def with_constant_tests(x, a, n):
    k = 0
    while k < n:
        k += 1
        for i in range(len(x)):
            for c in (0.71, 0.2):
                if c > 0.3:
                    continue
                a = a * np.cos(c + x[i])
    return a


def test_tapes_behind_comparisons_of_constants() -> None:
    """Numba drops such a branch ahead of looking at types, and then does not know what the empty list holds."""
    x = rng().normal(size=3)
    value, found = srcdiff.value_and_grad(with_constant_tests, jit=True)(x, 0.3, 2)
    wanted_value, wanted = srcdiff.value_and_grad(with_constant_tests)(x, 0.3, 2)
    np.testing.assert_allclose(value, wanted_value)
    np.testing.assert_allclose(found, wanted)
