"""A scalar recurrence with a branch: a robust running error, one number carried from step to step."""

from .kernel import Kernel


def recurrence(x, rate):
    s = 0.0
    for i in range(len(x)):
        r = x[i] - rate * s
        if abs(r) < 1.0:
            s = s + 0.5 * r * r
        else:
            s = s + abs(r) - 0.5
    return s


def make(rng, n):
    return rng.normal(size=n), 0.5


def in_jax():
    import jax
    import jax.numpy as jnp

    def f(x, rate):
        def step(s, x_i):
            r = x_i - rate * s
            return s + jnp.where(jnp.abs(r) < 1.0, 0.5 * r * r, jnp.abs(r) - 0.5), None

        return jax.lax.scan(step, 0.0, x)[0]

    return f


def in_torch():
    def f(x, rate):
        s = 0.0
        for x_i in x.unbind():
            r = x_i - rate * s
            size = r.abs()
            s = s + (0.5 * r * r if size < 1.0 else size - 0.5)
        return s

    return f


KERNEL = Kernel(
    label="scalar recurrence with a branch",
    f=recurrence,
    wrt=("x", "rate"),
    sizes={"tiny": (12,), "small": (100,), "medium": (1000,), "large": (10_000,)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=lambda: recurrence,  # its numbers know `abs` and `<`
    loops=True,
)
