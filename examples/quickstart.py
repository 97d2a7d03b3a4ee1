"""Fit the local-level model to a hundred years of the Nile, with the gradient that srcdiff writes.

In: `data/nile.csv`, the annual flow at Aswan, 1871 to 1970. Out, on the terminal: the generated derivative, a check of
it against finite differences, the maximum-likelihood variances beside the published ones, and the same numbers from
the jitted derivative. A plot of the data and the filtered level goes to `nile.png` beside this file (`--no-plot`
leaves it out).

The model (Durbin and Koopman, Time Series Analysis by State Space Methods, chapter 2):

    flow[t]      = level[t] + noise,   noise ~ N(0, obs_var)
    level[t + 1] = level[t] + drift,   drift ~ N(0, level_var)

Nothing is known of the level before the first year: it starts at the first observation (the exact diffuse start).
"""

import argparse
import math
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

import srcdiff

HERE = Path(__file__).resolve().parent
LOG_2_PI = math.log(2.0 * math.pi)
PUBLISHED = (15099.0, 1469.1)  # Durbin and Koopman, chapter 2


@srcdiff.value_and_grad
def negative_log_likelihood(theta, flow):
    """The Kalman filter of the local-level model; `theta` holds the logarithms of its two variances."""
    obs_var = math.exp(theta[0])
    level_var = math.exp(theta[1])
    level = flow[0]
    var = obs_var + level_var
    loss = 0.0
    for t in range(1, len(flow)):
        surprise = flow[t] - level
        spread = var + obs_var
        loss += 0.5 * (LOG_2_PI + math.log(spread) + surprise * surprise / spread)
        gain = var / spread
        level = level + gain * surprise
        var = var * (1.0 - gain) + level_var
    return loss


def filtered_level(theta, flow):
    """What the filter believes of each year's level once it has seen that year, and the variance of that belief."""
    obs_var, level_var = np.exp(theta)
    levels = np.empty(len(flow))
    variances = np.empty(len(flow))
    levels[0], variances[0] = flow[0], obs_var
    for t in range(1, len(flow)):
        var = variances[t - 1] + level_var
        gain = var / (var + obs_var)
        levels[t] = levels[t - 1] + gain * (flow[t] - levels[t - 1])
        variances[t] = var * (1.0 - gain)
    return levels, variances


def fit(value_and_gradient, flow):
    """Maximum likelihood by L-BFGS-B, starting from both variances equal to that of the data."""
    start = np.log([np.var(flow), np.var(flow)])
    options = {"ftol": 1e-15, "gtol": 1e-8}
    return minimize(value_and_gradient, start, args=(flow,), jac=True, method="L-BFGS-B", options=options)


def central_differences(f, theta, flow, step=1e-5):
    """The gradient by central differences, for comparison."""
    gradient = np.empty_like(theta)
    for i in range(len(theta)):
        shift = np.zeros_like(theta)
        shift[i] = step
        gradient[i] = (f(theta + shift, flow) - f(theta - shift, flow)) / (2.0 * step)
    return gradient


def report_check(flow):
    """Compare the derivative with finite differences, away from the optimum, where both are about zero."""
    theta = np.log([np.var(flow), 0.1 * np.var(flow)])
    _, gradient = negative_log_likelihood(theta, flow)
    expected = central_differences(negative_log_likelihood.__wrapped__, theta, flow)
    error = np.max(np.abs(gradient - expected) / np.abs(expected))
    print(f"{'':24}{'d / d log obs_var':>20}{'d / d log level_var':>22}")
    print(f"{'srcdiff':24}{gradient[0]:20.9f}{gradient[1]:22.9f}")
    print(f"{'finite differences':24}{expected[0]:20.9f}{expected[1]:22.9f}")
    print(f"largest relative difference: {error:.1e}")
    if not error < 1e-6:
        raise SystemExit("the gradient does not agree with finite differences")


def report_fit(result, flow):
    """Print the fitted variances beside the published ones."""
    if not result.success:
        raise SystemExit(f"L-BFGS-B did not converge: {result.message}")
    at_published = negative_log_likelihood.__wrapped__(np.log(PUBLISHED), flow)
    print(f"{result.nit} iterations, {result.nfev} evaluations; log-likelihood {-result.fun:.4f}")
    print(f"{'':24}{'srcdiff':>12}{'published':>12}{'difference':>12}")
    for name, fitted, published in zip(("obs_var", "level_var"), np.exp(result.x), PUBLISHED, strict=True):
        print(f"{name:24}{fitted:12.2f}{published:12.1f}{fitted / published - 1.0:12.4%}")
    print(f"log-likelihood lost at the published values: {at_published - result.fun:.1e}")


def report_jit(result, flow):
    """Fit again with the derivative compiled by Numba, and compare."""
    if find_spec("numba") is None:
        print("skipped: Numba is not installed (pip install 'srcdiff[numba]')")
        return
    jitted = srcdiff.value_and_grad(negative_log_likelihood.__wrapped__, jit=True)
    again = fit(jitted, flow)
    value, gradient = negative_log_likelihood(result.x - 0.5, flow)
    jit_value, jit_gradient = jitted(result.x - 0.5, flow)
    same = (
        np.isclose(value, jit_value, rtol=1e-12)
        and np.allclose(gradient, jit_gradient, rtol=1e-9, atol=0.0)
        and np.allclose(result.x, again.x, rtol=1e-7)
    )
    print(f"obs_var {np.exp(again.x[0]):.2f}, level_var {np.exp(again.x[1]):.2f}, log-likelihood {-again.fun:.4f}")
    print(f"same as plain: {'yes' if same else 'NO'}")
    if not same:
        raise SystemExit("plain and jitted derivatives differ")


def save_plot(path, year, flow, theta):
    """Draw the flow, the filtered level and its 90 % band."""
    if find_spec("matplotlib") is None:
        print("skipped: matplotlib is not installed (pip install 'srcdiff[examples]')")
        return
    from matplotlib.figure import Figure

    level, variance = filtered_level(theta, flow)
    band = 1.645 * np.sqrt(variance)
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(year, flow, ".", color="0.4", label="annual flow")
    axes.plot(year[1:], level[1:], color="tab:blue", label="filtered level")
    axes.fill_between(
        year[1:], (level - band)[1:], (level + band)[1:], color="tab:blue", alpha=0.15, lw=0, label="90 % band"
    )
    axes.set(title="The Nile at Aswan", xlabel="year", ylabel="flow in $10^8$ m$^3$")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=120)
    print(path)


def heading(text):
    print(f"\n{text}\n{'-' * len(text)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--no-plot", action="store_true", help="draw nothing")
    parser.add_argument("--plot", type=Path, default=HERE / "nile.png", metavar="FILE", help="where the plot goes")
    options = parser.parse_args()
    year, flow = np.loadtxt(HERE / "data" / "nile.csv", delimiter=",", skiprows=1, unpack=True)

    heading("The derivative, as srcdiff wrote it")
    print(srcdiff.source(negative_log_likelihood))
    heading("Checked against finite differences")
    report_check(flow)
    heading(f"Fitted to {len(flow)} years, {year[0]:.0f} to {year[-1]:.0f}")
    result = fit(negative_log_likelihood, flow)
    report_fit(result, flow)
    heading("The same with jit=True")
    report_jit(result, flow)
    if not options.no_plot:
        heading("Plot")
        save_plot(options.plot, year, flow, result.x)


if __name__ == "__main__":
    main()
