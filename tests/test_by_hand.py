"""The gradients written by hand that `python -m benchmarks.by_hand` times: the same results as srcdiff's."""

from __future__ import annotations

import pytest

from benchmarks.by_hand import NAMES, by_hand
from benchmarks.checks import difference
from benchmarks.kernels import KERNELS, Kernel
from benchmarks.libraries import by_srcdiff, flat


@pytest.mark.parametrize("kernel", [k for k in KERNELS if k.name in NAMES], ids=lambda k: k.name)
def test_same_gradient(kernel: Kernel) -> None:
    arguments = kernel.arguments("tiny")
    own = by_srcdiff(kernel, arguments, jit=False)
    assert difference(own.read(own.call()), flat(by_hand(kernel)(*arguments))) < 1e-10


def test_each_is_a_kernel() -> None:
    assert NAMES
    assert set(NAMES) <= {k.name for k in KERNELS}
