"""A kernel's derivative by each library: arguments converted once, a call that returns when the result is there.

For the gradient each gives the value with it. The diagonal Hessian is a Hessian-vector product with ones, by each
library's usual nest of modes. The blocks of a Jacobian come from two adjoints for each observation: srcdiff and
autograd take them of a function of all observations' rows, JAX and PyTorch map that of one observation over all.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import srcdiff

from .kernels import Kernel
from .timing import as_jitted

Arrays = list[np.ndarray]


class Version(NamedTuple):
    """`call` computes; `read` turns what it returned into arrays, in the same order for every library."""

    call: Callable[[], Any]
    read: Callable[[Any], Arrays]


def flat(result: Any) -> Arrays:
    """A number, an array, or tuples of these, as a list of float64 arrays."""
    if isinstance(result, tuple | list):
        return [array for part in result for array in flat(part)]
    if hasattr(result, "detach"):
        result = result.detach()
    return [np.asarray(result, dtype=np.float64)]


# ------------------------------------------------------------------------------------------------------------- srcdiff


@functools.cache
def derivative_of(kernel: Kernel, jit: bool, math: str = "libm") -> Callable[..., Any]:
    """srcdiff's derivative for the kernel's task: one object, so that it is compiled once for all sizes."""
    options = jit and {"math": math}
    wrt = kernel.wrt if len(kernel.wrt) > 1 else kernel.wrt[0]
    if kernel.task == "gradient":
        return srcdiff.value_and_grad(kernel.f, wrt=wrt, jit=options)
    if kernel.task == "curvature":
        return srcdiff.grad_and_hvp(kernel.f, wrt=wrt, jit=options)
    return srcdiff.batch_jacobian(kernel.rows[1], jit=options)


def by_srcdiff(kernel: Kernel, arguments: tuple[Any, ...], *, jit: bool, math: str = "libm") -> Version:
    derivative = derivative_of(kernel, jit, math)
    if kernel.task == "blocks":
        packed = as_jitted(kernel.rows[0])
        return Version(lambda: derivative(packed(*arguments[:-1]), arguments[-1]), flat)
    given = (*arguments, np.ones_like(arguments[kernel.positions[0]])) if kernel.task == "curvature" else arguments
    return Version(lambda: derivative(*given), flat)


@functools.cache
def tangent_of(kernel: Kernel) -> Callable[..., Any]:
    return srcdiff.jvp(kernel.f, wrt=kernel.wrt, jit=True)


def by_tangent(kernel: Kernel, arguments: tuple[Any, ...]) -> Version:
    """The value and one jitted tangent of the kernel, along ones."""
    derivative = tangent_of(kernel)
    ones = [np.ones_like(arguments[p]) if np.ndim(arguments[p]) else 1.0 for p in kernel.positions]
    return Version(lambda: derivative(*arguments, *ones), flat)


# ----------------------------------------------------------------------------------------------------------------- JAX


def by_jax(kernel: Kernel, arguments: tuple[Any, ...]) -> Version:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_enable_x64", True)
    f = kernel.jax()
    given = tuple(jnp.asarray(a) if isinstance(a, np.ndarray) else a for a in arguments)
    numbers = tuple(k for k, a in enumerate(arguments) if isinstance(a, int))  # they make the shape of the program
    if kernel.task == "gradient":
        derivative = jax.jit(jax.value_and_grad(f, argnums=kernel.positions), static_argnums=numbers)
    elif kernel.task == "curvature":

        def curvature(centres, *rest):
            return jax.jvp(lambda c: jax.grad(f)(c, *rest), (centres,), (jnp.ones_like(centres),))

        derivative = jax.jit(curvature)
    else:
        rows = jax.vmap(jax.jacrev(f, argnums=(0, 1, 2)))

        def blocks(cameras, points, weights, camera_of, point_of, observed):
            camera, point, weight = rows(cameras[camera_of], points[point_of], weights, observed)
            return jnp.concatenate([camera, point, weight[..., None]], axis=2)

        derivative = jax.jit(blocks)
    return Version(lambda: jax.block_until_ready(derivative(*given)), flat)


# ------------------------------------------------------------------------------------------------------------- PyTorch


def by_torch(kernel: Kernel, arguments: tuple[Any, ...]) -> Version:
    import torch

    torch.set_num_threads(1)
    f = kernel.torch()
    given = [torch.tensor(a) if isinstance(a, np.ndarray) else a for a in arguments]
    if kernel.task == "blocks":
        rows = torch.func.vmap(torch.func.jacrev(f, argnums=(0, 1, 2)))

        def blocks():
            cameras, points, weights, camera_of, point_of, observed = given
            camera, point, weight = rows(cameras[camera_of], points[point_of], weights, observed)
            return torch.cat([camera, point, weight[..., None]], 2)

        return Version(blocks, flat)

    leaves = [torch.tensor(arguments[p], dtype=torch.float64, requires_grad=True) for p in kernel.positions]
    for p, leaf in zip(kernel.positions, leaves, strict=True):
        given[p] = leaf
    if kernel.task == "curvature":

        def curvature():
            (gradient,) = torch.autograd.grad(f(*given), leaves, create_graph=True)
            return gradient, torch.autograd.grad(gradient, leaves, torch.ones_like(gradient))

        return Version(curvature, flat)

    def gradient():
        value = f(*given)
        return value, torch.autograd.grad(value, leaves)

    return Version(gradient, flat)


# ------------------------------------------------------------------------------------------------------------ autograd


def by_autograd(kernel: Kernel, arguments: tuple[Any, ...]) -> Version:
    import autograd

    f = kernel.autograd()
    if kernel.task == "gradient":
        derivative = autograd.value_and_grad(f, argnum=kernel.positions)
        return Version(lambda: derivative(*arguments), flat)
    if kernel.task == "curvature":
        gradient = autograd.grad(f)
        ones = np.ones_like(arguments[0])

        def curvature():
            pull, value = autograd.make_vjp(lambda c: gradient(c, *arguments[1:]))(arguments[0])
            return value, pull(ones)  # a Hessian is symmetric: its product from the left is that from the right

        return Version(curvature, flat)

    cameras, points, weights, camera_of, point_of, observed = arguments

    def blocks():
        packed = np.concatenate([cameras[camera_of], points[point_of], weights[:, None]], axis=1)
        pull, value = autograd.make_vjp(lambda q: f(q[:, :11], q[:, 11:14], q[:, 14], observed))(packed)
        seeds = np.zeros((2, *value.shape))
        seeds[0, :, 0] = seeds[1, :, 1] = 1.0
        return np.stack([pull(seed) for seed in seeds], axis=1)

    return Version(blocks, flat)


PEERS: dict[str, Callable[[Kernel, tuple[Any, ...]], Version]] = {
    "JAX": by_jax,
    "PyTorch": by_torch,
    "autograd": by_autograd,
}


def refusal(kernel: Kernel, peer: str) -> str | None:
    """Why there is no version of the kernel for that library, if there is none."""
    source = {"JAX": kernel.jax, "PyTorch": kernel.torch, "autograd": kernel.autograd}[peer]
    return source if isinstance(source, str) else None
