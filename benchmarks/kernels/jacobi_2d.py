"""Jacobi's iteration on a square, in slices between two arrays that change places: the mean of five points."""

import numpy as np

from .kernel import Kernel


def jacobi_2d(a, b, steps):
    a = a.copy()
    b = b.copy()
    for _ in range(steps):
        b[1:-1, 1:-1] = 0.2 * (a[1:-1, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] + a[:-2, 1:-1])
        a[1:-1, 1:-1] = 0.2 * (b[1:-1, 1:-1] + b[1:-1, :-2] + b[1:-1, 2:] + b[2:, 1:-1] + b[:-2, 1:-1])
    return np.sum(a * a)


def lowered(a, b, steps):
    a = a.copy()
    b = b.copy()
    rows, columns = a.shape
    for _ in range(steps):
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                b[i, j] = 0.2 * (a[i, j] + a[i, j - 1] + a[i, j + 1] + a[i + 1, j] + a[i - 1, j])
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                a[i, j] = 0.2 * (b[i, j] + b[i, j - 1] + b[i, j + 1] + b[i + 1, j] + b[i - 1, j])
    total = 0.0
    for i in range(rows):
        for j in range(columns):
            total += a[i, j] * a[i, j]
    return total


def make(rng, n, steps):
    return rng.normal(size=(n, n)), rng.normal(size=(n, n)), steps


def mean_of_five(a):
    return 0.2 * (a[1:-1, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] + a[:-2, 1:-1])


def in_jax():
    import jax
    import jax.numpy as jnp

    def f(a, b, steps):
        def step(state, _):
            a, b = state
            b = b.at[1:-1, 1:-1].set(mean_of_five(a))
            return (a.at[1:-1, 1:-1].set(mean_of_five(b)), b), None

        (a, _), _ = jax.lax.scan(step, (a, b), None, length=steps)
        return jnp.sum(a * a)

    return f


def in_torch():
    import torch

    def f(a, b, steps):
        # each array is written where nothing that was recorded is read again
        a = a.clone()
        b = b.clone()
        for _ in range(steps):
            b[1:-1, 1:-1] = mean_of_five(a)
            a[1:-1, 1:-1] = mean_of_five(b)
        return torch.sum(a * a)

    return f


def in_autograd():
    import autograd.numpy as anp

    def f(a, b, steps):
        inner = anp.zeros(a.shape)
        inner[1:-1, 1:-1] = 1.0
        edge_a = (1.0 - inner) * a
        edge_b = (1.0 - inner) * b
        for _ in range(steps):
            b = edge_b + anp.pad(mean_of_five(a), 1, "constant")
            a = edge_a + anp.pad(mean_of_five(b), 1, "constant")
        return anp.sum(a * a)

    return f


KERNEL = Kernel(
    label="jacobi_2d",
    f=jacobi_2d,
    wrt=("a", "b"),
    sizes={"tiny": (5, 2), "small": (30, 20), "medium": (150, 50), "large": (400, 100)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    lowered=lowered,
)
