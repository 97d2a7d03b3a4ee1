"""Generated functions under Numba. In: a generated Python function. Out: a callable that runs it compiled, with
Numba's errors as srcdiff's own."""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from .backend import module_of
from .errors import BackendUnavailable, BadIndex, CompilationFailed, ParallelUnavailable, SrcdiffError, TripFailed
from .garbage import rare_collections
from .ir.types import ListOf, Num, Tup, Type
from .jit_options import Jit
from .runtime_loops import LengthsDiffer
from .runtime_workspaces import copied_workspace, workspace, zeroed_workspace
from .turns import in_turn

_NUMBERED = re.compile(r"_?\d+$")
_WORKSPACES = (copied_workspace, workspace, zeroed_workspace)


def numba_module() -> Any:
    """Numba, with the runtime helpers registered. Raises BackendUnavailable without Numba."""
    try:
        import numba

        from . import runtime_numba  # registers the helpers
    except ImportError as problem:
        raise BackendUnavailable(f"jit=True needs Numba: pip install 'srcdiff[numba]' ({problem})") from problem
    runtime_numba.register_late()
    return numba


def pool_module() -> Any:
    """The pool of memory for compiled code."""
    from .runtime_numba import pool

    return pool


def process_mark() -> Any:
    """A function for generated code to call that nothing may keep for another process."""
    from .cache.this_process import of_this_process

    return of_this_process


def settings(jit: Jit, checked: bool) -> dict[str, Any]:
    """How Numba compiles generated functions; `checked` says whether every index is held against its array.

    Python raises IndexError for an index that does not fit, and so does what is compiled from a Python function: an
    adjoint written outside of its array would change other data. What the user has given to Numba keeps Numba's
    meaning, which does not look.
    """
    chosen: dict[str, Any] = {"error_model": "numpy", "boundscheck": checked}
    if jit.fastmath:
        chosen["fastmath"] = set(jit.fastmath)
    numba_module()
    from .runtime_numba import lower

    chosen["pipeline_class"] = lower.Generated
    if jit.math == "simd":
        from .runtime_numba import simd

        simd.register_late()
        chosen["pipeline_class"] = simd.Simd
    if jit.parallel:
        # (A dict of these is emptied by the first compilation that reads it, and means "everything" to the next one.)
        chosen["parallel"] = numba_module().core.cpu.ParallelOptions(dict(_LOOPS_ONLY))
    return chosen


# Numba's own ways of running array expressions and sums on several cores stay off: what these sums are depends on the
# number of cores.
_LOOPS_ONLY = {
    "prange": True,
    "comprehension": False,
    "fusion": False,
    "inplace_binop": False,
    "numpy": False,
    "reduction": False,
    "setitem": False,
    "stencil": False,
}


def _mentions(function: FunctionType, thing: Any) -> bool:
    """Whether a generated function calls this one."""
    space = function.__globals__
    return any(space.get(name) is thing for name in function.__code__.co_names)


def _has_workspaces(function: FunctionType) -> bool:
    """Whether a generated function, or one that it calls, has arrays in the pool of `srcdiff.memory`."""
    called = map(function.__globals__.get, _called(function))
    return any(_mentions(f, w) for f in (function, *called) if isinstance(f, FunctionType) for w in _WORKSPACES)


def _told_apart(function: Any) -> Any:
    """The function with other names for variables such as `x_1` beside an `x`.

    Numba calls the second value of a variable `x.1`, and inside array expressions writes `x_1` (and `x_1_1` for what
    becomes of `x.1`): it refuses to compile where the program has a variable of that name, too. The text stays as it
    is; callers pass arguments by position.
    """
    code = function.__code__
    names = code.co_varnames
    clashing = {n for n in names if any(stem in names for stem in _stems(n))}
    if not clashing:
        return function
    table: dict[str, str] = {}
    for name in sorted(clashing):
        table[name] = f"{name}v"
        while table[name] in names:
            table[name] += "v"
    renamed = code.replace(co_varnames=tuple(table.get(n, n) for n in names))
    copy = FunctionType(renamed, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    copy.__module__, copy.__kwdefaults__, copy.__qualname__ = (
        function.__module__,
        function.__kwdefaults__,
        function.__qualname__,
    )
    return copy


def _stems(name: str) -> Iterator[str]:
    """`x_1` and `x` for `x_1_2`: the variables whose later values Numba may give that name."""
    while name != (name := _NUMBERED.sub("", name)):
        yield name


def compiled(function: FunctionType, jit: Jit, checked: bool) -> Any:
    """A generated function as a Numba dispatcher, and with it those of its module that it calls. What is compiled is
    kept on disk."""
    from .cache.machine_code import keep

    dispatcher, module = uncached(function, jit, checked), module_of(function.__code__.co_filename)
    if module is not None:
        keep(dispatcher, module, settings(jit, checked))
    return dispatcher


def uncached(function: FunctionType, jit: Jit, checked: bool) -> Any:
    """The same, of which nothing is kept."""
    njit, chosen = numba_module().njit, settings(jit, checked)
    if _has_workspaces(function):
        pool_module().installed()

    def decorate(f: FunctionType) -> Any:
        own = chosen if _mentions(f, numba_module().prange) else {**chosen, "parallel": False}
        return njit(**own)(_told_apart(f))

    return _dispatcher(function, decorate)


def _dispatcher(function: FunctionType, decorate: Callable[[FunctionType], Any]) -> Any:
    own = function.__globals__
    called = _called(function)
    if not called:
        return decorate(function)
    space = dict(own)
    for name in called:
        space[name] = decorate(_within(own[name], space))
    return space[function.__name__] if function.__name__ in called else decorate(_within(function, space))


def _called(function: FunctionType) -> list[str]:
    """The names of the functions of the same module that a function calls, and those call."""
    own, waiting = function.__globals__, [function]
    found: list[str] = []
    for caller in waiting:
        for name in caller.__code__.co_names:
            value = own.get(name)
            if isinstance(value, FunctionType) and value.__globals__ is own and name not in found:
                found.append(name)
                waiting.append(value)
    return found


def _within(function: FunctionType, space: dict[str, Any]) -> FunctionType:
    """The same function with other global names."""
    copy = FunctionType(function.__code__, space, function.__name__, function.__defaults__, function.__closure__)
    copy.__module__ = function.__module__
    return copy


def narrowing(type_: Any, known: Sequence[Type] = ()) -> Callable[[Any], Any] | None:
    """What gives a result of compiled code the precision that it has in plain Python: to Python, Numba gives a number
    of single precision as a `float`, and loops add such numbers up in double precision. `known` are the types that the
    first parts of the result have there. None where there is nothing to do."""
    types: Any = numba_module().types
    if isinstance(type_, types.List):
        held = next((k.item for k in known if isinstance(k, ListOf)), None)
        part = narrowing(type_.dtype, () if held is None else (held,))
        return None if part is None else lambda result: [part(v) for v in result]
    if isinstance(type_, types.BaseTuple):
        pairs = itertools.zip_longest(type_, known)
        parts = [narrowing(t, k.items if isinstance(k, Tup) else () if k is None else (k,)) for t, k in pairs]
    else:
        parts = []
        single = isinstance(type_, types.Float) and any(isinstance(k, Num) and k.dtype == "float32" for k in known)
        if single or type_ == types.float32:
            return np.float32
        if type_ == types.complex64:
            return np.complex64
    if not any(parts):
        return None
    return lambda result: tuple([v if p is None else p(v) for p, v in zip(parts, result, strict=True)])


class _Repeated(LengthsDiffer):
    """Arrays of different lengths meet where Numba does not broadcast them."""


def _telling(run: Callable[..., Any]) -> Callable[..., Any]:
    """A function with parallel loops that tells where lengths differ outside of these: with such loops, Numba repeats
    only the axes of one element that it knows to be that, and has an AssertionError for all others."""

    def call(*args: Any) -> Any:
        try:
            return run(*args)
        except AssertionError as problem:
            if str(problem).startswith("Sizes of "):
                raise _Repeated(str(problem)) from problem
            raise

    return call


class Jitted:
    """A generated function compiled by Numba for each combination of argument types. With `otherwise`, it runs in plain
    Python where Numba cannot compile it, and `otherwise` is told why. So it does where the user has turned compilation
    off, to debug or to measure coverage: `NUMBA_DISABLE_JIT=1`. `general` writes the function anew: as one that takes
    no lengths to be the same, for compiled code or (`general(False)`) for plain Python."""

    @rare_collections()
    def __init__(
        self,
        function: FunctionType,
        name: str,
        jit: Jit,
        checked: bool,
        otherwise: Callable[[Exception], None] | None = None,
        general: Callable[[bool], FunctionType] | None = None,
    ) -> None:
        self.numba = numba_module()
        self.plain = bool(self.numba.config.DISABLE_JIT)
        self.dispatcher: Any = function if self.plain else compiled(function, jit, checked)
        self.run = in_turn(_telling(self.dispatcher)) if jit.parallel else self.dispatcher
        if not self.plain and _has_workspaces(function):
            self.run = pool_module().giving_back(self.run)
        self.function, self.name, self.otherwise = function, name, otherwise
        self.narrowed: Callable[[Any], Any] | None = None
        self.known: tuple[Type, ...] = ()  # types of parts of the result, in plain Python
        self.jit, self.general = jit, general
        self.instead: Jitted | None = None
        self.alone: Jitted | None = None
        self.unlowered: FunctionType | None = None

    def __call__(self, *args: Any) -> Any:
        if self.plain:
            return self.in_python()(*args)
        try:
            result = self.run_with_lists(args) if any(type(a) is list for a in args) else self.run(*args)
            return result if self.narrowed is None else self.narrowed(result)
        except _Repeated:
            return self.on_one_core(args)(*args)
        except LengthsDiffer:
            if self.general is None:
                raise
        except Exception as problem:
            if not self.failed(problem):
                raise
            return self.in_python()(*args)
        return self.generally(self.general, args)(*args)

    def on_one_core(self, args: tuple[Any, ...]) -> Jitted:
        """The same text with all its loops on one core, where Numba broadcasts as NumPy does, and raises what NumPy
        raises. What has been drawn before Numba gave up would be drawn again."""
        if any(isinstance(a, np.random.Generator) for a in args):
            raise ParallelUnavailable(
                f"in the derivative of {self.name}, arrays of different lengths meet outside of loops, which Numba "
                f"does not allow where loops run in parallel; leave out `parallel`"
            ) from None
        if self.alone is None:
            jit = replace(self.jit, parallel=False)
            self.alone = Jitted(self.function, self.name, jit, True, self.otherwise, self.general)
            self.alone.compile(args)
        return self.alone

    def run_with_lists(self, args: tuple[Any, ...]) -> Any:
        """What Numba says of lists as arguments is about code that is not the user's: the adjoint of a result."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", self.numba.NumbaPendingDeprecationWarning)
            return self.run(*args)

    def in_python(self) -> FunctionType:
        """The function as it is written for plain Python."""
        if self.unlowered is None:
            self.unlowered = self.function if self.general is None else self.general(False)
        return self.unlowered

    def generally(self, general: Callable[[bool], FunctionType], args: tuple[Any, ...]) -> Jitted:
        """What runs where lengths differ."""
        if self.instead is None:
            instead = Jitted(general(True), self.name, self.jit, True, self.otherwise)
            instead.compile(args)
            self.instead = instead
        return self.instead

    def failed(self, problem: Exception) -> bool:
        """Raise srcdiff's own error in the place of one from compiled code, where there is one; whether plain Python
        takes the place of compiled code."""
        if isinstance(problem, IndexError):
            raise BadIndex(
                f"an index does not fit its array in the derivative of {self.name} ({problem}); without jit=True the "
                f"traceback shows the statement"
            ) from problem
        if isinstance(problem, TripFailed):
            raise TripFailed(f"in the derivative of {self.name}: {problem}") from None
        if isinstance(problem, self.numba.core.errors.NumbaError):
            self._failed(problem)
            return True
        return False

    def compile(self, args: tuple[Any, ...]) -> Any:
        """Compile for arguments of these types, if that has not been done; the Numba type of the result (None where
        plain Python takes its place). What Numba advises on speed is about code that is not the user's; Numba's own
        lock keeps threads from mixing up the warning filters."""
        if self.plain:
            return None
        from numba.core.compiler_lock import global_compiler_lock

        from .runtime_numba.messages import short_messages

        function = self.dispatcher.py_func
        defaults = function.__defaults__ or ()
        missing = function.__code__.co_argcount - len(args)  # adjoints of the result, 1.0 by default
        omitted = map(self.numba.types.Omitted, defaults[len(defaults) - missing :])
        try:
            with rare_collections(), global_compiler_lock, short_messages(), warnings.catch_warnings():
                warnings.simplefilter("ignore", self.numba.NumbaPerformanceWarning)
                types = (*map(self.numba.typeof, args), *omitted)
                self.dispatcher.compile(types)
                found = self.dispatcher.overloads[types].signature.return_type
                self.narrowed = narrowing(found, self.known)
                return found
        except SrcdiffError:
            raise
        except Exception as problem:  # noqa: BLE001 (Numba has many ways to say no, not all of them its own errors)
            self._failed(problem)
            return None

    def _failed(self, problem: Exception) -> None:
        if self.otherwise is None:
            raise CompilationFailed(
                f"Numba cannot compile the derivative of {self.name}; without jit=True it runs in plain Python. "
                f"Numba says:\n{str(problem).strip() or type(problem).__name__}"
            ) from problem
        self.plain = True
        self.otherwise(problem)
