"""Products of matrices and vectors in every combination of ranks, and algorithms around them."""

import numpy as np

from .registry import case, draw


@case(args=(draw(4), draw(4, seed=1)), second=True)
def vector_dot_vector(x, y):
    return np.dot(x, y) * (x @ x)


@case(args=(draw(3, 4), draw(4)))
def matrix_times_vector(A, x):
    return A @ x


@case(args=(draw(3), draw(3, 4)))
def vector_times_matrix(x, A):
    return x @ A


@case(args=(draw(3, 4), draw(4, 2)))
def matrix_times_matrix(A, B):
    return A @ B


@case(args=(draw(3, 4), draw(4), draw(3)))
def dot_function_and_method(A, x, y):
    return np.dot(A, x) * y + np.dot(y, A)[0] * A.dot(x)


@case(
    args=(draw(3, 4), draw(4, 3), draw(3)),
    jit=False,
    reason="Numba has no np.matmul",
)
def matmul_function(A, B, x):
    return np.matmul(np.matmul(A, B), x)


@case(args=(draw(3, 3), draw(3)), second=True)
def quadratic_form(A, x):
    return x @ A @ x + 0.5 * np.sum(A.T @ A)


@case(args=(draw(5, 3), draw(5), draw(3)), second=True)
def least_squares(X, y, beta):
    r = y - X @ beta
    return np.dot(r, r) / len(y)


@case(args=(draw(3, 3), draw(3), 4), wrt=(0, 1), second=True)
def power_iteration(A, x, n):
    S = A.T @ A
    for _ in range(n):
        x = S @ x
        x = x / np.sqrt(x @ x)
    return x @ S @ x


@case(args=(draw(4, 3), draw(3, 5), draw(5), draw(4)))
def two_layer_network(W1, W2, x, b):
    h = np.tanh(W2 @ x)
    z = W1 @ h + b
    return np.maximum(z, 0.0)


@case(args=(draw(3, 3),))
def trace_of_a_power(A):
    B = A @ A
    t = 0.0
    for i in range(3):
        t += (B @ A)[i, i]
    return t


@case(args=(draw(3), draw(4)))
def outer_by_loops(x, y):
    P = np.zeros((3, 4))
    for i in range(3):
        P[i] = x[i] * y
    return P @ y


@case(args=(draw(3, 4), draw(4)))
def product_of_views(A, x):
    return A[:, 1:] @ x[1:] + A[1:].T @ A[1:, 0] @ x


@case(args=(draw(3, 3), draw(3)))
def product_into_a_slice(A, x):
    out = np.zeros(5)
    out[1:4] = A @ x
    out[:3] += x @ A
    return out


@case(args=(draw(3, 3), draw(3), 0.1))
def linear_recurrence(A, x, dt):
    for k in range(4):
        x = x + dt * (A @ x)
    return x


@case(args=(draw(3, 3), draw(3, 3, seed=1)))
def commutator(A, B):
    C = A @ B
    C -= B @ A
    return np.sum(C * C)


@case(args=(draw(2, 2), 3), wrt=0)
def matrix_power_by_squaring(A, n):
    R = np.eye(2)
    while n > 0:
        if n % 2 == 1:
            R = R @ A
        A = A @ A
        n //= 2
    return R


@case(args=(draw(3, 4), draw(4)))
def product_by_loops(A, x):
    n, m = A.shape
    y = np.empty(n)
    for i in range(n):
        acc = 0.0
        for j in range(m):
            acc += A[i, j] * x[j]
        y[i] = acc
    return y


@case(args=(draw(4, 3),))
def covariance(X):
    n = X.shape[0]
    mu = X.sum(axis=0) / n
    D = X - mu
    return D.T @ D / (n - 1)
