"""The heat equation by explicit steps on a square, in slices. The edge keeps its values."""

import numpy as np

from .kernel import Kernel

sizes = {"tiny": (6, 3), "small": (32, 20), "medium": (128, 50), "large": (512, 50)}


def heat_slices(u, alpha, steps):
    u = u.copy()
    for _ in range(steps):
        laplacian = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]
        u[1:-1, 1:-1] += alpha * laplacian
    return np.sum(u * u)


def lowered(u, alpha, steps):
    u = u.copy()
    v = u.copy()
    rows, columns = u.shape
    for _ in range(steps):
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                v[i, j] = u[i, j] + alpha * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])
        u, v = v, u
    total = 0.0
    for i in range(rows):
        for j in range(columns):
            total += u[i, j] * u[i, j]
    return total


def make(rng, n, steps):
    return rng.normal(size=(n, n)), 0.2, steps


def in_jax():
    import jax
    import jax.numpy as jnp

    def f(u, alpha, steps):
        def step(u, _):
            laplacian = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]
            return u.at[1:-1, 1:-1].add(alpha * laplacian), None

        u, _ = jax.lax.scan(step, u, None, length=steps)
        return jnp.sum(u * u)

    return f


def in_torch():
    import torch
    from torch.nn.functional import pad

    def f(u, alpha, steps):
        for _ in range(steps):
            laplacian = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]
            u = u + alpha * pad(laplacian, (1, 1, 1, 1))
        return torch.sum(u * u)

    return f


def in_autograd():
    import autograd.numpy as anp

    def f(u, alpha, steps):
        for _ in range(steps):
            laplacian = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]
            u = u + alpha * anp.pad(laplacian, 1, "constant")
        return anp.sum(u * u)

    return f


KERNEL = Kernel(
    label="heat equation, slices",
    f=heat_slices,
    wrt=("u", "alpha"),
    sizes=sizes,
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    lowered=lowered,
)
