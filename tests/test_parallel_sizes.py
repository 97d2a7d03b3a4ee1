"""Whether other cores are worth starting: what is estimated, and which text runs for which lengths."""

from __future__ import annotations

import math

import numpy as np
import pytest
from parallel_text import PARALLEL

import srcdiff
from srcdiff.errors import NotParallel
from srcdiff.ir.types import Dim, Num
from srcdiff.optimise.amounts import Amount, of_dim

pytest.importorskip("numba", reason="the text names Numba's prange")

N, M = (Amount({(("argument", name, 0),): 1.0}) for name in "nm")


def waves(x, rate):
    total = 0.0
    for i in range(len(x)):
        total += math.sin(rate * x[i]) * math.exp(x[i])
    return total


def steps(x, count):
    """A parallel loop that is started anew in each step."""
    x = x.copy()
    for _ in range(count):
        for i in range(len(x)):
            x[i] = math.sin(x[i])
    return np.sum(x)


def with_products(x, w):
    h = x @ w
    total = 0.0
    for i in range(len(h)):
        for j in range(h.shape[1]):
            total += math.exp(h[i, j])
    return total


def with_a_slow_part(x, a):
    """What is independent here is little, next to what is not."""
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i]
    s = 0.0
    for i in range(len(x)):
        s = math.sin(a * s) + math.exp(x[i])
    return total + s


def is_parallel(f, wrt, *args):
    text = srcdiff.source(srcdiff.value_and_grad(f, wrt=wrt, jit=PARALLEL), *args)
    serial = srcdiff.source(srcdiff.value_and_grad(f, wrt=wrt, jit=True), *args)
    assert "in prange(" in text or text == serial
    return "in prange(" in text


def test_amounts() -> None:
    n, m = (Num("float64", 1, (Dim(("argument", name, 0)),)) for name in "nm")
    count = Num("int64", value=Dim(("argument", "count")))
    twice = Amount({(("argument", "count"),): 2.0})
    whole = (N + Amount.of(2.0)) * (M - N) + Amount.of(1.0)
    assert whole.for_arguments([n, m])(np.ones(3), np.ones(7)) == (3 + 2) * (7 - 3) + 1
    assert Amount.of(5.0).for_arguments([n])(np.ones(3)) == 5.0
    assert twice.for_arguments([None, count])(None, 4) == 8.0
    assert twice.for_arguments([count])(-4) == 0.0  # no trips at all
    assert (N - N).terms == {}
    assert of_dim(Dim.known(3).plus(Dim(("argument", "n", 0)))) == N + Amount.of(3.0)
    assert of_dim(Dim(("argument", "n", 0)).minus(2)) == N - Amount.of(2.0)


def test_which_amounts_grow_faster() -> None:
    assert N.is_beside(N * M)
    assert not (N * M).is_beside(N * N)
    assert not N.is_beside(N)
    assert N.is_within(N)
    assert not N.is_beside(M - N * M)


@pytest.mark.parametrize(
    ("f", "wrt", "short", "long"),
    [
        (waves, "x", (np.ones(300), 0.5), (np.ones(30_000), 0.5)),
        (steps, "x", (np.ones(1000), 200), (np.ones(30_000), 2)),
        (with_products, "x", (np.ones((100, 50)), np.ones((50, 400))), (np.ones((9000, 50)), np.ones((50, 900)))),
    ],
)
def test_long_enough(f, wrt, short, long) -> None:
    assert not is_parallel(f, wrt, *short)
    assert is_parallel(f, wrt, *long)


def test_a_loop_that_is_little_of_the_whole() -> None:
    assert not is_parallel(with_a_slow_part, "x", np.ones(1_000_000), 0.5)


def test_what_is_not_independent_is_refused_for_any_length() -> None:
    def recurrence(x):
        s = 0.0
        for i in range(len(x)):
            s = math.sin(s) + x[i]
        return s

    for n in (3, 10_000):
        with pytest.raises(NotParallel):
            srcdiff.source(srcdiff.value_and_grad(recurrence, jit=PARALLEL), np.ones(n))


@pytest.mark.jit
def test_lengths_that_change_from_call_to_call() -> None:
    """One derivative, two texts: each is compiled once, and `source` is what ran last."""
    derivative, plain = (srcdiff.value_and_grad(waves, wrt=("x", "rate"), jit=jit) for jit in (PARALLEL, False))
    short, long = np.linspace(0.0, 1.0, 50), np.linspace(0.0, 1.0, 20_000)
    for x in (short, short, long, short[:40], long, long, long[1:], short):
        (value, found), (wanted_value, wanted) = derivative(x, 0.4), plain(x, 0.4)
        assert ("in prange(" in derivative.source) == (len(x) > 1000)
        assert value == pytest.approx(wanted_value, rel=1e-12)
        np.testing.assert_allclose(found[0], wanted[0], rtol=1e-12)
        np.testing.assert_allclose(found[1], wanted[1], rtol=1e-10)
    assert derivative(long, 0.4)[0] == derivative(long, 0.4)[0]


@pytest.mark.jit
def test_counts_and_captured_arrays_and_tangents() -> None:
    held = np.linspace(0.1, 0.2, 20_000)

    def powers(x, count):
        total = 0.0
        for i in range(count):
            total += math.exp(held[i] * x) * math.sin(x)
        return total

    derivative, plain = (srcdiff.jvp(powers, wrt="x", jit=jit) for jit in (PARALLEL, False))
    for count in (10, 20_000, 20, 20_000):
        np.testing.assert_allclose(derivative(0.3, count, 1.0), plain(0.3, count, 1.0), rtol=1e-11)
        assert ("in prange(" in derivative.source) == (count > 1000)


@pytest.mark.jit
def test_structures_and_pullbacks() -> None:
    def of_pair(pair):
        return waves(pair[0], pair[1])

    derivative, plain = (srcdiff.grad(of_pair, jit=jit) for jit in (PARALLEL, False))
    for n in (20, 20_000, 30):
        pair = np.linspace(0.0, 1.0, n), 0.4
        for one, other in zip(derivative(pair), plain(pair), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-10)
        assert ("in prange(" in derivative.source) == (n > 1000)
        x_bar, *_ = srcdiff.vjp(waves, *pair, jit=PARALLEL)[1](2.0)
        np.testing.assert_allclose(x_bar, 2.0 * plain(pair)[0], rtol=1e-12)
