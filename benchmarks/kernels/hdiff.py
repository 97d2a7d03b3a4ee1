"""Horizontal diffusion of fourth order with limited fluxes, as in weather models, level by level, in slices.

The Laplacian's differences are the fluxes; one that runs up the slope of the field is set to zero.
"""

import numpy as np

from .kernel import Kernel


def hdiff(field, coefficient):
    laplacian = 4.0 * field[1:-1, 1:-1] - (field[2:, 1:-1] + field[:-2, 1:-1] + field[1:-1, 2:] + field[1:-1, :-2])
    across = laplacian[1:, 1:-1] - laplacian[:-1, 1:-1]
    across = np.where(across * (field[2:-1, 2:-2] - field[1:-2, 2:-2]) > 0.0, 0.0, across)
    along = laplacian[1:-1, 1:] - laplacian[1:-1, :-1]
    along = np.where(along * (field[2:-2, 2:-1] - field[2:-2, 1:-2]) > 0.0, 0.0, along)
    divergence = across[1:] - across[:-1] + along[:, 1:] - along[:, :-1]
    out = field[2:-2, 2:-2] - coefficient * divergence
    return np.sum(out * out)


def lowered(field, coefficient):
    rows, columns, levels = field.shape
    laplacian = np.empty((rows - 2, columns - 2, levels))
    for i in range(1, rows - 1):
        for j in range(1, columns - 1):
            for k in range(levels):
                around = field[i + 1, j, k] + field[i - 1, j, k] + field[i, j + 1, k] + field[i, j - 1, k]
                laplacian[i - 1, j - 1, k] = 4.0 * field[i, j, k] - around
    across = np.empty((rows - 3, columns - 4, levels))
    for i in range(rows - 3):
        for j in range(columns - 4):
            for k in range(levels):
                flux = laplacian[i + 1, j + 1, k] - laplacian[i, j + 1, k]
                slope = field[i + 2, j + 2, k] - field[i + 1, j + 2, k]
                across[i, j, k] = 0.0 if flux * slope > 0.0 else flux
    along = np.empty((rows - 4, columns - 3, levels))
    for i in range(rows - 4):
        for j in range(columns - 3):
            for k in range(levels):
                flux = laplacian[i + 1, j + 1, k] - laplacian[i + 1, j, k]
                slope = field[i + 2, j + 2, k] - field[i + 2, j + 1, k]
                along[i, j, k] = 0.0 if flux * slope > 0.0 else flux
    total = 0.0
    for i in range(rows - 4):
        for j in range(columns - 4):
            for k in range(levels):
                divergence = across[i + 1, j, k] - across[i, j, k] + along[i, j + 1, k] - along[i, j, k]
                out = field[i + 2, j + 2, k] - coefficient[i, j, k] * divergence
                total += out * out
    return total


def make(rng, n, levels):
    return rng.normal(size=(n + 4, n + 4, levels)), rng.uniform(0.0, 0.05, size=(n, n, levels))


def with_library(library, zero):
    def f(field, coefficient):
        around = field[2:, 1:-1] + field[:-2, 1:-1] + field[1:-1, 2:] + field[1:-1, :-2]
        laplacian = 4.0 * field[1:-1, 1:-1] - around
        across = laplacian[1:, 1:-1] - laplacian[:-1, 1:-1]
        across = library.where(across * (field[2:-1, 2:-2] - field[1:-2, 2:-2]) > 0.0, zero, across)
        along = laplacian[1:-1, 1:] - laplacian[1:-1, :-1]
        along = library.where(along * (field[2:-2, 2:-1] - field[2:-2, 1:-2]) > 0.0, zero, along)
        divergence = across[1:] - across[:-1] + along[:, 1:] - along[:, :-1]
        out = field[2:-2, 2:-2] - coefficient * divergence
        return library.sum(out * out)

    return f


def in_jax():
    import jax.numpy as jnp

    return with_library(jnp, 0.0)


def in_torch():
    import torch

    return with_library(torch, torch.zeros((), dtype=torch.float64))


def in_autograd():
    import autograd.numpy as anp

    return with_library(anp, 0.0)


KERNEL = Kernel(
    label="hdiff",
    f=hdiff,
    wrt=("field", "coefficient"),
    sizes={"tiny": (2, 2), "small": (16, 8), "medium": (64, 32), "large": (128, 80)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    lowered=lowered,
)
