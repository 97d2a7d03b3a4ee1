"""Flow in a square cavity whose lid moves: incompressible Navier-Stokes in velocities and pressure, in slices.

Central differences; the pressure by a fixed number of Jacobi steps on its Poisson equation in each time step; explicit
Euler in time (Ferziger and Peric, Computational Methods for Fluid Dynamics, chapter 7). The mesh width is `h`.
"""

import numpy as np

from .kernel import Kernel


def cavity_flow(u, v, p, viscosity, h, dt, steps, sweeps):
    u = u.copy()
    v = v.copy()
    p = p.copy()
    for _ in range(steps):
        ux = (u[1:-1, 2:] - u[1:-1, :-2]) / (2.0 * h)
        uy = (u[2:, 1:-1] - u[:-2, 1:-1]) / (2.0 * h)
        vx = (v[1:-1, 2:] - v[1:-1, :-2]) / (2.0 * h)
        vy = (v[2:, 1:-1] - v[:-2, 1:-1]) / (2.0 * h)
        source = (ux + vy) / dt - ux * ux - 2.0 * uy * vx - vy * vy
        for _ in range(sweeps):
            around = p[1:-1, 2:] + p[1:-1, :-2] + p[2:, 1:-1] + p[:-2, 1:-1]
            p[1:-1, 1:-1] = 0.25 * (around - h * h * source)
            p[:, -1] = p[:, -2]
            p[0, :] = p[1, :]
            p[:, 0] = p[:, 1]
            p[-1, :] = 0.0
        px = (p[1:-1, 2:] - p[1:-1, :-2]) / (2.0 * h)
        py = (p[2:, 1:-1] - p[:-2, 1:-1]) / (2.0 * h)
        spread = viscosity / (h * h)
        u_spread = spread * (u[1:-1, 2:] + u[1:-1, :-2] + u[2:, 1:-1] + u[:-2, 1:-1] - 4.0 * u[1:-1, 1:-1])
        v_spread = spread * (v[1:-1, 2:] + v[1:-1, :-2] + v[2:, 1:-1] + v[:-2, 1:-1] - 4.0 * v[1:-1, 1:-1])
        u_rate = u_spread - u[1:-1, 1:-1] * ux - v[1:-1, 1:-1] * uy - px
        v_rate = v_spread - u[1:-1, 1:-1] * vx - v[1:-1, 1:-1] * vy - py
        u[1:-1, 1:-1] += dt * u_rate
        v[1:-1, 1:-1] += dt * v_rate
    return np.sum(u * u + v * v)


def lowered(u, v, p, viscosity, h, dt, steps, sweeps):
    u = u.copy()
    v = v.copy()
    p = p.copy()
    n = len(u)
    source = np.zeros((n, n))
    u_rate = np.zeros((n, n))
    v_rate = np.zeros((n, n))
    p_new = p.copy()
    spread = viscosity / (h * h)
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                ux = (u[i, j + 1] - u[i, j - 1]) / (2.0 * h)
                uy = (u[i + 1, j] - u[i - 1, j]) / (2.0 * h)
                vx = (v[i, j + 1] - v[i, j - 1]) / (2.0 * h)
                vy = (v[i + 1, j] - v[i - 1, j]) / (2.0 * h)
                source[i, j] = (ux + vy) / dt - ux * ux - 2.0 * uy * vx - vy * vy
                u_spread = spread * (u[i, j + 1] + u[i, j - 1] + u[i + 1, j] + u[i - 1, j] - 4.0 * u[i, j])
                v_spread = spread * (v[i, j + 1] + v[i, j - 1] + v[i + 1, j] + v[i - 1, j] - 4.0 * v[i, j])
                u_rate[i, j] = u_spread - u[i, j] * ux - v[i, j] * uy
                v_rate[i, j] = v_spread - u[i, j] * vx - v[i, j] * vy
        for _ in range(sweeps):
            for i in range(1, n - 1):
                for j in range(1, n - 1):
                    around = p[i, j + 1] + p[i, j - 1] + p[i + 1, j] + p[i - 1, j]
                    p_new[i, j] = 0.25 * (around - h * h * source[i, j])
            p, p_new = p_new, p
            for i in range(1, n - 1):
                p[i, n - 1] = p[i, n - 2]
            for j in range(n):
                p[0, j] = p[1, j]
            for i in range(n - 1):
                p[i, 0] = p[i, 1]
            for j in range(n):
                p[n - 1, j] = 0.0
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                u[i, j] += dt * (u_rate[i, j] - (p[i, j + 1] - p[i, j - 1]) / (2.0 * h))
                v[i, j] += dt * (v_rate[i, j] - (p[i + 1, j] - p[i - 1, j]) / (2.0 * h))
    total = 0.0
    for i in range(n):
        for j in range(n):
            total += u[i, j] * u[i, j] + v[i, j] * v[i, j]
    return total


def make(rng, n, steps, sweeps):
    u = np.zeros((n, n))
    v = np.zeros((n, n))
    u[1:-1, 1:-1] = 0.1 * rng.normal(size=(n - 2, n - 2))
    v[1:-1, 1:-1] = 0.1 * rng.normal(size=(n - 2, n - 2))
    u[-1] = 1.0  # the lid
    return u, v, np.zeros((n, n)), 0.1, 2.0 / (n - 1), 0.1 / (n - 1) ** 2, steps, sweeps


def one_step(framed, edged):
    """`framed(inner, a)` is `a` with a new inside, `edged(inner)` the pressure with the edge that belongs to it."""

    def step(u, v, p, viscosity, h, dt, repeat):
        ux = (u[1:-1, 2:] - u[1:-1, :-2]) / (2.0 * h)
        uy = (u[2:, 1:-1] - u[:-2, 1:-1]) / (2.0 * h)
        vx = (v[1:-1, 2:] - v[1:-1, :-2]) / (2.0 * h)
        vy = (v[2:, 1:-1] - v[:-2, 1:-1]) / (2.0 * h)
        source = (ux + vy) / dt - ux * ux - 2.0 * uy * vx - vy * vy

        def sweep(p):
            around = p[1:-1, 2:] + p[1:-1, :-2] + p[2:, 1:-1] + p[:-2, 1:-1]
            return edged(0.25 * (around - h * h * source))

        p = repeat(sweep, p)
        px = (p[1:-1, 2:] - p[1:-1, :-2]) / (2.0 * h)
        py = (p[2:, 1:-1] - p[:-2, 1:-1]) / (2.0 * h)
        spread = viscosity / (h * h)
        u_in, v_in = u[1:-1, 1:-1], v[1:-1, 1:-1]
        u_spread = spread * (u[1:-1, 2:] + u[1:-1, :-2] + u[2:, 1:-1] + u[:-2, 1:-1] - 4.0 * u_in)
        v_spread = spread * (v[1:-1, 2:] + v[1:-1, :-2] + v[2:, 1:-1] + v[:-2, 1:-1] - 4.0 * v_in)
        u_new = u_in + dt * (u_spread - u_in * ux - v_in * uy - px)
        v_new = v_in + dt * (v_spread - u_in * vx - v_in * vy - py)
        return framed(u_new, u), framed(v_new, v), p

    return step


def in_jax():
    import jax
    import jax.numpy as jnp

    def edged(inner):
        p = jnp.pad(inner, 1, mode="edge")
        return p.at[-1].set(0.0)

    step = one_step(lambda inner, a: a.at[1:-1, 1:-1].set(inner), edged)

    def f(u, v, p, viscosity, h, dt, steps, sweeps):
        def repeat(sweep, p):
            return jax.lax.scan(lambda p, _: (sweep(p), None), p, None, length=sweeps)[0]

        def body(state, _):
            return step(*state, viscosity, h, dt, repeat), None

        (u, v, _), _ = jax.lax.scan(body, (u, v, p), None, length=steps)
        return jnp.sum(u * u + v * v)

    return f


def unrolled(step, total):
    def f(u, v, p, viscosity, h, dt, steps, sweeps):
        def repeat(sweep, p):
            for _ in range(sweeps):
                p = sweep(p)
            return p

        for _ in range(steps):
            u, v, p = step(u, v, p, viscosity, h, dt, repeat)
        return total(u * u + v * v)

    return f


def in_torch():
    import torch

    def framed(inner, a):
        a = a.clone()
        a[1:-1, 1:-1] = inner
        return a

    def edged(inner):
        wide = torch.cat([inner[:, :1], inner, inner[:, -1:]], 1)
        return torch.cat([wide[:1], wide, torch.zeros_like(wide[:1])], 0)

    return unrolled(one_step(framed, edged), torch.sum)


def in_autograd():
    import autograd.numpy as anp

    def framed(inner, a):
        middle = anp.concatenate([a[1:-1, :1], inner, a[1:-1, -1:]], axis=1)
        return anp.concatenate([a[:1], middle, a[-1:]], axis=0)

    def edged(inner):
        wide = anp.concatenate([inner[:, :1], inner, inner[:, -1:]], axis=1)
        return anp.concatenate([wide[:1], wide, anp.zeros((1, inner.shape[1] + 2))], axis=0)

    return unrolled(one_step(framed, edged), anp.sum)


KERNEL = Kernel(
    label="cavity_flow",
    f=cavity_flow,
    wrt=("u", "v", "viscosity"),
    sizes={"tiny": (6, 2, 2), "small": (21, 5, 10), "medium": (61, 20, 30), "large": (121, 50, 50)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    lowered=lowered,
)
