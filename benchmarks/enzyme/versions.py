"""Which C++ program stands for which kernel, and what it is called with."""

from __future__ import annotations

import inspect
from typing import Any

from ..kernels import Kernel
from .compiler import Compiled, compiled

# The arrays whose sizes a C++ program is given, after the arguments of the Python one.
DIMENSIONS = {
    "recurrence": ("x",), "newton": ("mean",), "heat_slices": ("u",), "heat_loops": ("u",), "n_body": ("mass",),
    "gmm": ("weights", "x"), "lstm": ("x",), "heston": ("first",), "mlp": ("x", "b_1", "b_3"), "cholesky": ("b",),
}  # fmt: skip


def given_to(kernel: Kernel, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of the kernel's C++ program."""
    named = dict(zip(inspect.signature(kernel.f).parameters, arguments, strict=True))
    return (*arguments, *(size for name in DIMENSIONS[kernel.name] for size in named[name].shape))


def in_cpp(kernel: Kernel, arguments: tuple[Any, ...], flags: tuple[str, ...] = ()) -> Compiled:
    """The kernel's C++ program and its gradient by Enzyme, for these arguments."""
    return compiled(kernel.name, kernel.positions, given_to(kernel, arguments), flags)
