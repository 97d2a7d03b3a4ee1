"""Diffusion on a square by alternating directions: each half step is implicit along one axis.

The tridiagonal systems are solved by Thomas's algorithm, all lines at once; around the square all is zero. (Peaceman
and Rachford 1955.) `r` is the diffusion coefficient times the time step over twice the square of the mesh width.
"""

import numpy as np

from .kernel import Kernel


def adi(inside, r, steps):
    n = len(inside) + 2
    u = np.zeros((n, n))
    u[1:-1, 1:-1] = inside
    half = np.zeros((n, n))
    p = np.zeros(n)
    q = np.zeros((n, n))
    for _ in range(steps):
        for i in range(1, n - 1):
            pivot = 1.0 + 2.0 * r - r * p[i - 1]
            p[i] = r / pivot
            explicit = r * u[i, :-2] + (1.0 - 2.0 * r) * u[i, 1:-1] + r * u[i, 2:]
            q[i, 1:-1] = (explicit + r * q[i - 1, 1:-1]) / pivot
        for i in range(n - 2, 0, -1):
            half[i, 1:-1] = p[i] * half[i + 1, 1:-1] + q[i, 1:-1]
        for j in range(1, n - 1):
            pivot = 1.0 + 2.0 * r - r * p[j - 1]
            p[j] = r / pivot
            explicit = r * half[:-2, j] + (1.0 - 2.0 * r) * half[1:-1, j] + r * half[2:, j]
            q[1:-1, j] = (explicit + r * q[1:-1, j - 1]) / pivot
        for j in range(n - 2, 0, -1):
            u[1:-1, j] = p[j] * u[1:-1, j + 1] + q[1:-1, j]
    return np.sum(u * u)


def lowered(inside, r, steps):
    n = len(inside) + 2
    u = np.zeros((n, n))
    u[1:-1, 1:-1] = inside
    half = np.zeros((n, n))
    p = np.zeros(n)
    q = np.zeros((n, n))
    for _ in range(steps):
        for i in range(1, n - 1):
            pivot = 1.0 + 2.0 * r - r * p[i - 1]
            p[i] = r / pivot
            for j in range(1, n - 1):
                explicit = r * u[i, j - 1] + (1.0 - 2.0 * r) * u[i, j] + r * u[i, j + 1]
                q[i, j] = (explicit + r * q[i - 1, j]) / pivot
        for i in range(n - 2, 0, -1):
            for j in range(1, n - 1):
                half[i, j] = p[i] * half[i + 1, j] + q[i, j]
        for j in range(1, n - 1):
            pivot = 1.0 + 2.0 * r - r * p[j - 1]
            p[j] = r / pivot
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                explicit = r * half[i - 1, j] + (1.0 - 2.0 * r) * half[i, j] + r * half[i + 1, j]
                q[i, j] = (explicit + r * q[i, j - 1]) * p[j] / r
            for j in range(n - 2, 0, -1):
                u[i, j] = p[j] * u[i, j + 1] + q[i, j]
    total = 0.0
    for i in range(n):
        for j in range(n):
            total += u[i, j] * u[i, j]
    return total


def make(rng, n, steps):
    return rng.normal(size=(n, n)), 0.3, steps


def in_jax():
    import jax
    import jax.numpy as jnp

    def solve(right, r):
        """The systems along the first axis, for all columns."""

        def forwards(above, line):
            p, q = above
            pivot = 1.0 + 2.0 * r - r * p
            here = (r / pivot, (line + r * q) / pivot)
            return here, here

        def backwards(below, here):
            p, q = here
            below = p * below + q
            return below, below

        zero = jnp.zeros(right.shape[1])
        _, lines = jax.lax.scan(forwards, (jnp.zeros(()), zero), right)
        return jax.lax.scan(backwards, zero, lines, reverse=True)[1]

    def f(inside, r, steps):
        def half_step(u):
            explicit = r * u[:, :-2] + (1.0 - 2.0 * r) * u[:, 1:-1] + r * u[:, 2:]
            return jnp.pad(solve(explicit[1:-1], r), 1)

        u, _ = jax.lax.scan(lambda u, _: (half_step(half_step(u).T).T, None), jnp.pad(inside, 1), None, length=steps)
        return jnp.sum(u * u)

    return f


def by_lines(zeros, stack, pad, total):
    """The systems along the first axis by a list of lines; for a library that records what runs."""

    def half_step(u, r):
        explicit = r * u[:, :-2] + (1.0 - 2.0 * r) * u[:, 1:-1] + r * u[:, 2:]
        n = len(u)
        p, q = [0.0], [zeros(n - 2)]
        for i in range(1, n - 1):
            pivot = 1.0 + 2.0 * r - r * p[-1]
            p.append(r / pivot)
            q.append((explicit[i] + r * q[-1]) / pivot)
        lines = [zeros(n - 2)]
        for i in range(n - 2, 0, -1):
            lines.append(p[i] * lines[-1] + q[i])
        return pad(stack(lines[:0:-1]))

    def f(inside, r, steps):
        u = pad(inside)
        for _ in range(steps):
            u = half_step(half_step(u, r).T, r).T
        return total(u * u)

    return f


def in_torch():
    import torch
    from torch.nn.functional import pad

    return by_lines(
        lambda n: torch.zeros(n, dtype=torch.float64), torch.stack, lambda a: pad(a, (1, 1, 1, 1)), torch.sum
    )


def in_autograd():
    import autograd.numpy as anp

    return by_lines(anp.zeros, anp.array, lambda a: anp.pad(a, 1, "constant"), anp.sum)


KERNEL = Kernel(
    label="adi",
    f=adi,
    wrt=("inside", "r"),
    sizes={"tiny": (4, 2), "small": (20, 10), "medium": (100, 20), "large": (200, 100)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    lowered=lowered,
)
