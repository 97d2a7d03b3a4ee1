"""An up-and-out call under Heston's stochastic volatility, by Monte Carlo: a path ends where it meets the barrier.

Euler steps of the logarithm of the price, the variance truncated at zero (Heston 1993; Lord, Koekkoek and van Dijk
2010). The random numbers are given, so that the price is a smooth function of the parameters along each path.
"""

import math

from .kernel import Kernel


def heston(price, variance, speed, level, volatility, correlation, barrier, strike, dt, first, second):
    paths, steps = first.shape
    other = math.sqrt(1.0 - correlation * correlation)
    payoff = 0.0
    for p in range(paths):
        s = price
        v = variance
        alive = True
        for t in range(steps):
            if v > 0.0:
                root = math.sqrt(v * dt)
                s = s * math.exp(-0.5 * v * dt + root * first[p, t])
                shock = correlation * first[p, t] + other * second[p, t]
                v = v + speed * (level - v) * dt + volatility * root * shock
            else:
                v = v + speed * level * dt
            if s > barrier:
                alive = False
                break
        if alive and s > strike:
            payoff += s - strike
    return payoff / paths


def make(rng, paths, steps):
    numbers = (rng.normal(size=(paths, steps)), rng.normal(size=(paths, steps)))
    return (100.0, 0.04, 1.5, 0.05, 0.4, -0.6, 130.0, 95.0, 1.0 / steps, *numbers)


def in_jax():
    import jax
    import jax.numpy as jnp

    def f(price, variance, speed, level, volatility, correlation, barrier, strike, dt, first, second):
        other = jnp.sqrt(1.0 - correlation * correlation)

        def step(state, numbers):
            s, v, alive = state
            one, two = numbers
            positive = v > 0.0
            size = jnp.where(positive, v, 0.0)
            # a root of zero has an infinite slope, which `where` alone would turn into a NaN
            root = jnp.where(positive, jnp.sqrt(jnp.where(positive, v, 1.0) * dt), 0.0)
            s = s * jnp.exp(-0.5 * size * dt + root * one)
            v = v + speed * (level - size) * dt + volatility * root * (correlation * one + other * two)
            return (s, v, alive & (s <= barrier)), None

        paths = first.shape[0]
        start = (jnp.full(paths, price), jnp.full(paths, variance), jnp.ones(paths, dtype=bool))
        (s, _, alive), _ = jax.lax.scan(step, start, (first.T, second.T))
        return jnp.sum(jnp.where(alive & (s > strike), s - strike, 0.0)) / paths

    return f


def all_paths(library, full):
    """All paths at once, to the end of each; for a library that records what runs."""

    def f(price, variance, speed, level, volatility, correlation, barrier, strike, dt, first, second):
        paths, steps = first.shape
        other = (1.0 - correlation * correlation) ** 0.5
        s = price * full(paths)
        v = variance * full(paths)
        nothing = 0.0 * full(paths)
        alive = full(paths) > 0.0
        for t in range(steps):
            positive = v > 0.0
            size = library.where(positive, v, nothing)
            root = library.where(positive, library.sqrt(library.where(positive, v, nothing + 1.0) * dt), nothing)
            s = s * library.exp(-0.5 * size * dt + root * first[:, t])
            shock = correlation * first[:, t] + other * second[:, t]
            v = v + speed * (level - size) * dt + volatility * root * shock
            alive = alive & (s <= barrier)
        return library.sum(library.where(alive & (s > strike), s - strike, nothing)) / paths

    return f


def in_torch():
    import torch

    return all_paths(torch, lambda n: torch.ones(n, dtype=torch.float64))


def in_autograd():
    import autograd.numpy as anp

    return all_paths(anp, anp.ones)


KERNEL = Kernel(
    label="Heston Monte Carlo with a barrier",
    f=heston,
    wrt=("price", "variance", "speed", "level", "volatility", "correlation"),
    sizes={"tiny": (6, 4), "small": (100, 20), "medium": (2000, 50), "large": (20_000, 50)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    loops=True,
)
