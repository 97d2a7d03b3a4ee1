"""Fit a Gaussian process to the carbon dioxide record of Mauna Loa, with the gradient that srcdiff writes.

In: the weekly record from 1958 to 2001 that statsmodels ships, as monthly means. Out, on the terminal: the log marginal
likelihood and its gradient at a starting point beside those of scikit-learn, the fitted model, and the same derivative
jitted.

The model (Rasmussen and Williams, Gaussian Processes for Machine Learning, section 5.4.3) is a zero-mean process whose
covariance is a sum of four: a long smooth trend, a yearly cycle whose form changes slowly, irregularities of middle
length, and noise, part of which is correlated.
"""

import math
import time
from importlib.util import find_spec

import numpy as np
from scipy.optimize import minimize

import srcdiff

NAMES = (
    *("trend_var", "trend_length"),
    *("season_var", "season_decay", "season_smoothness"),
    *("irregular_var", "irregular_shape", "irregular_length"),
    *("noise_var", "noise_length", "white_var"),
)
START = np.log([50.0**2, 50.0, 2.0**2, 100.0, 1.0, 0.5**2, 1.0, 1.0, 0.1**2, 0.1, 0.1**2])


def covariance(theta, gap):
    """The covariance of values whose times are `gap` years apart; `theta` holds the logarithms of the parameters."""
    p = np.exp(theta)
    squared = gap * gap
    trend = p[0] * np.exp(-0.5 * squared / p[1] ** 2)
    cycle = np.sin(math.pi * gap) / p[4]
    season = p[2] * np.exp(-0.5 * squared / p[3] ** 2 - 2.0 * cycle * cycle)
    irregular = p[5] * (1.0 + squared / (2.0 * p[6] * p[7] ** 2)) ** -p[6]
    noise = p[8] * np.exp(-0.5 * squared / p[9] ** 2) + p[10] * np.eye(len(gap))
    return trend + season + irregular + noise


@srcdiff.value_and_grad
def negative_log_likelihood(theta, gap, y):
    """Minus the log marginal likelihood of the values `y`, by Cholesky factorisation (algorithm 2.1 of the book)."""
    lower = np.linalg.cholesky(covariance(theta, gap))
    z = np.linalg.solve(lower, y)
    return 0.5 * np.dot(z, z) + np.sum(np.log(np.diag(lower))) + 0.5 * len(y) * math.log(2.0 * math.pi)


def monthly_record():
    """Times in years and the mean concentration of each month that has one, less the mean of all."""
    import statsmodels.api as sm

    monthly = sm.datasets.co2.load_pandas().data["co2"].resample("MS").mean().dropna()
    t = monthly.index.year.to_numpy() + (monthly.index.month.to_numpy() - 0.5) / 12.0
    return t.astype(np.float64), monthly.to_numpy() - monthly.mean()


def reference(theta, t, y):
    """The value and gradient that scikit-learn gives."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ExpSineSquared, RationalQuadratic, WhiteKernel

    p = np.exp(theta)
    kernel = (
        p[0] * RBF(p[1])
        + p[2] * RBF(p[3]) * ExpSineSquared(p[4], 1.0, periodicity_bounds="fixed")
        + p[5] * RationalQuadratic(alpha=p[6], length_scale=p[7])
        + p[8] * RBF(p[9])
        + WhiteKernel(p[10])
    )
    process = GaussianProcessRegressor(kernel, optimizer=None, alpha=0.0).fit(t[:, None], y)
    value, gradient = process.log_marginal_likelihood(process.kernel_.theta, eval_gradient=True)
    return -value, -gradient


def fit(value_and_gradient, gap, y, start=START):
    """Maximum likelihood by L-BFGS-B. The bounds keep the covariance positive definite in double precision."""
    bounds = [(math.log(1e-4), math.log(1e6))] * len(start)
    return minimize(value_and_gradient, start, args=(gap, y), jac=True, method="L-BFGS-B", bounds=bounds)


def report_reference(t, gap, y):
    """Print the value and gradient at the start beside scikit-learn's."""
    value, gradient = negative_log_likelihood(START, gap, y)
    if find_spec("sklearn") is None:
        print("skipped: scikit-learn is not installed (pip install 'srcdiff[data]')")
        return
    expected, expected_gradient = reference(START, t, y)
    print(f"{'':24}{'srcdiff':>18}{'scikit-learn':>18}")
    print(f"{'-log likelihood':24}{value:18.8f}{expected:18.8f}")
    for name, got, wanted in zip(NAMES, gradient, expected_gradient, strict=True):
        print(f"{name:24}{got:18.8f}{wanted:18.8f}")
    error = np.max(np.abs(gradient - expected_gradient)) / np.max(np.abs(expected_gradient))
    print(f"largest difference: {error:.1e}")
    if not (error < 1e-6 and abs(value - expected) < 1e-6 * abs(expected)):
        raise SystemExit("the gradient does not agree with scikit-learn's")


def report_fit(gap, y):
    """Print the fitted parameters."""
    began = time.perf_counter()
    result = fit(negative_log_likelihood, gap, y)
    spent = time.perf_counter() - began
    print(f"{result.nit} iterations, {result.nfev} evaluations, {spent:.1f} s; log likelihood {-result.fun:.2f}")
    for name, value in zip(NAMES, np.exp(result.x), strict=True):
        print(f"{name:24}{value:12.4g}")
    if not result.success:
        raise SystemExit(f"L-BFGS-B did not converge: {result.message}")


def report_jit(gap, y):
    """Compare with the derivative compiled by Numba."""
    if find_spec("numba") is None:
        print("skipped: Numba is not installed (pip install 'srcdiff[numba]')")
        return
    jitted = srcdiff.value_and_grad(negative_log_likelihood.__wrapped__, jit=True)
    value, gradient = negative_log_likelihood(START, gap, y)
    jit_value, jit_gradient = jitted(START, gap, y)
    same = np.isclose(value, jit_value, rtol=1e-9) and np.allclose(gradient, jit_gradient, rtol=1e-6)
    print(f"same as plain: {'yes' if same else 'NO'}")
    if not same:
        raise SystemExit("plain and jitted derivatives differ")


def main():
    t, y = monthly_record()
    gap = t[:, None] - t
    print(f"{len(t)} monthly means, {t[0]:.2f} to {t[-1]:.2f}\n\nAt the starting point\n")
    report_reference(t, gap, y)
    print("\nFitted\n")
    report_fit(gap, y)
    print("\nThe same with jit=True\n")
    report_jit(gap, y)


if __name__ == "__main__":
    main()
