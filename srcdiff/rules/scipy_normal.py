"""The density of the multivariate normal distribution; imported with `scipy_stats`.

For points in one or two dimensions and a covariance matrix, by its Cholesky factor (SciPy takes its eigenvalues): a
matrix that is not positive definite raises here, as it does there. The derivative by the matrix is that of
`np.linalg.cholesky`. For one point as a matrix of one row SciPy returns a number, and this an array of length 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from .points import call, reals
from .registry import RULES, spelled

_COVARIANCE = np.array([[1.5, 0.3, -0.2], [0.3, 1.0, 0.1], [-0.2, 0.1, 0.8]])
_POINTS = call(reals(3), reals(3), _COVARIANCE) + call(reals(4, 3), reals(3), cov=_COVARIANCE)
_POINTS += call(reals(3), cov=_COVARIANCE)


def multivariate_normal_logpdf(x: Any, mean: Any = None, cov: Any = None, allow_singular: Any = False) -> Any:
    if cov is not None and np.ndim(cov) == 2 and (np.ndim(x) == 1 or np.ndim(x) == 2):
        factor = np.linalg.cholesky(cov)
        z = np.linalg.solve(factor, x.T if mean is None else (x - mean).T)
        log_scale = np.sum(np.log(np.diagonal(factor))) + 0.9189385332046727 * cov.shape[0]
        return -0.5 * np.sum(z * z, axis=0) - log_scale
    return stats.multivariate_normal(mean, cov)  # which is refused


def multivariate_normal_pdf(x: Any, mean: Any = None, cov: Any = None, allow_singular: Any = False) -> Any:
    return np.exp(multivariate_normal_logpdf(x, mean, cov))


if {np.linalg.cholesky, np.linalg.solve, np.diagonal} <= RULES.keys():  # what it is made of
    spelled(stats.multivariate_normal.logpdf, points=_POINTS)(multivariate_normal_logpdf)
    spelled(stats.multivariate_normal.pdf, points=_POINTS)(multivariate_normal_pdf)
