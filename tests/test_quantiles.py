"""Quantiles and percentiles: values and derivatives for all methods, ties, what is missing, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import UnsupportedCall
from srcdiff.testing import check_grad

A = np.random.default_rng(3).normal(size=(3, 4))
V = A[0].copy()
INTERPOLATING = ("linear", "hazen", "weibull", "median_unbiased", "normal_unbiased", "interpolated_inverted_cdf")
STEPS = ("lower", "higher", "midpoint", "nearest", "inverted_cdf", "averaged_inverted_cdf", "closest_observation")


def quartiles(x: Any) -> Any:
    q = np.percentile(x, [25, 50, 75], axis=0)
    return np.sum(q[2] - q[0]) + np.sum(q[1] ** 2)


def kept(x: Any) -> Any:
    return np.sum((x - np.quantile(x, 0.3, axis=(0, -1), keepdims=True)) ** 2 * x)


def of_rows(x: Any, q: Any) -> Any:
    return np.sum(np.quantile(x, q, axis=1) ** 2)


def of_all(x: Any, q: Any) -> Any:
    return np.sum(np.quantile(x, q) ** 2)


def without_missing(x: Any) -> Any:
    return np.sum(np.nanpercentile(x, 40.0, axis=1) ** 2) + np.nanquantile(x, 0.7) * np.nanmedian(x)


def medians(x: Any) -> Any:
    return np.sum(np.nanmedian(x, axis=0, keepdims=True) ** 3)


@pytest.mark.parametrize("f", [quartiles, kept, without_missing, medians])
def test_gradients_of_data(f: Any) -> None:
    check_grad(f, (A,), order=2)


@pytest.mark.parametrize(("f", "q"), [(of_rows, np.array([0.2, 0.9])), (of_all, 0.4)])
def test_gradients_of_data_and_places(f: Any, q: Any) -> None:
    check_grad(f, (A, q), order=2)


@pytest.mark.parametrize("f", [of_rows, of_all])
def test_places_in_a_matrix(f: Any) -> None:
    check_grad(f, (A, np.array([[0.2, 0.9], [0.4, 0.41]])))


@pytest.mark.parametrize("method", [*INTERPOLATING, *STEPS])
def test_every_method(method: str) -> None:
    def f(x: Any, q: Any) -> Any:
        return np.quantile(x, q, method=method)

    def nan_too(x: Any, q: Any) -> Any:
        return np.nanquantile(x, q, method=method)

    gapped = np.append(V, np.nan)
    for q in (0.07, 0.31, 0.58, 0.97):
        check_grad(f, (V, q))
        value, (by_data, by_place) = srcdiff.value_and_grad(f, wrt=(0, 1))(V, q)
        assert value == f(V, q)
        found = srcdiff.value_and_grad(nan_too, wrt=(0, 1))(gapped, q)
        assert found[0] == value
        assert found[1][0].tolist() == [*by_data, 0.0]
        assert found[1][1] == by_place


def test_ends_have_the_slope_of_the_interval_beside_them() -> None:
    x = np.array([1.0, 2.0, 4.0])
    df = srcdiff.grad(lambda x, q: np.quantile(x, q), wrt=(0, 1))
    assert [df(x, q)[1] for q in (0.0, 0.25, 0.5, 1.0)] == [2.0, 2.0, 4.0, 4.0]
    assert [df(x, q)[0].tolist() for q in (0.0, 1.0)] == [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    assert df(np.array([3.0]), 0.3)[0].tolist() == [1.0]
    assert df(np.array([3.0]), 0.3)[1] == 0.0


def test_equal_elements_are_ordered_by_their_places() -> None:
    x = np.array([2.0, 1.0, 2.0, 1.0])
    assert srcdiff.grad(lambda x: np.quantile(x, 0.5))(x).tolist() == [0.5, 0.0, 0.0, 0.5]
    assert srcdiff.grad(lambda x: np.percentile(x, 100))(x).tolist() == [0.0, 0.0, 1.0, 0.0]


def test_a_line_without_numbers_has_no_derivative() -> None:
    x = np.array([[np.nan, np.nan], [3.0, 1.0]])
    with np.errstate(invalid="ignore"), pytest.warns(RuntimeWarning, match="All-NaN"):
        found = srcdiff.vjp(lambda x: np.nanquantile(x, 0.25, axis=1), x)[1](np.ones(2))[0]
    assert np.array_equal(found, [[0.0, 0.0], [0.25, 0.75]])


def test_single_precision_stays() -> None:
    x = V.astype(np.float32)
    value, gradient = srcdiff.value_and_grad(lambda x: np.quantile(x, 0.3))(x)
    assert value == np.quantile(x, 0.3)
    assert gradient.dtype == np.float32
    assert np.allclose(gradient, srcdiff.grad(lambda x: np.quantile(x, 0.3))(V), atol=1e-6)


def test_the_text_is_one_call_for_the_value_and_one_for_the_adjoint() -> None:
    text = srcdiff.source(srcdiff.grad(lambda x: np.percentile(x, 30) ** 2), V)
    assert "np.quantile(x, 0.3)" in text
    assert "quantile_back(" in text
    assert "None" not in text
    assert "linear" not in text


def test_what_is_no_quantile_is_refused_by_numpy() -> None:
    with pytest.raises(ValueError, match="range"):
        srcdiff.grad(lambda x: np.sum(np.quantile(x, 1.5)))(V)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.quantile(x, 0.3, out=x[0]),
        lambda x: np.quantile(x, 0.3, overwrite_input=True),
        lambda x: np.quantile(x, 0.3, weights=x, method="inverted_cdf"),
        lambda x: np.nanmedian(x, overwrite_input=True),
    ],
)
def test_refused(f: Any) -> None:
    with pytest.raises(UnsupportedCall):
        srcdiff.grad(f)(V)


@pytest.mark.jit
@pytest.mark.parametrize(("x", "q"), [(A, 0.4), (V, np.array([0.2, 0.9]))])
def test_compiled(x: Any, q: Any) -> None:
    check_grad(of_all, (x, q), jit=True)
    with pytest.raises(ValueError, match="range"):
        srcdiff.grad(of_all, jit=True)(x, q + 1.0)
