"""Random statements that write into arrays: plain gradients, the text for Numba and tangents against differences."""

from __future__ import annotations

import numpy as np
import pytest
from array_programs import array_arguments, array_program
from parallel_text import run
from thinning import FULL

import srcdiff
from srcdiff.errors import Refusal
from tests.generator.load import load, unload

ALL = tuple(range(6))


def along(gradient, directions):
    return sum(float(np.sum(g * v)) for g, v in zip(gradient, directions, strict=True))


@pytest.mark.parametrize("seed", range(400 if FULL else 20))
def test_gradients_of_random_array_statements(seed):
    source = array_program(seed)
    module = load(source)
    rng = np.random.default_rng(seed + 1)
    directions = [rng.normal(size=np.shape(a)) for a in array_arguments(seed)]

    def value(step):
        moved = [a + step * v for a, v in zip(array_arguments(seed), directions, strict=True)]
        with np.errstate(all="ignore"):
            return module.f(*moved)

    def fresh():
        return array_arguments(seed)

    try:
        if not abs(value(0.0)) < 1e4:
            pytest.skip("too large a value")
        wanted, other = ((value(h) - value(-h)) / (2.0 * h) for h in (1e-5, 1e-6))
        if not np.isclose(wanted, other, rtol=1e-5, atol=1e-5):
            pytest.skip("a point near an edge")
        gradient = srcdiff.grad(module.f, wrt=ALL)(*fresh())
        compiled = run(srcdiff.grad(module.f, wrt=ALL, jit=True), fresh(), range)
        tangent = srcdiff.jvp(module.f, fresh(), directions)[1]
        np.testing.assert_allclose(along(gradient, directions), tangent, rtol=1e-9, atol=1e-9, err_msg=source)
        np.testing.assert_allclose(tangent, wanted, rtol=1e-4, atol=1e-4, err_msg=source)
        for a, b in zip(compiled, gradient, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-8 * (1.0 + np.max(np.abs(b))), err_msg=source)
    except Refusal as refusal:
        pytest.skip(refusal.problems[0].what)
    finally:
        unload(module)
