"""Logistic regression on the breast cancer data of scikit-learn, with the gradient that srcdiff writes.

In: the 569 tumours of the Wisconsin study that scikit-learn ships, thirty measurements each. Out, on the terminal: the
coefficients found by L-BFGS-B beside those of scikit-learn's LogisticRegression, with the same penalty, and the same
coefficients from the jitted gradient.

    minimise   C * sum log(1 + exp(-y (x w + b))) + w.w / 2   over the weights w and the intercept b
"""

from importlib.util import find_spec

import numpy as np
from scipy.optimize import minimize

import srcdiff

PENALTY = 1.0  # C: the weight of the data against that of the penalty


@srcdiff.value_and_grad
def loss(weights, x, y):
    """The penalised loss; `weights` holds the coefficients and, last, the intercept. `y` is -1 or 1."""
    margin = y * (x @ weights[:-1] + weights[-1])
    return PENALTY * np.sum(np.logaddexp(0.0, -margin)) + 0.5 * np.sum(weights[:-1] ** 2)


def standardised():
    """The measurements, each with mean 0 and variance 1, and the diagnosis as -1 or 1; and their names."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    x = (data.data - data.data.mean(axis=0)) / data.data.std(axis=0)
    return x, 2.0 * data.target - 1.0, list(data.feature_names)


def fit(value_and_gradient, x, y):
    """The weights that minimise the loss, from zero."""
    start = np.zeros(x.shape[1] + 1)
    options = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 1000}
    return minimize(value_and_gradient, start, args=(x, y), jac=True, method="L-BFGS-B", options=options)


def reference(x, y):
    """The weights that scikit-learn finds."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=PENALTY, solver="newton-cholesky", tol=1e-10, max_iter=1000).fit(x, y)
    return np.append(model.coef_[0], model.intercept_[0])


def main():
    x, y, names = standardised()
    result = fit(loss, x, y)
    expected = reference(x, y)
    print(f"{len(y)} tumours; {result.nit} iterations, {result.nfev} evaluations; loss {result.fun:.8f}\n")
    print(f"{'':26}{'srcdiff':>12}{'scikit-learn':>14}")
    for name, got, wanted in zip([*names, "intercept"], result.x, expected, strict=True):
        print(f"{name:26}{got:12.6f}{wanted:14.6f}")
    error = np.max(np.abs(result.x - expected))
    print(f"\nlargest difference: {error:.1e}")
    print(f"classified right: {np.mean(np.sign(x @ result.x[:-1] + result.x[-1]) == y):.2%}")
    if not error < 1e-5:
        raise SystemExit("the coefficients do not agree with scikit-learn's")
    if find_spec("numba") is None:
        print("jit: skipped, Numba is not installed (pip install 'srcdiff[numba]')")
        return
    jitted = fit(srcdiff.value_and_grad(loss.__wrapped__, jit=True), x, y)
    same = np.allclose(jitted.x, result.x, atol=1e-6)
    print(f"jit, same as plain: {'yes' if same else 'NO'}")
    if not same:
        raise SystemExit("plain and jitted derivatives lead to different coefficients")


if __name__ == "__main__":
    main()
