"""Densities of `scipy.stats`, spelled out; imported when a program uses it, and not before.

`scipy.stats.norm.logpdf` is a method bound to one object: the registry knows it as such. Each is written in the form
that is stable, so a gradient costs none of SciPy's own checking of arguments. Outside of the support a log-density is
-inf and has derivative 0; on its border it is that of the inside. Counts (`k`, and `n` of the binomial) are steps: no
derivative. The parameters are taken to be valid: for others (a scale below 0) SciPy gives NaN.

The densities are those of SciPy's documentation; also in Johnson, Kotz and Balakrishnan, Continuous Univariate
Distributions (1994).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special, stats

from . import scipy_normal  # noqa: F401  (registers its rules, too)
from .points import call, over, reals
from .registry import spelled

# ------------------------------------------------------------------------------------------- parts of all densities


def standard(x: Any, loc: Any, scale: Any) -> Any:
    if loc is None and scale is None:
        return x
    if scale is None:
        return x - loc
    if loc is None:
        return x / scale
    return (x - loc) / scale


def log_scaled(value: Any, scale: Any) -> Any:
    return value if scale is None else value - np.log(scale)


def either(test: Any, a: Any, b: Any) -> Any:
    """`np.where`, as a number where all three are."""
    if np.ndim(test) == 0 and np.ndim(a) == 0 and np.ndim(b) == 0:
        return a if test else b
    return np.where(test, a, b)


_ANY = over((-2, 2)) + call(reals(3), reals()) + call(reals(3), reals(), reals(low=0.5))
_ANY += call(reals(2, 3), loc=reals(3), scale=reals(low=0.5)) + call(reals(), scale=reals(low=0.5))

# ------------------------------------------------------------------------------------------------- on the whole line


@spelled(stats.norm.logpdf, points=_ANY)
def norm_logpdf(x: Any, loc: Any = None, scale: Any = None) -> Any:
    z = standard(x, loc, scale)
    return log_scaled(-0.5 * z * z - 0.9189385332046727, scale)


@spelled(stats.norm.pdf, points=_ANY)
def norm_pdf(x: Any, loc: Any = None, scale: Any = None) -> Any:
    z = standard(x, loc, scale)
    density = 0.3989422804014327 * np.exp(-0.5 * z * z)
    return density if scale is None else density / scale


@spelled(stats.norm.cdf, points=_ANY)
def norm_cdf(x: Any, loc: Any = None, scale: Any = None) -> Any:
    return special.ndtr(standard(x, loc, scale))


@spelled(stats.norm.sf, points=_ANY)
def norm_sf(x: Any, loc: Any = None, scale: Any = None) -> Any:
    return special.ndtr(-standard(x, loc, scale))


@spelled(stats.norm.logcdf, points=_ANY)
def norm_logcdf(x: Any, loc: Any = None, scale: Any = None) -> Any:
    return special.log_ndtr(standard(x, loc, scale))


@spelled(stats.norm.logsf, points=_ANY)
def norm_logsf(x: Any, loc: Any = None, scale: Any = None) -> Any:
    return special.log_ndtr(-standard(x, loc, scale))


@spelled(stats.norm.ppf, points=over((0.1, 0.9)) + call(reals(3, low=0.1, high=0.9), loc=reals(), scale=reals(low=0.5)))
def norm_ppf(q: Any, loc: Any = None, scale: Any = None) -> Any:
    z = special.ndtri(q) if scale is None else special.ndtri(q) * scale
    return z if loc is None else z + loc


_WITH_DF = call(reals(), reals(low=0.5)) + call(reals(3), reals(low=0.5), reals(), reals(low=0.5))
_WITH_DF += call(reals(2, 3), 3.0, loc=reals(3), scale=reals(low=0.5))


@spelled(stats.t.logpdf, points=_WITH_DF)
def t_logpdf(x: Any, df: Any, loc: Any = None, scale: Any = None) -> Any:
    z = standard(x, loc, scale)
    density = -special.betaln(0.5, 0.5 * df) - 0.5 * np.log(df) - 0.5 * (df + 1.0) * np.log1p(z * z / df)
    return log_scaled(density, scale)


@spelled(stats.t.pdf, points=_WITH_DF)
def t_pdf(x: Any, df: Any, loc: Any = None, scale: Any = None) -> Any:
    return np.exp(t_logpdf(x, df, loc, scale))


@spelled(stats.cauchy.logpdf, points=_ANY)
def cauchy_logpdf(x: Any, loc: Any = None, scale: Any = None) -> Any:
    z = standard(x, loc, scale)
    return log_scaled(-1.1447298858494002 - np.log1p(z * z), scale)


@spelled(stats.laplace.logpdf, points=_ANY)
def laplace_logpdf(x: Any, loc: Any = None, scale: Any = None) -> Any:
    return log_scaled(-0.6931471805599453 - np.abs(standard(x, loc, scale)), scale)


@spelled(stats.logistic.logpdf, points=_ANY)
def logistic_logpdf(x: Any, loc: Any = None, scale: Any = None) -> Any:
    z = standard(x, loc, scale)
    return log_scaled(special.log_expit(z) + special.log_expit(-z), scale)


# ------------------------------------------------------------------------------------------ on a half-line or a part

_POSITIVE = call(reals(3, low=2.1, high=4.0)) + call(reals(3, low=2.1, high=4.0), reals(), reals(low=0.5))
_POSITIVE += call(reals(2, 3, low=2.1, high=4.0), scale=reals(3, low=0.5)) + call(reals(low=2.1, high=4.0), loc=reals())
_BOTH_SIDES = call(reals(5, low=-3.0, high=3.0)) + call(reals(low=-3.0, high=-1.0))
_SHAPED = call(reals(3, low=2.1, high=4.0), reals(low=0.5)) + call(reals(low=2.1, high=4.0), reals(low=0.5))
_SHAPED += call(reals(3, low=2.1, high=4.0), reals(3, low=0.5), reals(), reals(low=0.5))
_SHAPED_BOTH_SIDES = call(reals(5, low=-3.0, high=3.0), reals(low=0.5), scale=reals(low=0.5))


@spelled(stats.expon.logpdf, points=_POSITIVE)
def expon_logpdf(x: Any, loc: Any = None, scale: Any = None) -> Any:
    z = standard(x, loc, scale)
    return log_scaled(either(z < 0, -np.inf, -z), scale)


@spelled(stats.expon.pdf, points=_POSITIVE + _BOTH_SIDES)
def expon_pdf(x: Any, loc: Any = None, scale: Any = None) -> Any:
    return np.exp(expon_logpdf(x, loc, scale))


@spelled(stats.halfnorm.logpdf, points=_POSITIVE)
def halfnorm_logpdf(x: Any, loc: Any = None, scale: Any = None) -> Any:
    z = standard(x, loc, scale)
    return log_scaled(either(z < 0, -np.inf, -0.5 * z * z - 0.22579135264472744), scale)


@spelled(stats.gamma.logpdf, points=_SHAPED)
def gamma_logpdf(x: Any, a: Any, loc: Any = None, scale: Any = None) -> Any:
    z = standard(x, loc, scale)
    outside = z < 0
    inner = either(outside, 1.0, z)  # where the formula is fine
    density = special.xlogy(a - 1.0, inner) - inner - special.gammaln(a)
    return log_scaled(either(outside, -np.inf, density), scale)


@spelled(stats.gamma.pdf, points=_SHAPED + _SHAPED_BOTH_SIDES)
def gamma_pdf(x: Any, a: Any, loc: Any = None, scale: Any = None) -> Any:
    return np.exp(gamma_logpdf(x, a, loc, scale))


@spelled(stats.lognorm.logpdf, points=_SHAPED)
def lognorm_logpdf(x: Any, s: Any, loc: Any = None, scale: Any = None) -> Any:
    z = standard(x, loc, scale)
    outside = z <= 0
    log = np.log(either(outside, 1.0, z))
    density = -0.5 * (log / s) * (log / s) - np.log(s) - log - 0.9189385332046727
    return log_scaled(either(outside, -np.inf, density), scale)


@spelled(stats.lognorm.pdf, points=_SHAPED + _SHAPED_BOTH_SIDES)
def lognorm_pdf(x: Any, s: Any, loc: Any = None, scale: Any = None) -> Any:
    return np.exp(lognorm_logpdf(x, s, loc, scale))


_UNIT = call(reals(3, low=0.1, high=0.9), reals(low=0.5), reals(low=0.5))
_UNIT += call(reals(low=0.1, high=0.9), reals(low=0.5), reals(low=0.5))
_UNIT += call(reals(4, low=0.1, high=0.7), reals(low=0.5), 2.0, loc=reals(low=-0.1, high=0.0), scale=reals(low=1.0))
_UNIT_BOTH_SIDES = call(reals(4, low=-0.5, high=1.5), 1.5, 2.0, scale=reals(low=1.0))


@spelled(stats.beta.logpdf, points=_UNIT)
def beta_logpdf(x: Any, a: Any, b: Any, loc: Any = None, scale: Any = None) -> Any:
    z = standard(x, loc, scale)
    outside = (z < 0) | (z > 1)
    inner = either(outside, 0.5, z)  # where the formula is fine
    density = special.xlogy(a - 1.0, inner) + special.xlog1py(b - 1.0, -inner) - special.betaln(a, b)
    return log_scaled(either(outside, -np.inf, density), scale)


@spelled(stats.beta.pdf, points=_UNIT + _UNIT_BOTH_SIDES)
def beta_pdf(x: Any, a: Any, b: Any, loc: Any = None, scale: Any = None) -> Any:
    return np.exp(beta_logpdf(x, a, b, loc, scale))


_WITHIN = call(reals(3, low=0.1, high=0.9)) + call(reals(3, low=0.1, high=0.9), -1.0, reals(low=2.0, high=3.0))
_WITHIN += call(reals(4, low=0.1, high=0.9), loc=reals(low=-0.1, high=0.0), scale=reals(low=1.2))
_WITHIN += call(reals(low=0.1, high=0.9), scale=reals(low=1.2))


@spelled(stats.uniform.logpdf, points=_WITHIN)
def uniform_logpdf(x: Any, loc: Any = None, scale: Any = None) -> Any:
    z = standard(x, loc, scale)
    return log_scaled(either((z < 0) | (z > 1), -np.inf, 0.0), scale)


@spelled(stats.uniform.pdf, points=_WITHIN + call(reals(4, low=-0.5, high=1.5), scale=reals(low=1.2)))
def uniform_pdf(x: Any, loc: Any = None, scale: Any = None) -> Any:
    z = standard(x, loc, scale)
    density = either((z < 0) | (z > 1), 0.0, 1.0)
    return density if scale is None else density / scale


# ------------------------------------------------------------------------------------------------------- of counts

_COUNTS = np.array([0, 1, 4])


@spelled(
    stats.poisson.logpmf,
    points=call(_COUNTS, reals(low=0.5)) + call(_COUNTS, reals(3, low=0.5)) + call(3, reals(low=0.5)),
)
def poisson_logpmf(k: Any, mu: Any, loc: Any = None) -> Any:
    count = np.floor(standard(k, loc, None))
    outside = (count != standard(k, loc, None)) | (count < 0)
    inner = either(outside, 0.0, count)
    return either(outside, -np.inf, special.xlogy(inner, mu) - special.gammaln(inner + 1.0) - mu)


@spelled(stats.poisson.pmf, points=call(np.array([2.5, -1.0, 2.0]), reals(low=0.5)) + call(3, reals(low=0.5)))
def poisson_pmf(k: Any, mu: Any, loc: Any = None) -> Any:
    return np.exp(poisson_logpmf(k, mu, loc))


@spelled(
    stats.binom.logpmf,
    points=call(_COUNTS, 5, reals(low=0.1, high=0.9)) + call(3, 7, reals(low=0.1, high=0.9)),
)
def binom_logpmf(k: Any, n: Any, p: Any, loc: Any = None) -> Any:
    count, trials = np.floor(standard(k, loc, None)), np.floor(n)
    outside = (count != standard(k, loc, None)) | (count < 0) | (count > trials)
    inner = either(outside, 0.0, count)
    ways = special.gammaln(trials + 1.0) - special.gammaln(inner + 1.0) - special.gammaln(trials - inner + 1.0)
    return either(outside, -np.inf, ways + special.xlogy(inner, p) + special.xlog1py(trials - inner, -p))


@spelled(
    stats.bernoulli.logpmf,
    points=call(np.array([0, 1, 1]), reals(3, low=0.1, high=0.9)) + call(1, reals(low=0.1, high=0.9)),
)
def bernoulli_logpmf(k: Any, p: Any, loc: Any = None) -> Any:
    count = np.floor(standard(k, loc, None))
    outside = (count != standard(k, loc, None)) | (count < 0) | (count > 1)
    return either(outside, -np.inf, special.xlogy(count, p) + special.xlog1py(1.0 - count, -p))
