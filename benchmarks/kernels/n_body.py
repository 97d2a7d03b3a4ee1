"""Gravity between all pairs of bodies, in loops over the pairs; semi-implicit Euler steps, softened distances."""

import math

from .kernel import Kernel


def n_body(position, velocity, mass, dt, steps):
    position = position.copy()
    velocity = velocity.copy()
    n = len(mass)
    for _ in range(steps):
        for i in range(n):
            ax = 0.0
            ay = 0.0
            az = 0.0
            for j in range(n):
                dx = position[j, 0] - position[i, 0]
                dy = position[j, 1] - position[i, 1]
                dz = position[j, 2] - position[i, 2]
                square = dx * dx + dy * dy + dz * dz + 0.01
                pull = mass[j] / (square * math.sqrt(square))
                ax += pull * dx
                ay += pull * dy
                az += pull * dz
            velocity[i, 0] += dt * ax
            velocity[i, 1] += dt * ay
            velocity[i, 2] += dt * az
        for i in range(n):
            for k in range(3):
                position[i, k] += dt * velocity[i, k]
    total = 0.0
    for i in range(n):
        for k in range(3):
            total += position[i, k] * position[i, k]
    return total


def make(rng, n, steps):
    return rng.normal(size=(n, 3)), 0.1 * rng.normal(size=(n, 3)), rng.uniform(0.5, 1.0, size=n) / n, 0.01, steps


def one_step(library):
    """A step on whole arrays: all pairs at once."""

    def step(position, velocity, mass, dt):
        apart = position[None, :, :] - position[:, None, :]
        square = library.sum(apart * apart, 2) + 0.01
        pull = mass[None, :] / (square * library.sqrt(square))
        velocity = velocity + dt * library.einsum("ij,ijk->ik", pull, apart)
        return position + dt * velocity, velocity

    return step


def in_jax():
    import jax
    import jax.numpy as jnp

    step = one_step(jnp)

    def f(position, velocity, mass, dt, steps):
        def body(state, _):
            return step(*state, mass, dt), None

        (position, _), _ = jax.lax.scan(body, (position, velocity), None, length=steps)
        return jnp.sum(position * position)

    return f


def unrolled(library):
    step = one_step(library)

    def f(position, velocity, mass, dt, steps):
        for _ in range(steps):
            position, velocity = step(position, velocity, mass, dt)
        return library.sum(position * position)

    return f


def in_torch():
    import torch

    return unrolled(torch)


def in_autograd():
    import autograd.numpy as anp

    return unrolled(anp)


KERNEL = Kernel(
    label="N-body steps, loops",
    f=n_body,
    wrt=("position", "velocity"),
    sizes={"tiny": (4, 2), "small": (16, 10), "medium": (64, 20), "large": (256, 20)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    loops=True,
)
