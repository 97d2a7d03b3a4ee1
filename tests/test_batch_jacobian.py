"""`batch_jacobian`, and adjoints in many directions, which it and sparse Jacobians are made of."""

from __future__ import annotations

import math

import numpy as np
import pytest

import srcdiff
from srcdiff.derive import OneByOne
from srcdiff.errors import BadArgument, BadOutput
from srcdiff.jit_options import Jit
from srcdiff.ready import Options
from srcdiff.seeded import Adjoints

JIT = [False, pytest.param(True, marks=pytest.mark.jit)]


def polar(z, scale):
    return np.stack([scale * z[:, 0] * np.cos(z[:, 1]), z[:, 0] * np.sin(z[:, 1])], axis=1)


def projected(p, seen):
    """In loops, with a branch and a number that several statements read."""
    n = len(p)
    found = np.empty((n, 2))
    for k in range(n):
        square = p[k, 0] * p[k, 0] + p[k, 1] * p[k, 1]
        x, y = p[k, 3], p[k, 4]
        if square > 0.5:
            angle = math.sqrt(square)
            x = x * math.cos(angle) - y * math.sin(angle) / angle
        else:
            x = x - y
        scale = p[k, 2] * (1.0 + square * x)
        found[k, 0] = scale * x / (2.0 + y * y) - seen[k, 0]
        found[k, 1] = scale * y - seen[k, 1]
    return found


def walked(x, steps):
    """A recurrence in each row, with values that are overwritten."""
    x = x.copy()
    for _ in range(steps):
        for i in range(len(x)):
            x[i, 0] = math.sin(x[i, 1]) * x[i, 0]
            x[i, 1] = x[i, 1] + 0.1 * x[i, 0] * x[i, 0]
    return x[:, 0] * x[:, 1]


def matrices(a):
    """Rows that are matrices themselves."""
    found = np.empty((len(a), 2, 3))
    for k in range(len(a)):
        for i in range(2):
            for j in range(3):
                found[k, i, j] = a[k, i, 0] * a[k, i, 1] + j * np.exp(a[k, 0, 1])
    return found


def norms(x):
    return np.sqrt(np.sum(x * x, axis=1))


def moved(x, weights):
    """A product of matrices, for which adjoints are taken one after the other."""
    return np.tanh(x @ weights)


CASES = {
    "an array expression": (polar, (np.random.default_rng(1).normal(size=(5, 2)), 1.5)),
    "loops": (projected, (np.random.default_rng(2).normal(size=(6, 5)), np.ones((6, 2)))),
    "a recurrence": (walked, (np.random.default_rng(3).normal(size=(4, 2)), 3)),
    "matrices": (matrices, (np.random.default_rng(4).normal(size=(3, 2, 2)),)),
    "numbers": (norms, (np.random.default_rng(5).normal(size=(4, 3)),)),
    "a product": (moved, (np.random.default_rng(6).normal(size=(4, 3)), np.ones((3, 2)))),
    "no rows": (projected, (np.zeros((0, 5)), np.zeros((0, 2)))),
    "one row": (projected, (np.ones((1, 5)), np.zeros((1, 2)))),
}


def diagonal(f, args):
    """The blocks out of the dense Jacobian."""
    dense = srcdiff.jacobian(f)(*args)
    value = f(*args)
    found = np.zeros((len(value), *value.shape[1:], *args[0].shape[1:]))
    for k in range(len(value)):
        found[k] = dense[(k, *[slice(None)] * (value.ndim - 1), k)]
    return found


@pytest.mark.parametrize("jit", JIT)
@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
@pytest.mark.parametrize("name", CASES)
def test_the_blocks_of_the_jacobian(name, mode, jit):
    f, args = CASES[name]
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    blocks = srcdiff.batch_jacobian(f, mode=mode, jit=jit)
    for _ in range(2):
        found = blocks(*args)
        np.testing.assert_allclose(found, diagonal(f, args), rtol=1e-10, atol=1e-12)
    for one, other in zip(args, copies, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("jit", JIT)
def test_two_arguments(jit):
    def f(x, y):
        return x[:, 0] * y[:, 1] + y[:, 0] ** 2

    x, y = np.random.default_rng(7).normal(size=(2, 4, 2))
    by_x, by_y = srcdiff.batch_jacobian(f, wrt=("x", "y"), jit=jit)(x, y)
    np.testing.assert_allclose(by_x, np.stack([y[:, 1], np.zeros(4)], axis=1))
    np.testing.assert_allclose(by_y, np.stack([2.0 * y[:, 0], x[:, 0]], axis=1))


def test_a_number_in_each_row():
    found = srcdiff.batch_jacobian(lambda x: np.sin(x))(np.array([0.0, 1.0]))
    np.testing.assert_allclose(found, np.cos([0.0, 1.0]))
    assert found.shape == (2,)


def test_the_precision_of_the_argument():
    x = np.ones((3, 2), np.float32)
    assert srcdiff.batch_jacobian(norms)(x).dtype == np.float32
    assert srcdiff.batch_jacobian(norms, mode="forward")(x).dtype == np.float32


def turned(x, how):
    """Rows of one shape or another."""
    if how > 0:
        return np.stack([x * x, x, x], axis=1)
    return np.stack([x, 2.0 * x], axis=1)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("jit", JIT)
def test_a_result_that_has_another_shape_the_next_time(mode, jit):
    blocks = srcdiff.batch_jacobian(turned, mode=mode, jit=jit)
    x = np.array([1.0, 2.0])
    for how in (1, -1, 1):
        expected = [[2.0, 1.0, 1.0], [4.0, 1.0, 1.0]] if how > 0 else [[1.0, 2.0], [1.0, 2.0]]
        np.testing.assert_allclose(blocks(x, how), expected)


def sines(z):
    return np.sin(z)


def squares_in_rows(z):
    return np.sum(z * z, axis=1)


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
@pytest.mark.parametrize("shape", [(3, 0), (0, 2), (0, 0)])
def test_rows_of_no_elements(mode, shape):
    z = np.ones(shape)
    for _ in range(2):
        assert srcdiff.batch_jacobian(sines, mode=mode)(z).shape == (*shape, shape[1])
        assert srcdiff.batch_jacobian(squares_in_rows, mode=mode)(z).shape == shape


def test_what_it_refuses():
    with pytest.raises(BadOutput, match=r"norm returns an array of shape \(\), and `x` has 2 rows"):
        srcdiff.batch_jacobian(norm)(np.ones((2, 2)))
    with pytest.raises(BadArgument, match="`x` is a number: batch_jacobian takes an array"):
        srcdiff.batch_jacobian(lambda x: x)(1.0)
    with pytest.raises(BadArgument, match="mode is one of"):
        srcdiff.batch_jacobian(norms, mode="both")


def norm(x):
    return np.sum(x * x)


def noisy(x, rng):
    return x * rng.normal(size=3)


def test_every_sweep_sees_the_same_draws():
    rng, other = np.random.default_rng(3), np.random.default_rng(3)
    found = srcdiff.batch_jacobian(noisy)(np.ones(3), rng)
    np.testing.assert_allclose(found, other.normal(size=3))
    assert rng.normal() == other.normal()


def test_it_shows_what_runs():
    f, args = CASES["loops"]
    blocks = srcdiff.batch_jacobian(f)
    assert repr(blocks) == "<Jacobian of each row of projected(p, seen) with respect to p>"
    assert "in the directions along the last axis of found_bar" in srcdiff.source(blocks, *args)
    assert "for d in range(directions):" in srcdiff.source(blocks, *args, jit=True)
    assert "moved_grad(x, weights, result_bar" in srcdiff.source(srcdiff.batch_jacobian(moved), *CASES["a product"][1])


# ------------------------------------------------------------------------------------- adjoints in many directions


def broadcast(x):
    return x * x[0] + np.sum(x)


def growing(x):
    found = []
    for k in range(len(x)):
        found.append(x[k] * x[0])
    return np.array(found)


def stencil(x):
    y = x.copy()
    for _ in range(3):
        y[1:-1] = 0.5 * (y[:-2] + y[2:]) * x[1:-1]
    return y


def swapped(x):
    a, b = x[0], x[1]
    for k in range(2, len(x)):
        a, b = b * x[k], a + x[k]
    return np.array([a, b])


def guarded(x):
    y = np.zeros(len(x))
    for k in range(len(x)):
        if x[k] > 0.0:
            y[k] = np.sqrt(x[k])
            if y[k] > 1.0:
                y[k] = y[k] * x[0]
        else:
            y[k] = x[k] * x[k - 1]
    return y


@pytest.mark.parametrize("jit", JIT)
@pytest.mark.parametrize("f", [broadcast, growing, stencil, swapped, guarded])
def test_many_adjoints_are_those_of_single_sweeps(f, jit):
    x = np.array([1.3, -0.4, 2.0, 0.7, 0.2])
    pull = Adjoints(f, Options("adjoints", "x", Jit() if jit else None, False, True))
    seeds = np.random.default_rng(8).normal(size=(*f(x).shape, 7))
    try:
        value, found = pull.push((x,), (seeds.copy(),))
    except OneByOne:
        assert f in (growing, broadcast), "this one has been done in one sweep"
        return
    np.testing.assert_allclose(value, f(x), rtol=1e-14)
    _, pullback = srcdiff.vjp(f, x)
    expected = np.stack([pullback(seeds[..., d])[0] for d in range(7)], axis=-1)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_where_a_hook_looks_at_an_adjoint_they_are_taken_one_by_one():
    def f(x):
        y = x * x
        with srcdiff.adjoint_of(y) as y_bar:
            y_bar *= 2.0
        return y

    with pytest.raises(OneByOne):
        Adjoints(f, Options("adjoints", "x", None, False, True)).push((np.ones(2),), (np.ones((2, 2)),))
    np.testing.assert_allclose(srcdiff.batch_jacobian(f, mode="reverse")(np.ones(2)), [4.0, 4.0])


def test_a_sparse_jacobian_by_rows():
    pytest.importorskip("scipy")
    f, args = CASES["loops"]
    dense = srcdiff.jacobian(f)(*args)
    for jit in (False, True):
        sparse = srcdiff.jacobian(f, sparse=True, mode="reverse", jit=jit)
        for _ in range(2):
            np.testing.assert_allclose(sparse(*args).toarray(), dense.reshape(12, 30), rtol=1e-12, atol=1e-14)


def test_the_plain_text_is_one_loop():
    f, args = CASES["loops"]
    text = srcdiff.source(srcdiff.batch_jacobian(f), *args)
    assert text.count("for k in range(n)") == 1, text


def products(x, k):
    """The rows of the result have as many elements as a number says that the program is called with."""
    n = len(x)
    y = np.empty((n, k))
    for i in range(n):
        for j in range(k):
            y[i, j] = x[i, 0] * (j + 1.0) + x[i, 1] * x[i, 2]
    return y


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_results_of_other_shapes(mode: str, jit: bool) -> None:
    """Adjoints of the last result's shape are no adjoints of this one: compiled code would read beside them."""
    derivative = srcdiff.batch_jacobian(products, mode=mode, jit=jit)
    x = np.random.default_rng(1).normal(size=(9, 3))
    for k in (2, 2, 70, 1, 70, 0, 2, 64, 64, 0):
        wanted = np.empty((9, k, 3))
        wanted[:, :, 0], wanted[:, :, 1], wanted[:, :, 2] = np.arange(1, k + 1), x[:, 2:], x[:, 1:2]
        np.testing.assert_allclose(derivative(x, k), wanted)
    if jit and mode == "reverse":
        assert "adjoint_fits(y_bar.shape[1], y.shape[1])" in srcdiff.source(derivative, x, 2)
