"""`vjp`: what it holds on to, which arguments it differentiates, which adjoints it takes."""

from __future__ import annotations

import enum
import warnings

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import BadArgument, Refusal, SharedMemory

ONES = np.ones(3)


def share(x, y):
    x[0] = y[0] * y[1]
    return np.sum(x * y)


def keyword_only(x, *, k=2.0):
    return k * x


def pair(x, y):
    return x * y, (x + y, 3)


# --------------------------------------------------------------------------------------------------- shared memory


def test_arguments_that_share_memory_are_seen():
    z = np.array([1.0, 2.0])
    with pytest.raises(SharedMemory):
        srcdiff.vjp(share, z, z)
    value, _ = srcdiff.vjp(share, z, z.copy())
    assert value == share(z.copy(), z.copy())
    np.testing.assert_array_equal(z, [1.0, 2.0])


def test_an_argument_that_overlaps_itself_is_seen():
    def f(x):
        x[0] = x[-1] * 2.0
        return x * x

    with pytest.raises(SharedMemory):
        srcdiff.vjp(f, np.lib.stride_tricks.as_strided(np.arange(4.0), (3, 2), (8, 8)))


def test_arguments_that_are_only_read_may_share_memory():
    def f(x, y):
        return x * y

    z = np.array([1.0, 2.0])
    _, pullback = srcdiff.vjp(f, z, z)
    for adjoint in pullback(np.ones(2)):
        np.testing.assert_array_equal(adjoint, z)


# ------------------------------------------------------------------------------------------------ what it holds


def test_a_captured_array_that_changes_later():
    scale = np.ones(3)

    def f(x):
        return scale * x

    x = np.arange(3.0)
    value, pullback = srcdiff.vjp(f, x)
    scale[:] = 7.0
    x[:] = 5.0
    np.testing.assert_array_equal(pullback(ONES)[0], ONES)
    np.testing.assert_array_equal(value, [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(srcdiff.vjp(f, x)[1](ONES)[0], 7.0 * ONES)


def test_a_name_bound_anew_later():
    rate = 2.0

    def f(x):
        return rate * x

    _, before = srcdiff.vjp(f, 1.0)
    rate = 5.0
    assert before(1.0) == (2.0,)
    assert srcdiff.vjp(f, 1.0)[1](1.0) == (5.0,)
    assert before(1.0) == (2.0,)


def test_tuples_of_arrays_are_copied():
    def f(x, t):
        return x * t[0]

    w = np.full(3, 2.0)
    _, pullback = srcdiff.vjp(f, np.ones(3), (w, 1))
    w[:] = 9.0
    adjoints = pullback(ONES)
    np.testing.assert_array_equal(adjoints[0], 2.0 * ONES)
    np.testing.assert_array_equal(adjoints[1][0], ONES)
    assert adjoints[1][1] is None


def test_adjoints_share_memory_with_nothing():
    def f(x, y):
        return x + y

    x, seed = np.arange(3.0), np.ones(3)
    value, pullback = srcdiff.vjp(f, x, x)
    first, second = pullback(seed), pullback(seed)
    arrays = [x, seed, value, *first, *second]
    for i, a in enumerate(arrays):
        for b in arrays[:i]:
            assert not np.shares_memory(a, b)
    first[0][:] = 7.0
    np.testing.assert_array_equal(seed, ONES)


def test_the_second_call_with_a_function_is_quick(monkeypatch):
    def f(x, n):
        y = x
        for _ in range(n):
            y = y * x
        return y

    assert srcdiff.vjp(f, 2.0, 2)[1](1.0) == (12.0, None)
    monkeypatch.setattr("srcdiff.derivative.build", None)  # nothing is built again
    assert srcdiff.vjp(f, 3.0, 1)[1](1.0) == (6.0, None)


# ---------------------------------------------------------------------------------------------------- arguments


def test_keyword_only_parameters_keep_their_defaults():
    value, pullback = srcdiff.vjp(keyword_only, 3.0)
    assert value == 6.0
    assert pullback(1.0) == (2.0,)
    with pytest.raises(BadArgument, match="too many positional"):
        srcdiff.vjp(keyword_only, 3.0, 4.0)


def test_defaults_are_not_differentiated():
    def f(x, k=2.0):
        return k * x

    assert srcdiff.vjp(f, 3.0)[1](1.0) == (2.0,)
    assert srcdiff.vjp(f, 3.0, 4.0)[1](1.0) == (4.0, 3.0)


def test_counts_have_no_adjoint_and_other_whole_numbers_have_one():
    def f(x, n, k, name, flag):
        y = 0.0
        for _ in range(n):
            y = y + x * k
        return y if flag and name == "on" else 0.0 * y

    assert srcdiff.vjp(f, 2.0, 3, 5, "on", True)[1](1.0) == (15.0, None, 6.0, None, None)
    assert srcdiff.vjp(f, 2, 3, 5, "on", True)[1](1.0) == (15.0, None, 6.0, None, None)


def test_arguments_that_do_not_fit():
    def f(x, n):
        return x[n]

    with pytest.raises(BadArgument, match="at least one argument"):
        srcdiff.vjp(f)
    with pytest.raises(BadArgument, match="missing a required argument"):
        srcdiff.vjp(f, ONES)
    with pytest.raises(BadArgument, match="carries a derivative"):
        srcdiff.vjp(f, (1, 2), "name")
    with pytest.raises(BadArgument, match="subclass of ndarray"):
        srcdiff.vjp(f, np.ma.array([1.0]), 0)
    with pytest.raises(Refusal):
        srcdiff.vjp(lambda n: np.zeros(n), 3)


def test_memory_maps(tmp_path):
    x = np.memmap(tmp_path / "x", float, "w+", shape=(3,))
    x[:] = 2.0
    value, pullback = srcdiff.vjp(lambda x: x * x, x)
    x[:] = 9.0
    np.testing.assert_array_equal(value, [4.0, 4.0, 4.0])
    np.testing.assert_array_equal(pullback(ONES)[0], [4.0, 4.0, 4.0])
    assert type(pullback(ONES)[0]) is np.ndarray


def test_of_a_derivative():
    def f(x):
        return np.sum(x**3)

    value, pullback = srcdiff.vjp(srcdiff.grad(f), np.array([1.0, 2.0]))
    np.testing.assert_array_equal(value, [3.0, 12.0])
    np.testing.assert_allclose(pullback(np.array([1.0, 1.0]))[0], [6.0, 12.0])


# ------------------------------------------------------------------------------------------------------ adjoints


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        (1j * ONES, "complex"),
        ([1j, 0.0, 0.0], "complex"),
        (np.ones(2), r"shape \(3,\).*shape \(2,\)"),
        (1.0, r"shape \(3,\).*shape \(\)"),
        ("text", "no number or array"),
        ([1.0, [2.0], 3.0], "no number or array"),
        (None, "no number or array"),
        (["a", "b", "c"], "no number or array"),
    ],
)
def test_adjoints_that_do_not_fit(seed, message):
    _, pullback = srcdiff.vjp(lambda x: 2.0 * x, np.arange(3.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(BadArgument, match=message):
            pullback(seed)


def test_nothing_is_no_adjoint_of_a_number():
    with pytest.raises(BadArgument, match="no number or array"):
        srcdiff.vjp(lambda x: 2.0 * x, 1.0)[1](None)


def test_adjoints_in_other_forms():
    _, pullback = srcdiff.vjp(lambda x: 2.0 * x, np.arange(3.0))
    for seed in (
        [1, 1, 1],
        np.ones(3, int),
        np.broadcast_to(1.0, 3),
        np.ones(6)[::2],
        np.ones(3, "f4"),
        (1.0, 1.0, 1.0),
    ):
        np.testing.assert_array_equal(pullback(seed)[0], 2.0 * ONES)


def test_the_parts_of_a_tuple():
    value, pullback = srcdiff.vjp(pair, 2.0, 5.0)
    assert value == (10.0, (7.0, 3))
    assert pullback((1.0, (0.0, 0.0))) == (5.0, 2.0)
    assert pullback([0.0, (1.0, 9.0)]) == (1.0, 1.0)
    with pytest.raises(BadArgument, match="tuple of 2"):
        pullback(1.0)
    with pytest.raises(BadArgument, match="tuple of 2"):
        pullback((1.0, (1.0, 2.0, 3.0)))


def test_one_part_twice():
    _, pullback = srcdiff.vjp(lambda x: (x, x * x, x), 3.0)
    assert pullback((1.0, 0.0, 10.0)) == (11.0,)


@pytest.mark.parametrize(
    ("f", "y_bar"), [(lambda x: [2.0 * x, x], [ONES, ONES]), (lambda x: (x, [2.0 * x]), (ONES, [ONES]))]
)
def test_lists_in_a_result(f, y_bar):
    value, pullback = srcdiff.vjp(f, ONES)
    assert type(value) is type(f(ONES))
    np.testing.assert_array_equal(pullback(y_bar)[0], 3.0 * ONES)
    with pytest.raises(BadArgument, match="its adjoint has to be one, too"):
        pullback(ONES)


def test_a_member_of_an_enumeration_has_no_adjoint():
    class Weight(enum.IntEnum):
        TWO = 2

    def f(s, weight):
        return s * weight

    value, pullback = srcdiff.vjp(f, 3.0, Weight.TWO)
    assert value == 6.0
    assert pullback(1.0) == (2.0, None)


def half_of_a_sum(x, y):
    return 0.5 * (x + y)


def test_adjoints_that_are_equal_are_arrays_of_their_own():
    _, pullback = srcdiff.vjp(half_of_a_sum, np.ones(2), np.zeros(2))
    x_bar, y_bar = pullback(np.array([2.0, 4.0]))
    assert not np.shares_memory(x_bar, y_bar)
    x_bar += 1.0
    assert y_bar.tolist() == [1.0, 2.0]
