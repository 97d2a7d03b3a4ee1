"""What a refused call says: the function's name, why, what to write instead, and how to register a rule."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np
import pytest
import scipy.integrate
import scipy.special

import srcdiff
from srcdiff.errors import Refusal
from srcdiff.rules.nearest import covered, nearest

NO_RULE = "it has neither a derivative rule nor Python source that srcdiff can read"
REGISTER = "register a rule for it (srcdiff.rules: partials, linear, pullback, constant)"


def fitted_line(x: Any) -> Any:
    return np.polyfit(np.arange(4.0), x, 1)[0]


def product(x: Any) -> Any:
    return np.sum(np.polymul(x, x))


def misnamed(x: Any) -> Any:
    return np.sum(np.trim_zeros(x))


def integral(x: Any) -> Any:
    return scipy.integrate.quad(np.sin, 0.0, x[0])[0]


def counted(x: Any) -> Any:
    return collections.Counter(x)


def no_method(x: Any) -> Any:
    return x.summ()


def method(x: Any) -> Any:
    return x.choose([x, x])


def updated_at(x: Any) -> Any:
    y = x * 2.0
    np.maximum.at(y, [0, 0], x)
    return np.sum(y)


@pytest.mark.parametrize(
    ("function", "what", "why", "fix"),
    [
        (
            fitted_line,
            "a call of `np.polyfit`",
            NO_RULE,
            f"use np.linalg.lstsq(np.vander(x, n + 1), y)[0]; or {REGISTER}",
        ),
        (product, "a call of `np.polymul`", NO_RULE, f"use np.convolve(a, b); or {REGISTER}"),
        (misnamed, "a call of `np.trim_zeros`", NO_RULE, f"write it with functions that have a rule; or {REGISTER}"),
        (
            integral,
            "a call of `scipy.integrate.quad`",
            "it has no derivative rule, and its own source has what srcdiff does not read (",
            f"write it with functions that have a rule; or {REGISTER}",
        ),
        (
            counted,
            "a call of `collections.Counter`",
            "which keys it has is decided when the program runs",
            'write the keys out: d = {"a": 0, "b": 0}; or count in an array',
        ),
        (
            no_method,
            "the method `summ` of a 1-D array (float64)",
            "arrays have no such method",
            "use the method `sum`, which has one",
        ),
        (
            method,
            "the method `choose` of a 1-D array (float64)",
            "there is no derivative rule for it",
            "use np.choose(...)",
        ),
        (
            updated_at,
            "a call of `np.maximum.at`",
            "the methods of NumPy's elementwise functions have no derivative rule",
            "write a loop: `for k in range(len(i)): a[i[k]] = np.maximum(a[i[k]], b[k])`",
        ),
    ],
)
def test_message(function: Any, what: str, why: str, fix: str) -> None:
    with pytest.raises(Refusal) as caught:
        srcdiff.grad(function)(np.array([0.5, 1.5]))
    (problem,) = caught.value.problems
    assert (problem.what, problem.fix) == (what, fix)
    assert problem.why.startswith(why)  # of a function with source: then the first of the reasons


def test_the_nearest_name() -> None:
    assert nearest("cumsums") == "np.cumsum"
    assert nearest("logsumexpp") == "scipy.special.logsumexp"
    assert nearest("frobnicate") is None


def test_covered_functions_are_spelled_as_users_spell_them() -> None:
    names = covered()
    assert (names["tanh"], names["inv"], names["put"], names["gamma"]) == (
        "np.tanh",
        "np.linalg.inv",
        "np.put",
        "scipy.special.gamma",
    )
