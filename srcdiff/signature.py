"""Arguments: binding them, recognising their types, making them fit, and giving gradients their argument's form."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, SupportsIndex

import numpy as np

from .errors import BadArgument, ComplexResult
from .ir.constants import identity, is_plain_constant
from .ir.types import COMPLEX, FLOAT, Dim, Num, Static, Tup, Type, has_real, held
from .records import form_of, is_structure, leaves, mapped, name_of, parts_of
from .runtime import duplicate

_FLOATS = ("float32", "float64")
_COMPLEX = ("complex64", "complex128")
COMPLEX_HINT = "derivatives are taken by real numbers: pass its real and imaginary part as two arguments"
_NUMBERS = (int, bool, np.float64, np.float32, np.int64, np.int32, np.bool_)
_MANY = 1000  # parts of one structure
LAYOUT = 0x503  # of NumPy's flags: C order, Fortran order, aligned, writeable


def parameters(function: Callable[..., Any]) -> inspect.Signature:
    """The signature by which arguments are bound (annotations left alone)."""
    return inspect.signature(function, follow_wrapped=False)


def count_by_position(signature: inspect.Signature) -> int | None:
    """How many arguments make a complete call without keywords; None where that is not one number, or not enough."""
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = signature.parameters
    return len(parameters) if all(p.kind in by_place for p in parameters.values()) else None


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


_FLOAT64 = np.dtype(np.float64)


def key_of(value: Any) -> Hashable:
    """What may make a difference to what runs: kinds, dtypes, ranks, which lengths are 1, the layout in memory."""
    kind: Any = type(value)
    if kind is float:
        return float
    if kind is np.ndarray:
        shape = value.shape
        lengths = tuple([n == 1 for n in shape]) if 1 in shape else len(shape)
        return value.dtype, lengths, value.flags.num & LAYOUT
    if kind is tuple:
        return tuple(map(key_of, value))
    if kind is str or value is None:
        return kind, value
    if kind in _NUMBERS:
        return kind  # type: ignore[no-any-return]
    if is_plain_constant(value):
        return kind, identity(value)
    form = form_of(value)
    if form is None:
        return kind, None if isinstance(value, np.ndarray | np.generic) else id(value)
    return form, tuple(map(key_of, parts_of(value, form)))


def alike(args: Sequence[Any], compiled: bool) -> list[tuple[int, int]]:
    """The places of arrays that have the shape of one before them, each with the place of that, where a text is for
    arguments with these shapes in common. To compile one more takes seconds: compiled code compares lengths itself."""
    if compiled:
        return []
    first: dict[tuple[int, ...], int] = {}
    arrays = ((k, a.shape) for k, a in enumerate(args) if type(a) is np.ndarray and a.ndim)
    return [(k, first[shape]) for k, shape in arrays if first.setdefault(shape, k) != k]


def is_exact(value: Any, differentiate: bool) -> bool:
    """Whether every argument with the same key is taken by generated code as it is (see `fitted`)."""
    kind = type(value)
    if kind is np.ndarray:
        exact = value.dtype.name in _COMPLEX or value.dtype.kind in "iub"
        known = value.dtype.name in _FLOATS or (not differentiate and exact)
        return known and bool(value.ndim) and value.dtype.isnative
    if kind in (float, np.float64, np.float32):
        return True
    return not differentiate and (
        kind in (bool, complex, str, type(None), np.int64, np.int32) or held(value) is not None
    )


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
    if isinstance(value, int) or (isinstance(value, np.integer) and value.dtype.kind in "iu"):  # (no duration)
        return _fitted_int(value, name, differentiate)
    if isinstance(value, np.floating):
        if value.dtype.name not in _FLOATS:
            raise BadArgument(f"`{name}` is a {value.dtype}: use float64 or float32")
        return value
    if not differentiate and (value is None or isinstance(value, str | complex) or held(value) is not None):
        return value
    if isinstance(value, complex | np.complexfloating):
        if differentiate:
            raise BadArgument(f"`{name}` is complex; {COMPLEX_HINT}")
        if np.dtype(kind).name not in _COMPLEX:
            raise BadArgument(f"`{name}` is a {kind.__name__}: use complex128 or complex64")
        return value
    hint = "pass a float or a NumPy array of floats"
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
    if dtype.kind == "c" and differentiate:
        raise BadArgument(f"`{name}` is an array of {dtype}; {COMPLEX_HINT}")
    if dtype.kind not in "iubfc" or (dtype.kind in "fc" and dtype.name not in _FLOATS + _COMPLEX):
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
        case np.floating() | np.complexfloating():
            return Num(str(value.dtype))
        case float():
            return FLOAT
        case complex():
            return COMPLEX
        case np.ndarray():
            dtype = "int64" if value.dtype.kind in "iu" else str(value.dtype)
            shape = tuple(Dim(("argument", name, axis), n == 1) for axis, n in enumerate(value.shape))
            return Num(dtype, value.ndim, shape, contiguous=value.flags.c_contiguous)
        case tuple():
            return argument_type(value, name, False)
        case _:
            return held(value) or Static(value)


def argument_types(
    args: Sequence[Any], names: Sequence[str], places: Sequence[int], compiled: bool
) -> tuple[Type, ...]:
    """The types of all arguments, of which those in some places are differentiated; the arrays of one shape (see
    `alike`) have the same lengths."""
    found = [argument_type(a, n, k in places) for k, (a, n) in enumerate(zip(args, names, strict=True))]
    for k, first in alike(args, compiled):
        own, other = found[k], found[first]
        if isinstance(own, Num) and isinstance(other, Num):
            found[k] = replace(own, shape=other.shape)
    return tuple(found)


def argument_type(value: Any, name: str, differentiate: bool) -> Type:
    """The type of an argument as it is given, a structure's part by part. Raises BadArgument as `fitted` does."""
    form = form_of(value)
    if form is not None or type(value) is tuple:
        if form is not None and len(form.keys) > _MANY:
            raise BadArgument(
                f"`{name}` has {len(form.keys)} parts, and each would have a variable of its own; pass np.array(...)"
            )
        parts = enumerate(parts_of(value, form))
        items = tuple(_part_type(v, name_of(name, form, k), differentiate) for k, v in parts)
        if differentiate and not any(map(has_real, items)):
            raise BadArgument(f"`{name}` holds no real number or array of real numbers: there is nothing to derive by")
        return Tup(items, form)
    if is_function(value) and not differentiate:
        return Static(value)
    type_ = type_of(fitted(value, name, differentiate), name)
    # a 0-d array is taken as a number, but it is one that can be written
    is_boxed = isinstance(value, np.ndarray) and value.ndim == 0
    return replace(type_, boxed=True) if is_boxed and isinstance(type_, Num) else type_


def _part_type(value: Any, name: str, differentiate: bool) -> Type:
    """The type of a part of a structure: what is no number or array is of use only as the very object it is."""
    if is_structure(value):
        return argument_type(value, name, False)
    return argument_type(value, name, differentiate and is_real(value)) if _is_number(value) else Static(value)


def _is_number(value: Any) -> bool:
    """Whether generated code takes a part of a structure: a number, an array, a random generator."""
    if held(value) is not None:
        return True
    if isinstance(value, bool | int | np.bool_ | np.integer):
        return -(2**63) <= int(value) < 2**63
    kinds = ("f4", "f8", "b1")
    return isinstance(value, float) or (
        type(value) in (np.ndarray, np.memmap, np.float32, np.float64)
        and (value.dtype.kind in "iu" or value.dtype.str[1:] in kinds)
    )


def is_function(value: Any) -> bool:
    """Whether an argument is a function, or a date or its kind: known when the derivative is written, and no argument
    of generated code."""
    return (callable(value) and not isinstance(value, np.generic)) or is_plain_constant(value)


def is_real(value: Any) -> bool:
    """Whether a part of a structure carries a derivative: a float, or an array of floats."""
    return type(value) is float or (isinstance(value, np.ndarray | np.generic) and value.dtype.name in _FLOATS)


def taken(value: Any, name: str, differentiate: bool) -> Iterator[Any]:
    """An argument as generated code takes it: fitted, a structure's numbers and arrays one by one."""
    if not is_structure(value):
        if not is_function(value):
            yield fitted(value, name, differentiate)
        return
    for own, leaf in numbers(value, name):
        yield fitted(leaf, own, False)


def numbers(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The values that generated code takes for an argument, with their names: of a structure the numbers and arrays."""
    if not is_structure(value):
        if not is_function(value):
            yield name, value
        return
    for own, leaf in leaves(value, name):
        if _is_number(leaf):
            yield own, leaf


def finished(adjoints: Iterator[Any], argument: Any) -> Any:
    """The gradient by an argument in its form, from the adjoints of its numbers and arrays in their order: for a
    structure one like it, with None for the parts that carry no derivative."""
    if not is_structure(argument):
        return finish(next(adjoints), argument)
    return mapped(lambda leaf: finish(next(adjoints), leaf) if is_real(leaf) else None, argument)


def finish_all(parts: Any, args: tuple[Any, ...], places: tuple[int, ...], single: bool) -> Any:
    """Gradients in their arguments' form, one alone or a tuple of them."""
    adjoints = iter(parts)
    done = tuple([finished(adjoints, args[k]) for k in places])
    return done[0] if single else done


def duplicated(args: Iterable[Any]) -> tuple[Any, ...]:
    """The arguments of one more run of a function, with generators that draw the same again."""
    return tuple([mapped(lambda leaf: duplicate(leaf) if held(leaf) else leaf, a) for a in args])


def finish(gradient: Any, argument: Any) -> Any:
    """The gradient in its argument's form: a float for a number, the argument's own dtype and shape for an array."""
    if type(gradient) in (complex, np.complex128, np.complex64):
        raise ComplexResult(
            "of these real numbers the function computes a complex one, which its derivative does not follow; make the "
            "argument complex inside the function (x + 0j), or keep to the domain of the real function"
        )
    if type(argument) is float:
        return gradient if type(gradient) is float else float(gradient)
    if isinstance(argument, np.ndarray):
        usual = type(gradient) is np.ndarray and gradient.dtype is argument.dtype is _FLOAT64
        if usual and gradient.shape == argument.shape and gradient.flags.writeable:
            return gradient
        dtype = argument.dtype if argument.dtype.kind == "f" else np.dtype(np.float64)
        if isinstance(gradient, np.ndarray) and gradient.shape == argument.shape:
            if gradient.dtype.kind == "c":
                raise TypeError("a defect of srcdiff: the gradient by a real argument is complex")
            if gradient.dtype != dtype or not gradient.flags.writeable:
                return gradient.astype(dtype)
            return gradient
        return np.array(np.broadcast_to(gradient, argument.shape), dtype)
    return np.float32(gradient) if isinstance(argument, np.float32) else float(gradient)
