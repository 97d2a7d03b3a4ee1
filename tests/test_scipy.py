"""Functions of SciPy, and NumPy's exponential sums, at their edges: infinities, zeros, tails, the borders of supports;
what is refused; and that SciPy stays unimported until a program uses it."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from scipy import special, stats
from thinning import FULL

import srcdiff
from srcdiff import grad
from srcdiff.errors import UnsupportedCall
from srcdiff.testing import check_grad

INF = np.inf


def adds(x, y):
    return np.sum(np.logaddexp(x, y))


def adds_in_base_two(x, y):
    return np.sum(np.logaddexp2(x, y))


@pytest.mark.parametrize("f", [adds, adds_in_base_two])
def test_equal_infinities_have_one_half_each(f: Any) -> None:
    x, y = np.array([INF, -INF, INF, -INF, 1.0, 1e4]), np.array([INF, -INF, 1.0, 1.0, -INF, -1e4])
    with np.errstate(over="raise", invalid="raise"):
        of_x, of_y = grad(f, wrt=(0, 1))(x, y)
    assert of_x.tolist() == [0.5, 0.5, 1.0, 0.0, 1.0, 1.0]
    assert of_y.tolist() == [0.5, 0.5, 0.0, 1.0, 0.0, 0.0]


def log_of_sum(x):
    return special.logsumexp(x)


def log_of_sums(x):
    return np.sum(special.logsumexp(x, axis=1))


def test_logsumexp_at_infinities() -> None:
    assert grad(log_of_sum)(np.array([-INF, 0.0, 0.0])).tolist() == [0.0, 0.5, 0.5]
    assert grad(log_of_sum)(np.array([INF, 0.0, INF])).tolist() == [0.5, 0.0, 0.5]
    assert grad(log_of_sums)(np.array([[-INF, -INF], [1e5, -1e5]])).tolist() == [[0.5, 0.5], [1.0, 0.0]]


def soft(x):
    return special.softmax(x)[0] + special.log_softmax(x)[1]


def test_softmax_of_large_numbers() -> None:
    with np.errstate(over="raise", invalid="raise"):
        assert np.all(np.isfinite(grad(soft)(np.array([1e6, -1e6, 3.0]))))


def entropy(p, q):
    return np.sum(special.xlogy(p, q))


def entropy_from_one(p, q):
    return np.sum(special.xlog1py(p, q))


def test_xlogy_at_zero() -> None:
    with np.errstate(divide="ignore"):
        of_p, of_q = grad(entropy, wrt=(0, 1))(np.array([0.0, 0.0, 2.0]), np.array([0.0, 3.0, 4.0]))
        of_p1, of_q1 = grad(entropy_from_one, wrt=(0, 1))(np.array([0.0, 0.0]), np.array([-1.0, 2.0]))
    assert of_p.tolist() == [-INF, math.log(3.0), math.log(4.0)]
    assert of_q.tolist() == [0.0, 0.0, 0.5]
    assert of_p1.tolist() == [-INF, math.log(3.0)]
    assert of_q1.tolist() == [0.0, 0.0]


def tail(x):
    return special.log_ndtr(x)


def lower_logistic(x):
    return special.log_expit(x)


def test_tails() -> None:
    assert grad(tail)(-1e6) == pytest.approx(1e6, rel=1e-11)  # the density divided by the probability is 0 / 0 there
    assert grad(tail)(40.0) == pytest.approx(math.exp(-800.0) * 0.4, abs=1e-300)
    assert grad(lower_logistic)(-800.0) == 1.0
    assert grad(lower_logistic)(800.0) == pytest.approx(0.0, abs=1e-300)


def bessel_at_zero(x):
    return special.j1(x) + special.i1(x) + np.sinc(x) + np.i0(x) + special.i0e(x)


def test_bessel_functions_and_sinc_at_zero() -> None:
    assert grad(bessel_at_zero)(0.0) == 1.0


# --------------------------------------------------------------------------------------------- densities, at borders


def exponential(x, s):
    return stats.expon.logpdf(x, scale=s)


def half(x, s):
    return stats.halfnorm.logpdf(x, scale=s)


def gamma(x, s):
    return stats.gamma.logpdf(x, 2.0, scale=s)


def lognormal(x, s):
    return stats.lognorm.logpdf(x, s)


def uniform(x, s):
    return stats.uniform.logpdf(x, 0.0, s)


def beta(x, s):
    return stats.beta.logpdf(x, s, 2.0)


def poisson(x, s):
    return stats.poisson.logpmf(x, s)


def binomial(x, s):
    return stats.binom.logpmf(x, 2, 0.25 * s)


def bernoulli(x, s):
    return stats.bernoulli.logpmf(x, 0.25 * s)


@pytest.mark.parametrize(
    "f", [exponential, half, gamma, lognormal, uniform, beta, poisson, binomial, bernoulli], ids=lambda f: f.__name__
)
def test_outside_of_the_support(f: Any) -> None:
    """The value is SciPy's, and nothing outside moves it; NaN stays NaN."""
    x = np.array([-1.5, 0.5, 1.0 if f in (poisson, binomial, bernoulli) else 0.9, 7.5, np.nan])
    value, pullback = srcdiff.vjp(f, x, 1.5)
    assert value == pytest.approx(f(x, 1.5), rel=1e-13, nan_ok=True)
    outside = np.isneginf(value)
    seed = np.where(outside, 1.0, 0.0)[:4]
    value, pullback = srcdiff.vjp(f, x[:4], 1.5)
    of_x, of_s = pullback(seed)
    assert of_x.tolist() == [0.0] * 4
    assert of_s == 0.0 or f in (exponential, half, gamma, uniform)  # the scale's own logarithm is outside of the mask


def counts(k, mu):
    return np.sum(stats.poisson.logpmf(k, mu))


def test_counts_are_steps() -> None:
    of_k, of_mu = grad(counts, wrt=(0, 1))(np.array([1.0, 2.0]), 1.5)
    assert of_k.tolist() == [0.0, 0.0]
    assert of_mu == pytest.approx(3.0 / 1.5 - 2.0)


logpdf = stats.norm.logpdf


def by_another_name(x):
    f = stats.norm.logpdf
    return logpdf(x, 1.0) + f(x)


def test_a_method_of_a_distribution_by_other_names() -> None:
    check_grad(by_another_name, (0.3,), order=2)


# ---------------------------------------------------------------------------------------------------------- refused


def by_order(v, x):
    return special.jv(v, x)


def by_filling(x, nan):
    return np.sum(np.nan_to_num(x, nan=nan))


def weighted(x):
    return special.logsumexp(x, b=x)


def frozen(x):
    return stats.norm(0.0, 1.0).logpdf(x)


def no_density(x):
    return stats.norm.moment(2, x)


def writes_a_step(x):
    return np.sum(np.floor(x, out=x) * x)


def writes_by_place(x):
    return np.sum(np.sign(x, x) * x)


def writes_partly(x):
    return np.sum(np.exp(x, where=x > 0.0))


def fills_in_place(x):
    return np.sum(np.nan_to_num(x, copy=False))


def takes_apart(x):
    return np.sum(np.frexp(x)[0])


@pytest.mark.parametrize(
    ("f", "args", "wrt", "message"),
    [
        (by_order, (1.5, 2.0), (0,), "in its argument `v`"),
        (by_filling, (np.ones(2), 0.5), (1,), "in its argument `nan`"),
        (weighted, (np.ones(2),), (0,), "the argument `b=` of `special.logsumexp`"),
        (frozen, (0.5,), (0,), "a call of `stats.norm`"),
        (no_density, (0.5,), (0,), "the method `moment`"),
        (writes_a_step, (np.ones(2),), (0,), "the argument `out=` of `np.floor`"),
        (writes_by_place, (np.ones(2),), (0,), "the argument `out=` of `np.sign`"),
        (writes_partly, (np.ones(2),), (0,), "the argument `where=` of `np.exp`"),
        (fills_in_place, (np.ones(2),), (0,), "the argument `copy=` of `np.nan_to_num`"),
        (takes_apart, (np.ones(2),), (0,), "a call of `np.frexp`"),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_refused(f: Any, args: tuple[Any, ...], wrt: tuple[int, ...], message: str) -> None:
    with pytest.raises(UnsupportedCall, match=message.replace("(", r"\(")):
        grad(f, wrt=wrt)(*args)
    with pytest.raises(UnsupportedCall, match=message.replace("(", r"\(")):
        srcdiff.jvp(f, wrt=wrt)(*args, *(args[k] for k in wrt))


def steps(h):
    return np.arange(0.0, 2.0, step=h)


def test_an_operand_by_name_has_its_derivative() -> None:
    check_grad(steps, (0.3,))


# ---------------------------------------------------------------------------------------------------- lazily, jitted


def test_scipy_is_registered_when_it_is_used() -> None:
    code = (
        "import sys, srcdiff, numpy as np\n"
        "assert 'scipy' not in sys.modules\n"
        "from srcdiff.rules.registry import LATE, rule_of\n"
        "assert 'scipy.special' in LATE and rule_of(len) is not None\n"
        "from scipy.special import erf\n"
        "assert rule_of(erf) is not None and 'scipy.special' not in LATE and 'scipy.stats' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def mixture(m, x):
    densities = stats.norm.logpdf(x[:, None], m, 0.5)
    return np.sum(special.logsumexp(densities, axis=1)) - special.xlogy(2.0, special.ndtr(m[0]))


def layers(w, x):
    weights = special.softmax(special.expit(x @ w), axis=1)
    return np.sum(weights * special.erf(x[:, :2])) + np.sum(np.sinc(w) + np.i0(w))


def losses(z, y):
    return np.sum(np.logaddexp(0.0, z) - y * z + special.log_expit(z) * special.gammaln(2.0 + z * z))


@pytest.mark.jit
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_under_numba(dtype: Any) -> None:
    rng = np.random.default_rng(5)
    rtol = 2e-2 if dtype is np.float32 else None
    cases: list[tuple[Any, tuple[Any, ...]]] = [
        (losses, (rng.normal(size=5), rng.uniform(size=5))),
        (mixture, (rng.normal(size=2), rng.normal(size=4))),
        (layers, (rng.normal(size=(3, 2)), rng.normal(size=(4, 3)))),
    ]
    for f, args in cases if FULL else cases[1:2] if dtype is np.float64 else cases[:1]:  # each takes seconds to compile
        check_grad(f, tuple(a.astype(dtype) for a in args), jit=True, rtol=rtol)
