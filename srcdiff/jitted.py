"""A derivative that other `numba.njit` code can call: written anew for every combination of Numba types it meets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .backend import load, render_module
from .build import numba_module
from .errors import BadArgument
from .ir.nodes import Call, Const, Display, Expr, Function, Item, Name, Object, Param, Return
from .ir.types import BOOL, Dim, Num, Static, Type

if TYPE_CHECKING:
    from .derivative import Derivative


def jitted(derivative: Derivative) -> Any:
    """A Numba dispatcher with the derivative's parameters and result. Arrays that the function captures are constants
    of the compiled code, as Numba has it."""
    numba = numba_module()
    names = list(derivative.signature.parameters)
    base = derivative.function.__name__ if derivative.function.__name__.isidentifier() else "function"
    stub = _function(f"{base}_stub", names, Const(None))

    def implement(*types: Any) -> Any:
        found = [from_numba(t, n) for t, n in zip(types, names, strict=True)]
        built = derivative.built_for_types(found)
        inner = numba.njit(error_model="numpy")(built.plain)
        args: list[Expr] = []
        for name, type_ in zip(names, found, strict=True):
            whole = name in derivative.wrt and isinstance(type_, Num) and type_.is_integral
            args.append(Call(Object(float, "float"), (Name(name),)) if whole else Name(name))
        args += [Object(value, name) for name, value in built.captured]
        result: Expr = Call(Object(inner, "derivative"), tuple(args))
        if derivative.options.kind == "value" and not derivative.single:
            parts = tuple(Item(result, Const(k + 1)) for k in range(len(derivative.wrt)))
            result = Display("tuple", (Item(result, Const(0)), Display("tuple", parts)))
        return _function(f"{base}_call", names, result)

    _overload(numba, stub, implement, names)
    call = Call(Object(stub, "stub"), tuple(map(Name, names)))
    return numba.njit(error_model="numpy")(_function(f"{base}_{derivative.options.kind}", names, call))


def _overload(numba: Any, stub: Any, implement: Any, names: list[str]) -> None:
    """Register `implement` for the stub; Numba wants it to have the stub's own parameters."""
    call = Call(Object(implement, "implement"), tuple(map(Name, names)))
    numba.extending.overload(stub, jit_options={"error_model": "numpy"})(_function("implement_for", names, call))


def _function(name: str, names: list[str], result: Expr) -> Any:
    rendered = render_module([Function(name, tuple(map(Param, names)), (Return(result),))])
    return load(rendered, name).functions[name]


def from_numba(type_: Any, name: str) -> Type:
    """What a Numba type says of an argument. Raises BadArgument for what a derivative does not take."""
    from numba.core import types as nt

    type_ = getattr(type_, "literal_type", type_)
    if isinstance(type_, nt.Omitted):
        return from_numba(nt.float64, name) if isinstance(type_.value, float) else Static(type_.value)
    if isinstance(type_, nt.Boolean):
        return BOOL
    if isinstance(type_, nt.Integer):
        return Num("int64", value=Dim(("argument", name)))
    if isinstance(type_, nt.Float):
        return Num(str(type_))
    if isinstance(type_, nt.Array):
        dtype = from_numba(type_.dtype, name)
        if isinstance(dtype, Num):
            return Num(
                dtype.dtype,
                type_.ndim,
                tuple(Dim(("argument", name, axis)) for axis in range(type_.ndim)),
                contiguous=type_.layout == "C",
            )
    if isinstance(type_, nt.NoneType):
        return Static(None)
    raise BadArgument(f"`{name}` is a {type_} and is not supported as an argument; pass a float or an array of floats")
