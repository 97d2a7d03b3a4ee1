"""Kepler's equation `E - e sin E = M`, solved by Newton's method for many pairs (e, M): a `while` for each root."""

import math

from .kernel import Kernel

TOLERANCE = 1e-11
MOST_STEPS = 12  # for the versions with a fixed number of steps: more than any of these roots takes


def newton(eccentricity, mean):
    total = 0.0
    for i in range(len(mean)):
        angle = mean[i]
        step = 1.0
        while abs(step) > TOLERANCE:
            step = (angle - eccentricity[i] * math.sin(angle) - mean[i]) / (1.0 - eccentricity[i] * math.cos(angle))
            angle = angle - step
        total += angle * angle
    return total


def make(rng, n):
    return rng.uniform(0.05, 0.7, size=n), rng.uniform(0.2, 3.0, size=n)


def in_jax():
    import jax
    import jax.numpy as jnp

    def f(eccentricity, mean):
        # `while_loop` has no reverse mode: a fixed number of steps, in which what has converged stands still
        def body(carry, _):
            angle, running = carry
            step = (angle - eccentricity * jnp.sin(angle) - mean) / (1.0 - eccentricity * jnp.cos(angle))
            angle = jnp.where(running, angle - step, angle)
            return (angle, running & (jnp.abs(step) > TOLERANCE)), None

        running = jnp.ones(mean.shape, dtype=bool)
        (angle, _), _ = jax.lax.scan(body, (mean, running), None, length=MOST_STEPS)
        return jnp.sum(angle * angle)

    return f


def masked(library):
    """All roots at once, until the last one has converged; for a library that records what runs."""

    def f(eccentricity, mean):
        angle = mean
        running = library.ones_like(mean) > 0.0
        while running.any():
            step = (angle - eccentricity * library.sin(angle) - mean) / (1.0 - eccentricity * library.cos(angle))
            angle = library.where(running, angle - step, angle)
            running = running & (abs(step) > TOLERANCE)
        return library.sum(angle * angle)

    return f


def in_torch():
    import torch

    return masked(torch)


def in_autograd():
    import autograd.numpy as anp

    return masked(anp)


KERNEL = Kernel(
    label="Newton `while` for each root",
    f=newton,
    wrt=("eccentricity", "mean"),
    sizes={"tiny": (5,), "small": (100,), "medium": (1000,), "large": (10_000,)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    loops=True,
)
