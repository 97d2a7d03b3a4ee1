"""Vertical advection by Crank and Nicolson's scheme: a tridiagonal system in each column, levels last.

Central differences of `u` along the last axis, carried by the speed `w` at the levels; the lowest and the highest level
stay as they are. `c` is the time step over four times the height of a level. Solved by Thomas's algorithm.
"""

import numpy as np

from .kernel import Kernel


def vadv(u, w, c):
    rows, columns, levels = u.shape
    above = np.zeros((rows, columns, levels))
    right = np.zeros((rows, columns, levels))
    right[:, :, 0] = u[:, :, 0]
    for k in range(1, levels - 1):
        a = c * w[:, :, k]
        pivot = 1.0 + a * above[:, :, k - 1]
        above[:, :, k] = a / pivot
        explicit = u[:, :, k] - a * (u[:, :, k + 1] - u[:, :, k - 1])
        right[:, :, k] = (explicit + a * right[:, :, k - 1]) / pivot
    out = np.zeros((rows, columns, levels))
    out[:, :, -1] = u[:, :, -1]
    for k in range(levels - 2, -1, -1):
        out[:, :, k] = right[:, :, k] - above[:, :, k] * out[:, :, k + 1]
    return np.sum(out * out)


def lowered(u, w, c):
    rows, columns, levels = u.shape
    above = np.zeros(levels)
    right = np.zeros(levels)
    total = 0.0
    for i in range(rows):
        for j in range(columns):
            right[0] = u[i, j, 0]
            for k in range(1, levels - 1):
                a = c * w[i, j, k]
                pivot = 1.0 + a * above[k - 1]
                above[k] = a / pivot
                explicit = u[i, j, k] - a * (u[i, j, k + 1] - u[i, j, k - 1])
                right[k] = (explicit + a * right[k - 1]) / pivot
            out = u[i, j, levels - 1]
            total += out * out
            for k in range(levels - 2, -1, -1):
                out = right[k] - above[k] * out
                total += out * out
    return total


def make(rng, n, levels):
    return rng.normal(size=(n, n, levels)), rng.normal(size=(n, n, levels)), 0.4


def in_jax():
    import jax
    import jax.numpy as jnp

    def f(u, w, c):
        u = jnp.moveaxis(u, 2, 0)
        a = c * jnp.moveaxis(w, 2, 0)[1:-1]
        explicit = u[1:-1] - a * (u[2:] - u[:-2])

        def up(below, level):
            above, right = below
            a, explicit = level
            pivot = 1.0 + a * above
            here = (a / pivot, (explicit + a * right) / pivot)
            return here, here

        def down(upper, level):
            above, right = level
            out = right - above * upper
            return out, out

        _, levels = jax.lax.scan(up, (jnp.zeros(u.shape[1:]), u[0]), (a, explicit))
        _, out = jax.lax.scan(down, u[-1], levels, reverse=True)
        return jnp.sum(out * out) + jnp.sum(u[0] ** 2) + jnp.sum(u[-1] ** 2)

    return f


def by_levels(stack, total):
    """A list of levels, for a library that records what runs."""

    def f(u, w, c):
        levels = u.shape[2]
        above, right = [0.0], [u[:, :, 0]]
        for k in range(1, levels - 1):
            a = c * w[:, :, k]
            pivot = 1.0 + a * above[-1]
            above.append(a / pivot)
            explicit = u[:, :, k] - a * (u[:, :, k + 1] - u[:, :, k - 1])
            right.append((explicit + a * right[-1]) / pivot)
        out = [u[:, :, -1]]
        for k in range(levels - 2, -1, -1):
            out.append(right[k] - above[k] * out[-1])
        return total(stack(out) ** 2)

    return f


def in_torch():
    import torch

    return by_levels(torch.stack, torch.sum)


def in_autograd():
    import autograd.numpy as anp

    return by_levels(anp.array, anp.sum)


KERNEL = Kernel(
    label="vadv",
    f=vadv,
    wrt=("u", "w"),
    sizes={"tiny": (2, 4), "small": (16, 16), "medium": (64, 40), "large": (128, 80)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    lowered=lowered,
)
