"""Sparse Jacobians: the pattern is read off the program, the columns or rows are compressed by a colouring."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..blocks import WHAT, check_mode
from ..errors import BadArgument, SrcdiffError
from ..jit_options import Jit, JitLike, jit_of
from ..ready import Wrt
from ..sweeps import ArrayFunction, OtherShape, Sweeps
from .dependence import Array, Dependence, Pattern
from .plan import Plan, matrix, planned, scipy_sparse, stated


class Sparsity(ArrayFunction):
    """The sparsity pattern of a Jacobian as a function of the same arguments; see `srcdiff.sparsity`."""

    def __init__(self, f: Callable[..., Any], wrt: Wrt, jit: Jit | None = None, fallback: str | None = None) -> None:
        scipy_sparse()
        super().__init__(f, wrt, jit, fallback)
        self.dependence = Dependence(f, self.wrt, self.options.jit, self.options.fallback)
        self.document("sparsity pattern")

    def __repr__(self) -> str:
        return self.described("sparsity pattern")

    def __reduce__(self) -> Any:
        self.check_importable()
        return Sparsity, (self.primal, self.given_wrt, self.options.jit, self.options.fallback)

    def with_jit(self, jit: Jit | None) -> Sparsity:
        """The same pattern, by compiled code or plain Python."""
        return Sparsity(self.primal, self.given_wrt, jit, self.options.fallback)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        _, patterns = self.dependence(self.bound(args, kwargs))
        found = [matrix(p, np.ones(len(p.rows), np.bool_)) for p in patterns]
        return found[0] if self.single else tuple(found)

    def text_for(self, /, *args: Any, **kwargs: Any) -> str:
        """The text of the program that computes the sets, for these arguments."""
        program = self.dependence.program
        return program.prepare(self.bound(args, kwargs)).built.text


class SparseJacobian(Sweeps):
    """The Jacobian of a function as sparse matrices: rows for the elements of the result, columns for those of an
    argument, both in the order of the flattened arrays. `symmetric` are
    the arguments by which the block is symmetric, as of a Hessian."""

    def __init__(
        self,
        f: Callable[..., Any],
        kind: str,
        wrt: Wrt,
        mode: str,
        jit: Jit | None,
        fallback: str | None = None,
        pattern: Any = None,
        symmetric: tuple[str, ...] = (),
    ) -> None:
        check_mode(mode)
        scipy_sparse()
        super().__init__(f, wrt, jit, fallback)
        self.dependence = Dependence(f, self.wrt, self.options.jit, self.options.fallback)
        self.kind, self.mode, self.pattern, self.symmetric = kind, mode, pattern, symmetric
        self.plans: dict[str, Plan] = {}  # the last ones, by argument
        self._shape: tuple[int, ...] = ()  # of the last result
        self._stated = None if pattern is None else self._read(pattern)
        self.document(f"sparse {WHAT[kind]}")

    def __repr__(self) -> str:
        return self.described(f"sparse {WHAT[self.kind]}")

    def __reduce__(self) -> Any:
        self.check_importable()
        return SparseJacobian, self._own(self.options.jit)

    def with_jit(self, jit: Jit | None) -> SparseJacobian:
        """The same Jacobian, compiled with these options; in plain Python without."""
        return SparseJacobian(*self._own(jit))

    def _own(self, jit: Jit | None) -> tuple[Any, ...]:
        rest = (self.options.fallback, self.pattern, self.symmetric)
        return self.primal, self.kind, self.given_wrt, self.mode, jit, *rest

    def _read(self, pattern: Any) -> list[Pattern]:
        given = (pattern,) if self.single else pattern
        if not isinstance(given, tuple | list) or len(given) != len(self.wrt):
            raise BadArgument(f"a pattern is needed for each of {', '.join(self.wrt)}: pattern=(..., ...)")
        return [stated(p, n) for p, n in zip(given, self.wrt, strict=True)]

    # ---------------------------------------------------------------------------------------------------- calling

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        whole = self.bound(args, kwargs)
        shape, patterns = (None, self._stated) if self._stated is not None else self.dependence(whole)
        plans = [self._plan(n, p, whole) for n, p in zip(self.wrt, patterns, strict=True)]
        found = [self._block(n, plan, shape, whole) for n, plan in zip(self.wrt, plans, strict=True)]
        blocks = found[0] if self.single else tuple(found)
        value = self.value(whole) if self.draws(whole) or self.kind == "value_and_jacobian" else None
        return (value, blocks) if self.kind == "value_and_jacobian" else blocks

    def _plan(self, name: str, pattern: Pattern, args: tuple[Any, ...]) -> Plan:
        """How the block by an argument is had: as the last time, where the pattern is the same."""
        width = np.size(args[self._names.index(name)])
        if pattern.shape[1] != width:
            raise BadArgument(f"`{name}` has {width} elements, and the pattern given has {pattern.shape[1]} columns")
        known = self.plans.get(name)
        if known is None or not known.given.same(pattern):
            self.plans[name] = known = planned(pattern, self.mode, name in self.symmetric)
        return known

    def _block(self, name: str, plan: Plan, shape: tuple[int, ...] | None, args: tuple[Any, ...]) -> Any:
        argument = args[self._names.index(name)]
        if plan.count == 0:
            compressed = np.zeros((1, 1))
        elif plan.way == "rows":
            compressed = self._of_rows(name, plan, shape, args)
        else:
            compressed, _ = self.columns(name, plan, args)
            self._check_rows(name, plan, len(compressed))
        single = getattr(argument, "dtype", None) == np.float32
        entries = plan.entries(compressed) if plan.count else np.zeros(len(plan.pattern.rows))
        return matrix(plan.pattern, entries.astype(np.float32 if single else np.float64, copy=False))

    def _of_rows(self, name: str, plan: Plan, shape: tuple[int, ...] | None, args: tuple[Any, ...]) -> Array:
        """The products of sums of rows; of a result that is taken to have the shape of the last one, if it can have."""
        height = plan.pattern.shape[0]
        if shape is None:
            shape = self._shape if math.prod(self._shape) == height else np.shape(self.value(self.again(args)))
        for _ in range(2):
            self._check_rows(name, plan, math.prod(shape))
            try:
                found = self.rows(name, plan, shape, args)
                self._shape = shape
                return found
            except OtherShape as other:
                shape = other.shape
        raise SrcdiffError(f"a defect of srcdiff: the shape of what {self.function.__name__} returns is never settled")

    def _check_rows(self, name: str, plan: Plan, height: int) -> None:
        if plan.pattern.shape[0] != height:
            raise BadArgument(
                f"{self.function.__name__}: the pattern given for `{name}` has {plan.pattern.shape[0]} rows, and the "
                f"result has {height} elements"
            )

    def text_for(self, /, *args: Any, **kwargs: Any) -> str:
        """The text of the program that computes the products with columns, for these arguments."""
        whole = self.bound(args, kwargs)
        name = self.wrt[0]
        kind = "tangents" if np.ndim(whole[self._names.index(name)]) else "tangent"
        return self.text_of(kind, name, whole)


def sparsity(f: Callable[..., Any], *, wrt: Wrt = 0, jit: JitLike = False, fallback: str | None = None) -> Sparsity:
    """The sparsity pattern of the Jacobian of `f`, as a function of the arguments of `f`: a `scipy.sparse.csr_array` of
    truth values, with a row for each element of the result and a column for each element of the argument in `wrt`,
    both in the order of the flattened arrays. A tuple `wrt` gives a tuple of patterns.

    The pattern is that of the way which `f` takes for these arguments, through its branches, loops and indices. It is
    structural: a program like that of the tangent, with sets of inputs in place of numbers (`srcdiff.source` shows it),
    so that no entry is left out because it happens to be zero; some may be in it that never are other than zero.

    Give it to `jacobian(f, sparse=True, pattern=...)` where it is the same for all calls. Raises what `jacobian`
    raises, and BackendUnavailable without SciPy. Method: propagation of index domains (Griewank and Walther, Evaluating
    Derivatives, 2nd ed., section 7.1).

    >>> import numpy as np
    >>> import srcdiff
    >>> srcdiff.sparsity(lambda x: x[1:] * x[:-1])(np.ones(4)).toarray().astype(int)
    array([[1, 1, 0, 0],
           [0, 1, 1, 0],
           [0, 0, 1, 1]])
    """
    return Sparsity(f, wrt, jit_of(jit), fallback)
