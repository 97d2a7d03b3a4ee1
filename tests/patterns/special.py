"""The rest of the elementwise functions, those of `scipy.special`, and densities, as users write them."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import real

f32 = np.float32
N = 0.35 * real(3, 4)  # both signs, none of them at a place where a function below jumps
P = np.abs(real(3, 4)) + 0.4  # positive
U = 0.5 + 0.2 * real(3, 4)  # between 0.1 and 0.9
V = P[0]
SHORT = real(4)
COUNTS = np.array([[0, 1, 2, 3], [4, 5, 6, 0], [1, 1, 2, 9]])
TRUTHS = np.array([[True, False, True, True], [False, False, True, False], [True, True, True, False]])

CASES: list[tuple[str, tuple[Any, ...]]] = []


def add(args: tuple[Any, ...], *texts: str) -> None:
    CASES.extend((text, args) for text in texts)


def alike(args: tuple[Any, ...], *texts: str) -> None:
    """With float64 and with float32."""
    add(args, *texts)
    add(tuple(a.astype(f32) if isinstance(a, np.ndarray) and a.dtype == float else a for a in args), *texts)


# ------------------------------------------------------------------------------------------------------------ NumPy

alike((N,), "np.sinc(x)", "np.sinc(x[0])", "np.sinc(x[0, 0])", "np.sum(np.sinc(2.0 * x) ** 2)", "np.i0(x)")
alike((N,), "np.nan_to_num(x)", "np.nan_to_num(x, nan=1.0)", "np.heaviside(x, 0.5) * x", "np.positive(x) * x")
alike((N,), "np.fabs(x) * x", "np.absolute(x)", "np.negative(x)", "np.real(x) * x", "np.conj(x)", "x.real", "x.conj()")
alike(
    (N,), "np.imag(x) + x", "np.trunc(x) + x", "np.fix(x) * x", "np.rint(x) * x", "x.round(1) + x", "np.round(x, 1) * x"
)
alike((N,), "np.exp2(x)", "np.expm1(x)", "np.cbrt(x + 2.0)", "np.ldexp(x, 3)", "np.nextafter(x, 9.0)", "np.unwrap(x)")
alike((N,), "np.unwrap(x, axis=0)", "np.copysign(x, -1.0)", "np.where(np.isclose(x, 0.0), 0.0, x)", "np.spacing(x) + x")
alike((N, P), "np.logaddexp(x, y)", "np.logaddexp(x, y[0])", "np.logaddexp(x[:, :1], y[0])", "np.logaddexp2(x, y)")
alike((N, P), "np.logaddexp(x[0, 0], y[1, 1])", "np.logaddexp(0.0, x)", "np.logaddexp(x, 1.5) * y", "np.hypot(x, y)")
alike(
    (N, P), "np.remainder(x, y)", "np.mod(x, 0.7) * y", "x % y", "np.fmod(x, y)", "np.arctan2(x, y)", "np.divide(x, y)"
)
alike((P, N), "np.float_power(x, y)", "np.float_power(x, 2)", "np.power(x, y[0])", "np.true_divide(y, x)", "x ** y")
alike((SHORT, V), "np.subtract.outer(x, y)", "np.add.outer(x, y) ** 2", "np.multiply.outer(x, y)")
alike((SHORT, V), "np.exp(-np.subtract.outer(x, y) ** 2).sum()", "np.subtract.outer(x, x).sum(axis=1)")
alike((N,), "np.add.reduce(x)", "np.add.reduce(x, axis=1)", "np.multiply.reduce(x, axis=-1)", "np.maximum.reduce(x)")
alike((N,), "np.add.reduce(x, axis=None)", "np.minimum.reduce(x, axis=1, keepdims=True)", "np.add.reduce(x, (0, 1))")
add((N, P), "q, r = np.divmod(x, y)\nreturn q * r", "q, r = divmod(x, y)\nreturn r * r", "return divmod(x, 0.7)[1]")
add((0.3, 1.7), "q, r = divmod(x, y)\nreturn r * x", "math.remainder(x, y)", "math.fmod(x, y)", "math.ldexp(x, 3) * y")
add((0.3, 1.7), "np.logaddexp(x, y)", "np.sinc(x) * y", "np.float_power(x, y)", "np.i0(x * y)", "math.nextafter(x, y)")
add((N,), "np.modf(x)[0]", "part, whole = np.modf(3.0 * x)\nreturn part * part + whole")

# --------------------------------------------------------------------------------------------------- scipy.special

alike((N,), "special.expit(x)", "scipy.special.expit(x[0, 1])", "special.log_expit(x)", "special.softplus(x)")
alike((N,), "special.erf(x)", "special.erfc(x)", "special.erfcx(x)", "special.erfi(x)", "special.dawsn(x)")
alike(
    (N,), "special.ndtr(x)", "special.log_ndtr(x)", "special.log_ndtr(30.0 * x)", "special.exp10(x)", "special.sinc(x)"
)
alike((U,), "special.logit(x)", "special.erfinv(x)", "special.erfcinv(x)", "special.ndtri(x)", "special.ndtri_exp(-x)")
alike((U,), "special.entr(x)", "special.rel_entr(x, x[0])", "special.kl_div(x, 0.5)", "special.xlogy(x, x)")
alike((U,), "special.xlogy(x, 0.3)", "special.xlogy(2.0, x)", "special.xlog1py(x, -x)", "special.boxcox(x, 0.5)")
alike(
    (P,), "special.gamma(x)", "special.gammaln(x)", "special.digamma(x)", "special.psi(x[0, 0])", "special.loggamma(x)"
)
alike(
    (P,), "special.rgamma(x)", "special.polygamma(1, x)", "special.zeta(2.0, x)", "special.exp1(x)", "special.expi(x)"
)
alike((P, V), "special.beta(x, y)", "special.betaln(x, y)", "special.betaln(x, 2.0)", "special.beta(x[0, 0], y)")
alike(
    (P,), "special.gammainc(1.5, x)", "special.gammaincc(2.0, x)", "special.gammainc(2, x[0])", "special.stdtr(3.0, x)"
)
alike((U,), "special.betainc(1.5, 2.0, x)", "special.betainc(2, 3, x[0, 0])")
alike((N,), "special.j0(x)", "special.j1(x)", "special.i0(x)", "special.i1(x)", "special.i0e(x)", "special.i1e(x)")
alike(
    (P,),
    "special.jv(0, x)",
    "special.jv(1.5, x)",
    "special.yv(2, x)",
    "special.y0(x)",
    "special.y1(x)",
    "special.kn(2, x)",
)
alike(
    (P,),
    "special.iv(0.5, x)",
    "special.kv(1, x)",
    "special.k0(x)",
    "special.k1(x)",
    "special.k0e(x)",
    "special.kve(2, x)",
)
alike((P,), "np.sum(np.log(special.i0e(x)) + x)", "special.jv(np.array([0, 1, 2, 3]), x)", "special.ive(1, x)")
alike((N,), "special.huber(0.3, x)", "special.pseudo_huber(0.5, x)", "special.cbrt(2.0 + x)", "special.log1p(x)")
for function in ("logsumexp", "softmax", "log_softmax"):
    alike((N,), *(f"special.{function}(x{a})" for a in ("", ", axis=0", ", axis=1", ", axis=-1", ", axis=(0, 1)")))
    alike((real(2, 3, 4),), f"special.{function}(x, axis=1)", f"special.{function}(x, axis=(0, 2))")
    alike((V,), f"special.{function}(x)", f"special.{function}(x * 3.0, 0)", f"special.{function}(x - 1000.0)")
alike((N,), "special.logsumexp(x, axis=1, keepdims=True)", "special.logsumexp(x, keepdims=True)")
alike((N,), "x - special.logsumexp(x, axis=-1, keepdims=True)", "special.logsumexp(x[None] + x[:, None], axis=2)")
alike((N, U), "-np.sum(y * special.log_softmax(x, axis=1))", "np.mean(special.softmax(x, axis=-1) @ y.T)")
alike((N, 1.0 * TRUTHS), "-np.sum(y * special.log_softmax(x, axis=1)) + np.sum(y)")
alike((SHORT, N), "z = y @ x\nreturn -np.sum(special.log_expit(z)) - np.sum(special.log_expit(-z))")
add((0.7, 1.9), "special.expit(x) * special.erf(y)", "special.logsumexp(np.array([x, y]))", "special.gammaln(x + y)")
add((0.7, 1.9), "special.beta(x, y)", "special.jv(1, x * y)", "special.polygamma(1, x) * y", "special.xlogy(x, y)")

# ------------------------------------------------------------------------------------------------------ scipy.stats

for name in ("norm", "cauchy", "laplace", "logistic"):
    add((N,), f"stats.{name}.logpdf(x)", f"np.sum(scipy.stats.{name}.logpdf(x, 0.5, 2.0))")
    add((N, V), f"stats.{name}.logpdf(x, loc=y)", f"stats.{name}.logpdf(x, scale=y)", f"stats.{name}.logpdf(x, y, y)")
    add((0.3, 0.8), f"stats.{name}.logpdf(x)", f"stats.{name}.logpdf(0.2, x, y)", f"stats.{name}.logpdf(x, 0.1, y)")
for call in ("pdf", "cdf", "sf", "logcdf", "logsf"):
    add((N, V), f"stats.norm.{call}(x)", f"stats.norm.{call}(x, 0.1, y)", f"stats.norm.{call}(x[0, 0], loc=y[0])")
add((U, V), "stats.norm.ppf(x)", "stats.norm.ppf(x, scale=y)", "stats.norm.ppf(x[0], y, y)")
add((N, V), "stats.t.logpdf(x, 3.0)", "stats.t.logpdf(x, y)", "stats.t.logpdf(x, y, 0.1, y)", "stats.t.pdf(x, df=4)")
for name in ("expon", "halfnorm"):
    add((P, V), f"stats.{name}.logpdf(x)", f"stats.{name}.logpdf(x, scale=y)", f"stats.{name}.logpdf(x, -1.0, y)")
for name in ("gamma", "lognorm"):
    add((P, V), f"stats.{name}.logpdf(x, 2.0)", f"stats.{name}.logpdf(x, y)", f"stats.{name}.logpdf(x, y, scale=y)")
    add(
        (P, V),
        f"stats.{name}.pdf(x, 2.0)",
        f"stats.{name}.pdf(x - 1.0, y)",
        f"np.sum(stats.{name}.logpdf(x, y, -1, 2))",
    )
add((U, P), "stats.beta.logpdf(x, 2.0, 3.0)", "stats.beta.logpdf(x, y, y[0])", "stats.beta.pdf(2.0 * x - 0.5, y, 1.5)")
add((U, V), "stats.uniform.logpdf(x, 0, 2) * x", "stats.uniform.logpdf(x, -y, 4.0 * y)", "stats.uniform.pdf(x, 0.0, y)")
add((P, COUNTS), "stats.poisson.logpmf(y, x)", "stats.poisson.pmf(y, x)", "np.sum(stats.poisson.logpmf(y, mu=x[0]))")
add((U, COUNTS), "stats.binom.logpmf(y, 10, x)", "stats.binom.logpmf(y, n=9, p=x[0])")
add((U, TRUTHS), "stats.bernoulli.logpmf(y * 1, x)", "np.sum(stats.bernoulli.logpmf(y * 1.0, p=special.expit(x)))")
add((SHORT, N), "m = np.mean(y, axis=1)\nreturn np.sum(stats.norm.logpdf(m[:, None], x, np.exp(x[0])))")
add((V, N), "return -np.mean(special.logsumexp(stats.norm.logpdf(y[:, :, None], x, 0.5), axis=2))")
