"""Log-likelihood of a Gaussian mixture with full covariances.

Each component has a log-weight, a mean and the inverse Cholesky factor of its covariance: the logarithms of its
diagonal and what is strictly below it. Constant terms are left out. (Bishop, Pattern Recognition and Machine Learning,
section 9.2, in the parametrisation of an unconstrained optimiser.)
"""

import math

import numpy as np

from .kernel import Kernel


def gmm(weights, means, logs, lower, x):
    k = len(weights)
    n = len(x)
    scores = np.empty((n, k))
    for j in range(k):
        root = np.tril(lower[j], -1) + np.diag(np.exp(logs[j]))
        z = (x - means[j]) @ root.T
        scores[:, j] = weights[j] + np.sum(logs[j]) - 0.5 * np.sum(z * z, axis=1)
    most = np.max(scores)
    each = most + np.log(np.sum(np.exp(scores - most), axis=1))
    return np.sum(each) - n * np.log(np.sum(np.exp(weights)))


def lowered(weights, means, logs, lower, x):
    n, d = x.shape
    k = len(weights)
    diagonals = np.exp(logs)
    offsets = np.empty(k)
    whole = 0.0
    for j in range(k):
        offsets[j] = weights[j]
        for a in range(d):
            offsets[j] += logs[j, a]
        whole += math.exp(weights[j])
    scores = np.empty(k)
    total = 0.0
    for i in range(n):
        most = -math.inf
        for j in range(k):
            square = 0.0
            for a in range(d):
                z = diagonals[j, a] * (x[i, a] - means[j, a])
                for b in range(a):
                    z += lower[j, a, b] * (x[i, b] - means[j, b])
                square += z * z
            scores[j] = offsets[j] - 0.5 * square
            most = max(most, scores[j])
        spread = 0.0
        for j in range(k):
            spread += math.exp(scores[j] - most)
        total += most + math.log(spread)
    return total - n * math.log(whole)


def make(rng, n, d, k):
    return (
        rng.normal(size=k),
        rng.normal(size=(k, d)),
        0.1 * rng.normal(size=(k, d)),
        0.1 * rng.normal(size=(k, d, d)),
        rng.normal(size=(n, d)),
    )


def in_jax():
    import jax
    import jax.numpy as jnp

    def f(weights, means, logs, lower, x):
        roots = jnp.tril(lower, -1) + jax.vmap(jnp.diag)(jnp.exp(logs))
        z = jnp.einsum("jab,njb->nja", roots, x[:, None, :] - means)
        scores = weights + jnp.sum(logs, axis=1) - 0.5 * jnp.sum(z * z, axis=2)
        each = jax.scipy.special.logsumexp(scores, axis=1)
        return jnp.sum(each) - len(x) * jax.scipy.special.logsumexp(weights)

    return f


def in_torch():
    import torch

    def f(weights, means, logs, lower, x):
        roots = torch.tril(lower, -1) + torch.diag_embed(torch.exp(logs))
        z = torch.einsum("jab,njb->nja", roots, x[:, None, :] - means)
        scores = weights + torch.sum(logs, 1) - 0.5 * torch.sum(z * z, 2)
        return torch.sum(torch.logsumexp(scores, 1)) - len(x) * torch.logsumexp(weights, 0)

    return f


def in_autograd():
    import autograd.numpy as anp
    from autograd.scipy.special import logsumexp

    def f(weights, means, logs, lower, x):
        scores = []
        for j in range(len(weights)):
            root = anp.tril(lower[j], -1) + anp.diag(anp.exp(logs[j]))
            z = anp.dot(x - means[j], root.T)
            scores.append(weights[j] + anp.sum(logs[j]) - 0.5 * anp.sum(z * z, axis=1))
        return anp.sum(logsumexp(anp.array(scores), axis=0)) - len(x) * logsumexp(weights)

    return f


KERNEL = Kernel(
    label="Gaussian mixture log-likelihood",
    f=gmm,
    wrt=("weights", "means", "logs", "lower"),
    sizes={"tiny": (4, 2, 3), "small": (100, 5, 5), "medium": (1000, 10, 10), "large": (10_000, 10, 10)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    lowered=lowered,
)
