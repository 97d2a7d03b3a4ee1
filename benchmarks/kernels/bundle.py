"""Residuals of bundle adjustment and the nonzero blocks of their Jacobian.

A camera is a rotation vector, a centre, a focal length, a principal point and two coefficients of radial distortion;
an observation pairs a camera with a point and has a weight. (Triggs et al., Bundle adjustment - a modern synthesis,
2000; Rodrigues' formula for the rotation.) An observation's two residuals depend on one camera, one point and one
weight: fifteen numbers, and two adjoints give all their blocks of the Jacobian.
"""

import math

import numpy as np

from .kernel import Kernel


def residual(ax, ay, az, px, py, pz, focal, left, top, first, second, x, y, z, weight, seen_x, seen_y):
    """Both residuals of an observation: a camera's numbers, a point's, the weight, and where the point was seen."""
    square = ax * ax + ay * ay + az * az
    x = x - px
    y = y - py
    z = z - pz
    cx = ay * z - az * y
    cy = az * x - ax * z
    cz = ax * y - ay * x
    if square > 0.0:
        angle = math.sqrt(square)
        c = math.cos(angle)
        s = math.sin(angle) / angle
        along = (ax * x + ay * y + az * z) * (1.0 - c) / square
        x = x * c + cx * s + ax * along
        y = y * c + cy * s + ay * along
        z = z * c + cz * s + az * along
    else:
        x = x + cx
        y = y + cy
        z = z + cz
    u = x / z
    v = y / z
    r = u * u + v * v
    scale = focal * (1.0 + first * r + second * r * r)
    return weight * (scale * u + left - seen_x), weight * (scale * v + top - seen_y)


def bundle(cameras, points, weights, camera_of, point_of, observed):
    n = len(weights)
    residuals = np.empty((n, 2))
    for k in range(n):
        i = camera_of[k]
        j = point_of[k]
        residuals[k, 0], residuals[k, 1] = residual(
            *(cameras[i, 0], cameras[i, 1], cameras[i, 2], cameras[i, 3], cameras[i, 4], cameras[i, 5]),
            *(cameras[i, 6], cameras[i, 7], cameras[i, 8], cameras[i, 9], cameras[i, 10]),
            *(points[j, 0], points[j, 1], points[j, 2], weights[k], observed[k, 0], observed[k, 1]),
        )
    return residuals


def by_observation(p, observed):
    """The same, of the fifteen numbers that each observation depends on, in a row."""
    n = len(p)
    residuals = np.empty((n, 2))
    for k in range(n):
        residuals[k, 0], residuals[k, 1] = residual(
            *(p[k, 0], p[k, 1], p[k, 2], p[k, 3], p[k, 4], p[k, 5], p[k, 6], p[k, 7], p[k, 8], p[k, 9], p[k, 10]),
            *(p[k, 11], p[k, 12], p[k, 13], p[k, 14], observed[k, 0], observed[k, 1]),
        )
    return residuals


def packed(cameras, points, weights, camera_of, point_of):
    """These rows of fifteen numbers."""
    rows = np.empty((len(weights), 15))
    for k in range(len(weights)):
        for a in range(11):
            rows[k, a] = cameras[camera_of[k], a]
        for a in range(3):
            rows[k, 11 + a] = points[point_of[k], a]
        rows[k, 14] = weights[k]
    return rows


def make(rng, cameras, points, observations):
    rows = 0.1 * rng.normal(size=(cameras, 11))
    rows[:, 5] -= 5.0  # the points lie before the cameras
    rows[:, 6] = 1.0
    return (
        rows,
        rng.normal(size=(points, 3)),
        rng.uniform(0.5, 1.5, size=observations),
        rng.integers(cameras, size=observations),
        rng.integers(points, size=observations),
        rng.normal(size=(observations, 2)),
    )


def projection(library, unstack, stack):
    """The same residuals for one observation, or for many in the leading axes; `unstack` gives the last axis."""

    def residual(camera, point, weight, observed):
        ax, ay, az, px, py, pz, focal, left, top, first, second = unstack(camera)
        square = ax * ax + ay * ay + az * az
        x, y, z = unstack(point)
        x, y, z = x - px, y - py, z - pz
        # no rotation vector here is zero, so that one side of the branch is enough
        angle = library.sqrt(square)
        c = library.cos(angle)
        s = library.sin(angle) / angle
        along = (ax * x + ay * y + az * z) * (1.0 - c) / square
        moved_x = x * c + (ay * z - az * y) * s + ax * along
        moved_y = y * c + (az * x - ax * z) * s + ay * along
        moved_z = z * c + (ax * y - ay * x) * s + az * along
        u = moved_x / moved_z
        v = moved_y / moved_z
        r = u * u + v * v
        scale = focal * (1.0 + first * r + second * r * r)
        seen_x, seen_y = unstack(observed)
        return stack([weight * (scale * u + left - seen_x), weight * (scale * v + top - seen_y)])

    return residual


def in_jax():
    import jax.numpy as jnp

    return projection(jnp, lambda a: [a[..., k] for k in range(a.shape[-1])], lambda parts: jnp.stack(parts, -1))


def in_torch():
    import torch

    return projection(torch, lambda a: a.unbind(-1), lambda parts: torch.stack(parts, -1))


def in_autograd():
    import autograd.numpy as anp

    return projection(anp, lambda a: [a[..., k] for k in range(a.shape[-1])], lambda parts: anp.stack(parts, -1))


KERNEL = Kernel(
    label="bundle adjustment, blocks of the Jacobian",
    f=bundle,
    wrt=("cameras", "points", "weights"),
    sizes={"tiny": (2, 4, 5), "small": (5, 30, 60), "medium": (20, 300, 1000), "large": (50, 3000, 10_000)},
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    loops=True,
    task="blocks",
    rows=(packed, by_observation),
)
