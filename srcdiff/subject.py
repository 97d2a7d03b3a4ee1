"""What is differentiated. In: what the user passed to `grad`. Out: the Python function behind it, or what to pass
instead; and a derivative as a plain function, so that it can be differentiated again."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

import numpy as np

from .backend import load, render_module
from .errors import BadArgument
from .ir.nodes import Attr, Call, Expr, Function, Name, Object, Param, Return
from .ir.walk import Fresh
from .normalise.expressions import user_function
from .records import form_of, is_whole

if TYPE_CHECKING:
    from .derivative import Derivative


def python_function(f: Any) -> FunctionType:
    """The function to read: `f` itself, or what a Numba dispatcher was made from. Raises BadArgument."""
    f = getattr(f, "checkpointed", f)  # there is nothing around a whole function that it could be computed again for
    function = user_function(f)
    if function is None and (called := _called(f)) is not None:
        return called
    if function is None:
        raise BadArgument(_instead(f))
    owner, _, name = function.__qualname__.rpartition(".")
    first = next(iter(inspect.signature(function, follow_wrapped=False).parameters), None)
    if owner and not owner.endswith("<locals>") and first in ("self", "cls"):
        raise BadArgument(
            f"{function.__qualname__} is a method; srcdiff differentiates functions of numbers and arrays. Write a "
            f"function that takes what `{name}` needs of `{first}` as arguments, and differentiate that"
        )
    return function


def _called(f: Any) -> FunctionType | None:
    """A plain function that calls a bound method, an object or a functools.partial with a signature of its own."""
    name = getattr(f, "__name__", type(f).__name__.lower())
    match f:
        case MethodType() if form_of(f.__self__) is not None:
            callee: Expr = Attr(Object(f.__self__, "self_"), f.__func__.__name__)
            fixed: tuple[Expr, ...] = ()
            keywords: dict[str, Expr] = {}
        case MethodType() if isinstance(f.__self__, type):
            callee, fixed, keywords = Object(f, "method"), (), {}
        case functools.partial():
            callee, fixed = Object(f.func, "function"), tuple(Object(a, f"fixed_{k}") for k, a in enumerate(f.args))
            keywords = {k: Object(v, f"fixed_{k}") for k, v in f.keywords.items()}
            name = getattr(f.func, "__name__", "function")
        case _ if (form_of(f) is not None or is_whole(f)) and isinstance(
            inspect.getattr_static(type(f), "__call__", None), FunctionType
        ):
            callee, fixed, keywords = Object(f, "self_"), (), {}
        case _:
            return None
    parameters = [p for n, p in inspect.signature(f).parameters.items() if n not in keywords]
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        return None
    given = tuple(Name(p.name) for p in parameters if p.kind is not p.KEYWORD_ONLY)
    keywords |= {p.name: Name(p.name) for p in parameters if p.kind is p.KEYWORD_ONLY}
    name = name if name.isidentifier() else "function"
    return function_of(name, _positional(parameters), Call(callee, (*fixed, *given), tuple(keywords.items())))


def _instead(f: Any) -> str:
    """Why `f` is not taken, and what to write."""
    match f:
        case MethodType():
            return (
                f"{f.__qualname__} is a method of an object; srcdiff differentiates functions of numbers and arrays. "
                f"Write a function that takes what it needs of the object as arguments, and differentiate that"
            )
        case functools.partial():
            name = getattr(f.func, "__name__", "f")
            return (
                f"a functools.partial of {name} has no source of its own. Differentiate {name} itself and pass the "
                f"fixed arguments in the call, or write a function that calls {name}"
            )
        case staticmethod() | classmethod():
            kind = type(f).__name__
            return f"this is a {kind} object. Put @{kind} above the decorator of srcdiff, not below it"
        case type():
            return f"{f.__qualname__} is a class; srcdiff differentiates Python functions"
        case BuiltinFunctionType() | np.ufunc():
            name = f.__name__
            spelled = f"np.{name}" if getattr(np, name, None) is f else name
            return f"{spelled} has no Python source to differentiate; wrap it: lambda x: {spelled}(x)"
    if callable(f):
        name = type(f).__name__
        return (
            f"an object of class {name} is no Python function. Write a function that takes what it needs of the object "
            f"as arguments, and differentiate that"
        )
    return f"{f!r} is of type {type(f).__name__}; srcdiff differentiates Python functions"


def check_named(f: Any, signature: inspect.Signature, to: str) -> None:
    """Raise BadArgument for a function that takes any number of arguments, which cannot be told from what follows."""
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in signature.parameters.values()):
        raise BadArgument(
            f"{getattr(f, '__name__', 'f')}{signature} takes any number of arguments; to {to}, write a function with "
            f"named parameters that calls it"
        )


def with_so_many(f: Any, signature: inspect.Signature, count: int) -> Any:
    """`f(x, *more)` as a function of `count` named parameters; `f` itself where it has no `*more`."""
    more = next((p.name for p in signature.parameters.values() if p.kind is p.VAR_POSITIONAL), None)
    named = [p.name for p in signature.parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if more is None or count < len(named):
        return f
    fresh = Fresh({*signature.parameters})
    names = [*named, *(fresh(f"{more}_{k}") for k in range(count - len(named)))]
    name = getattr(f, "__name__", "f")
    call = Call(Object(f, "primal"), tuple(map(Name, names)))
    return function_of(name if name.isidentifier() else "function", tuple(map(Param, names)), call)


# -------------------------------------------------------------------------------- a derivative as a plain function


def as_function(derivative: Derivative) -> FunctionType:
    """A plain function that calls the derivative, for taking the derivative of it. Raises BadArgument."""
    names = derivative.signature.parameters
    check_named(derivative.function, derivative.signature, "differentiate its derivative again")
    keywords = tuple((n, Name(n)) for n, p in names.items() if p.kind is inspect.Parameter.KEYWORD_ONLY)
    others = tuple(Name(n) for n in names if n not in dict(keywords))
    call = Call(Object(derivative, "derivative"), others, keywords)
    return function_of(f"{identifier(derivative)}_{derivative.options.kind}", plain_params(derivative), call)


def function_of(name: str, params: tuple[Param, ...], result: Expr) -> FunctionType:
    """A new Python function that returns one expression."""
    return load(render_module([Function(name, params, (Return(result),))]), name).functions[name]


def identifier(derivative: Derivative) -> str:
    """A name for functions made from the derivative's function."""
    name = derivative.function.__name__
    return name if name.isidentifier() else "function"


def plain_params(derivative: Derivative) -> tuple[Param, ...]:
    """The parameters, all of them positional. Python takes a default only where every later parameter has one, which
    a keyword-only parameter may not have."""
    return _positional(derivative.signature.parameters.values())


def _positional(parameters: Iterable[inspect.Parameter]) -> tuple[Param, ...]:
    result: list[Param] = []
    optional = True
    for p in reversed(list(parameters)):
        optional = optional and p.default is not inspect.Parameter.empty
        result.insert(0, Param(p.name, Object(p.default, f"default_{p.name}") if optional else None))
    return tuple(result)


def importable(f: Callable[..., Any]) -> bool:
    """Whether pickle finds a Python function by its module and name."""
    return not isinstance(f, FunctionType) or found_by_name(f.__module__, f.__qualname__) is f


def found_by_name(module: str, qualname: str) -> Any:
    """What a module that is loaded has under that name; None where there is nothing."""
    import sys

    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return found


def imported(module: str, qualname: str) -> Any:
    """What a module has under that name, once it is imported."""
    import importlib

    importlib.import_module(module)
    return found_by_name(module, qualname)
