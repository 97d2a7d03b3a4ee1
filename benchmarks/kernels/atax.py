"""`y = A' (A x)`: two products of a matrix with a vector."""

import numpy as np

from .kernel import Kernel


def atax(a, x):
    y = a.T @ (a @ x)
    return np.sum(y * y)


def make(rng, rows, columns):
    return rng.normal(size=(rows, columns)) / rows, rng.normal(size=columns)


def in_jax():
    import jax.numpy as jnp

    def f(a, x):
        y = a.T @ (a @ x)
        return jnp.sum(y * y)

    return f


def in_torch():
    import torch

    def f(a, x):
        y = a.T @ (a @ x)
        return torch.sum(y * y)

    return f


def in_autograd():
    import autograd.numpy as anp

    def f(a, x):
        y = anp.dot(a.T, anp.dot(a, x))
        return anp.sum(y * y)

    return f


KERNEL = Kernel(
    label="atax",
    f=atax,
    wrt=("a", "x"),
    sizes={"tiny": (4, 3), "small": (100, 120), "medium": (400, 500), "large": (1200, 1500)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
)
