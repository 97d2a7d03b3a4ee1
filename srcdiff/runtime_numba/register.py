"""How an implementation is registered with Numba, and how the Numba types of its arguments are read.

Numba tries the implementations of a function in the order in which they were registered, those for a more specific
target first. So one more implementation of a NumPy function is an addition: it is asked only where the others have
refused the arguments. Of a *method* Numba looks at the first registration alone; there `target="cpu"` puts ours in
front, and it has to pass on to the function of the same name whatever Numba can do itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numba.core.imputils
import numba.core.types
import numba.core.typing.arraydecl
import numba.core.typing.templates
import numba.cpython.builtins
import numba.cpython.mathimpl
import numba.cpython.unsafe.tuple
import numba.extending
import numba.np.arraymath
import numba.np.arrayobj
import numba.np.linalg
import numba.np.numpy_support
import numpy as np

# Numba loads its own implementations late: the imports above register them before ours.
# Its modules have no types that hold, so what the package takes from it goes through `Any` here.
types: Any = numba.core.types
signature: Any = numba.core.typing.templates.signature
templates: Any = numba.core.typing.templates
OWN_ATTRIBUTES: Any = numba.core.typing.arraydecl.ArrayAttribute
imputils: Any = numba.core.imputils
tuple_setitem: Any = numba.cpython.unsafe.tuple.tuple_setitem
as_dtype: Any = numba.np.numpy_support.as_dtype
vectorize: Any = numba.vectorize
extending: Any = numba.extending

F = TypeVar("F", bound=Callable[..., Any])


def implements(*functions: Any, **options: Any) -> Callable[[F], F]:
    """The decorated function, of Numba types, gives the implementation of `functions`, or None to refuse."""

    def register(choose: F) -> F:
        for function in functions:
            extending.overload(function, **options)(choose)
        return choose

    return register


def written(*functions: Any, count: int = 1) -> Callable[[F], F]:
    """The decorated function writes the instructions for a call of `functions` with up to `count` arguments. Unlike an
    implementation it is not compiled as a function of its own for all types of the arguments."""

    def register(write: F) -> F:
        for function in functions:
            for given in range(1, count + 1):
                extending.lower_builtin(function, *(types.Any,) * given)(write)
        return write

    return register


def typed(function: Any, choose: Callable[..., Any]) -> None:
    """`choose`, of Numba types, gives the type of such a call, or None to refuse; it is asked before Numba is."""
    body = {"key": function, "generic": lambda _: choose, "metadata": {"target": "cpu"}, "__module__": __name__}
    template = type(f"Written_{function.__name__}", (templates.CallableTemplate,), body)
    templates.infer(template)
    templates.infer_global(function, types.Function(template))


def method(name: str) -> Callable[[F], F]:
    """The same for a method of arrays, in place of Numba's own."""

    def register(choose: F) -> F:
        extending.overload_method(types.Array, name, target="cpu")(choose)
        return choose

    return register


def attribute(name: str) -> Callable[[F], F]:
    """An attribute of arrays that Numba lacks."""

    def register(choose: F) -> F:
        extending.overload_attribute(types.Array, name)(choose)
        return choose

    return register


def number_attribute(name: str) -> Callable[[F], F]:
    """The same for an attribute of numbers, which NumPy's scalars have and Numba's have not."""

    def register(choose: F) -> F:
        extending.overload_attribute(types.Number, name)(choose)
        return choose

    return register


def jitable(function: F) -> F:
    """`function` may be called from compiled code."""
    extending.register_jitable(function)
    return function


# -------------------------------------------------------------------------------------------------- reading of types


def is_array(t: Any) -> bool:
    return isinstance(t, types.Array)


def is_number(t: Any) -> bool:
    """A real number or a truth value."""
    return isinstance(t, types.Float | types.Integer | types.Boolean)


def is_none(t: Any) -> bool:
    """`None`, given or by default."""
    return t is None or isinstance(t, types.NoneType) or (isinstance(t, types.Omitted) and t.value is None)


def is_axes(t: Any) -> bool:
    """A tuple of one or more integers."""
    return isinstance(t, types.UniTuple) and isinstance(t.dtype, types.Integer) and t.count > 0


def flag(t: Any) -> bool | None:
    """The truth value that is known when compiling; None where it is not."""
    if isinstance(t, bool):
        return t
    if isinstance(t, types.Omitted):
        return bool(t.value)
    return bool(t.literal_value) if isinstance(t, types.BooleanLiteral) else None


def sample(t: Any) -> Any:
    """A value of type `t`, made of ones.

    NumPy says by it which dtype a result has. Python's numbers stand for Numba's 64 bit ones: Numba knows no others.
    """
    if isinstance(t, types.Array):
        return np.ones((1,) * t.ndim, as_dtype(t.dtype))
    if isinstance(t, types.Float):
        return 1.0 if t.bitwidth == 64 else np.float32(1.0)
    if isinstance(t, types.Complex):
        return 1.0 + 0.0j if t.bitwidth == 128 else np.complex64(1.0)
    if isinstance(t, types.Boolean):
        return True
    return None if is_none(t) else 1
