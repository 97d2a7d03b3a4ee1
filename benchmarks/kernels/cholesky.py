"""Cholesky's factorisation and the two triangular solves, in loops: `log det A + b' A^-1 b`, a Gaussian's exponent.

Only the lower triangle of `A` is read. (Golub and Van Loan, Matrix Computations, sections 3.1 and 4.2.)
"""

import math

import numpy as np

from .kernel import Kernel


def cholesky(a, b):
    n = len(b)
    root = np.zeros((n, n))
    for j in range(n):
        s = a[j, j]
        for k in range(j):
            s -= root[j, k] * root[j, k]
        root[j, j] = math.sqrt(s)
        for i in range(j + 1, n):
            s = a[i, j]
            for k in range(j):
                s -= root[i, k] * root[j, k]
            root[i, j] = s / root[j, j]
    y = np.zeros(n)
    for i in range(n):
        s = b[i]
        for k in range(i):
            s -= root[i, k] * y[k]
        y[i] = s / root[i, i]
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        s = y[i]
        for k in range(i + 1, n):
            s -= root[k, i] * x[k]
        x[i] = s / root[i, i]
    total = 0.0
    for i in range(n):
        total += 2.0 * math.log(root[i, i]) + b[i] * x[i]
    return total


def make(rng, n):
    a = rng.normal(size=(n, n))
    return a @ a.T / n + np.eye(n), rng.normal(size=n)


def in_jax():
    import jax.numpy as jnp
    from jax.scipy.linalg import solve_triangular

    def f(a, b):
        root = jnp.linalg.cholesky(jnp.tril(a) + jnp.tril(a, -1).T)
        y = solve_triangular(root, b, lower=True)
        x = solve_triangular(root, y, lower=True, trans=1)
        return 2.0 * jnp.sum(jnp.log(jnp.diag(root))) + b @ x

    return f


def in_torch():
    import torch

    def f(a, b):
        root = torch.linalg.cholesky(torch.tril(a) + torch.tril(a, -1).T)
        y = torch.linalg.solve_triangular(root, b[:, None], upper=False)
        x = torch.linalg.solve_triangular(root.T, y, upper=True)
        return 2.0 * torch.sum(torch.log(torch.diagonal(root))) + b @ x[:, 0]

    return f


def in_autograd():
    import autograd.numpy as anp
    from autograd.scipy.linalg import solve_triangular

    def f(a, b):
        root = anp.linalg.cholesky(anp.tril(a) + anp.tril(a, -1).T)
        y = solve_triangular(root, b, lower=True)
        x = solve_triangular(root, y, lower=True, trans="T")
        return 2.0 * anp.sum(anp.log(anp.diag(root))) + anp.dot(b, x)

    return f


KERNEL = Kernel(
    label="Cholesky and triangular solves, loops",
    f=cholesky,
    wrt=("a", "b"),
    sizes={"tiny": (5,), "small": (20,), "medium": (100,), "large": (300,)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    loops=True,
)
