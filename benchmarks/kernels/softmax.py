"""A softmax over the last of four axes, as in attention, in array expressions."""

import math

import numpy as np

from .kernel import Kernel


def softmax(x, weights):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    y = e / np.sum(e, axis=-1, keepdims=True)
    return np.sum(weights * y)


def lowered(x, weights):
    first, second, third, last = x.shape
    total = 0.0
    for a in range(first):
        for b in range(second):
            for c in range(third):
                most = -math.inf
                for d in range(last):
                    most = max(most, x[a, b, c, d])
                whole = 0.0
                product = 0.0
                for d in range(last):
                    e = math.exp(x[a, b, c, d] - most)
                    whole += e
                    product += weights[a, b, c, d] * e
                total += product / whole
    return total


def make(rng, batch, heads, length):
    shape = (batch, heads, length, length)
    return rng.normal(size=shape), rng.normal(size=shape)


def in_jax():
    import jax
    import jax.numpy as jnp

    return lambda x, weights: jnp.sum(weights * jax.nn.softmax(x, axis=-1))


def in_torch():
    import torch

    return lambda x, weights: torch.sum(weights * torch.softmax(x, -1))


def in_autograd():
    import autograd.numpy as anp

    def f(x, weights):
        e = anp.exp(x - anp.max(x, axis=-1, keepdims=True))
        return anp.sum(weights * e / anp.sum(e, axis=-1, keepdims=True))

    return f


KERNEL = Kernel(
    label="softmax",
    f=softmax,
    wrt=("x",),
    sizes={"tiny": (2, 3, 4), "small": (2, 4, 16), "medium": (8, 8, 64), "large": (16, 16, 128)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    lowered=lowered,
)
