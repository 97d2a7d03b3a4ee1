"""The first NaN of a derivative, by the line of the program."""

import sys

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import NonFinite


def found(f, *args, derivative=srcdiff.grad):
    df = derivative(f)
    with pytest.raises(NonFinite) as caught, srcdiff.debug_nans(), np.errstate(all="ignore"):
        df(*args)
    return str(caught.value).splitlines()


def test_in_the_reverse_sweep():
    def f(x):
        y = 2.0 * x
        z = np.sqrt(y)
        return np.sum(z)

    first, place, text, _ = found(f, np.array([1.0, 0.0]))
    assert first.startswith("an infinity first appears in the reverse sweep, as an adjoint: `")
    assert first.endswith("at (1,)")
    assert place.strip().startswith("File")
    assert text.strip() == "z = np.sqrt(y)"


def test_in_the_forward_sweep():
    def f(x):
        s = 0.0
        for k in range(3):
            y = np.log(x - k)
            s = s + y * y
        return s

    first, _, text, written = found(f, np.float64(1.5))
    assert first == "NaN first appears in the forward sweep, as a value: `y`"
    assert text.strip() == "y = np.log(x - k)"
    assert written == "  written by srcdiff as: y = np.log(x - k)"


def test_what_is_finite_is_left_alone_and_the_trace_is_taken_back():
    def f(x):
        u = np.empty(3)
        for k in range(3):
            u[k] = x[k] ** 2
        return np.sum(u)

    before = sys.gettrace()
    with srcdiff.debug_nans():
        np.testing.assert_array_equal(srcdiff.grad(f)(np.ones(3)), [2.0, 2.0, 2.0])
    assert sys.gettrace() is before
