"""Sparse Jacobians: the pattern is read off the program, the columns or rows are compressed by a colouring."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..blocks import SWEEP, WHAT, check_mode, check_no_structure, rank_of_result, weighed
from ..build import BUILDING, NotRunYet, result_type
from ..derivative import Derivative
from ..derive import OneByOne
from ..errors import BadArgument, UnsupportedCall
from ..ir.types import Num, Type, held
from ..jit_options import Jit, JitLike, jit_of, shown
from ..pushforward import Pushforward
from ..ready import Options, Wrt
from ..records import leaves
from ..signature import argument_type, bound, duplicated
from ..subject import importable
from .dependence import Array, Dependence, Pattern
from .plan import Plan, matrix, planned, scipy_sparse, stated


class SparseFunction:
    """What sparse Jacobians and their patterns have in common: a function, and the arguments it is differentiated by.

    `checked` is called with the arguments of each call, and refuses what has no Jacobian."""

    def __init__(self, f: Callable[..., Any], wrt: Wrt, jit: Jit | None, fallback: str | None) -> None:
        scipy_sparse()
        # reads the function, and refuses what cannot be read
        inner = Derivative(f, Options("vjp", wrt, jit, False, fallback=fallback))
        self.primal, self.function, self.signature = f, inner.function, inner.signature
        self.wrt, self.single, self.options = inner.wrt, inner.single, inner.options
        self._inner = inner
        self._names = tuple(self.signature.parameters)
        self.dependence = Dependence(f, self.wrt, inner.options.jit, inner.options.fallback)
        self._known: set[tuple[Type, ...]] = set()
        functools.update_wrapper(self, self.function, updated=())
        self.__wrapped__ = f

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    def described(self, what: str) -> str:
        call = f"{self.function.__qualname__}{self.signature}"
        return f"<{what} of {call} with respect to {', '.join(self.wrt)}{shown(self.options.jit)}>"

    def document(self, what: str) -> None:
        doc = inspect.getdoc(self.function)
        line = f"The {what} of {self.function.__name__}{self.signature} with respect to {', '.join(self.wrt)}."
        self.__doc__ = f"{line}\n\n{doc}" if doc else line

    def check_importable(self) -> None:
        if not importable(self.primal):
            raise BadArgument(f"{self!r} cannot be pickled: its function is not found by its name")

    @property
    def given_wrt(self) -> Wrt:
        return self.wrt[0] if self.single else self.wrt

    def bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """All arguments by position. Raises for those that a Jacobian cannot be taken for."""
        whole = tuple(bound(self.signature, self.function.__name__, args, kwargs).arguments.values())
        for name, value in zip(self._names, whole, strict=True):
            if name in self.wrt:
                check_no_structure(value, name)
        types = tuple([argument_type(a, n, n in self.wrt) for a, n in zip(whole, self._names, strict=True)])
        if types not in self._known:
            try:
                self._check(list(types))
            except NotRunYet:
                if not self._inner.learn(whole):
                    raise
                self._check(list(types))
            self._known.add(types)
        return whole

    def _check(self, types: list[Type]) -> None:
        with BUILDING:
            inner = self._inner
            result, repeats, _, _ = result_type(inner.program(), types, self.wrt, inner.instead)
            rank_of_result(result, self.function.__name__)
            if repeats.problem is not None:
                raise UnsupportedCall([repeats.problem])


class Sparsity(SparseFunction):
    """The sparsity pattern of a Jacobian as a function of the same arguments; see `srcdiff.sparsity`."""

    def __init__(self, f: Callable[..., Any], wrt: Wrt, jit: Jit | None = None, fallback: str | None = None) -> None:
        super().__init__(f, wrt, jit, fallback)
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


class SparseJacobian(SparseFunction):
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
        super().__init__(f, wrt, jit, fallback)
        self.kind, self.mode, self.pattern, self.symmetric = kind, mode, pattern, symmetric
        self.plans: dict[str, Plan] = {}  # the last ones, by argument
        self._pushed: dict[tuple[str, str], Pushforward] = {}
        self._pulled: dict[tuple[str, bool], tuple[Derivative, str]] = {}
        self._together: dict[tuple[Any, ...], bool] = {}
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
        # all runs so far saw copies of the generators; this one leaves them as one call leaves them
        draws = any(held(leaf) is not None for a in whole for _, leaf in leaves(a, ""))
        value = self._value(whole) if draws or self.kind == "value_and_jacobian" else None
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

    def _value(self, args: tuple[Any, ...]) -> Any:
        """The result, from one run of the tangent along zero."""
        name = self.wrt[0]
        zero = np.zeros(np.shape(args[self._names.index(name)]))
        return self._pushforward("jvp", name).push(args, (zero if zero.ndim else 0.0,))[0]

    def _block(self, name: str, plan: Plan, shape: tuple[int, ...] | None, args: tuple[Any, ...]) -> Any:
        argument = args[self._names.index(name)]
        if plan.count == 0:
            compressed = np.zeros((1, 1))
        elif plan.way == "rows":
            shape = np.shape(self._value(duplicated(args))) if shape is None else shape
            self._check_rows(name, plan, int(np.prod(shape, dtype=np.int64)))
            compressed = self._rows(name, plan, shape, args)
        else:
            compressed = self._columns(name, plan, args)
            self._check_rows(name, plan, len(compressed))
        single = getattr(argument, "dtype", None) == np.float32
        entries = plan.entries(compressed) if plan.count else np.zeros(len(plan.pattern.rows))
        return matrix(plan.pattern, entries.astype(np.float32 if single else np.float64, copy=False))

    def _check_rows(self, name: str, plan: Plan, height: int) -> None:
        if plan.pattern.shape[0] != height:
            raise BadArgument(
                f"{self.function.__name__}: the pattern given for `{name}` has {plan.pattern.shape[0]} rows, and the "
                f"result has {height} elements"
            )

    # ------------------------------------------------------------------------------------------------ directions

    def _columns(self, name: str, plan: Plan, args: tuple[Any, ...]) -> Array:
        """The products with sums of columns, each one a column."""
        place = self._names.index(name)
        shape = np.shape(args[place])
        many = bool(shape) and self._many(name, args)
        push = self._pushforward("tangents" if many else "tangent", name).push
        parts = []
        step = SWEEP if many else 1
        for start in range(0, plan.count, step):
            seeds = plan.seeds(start, min(start + step, plan.count))
            if many:
                found = np.asarray(push(duplicated(args), (seeds.reshape(*shape, -1),)))
                parts.append(found.reshape(-1, found.shape[-1]))
            else:
                seed = seeds.reshape(shape) if shape else float(seeds[0, 0])
                parts.append(np.reshape(push(duplicated(args), (seed,)), (-1, 1)))
        return np.concatenate(parts, axis=1)

    def _rows(self, name: str, plan: Plan, shape: tuple[int, ...], args: tuple[Any, ...]) -> Array:
        """The products of sums of rows with the matrix, each one a column."""
        pull, weight = self._pullback(name, bool(shape))
        parts = []
        for c in range(plan.count):
            given = dict(zip(self._names, duplicated(args), strict=True))
            seed = {weight: plan.seeds(c, c + 1).reshape(shape)} if shape else {}
            parts.append(np.reshape(pull(**given, **seed), (-1, 1)))
        return np.concatenate(parts, axis=1)

    def _pushforward(self, kind: str, name: str) -> Pushforward:
        key = kind, name
        if key not in self._pushed:
            self._pushed[key] = Pushforward(self.primal, self._asked(kind, name))
        return self._pushed[key]

    def _pullback(self, name: str, weighs: bool) -> tuple[Derivative, str]:
        """The gradient of the result, or of the sum of its elements times adjoints, with the name of these."""
        key = name, weighs
        if key not in self._pulled:
            base = self.function.__name__
            summed, weight = self.primal, ""
            if weighs:
                summed, weight = weighed(summed, base if base.isidentifier() else "function", list(self._names))
            self._pulled[key] = Derivative(summed, self._asked("grad", name)), weight
        return self._pulled[key]

    def _asked(self, kind: str, name: str) -> Options:
        return Options(kind, name, self.options.jit, False, True, self.options.fallback)

    def _many(self, name: str, args: tuple[Any, ...]) -> bool:
        """Whether the directions of an argument are taken together, many in one sweep."""
        types = [argument_type(a, n, n in self.wrt) for a, n in zip(args, self._names, strict=True)]
        key = name, *types
        if key not in self._together:
            try:
                plain = [t.plain() if isinstance(t, Num) else t for t in types]
                self._pushforward("tangents", name).built_for_types(plain)
                self._together[key] = True
            except OneByOne:
                self._together[key] = False
        return self._together[key]

    def text_for(self, /, *args: Any, **kwargs: Any) -> str:
        """The text of the program that computes the products with columns, for these arguments."""
        whole = self.bound(args, kwargs)
        name = self.wrt[0]
        many = bool(np.ndim(whole[self._names.index(name)])) and self._many(name, whole)
        return self._pushforward("tangents" if many else "tangent", name).prepare(whole).built.text


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
