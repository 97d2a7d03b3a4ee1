"""Arguments: binding them, recognising their types, making them fit, and giving gradients their argument's form."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from .errors import BadArgument, SharedMemory
from .ir.types import FLOAT, Dim, Num, Static, Tup, Type

_FLOATS = ("float32", "float64")


def parameters(function: Callable[..., Any]) -> inspect.Signature:
    """The signature by which arguments are bound (annotations left alone)."""
    return inspect.signature(function, follow_wrapped=False)


def bind(signature: inspect.Signature, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """All arguments by position, defaults filled in. Raises BadArgument as Python would raise TypeError."""
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as problem:
        raise BadArgument(f"{name}{signature}: {problem}") from None
    bound.apply_defaults()
    return tuple(bound.arguments.values())


def selected(signature: inspect.Signature, wrt: Any, name: str) -> tuple[tuple[str, ...], bool]:
    """The names that `wrt` selects, and whether it is a single one. Raises BadArgument for what selects nothing."""
    names = list(signature.parameters)
    single = not isinstance(wrt, tuple)
    wanted = (wrt,) if single else wrt
    if not wanted:
        raise BadArgument(
            f"wrt=() selects no argument of {name}{signature}; give a position, a name, or a tuple of these"
        )
    found = []
    for w in wanted:
        if isinstance(w, bool) or not isinstance(w, int | str):
            raise BadArgument(f"wrt={w!r} is neither a position nor a parameter name of {name}{signature}")
        if isinstance(w, str):
            if w not in names:
                raise BadArgument(f"wrt={w!r}: {name}{signature} has no parameter of that name")
            found.append(w)
        else:
            if not -len(names) <= w < len(names):
                raise BadArgument(f"wrt={w} is out of range: {name}{signature} has {len(names)} parameters")
            found.append(names[w])
    if len(set(found)) < len(found):
        raise BadArgument(f"wrt={wrt!r} names the same parameter of {name} twice")
    return tuple(found), single


def fitted(value: Any, name: str, differentiate: bool) -> Any:
    """The argument as generated code takes it: exact arrays of native dtype, 0-d arrays as numbers, and what is
    differentiated as floats. The caller's object is never changed. Raises BadArgument for what has no derivative."""
    kind = type(value)
    if kind is float or (kind is np.ndarray and value.ndim and value.dtype.isnative and value.dtype.name in _FLOATS):
        return value
    if isinstance(value, np.ndarray):
        return _fitted_array(value, name, differentiate)
    if isinstance(value, bool | np.bool_):
        if differentiate:
            raise BadArgument(f"`{name}` is a bool: it has no derivative; leave it out of wrt")
        return bool(value)
    if isinstance(value, int | np.integer):
        return _fitted_int(value, name, differentiate)
    if isinstance(value, np.floating):
        if value.dtype.name not in _FLOATS:
            raise BadArgument(f"`{name}` is a {value.dtype}: use float64 or float32")
        return value
    if not differentiate and (value is None or isinstance(value, str)):
        return value
    if not differentiate and isinstance(value, tuple):
        return tuple(fitted(v, f"{name}[{i}]", False) for i, v in enumerate(value))
    hint = "pass np.array(...)" if isinstance(value, list | tuple) else "pass a float or a NumPy array of floats"
    verb = "cannot be differentiated" if differentiate else "is not supported as an argument"
    raise BadArgument(f"`{name}` is a {kind.__name__} and {verb}; {hint}")


def _fitted_int(value: Any, name: str, differentiate: bool) -> Any:
    if differentiate:
        return float(value)
    if not -(2**63) <= int(value) < 2**63:
        raise BadArgument(f"`{name}` = {value} does not fit into 64 bits; pass it as a float")
    return value


def _fitted_array(value: np.ndarray[Any, Any], name: str, differentiate: bool) -> Any:
    if type(value) is not np.ndarray:
        if not isinstance(value, np.memmap):
            raise BadArgument(
                f"`{name}` is a {type(value).__name__}, a subclass of ndarray whose operators may mean something else; "
                f"pass np.asarray({name})"
            )
        value = np.asarray(value)
    if value.dtype.kind == "b" and differentiate:
        raise BadArgument(f"`{name}` is an array of bool: it has no derivative; leave it out of wrt")
    if value.dtype.kind not in "iubf" or (value.dtype.kind == "f" and value.dtype.itemsize not in (4, 8)):
        raise BadArgument(f"`{name}` is an array of {value.dtype}: use float64 or float32")
    if not value.dtype.isnative:
        value = value.astype(value.dtype.newbyteorder("="))
    if differentiate and value.dtype.kind in "iu":
        value = value.astype(np.float64)
    return value[()] if value.ndim == 0 else value


def key_of(value: Any) -> Hashable:
    """What a specialisation depends on: kinds, dtypes, ranks, and which lengths are 1."""
    kind = type(value)
    if kind is float:
        return "f"
    if kind is np.ndarray:
        return (value.dtype, tuple(n == 1 for n in value.shape), value.flags.c_contiguous)
    if kind is tuple:
        return tuple(map(key_of, value))
    if kind is str or value is None:
        return (kind, value)
    return kind


def type_of(value: Any, name: str) -> Type:
    """The type of an argument; lengths and counts are named after it."""
    match value:
        case bool():
            return Num("bool", weak=True)
        case int() | np.integer():
            return Num("int64", weak=isinstance(value, int), value=Dim(("argument", name)))
        case np.floating():
            return Num(str(value.dtype))
        case float():
            return FLOAT
        case np.ndarray():
            dtype = "int64" if value.dtype.kind in "iu" else str(value.dtype)
            shape = tuple(Dim(("argument", name, axis), n == 1) for axis, n in enumerate(value.shape))
            return Num(dtype, value.ndim, shape, contiguous=value.flags.c_contiguous)
        case tuple():
            return Tup(tuple(type_of(v, f"{name}_{i}") for i, v in enumerate(value)))
        case _:
            return Static(value)


def flattened(args: tuple[Any, ...]) -> list[Any]:
    """Tuples as their items: generated code takes plain values."""
    flat: list[Any] = []
    for a in args:
        if type(a) is tuple:
            flat.extend(flattened(a))
        else:
            flat.append(a)
    return flat


def finish(gradient: Any, argument: Any) -> Any:
    """The gradient in its argument's form: a float for a number, the argument's own dtype and shape for an array."""
    if isinstance(argument, np.ndarray):
        dtype = argument.dtype if argument.dtype.kind == "f" else np.dtype(np.float64)
        if isinstance(gradient, np.ndarray) and gradient.shape == argument.shape:
            if gradient.dtype != dtype or not gradient.flags.writeable:
                return gradient.astype(dtype)
            return gradient
        return np.array(np.broadcast_to(gradient, argument.shape), dtype)
    if isinstance(argument, np.floating) and not isinstance(argument, float):
        return type(argument)(gradient)
    return float(gradient)


def check_apart(written: list[tuple[str, Any]], others: list[tuple[str, Any]], name: str) -> None:
    """Refuse a call in which an argument that the function writes shares memory with another argument."""
    for own, array in written:
        if not isinstance(array, np.ndarray):
            continue
        for other, second in others:
            if other != own and isinstance(second, np.ndarray) and _overlap(array, second):
                raise SharedMemory(
                    f"{name} writes into `{own}`, which shares memory with `{other}` in this call; pass a copy of one of them"
                )
        if _overlap_itself(array):
            raise SharedMemory(f"{name} writes into `{own}`, whose elements overlap in memory; pass a copy of it")


def _overlap(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    if not np.may_share_memory(a, b):
        return False
    try:
        return bool(np.shares_memory(a, b, max_work=10_000))
    except np.exceptions.TooHardError:
        return True


def _overlap_itself(a: np.ndarray[Any, Any]) -> bool:
    return any(stride == 0 and n > 1 for stride, n in zip(a.strides, a.shape, strict=True))
