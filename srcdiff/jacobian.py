"""Jacobians and what is made of them: a loop over directions around tangents or adjoints, itself written as source."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Hashable, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from .backend import load_text
from .blocks import SWEEP, WHAT, as_given, check_mode, check_no_structure, rank_of_result, weighed
from .build import BUILDING, NotRunYet, result_type
from .compiled import Jitted, numba_module
from .derivative import Derivative
from .derive import OneByOne
from .errors import BadArgument, UnsupportedCall, warn
from .ir.types import Held, Num, Type
from .jit_options import Jit, JitLike, jit_of, shown
from .pushforward import Pushforward
from .ready import Options, Wrt
from .records import is_structure
from .runtime import duplicate
from .signature import argument_type, bound, fitted, is_function, key_of
from .sparse import SparseJacobian, is_sparse
from .subject import importable
from .warned import in_python

_LOOPS = 16  # one inside the other; Python takes twenty
_SMALL = 8  # elements: up to here the calls take longer than what they compute
_LANES = 4  # numbers that a register holds


class Jacobian:
    """The derivative of a function whose result is a number or an array, as a function of the same arguments.

    What runs is a function of its own, `driver_for(types)`, that calls the tangent or the gradient of the function for
    one direction after the other; so other differentiated and compiled code can call it, too.
    """

    def __init__(
        self, f: Callable[..., Any], kind: str, wrt: Wrt, mode: str, jit: Jit | None, fallback: str | None = None
    ) -> None:
        check_mode(mode)
        self.primal, self.kind, self.mode = f, kind, mode
        # reads the function, and refuses what cannot be read
        inner = Derivative(f, Options("vjp", wrt, jit, False, fallback=fallback))
        self.function, self.signature, self.options = inner.function, inner.signature, inner.options
        self.wrt, self.single, self.jit, self.checked = inner.wrt, inner.single, inner.options.jit, inner.checked
        self._inner = inner
        self._names = tuple(self.signature.parameters)
        self._drivers: dict[Hashable, FunctionType] = {}
        self._compiled: dict[Hashable, Any] = {}
        self._on_tape: set[FunctionType] = set()  # the drivers that call what is not compiled
        self._sweeping: set[FunctionType] = set()  # those that take their columns together
        self._jitted: Any = None
        functools.update_wrapper(self, self.function, updated=())
        self.__wrapped__ = f
        doc = inspect.getdoc(self.function)
        line = f"The {WHAT[kind]} of {self.function.__name__}{self.signature} with respect to {', '.join(self.wrt)}."
        self.__doc__ = f"{line}\n\n{doc}" if doc else line

    def __repr__(self) -> str:
        call = f"{self.function.__qualname__}{self.signature}"
        return f"<{WHAT[self.kind]} of {call} with respect to {', '.join(self.wrt)}{shown(self.jit)}>"

    def __reduce__(self) -> Any:
        if not importable(self.primal):
            raise BadArgument(f"{self!r} cannot be pickled: its function is not found by its name")
        return Jacobian, self._asked(self.jit)

    # ---------------------------------------------------------------------------------------------------- calling

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        whole = tuple(bound(self.signature, self.function.__name__, args, kwargs).arguments.values())
        fit = tuple([self._fit(a, n) for a, n in zip(whole, self._names, strict=True)])
        small = all(np.size(a) < _SMALL for a, n in zip(fit, self._names, strict=True) if n in self.wrt)
        key = small, *map(key_of, fit)
        driver = self._compiled.get(key)
        if driver is None:
            driver = self._driver(fit, whole)
            # its sweeps are compiled, and called from Python they are for lengths that are known; the call takes longer
            by_itself = small or driver not in self._sweeping
            if self.jit and by_itself and driver not in self._on_tape:
                compiled = Jitted(driver, self.function.__name__, self.jit, checked=False)
                compiled.compile(fit)
                driver = compiled
            self._compiled[key] = driver
        return self._finished(driver(*fit), whole)

    def _finished(self, result: Any, args: tuple[Any, ...]) -> Any:
        if self.kind == "value_and_jacobian":
            value, found = result
            return value, self._blocks(found, args)
        return self._blocks(result, args)

    def _blocks(self, found: Any, args: tuple[Any, ...]) -> Any:
        given = [args[self._names.index(n)] for n in self.wrt]
        blocks = [as_given(b, a) for b, a in zip((found,) if self.single else found, given, strict=True)]
        return blocks[0] if self.single else tuple(blocks)

    def with_jit(self, jit: Jit | None) -> Jacobian:
        """The same Jacobian, compiled with these options; in plain Python without."""
        return Jacobian(*self._asked(jit))

    def _asked(self, jit: Jit | None) -> tuple[Any, str, Wrt, str, Jit | None, str | None]:
        wrt: Wrt = self.wrt[0] if self.single else self.wrt
        return self.primal, self.kind, wrt, self.mode, jit, self.options.fallback

    def text_for(self, /, *args: Any, **kwargs: Any) -> str:
        """The text of the loop over directions for these arguments."""
        whole = tuple(bound(self.signature, self.function.__name__, args, kwargs).arguments.values())
        fit = [self._fit(a, n) for a, n in zip(whole, self._names, strict=True)]
        return inspect.getsource(self._driver(fit, whole))

    def _driver(self, fit: Sequence[Any], args: tuple[Any, ...]) -> FunctionType:
        """The function that runs for these arguments; what runs on the tape has run once before."""
        types = self._types(fit)
        try:
            return self.driver_for(types)
        except NotRunYet:
            if not self._inner.learn(args):
                raise
            return self.driver_for(types)

    def _fit(self, value: Any, name: str) -> Any:
        """An argument as the driver takes it: structures and functions as they are."""
        if name in self.wrt:
            check_no_structure(value, name)
        return value if is_structure(value) or is_function(value) else fitted(value, name, name in self.wrt)

    def _types(self, args: Sequence[Any]) -> list[Type]:
        return [argument_type(a, n, n in self.wrt) for a, n in zip(args, self._names, strict=True)]

    @property
    def jitted(self) -> Any:
        """The same as a function that `numba.njit` code can call, for any argument types that it is called with."""
        if self._jitted is None:
            from .jitted import jitted_by_types

            self._jitted = jitted_by_types(self, self.driver_for)
        return self._jitted

    @property
    def _numba_type_(self) -> Any:
        return numba_module().typeof(self.jitted)

    # ---------------------------------------------------------------------------------------------------- drivers

    def driver_for(self, types: list[Type]) -> FunctionType:
        """The function that runs for arguments of these types."""
        with BUILDING:
            ranks = tuple(t.ndim if isinstance(t, Num) else None for t in types)
            generators = tuple(n for n, t in zip(self._names, types, strict=True) if isinstance(t, Held))
            inner = self._inner
            result, repeats, on_tape, warnings = result_type(inner.program(), types, self.wrt, inner.instead)
            rank = rank_of_result(result, self.function.__name__)
            if max(rank, *(t.ndim or 0 for t in types if isinstance(t, Num))) > _LOOPS:
                raise BadArgument(f"a Jacobian of arrays of more than {_LOOPS} dimensions: reshape them")
            many = tuple(n for n in self.wrt if rank and ranks[self._names.index(n)] and self._many(n, types))
            key = (ranks, generators, rank, many)
            if key not in self._drivers:
                writer = _Driver(self, dict(zip(self._names, ranks, strict=True)), generators, rank, many)
                text = writer.text()
                if writer.calls > 1 and repeats.problem is not None:
                    raise UnsupportedCall([repeats.problem])
                references = () if self.jit else self._inner.program().references
                for found in (*warnings, *in_python(self._inner.program(), references)):
                    warn(found)
                self._drivers[key] = load_text(text, writer.name, writer.bindings)
                if all(n in many or not ranks[self._names.index(n)] for n in self.wrt):
                    self._sweeping.add(self._drivers[key])
            if on_tape:
                self._on_tape.add(self._drivers[key])
            return self._drivers[key]

    def _many(self, name: str, types: list[Type]) -> bool:
        """Whether the directions of an argument are taken together, many in one sweep."""
        if self.mode == "reverse":
            return False
        own = Pushforward(self.primal, Options("tangents", name, self.jit, False, True, self.options.fallback))
        try:
            own.built_for_types([t.plain() if isinstance(t, Num) else t for t in types])
        except OneByOne:
            return False
        return True


class _Driver:
    """Writes the loop over directions."""

    def __init__(
        self,
        jacobian: Jacobian,
        ranks: dict[str, int | None],
        generators: tuple[str, ...],
        rank: int,
        many: tuple[str, ...],
    ) -> None:
        self.jacobian, self.ranks, self.generators, self.rank, self.many = jacobian, ranks, generators, rank, many
        self.calls = 0  # of the function and its derivatives
        self.names = list(ranks)
        base = jacobian.function.__name__
        self.base = base if base.isidentifier() else "function"
        self.name = f"{self.base}_{jacobian.kind}"
        self.bindings: dict[str, Any] = {"np": np}
        self.taken = {*self.names, "np", "duplicate"}

    def fresh(self, wish: str) -> str:
        while wish in self.taken:
            wish += "_"
        self.taken.add(wish)
        return wish

    def bind(self, wish: str, value: Any) -> str:
        name = self.fresh(wish)
        self.bindings[name] = value
        return name

    def text(self) -> str:
        head = f"def {self.name}({', '.join(self.names)}):"
        kind, lines = self.jacobian.kind, [head, f'    """{self.doc()}"""']
        self.state = {n: self.fresh(f"{n}_was") for n in self.generators}
        first = len(lines)
        value = ""
        if kind == "elementwise":
            blocks = [self.elementwise(name, lines) for name in self.jacobian.wrt]
        else:
            value = self.value(lines)
            blocks = [self.block(name, value, lines) for name in self.jacobian.wrt]
        if self.calls > 1 and self.generators:
            self.bindings["duplicate"] = duplicate
            lines[first:first] = [f"    {was} = duplicate({n})" for n, was in self.state.items()]
        found = blocks[0] if self.jacobian.single else _tuple(blocks)
        lines.append(f"    return {value}, {found}" if kind == "value_and_jacobian" else f"    return {found}")
        return "\n".join(lines) + "\n"

    def doc(self) -> str:
        call = f"{self.base}({', '.join(self.names)})"
        return f"The {WHAT[self.jacobian.kind]} of {call} by {', '.join(self.jacobian.wrt)}.  Written by srcdiff."

    def passed(self, given: dict[str, str]) -> str:
        """The arguments of one run of the function. Every run sees the same draws: the first one draws from the
        caller's generator, the others from copies of it as it was."""
        again = self.calls > 0
        self.calls += 1
        words = {n: f"duplicate({self.state[n]})" if n in self.state and again else n for n in self.names}
        return ", ".join(f"{n}={given.get(n) or words[n]}" for n in [*self.names, *(given.keys() - words.keys())])

    def push(self, name: str, dot: str, kind: str = "tangent") -> str:
        own = Pushforward(self.jacobian.primal, self.options(kind, name))
        function = self.bind(f"{self.base}_{kind}", own)
        arguments = own.signature.parameters
        tangent = next(n for n in arguments if n not in self.names)
        return f"{function}({self.passed({tangent: dot})})"

    def elementwise(self, name: str, lines: list[str]) -> str:
        dot, block = self.fresh(f"{name}_dot"), self.fresh(f"by_{name}")
        lines.append(f"    {dot} = {f'np.ones_like({name})' if self.ranks[name] else '1.0'}")
        lines.append(f"    {block} = {self.push(name, dot)}")
        return block

    def value(self, lines: list[str]) -> str:
        """The result, from one run of the tangent along zero."""
        name = self.jacobian.wrt[0]
        zero, result, unused = self.fresh(f"{name}_zero"), self.fresh("result"), self.fresh("unused")
        lines.append(f"    {zero} = {f'np.zeros_like({name})' if self.ranks[name] else '0.0'}")
        lines.append(f"    {result}, {unused} = {self.push(name, zero, 'jvp')}")
        return result

    def block(self, name: str, value: str, lines: list[str]) -> str:
        """The Jacobian by one argument: its rows run over the result, its columns over the argument."""
        rank = self.ranks[name]
        block = self.fresh(f"by_{name}")
        if not rank:
            lines.append(f"    {block} = {self.push(name, '1.0')}")
            return block
        if not self.rank:
            gradient = self.bind(f"{self.base}_grad", self.gradient(self.jacobian.primal, name))
            lines.append(f"    {block} = {gradient}({self.passed({})})")
            return block
        sizes = [f"{value}.shape[{k}]" for k in range(self.rank)] + [f"{name}.shape[{k}]" for k in range(rank)]
        lines.append(f"    {block} = np.zeros({_tuple(sizes)})")
        mode = self.jacobian.mode
        indent = "    "
        if mode == "auto":
            lines.append(f"    if {name}.size <= {value}.size:")
            self.columns(name, block, rank, lines, indent * 2)
            lines.append("    else:")
            self.rows(name, value, block, lines, indent * 2)
        elif mode == "forward":
            self.columns(name, block, rank, lines, indent)
        else:
            self.rows(name, value, block, lines, indent)
        return block

    def columns(self, name: str, block: str, rank: int, lines: list[str], indent: str) -> None:
        if name in self.many:
            self.sweeps(name, block, rank, lines, indent)
            return
        dot = self.fresh(f"{name}_dot")
        index = [self.fresh(f"i{k}") for k in range(rank)]
        lines.append(f"{indent}{dot} = np.zeros_like({name})")
        inner = self.loops(name, index, lines, indent)
        place = ", ".join(index)
        lines.append(f"{inner}{dot}[{place}] = 1.0")
        lines.append(f"{inner}{block}[{', '.join([':'] * self.rank)}, {place}] = {self.push(name, dot)}")
        lines.append(f"{inner}{dot}[{place}] = 0.0")

    def sweeps(self, name: str, block: str, rank: int, lines: list[str], indent: str) -> None:
        """Columns by the dozen: the seed of a sweep is as many columns of the identity matrix."""
        dot, start, stop = (self.fresh(wish) for wish in (f"{name}_dot", "start", "stop"))
        left = ", ".join([":"] * self.rank)
        if rank > 1:
            whole, block = block, self.fresh("columns")
            sizes = [f"{whole}.shape[{k}]" for k in range(self.rank)]
            lines.append(f"{indent}{block} = {whole}.reshape({_tuple([*sizes, f'{name}.size'])})")
        lines.append(f"{indent}for {start} in range(0, {name}.size, {SWEEP}):")
        inner = indent + "    "
        lines.append(f"{inner}{stop} = min({start} + {SWEEP}, {name}.size)")
        width, wanted = f"{stop} - {start}", ""
        if self.jacobian.jit:  # with some of zeros, so that no lane of a register is empty
            width, wanted = self.fresh("width"), f"[..., :{stop} - {start}]"
            lines.append(f"{inner}{width} = {stop} - {start} + ({start} - {stop}) % {_LANES}")
        lines.append(f"{inner}{dot} = np.eye({name}.size, {width}, -{start})")
        seed = dot
        if rank > 1:
            sizes = [f"{name}.shape[{k}]" for k in range(rank)]
            seed = f"{dot}.reshape({_tuple([*sizes, width])})"
        found = f"{self.push(name, seed, 'tangents')}{wanted}"
        lines.append(f"{inner}{block}[{left}, {start}:{stop}] = {found}")

    def rows(self, name: str, value: str, block: str, lines: list[str], indent: str) -> None:
        bar = self.fresh(f"{value}_bar")
        index = [self.fresh(f"j{k}") for k in range(self.rank)]
        summed, weight = weighed(self.jacobian.primal, self.base, self.names)
        gradient = self.bind(f"{self.base}_pullback", self.gradient(summed, name))
        lines.append(f"{indent}{bar} = np.zeros_like({value})")
        inner = self.loops(value, index, lines, indent)
        place = ", ".join(index)
        call = self.passed({weight: bar})
        lines.append(f"{inner}{bar}[{place}] = 1.0")
        lines.append(f"{inner}{block}[{place}] = {gradient}({call})")
        lines.append(f"{inner}{bar}[{place}] = 0.0")

    def loops(self, array: str, index: list[str], lines: list[str], indent: str) -> str:
        for k, i in enumerate(index):
            lines.append(f"{indent}for {i} in range({array}.shape[{k}]):")
            indent += "    "
        return indent

    def gradient(self, f: Any, name: str) -> Derivative:
        return Derivative(f, self.options("grad", name))

    def options(self, kind: str, name: str) -> Options:
        return Options(kind, name, self.jacobian.jit, False, True, self.jacobian.options.fallback)


def _tuple(items: list[str]) -> str:
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def jacobian(
    f: Callable[..., Any],
    *,
    wrt: Wrt = 0,
    mode: str = "auto",
    jit: JitLike = False,
    fallback: str | None = None,
    sparse: bool = False,
    pattern: Any = None,
) -> Jacobian | SparseJacobian:
    """The Jacobian of a function that returns a number or an array: an array of the result's shape followed by that
    of the argument in `wrt`. A tuple `wrt` gives a tuple of such blocks.

    `mode="forward"` takes a sweep for each element of the argument, `"reverse"` one for each element of the result;
    `"auto"` takes whichever are fewer. Raises what `grad` raises, and BadOutput where the result is not one array.

    With `sparse`, a block is a `scipy.sparse.csr_array` with a row for each element of the result and a column for each
    element of the argument, both in the order of the flattened arrays. What may be other than zero is found by
    `srcdiff.sparsity` at every call, and columns that have no row in common (or rows that have no column in common)
    share a sweep; entries that happen to be zero are stored all the same. `pattern`, such as `srcdiff.sparsity`
    returns, is your word that nothing else is ever other than zero: then it is not found anew. What is not in it is
    not computed, and spoils what is. Raises BackendUnavailable without SciPy.

    >>> import numpy as np
    >>> import srcdiff
    >>> srcdiff.jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    >>> srcdiff.jacobian(lambda x: x * x, sparse=True)(np.array([1.0, 2.0])).data
    array([2., 4.])
    """
    return _jacobian(f, "jacobian", wrt, mode, jit, fallback, sparse, pattern)


def value_and_jacobian(
    f: Callable[..., Any],
    *,
    wrt: Wrt = 0,
    mode: str = "auto",
    jit: JitLike = False,
    fallback: str | None = None,
    sparse: bool = False,
    pattern: Any = None,
) -> Jacobian | SparseJacobian:
    """Like `jacobian`, with the value: `(value, jacobian)`.

    >>> import srcdiff
    >>> srcdiff.value_and_jacobian(lambda x: x * x)(3.0)
    (9.0, 6.0)
    """
    return _jacobian(f, "value_and_jacobian", wrt, mode, jit, fallback, sparse, pattern)


def _jacobian(
    f: Any, kind: str, wrt: Wrt, mode: str, jit: JitLike, fallback: str | None, sparse: bool, pattern: Any
) -> Jacobian | SparseJacobian:
    if not is_sparse(sparse, pattern):
        return Jacobian(f, kind, wrt, mode, jit_of(jit), fallback)
    return SparseJacobian(f, kind, wrt, mode, jit_of(jit), fallback, pattern)


def elementwise_grad(
    f: Callable[..., Any], *, wrt: Wrt = 0, jit: JitLike = False, fallback: str | None = None
) -> Jacobian:
    """The derivative of each element of the result by the same element of the argument, in one forward sweep.

    It is for functions that treat every element by itself; of any other function it gives the sums of the rows of the
    Jacobian.

    >>> import numpy as np
    >>> import srcdiff
    >>> srcdiff.elementwise_grad(lambda x: x**3)(np.array([1.0, 2.0]))
    array([ 3., 12.])
    """
    return Jacobian(f, "elementwise", wrt, "forward", jit_of(jit), fallback)
