"""Random draws: the same numbers as in the function, once each, and generators left as the function leaves them.

Programs that draw are among the programs of `programs/draws.py`, which are checked by finite differences; here is what
goes beyond the numbers.
"""

from __future__ import annotations

import copy

import numpy as np
import pytest
from programs import CASES

import srcdiff
from srcdiff.errors import (
    BadArgument,
    CompilationFailed,
    NotDifferentiable,
    UnsupportedCall,
    UnsupportedMutation,
    UnsupportedType,
)

DRAWS = [c for c in CASES if c.name.startswith("draws.")]


def rng(seed=0):
    return np.random.default_rng(seed)


def state(generator):
    return generator.bit_generator.state


def generators(args):
    return [a for a in args if isinstance(a, np.random.Generator | np.random.RandomState)]


# --------------------------------------------------------------------------------------------- every program that draws


@pytest.mark.parametrize("case", DRAWS, ids=[c.name for c in DRAWS])
@pytest.mark.parametrize("mode", ["value_and_grad", "grad", "jvp"])
def test_value_and_state_are_those_of_the_function(case, mode):
    for point in case.points:
        args, others = case.at(point), case.at(point)
        wrt = case.wrt or tuple(
            k for k, a in enumerate(args) if isinstance(a, float | np.floating | np.ndarray) and np.size(a)
        )
        expected = case.function(*args)
        if mode == "jvp":
            tangents = tuple(np.ones_like(a) if k in wrt else None for k, a in enumerate(others))
            value, _ = srcdiff.jvp(case.function, others, tangents)
        elif mode == "grad":
            srcdiff.grad(case.function, wrt=wrt)(*others)
            value = expected
        else:
            value, _ = srcdiff.value_and_grad(case.function, wrt=wrt)(*others)
        assert value == pytest.approx(expected, rel=1e-6 if case.rtol else 1e-12)
        for a, b in zip(generators(args), generators(others), strict=True):
            assert repr(a.__getstate__()) == repr(b.__getstate__())


def test_there_are_enough_programs():
    assert len(DRAWS) >= 25


# --------------------------------------------------------------------------------------------------- what is written


def noise(x, rng):
    skipped = rng.normal()
    for _ in range(3):
        if x > 0.0:
            rng.random()
    return x + rng.normal(0.0, 2.0)


def test_draws_that_nothing_reads_stay():
    """The gradient is 1 whatever is drawn, but the next draw of the caller turns on them."""
    text = srcdiff.source(srcdiff.grad(noise), 1.0, rng())
    assert [line for line in text.splitlines() if " rng." in line.partition("#")[0] or " if " in line] == [
        "    rng.normal()",
        "        if x > 0.0:",
        "            rng.random()",
        "    rng.normal(0.0, 2.0)",
    ]


def order_of_draws(x, rng):
    y = x.copy()
    y[rng.integers(4)] += rng.random() * y[rng.integers(4)]
    return np.sum(y * y)


def test_draws_are_in_the_order_of_evaluation():
    text = srcdiff.source(srcdiff.grad(order_of_draws), np.ones(4), rng())
    assert [line.split("= ")[1] for line in text.splitlines() if "draw" in line and " = rng." in line] == [
        "rng.integers(0, 4)",
        "rng.random()",
        "rng.integers(0, 4)",
    ]


def scaled(x, scale, rng):
    return x + scale * rng.normal(x, scale)


def test_the_generic_text_knows_a_generator_by_its_methods():
    assert "draw = rng.standard_normal()" in srcdiff.source(srcdiff.grad(scaled, wrt=(0, 1)))


def keyword(x, *, rng=None):
    if rng is None:
        rng = np.random.default_rng(3)
    return x * rng.normal()


def test_a_generator_that_may_be_left_out():
    assert srcdiff.grad(keyword)(2.0) == rng(3).normal()
    assert srcdiff.grad(keyword)(2.0, rng=rng(4)) == rng(4).normal()


def test_a_tuple_with_a_generator():
    assert srcdiff.grad(of_tuple)(2.0, (3.0, rng(4))) == 3.0 * rng(4).normal()


def of_tuple(x, settings):
    scale, generator = settings
    return x * scale * generator.normal()


# ------------------------------------------------------------------------------------------------ whose generator it is

SHARED = np.random.default_rng(5)


def captured(x):
    return x * SHARED.normal() + x * x * SHARED.random()


def test_a_captured_generator_is_drawn_from():
    before = copy.deepcopy(SHARED)
    expected = before.normal() + 4.0 * before.random()
    assert srcdiff.grad(captured)(2.0) == pytest.approx(expected)
    assert state(SHARED) == state(before)


def unseeded(x):
    return x * np.random.default_rng().normal()


def of_numpys_own(x):
    return x * np.random.normal()


def test_numpys_own_state():
    np.random.seed(8)
    gradient = srcdiff.grad(of_numpys_own)(2.0)
    after = np.random.random()
    np.random.seed(8)
    assert gradient == np.random.normal()
    assert after == np.random.random()


@pytest.mark.parametrize("f", [captured, unseeded, of_numpys_own])
def test_what_takes_several_runs_needs_a_generator_that_can_be_copied(f):
    with pytest.raises(UnsupportedCall, match="all of them have to see the same draws"):
        srcdiff.hessian(f)(2.0)
    with pytest.raises(UnsupportedCall, match="pass the generator as an argument"):
        srcdiff.vjp(f, 2.0)
    assert np.isfinite(srcdiff.hvp(f)(2.0, 1.0))  # one run
    assert np.isfinite(srcdiff.elementwise_grad(f)(2.0))


# ----------------------------------------------------------------------------------------- several runs, the same draws


def field(x, rng):
    z = rng.normal(size=3)
    return np.sin(x * z) + x[0] * rng.normal(x, 0.5)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_every_column_sees_the_same_draws(mode):
    x = np.array([0.3, 0.8, -0.4])
    ours, theirs = rng(6), rng(6)
    value, found = srcdiff.value_and_jacobian(field, mode=mode)(x, ours)
    assert value == pytest.approx(field(x, theirs))
    assert state(ours) == state(theirs)
    columns = [(field(x + e, rng(6)) - field(x - e, rng(6))) / 2e-6 for e in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(found, np.stack(columns, axis=1), atol=1e-7)
    np.testing.assert_array_equal(srcdiff.jacobian(field, mode=mode)(x, rng(6)), found)


def energy(x, k, rng):
    return k * np.sum(x**3 * rng.normal(x, 1.0, size=3))


def test_second_derivatives_see_the_same_draws():
    x, k = np.array([0.3, 0.8, -0.4]), 1.7
    ours, theirs = rng(6), rng(6)
    found = srcdiff.hessian(energy, wrt=(0, 1))(x, k, ours)
    energy(x, k, theirs)
    assert state(ours) == state(theirs)
    gradient = srcdiff.grad(energy, wrt=(0, 1))
    columns = [(gradient(x + e, k, rng(6))[0] - gradient(x - e, k, rng(6))[0]) / 2e-6 for e in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(found[0][0], np.stack(columns, axis=1), atol=1e-7)
    mixed = (gradient(x, k + 1e-6, rng(6))[0] - gradient(x, k - 1e-6, rng(6))[0]) / 2e-6
    np.testing.assert_allclose(found[0][1], mixed, atol=1e-7)
    np.testing.assert_allclose(found[1][0], mixed, atol=1e-7)
    v = np.array([1.0, -1.0, 0.5])
    ours = rng(6)
    np.testing.assert_allclose(srcdiff.hvp(energy)(x, k, ours, v), found[0][0] @ v)
    assert state(ours) == state(theirs)


def test_a_pullback_sees_the_draws_of_its_value():
    x, generator = np.array([0.3, 0.8, -0.4]), rng(6)
    value, pullback = srcdiff.vjp(field, x, generator)
    expected = rng(6)
    np.testing.assert_array_equal(value, field(x, expected))
    assert state(generator) == state(expected)
    jacobian = srcdiff.jacobian(field)(x, rng(6))
    for row in np.eye(3):
        np.testing.assert_allclose(pullback(row)[0], row @ jacobian)
    assert pullback(row)[1] is None
    assert state(generator) == state(expected)


def outer(x, rng):
    return np.sum(srcdiff_jacobian(x, rng) ** 2) + rng.normal() * x[0]


srcdiff_jacobian = srcdiff.jacobian(field)


def test_a_function_that_calls_a_jacobian_with_draws():
    x = np.array([0.3, 0.8, -0.4])
    ours, theirs = rng(7), rng(7)
    gradient = srcdiff.grad(outer)(x, ours)
    outer(x, theirs)
    assert state(ours) == state(theirs)
    expected = [(outer(x + e, rng(7)) - outer(x - e, rng(7))) / 2e-6 for e in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(gradient, expected, atol=1e-6)


# ----------------------------------------------------------------------------------------------------------- refusals


def poisson_rate(x, rng):
    return x * rng.poisson(np.exp(x))


def degrees(x, rng):
    return rng.standard_t(x)


def gamma_shape(x, rng):
    return rng.gamma(x, 2.0)


def covariance(x, rng):
    return np.sum(rng.multivariate_normal([0.0, 0.0], np.eye(2) * x))


def weights(x, rng):
    return x[0] * rng.choice(3, p=x / np.sum(x))


def threshold(x, rng):
    """The parameter reaches the draw through a variable."""
    p = 1.0 / (1.0 + np.exp(-x))
    return x * rng.binomial(5, p)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (poisson_rate, 1.0),
        (degrees, 3.0),
        (gamma_shape, 3.0),
        (covariance, 2.0),
        (weights, np.array([1.0, 2.0, 3.0])),
        (threshold, 0.4),
    ],
)
@pytest.mark.parametrize("mode", ["grad", "jvp"])
def test_a_parameter_that_is_differentiated_is_refused(f, x, mode):
    derivative = srcdiff.grad(f) if mode == "grad" else srcdiff.jvp(f, wrt=0)
    with pytest.raises(NotDifferentiable) as caught:
        derivative(x, rng()) if mode == "grad" else derivative(x, rng(), x)
    text = str(caught.value)
    assert "which depends on what is differentiated" in text
    assert "srcdiff.stop_gradient" in text
    assert "^" in text


def held_fixed(x, rng):
    return x * rng.poisson(srcdiff.stop_gradient(x))


def test_a_parameter_that_is_held_fixed():
    assert srcdiff.grad(held_fixed)(4.0, rng(1)) == rng(1).poisson(4.0)


def test_a_parameter_that_is_not_differentiated():
    assert srcdiff.grad(rate_apart)(2.0, 4.0, rng(1)) == rng(1).poisson(4.0)
    with pytest.raises(NotDifferentiable):
        srcdiff.grad(rate_apart, wrt="rate")(2.0, 4.0, rng(1))


def rate_apart(x, rate, rng):
    return x * rng.poisson(rate)


def bytes_of(x, rng):
    return x * len(rng.bytes(3))


def into_a_slice(x, rng):
    y = x * x
    rng.shuffle(y[1:])
    return y[0]


GLOBAL_ORDER = np.arange(4)


def of_a_global(x, rng):
    rng.shuffle(GLOBAL_ORDER)
    return x[GLOBAL_ORDER[0]]


def sized_by_array(x, rng):
    return np.sum(x * rng.normal(size=np.array([2, 2])))


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (bytes_of, UnsupportedCall, "the method `bytes` of a Generator"),
        (into_a_slice, UnsupportedMutation, "written by a call"),
        (of_a_global, UnsupportedMutation, "written by a call"),
        (sized_by_array, UnsupportedType, "write the lengths as whole numbers"),
    ],
)
def test_what_is_not_followed(f, error, words):
    with pytest.raises(error, match=words):
        srcdiff.grad(f)(np.ones(4), rng())


class Biased(np.random.Generator):
    def normal(self, *args):
        return 1.0


def test_generators_of_the_users_own_are_refused():
    with pytest.raises(BadArgument, match="`rng` is a Biased"):
        srcdiff.grad(scaled)(1.0, 2.0, Biased(np.random.PCG64(1)))
    with pytest.raises(BadArgument, match="cannot be differentiated"):
        srcdiff.grad(scaled, wrt="rng")(1.0, 2.0, rng())


# ------------------------------------------------------------------------------------------------------------- compiled


@pytest.mark.jit
def test_compiled_code_draws_the_same():
    x, ours, theirs = np.array([0.3, 0.8, -0.4]), rng(6), rng(6)
    plain = srcdiff.value_and_grad(energy)(x, 1.7, theirs)
    jitted = srcdiff.value_and_grad(energy, jit=True)(x, 1.7, ours)
    assert jitted[0] == pytest.approx(plain[0], rel=1e-13)
    np.testing.assert_allclose(jitted[1], plain[1])
    assert state(ours) == state(theirs)


@pytest.mark.jit
def test_compiled_code_calls_a_derivative_that_draws():
    import numba

    gradient = srcdiff.grad(scaled, wrt=(0, 1)).jitted

    @numba.njit
    def twice(x, scale, generator):
        a, b = gradient(x, scale, generator)
        c, d = gradient(x, scale, generator)
        return a + b + c + d

    generator = rng(9)
    plain = srcdiff.grad(scaled, wrt=(0, 1))
    assert twice(1.0, 2.0, rng(9)) == pytest.approx(sum(plain(1.0, 2.0, generator)) + sum(plain(1.0, 2.0, generator)))


@pytest.mark.jit
def test_compiled_code_has_no_state_of_numpys():
    with pytest.raises(CompilationFailed, match="NumPy's own state"):
        srcdiff.grad(of_numpys_own, jit=True)(2.0)


@pytest.mark.jit
def test_what_numba_lacks():
    with pytest.raises(CompilationFailed):
        srcdiff.hessian(energy, jit=True)(np.ones(3), 1.0, rng())
    with pytest.raises(CompilationFailed):
        srcdiff.grad(keyword, jit=True)(2.0)


@pytest.mark.jit
def test_a_function_that_is_compiled_draws_from_numbas_own_state():
    import numba

    @numba.njit
    def seed(n):
        np.random.seed(n)

    f = numba.njit(of_numpys_own)
    gradient = srcdiff.grad(f)
    seed(3)
    value = f(2.0)
    seed(3)
    assert gradient(2.0) == pytest.approx(value / 2.0)
