"""What a benchmark kernel is: a function as a user would write it, and the same mathematics for the other libraries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

SIZES = ("tiny", "small", "medium", "large")


@dataclass(frozen=True, eq=False)  # a kernel is itself: what is compiled for it is kept
class Kernel:
    """A function of numbers and arrays, what it is differentiated by, and the versions that it is compared with.

    `sizes` holds the arguments of `make` for each of `SIZES` ("tiny" is for the tests); `wrt` names parameters.

    `jax`, `torch` and `autograd` import their library when called and return the function written for it, with the same
    parameters; or are the reason why there is no such version. `lowered` is the function with its array statements
    written out as loops, for Numba: what the gradient's time is held against. A kernel that is written as loops has no
    such second form. `loops` says that plain Python steps through single elements: it is timed at the small size.

    `task` is what is computed: "gradient" (with the value, of a scalar), "curvature" (the gradient and the diagonal of
    a Hessian that is diagonal) or "blocks" (the nonzero blocks of a Jacobian). For blocks, `rows` has two functions:
    one that puts what each result depends on into a row (of all arguments but the last), and one of these rows (and
    the last argument) that returns what `f` does.
    """

    label: str
    f: Callable[..., Any]
    wrt: tuple[str, ...]
    sizes: Mapping[str, tuple[int, ...]]
    make: Callable[..., tuple[Any, ...]]
    jax: Callable[[], Callable[..., Any]] | str
    torch: Callable[[], Callable[..., Any]] | str
    autograd: Callable[[], Callable[..., Any]] | str
    lowered: Callable[..., Any] | None = None
    loops: bool = False
    task: str = "gradient"
    rows: tuple[Callable[..., Any], Callable[..., Any]] | None = None

    @property
    def name(self) -> str:
        return self.f.__module__.rpartition(".")[2]

    @property
    def positions(self) -> tuple[int, ...]:
        """Where the parameters in `wrt` stand."""
        names = self.f.__code__.co_varnames
        return tuple(names.index(name) for name in self.wrt)

    def arguments(self, size: str) -> tuple[Any, ...]:
        """Arguments of one of the sizes; the same at each call, and never the same arrays."""
        return self.make(np.random.default_rng(17), *self.sizes[size])
