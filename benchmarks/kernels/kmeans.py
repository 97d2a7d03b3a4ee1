"""The cost of k-means, by its centres: the gradient and the diagonal of the Hessian, for Newton's method.

Each coordinate of a centre stands alone in the second derivative, so that the Hessian is diagonal, and its product with
a vector of ones is that diagonal. (Bottou and Bengio, Convergence properties of the k-means algorithms, 1995.)
"""

import math

import numpy as np

from .kernel import Kernel


def kmeans(centres, x):
    apart = x[:, None, :] - centres[None, :, :]
    square = np.sum(apart * apart, axis=2)
    return np.sum(np.min(square, axis=1))


def lowered(centres, x):
    n, d = x.shape
    total = 0.0
    for i in range(n):
        least = math.inf
        for j in range(len(centres)):
            square = 0.0
            for a in range(d):
                apart = x[i, a] - centres[j, a]
                square += apart * apart
            least = min(least, square)
        total += least
    return total


def make(rng, n, d, k):
    return rng.normal(size=(k, d)), rng.normal(size=(n, d))


def in_jax():
    import jax.numpy as jnp

    def f(centres, x):
        apart = x[:, None, :] - centres[None, :, :]
        return jnp.sum(jnp.min(jnp.sum(apart * apart, axis=2), axis=1))

    return f


def in_torch():
    import torch

    def f(centres, x):
        apart = x[:, None, :] - centres[None, :, :]
        return torch.sum(torch.min(torch.sum(apart * apart, 2), 1).values)

    return f


def in_autograd():
    import autograd.numpy as anp

    def f(centres, x):
        apart = x[:, None, :] - centres[None, :, :]
        return anp.sum(anp.min(anp.sum(apart * apart, axis=2), axis=1))

    return f


KERNEL = Kernel(
    label="k-means cost, gradient and Hessian diagonal",
    f=kmeans,
    wrt=("centres",),
    sizes={"tiny": (6, 2, 3), "small": (100, 5, 5), "medium": (1000, 10, 10), "large": (10_000, 10, 10)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    lowered=lowered,
    task="curvature",
)
