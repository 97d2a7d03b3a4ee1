"""Hessians: Jacobians of gradients, in forward over reverse mode."""

from __future__ import annotations

import functools
from typing import Any

from .derivative import Derivative, is_derivative, signature_of
from .errors import BadArgument
from .jacobian import Jacobian
from .jit_options import Jit, JitLike, jit_of
from .ready import Options, Wrt
from .signature import duplicated, selected
from .sparse import SparseJacobian, is_sparse
from .subject import importable, python_function


def hessian(
    f: Any,
    *,
    wrt: Wrt = 0,
    jit: JitLike = False,
    fallback: str | None = None,
    sparse: bool = False,
    pattern: Any = None,
) -> Any:
    """The second derivatives of a scalar function: an array of the shape of the argument in `wrt`, twice. Forward over
    reverse. A tuple `wrt` gives a tuple of rows, each a tuple of blocks.

    With `sparse`, a block is a `scipy.sparse.csr_array` with a row and a column for each element of the flattened
    arguments. What may be other than zero is found as by `srcdiff.sparsity` of the gradient; the blocks on the diagonal
    are symmetric, which saves sweeps. `pattern` (for a tuple `wrt` a tuple of rows of them) is used as in `jacobian`.

    >>> import numpy as np
    >>> import srcdiff
    >>> srcdiff.hessian(lambda x: x[0] * x[1] ** 2)(np.array([1.0, 2.0]))
    array([[0., 4.],
           [4., 2.]])
    """
    sparse, how = is_sparse(sparse, pattern), jit_of(jit)
    if not isinstance(wrt, tuple):
        return _of_gradient(f, wrt, wrt, how, fallback, sparse, pattern)
    signature = signature_of(f)
    chosen, _ = selected(signature, wrt, getattr(f, "__name__", "f"))
    if pattern is not None and not (isinstance(pattern, tuple | list) and len(pattern) == len(chosen)):
        raise BadArgument(f"a row of patterns is needed for each of {', '.join(chosen)}: pattern=((..., ...), ...)")
    given = pattern or [None] * len(chosen)
    rows = [_of_gradient(f, n, chosen, how, fallback, sparse, p) for n, p in zip(chosen, given, strict=True)]
    return _Rows(f, chosen, how, fallback, sparse, pattern, rows)


class _Rows:
    """The Hessian by several arguments: a row of blocks for each of them."""

    def __init__(
        self,
        f: Any,
        wrt: tuple[str, ...],
        jit: Jit | None,
        fallback: str | None,
        sparse: bool,
        pattern: Any,
        rows: list[Jacobian | SparseJacobian],
    ) -> None:
        self.primal, self.wrt, self.rows = f, wrt, rows
        self.asked = wrt, jit, fallback, sparse, pattern
        function = f.function if is_derivative(f) else python_function(f)
        self._name = function.__qualname__
        functools.update_wrapper(self, function, updated=())

    def __call__(self, /, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        found = []
        for row in self.rows:
            last = row is self.rows[-1]  # all rows see the same draws: the others draw from copies of the generators
            given = args if last else duplicated(args)
            named = kwargs if last else dict(zip(kwargs, duplicated(kwargs.values()), strict=True))
            found.append(row(*given, **named))
        return tuple(found)

    def __repr__(self) -> str:
        return f"<Hessian of {self._name} with respect to {', '.join(self.wrt)}>"

    def __reduce__(self) -> Any:
        if not importable(self.primal):
            raise BadArgument(f"{self!r} cannot be pickled: its function is not found by its name")
        return _hessian, (self.primal, *self.asked)


def _hessian(f: Any, wrt: tuple[str, ...], jit: Jit | None, fallback: str | None, sparse: bool, pattern: Any) -> Any:
    return hessian(f, wrt=wrt, jit=jit, fallback=fallback, sparse=sparse, pattern=pattern)


def _of_gradient(
    f: Any, by: Wrt, wrt: Wrt, jit: Jit | None, fallback: str | None, sparse: bool, pattern: Any
) -> Jacobian | SparseJacobian:
    gradient = Derivative(f, Options("grad", by, jit, False, fallback=fallback))
    if sparse:
        symmetric = gradient.wrt if isinstance(wrt, tuple) or by == wrt else ()
        return SparseJacobian(gradient, "jacobian", wrt, "forward", jit, fallback, pattern, symmetric)
    return Jacobian(gradient, "jacobian", wrt, "forward", jit, fallback)
