"""Empty lists whose elements have a type that compiled code is told."""

from __future__ import annotations

import numpy as np

from .. import runtime
from ..ir.nodes import Call, Const, Display, Expr, Object
from ..ir.types import ListOf, Num, Static, Type

STACK = Object(runtime.stack, "stack")
EMPTY = Object(np.empty, "np.empty")
DTYPES: dict[str, type[np.generic]] = {
    "int64": np.int64,
    "bool": np.bool_,
    "float32": np.float32,
    "complex64": np.complex64,
    "complex128": np.complex128,
}


def stack_of(types: tuple[Type, ...]) -> Expr:
    """An empty list for values of that type, or for tuples of values of these types."""
    parts = tuple(map(example, types))
    return Call(STACK, (parts[0] if len(parts) == 1 else Display("tuple", parts),))


def example(type_: Type) -> Expr:
    """The least value of a type."""
    match type_:
        case ListOf(item=item):
            return stack_of((item,)) if item is not None else Display("list", ())
        case Num(dtype="float32" | "complex64" | "complex128" as name, ndim=0):
            return Call(Object(DTYPES[name], f"np.{name}"), (Const(0.0),))
        case Num(ndim=0):
            return Const(0.0) if type_.is_float else Const(False) if type_.dtype == "bool" else Const(0)
        case Num(ndim=int(rank)):
            shape: Expr = Display("tuple", (Const(0),) * rank) if rank > 1 else Const(0)
            dtype = DTYPES.get(type_.dtype)
            return Call(EMPTY, (shape,) if dtype is None else (shape, Object(dtype, f"np.{dtype.__name__}")))
        case Static():
            return Const(None)
    return Const(0.0)
