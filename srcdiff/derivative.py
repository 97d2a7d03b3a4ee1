"""The derivative object: reads its function, builds one derivative for each combination of argument types, runs it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any, TypeVar

import numpy as np

from .backend import explain
from .build import BUILDING, Built, build, check_compiled
from .compiled import Jitted, numba_module
from .derive import Request
from .errors import BadArgument, BadOutput, Refusal, SrcdiffError, UnresolvedName, refusal, warn
from .frontend import Program
from .guess import guesses
from .ir.types import Tup, Type
from .jit_options import Jit, shown
from .learning import Instead, Learned, copied, learned, read_or_whole, rewinding, tell, whole
from .ready import WHAT, Options, Ready
from .records import is_structure
from .sharing import check_apart, check_distinct
from .shortcut import MISS, Returned, with_shortcut
from .signature import (
    alike,
    argument_types,
    bound,
    count_by_position,
    duplicated,
    finish,
    finish_all,
    fitted,
    is_exact,
    is_function,
    key_of,
    numbers,
    parameters,
    selected,
    taken,
)
from .subject import as_function, found_by_name, importable, imported, python_function
from .warned import in_python, not_compiled
from .watch import watcher

T = TypeVar("T")
_RUNS = 1000  # each of them finds out what one more function on the tape returns


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
        asked = options
        if is_derivative(f):
            function = as_function(f)
            own = f.signature
            fallback = options.fallback or f.options.fallback
            jit = options.jit or f.options.jit or (Jit() if f is behind else None)
            options = replace(options, jit=jit, fallback=fallback)
            self.checked: bool = f.checked
        else:
            function = python_function(f)
            own = parameters(function)
            self.checked = isinstance(f, FunctionType)
            # the derivative of a Numba dispatcher is compiled, too
            options = replace(options, jit=options.jit or (None if self.checked else Jit()))
        self.alone = None if options.jit is None else replace(options.jit, parallel=False)
        self.primal, self.function = f, function
        self.asked = asked
        self.options = options
        self.wrt, self.single = selected(own, options.wrt, function.__name__)
        self.signature = self._called_by(own)
        self._names = self.function_names = tuple(own.parameters)
        self._count = count_by_position(self.signature)
        self.places = tuple(map(self._names.index, self.wrt))
        self._program: Program | None = None
        self._built: dict[tuple[Type, ...], Ready] = {}  # by the types of the arguments
        self._alone: dict[tuple[Type, ...], Ready] = {}  # the same on one core
        self._ready: dict[Hashable, Ready] = {}  # by the keys of the arguments as they are given
        self._last: Ready | None = None
        self._shortcut: Callable[..., Any] | None = None  # of what ran last
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
        short = self._shortcut
        if short is not None and (found := short(*args)) is not MISS:
            return found
        ready, result = self.attempt(args)
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

    def attempt(self, args: tuple[Any, ...], *more: Any) -> tuple[Ready, Any]:
        """What runs for these arguments, and what it returns for them and those that follow them. Where a function is
        met for the first time that has to run before its result is known, the run begins anew."""
        for _ in range(_RUNS):
            ready = self.ready(args, more)
            try:
                return ready, self.run(ready, args, (*(ready.extra() if ready.loose else ready.captured), *more))
            except Learned:
                continue
        raise SrcdiffError(f"a defect of srcdiff: {self.function.__name__} is never done with finding out types")

    def ready(self, args: tuple[Any, ...], tangents: tuple[Any, ...] = ()) -> Ready:
        """What runs for these arguments, compiled if need be."""
        try:
            key = (*map(key_of, args), *alike(args, self.options.jit is not None))
        except RecursionError:
            raise BadArgument(f"an argument of {self.function.__name__} is a structure that contains itself") from None
        ready = self._ready.get(key)
        if ready is not None and ready.gain is not None:
            ready = self._ready.get((key, self.pays(ready, args)))
        if ready is None or not ready.unchanged():
            ready, result = self.prepare(args), None
            if isinstance(ready.call, Jitted):
                result = ready.call.compile((*self._taken(ready, args), *ready.extra(), *tangents))
            ready = with_shortcut(ready, args, tangents, self.options, Returned(result, self.single, self.places))
            self._ready[key] = self._ready[key, ready.pays] = ready
        self._last, self._shortcut = ready, ready.shortcut
        return ready

    def pays(self, ready: Ready, args: tuple[Any, ...]) -> bool:
        """Whether loops run on several cores for arguments of these lengths, where they can."""
        return ready.gain is None or ready.gain(*self._taken(ready, args), *ready.extra()) >= 0.0

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
            if ready.built.on_tape:
                with rewinding(args):
                    return ready.call(*args, *extra)
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
        ready, is_new = self._prepared(args)
        if is_new and ready.built.unknown and self.learn(args):
            ready, _ = self._prepared(args)
        if ready.built.doubts:
            raise refusal(ready.built.doubts)
        if is_new:
            tell(ready.built.on_tape, self.function.__name__, self.options.jit is not None)
        return ready

    def _key(self, args: tuple[Any, ...]) -> tuple[Type, ...]:
        return argument_types(args, self._names, self.places, self.options.jit is not None)

    def _prepared(self, args: tuple[Any, ...]) -> tuple[Ready, bool]:
        """What runs for these arguments, and whether it was built just now."""
        key = self._key(args)
        with BUILDING:
            known = self._built.get(key)
            if known is not None and not known.unchanged():
                # something the function uses from outside has been bound anew: read it again
                self._built.clear()
                self._alone.clear()
                self._ready.clear()
                self._program = known = None
            is_new = known is None
            if known is None:
                known = self._built[key] = self._make(list(key))
            refit = tuple(k for k, a in enumerate(args) if not is_exact(a, k in self.places))
            structures = [k for k, t in enumerate(key) if isinstance(t, Tup) or is_function(args[k])]
            plain = known.plain and not any(k in self.places for k in structures)
            known = replace(known, refit=refit, structured=bool(structures), plain=plain)
            if not self.pays(known, args):
                own = self._alone[key] = self._alone.get(key) or self._make(list(key), alone=True)
                known = replace(known, built=own.built, call=own.call, pays=False)
            return known, is_new

    def _read(self) -> Program:
        if self._program is None:
            self._program = read_or_whole(self.function, self.options.fallback)
        return self._program

    @property
    def instead(self) -> Instead | None:
        """What is read where the function is refused, for the reason that is given."""
        return None if self.options.fallback is None else functools.partial(whole, self.function)

    def _make(self, types: list[Type], alone: bool = False) -> Ready:
        """What runs for arguments of these types; `alone` if it does on one core."""
        built = self._build(types, self.options.kind, equal=self.options.jit is not None, alone=alone)
        plain = self.options.kind in ("grad", "value") and not self.options.has_aux and not built.unknown_rank
        if built.unknown_rank and self.options.kind == "grad":  # only the value tells whether it is a scalar
            built = self._build(types, "value", equal=self.options.jit is not None, alone=alone)
        program, jit = self.program(), self.alone if alone else self.options.jit
        for found in () if alone else (*built.warnings, *(() if jit else in_python(program, built.references))):
            warn(found)
        call: Callable[..., Any] = built.plain
        if jit and not built.on_tape:
            check_compiled(built, self.function.__name__, self.checked)
            # who has not asked for compiled code gets the derivative anyway (with the draws that Numba would make)
            otherwise = None if self.asked.jit or built.repeats.outside else lambda e: warn(not_compiled(program, e))
            kind, name = "value" if built.unknown_rank else self.options.kind, self.function.__name__
            general = lambda compiled: self._build(types, kind, plain=not compiled, alone=alone).plain  # noqa: E731
            checked = self.checked and not built.inside
            call = Jitted(built.plain, name, jit, checked, otherwise, general)
            call.known = {"value": (built.result,), "jvp": (built.result, built.result)}.get(kind, ())
        captured = tuple(v for _, v in built.captured)
        unchanged: Callable[[], bool]
        unchanged, loose = watcher(built.references, captured), not all(is_exact(a, False) for a in captured)
        if built.on_tape:
            same = unchanged
            unchanged = lambda: same() and not built.is_outdated()  # noqa: E731
        written = bool(built.written or built.changed)
        return Ready(built, call, captured, unchanged, loose, written=written, plain=plain, gain=built.gain)

    def learn(self, args: tuple[Any, ...]) -> bool:
        """Run what the function calls without its being read, as far as these arguments lead, until it is known what
        that returns; whether there was any. All else of the function runs on copies, and in silence."""
        types = list(self._key(args))

        def given() -> Iterator[Any]:
            pairs = enumerate(zip(duplicated(map(copied, args)), self._names, strict=True))
            return (leaf for k, (a, n) in pairs for leaf in taken(a, n, k in self.places))

        return learned(lambda: self._build(types, "jvp", by=(), quiet=True), given)

    def program(self) -> Program:
        """The function as it was read; read again where something that it uses from outside has been bound anew."""
        with BUILDING:
            if not all(r.current() is r.value for r in self._read().references):
                self._program = None
            return self._read()

    def _build(
        self,
        types: list[Type],
        kind: str,
        taped: bool = True,
        by: tuple[str, ...] | None = None,
        quiet: bool = False,
        guesses: bool = False,
        compiled: bool = False,
        equal: bool = False,
        plain: bool = False,
        alone: bool = False,
    ) -> Built:
        with BUILDING:
            options = self.options
            wrt, single = (self.wrt, self.single) if by is None else (by, False)
            jit = None if plain else (self.alone if alone else options.jit) or (Jit() if compiled else None)
            request = Request(wrt, single, kind, options.has_aux, options.quiet or quiet, jit, equal)
            return build(self.program(), types, request, taped, self.instead, guesses)

    def built_for_types(self, types: list[Type], taped: bool = True, compiled: bool = False) -> Built:
        """The derivative for arguments of these types (for callers that are being compiled or differentiated: for the
        latter without a tape, where the function calls itself, and in the text for plain Python)."""
        built = self._build(types, self.options.kind, taped, compiled=compiled, plain=not taped)
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

    def with_jit(self, jit: Jit | None) -> Derivative:
        """The same derivative, compiled with these options; in plain Python without."""
        return type(self)(self.primal, replace(self.asked, jit=jit))

    def generic(self) -> Built:
        """The derivative for the argument types that annotations, defaults and use suggest; where these do not tell
        (they do not for structures), the one that ran last."""
        with BUILDING:
            program = self._read()
            first: SrcdiffError | None = None
            for types in guesses(program, self.wrt):
                try:
                    return self._build(types, self.options.kind, guesses=True)
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
        line = f"The {WHAT[self.options.kind]} of {call} with respect to {self._wrt_text()}."
        doc = inspect.getdoc(self.primal if is_derivative(self.primal) else self.function)
        return f"{line}\n\n{doc}" if doc else line

    def _wrt_text(self) -> str:
        return self.wrt[0] if self.single else "(" + ", ".join(self.wrt) + ")"

    def __repr__(self) -> str:
        call = f"{self.function.__qualname__}{self.signature}"
        return f"<{WHAT[self.options.kind]} of {call} with respect to {self._wrt_text()}{shown(self.options.jit)}>"

    # --------------------------------------------------------------------------------------------------- copying

    def __copy__(self) -> Derivative:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Derivative:
        return self

    def __reduce__(self) -> Any:
        module, name = self.function.__module__, self.function.__qualname__
        if found_by_name(module, name) is self:  # used as a decorator: the name leads to the derivative
            return imported, (module, name)
        if not importable(self.primal):
            raise BadArgument(
                f"{self!r} cannot be pickled, because pickle does not find {name} in the module {module}: define the "
                f"function with def at the top level of a module"
            )
        return type(self), (self.primal, self.asked)


def is_derivative(f: Any) -> bool:
    """Whether this is a derivative, of whatever kind: it has a signature and options, and code that calls it is read
    as a call of the function that it writes."""
    return isinstance(f, Derivative) or hasattr(type(f), "driver_for")


def signature_of(f: Any) -> inspect.Signature:
    """How a function or derivative is called."""
    found: inspect.Signature = f.signature if is_derivative(f) else parameters(python_function(f))
    return found
