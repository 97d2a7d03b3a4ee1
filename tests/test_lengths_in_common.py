"""Plain derivatives are written for arrays of one shape where the arguments of a call are such arrays."""

from __future__ import annotations

import numpy as np
import pytest

import srcdiff
from srcdiff.testing import check_grad

RNG = np.random.default_rng(29)


def flow(u, v):
    u = u.copy()
    for _ in range(2):
        slope = (v[1:-1, 2:] - v[1:-1, :-2]) * u[1:-1, 1:-1]
        u[1:-1, 1:-1] += 0.1 * slope
    return np.sum(u * u)


def arrays(*shapes):
    return tuple(RNG.normal(size=shape) for shape in shapes)


def test_no_sum_over_what_is_not_repeated() -> None:
    args = arrays((4, 5), (4, 5))
    text = srcdiff.source(srcdiff.grad(flow, wrt=(0, 1)), *args)
    assert "unbroadcast" not in text
    check_grad(flow, args, wrt=(0, 1))


def test_other_shapes_have_a_text_of_their_own() -> None:
    """One inner row is repeated, whether a text for equal shapes has run before or not."""
    df = srcdiff.value_and_grad(flow, wrt=(0, 1))
    for shapes in (((4, 5), (4, 5)), ((4, 5), (3, 5)), ((5, 5), (5, 5)), ((4, 5), (3, 5)), ((4, 5), (4, 3))):
        args = arrays(*shapes)
        value, bars = df(*args)
        _, fresh = srcdiff.value_and_grad(flow, wrt=(0, 1))(*args)
        _, compiled = srcdiff.value_and_grad(flow, wrt=(0, 1), jit=True)(*args)
        assert np.isclose(value, flow(*args))
        for one, two, three, a in zip(bars, fresh, compiled, args, strict=True):
            assert one.shape == a.shape
            np.testing.assert_allclose(one, two, rtol=1e-13)
            np.testing.assert_allclose(three, two, rtol=1e-11, atol=1e-12)
        check_grad(flow, args, wrt=(0, 1))
    with pytest.raises(ValueError, match="broadcast"):
        df(*arrays((4, 5), (5, 5)))


def test_the_short_way_looks_at_shapes() -> None:
    df = srcdiff.grad(flow, wrt=(0, 1))
    same, other = arrays((4, 5), (4, 5)), arrays((4, 5), (3, 5))
    for _ in range(3):
        df(*same)  # the short way is for arrays of one shape now
    u_bar, v_bar = df(*other)
    wanted = srcdiff.grad(flow, wrt=(0, 1))(*other)
    np.testing.assert_allclose(u_bar, wanted[0], rtol=1e-13)
    np.testing.assert_allclose(v_bar, wanted[1], rtol=1e-13)


def test_arrays_that_are_the_same_by_chance() -> None:
    def affine(w, x, b):
        return np.sum(np.tanh(w @ x + b))

    df = srcdiff.grad(affine, wrt=(0, 1, 2))
    for n, m in ((3, 3), (3, 4), (4, 4), (4, 3)):
        args = arrays((n, m), m, n)
        for bar, a in zip(df(*args), args, strict=True):
            assert bar.shape == a.shape
        check_grad(affine, args, wrt=(0, 1, 2))
    forward, reverse = (
        srcdiff.jacobian(lambda a, b: a[1:] * b[:-1], wrt=(0, 1), mode=m) for m in ("forward", "reverse")
    )
    for shapes in ((4, 4), (4, 2), (2, 4), (2, 2)):
        args = arrays(*shapes)
        for one, two in zip(forward(*args), reverse(*args), strict=True):
            np.testing.assert_allclose(one, two)
