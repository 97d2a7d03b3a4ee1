"""Random recurrences: plain gradients, the text for Numba and tangents against differences."""

from __future__ import annotations

import numpy as np
import pytest
from cell_programs import cell_arguments, cell_program
from parallel_text import run
from test_array_programs import along
from thinning import FULL

import srcdiff
from srcdiff.runtime_loops import LengthsDiffer
from tests.generator.load import load, unload

ALL = tuple(range(8))


@pytest.mark.filterwarnings("ignore::srcdiff.errors.SrcdiffWarning")
@pytest.mark.parametrize("seed", range(400 if FULL else 16))
def test_gradients_of_random_recurrences(seed):
    source = cell_program(seed)
    module = load(source)
    rng = np.random.default_rng(seed + 1)
    directions = [rng.normal(size=a.shape) for a in cell_arguments(seed)]

    def value(step):
        with np.errstate(all="ignore"):
            return module.f(*(a + step * v for a, v in zip(cell_arguments(seed), directions, strict=True)))

    try:
        if not abs(value(0.0)) < 1e4:
            pytest.skip("too large a value")
        wanted, other = ((value(h) - value(-h)) / (2.0 * h) for h in (1e-5, 1e-6))
        if not np.isclose(wanted, other, rtol=1e-5, atol=1e-5):
            pytest.skip("a point near an edge")
        found, gradient = srcdiff.value_and_grad(module.f, wrt=ALL)(*cell_arguments(seed))
        tangent = srcdiff.jvp(module.f, cell_arguments(seed), directions)[1]
        np.testing.assert_allclose(found, value(0.0), rtol=1e-10, err_msg=source)
        np.testing.assert_allclose(along(gradient, directions), tangent, rtol=1e-8, atol=1e-8, err_msg=source)
        np.testing.assert_allclose(tangent, wanted, rtol=1e-4, atol=1e-4, err_msg=source)
        compiled = run(srcdiff.grad(module.f, wrt=ALL, jit=True), cell_arguments(seed), range)
        for a, b in zip(compiled, gradient, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-8 * (1.0 + np.max(np.abs(b))), err_msg=source)
    except IndexError:  # the loop is longer than `y`: in the function, too
        with pytest.raises(IndexError):
            module.f(*cell_arguments(seed))
        with pytest.raises(IndexError):
            srcdiff.value_and_grad(module.f, wrt=ALL)(*cell_arguments(seed))
    except LengthsDiffer:
        pytest.skip("the text for Numba takes an array to be longer than it is: another one would run")
    finally:
        unload(module)
