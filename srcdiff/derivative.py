"""The derivative object: it reads its function, builds one derivative for each combination of argument types, runs it."""

from __future__ import annotations

import functools
import inspect
import operator
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from .backend import explain, load, render_module
from .build import Built, Jitted, build
from .derive import Request
from .errors import BadArgument, BadOutput, Refusal, SrcdiffError, UnresolvedName
from .frontend import Program, Reference, read
from .guess import guesses
from .ir.nodes import Call, Function, Name, Object, Param, Return
from .ir.types import Type
from .normalise.expressions import user_function
from .signature import bind, check_apart, finish, fitted, flattened, key_of, parameters, selected, type_of

Wrt = int | str | tuple[int | str, ...]


@dataclass(frozen=True)
class Options:
    kind: str  # "grad", "value" or "vjp"
    wrt: Wrt
    jit: bool
    has_aux: bool


@dataclass(frozen=True)
class _Ready:
    """What runs for one combination of argument types."""

    built: Built
    run: Callable[..., Any]
    watched: tuple[Reference, ...]
    captured: tuple[Any, ...]
    written: tuple[int, ...]


class Derivative:
    """A derivative of a function: call it with the function's own arguments.

    `primal` (and `__wrapped__`) is the function, `source` the generated text, `jitted` a version that other
    `numba.njit` code can call. It pickles as long as its function does.
    """

    def __init__(self, f: Callable[..., Any], options: Options) -> None:
        function = as_function(f) if isinstance(f, Derivative) else user_function(f)
        if function is None:
            raise BadArgument(f"{f!r} is a {type(f).__name__}; srcdiff differentiates Python functions")
        if isinstance(f, Derivative):
            options = Options(options.kind, options.wrt, options.jit or f.options.jit, options.has_aux)
        elif not isinstance(f, FunctionType):  # a Numba dispatcher: its derivative is compiled without asking
            options = Options(options.kind, options.wrt, True, options.has_aux)
        self.primal = f
        self.function = function
        self.options = options
        self.signature = parameters(function)
        self.wrt, self.single = selected(self.signature, options.wrt, function.__name__)
        self._names = tuple(self.signature.parameters)
        self._program: Program | None = None
        self._ready: dict[Hashable, _Ready] = {}
        self._last: _Ready | None = None
        self._lock = threading.RLock()
        functools.update_wrapper(self, function)
        self.__wrapped__ = f
        try:
            self._read()
        except Refusal as refusal:
            # a helper may be defined further down in the module: it is looked up again at the first call
            if any(p.error is not UnresolvedName for p in refusal.problems):
                raise

    # ---------------------------------------------------------------------------------------------------- calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != len(self._names):
            args = bind(self.signature, self.function.__name__, args, kwargs)
        fit = tuple(fitted(a, n, n in self.wrt) for a, n in zip(args, self._names, strict=True))
        ready = self._ready_for(fit)
        if ready.written:
            self._check_apart(args, ready)
        flat = flattened(fit) if any(type(a) is tuple for a in fit) else fit
        try:
            result = ready.run(*flat, *ready.captured)
        except SrcdiffError:
            raise
        except Exception as problem:
            explain(problem, ready.built.module)
            raise
        return self._finished(result, args, ready)

    def prepare(self, args: tuple[Any, ...]) -> _Ready:
        """Build what a call with these arguments would run."""
        return self._ready_for(tuple(fitted(a, n, n in self.wrt) for a, n in zip(args, self._names, strict=True)))

    def pull(self, args: tuple[Any, ...], seeds: list[Any]) -> tuple[Any, ...]:
        """The adjoints of `wrt` for the adjoints of the result's leaves (kind "vjp")."""
        fit = tuple(fitted(a, n, n in self.wrt) for a, n in zip(args, self._names, strict=True))
        ready = self._ready_for(fit)
        used = [functools.reduce(operator.add, (seeds[i] for i in places)) for places in ready.built.seed_leaves]
        if ready.written:
            self._check_apart(args, ready)
        try:
            result = ready.run(*flattened(fit), *ready.captured, *used)
        except Exception as problem:
            explain(problem, ready.built.module)
            raise
        return tuple(result[1:])

    def _finished(self, result: Any, args: tuple[Any, ...], ready: _Ready) -> Any:
        arguments = [args[self._names.index(n)] for n in self.wrt]
        kind, has_aux = self.options.kind, self.options.has_aux
        if kind == "grad" and not ready.built.unknown_rank:
            gradient, aux = (result[0], result[1]) if has_aux else (result, None)
            parts = (gradient,) if self.single else gradient
            done = tuple(finish(g, a) for g, a in zip(parts, arguments, strict=True))
            answer = done[0] if self.single else done
            return (answer, aux) if has_aux else answer
        value, *parts = result
        if ready.built.unknown_rank and np.ndim(value[0] if has_aux else value) != 0:
            raise BadOutput(
                f"{self.function.__name__} returns an array of shape {np.shape(value)}; use srcdiff.vjp for results of any shape"
            )
        done = tuple(finish(g, a) for g, a in zip(parts, arguments, strict=True))
        gradient = done[0] if self.single else done
        if kind == "grad":
            return (gradient, value[1]) if has_aux else gradient
        return value, gradient

    def _check_apart(self, args: tuple[Any, ...], ready: _Ready) -> None:
        everything = [*zip(self._names, args, strict=True), *((n, v) for n, v in ready.built.captured)]
        check_apart([everything[i] for i in ready.written], everything, self.function.__name__)

    # --------------------------------------------------------------------------------------------------- building

    def _read(self) -> Program:
        if self._program is None:
            self._program = read(self.function)
        return self._program

    def _ready_for(self, args: tuple[Any, ...]) -> _Ready:
        key = tuple(map(key_of, args))
        ready = self._ready.get(key)
        if ready is not None and all(_unchanged(r) for r in ready.watched):
            return ready
        with self._lock:
            if ready is not None:  # something the function uses from outside has been bound anew: read it again
                self._ready.clear()
                self._program = None
            types = [type_of(a, n) for a, n in zip(args, self._names, strict=True)]
            ready = self._make(types)
            self._ready[key] = ready
            self._last = ready
            return ready

    def _make(self, types: list[Type]) -> _Ready:
        program = self._read()
        if not all(r.current() is r.value for r in program.references):
            self._program = None
            program = self._read()
        request = Request(self.wrt, self.single, self.options.kind, self.options.has_aux)
        built = build(program, types, request)
        if built.unknown_rank and request.kind == "grad":  # only the value tells whether it is a scalar
            built = build(program, types, Request(self.wrt, self.single, "value", self.options.has_aux))
        run = Jitted(built.plain, self.function.__name__) if self.options.jit else built.plain
        watched = tuple(r for r in built.references if _is_watched(r))
        captured = tuple(v for _, v in built.captured)
        written = tuple(i for i, n in enumerate(self._names) if n in built.written)
        return _Ready(built, run, watched, captured, written)

    # ------------------------------------------------------------------------------------------------ inspection

    @property
    def source(self) -> str:
        """The generated text: what ran last, or the generic form if nothing has run yet."""
        return self._last.built.text if self._last is not None else self.generic().text

    def text_for(self, *args: Any, **kwargs: Any) -> str:
        """The text that runs for these arguments; without any, the generic form."""
        if not args and not kwargs and self._names:
            return self.generic().text
        args = bind(self.signature, self.function.__name__, args, kwargs)
        fit = tuple(fitted(a, n, n in self.wrt) for a, n in zip(args, self._names, strict=True))
        return self._ready_for(fit).built.text

    def generic(self) -> Built:
        """The derivative for the argument types that annotations, defaults and use suggest."""
        program = self._read()
        first: SrcdiffError | None = None
        request = Request(self.wrt, self.single, self.options.kind, self.options.has_aux)
        for types in guesses(program):
            try:
                return build(program, types, request)
            except SrcdiffError as problem:
                first = first or problem
        assert first is not None
        raise first

    @property
    def jitted(self) -> Any:
        """The derivative as a function that `numba.njit` code can call, for any argument types that it is called with.

        It takes every argument of the function by position and returns what the derivative returns.
        """
        from .jitted import jitted

        if self._jitted is None:
            self._jitted = jitted(self)
        return self._jitted

    _jitted: Any = None

    def built_for_types(self, types: list[Type]) -> Built:
        """The derivative for arguments of these types (for callers that are being compiled or differentiated)."""
        return self._make(types).built

    def __repr__(self) -> str:
        wrt = self.wrt[0] if self.single else "(" + ", ".join(self.wrt) + ")"
        verb = {"grad": "gradient", "value": "value and gradient", "vjp": "pullback"}[self.options.kind]
        jit = ", jit" if self.options.jit else ""
        return f"<{verb} of {self.function.__qualname__}{self.signature} with respect to {wrt}{jit}>"

    def __reduce__(self) -> Any:
        found: Any = _module(self.function.__module__)
        for part in self.function.__qualname__.split("."):
            found = getattr(found, part, None)
        if found is self:  # used as a decorator: the name leads to the derivative
            return (_by_name, (self.function.__module__, self.function.__qualname__))
        return (Derivative, (self.primal, self.options))


def as_function(derivative: Derivative) -> FunctionType:
    """A plain function that calls the derivative, for taking the derivative of it."""
    name = f"{derivative.function.__name__}_{derivative.options.kind}"
    name = name if name.isidentifier() else f"function_{derivative.options.kind}"
    params = tuple(Param(p.name, default_of(p)) for p in derivative.signature.parameters.values())
    call = Call(Object(derivative, "derivative"), tuple(Name(p.name) for p in params))
    rendered = render_module([Function(name, params, (Return(call),))])
    return load(rendered, name).functions[name]


def default_of(parameter: inspect.Parameter) -> Object | None:
    if parameter.default is inspect.Parameter.empty:
        return None
    return Object(parameter.default, f"default_{parameter.name}")


def _module(name: str) -> ModuleType | None:
    import sys

    return sys.modules.get(name)


def _by_name(module: str, qualname: str) -> Any:
    import importlib

    found: Any = importlib.import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    return found


_SETTLED = ("numpy", "math", "builtins", "operator", "_operator", "srcdiff")


def _is_watched(reference: Reference) -> bool:
    """Names of modules and of what well-known modules define are not looked up again at every call."""
    value = reference.value
    if reference.scope == "builtin" or isinstance(value, ModuleType):
        return False
    module = getattr(value, "__module__", None) or type(value).__module__
    if isinstance(value, float | int) and reference.path.split(".")[0] in ("np", "numpy", "math"):
        return False
    return isinstance(value, float | int | np.ndarray) or str(module).partition(".")[0] not in _SETTLED


def _unchanged(reference: Reference) -> bool:
    current = reference.current()
    return current is reference.value


def source(derivative: Any, *args: Any, **kwargs: Any) -> str:
    """The generated text of a derivative: what runs for these arguments, or the generic form without arguments.

    The generic form is written for the argument types that annotations, defaults and the use of the parameters
    suggest (a subscripted parameter is an array of that many dimensions with no length 1, any other a float).

    Raises BadArgument if `derivative` is no derivative of srcdiff's.

    >>> import srcdiff
    >>> print(srcdiff.source(srcdiff.grad(lambda x: x * x)).splitlines()[-1])
        return x_bar
    """
    if not isinstance(derivative, Derivative):
        raise BadArgument(f"{derivative!r} is no derivative; call srcdiff.source(srcdiff.grad(f), ...)")
    return derivative.text_for(*args, **kwargs)
