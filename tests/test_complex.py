"""Complex numbers at the boundary, in types and in text: what is taken, what is refused, and what never leaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff import errors
from srcdiff.ir.types import FLOAT, Dim, Num, TypeMismatch, join, wider
from srcdiff.testing import check_grad
from srcdiff.testing.rules import check_rule

X = np.array([0.3, 0.5, -0.7, 0.2])
SHIFT = 2.0 - 1.0j


def vector(dtype: str) -> Num:
    return Num(dtype, 1, (Dim("n"),))


# --------------------------------------------------------------------------------------------------------- the types


@pytest.mark.parametrize(
    ("a", "b", "both"),
    [
        ("complex64", "float32", "complex64"),
        ("complex64", "float64", "complex128"),
        ("complex64", "int64", "complex128"),
        ("complex128", "bool", "complex128"),
        ("float64", "complex128", "complex128"),
    ],
)
def test_the_dtype_that_holds_both(a: str, b: str, both: str) -> None:
    assert wider(a, b) == wider(b, a) == both


def test_a_number_may_become_complex_and_a_real_array_may_not() -> None:
    assert join(FLOAT, Num("complex128")) == Num("complex128")
    with pytest.raises(TypeMismatch):
        join(vector("float64"), vector("complex128"))


# ---------------------------------------------------------------------------------------------------------- refusals


def sorts(x):
    return np.sum(np.abs(np.sort(1j * x)))


def takes_the_largest(x):
    return np.abs(np.max(x + 1j))


def compares(x):
    z = x[0] * 1j
    return x[0] if z < SHIFT else x[1]


def converts(x):
    return np.sum((1j * x).astype(float))


def makes_a_float(x):
    return float(x[0] + 1j)


def writes_an_element(x):
    y = x.copy()
    y[0] = 1j * x[1]
    return np.sum(y)


def updates_a_part(x):
    y = x.copy()
    y[1:] *= 1j
    return np.sum(y)


def updates_a_whole(x):
    y = x.copy()
    y += SHIFT
    return np.sum(y)


def writes_places(x):
    y = x.copy()
    y[np.array([0, 1])] = 1j * x[:2]
    return np.sum(y)


def adds_at_places(x):
    y = x.copy()
    np.add.at(y, np.array([0, 0]), 1j * x[:2])
    return np.sum(y)


def becomes_complex_in_a_loop(x):
    z = np.zeros(4)
    for _ in range(3):
        z = z * z + 1j * x
    return np.sum(np.abs(z))


def rounds(x):
    return np.sum(np.abs(np.floor(1j * x)))


def factorises(x):
    return np.abs(np.linalg.det(np.linalg.cholesky(np.outer(x, x) + 1j)))


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (sorts, "`np.sort` of complex numbers"),
        (takes_the_largest, "`np.max` of complex numbers"),
        (compares, "`<` of complex numbers"),
        (converts, "converted to float64"),
        (makes_a_float, "`float` of complex numbers"),
        (writes_an_element, "complex numbers written into a float"),
        (updates_a_part, "complex numbers written into a 1-D array"),
        (updates_a_whole, "complex numbers written into a 1-D array"),
        (writes_places, "complex numbers written into a 1-D array"),
        (adds_at_places, "complex numbers written into a 1-D array"),
        (becomes_complex_in_a_loop, "values of different kinds"),
        (rounds, "`np.floor` of complex numbers"),
        (factorises, "`np.linalg.cholesky` of complex numbers"),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_what_has_no_complex_derivative_is_refused(f: Callable[..., Any], what: str) -> None:
    forward = srcdiff.jvp(f, wrt=0)
    for build in (srcdiff.grad(f), forward):
        with pytest.raises(errors.Refusal) as caught:
            srcdiff.source(build, X, X) if build is forward else srcdiff.source(build, X)
        problem = caught.value.problems[0]
        assert what in problem.what
        assert problem.file == __file__
        assert problem.fix


def unknown_to_srcdiff(x):
    return x * 1j


def test_a_rule_of_a_user_that_returns_complex_numbers_is_refused() -> None:
    def uses_it(x):
        return np.abs(unknown_to_srcdiff(x))

    from srcdiff.rules import partials
    from srcdiff.rules.points import over
    from srcdiff.rules.registry import RULES

    partials(unknown_to_srcdiff, points=over((0.5, 1.0)))(lambda y, x: 1j)
    try:
        with pytest.raises(errors.UnsupportedType, match="of complex numbers"):
            srcdiff.grad(uses_it)(1.0)
    finally:
        del RULES[unknown_to_srcdiff]


# ---------------------------------------------------------------------------------------------------------- boundary


def returns_complex(x):
    return np.sum(np.fft.fft(x))


def returns_complex_array(x):
    return np.fft.fft(x), x


@pytest.mark.parametrize("f", [returns_complex, returns_complex_array])
def test_a_complex_result_is_refused(f: Callable[..., Any]) -> None:
    with pytest.raises(errors.BadOutput, match=r"complex.*real results.*np.abs\(z\)"):
        srcdiff.vjp(f, X)
    with pytest.raises(errors.BadOutput, match="complex"):
        srcdiff.jvp(f, (X,), (X,))


def power(x, w):
    return np.sum(np.abs(x * w + SHIFT) ** 2)


@pytest.mark.parametrize(
    "w", [1.0 - 0.5j, np.complex128(2j), np.complex64(1 + 1j), X * 1j, (X * 1j).astype(np.complex64)]
)
def test_a_complex_argument_may_be_held_fixed(w: Any) -> None:
    check_grad(power, (X, w), wrt=0, order=2, rtol=1e-3)
    with pytest.raises(errors.BadArgument, match=r"`w` is .*complex.* real and imaginary part"):
        srcdiff.grad(power, wrt=(0, 1))(X, w)
    _, pullback = srcdiff.vjp(power, X, w)
    assert pullback(1.0)[1] is None


def test_a_complex_auxiliary_result() -> None:
    def with_spectrum(x):
        z = np.fft.fft(x)
        return np.sum(np.abs(z) ** 2), z

    gradient, z = srcdiff.grad(with_spectrum, has_aux=True)(X)
    np.testing.assert_allclose(z, np.fft.fft(X))
    np.testing.assert_allclose(gradient, 2.0 * len(X) * X)  # Parseval


def test_adjoints_have_their_variables_dtype() -> None:
    single = X.astype(np.float32)

    def spectrum(x):
        return np.sum(np.abs(np.fft.rfft(x)) ** 2)

    gradient = srcdiff.grad(spectrum)(single)
    assert gradient.dtype == np.float32
    assert srcdiff.grad(spectrum)(X).dtype == np.float64
    np.testing.assert_allclose(gradient, srcdiff.grad(spectrum)(X), rtol=1e-5)


# -------------------------------------------------------------------------------------------------------- conventions


def sizes(x):
    z = x * (0.6 + 0.8j)
    return np.sum(np.abs(z)) + np.sum(np.abs(z) ** 2) + np.linalg.norm(z)


def test_the_absolute_value_has_the_derivative_zero_at_zero() -> None:
    np.testing.assert_array_equal(srcdiff.grad(sizes)(np.zeros(3)), np.zeros(3))


def parseval(x):
    return np.sum(np.abs(np.fft.fft(x, norm="ortho")) ** 2)


def test_a_known_gradient() -> None:
    np.testing.assert_allclose(srcdiff.grad(parseval)(X), 2.0 * X)


def chosen_side(x, a):
    z = 1j * x[0] if a > 0.0 else x[2]
    return abs(z * SHIFT)


def number_of_two_kinds(x, a):
    if a > 0.0:
        z = x[0] * 1.0
    else:
        z = 1j * x[1]
    return abs(z * SHIFT) ** 3 + (z * z).real


@pytest.mark.parametrize("f", [chosen_side, number_of_two_kinds])
@pytest.mark.parametrize("a", [1.0, -1.0])
def test_a_number_that_is_real_on_one_path_only(f: Callable[..., Any], a: float) -> None:
    check_grad(f, (X, a), wrt=0, order=2)


def of_real_numbers(x):
    return np.sum(x.conj() * x.real) + np.sum(np.imag(x)) + np.sum(x.imag) + np.sum(np.conjugate(x)) + np.angle(x)[0]


def test_parts_of_real_numbers() -> None:
    check_grad(of_real_numbers, (X,), order=2)
    text = srcdiff.source(srcdiff.grad(of_real_numbers), X)
    assert "x_bar" in text
    assert "np.conj" not in text.split("# reverse sweep")[-1]


def test_real_programs_mention_no_conjugates() -> None:
    def ordinary(x):
        return np.sum(np.exp(x) * np.abs(x)) + x @ x + np.linalg.norm(x)

    text = srcdiff.source(srcdiff.value_and_grad(ordinary), X) + srcdiff.source(srcdiff.jvp(ordinary, wrt=0), X, X)
    assert "conj" not in text
    assert "real" not in text


def test_the_adjoint_of_a_transform_is_the_inverse_one() -> None:
    def filtered(x, w):
        return np.sum(np.real(np.fft.ifft(w * np.fft.fft(x))) ** 2)

    text = srcdiff.source(srcdiff.grad(filtered), X, X)
    assert 'np.fft.ifft(result_1_bar, norm="forward")' in text
    assert "resized" not in text


@pytest.mark.parametrize("function", [np.fft.fft, np.abs, np.conj, complex])
def test_rules_can_be_checked_at_complex_points(function: Any) -> None:
    check_rule(function)


@pytest.mark.jit
def test_under_numba_what_it_lacks_is_refused_as_ever() -> None:
    with pytest.raises(errors.CompilationFailed):
        srcdiff.grad(parseval, jit=True)(X)


@pytest.mark.jit
def test_compiled_code_calls_a_derivative_with_a_complex_argument() -> None:
    import numba

    def wave(x, w):
        return np.sum((x * w).real ** 2 + np.abs(w * x))

    df = srcdiff.grad(wave)
    inner = df.jitted

    @numba.njit
    def outer(x, w):
        return inner(x, w)

    w = np.exp(1j * X)
    np.testing.assert_allclose(outer(X, w), df(X, w))
    np.testing.assert_allclose(outer(X, 0.3 - 0.2j), df(X, 0.3 - 0.2j))
