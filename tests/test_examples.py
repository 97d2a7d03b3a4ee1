"""The examples on real data, each held against the answer of the library that ships the data."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
NEEDS = "the example reads data that {} ships: pip install 'srcdiff[test]'"


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


# ----------------------------------------------------------------------------------- Gaussian process, carbon dioxide


@pytest.fixture(scope="module")
def process():
    pytest.importorskip("statsmodels", reason=NEEDS.format("statsmodels"))
    return example("co2_gaussian_process")


@pytest.fixture(scope="module")
def record(process):
    return process.monthly_record()


def test_the_record_is_that_of_mauna_loa(record):
    t, y = record
    assert (len(t), len(y)) == (521, 521)
    assert t[0] == pytest.approx(1958 + 2.5 / 12)
    assert abs(y.mean()) < 1e-10


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_likelihood_and_gradient_are_those_of_scikit_learn(process, record, shift):
    pytest.importorskip("sklearn", reason="the reference is scikit-learn's: pip install 'srcdiff[test]'")
    t, y = record[0][::4], record[1][::4]
    theta = process.START + shift * np.cos(np.arange(len(process.START)))
    value, gradient = process.negative_log_likelihood(theta, t[:, None] - t, y)
    expected, expected_gradient = process.reference(theta, t, y)
    assert value == pytest.approx(expected, rel=1e-8)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-6, atol=1e-6 * np.max(np.abs(expected_gradient)))


def test_likelihood_in_every_mode(process, record):
    t, y = record[0][:20], record[1][:20]
    theta = 0.1 * process.START  # the covariance at the start itself is too badly conditioned for finite differences
    check_grad(process.negative_log_likelihood.__wrapped__, (theta, t[:, None] - t, y), wrt=0, order=2)


def test_the_fit_reaches_the_maximum(process, record):
    t, y = record
    result = process.fit(process.negative_log_likelihood, t[:, None] - t, y)
    assert result.success
    # scikit-learn prints -115.050 for the same model and record ("Forecasting of CO2 level on Mona Loa dataset", 1.9)
    assert -result.fun == pytest.approx(-115.050, abs=2e-3)


@pytest.mark.jit
@pytest.mark.slow
def test_jitted_likelihood_is_the_same(process, record):
    t, y = record[0][::4], record[1][::4]
    jitted = srcdiff.value_and_grad(process.negative_log_likelihood.__wrapped__, jit=True)
    value, gradient = process.negative_log_likelihood(process.START, t[:, None] - t, y)
    jit_value, jit_gradient = jitted(process.START, t[:, None] - t, y)
    assert jit_value == pytest.approx(value, rel=1e-9)
    np.testing.assert_allclose(jit_gradient, gradient, rtol=1e-7, atol=1e-6)


# ---------------------------------------------------------------------------------- logistic regression, breast cancer


@pytest.fixture(scope="module")
def logistic():
    pytest.importorskip("sklearn", reason=NEEDS.format("scikit-learn"))
    return example("logistic_regression")


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.jit)])
def test_coefficients_are_those_of_scikit_learn(logistic, jit):
    x, y, names = logistic.standardised()
    assert (x.shape, len(names)) == ((569, 30), 30)
    loss = srcdiff.value_and_grad(logistic.loss.__wrapped__, jit=True) if jit else logistic.loss
    result = logistic.fit(loss, x, y)
    np.testing.assert_allclose(result.x, logistic.reference(x, y), rtol=0.0, atol=1e-5)
    at_reference, gradient = loss(logistic.reference(x, y), x, y)
    assert result.fun <= at_reference + 1e-9
    assert np.max(np.abs(gradient)) < 1e-5


def test_logistic_loss_in_every_mode(logistic):
    x, y, _ = logistic.standardised()
    weights = np.random.default_rng(3).normal(size=31)
    check_grad(logistic.loss.__wrapped__, (weights, x[:50], y[:50]), wrt=0, order=2)
