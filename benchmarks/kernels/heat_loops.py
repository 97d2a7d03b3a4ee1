"""The heat equation by explicit steps on a square, as loops over the points."""

from .heat_slices import in_autograd, in_jax, in_torch, make, sizes
from .kernel import Kernel


def heat_loops(u, alpha, steps):
    u = u.copy()
    rows, columns = u.shape
    for _ in range(steps):
        v = u.copy()
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                u[i, j] = v[i, j] + alpha * (v[i - 1, j] + v[i + 1, j] + v[i, j - 1] + v[i, j + 1] - 4.0 * v[i, j])
    total = 0.0
    for i in range(rows):
        for j in range(columns):
            total += u[i, j] * u[i, j]
    return total


KERNEL = Kernel(
    label="heat equation, loops",
    f=heat_loops,
    wrt=("u", "alpha"),
    sizes=sizes,
    make=make,
    jax=in_jax,
    torch=in_torch,
    autograd=in_autograd,
    loops=True,
)
