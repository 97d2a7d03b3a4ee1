"""The factors L and U of a matrix in its own place, in loops, without pivots. (Golub and Van Loan, section 3.2.)"""

import numpy as np

from .kernel import Kernel


def lu(a):
    a = a.copy()
    n = len(a)
    for i in range(n):
        for j in range(i):
            for k in range(j):
                a[i, j] -= a[i, k] * a[k, j]
            a[i, j] /= a[j, j]
        for j in range(i, n):
            for k in range(i):
                a[i, j] -= a[i, k] * a[k, j]
    total = 0.0
    for i in range(n):
        for j in range(n):
            total += a[i, j] * a[i, j]
    return total


def make(rng, n):
    # the diagonal dominates each column, so that a library that looks for pivots finds them in place
    return (rng.normal(size=(n, n)) / n + 4.0 * np.eye(n),)


def in_jax():
    import jax
    import jax.numpy as jnp

    def f(a):
        factors, _, _ = jax.lax.linalg.lu(a)
        return jnp.sum(factors * factors)

    return f


def in_torch():
    import torch

    def f(a):
        factors, _ = torch.linalg.lu_factor(a)
        return torch.sum(factors * factors)

    return f


KERNEL = Kernel(
    label="lu, loops",
    f=lu,
    wrt=("a",),
    sizes={"tiny": (5,), "small": (20,), "medium": (100,), "large": (300,)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd="autograd has no rule for an LU factorisation and no writes in place",
    loops=True,
)
