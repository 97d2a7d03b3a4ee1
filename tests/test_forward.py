"""Forward mode and what is made of it: `jvp`, `hvp`, `grad_and_hvp`, `jacobian`, `hessian`, `elementwise_grad`.

(That every program of `programs` has the right tangent is part of `check_grad`; here stands what is called how.)
"""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import BadArgument, BadOutput
from srcdiff.testing import check_grad

X = np.array([0.3, -0.2, 0.5])
V = np.array([1.0, 2.0, -1.0])


def rosenbrock(x: Any) -> Any:
    s = 0.0
    for i in range(len(x) - 1):
        s += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return s


def waves(x: Any, k: Any) -> Any:
    return k * np.sin(x) * x[0] + np.sum(x)


def product(a: Any, b: Any, n: Any = 2) -> Any:
    return a * b**n


def numeric_jacobian(f: Any, x: Any, h: float = 1e-6) -> Any:
    columns = []
    for index in np.ndindex(x.shape):
        unit = np.zeros_like(x)
        unit[index] = h
        columns.append((np.asarray(f(x + unit)) - np.asarray(f(x - unit))) / (2.0 * h))
    return np.stack(columns, axis=-1).reshape(columns[0].shape + x.shape)


# ------------------------------------------------------------------------------------------------------------- jvp


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.jit)])
def test_jvp_gives_value_and_tangent(jit: bool) -> None:
    value, tangent = srcdiff.jvp(waves, (X, 2.0), (V, 0.5), jit=jit)
    h = 1e-6
    wanted = (waves(X + h * V, 2.0 + 0.5 * h) - waves(X - h * V, 2.0 - 0.5 * h)) / (2.0 * h)
    np.testing.assert_allclose(value, waves(X, 2.0))
    np.testing.assert_allclose(tangent, wanted, rtol=1e-8)


def test_none_holds_an_argument_fixed() -> None:
    _, tangent = srcdiff.jvp(product, (2.0, 3.0), (None, 1.0))
    assert tangent == 12.0
    assert type(tangent) is float


def test_the_object_is_called_with_tangents_behind_the_arguments() -> None:
    push = srcdiff.jvp(product, wrt=("a", "b"))
    assert list(push.signature.parameters) == ["a", "b", "n", "a_dot", "b_dot"]
    assert push(2.0, 3.0, 2, 1.0, 0.5) == (18.0, 9.0 + 6.0)
    assert push(2.0, 3.0, 2, b_dot=0.5, a_dot=1.0) == (18.0, 15.0)
    assert "value and tangent" in repr(push)


def test_tuples_of_results_have_tuples_of_tangents() -> None:
    def both(x: Any) -> Any:
        return np.sum(x), (x * x, 3)

    value, tangent = srcdiff.jvp(both, (X,), (V,))
    assert tangent[0] == np.sum(V)
    np.testing.assert_allclose(tangent[1][0], 2.0 * X * V)
    assert tangent[1][1] == 0.0
    assert value[1][1] == 3


def test_nothing_of_the_callers_is_changed_or_shared() -> None:
    def overwrites(x: Any) -> Any:
        x[0] = x[1] * x[2]
        return x

    x, v = X.copy(), V.copy()
    value, tangent = srcdiff.jvp(overwrites, (x,), (v,))
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(v, V)
    assert not np.shares_memory(tangent, v)
    assert not np.shares_memory(value, x)


def test_single_precision_is_kept() -> None:
    x = X.astype(np.float32)
    value, tangent = srcdiff.jvp(lambda x: np.sin(x) * 2.0, (x,), (np.ones(3),))
    assert value.dtype == tangent.dtype == np.float32


@pytest.mark.parametrize(
    ("primals", "tangents", "message"),
    [
        ((X, 2.0), (np.ones(2), 1.0), "`x` has shape"),
        ((X, 2.0), (V,), "a tangent, or None, for each"),
        (X, V, "a tangent, or None, for each"),
        ((X, 2.0), (None, None), "at least one tangent"),
        ((X, 2.0), (V, "one"), "no real number"),
        ((X, 2.0), (V * 1j, 1.0), "no real number"),
    ],
)
def test_bad_tangents(primals: Any, tangents: Any, message: str) -> None:
    with pytest.raises(BadArgument, match=message):
        srcdiff.jvp(waves, primals, tangents)


def test_the_text_of_a_tangent() -> None:
    text = srcdiff.source(srcdiff.jvp(rosenbrock), X, V)
    assert "def rosenbrock_jvp(x, x_dot):" in text
    assert text.splitlines()[-1] == "    return s, s_dot"


def test_the_text_without_arguments_is_the_generic_one() -> None:
    assert "y_dot" not in srcdiff.source(srcdiff.jvp(product))
    assert "def product_jvp(a, b, n, a_dot):" in srcdiff.source(srcdiff.jvp(product))


# --------------------------------------------------------------------------------------------- Hessians and products


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.jit)])
def test_hvp_is_the_hessian_times_a_vector(jit: bool) -> None:
    wanted = numeric_jacobian(srcdiff.grad(rosenbrock), X) @ V
    np.testing.assert_allclose(srcdiff.hvp(rosenbrock, jit=jit)(X, V), wanted, rtol=1e-6)
    gradient, found = srcdiff.grad_and_hvp(rosenbrock, jit=jit)(X, V)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    np.testing.assert_allclose(gradient, srcdiff.grad(rosenbrock)(X))


def test_hvp_of_several_arguments() -> None:
    a, b = srcdiff.hvp(product, wrt=(0, 1))(2.0, 3.0, 2, 1.0, 0.0)
    assert (a, b) == (0.0, 6.0)


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.jit)])
def test_hessian(jit: bool) -> None:
    found = srcdiff.hessian(rosenbrock, jit=jit)(X)
    np.testing.assert_allclose(found, numeric_jacobian(srcdiff.grad(rosenbrock), X), rtol=1e-6, atol=1e-6)


def test_hessian_of_several_arguments_has_blocks() -> None:
    assert srcdiff.hessian(product, wrt=(0, 1))(2.0, 3.0) == ((0.0, 6.0), (6.0, 4.0))


def test_third_derivatives() -> None:
    assert srcdiff.grad(srcdiff.grad(srcdiff.grad(lambda x: x**4)))(2.0) == pytest.approx(48.0)
    third = srcdiff.jacobian(srcdiff.hessian(lambda x: np.sum(x**3) * x[0]))(X)
    assert third.shape == (3, 3, 3)
    np.testing.assert_allclose(third[0], np.diag([24.0 * X[0], 6.0 * X[1], 6.0 * X[2]]), atol=1e-12)


def test_tangent_of_a_hessian_vector_product() -> None:
    product_ = srcdiff.hvp(rosenbrock)
    check_grad(lambda x: np.sum(product_(x, x)), (X,))


# ------------------------------------------------------------------------------------------------------- Jacobians


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.jit)])
@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_jacobian(mode: str, jit: bool) -> None:
    found = srcdiff.jacobian(waves, mode=mode, jit=jit)(X, 2.0)
    np.testing.assert_allclose(found, numeric_jacobian(lambda x: waves(x, 2.0), X), rtol=1e-7, atol=1e-8)


def test_jacobian_of_a_matrix_by_a_matrix() -> None:
    A = np.array([[0.5, 1.0, -0.3], [0.2, 0.7, 0.9]])

    def gram(A: Any) -> Any:
        return A @ A.T

    for mode in ("forward", "reverse"):
        np.testing.assert_allclose(srcdiff.jacobian(gram, mode=mode)(A), numeric_jacobian(gram, A), atol=1e-8)


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_jacobian_of_numbers(mode: str) -> None:
    assert srcdiff.jacobian(product, mode=mode)(2.0, 3.0) == 9.0
    np.testing.assert_allclose(srcdiff.jacobian(waves, wrt="k", mode=mode)(X, 2.0), np.sin(X) * X[0])
    np.testing.assert_allclose(srcdiff.jacobian(rosenbrock, mode=mode)(X), srcdiff.grad(rosenbrock)(X))


def test_blocks_and_values() -> None:
    by_x, by_k = srcdiff.jacobian(waves, wrt=(0, "k"))(X, 2.0)
    assert by_x.shape == (3, 3)
    assert by_k.shape == (3,)
    value, block = srcdiff.value_and_jacobian(waves)(X, 2.0)
    np.testing.assert_allclose(value, waves(X, 2.0))
    np.testing.assert_allclose(block, by_x)


def test_auto_takes_the_fewer_sweeps() -> None:
    text = srcdiff.source(srcdiff.jacobian(waves), X, 2.0)
    assert "if x.size <= result.size:" in text


def test_elementwise() -> None:
    np.testing.assert_allclose(srcdiff.elementwise_grad(lambda x: x**3)(X), 3.0 * X**2)
    assert srcdiff.elementwise_grad(lambda x: math.sin(x))(0.0) == 1.0


def test_a_jacobian_wants_one_array() -> None:
    with pytest.raises(BadOutput, match="does not return one number or one array"):
        srcdiff.jacobian(lambda x: (x, x))(X)
    with pytest.raises(BadArgument, match="mode is one of"):
        srcdiff.jacobian(waves, mode="sideways")


def test_pickles() -> None:
    for df in (srcdiff.hvp(rosenbrock), srcdiff.hessian(rosenbrock), srcdiff.jacobian(waves), srcdiff.jvp(waves)):
        assert repr(pickle.loads(pickle.dumps(df))) == repr(df)


# ------------------------------------------------------------------------------------------------ nested derivatives

HESSIAN = srcdiff.hessian(rosenbrock)
PUSH = srcdiff.jvp(rosenbrock)


def curvature(x: Any) -> Any:
    s = 0.0
    for i in range(len(x)):
        s += np.sin(HESSIAN(x)[i, i])
    return s


def slope_along(x: Any, v: Any) -> Any:
    value, slope = PUSH(x, v)
    return value * slope


def test_functions_that_call_derivatives_are_differentiated() -> None:
    check_grad(curvature, (X,))
    check_grad(slope_along, (X, V), order=2)


@pytest.mark.jit
def test_derivatives_are_called_from_compiled_code() -> None:
    import numba

    hessian, product_ = HESSIAN.jitted, srcdiff.hvp(rosenbrock).jitted

    @numba.njit
    def both(x: Any, v: Any) -> Any:
        return hessian(x) @ v - product_(x, v)

    np.testing.assert_allclose(both(X, V), 0.0, atol=1e-9)
    check_grad(slope_along, (X, V), jit=True)


@pytest.mark.jit
def test_a_dispatcher_is_followed_without_asking() -> None:
    import numba

    compiled = numba.njit(rosenbrock)
    assert ", jit" in repr(srcdiff.hvp(compiled))
    np.testing.assert_allclose(srcdiff.hvp(compiled)(X, V), srcdiff.hvp(rosenbrock)(X, V))
    np.testing.assert_allclose(srcdiff.hessian(compiled)(X), HESSIAN(X))


# ---------------------------------------------------------------------------------------------------- stop_gradient


def half_constant(x: Any) -> Any:
    y = srcdiff.stop_gradient(x)
    y[0] = 2.0 * y[1]
    return np.sum(x * y)


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.jit)])
def test_stop_gradient(jit: bool) -> None:
    constant = np.array([2.0 * X[1], X[1], X[2]])
    np.testing.assert_allclose(srcdiff.grad(half_constant, jit=jit)(X), constant)
    _, tangent = srcdiff.jvp(half_constant, (X,), (V,), jit=jit)
    assert tangent == pytest.approx(float(constant @ V))
    assert srcdiff.grad(lambda x: x * srcdiff.stop_gradient(x))(3.0) == 3.0


# ------------------------------------------------------------------------------------- arguments that are held fixed


def paid_back(x, debt):
    for _ in range(2):
        debt -= x * debt
    return debt


def sometimes_scaled(x, s):
    if x > 1.0:
        s = s * x
    return s


@pytest.mark.parametrize(("f", "x"), [(paid_back, 0.3), (sometimes_scaled, 1.5), (sometimes_scaled, 0.5)])
def test_an_argument_that_is_held_fixed_may_become_active(f, x):
    """Its tangent is zero on entry; written with no start, it was read before anything was assigned to it."""
    expected = srcdiff.grad(f)(x, 2.0)
    assert srcdiff.jvp(f, (x, 2.0), (1.0, None))[1] == pytest.approx(expected)
    assert srcdiff.jacobian(f)(x, 2.0) == pytest.approx(expected)
    assert srcdiff.hvp(f)(x, 2.0, 1.0) == pytest.approx(srcdiff.grad(srcdiff.grad(f))(x, 2.0))


def test_parameters_with_a_default_may_be_left_out():
    """The tangents are the last arguments by position."""

    def f(x, k=2.0, m=1.0, *, n=1.0):
        return np.sum(x**3 * k) * m * n

    x, v = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    for given in ((), (3.0,), (3.0, 4.0)):
        for kwargs in ({}, {"n": 2.0}):
            value, tangent = srcdiff.jvp(f, wrt="x")(x, *given, v, **kwargs)
            assert value == f(x, *given, **kwargs)
            assert np.isclose(tangent, np.sum(srcdiff.grad(f)(x, *given, **kwargs) * v))
            product = srcdiff.hvp(f)(x, *given, v, **kwargs)
            np.testing.assert_allclose(product, srcdiff.hessian(f)(x, *given, **kwargs) @ v)
    with pytest.raises(BadArgument, match="missing a required argument"):
        srcdiff.jvp(f, wrt="x")(x)
