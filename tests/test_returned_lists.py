"""Lists that functions return: the text of their derivatives, the adjoints that pullbacks take, and arguments."""

import pickle
from typing import NamedTuple

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import BadArgument, BadOutput, UnsupportedType


def path(x, v, n):
    xs = []
    for _ in range(n):
        v = v - 0.1 * np.sin(x)
        x = x + 0.1 * v
        xs.append(x)
    return xs


PATH = """\
    # forward sweep
    xs = []
    x_tape = []
    for _ in range(n):
        x_tape.append(x)
        v = v - 0.1 * np.sin(x)
        x = x + 0.1 * v
        xs.append(x)

    # reverse sweep
    xs_bar = list(xs_bar)
    x_bar = 0.0
    v_bar = 0.0
    for _ in range(n):
        x = x_tape.pop()
        xs_bar_1 = xs_bar.pop()  # xs.append(x)
        x_bar += xs_bar_1
        v_bar += 0.1 * x_bar  # x = x + 0.1 * v
        x_bar -= 0.1 * np.cos(x) * v_bar  # v = v - 0.1 * np.sin(x)
    return xs, x_bar, v_bar
"""


def text_of(pullback):
    return pullback._derivative.source


def test_the_adjoint_of_a_list_is_taken_apart_from_its_end():
    _, pullback = srcdiff.vjp(path, 0.3, 1.2, 4)
    assert PATH in text_of(pullback)
    assert "def path_vjp(x, v, n, xs_bar):" in text_of(pullback)


def test_a_list_that_the_reverse_sweep_takes_apart_is_kept():
    def powers(x, n):
        xs = [x]
        for _ in range(n):
            xs.append(xs[-1] * x)
        return xs

    value, pullback = srcdiff.vjp(powers, 0.7, 3)
    assert "    result = list(xs)\n" in text_of(pullback)
    assert value == pytest.approx([0.7**k for k in range(1, 5)])
    assert pullback([0.0, 0.0, 0.0, 1.0])[0] == pytest.approx(4 * 0.7**3)


def test_an_adjoint_has_the_lengths_of_the_value():
    value, pullback = srcdiff.vjp(path, 0.3, 1.2, 4)
    assert len(value) == 4
    for wrong in ([1.0] * 3, [1.0] * 5, 1.0, {"a": 1.0}):
        with pytest.raises(BadArgument, match="the value is a list of 4; its adjoint has to be one, too"):
            pullback(wrong)
    with pytest.raises(BadArgument, match=r"the value has shape \(\), its adjoint has shape \(2,\)"):
        pullback([1.0, np.ones(2), 1.0, 1.0])


def test_the_adjoint_that_is_given_stays_as_it_is():
    def scaled(x, n):
        hs = [x]
        for _ in range(n):
            hs.append(hs[-1] * x)
        return hs

    x = np.array([0.5, 2.0])
    seeds = [np.ones(2), np.array([1.0, 2.0]), np.ones(2)]
    before = [s.copy() for s in seeds]
    _, pullback = srcdiff.vjp(scaled, x, 2)
    first, again = pullback(seeds)[0], pullback(seeds)[0]
    np.testing.assert_array_equal(first, again)
    assert all(np.array_equal(a, b) for a, b in zip(seeds, before, strict=True))
    assert not any(np.shares_memory(first, s) for s in seeds)
    raw = pullback._derivative.prepare((x, 2)).call  # the generated function itself does not write into them either
    _, x_bar = raw(x, 2, seeds)
    x_bar[:] = np.nan
    assert all(np.array_equal(a, b) for a, b in zip(seeds, before, strict=True))


def test_an_empty_list():
    def nothing(x):
        xs = []
        return xs, 2.0 * x

    value, pullback = srcdiff.vjp(nothing, 1.5)
    assert value == ([], 3.0)
    assert pullback(([], 1.0)) == (2.0,)
    assert srcdiff.jvp(nothing, (1.5,), (1.0,)) == (([], 3.0), ([], 2.0))
    value, pullback = srcdiff.vjp(path, 0.3, 1.2, 0)
    assert value == []
    assert pullback([]) == (0.0, 0.0, None)


def test_a_list_that_depends_on_nothing():
    def constant(x, n):
        xs, hs = [], []
        for k in range(n):
            xs.append(float(k))
            hs.append(np.arange(2.0))
        return xs, hs, x * x

    value, dots = srcdiff.jvp(constant, (3.0, 2), (1.0, None))
    assert value[0] == [0.0, 1.0]
    assert dots[0] == [0.0, 0.0]
    assert [d.tolist() for d in dots[1]] == [[0.0, 0.0]] * 2
    assert dots[2] == 6.0


def test_the_value_and_a_history():
    def descent(x, rate, n):
        history = []
        for _ in range(n):
            x = x - rate * 2.0 * x
            history.append(x * x)
        return x * x, history

    (value, history), gradient = srcdiff.value_and_grad(descent, has_aux=True)(1.0, 0.1, 3)
    assert history == pytest.approx([0.8**2, 0.8**4, 0.8**6])
    assert (value, gradient) == pytest.approx((0.8**6, 2.0 * 0.8**6))
    gradient, history = srcdiff.grad(descent, has_aux=True)(1.0, 0.1, 3)
    assert len(history) == 3
    with pytest.raises(BadOutput, match="path must return a pair"):
        srcdiff.grad(path, has_aux=True)(0.3, 1.2, 3)


class Point(NamedTuple):
    x: float
    y: float


def points(x, n):
    found = []
    for k in range(n):
        found.append(Point(x, k * x))
        x = x * x
    return found


def test_a_list_of_named_tuples():
    value, pullback = srcdiff.vjp(points, 0.5, 3)
    assert value == points(0.5, 3)
    seeds = [Point(1.0, 0.0), Point(0.0, 1.0), Point(0.0, 0.0)]
    assert pullback(seeds) == (1.0 + 2.0 * 0.5, None)
    again, dots = srcdiff.jvp(points, (0.5, 3), (1.0, None))
    assert again == value
    assert dots == [Point(1.0, 0.0), Point(1.0, 1.0), Point(0.5, 1.0)]
    with pytest.raises(BadArgument, match="the value is a Point of 2; its adjoint has to be one, too"):
        pullback([(1.0,), (1.0, 2.0), (1.0, 2.0)])
    with pytest.raises(BadOutput, match="has_aux=True"):
        srcdiff.grad(points, has_aux=True)(0.5, 2)


def test_what_is_no_scalar_and_what_has_no_adjoint():
    with pytest.raises(BadOutput, match="path returns a list; grad takes a real scalar"):
        srcdiff.grad(path)(0.3, 1.2, 3)
    with pytest.raises(BadOutput, match="a Jacobian has rows for the elements of one array"):
        srcdiff.jacobian(path)(0.3, 1.2, 3)

    def turned(x, n):
        return [x * 1j for _ in range(n)]

    with pytest.raises(BadOutput, match="turned returns complex numbers"):
        srcdiff.vjp(turned, 0.5, 3)

    def tables(x, n):
        return [[(x, x)] for _ in range(n)]

    with pytest.raises(UnsupportedType, match="a list of lists of structures in the result"):
        srcdiff.vjp(tables, 0.5, 3)


def test_a_list_among_the_arguments():
    def grown(xs, n):
        for k in range(n):
            xs.append(xs[-1] * xs[k])
        return xs

    given = [0.5, 2.0]
    value, pullback = srcdiff.vjp(grown, given, 2)
    assert value == [0.5, 2.0, 1.0, 2.0]
    (adjoint, none) = pullback([0.0, 0.0, 0.0, 1.0])
    assert adjoint == pytest.approx([0.5 * 8.0, 2.0])  # x0 x1^2
    assert given == [0.5, 2.0]
    assert none is None
    value, dots = srcdiff.jvp(grown, (given, 2), ([1.0, 0.0], None))
    assert dots == pytest.approx([1.0, 0.0, 2.0, 4.0])
    assert given == [0.5, 2.0]


def test_pullbacks_of_lists_travel():
    value, pullback = srcdiff.vjp(path, 0.3, 1.2, 3)
    again = pickle.loads(pickle.dumps(pullback))
    assert again(value) == pullback(value)


@pytest.mark.jit
def test_compiled(recwarn):
    def rows(x, n):
        hs = []
        for k in range(n):
            x = x * x
            hs.append(x[: len(x) - k])
        return hs

    value, pullback = srcdiff.vjp(rows, np.array([0.5, 2.0, 1.5]), 2, jit=True)
    expected = srcdiff.vjp(rows, np.array([0.5, 2.0, 1.5]), 2)[1](value)[0]
    np.testing.assert_allclose(pullback(value)[0], expected)
    np.testing.assert_array_equal(srcdiff.vjp(rows, np.ones(3), 0, jit=True)[1]([])[0], np.zeros(3))
    assert srcdiff.vjp(path, 0.3, 1.2, 3, jit=True)[1]([1, 0, 2])[0] == pytest.approx(
        srcdiff.vjp(path, 0.3, 1.2, 3)[1]([1, 0, 2])[0]
    )
    value, dots = srcdiff.jvp(path, (0.3, 1.2, 3), (1.0, 0.0, None), jit=True)
    assert dots == pytest.approx(srcdiff.jvp(path, (0.3, 1.2, 3), (1.0, 0.0, None))[1])
    assert not [w for w in recwarn if "srcdiff" in str(w.message) or "reflected" in str(w.message)]
