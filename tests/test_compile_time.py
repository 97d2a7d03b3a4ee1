"""What is compiled besides the derivative itself: the counts that decide how long the first call takes."""

import numpy as np
import pytest

import srcdiff

pytestmark = pytest.mark.jit


@pytest.fixture
def compiled_by_numba():
    """The modules of Numba's of which functions have been compiled since."""
    from numba.core import event

    seen = []

    class Listener(event.Listener):
        def on_start(self, event):
            seen.append(event.data["dispatcher"].py_func.__module__)

        def on_end(self, event):
            pass

    with event.install_listener("numba:compile", Listener()):
        yield seen


def test_no_text_is_composed_where_slices_are_written(compiled_by_numba):
    def smooth(u, steps):
        for _ in range(steps):
            u[1:-1] = u[1:-1] + 0.1 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        return np.sum(u * u)

    u = np.linspace(0.0, 1.0, 7) ** 2
    slope = srcdiff.grad(smooth, jit=True)(u, 3)
    assert np.allclose(slope, srcdiff.grad(smooth)(u, 3), rtol=1e-13)
    assert [module for module in compiled_by_numba if "unicode" in module] == []


def test_nor_in_a_jacobian(compiled_by_numba):
    def f(x):
        return np.sin(x) * x[0]

    x = np.array([1.0, 2.0, 3.0])
    found = srcdiff.jacobian(f, jit=True)(x)
    assert np.allclose(found, srcdiff.jacobian(f)(x), rtol=1e-13)
    assert [module for module in compiled_by_numba if "unicode" in module] == []


def test_slices_that_do_not_fit():
    import numba

    def f(x, n):
        x[1:n] = 2.0 * x[: n - 2]
        return np.sum(x)

    x = np.arange(1.0, 7.0)
    with pytest.raises(ValueError, match="cannot assign slice from input of different size"):
        srcdiff.grad(f, jit=True)(x, 5)
    with pytest.raises(ValueError, match=r"cannot assign slice of shape \(4,\) from input of shape \(3,\)"):
        numba.njit(f)(x.copy(), 5)  # what the user compiles speaks as before


def test_adjoints_of_vectors_take_no_loop_over_places(compiled_by_numba):
    from numba import njit

    from srcdiff import runtime
    from srcdiff.compiled import numba_module

    numba_module()
    of_one = njit(lambda g, x: runtime.unbroadcast(g, x))(np.arange(4.0), np.ones(1))
    assert np.array_equal(of_one, [6.0])
    assert [module for module in compiled_by_numba if module.endswith("runtime_numba.lines")] == []
