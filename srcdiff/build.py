"""The pipeline from a function and the types of its arguments to a running derivative."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .backend import Module, load, render_module
from .derive import Request, docstring, reverse
from .errors import BackendUnavailable, BadOutput, CompilationFailed
from .frontend import Program, Reference
from .ir.nodes import Const, Display, Expr, Function, Return
from .ir.types import Num, Type, describe
from .normalise import Core, specialise, split_webs, web_types
from .normalise.specialise import report
from .normalise.state import to_problem
from .optimise import optimise
from .rules.typing import Typer, TypeProblem


@dataclass(frozen=True)
class Built:
    """A derivative for arguments of certain types. `captured` are arrays that are passed after the arguments."""

    function: Function
    text: str
    module: Module
    plain: Callable[..., Any]
    captured: tuple[tuple[str, object], ...]
    written: frozenset[str]  # arguments that the primal writes in place
    unknown_rank: bool  # whether only the run tells if the result is a scalar
    seed_leaves: tuple[tuple[int, ...], ...]  # for each seed parameter, the leaves of the result that it belongs to
    references: tuple[Reference, ...]


def build(program: Program, types: Sequence[Type], request: Request) -> Built:
    """Write and load the derivative. Raises a Refusal for what is not supported, BadOutput for a wrong result."""
    core = specialise(program, types)
    try:
        unknown_rank = check_output(core, request)
        derived = reverse(core, request)
    except TypeProblem as problem:
        raise report([to_problem(program, problem, None, (program.function.name,))]) from None
    function = optimise(derived.function, derived.types, derived.user_name, derived.like)
    seeds = [p.name for p in function.params[len(core.function.params) :]]
    function = replace(function, doc=docstring(core, request, seeds))
    rendered = render_module([function])
    module = load(rendered, function.name)
    plain = module.functions[function.name]
    return Built(
        function,
        rendered.text,
        module,
        plain,
        core.captured,
        derived.writes_arguments,
        unknown_rank,
        derived.seed_leaves,
        core.references,
    )


def check_output(core: Core, request: Request) -> bool:
    """Raise BadOutput where the result cannot be what `grad` takes; True where only the run can tell."""
    last = core.function.body[-1]
    assert isinstance(last, Return)
    result: Expr = last.value or Const(None)
    if request.kind == "vjp":
        return False
    name = core.function.name
    if request.has_aux:
        if not (isinstance(result, Display) and len(result.items) == 2):
            raise BadOutput(f"has_aux=True: {name} must return a pair (value, auxiliary result)")
        result = result.items[0]
    elif isinstance(result, Display):
        raise BadOutput(
            f"{name} returns a tuple; grad takes a real scalar. Use has_aux=True for (value, auxiliary result), or "
            f"srcdiff.vjp for the adjoints of every part"
        )
    type_ = _type_of_result(core, result)
    if isinstance(type_, Num) and type_.ndim is None:
        return True
    if not isinstance(type_, Num) or type_.ndim != 0:
        raise BadOutput(
            f"{name} returns a {describe(type_)}; grad takes a real scalar. Return a number (for instance the sum), or use "
            f"srcdiff.vjp for results of any shape"
        )
    return False


def _type_of_result(core: Core, result: Expr) -> Type:
    function, _ = split_webs(core.function)
    last = function.body[-1]
    assert isinstance(last, Return)
    value = last.value or Const(None)
    if isinstance(value, Display) and value.items:
        value = value.items[0]
    return Typer(web_types(function, core.types))(value)


def numba_module() -> Any:
    """Numba, with the runtime helpers registered. Raises BackendUnavailable without Numba."""
    try:
        import numba

        from . import runtime_numba  # noqa: F401  (registers the helpers)
    except ImportError as problem:
        raise BackendUnavailable(f"jit=True needs Numba: pip install 'srcdiff[numba]' ({problem})") from problem
    return numba


class Jitted:
    """A generated function compiled by Numba at its first call for each combination of argument types."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self.numba = numba_module()
        self.dispatcher = self.numba.njit(error_model="numpy")(function)
        self.name = name

    def __call__(self, *args: Any) -> Any:
        try:
            if self.dispatcher.signatures:
                return self.dispatcher(*args)
            with warnings.catch_warnings():  # Numba's advice on speed is about code that is not the user's
                warnings.simplefilter("ignore", self.numba.NumbaPerformanceWarning)
                return self.dispatcher(*args)
        except self.numba.core.errors.NumbaError as problem:
            raise CompilationFailed(
                f"Numba cannot compile the derivative of {self.name}; without jit=True it runs in plain Python. "
                f"Numba says:\n{problem}"
            ) from problem
