"""A long short-term memory cell over a sequence, a squared error at each step (Hochreiter and Schmidhuber, 1997)."""

import math

import numpy as np

from .kernel import Kernel


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def lstm(w_in, w_state, bias, x, target):
    width = w_state.shape[1]
    h = np.zeros(width)
    c = np.zeros(width)
    loss = 0.0
    for t in range(len(x)):
        gates = w_in @ x[t] + w_state @ h + bias
        take = sigmoid(gates[:width])
        keep = sigmoid(gates[width : 2 * width])
        show = sigmoid(gates[2 * width : 3 * width])
        c = keep * c + take * np.tanh(gates[3 * width :])
        h = show * np.tanh(c)
        error = h - target[t]
        loss += np.sum(error * error)
    return loss


def lowered(w_in, w_state, bias, x, target):
    width = w_state.shape[1]
    h = np.zeros(width)
    c = np.zeros(width)
    loss = 0.0
    for t in range(len(x)):
        a = w_in @ x[t]
        b = w_state @ h
        for k in range(width):
            take = 1.0 / (1.0 + math.exp(-(a[k] + b[k] + bias[k])))
            keep = 1.0 / (1.0 + math.exp(-(a[width + k] + b[width + k] + bias[width + k])))
            show = 1.0 / (1.0 + math.exp(-(a[2 * width + k] + b[2 * width + k] + bias[2 * width + k])))
            c[k] = keep * c[k] + take * math.tanh(a[3 * width + k] + b[3 * width + k] + bias[3 * width + k])
            h[k] = show * math.tanh(c[k])
            error = h[k] - target[t, k]
            loss += error * error
    return loss


def make(rng, steps, width):
    scale = 1.0 / math.sqrt(width)
    return (
        scale * rng.normal(size=(4 * width, width)),
        scale * rng.normal(size=(4 * width, width)),
        0.1 * rng.normal(size=4 * width),
        rng.normal(size=(steps, width)),
        rng.normal(size=(steps, width)),
    )


def in_jax():
    import jax
    import jax.numpy as jnp

    def f(w_in, w_state, bias, x, target):
        def step(state, given):
            h, c = state
            take, keep, show, new = jnp.split(given + w_state @ h, 4)
            c = jax.nn.sigmoid(keep) * c + jax.nn.sigmoid(take) * jnp.tanh(new)
            h = jax.nn.sigmoid(show) * jnp.tanh(c)
            return (h, c), h

        start = jnp.zeros(w_state.shape[1])
        _, h = jax.lax.scan(step, (start, start), x @ w_in.T + bias)
        return jnp.sum((h - target) ** 2)

    return f


def in_torch():
    import torch

    def f(w_in, w_state, bias, x, target):
        width = w_state.shape[1]
        h = c = torch.zeros(width, dtype=torch.float64)
        states = []
        for given in (x @ w_in.T + bias).unbind():
            gates = torch.addmv(given, w_state, h)
            take, keep, show = torch.sigmoid(gates[: 3 * width]).chunk(3)
            c = keep * c + take * torch.tanh(gates[3 * width :])
            h = show * torch.tanh(c)
            states.append(h)
        return torch.sum((torch.stack(states) - target) ** 2)

    return f


def in_autograd():
    import autograd.numpy as anp

    def f(w_in, w_state, bias, x, target):
        width = w_state.shape[1]
        h = c = anp.zeros(width)
        given = anp.dot(x, w_in.T) + bias
        states = []
        for t in range(len(x)):
            gates = given[t] + anp.dot(w_state, h)
            soft = 1.0 / (1.0 + anp.exp(-gates[: 3 * width]))
            c = soft[width : 2 * width] * c + soft[:width] * anp.tanh(gates[3 * width :])
            h = soft[2 * width :] * anp.tanh(c)
            states.append(h)
        return anp.sum((anp.array(states) - target) ** 2)

    return f


KERNEL = Kernel(
    label="LSTM over a sequence",
    f=lstm,
    wrt=("w_in", "w_state", "bias"),
    sizes={"tiny": (3, 2), "small": (20, 16), "medium": (100, 64), "large": (400, 128)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    lowered=lowered,
)
