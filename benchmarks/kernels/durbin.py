"""Durbin's recursion for the Yule-Walker equations of a symmetric Toeplitz matrix, in loops.

(Golub and Van Loan, Matrix Computations, section 4.7.) The result is the square of the solution's length.
"""

import numpy as np

from .kernel import Kernel


def durbin(r):
    n = len(r)
    y = np.zeros(n)
    z = np.zeros(n)
    y[0] = -r[0]
    alpha = -r[0]
    beta = 1.0
    for k in range(1, n):
        beta = (1.0 - alpha * alpha) * beta
        s = 0.0
        for i in range(k):
            s += r[k - 1 - i] * y[i]
        alpha = -(r[k] + s) / beta
        for i in range(k):
            z[i] = y[i] + alpha * y[k - 1 - i]
        for i in range(k):
            y[i] = z[i]
        y[k] = alpha
    total = 0.0
    for i in range(n):
        total += y[i] * y[i]
    return total


def make(rng, n):
    # correlations that fall off: the matrix is positive definite
    return (0.5 ** np.arange(1, n + 1) * (1.0 + 0.05 * rng.uniform(size=n)),)


def in_jax():
    import jax
    import jax.numpy as jnp

    def f(r):
        n = len(r)
        place = jnp.arange(n)

        def step(state, k):
            y, alpha, beta = state
            beta = (1.0 - alpha * alpha) * beta
            # shapes stand still in a scan: whole vectors, of which the first k count
            inside = place < k
            backwards = jnp.where(inside, k - 1 - place, 0)
            alpha = -(r[k] + jnp.sum(jnp.where(inside, r[backwards] * y, 0.0))) / beta
            y = y + alpha * jnp.where(inside, y[backwards], 0.0)
            return (y.at[k].set(alpha), alpha, beta), None

        start = (jnp.zeros(n).at[0].set(-r[0]), -r[0], jnp.ones(()))
        (y, _, _), _ = jax.lax.scan(step, start, jnp.arange(1, n))
        return y @ y

    return f


def in_torch():
    import torch

    def f(r):
        y = -r[:1]
        alpha = -r[0]
        beta = 1.0
        for k in range(1, len(r)):
            beta = (1.0 - alpha * alpha) * beta
            alpha = -(r[k] + r[:k].flip(0) @ y) / beta
            y = torch.cat([y + alpha * y.flip(0), alpha[None]])
        return y @ y

    return f


def in_autograd():
    import autograd.numpy as anp

    def f(r):
        y = -r[:1]
        alpha = -r[0]
        beta = 1.0
        for k in range(1, len(r)):
            beta = (1.0 - alpha * alpha) * beta
            alpha = -(r[k] + anp.dot(r[:k][::-1], y)) / beta
            y = anp.append(y + alpha * y[::-1], alpha)
        return anp.dot(y, y)

    return f


KERNEL = Kernel(
    label="durbin, loops",
    f=durbin,
    wrt=("r",),
    sizes={"tiny": (6,), "small": (60,), "medium": (300,), "large": (1000,)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    loops=True,
)
