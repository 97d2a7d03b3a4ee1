"""The kernels that are timed: ten of numerical work and ten of the kind that compiler benchmarks are made of."""

from . import (
    adi,
    atax,
    bundle,
    cavity_flow,
    cholesky,
    durbin,
    gemm,
    gmm,
    hdiff,
    heat_loops,
    heat_slices,
    heston,
    jacobi_2d,
    kmeans,
    lstm,
    lu,
    mlp,
    n_body,
    newton,
    recurrence,
    softmax,
    vadv,
)
from .kernel import SIZES, Kernel

__all__ = ["KERNELS", "SIZES", "WITH_FUNCTIONS", "Kernel"]

KERNELS: tuple[Kernel, ...] = tuple(
    module.KERNEL
    for module in (
        recurrence, newton, heat_slices, heat_loops, n_body, gmm, lstm, heston, mlp, cholesky, kmeans, bundle,
        adi, atax, durbin, gemm, jacobi_2d, lu, cavity_flow, hdiff, softmax, vadv,
    )
)  # fmt: skip
WITH_FUNCTIONS = ("gmm", "lstm", "heston", "softmax", "mlp", "newton")  # elementary ones, many of them
