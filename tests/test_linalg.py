"""Linear algebra: what its derivatives look like, what is refused, and what happens at the edges."""

# ruff: noqa: RUF059

import numpy as np
import pytest

import srcdiff
from srcdiff import runtime
from srcdiff.errors import Refusal
from srcdiff.testing import check_grad

rng = np.random.default_rng(7)
A = rng.standard_normal((3, 3))
S = A @ A.T + np.eye(3)


def spectrum(A):
    w, V = np.linalg.eigh(A)
    return w[0] * V[0, 0]


def log_likelihood(K, y):
    L = np.linalg.cholesky(K)
    a = np.linalg.solve(L, y)
    return -0.5 * a @ a - 0.5 * np.linalg.slogdet(K)[1]


def squared_solution(A, b):
    x = np.linalg.solve(A, b)
    return np.sum(x * x)


def iterated(A, n):
    for _ in range(n):
        Q, R = np.linalg.qr(A)
        A = R @ Q
    return A[0, 0]


def test_a_factorisation_is_made_once():
    text = srcdiff.source(srcdiff.grad(spectrum), S)
    assert text.count("np.linalg.eigh") == 2  # the statement, and the comment that quotes it
    assert "w, V = np.linalg.eigh(A)\n" in text
    assert "V @ (inverse_gaps(w) * (V.T @ V_bar)) @ V.T" in text


def test_what_two_adjoints_share_is_computed_once():
    text = srcdiff.source(srcdiff.grad(squared_solution, wrt=(0, 1)), S, A[0])
    assert text.count("np.linalg.solve(A.T, x_bar)") == 1


def test_a_single_result_is_asked_for_what_it_needs():
    assert "inverse_gaps" not in srcdiff.source(srcdiff.grad(lambda_max), S)


def lambda_max(A):
    return np.linalg.eigvalsh(A)[-1]


@pytest.mark.parametrize(
    ("function", "args"),
    [(spectrum, (S,)), (log_likelihood, (S, A[0])), (squared_solution, (S, A[0])), (lambda_max, (S,))],
)
def test_second_derivatives(function, args):
    check_grad(function, args, order=2)


@pytest.mark.parametrize(("function", "args"), [(log_likelihood, (S, A[0])), (iterated, (A, 2))])
def test_compiled(function, args):
    check_grad(function, args, wrt=0, jit=True)


def test_an_iteration_that_replaces_its_operand():
    check_grad(iterated, (A, 3), wrt=0, order=2)


def test_the_gradient_of_a_symmetric_matrix_is_that_of_the_triangle_that_is_read():
    gradient = srcdiff.grad(log_likelihood)(S, A[0])
    inverse = np.linalg.inv(S)
    v = inverse @ A[0]
    whole = 0.5 * np.outer(v, v) - 0.5 * inverse  # of a symmetric matrix
    logdet = -0.5 * inverse  # slogdet reads the whole matrix, cholesky its lower triangle
    rest = whole - logdet
    np.testing.assert_allclose(gradient, logdet + np.tril(rest) + np.triu(rest, 1).T, rtol=1e-10)


def test_equal_eigenvalues():
    np.testing.assert_allclose(srcdiff.grad(trace_of_exponential)(np.eye(2)), np.e * np.eye(2))
    with np.errstate(all="ignore"):
        assert np.isnan(srcdiff.grad(spectrum)(np.eye(2))).any()


def trace_of_exponential(A):
    return np.sum(np.exp(np.linalg.eigvalsh(A)))


def inverse_of_a_vector(x):
    return np.sum(np.linalg.inv(x))


def perhaps_all_vectors(x, full):
    u, s, vh = np.linalg.svd(x, full_matrices=full)
    return u[0, 0] * s[0] * vh[0, 0]


def complete(x):
    return np.linalg.qr(x, mode="complete")[0]


def residuals(x):
    solution, rest, rank, s = np.linalg.lstsq(x, np.sum(x, axis=1) ** 2, rcond=None)
    return np.sum(rest)


def three_names(x):
    a, b, c = np.linalg.qr(x)
    return a[0, 0]


def real_power(x, n):
    return np.linalg.matrix_power(x, n)[0, 0]


@pytest.mark.parametrize(
    ("function", "args", "words"),
    [
        (inverse_of_a_vector, (np.ones(3),), "`inv` of a 1-D array"),
        (perhaps_all_vectors, (A, True), "known only when the program runs"),
        (complete, (A,), "this mode of `np.linalg.qr`"),
        (residuals, (A[:, :2],), r"result \[1\]"),
        (three_names, (A,), "2 values for 3 names"),
        (real_power, (A, 2.0), "exponent"),
    ],
)
def test_refusals(function, args, words):
    with pytest.raises(Refusal, match=words):
        srcdiff.vjp(function, *args)


def test_a_matrix_with_more_columns_than_rows_has_no_qr_derivative():
    with pytest.raises(np.linalg.LinAlgError):
        srcdiff.grad(corner)(np.ones((2, 3)) + np.eye(2, 3))


def corner(x):
    q, r = np.linalg.qr(x)
    return r[0, 0]


def test_products_of_second_derivatives_and_vectors():
    _, product = srcdiff.grad_and_hvp(log_likelihood)(S, A[0], A)
    step = 1e-6
    gradient = srcdiff.grad(log_likelihood)
    expected = (gradient(S + step * A, A[0]) - gradient(S - step * A, A[0])) / (2.0 * step)
    np.testing.assert_allclose(product, expected, rtol=1e-5, atol=1e-7)


HELPERS = {
    "onto_lower": (A,),
    "from_lower": (A,),
    "lower_half": (A,),
    "inverse_gaps": (A[0],),
    "cofactors": (A,),
    "cofactors_tangent": (A, S),
    "power_tangent": (A, S, 3),
    "left_vectors_adjoint": (A, *np.linalg.svd(A, full_matrices=False)),
    "left_vectors_tangent": (A, *np.linalg.svd(A, full_matrices=False)),
}


@pytest.mark.parametrize("name", HELPERS)
def test_helpers_in_compiled_code(name):
    numba = pytest.importorskip("numba")
    import srcdiff.runtime_numba  # noqa: F401

    plain = getattr(runtime, name)
    compiled = numba.njit(eval("lambda *args: helper(*args)", {"helper": plain}))
    np.testing.assert_allclose(compiled(*HELPERS[name]), plain(*HELPERS[name]), rtol=1e-12, atol=1e-14)
