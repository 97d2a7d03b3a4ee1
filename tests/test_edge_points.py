"""Points where a derivative is a convention: one answer each, as docs/conventions.md states it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import srcdiff
import srcdiff.testing
from srcdiff.errors import ComplexResult, NegativePower

INF, NAN = np.inf, np.nan


def f_abs(x: Any) -> Any:
    return np.sum(np.abs(x)) + abs(x[0]) + np.sum(np.fabs(x))


def f_sqrt(x: Any) -> Any:
    return np.sum(np.sqrt(x))


def f_math_sqrt(x: Any) -> Any:
    return math.sqrt(x[0]) + math.sqrt(x[1])


def f_guarded(x: Any) -> Any:
    return np.sum(np.where(x > 0.0, np.sqrt(x), 2.0 * x)) + np.sum(np.where(x > 0.0, np.log(x), 0.0))


def f_branch(x: Any) -> Any:
    return np.sqrt(x[0]) if x[0] > 0.0 else x[1]


def f_norm(x: Any) -> Any:
    return np.linalg.norm(x) + np.sum(np.linalg.norm(np.stack((x, x)), axis=1))


def f_root_of_squares(x: Any) -> Any:
    return np.sqrt(np.sum(x * x))


def f_prod(x: Any) -> Any:
    return np.prod(x)


def f_cumprod(x: Any) -> Any:
    return np.sum(np.cumprod(x))


def f_power_zero(x: Any) -> Any:
    return np.sum(x**0) + np.sum(x ** np.zeros(2)) + x[0] ** 0.0


def f_zero_power(y: Any) -> Any:
    return 0.0 ** y[0] + np.sum(np.zeros(2) ** y)


def f_maximum(x: Any) -> Any:
    return np.sum(np.maximum(x, 0.0)) + 2.0 * max(x[0], 0.0)


def f_zero_first(x: Any) -> Any:
    return np.sum(np.maximum(0.0, x)) + max(0.0, x[0])


def f_max(x: Any) -> Any:
    return np.max(x) + 2.0 * np.min(x) + 4.0 * np.max(np.stack((x, x)), axis=1)[0]


def f_sort(x: Any) -> Any:
    return np.sort(x) @ np.array([1.0, 2.0])


def f_clip(x: Any) -> Any:
    return np.sum(np.clip(x, 0.0, 1.0))


def f_steps(x: Any) -> Any:
    return np.sum(np.sign(x) + np.floor(x) + np.round(x) + x // 1.0) + np.sum(x > 0.0) + 0.0 * x[0]


def f_left_out(x: Any) -> Any:
    return np.nansum(x) + np.nanmean(x)


def f_left_out_late(x: Any) -> Any:
    return np.nansum(x * x)


def f_corner(x: Any) -> Any:
    return np.sum(np.interp(x, np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 4.0])))


def f_hypot(x: Any) -> Any:
    return np.hypot(x[0], x[1])


def f_square_of_hypot(x: Any) -> Any:
    return np.hypot(x[0], x[1]) ** 2 + x[0] * math.hypot(x[0], x[1])


def f_std(x: Any) -> Any:
    return np.std(x) + np.sum(np.std(np.stack((x, x)), axis=1)) + x.std(ddof=1)


def f_product_with_std(x: Any) -> Any:
    return x[0] * np.std(x) + np.std(x) ** 2


def f_nanstd(x: Any) -> Any:
    return np.nanstd(x)


@pytest.mark.parametrize(
    ("function", "at", "derivative"),
    [
        (f_abs, (0.0, 0.0), (0.0, 0.0)),
        (f_sqrt, (0.0, 1.0), (INF, 0.5)),
        (f_math_sqrt, (0.0, 1.0), None),  # `math` itself divides by zero
        (f_guarded, (-1.0, 0.0), (2.0, 2.0)),
        (f_branch, (-1.0, 3.0), (0.0, 1.0)),
        (f_norm, (0.0, 0.0), (0.0, 0.0)),
        (f_root_of_squares, (0.0, 0.0), (NAN, NAN)),
        (f_hypot, (0.0, 0.0), (0.0, 0.0)),
        (f_square_of_hypot, (0.0, 0.0), (0.0, 0.0)),
        (f_std, (0.7, 0.7), (0.0, 0.0)),
        (f_product_with_std, (0.0, 0.0), (0.0, 0.0)),
        (f_nanstd, (0.7, 0.7), (0.0, 0.0)),
        (f_prod, (0.0, 3.0), (3.0, 0.0)),
        (f_prod, (0.0, 0.0), (0.0, 0.0)),
        (f_cumprod, (0.0, 3.0), (4.0, 0.0)),
        (f_power_zero, (0.0, 2.0), (0.0, 0.0)),
        (f_zero_power, (2.0, 0.5), (0.0, 0.0)),
        (f_maximum, (0.0, -1.0), (3.0, 0.0)),
        (f_zero_first, (0.0, 1.0), (0.0, 1.0)),
        (f_max, (1.0, 1.0), (7.0, 0.0)),
        (f_sort, (1.0, 1.0), (1.0, 2.0)),
        (f_clip, (0.0, 1.0), (1.0, 1.0)),
        (f_steps, (0.0, 1.0), (0.0, 0.0)),
        (f_left_out, (NAN, 1.0), (0.0, 2.0)),
        (f_left_out_late, (NAN, 1.0), (NAN, 2.0)),
        (f_corner, (1.0, 3.0), (3.0, 0.0)),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_one_answer(function: Any, at: tuple[float, ...], derivative: tuple[float, ...] | None) -> None:
    x = np.array(at)
    if derivative is None:
        with pytest.raises(ZeroDivisionError):
            srcdiff.grad(function)(x)
        return
    found = srcdiff.grad(function)(x)
    np.testing.assert_array_equal(found, derivative)
    columns = [srcdiff.jvp(function, (x,), (direction,))[1] for direction in np.eye(len(at))]
    total = srcdiff.jvp(function, (x,), (np.ones(len(at)),))[1]
    if np.all(np.isfinite(found)):
        np.testing.assert_array_equal(columns, derivative)
    else:
        assert np.isfinite(total) == (function is f_left_out_late)  # the one point where the modes differ


def f_empty(x: Any) -> Any:
    return np.sum(x) + np.prod(x) + np.linalg.norm(x) + x @ x + np.sum(np.cumsum(x)) + np.sum(np.sort(x))


def f_empty_rows(x: Any) -> Any:
    return np.sum(np.mean(x, axis=1)) + np.sum(np.max(x, axis=1)) + np.sum(np.sum(x, axis=0))


def f_mean(x: Any) -> Any:
    return np.mean(x)


def test_empty_arrays() -> None:
    assert srcdiff.grad(f_empty)(np.zeros(0)).shape == (0,)
    assert srcdiff.grad(f_empty_rows)(np.zeros((0, 3))).shape == (0, 3)
    with pytest.raises(ZeroDivisionError):
        srcdiff.grad(f_mean)(np.zeros(0))


# ------------------------------------------------------------------------------------------------- eigenvalues


def f_eig(a: Any) -> Any:
    return np.sum(np.linalg.eigvals(a) ** 2)


def f_vectors(a: Any) -> Any:
    w, v = np.linalg.eigh(a)
    return v[0, 0] + w[0]


def f_values(a: Any) -> Any:
    return np.sum(np.linalg.eigvalsh(a) ** 2)


def test_complex_eigenvalues_are_refused_when_they_appear() -> None:
    derivative = srcdiff.grad(f_eig)
    assert derivative(np.diag([1.0, 2.0])).shape == (2, 2)
    with pytest.raises(ComplexResult, match="complex eigenvalues"):
        derivative(np.array([[0.0, 1.0], [-1.0, 0.0]]))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_equal_eigenvalues() -> None:
    np.testing.assert_allclose(srcdiff.grad(f_values)(np.eye(2)), 2.0 * np.eye(2))
    assert not np.all(np.isfinite(srcdiff.grad(f_vectors)(np.eye(2))))


def f_projection(a: Any) -> Any:
    u, s, vh = np.linalg.svd(a)
    rest = u[:, 2:]
    return np.sum((rest @ rest.T)[0]) + s[0] + vh[0, 0] ** 2


def test_what_does_not_depend_on_the_basis_of_full_matrices() -> None:
    srcdiff.testing.check_grad(f_projection, (np.array([[1.0, 0.5], [0.2, 2.0], [0.3, 0.1], [1.0, 1.5]]),))


def test_the_page_names_these_functions() -> None:
    page = (Path(__file__).resolve().parent.parent / "docs" / "conventions.md").read_text(encoding="utf-8")
    for words in ("`abs`", "`np.sqrt`", "`np.linalg.norm`", "`np.prod`", "`x ** 0`", "`0 ** y`", "`np.where", "empty"):
        assert words in page


@pytest.mark.jit
@pytest.mark.parametrize(
    ("function", "at"),
    [
        (f_abs, (0.0, 0.0)),
        (f_guarded, (-1.0, 0.0)),
        (f_prod, (0.0, 3.0)),
        (f_power_zero, (0.0, 2.0)),
        (f_maximum, (0.0, -1.0)),
        (f_clip, (0.0, 1.0)),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_same_under_numba(function: Any, at: tuple[float, ...]) -> None:
    x = np.array(at)
    np.testing.assert_array_equal(srcdiff.grad(function, jit=True)(x), srcdiff.grad(function)(x))


@pytest.mark.jit
def test_a_whole_number_to_a_power_below_zero() -> None:
    """Which is a float in Python and zero under Numba."""

    def scaled(x: float, k: int) -> float:
        return x * 2**k

    assert srcdiff.grad(scaled)(1.5, -1) == 0.5
    derivative = srcdiff.grad(scaled, jit=True)
    assert derivative(1.5, 3) == 8.0
    with pytest.raises(NegativePower, match="write the base as a float"):
        derivative(1.5, -1)
