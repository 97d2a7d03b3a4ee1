"""The derivative object: reads its function, builds one derivative for each combination of argument types, runs it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any, TypeVar

import numpy as np

from .backend import explain
from .build import BUILDING, Built, build
from .compiled import Jitted, numba_module
from .derive import Request
from .errors import BadArgument, BadOutput, CompilationFailed, Refusal, SrcdiffError, UnresolvedName
from .frontend import Program, read
from .guess import guesses
from .ir.types import Tup, Type
from .records import is_structure
from .sharing import check_apart, check_distinct
from .signature import (
    argument_type,
    bound,
    count_by_position,
    finish,
    finished,
    fitted,
    is_exact,
    is_function,
    key_of,
    numbers,
    parameters,
    selected,
    taken,
)
from .subject import as_function, found_by_name, importable, python_function
from .watch import watcher

T = TypeVar("T")
Wrt = int | str | tuple[int | str, ...]
_WHAT = {
    "grad": "gradient",
    "value": "value and gradient",
    "vjp": "pullback",
    "jvp": "value and tangent",
    "tangent": "tangent",
    "tangents": "tangents in many directions",
}


@dataclass(frozen=True)
class Options:
    kind: str  # a key of _WHAT
    wrt: Wrt
    jit: bool
    has_aux: bool
    quiet: bool = False  # without what the function prints


@dataclass(frozen=True, slots=True)
class Ready:
    """What runs for one combination of argument types. `refit` are the places of the arguments that generated code
    does not take as they are, `structured` says that some are structures, `loose` that a captured array is not taken
    as it is either, `plain` that the result is the gradient itself, or
    the value and the gradient."""

    built: Built
    call: Callable[..., Any]
    captured: tuple[Any, ...]
    unchanged: Callable[[], bool]
    loose: bool = False
    refit: tuple[int, ...] = ()
    structured: bool = False
    written: bool = False
    plain: bool = False

    def extra(self) -> tuple[Any, ...]:
        """The captured arrays as generated code takes them now: their elements may have changed."""
        return tuple([fitted(a, "a captured array", False) for a in self.captured]) if self.loose else self.captured


class Derivative:
    """A derivative of a function: call it with the function's own arguments.

    `primal` (and `__wrapped__`) is the function, `source` the generated text, `jitted` a version that other
    `numba.njit` code can call; such code can also call the derivative itself. It pickles as long as its function does.
    """

    options: Options
    signature: inspect.Signature

    def __init__(self, f: Any, options: Options) -> None:
        behind = getattr(f, "derivative", None)  # of the dispatcher that `jitted` gives
        f = behind if is_derivative(behind) else f
        if is_derivative(f):
            function = as_function(f)
            own = f.signature
            options = replace(options, jit=options.jit or f.options.jit or f is behind)
            self.checked: bool = f.checked
        else:
            function = python_function(f)
            own = parameters(function)
            self.checked = isinstance(f, FunctionType)
            options = replace(options, jit=options.jit or not self.checked)  # a Numba dispatcher's is compiled, too
        self.primal = f
        self.function = function
        self.options = options
        self.wrt, self.single = selected(own, options.wrt, function.__name__)
        self.signature = self._called_by(own)
        self._names = self.function_names = tuple(own.parameters)
        self._count = count_by_position(self.signature)
        self.places = tuple(map(self._names.index, self.wrt))
        self._program: Program | None = None
        self._built: dict[tuple[Type, ...], Ready] = {}  # by the types of the arguments
        self._ready: dict[Hashable, Ready] = {}  # by the keys of the arguments as they are given
        self._last: Ready | None = None
        self._jitted: Any = None
        functools.update_wrapper(self, function, updated=())
        self.__wrapped__ = f
        self.__doc__ = self._doc()
        try:
            with BUILDING:
                self._read()
        except Refusal as refusal:
            # a helper may be defined further down in the module: it is looked up again at the first call
            if any(p.error is not UnresolvedName for p in refusal.problems):
                raise

    def _called_by(self, own: inspect.Signature) -> inspect.Signature:
        """How the derivative is called, for the function's own signature."""
        return own

    def apart(self, arguments: Sequence[T]) -> tuple[list[T], list[T]]:
        """The arguments of a call, in the order of the signature: the function's own, and tangents of them."""
        return list(arguments), []

    # ---------------------------------------------------------------------------------------------------- calling

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != self._count:
            args = self.by_position(args, kwargs)
        ready = self.ready(args)
        result = self.run(ready, args, ready.extra() if ready.loose else ready.captured)
        if not ready.plain:
            return self._finished(result, args, ready)
        if self.options.kind == "value":
            value, *parts = result
            if self.single:
                return value, finish(parts[0], args[self.places[0]])
            return value, tuple([finish(g, args[k]) for g, k in zip(parts, self.places, strict=True)])
        if self.single:
            return finish(result, args[self.places[0]])
        return tuple([finish(g, args[k]) for g, k in zip(result, self.places, strict=True)])

    def ready(self, args: tuple[Any, ...], tangents: tuple[Any, ...] = ()) -> Ready:
        """What runs for these arguments, compiled if need be."""
        try:
            ready = self._ready.get(tuple(map(key_of, args)))
        except RecursionError:
            raise BadArgument(f"an argument of {self.function.__name__} is a structure that contains itself") from None
        if ready is None or not ready.unchanged():
            ready = self.prepare(args)
            if isinstance(ready.call, Jitted):
                ready.call.compile((*self._taken(ready, args), *ready.extra(), *tangents))
        self._last = ready
        return ready

    def by_position(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """All arguments in the order of the parameters, defaults filled in."""
        return tuple(bound(self.signature, self.function.__name__, args, kwargs).arguments.values())

    def run(self, ready: Ready, args: tuple[Any, ...], extra: tuple[Any, ...]) -> Any:
        """What the generated code returns for these arguments and those that follow them."""
        if ready.written:
            self.check_apart(ready, args)
        if ready.refit:
            args = self._taken(ready, args)
        try:
            return ready.call(*args, *extra)
        except SrcdiffError:
            raise
        except Exception as problem:
            explain(problem, ready.built.module)
            raise

    def _taken(self, ready: Ready, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments as generated code takes them."""
        if ready.structured:
            given = enumerate(zip(args, self._names, strict=True))
            return tuple([leaf for k, (a, n) in given for leaf in taken(a, n, k in self.places)])
        fit = list(args)
        for k in ready.refit:
            fit[k] = fitted(args[k], self._names[k], k in self.places)
        return tuple(fit)

    def _finished(self, result: Any, args: tuple[Any, ...], ready: Ready) -> Any:
        """The derivative's own form of a result that is more than the gradient."""
        has_aux = self.options.has_aux
        if self.options.kind == "grad" and not ready.built.unknown_rank:
            parts, aux = result if has_aux else (result, None)
            alone = self.single and not is_structure(args[self.places[0]])
            gradient = finish_all((parts,) if alone else parts, args, self.places, self.single)
            return (gradient, ready.built.formed(aux, 1)) if has_aux else gradient
        value, *parts = result
        value = (value[0], ready.built.formed(value[1], 1)) if has_aux else value
        number = value[0] if has_aux else value
        if ready.built.unknown_rank and np.ndim(number) != 0:
            raise BadOutput(
                f"{self.function.__name__} returns an array of shape {np.shape(number)}; grad takes a real scalar. Use "
                f"srcdiff.vjp for results of any shape"
            )
        gradient = finish_all(parts, args, self.places, self.single)
        if self.options.kind == "grad":
            return (gradient, value[1]) if has_aux else gradient
        return value, gradient

    def check_apart(self, ready: Ready, args: tuple[Any, ...]) -> None:
        """Raise SharedMemory where the function writes into an argument that shares memory with another one."""
        pairs = [*zip(self._names, args, strict=True)]
        leaves = [leaf for n, a in pairs for leaf in numbers(a, n)]
        check_apart(ready.built.written, [*leaves, *ready.built.captured], self.function.__name__)
        check_distinct(pairs, ready.built.changed, self.function.__name__)

    # --------------------------------------------------------------------------------------------------- building

    def prepare(self, args: tuple[Any, ...]) -> Ready:
        """What runs for these arguments, built if need be."""
        given = zip(args, self._names, strict=True)
        key = tuple([argument_type(a, n, k in self.places) for k, (a, n) in enumerate(given)])
        with BUILDING:
            known = self._built.get(key)
            if known is not None and not known.unchanged():
                # something the function uses from outside has been bound anew: read it again
                self._built.clear()
                self._ready.clear()
                self._program = known = None
            if known is None:
                known = self._built[key] = self._make(list(key))
            refit = tuple(k for k, a in enumerate(args) if not is_exact(a, k in self.places))
            structures = [k for k, t in enumerate(key) if isinstance(t, Tup) or is_function(args[k])]
            plain = known.plain and not any(k in self.places for k in structures)
            ready = replace(known, refit=refit, structured=bool(structures), plain=plain)
            self._ready[tuple(map(key_of, args))] = ready
            return ready

    def _read(self) -> Program:
        if self._program is None:
            self._program = read(self.function)
        return self._program

    def _make(self, types: list[Type]) -> Ready:
        built = self._build(types, self.options.kind)
        plain = self.options.kind in ("grad", "value") and not self.options.has_aux and not built.unknown_rank
        if built.unknown_rank and self.options.kind == "grad":  # only the value tells whether it is a scalar
            built = self._build(types, "value")
        call: Callable[..., Any] = built.plain
        if self.options.jit:
            self.check_compiled(built)
            call = Jitted(built.plain, self.function.__name__, self.checked)
        captured = tuple(v for _, v in built.captured)
        unchanged, loose = watcher(built.references, captured), not all(is_exact(a, False) for a in captured)
        return Ready(built, call, captured, unchanged, loose, written=bool(built.written or built.changed), plain=plain)

    def check_compiled(self, built: Built) -> None:
        """Raise CompilationFailed where compiled code would draw from another generator than the function does."""
        if self.checked and built.repeats.outside:
            raise CompilationFailed(
                f"{self.function.__name__} calls {built.repeats.outside}, which draws from NumPy's own state, and "
                f"Numba's is another one; pass a generator, `rng = np.random.default_rng(seed)`, as an argument"
            )

    def program(self) -> Program:
        """The function as it was read; read again where something that it uses from outside has been bound anew."""
        with BUILDING:
            if not all(r.current() is r.value for r in self._read().references):
                self._program = None
            return self._read()

    def _build(self, types: list[Type], kind: str, taped: bool = True, compiled: bool = False) -> Built:
        with BUILDING:
            options = self.options
            compiled = compiled or options.jit
            request = Request(self.wrt, self.single, kind, options.has_aux, options.quiet, compiled)
            return build(self.program(), types, request, taped)

    def built_for_types(self, types: list[Type], taped: bool = True, compiled: bool = False) -> Built:
        """The derivative for arguments of these types (for callers that are being compiled or differentiated: for the
        latter without a tape, where the function calls itself)."""
        built = self._build(types, self.options.kind, taped, compiled)
        if built.unknown_rank:
            name = self.function.__name__
            raise BadOutput(
                f"only the run can tell whether {name} returns a number or an array; a derivative of it that is called "
                f"from differentiated or compiled code needs a number: return np.sum(...) or float(...)"
            )
        return built

    # ------------------------------------------------------------------------------------------------ inspection

    @property
    def source(self) -> str:
        """The generated text: what ran last, or the generic form if nothing has run yet."""
        return self._last.built.text if self._last is not None else self.generic().text

    def text_for(self, /, *args: Any, **kwargs: Any) -> str:
        """The text that runs for these arguments; without any, the generic form."""
        if not args and not kwargs:
            return self.generic().text
        own, _ = self.apart(self.by_position(args, kwargs))
        return self.prepare(tuple(own)).built.text

    def generic(self) -> Built:
        """The derivative for the argument types that annotations, defaults and use suggest; where these do not tell
        (they do not for structures), the one that ran last."""
        with BUILDING:
            program = self._read()
            first: SrcdiffError | None = None
            for types in guesses(program, self.wrt):
                try:
                    return self._build(types, self.options.kind)
                except SrcdiffError as problem:
                    first = first or problem
        if self._last is not None:
            return self._last.built
        assert first is not None
        raise first

    @property
    def jitted(self) -> Any:
        """The derivative as a function that `numba.njit` code can call, for any argument types that it is called with.

        It takes the arguments of the function, all of them by position or name, and returns what the derivative
        returns. Indices are held against their arrays, and written arguments against sharing memory, as in Python.
        """
        from .jitted import jitted

        with BUILDING:
            if self._jitted is None:
                self._jitted = jitted(self)
            return self._jitted

    @property
    def _numba_type_(self) -> Any:
        """How Numba types the derivative where compiled code calls it by its own name."""
        return numba_module().typeof(self.jitted)

    def _doc(self) -> str:
        """One line on the derivative, and what the function says of itself."""
        call = f"{self.function.__name__}{self.signature}"
        line = f"The {_WHAT[self.options.kind]} of {call} with respect to {self._wrt_text()}."
        doc = inspect.getdoc(self.primal if is_derivative(self.primal) else self.function)
        return f"{line}\n\n{doc}" if doc else line

    def _wrt_text(self) -> str:
        return self.wrt[0] if self.single else "(" + ", ".join(self.wrt) + ")"

    def __repr__(self) -> str:
        jit = ", jit" if self.options.jit else ""
        call = f"{self.function.__qualname__}{self.signature}"
        return f"<{_WHAT[self.options.kind]} of {call} with respect to {self._wrt_text()}{jit}>"

    # --------------------------------------------------------------------------------------------------- copying

    def __copy__(self) -> Derivative:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Derivative:
        return self

    def __reduce__(self) -> Any:
        module, name = self.function.__module__, self.function.__qualname__
        if found_by_name(module, name) is self:  # used as a decorator: the name leads to the derivative
            return _by_name, (module, name)
        if not importable(self.primal):
            raise BadArgument(
                f"{self!r} cannot be pickled, because pickle does not find {name} in the module {module}: define the "
                f"function with def at the top level of a module"
            )
        return type(self), (self.primal, self.options)


def is_derivative(f: Any) -> bool:
    """Whether this is a derivative, of whatever kind: it has a signature and options, and code that calls it is read
    as a call of the function that it writes."""
    return isinstance(f, Derivative) or hasattr(type(f), "driver_for")


def signature_of(f: Any) -> inspect.Signature:
    """How a function or derivative is called."""
    found: inspect.Signature = f.signature if is_derivative(f) else parameters(python_function(f))
    return found


def finish_all(parts: Any, args: tuple[Any, ...], places: tuple[int, ...], single: bool) -> Any:
    """Gradients in their arguments' form, one alone or a tuple of them."""
    adjoints = iter(parts)
    done = tuple([finished(adjoints, args[k]) for k in places])
    return done[0] if single else done


def _by_name(module: str, qualname: str) -> Any:
    import importlib

    importlib.import_module(module)
    return found_by_name(module, qualname)
