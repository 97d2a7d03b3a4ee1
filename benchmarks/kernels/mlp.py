"""A network of two hidden layers with cross-entropy: matrix products, tanh, a softmax at the end."""

import math

import numpy as np

from .kernel import Kernel


def mlp(w_1, b_1, w_2, b_2, w_3, b_3, x, labels):
    h = np.tanh(x @ w_1 + b_1)
    h = np.tanh(h @ w_2 + b_2)
    scores = h @ w_3 + b_3
    most = np.max(scores)
    logs = np.log(np.sum(np.exp(scores - most), axis=1)) + most
    return np.sum(logs - np.sum(labels * scores, axis=1)) / len(x)


def lowered(w_1, b_1, w_2, b_2, w_3, b_3, x, labels):
    h = x @ w_1
    n, width = h.shape
    for i in range(n):
        for k in range(width):
            h[i, k] = math.tanh(h[i, k] + b_1[k])
    h = h @ w_2
    for i in range(n):
        for k in range(width):
            h[i, k] = math.tanh(h[i, k] + b_2[k])
    scores = h @ w_3
    classes = len(b_3)
    total = 0.0
    for i in range(n):
        most = -math.inf
        for k in range(classes):
            scores[i, k] += b_3[k]
            most = max(most, scores[i, k])
        whole = 0.0
        for k in range(classes):
            whole += math.exp(scores[i, k] - most)
            total -= labels[i, k] * scores[i, k]
        total += most + math.log(whole)
    return total / n


def make(rng, batch, inputs, width):
    classes = 10
    layers = []
    for rows, columns in ((inputs, width), (width, width), (width, classes)):
        layers += [rng.normal(size=(rows, columns)) / math.sqrt(rows), 0.1 * rng.normal(size=columns)]
    labels = np.eye(classes)[rng.integers(classes, size=batch)]
    return (*layers, rng.normal(size=(batch, inputs)), labels)


def in_jax():
    import jax
    import jax.numpy as jnp

    def f(w_1, b_1, w_2, b_2, w_3, b_3, x, labels):
        h = jnp.tanh(x @ w_1 + b_1)
        h = jnp.tanh(h @ w_2 + b_2)
        return -jnp.sum(labels * jax.nn.log_softmax(h @ w_3 + b_3)) / len(x)

    return f


def in_torch():
    import torch

    def f(w_1, b_1, w_2, b_2, w_3, b_3, x, labels):
        h = torch.tanh(torch.addmm(b_1, x, w_1))
        h = torch.tanh(torch.addmm(b_2, h, w_2))
        return torch.nn.functional.cross_entropy(torch.addmm(b_3, h, w_3), labels)

    return f


def in_autograd():
    import autograd.numpy as anp
    from autograd.scipy.special import logsumexp

    def f(w_1, b_1, w_2, b_2, w_3, b_3, x, labels):
        h = anp.tanh(anp.dot(x, w_1) + b_1)
        h = anp.tanh(anp.dot(h, w_2) + b_2)
        scores = anp.dot(h, w_3) + b_3
        return anp.sum(logsumexp(scores, axis=1) - anp.sum(labels * scores, axis=1)) / len(x)

    return f


KERNEL = Kernel(
    label="MLP with cross-entropy",
    f=mlp,
    wrt=("w_1", "b_1", "w_2", "b_2", "w_3", "b_3"),
    sizes={"tiny": (3, 4, 5), "small": (32, 64, 64), "medium": (128, 256, 256), "large": (512, 784, 512)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    lowered=lowered,
)
