"""Recursive functions beyond the programs: depth, cost, the text, what is called from where."""

from __future__ import annotations

import pickle
import sys

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


def chain(x, n):
    return x if n == 0 else 2.0 * x + chain(x, n - 1)


def heap(x, i):
    if i >= len(x):
        return 1.0
    return x[i] * heap(x, 2 * i + 1) + 0.1 * heap(x, 2 * i + 2)


def halve(y, n):
    if n == 0:
        return
    y[0] = y[0] * y[1]
    halve(y, n - 1)


def keeps_its_argument(x, n):
    halve(x, n)
    return np.sum(x * x)


def read_then_written(a, n):
    b = a * 1.0
    return b[0] * 2.0 + written(b, n)


def written(b, n):
    if n == 0:
        return b[0]
    b[0] = b[0] * b[1]
    return written(b, n - 1) + b[1]


def test_as_deep_as_the_function() -> None:
    depth = sys.getrecursionlimit() - 100
    for derivative in (srcdiff.grad(power), srcdiff.grad(srcdiff.grad(power))):
        assert np.isfinite(derivative(1.001, depth - 60))
    value, slope = srcdiff.value_and_grad(power)(1.001, depth - 60)
    assert slope == pytest.approx((depth - 60) * value / 1.001)


def test_the_work_is_a_multiple_of_the_functions() -> None:
    """Counted in calls: the reverse sweep calls each function once, whatever the depth."""
    counts = []
    for depth in (20, 40):
        derivative = srcdiff.grad(power)
        derivative(1.1, 2)
        calls = 0

        def count(frame: object, event: str, _: object) -> None:
            nonlocal calls
            calls += event == "call" and "srcdiff power" in frame.f_code.co_filename  # type: ignore[attr-defined]

        sys.setprofile(count)
        try:
            derivative(1.1, depth)
        finally:
            sys.setprofile(None)
        counts.append(calls)
    assert counts == [2 * 21 + 1, 2 * 41 + 1]


def test_what_is_linear_keeps_nothing() -> None:
    text = srcdiff.source(srcdiff.grad(chain), 0.5, 3)
    assert "tape" not in text
    assert "chain_fwd" not in text


def test_the_adjoint_of_an_array_is_added_to_in_place() -> None:
    text = srcdiff.source(srcdiff.grad(heap), np.ones(3), 0)
    assert text.count("zeros_like") == 1
    assert "heap_rev(x, 2 * i + 2, heap_tape, x_bar, heap_2_bar)" in text


def test_the_argument_stays_as_it_is() -> None:
    x = np.array([1.5, 0.5, 2.0])
    before = x.copy()
    check_grad(keeps_its_argument, (x, 3))
    srcdiff.grad(keeps_its_argument)(x, 3)
    assert (x == before).all()


def test_what_is_read_before_a_call_that_writes() -> None:
    check_grad(read_then_written, (np.linspace(0.5, 1.5, 4), 3), order=2)


def test_pickles_and_nests() -> None:
    again = pickle.loads(pickle.dumps(srcdiff.grad(power)))
    assert again(1.3, 4) == pytest.approx(4 * 1.3**3)
    x = np.array([0.5, 1.5, 0.25])
    hessian = srcdiff.hessian(heap)(x, 0)
    assert np.allclose(hessian @ x, srcdiff.hvp(heap)(x, 0, x))
    assert np.allclose(hessian, srcdiff.jacobian(srcdiff.grad(heap))(x, 0))


@pytest.mark.jit
def test_called_from_compiled_code() -> None:
    import numba

    gradient = srcdiff.grad(heap).jitted

    @numba.njit
    def total(x):
        return gradient(x, 0).sum()

    x = np.array([0.5, 1.5, 0.25, 2.0])
    assert total(x) == pytest.approx(srcdiff.grad(heap)(x, 0).sum())
    assert np.allclose(srcdiff.grad(keeps_its_argument, jit=True)(x, 3), srcdiff.grad(keeps_its_argument)(x, 3))


def sunk(a, k):
    if k <= 0:
        return a * a
    s = sunk(0.5 * (a - a), k - 1)
    return a**2 * np.cos(s)


def above_sunk(a):
    return sunk(0.5 * a, 2) + 0.1 * a


def test_a_call_whose_argument_has_no_derivative_is_taken_off_the_tape() -> None:
    """Its adjoint reads what the call before it has kept, though nobody reads what it gives."""
    check_grad(above_sunk, (0.7,))
    check_grad(above_sunk, (0.7,), order=2)
