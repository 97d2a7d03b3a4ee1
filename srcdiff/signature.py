"""Arguments: binding them, recognising their types, making them fit, and giving gradients their argument's form."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from typing import Any, SupportsIndex

import numpy as np

from .errors import BadArgument
from .ir.types import FLOAT, Dim, Num, Static, Tup, Type

_FLOATS = ("float32", "float64")
_LAYOUT = 0x503  # of NumPy's flags: C order, Fortran order, aligned, writeable


def parameters(function: Callable[..., Any]) -> inspect.Signature:
    """The signature by which arguments are bound (annotations left alone)."""
    return inspect.signature(function, follow_wrapped=False)


def count_by_position(signature: inspect.Signature) -> int | None:
    """How many arguments make a complete call without keywords; None where some can only be given by keyword."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = signature.parameters
    return None if any(p.kind is keyword for p in parameters.values()) else len(parameters)


def bound(
    signature: inspect.Signature, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> inspect.BoundArguments:
    """The arguments with the defaults filled in. Raises BadArgument where Python would raise TypeError."""
    try:
        found = signature.bind(*args, **kwargs)
    except TypeError as problem:
        raise BadArgument(f"{name}{signature}: {problem}") from None
    found.apply_defaults()
    return found


def selected(signature: inspect.Signature, wrt: Any, name: str) -> tuple[tuple[str, ...], bool]:
    """The names that `wrt` selects, and whether it is a single one. Raises BadArgument for what selects nothing."""
    names = list(signature.parameters)
    single = not isinstance(wrt, tuple)
    wanted = (wrt,) if single else wrt
    if not wanted:
        raise BadArgument(
            f"wrt=() selects no argument of {name}{signature}; give a position, a name, or a tuple of these"
        )
    found = tuple(_selected_name(w, names, f"{name}{signature}") for w in wanted)
    if len(set(found)) < len(found):
        raise BadArgument(f"wrt={wrt!r} names the same parameter of {name} twice")
    return found, single


def _selected_name(w: Any, names: list[str], function: str) -> str:
    if isinstance(w, str):
        if w not in names:
            raise BadArgument(f"wrt={w!r}: {function} has no parameter of that name")
        return w
    if isinstance(w, list | set):
        raise BadArgument(f"wrt={w!r} is a {type(w).__name__}; write several parameters as a tuple")
    if isinstance(w, bool) or not isinstance(w, SupportsIndex) or isinstance(w, np.ndarray):
        raise BadArgument(f"wrt={w!r} is neither a position nor a parameter name of {function}")
    position = operator.index(w)
    if not -len(names) <= position < len(names):
        number = "1 parameter" if len(names) == 1 else f"{len(names)} parameters"
        raise BadArgument(f"wrt={position} is out of range: {function} has {number}")
    return names[position]


# ------------------------------------------------------------------------------------------------- making them fit


def key_of(value: Any) -> Hashable:
    """What may make a difference to what runs: kinds, dtypes, ranks, which lengths are 1, the layout in memory."""
    kind: Any = type(value)
    if kind is float:
        return float
    if kind is np.ndarray:
        shape = value.shape
        lengths = tuple([n == 1 for n in shape]) if 1 in shape else len(shape)
        return value.dtype, lengths, value.flags.num & _LAYOUT
    if kind is tuple:
        return tuple(map(key_of, value))
    if kind is str or value is None:
        return kind, value
    other: Hashable = kind
    return other


def is_exact(value: Any, differentiate: bool) -> bool:
    """Whether every argument with the same key is taken by generated code as it is (see `fitted`)."""
    kind = type(value)
    if kind is np.ndarray:
        known = value.dtype.name in _FLOATS or (not differentiate and value.dtype.kind in "iub")
        return known and bool(value.ndim) and value.dtype.isnative
    if kind in (float, np.float64, np.float32):
        return True
    return not differentiate and kind in (bool, str, type(None), np.int64, np.int32)


def fitted(value: Any, name: str, differentiate: bool) -> Any:
    """The argument as generated code takes it: exact arrays of native dtype, 0-d arrays as numbers, and what is
    differentiated as floats. The caller's object is never changed. Raises BadArgument for what has no derivative."""
    kind = type(value)
    if kind is float:
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
    article = "an" if kind.__name__[0] in "aeiouAEIOU" else "a"
    raise BadArgument(f"`{name}` is {article} {kind.__name__} and {verb}; {hint}")


def _fitted_int(value: Any, name: str, differentiate: bool) -> Any:
    if differentiate:
        try:
            return float(value)
        except OverflowError:
            raise BadArgument(f"`{name}` is a whole number too large for a float") from None
    if not -(2**63) <= int(value) < 2**63:
        raise BadArgument(f"`{name}` is a whole number that does not fit into 64 bits; pass it as a float")
    return value


def _fitted_array(value: np.ndarray[Any, Any], name: str, differentiate: bool) -> Any:
    if type(value) is not np.ndarray:
        if not isinstance(value, np.memmap):
            raise BadArgument(
                f"`{name}` is a {type(value).__name__}, a subclass of ndarray whose operators may mean something else; "
                f"pass np.asarray({name})"
            )
        value = np.asarray(value)
    dtype = value.dtype
    if dtype.kind == "b" and differentiate:
        raise BadArgument(f"`{name}` is an array of bool: it has no derivative; leave it out of wrt")
    if dtype.kind not in "iubf" or (dtype.kind == "f" and dtype.itemsize not in (4, 8)):
        raise BadArgument(f"`{name}` is an array of {dtype}: use float64 or float32")
    if not dtype.isnative:
        value = value.astype(dtype.newbyteorder("="))
    if differentiate and dtype.kind in "iu":
        value = value.astype(np.float64)
    return fitted(value[()], name, differentiate) if value.ndim == 0 else value


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


def boxed_type(given: Any, type_: Type) -> Type:
    """The type of an argument as it was given: a 0-d array is taken as a number, but it is one that can be written."""
    is_boxed = isinstance(given, np.ndarray) and given.ndim == 0 and isinstance(type_, Num)
    return replace(type_, boxed=True) if is_boxed and isinstance(type_, Num) else type_


def flattened(args: Iterable[Any]) -> tuple[Any, ...]:
    """Tuples as their items: generated code takes plain values."""
    flat: list[Any] = []
    for a in args:
        if type(a) is tuple:
            flat.extend(flattened(a))
        else:
            flat.append(a)
    return tuple(flat)


def finish(gradient: Any, argument: Any) -> Any:
    """The gradient in its argument's form: a float for a number, the argument's own dtype and shape for an array."""
    if type(argument) is float:
        return gradient if type(gradient) is float else float(gradient)
    if isinstance(argument, np.ndarray):
        dtype = argument.dtype if argument.dtype.kind == "f" else np.dtype(np.float64)
        if isinstance(gradient, np.ndarray) and gradient.shape == argument.shape:
            if gradient.dtype != dtype or not gradient.flags.writeable:
                return gradient.astype(dtype)
            return gradient
        return np.array(np.broadcast_to(gradient, argument.shape), dtype)
    return np.float32(gradient) if isinstance(argument, np.float32) else float(gradient)
