"""`alpha A B + beta C`: a product of matrices."""

import numpy as np

from .kernel import Kernel


def gemm(alpha, beta, a, b, c):
    out = alpha * (a @ b) + beta * c
    return np.sum(out * out)


def lowered(alpha, beta, a, b, c):
    product = a @ b
    rows, columns = product.shape
    total = 0.0
    for i in range(rows):
        for j in range(columns):
            out = alpha * product[i, j] + beta * c[i, j]
            total += out * out
    return total


def make(rng, n, m, k):
    return 1.5, 1.2, rng.normal(size=(n, k)) / k, rng.normal(size=(k, m)), rng.normal(size=(n, m))


def in_jax():
    import jax.numpy as jnp

    def f(alpha, beta, a, b, c):
        out = alpha * (a @ b) + beta * c
        return jnp.sum(out * out)

    return f


def in_torch():
    import torch

    def f(alpha, beta, a, b, c):
        out = alpha * (a @ b) + beta * c
        return torch.sum(out * out)

    return f


def in_autograd():
    import autograd.numpy as anp

    def f(alpha, beta, a, b, c):
        out = alpha * anp.dot(a, b) + beta * c
        return anp.sum(out * out)

    return f


KERNEL = Kernel(
    label="gemm",
    f=gemm,
    wrt=("alpha", "a", "b", "c"),
    sizes={"tiny": (3, 4, 2), "small": (40, 50, 60), "medium": (200, 220, 240), "large": (600, 660, 720)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    lowered=lowered,
)
