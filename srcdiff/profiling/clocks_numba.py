"""The helpers of `clocks` for compiled code. Imported only when a compiled derivative is profiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numba.core.cgutils
import numba.core.types
import numba.extending
import numba.typed
import numpy as np
from llvmlite import ir

types: Any = numba.core.types
cgutils: Any = numba.core.cgutils
extending: Any = numba.extending
njit: Any = numba.njit
typed: Any = numba.typed

Seen = Any  # addresses of arrays that are on a tape


@extending.intrinsic  # type: ignore[untyped-decorator]
def ticks(typing_context: Any) -> tuple[Any, Callable[..., Any]]:  # noqa: ARG001
    """The counter of the processor. The optimiser moves no access of memory across it."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
        type_ = ir.FunctionType(ir.IntType(64), [])
        return builder.call(cgutils.get_or_insert_function(builder.module, type_, "llvm.readcyclecounter"), [])

    return types.int64(), code


@njit  # type: ignore[untyped-decorator]
def now() -> int:
    """The counter, for callers in Python."""
    return int(ticks())


def nothing_seen() -> Seen:
    """No arrays."""
    return typed.Dict.empty(types.int64, types.int64)


def stored(value: Any) -> int:
    """See `clocks.stored`. For compiled callers alone, as `kept` is."""
    raise NotImplementedError


def kept(value: Any, seen: Seen) -> int:
    """See `clocks.kept`; an array is known by its address and its size."""
    raise NotImplementedError


def alive(value: Any, seen: Seen) -> int:
    """See `clocks.alive`. A caller in Python notes arrays with it."""
    if not isinstance(value, np.ndarray):
        return 0
    seen[value.ctypes.data] = value.nbytes
    return int(value.nbytes)


@extending.overload(stored)  # type: ignore[untyped-decorator]
def _stored(value: Any) -> Callable[..., int] | None:
    if isinstance(value, types.Array):
        return lambda value: value.nbytes
    if isinstance(value, types.Number | types.Boolean):
        size = types.unliteral(value).bitwidth // 8 if isinstance(value, types.Number) else 1
        return lambda value: size  # noqa: ARG005
    return lambda value: 8  # noqa: ARG005


@extending.overload(kept)  # type: ignore[untyped-decorator]
def _kept(value: Any, seen: Seen) -> Callable[..., int] | None:  # noqa: ARG001
    if isinstance(value, types.Array):

        def array(value: Any, seen: Seen) -> int:
            address = value.ctypes.data
            if address in seen and seen[address] == value.nbytes:
                return 0
            seen[address] = value.nbytes
            return int(value.nbytes)

        return array
    if isinstance(value, types.BaseTuple) and len(value) == 0:
        return lambda value, seen: 0  # noqa: ARG005
    if isinstance(value, types.BaseTuple):
        return lambda value, seen: kept(value[0], seen) + kept(value[1:], seen)
    if isinstance(value, types.List | types.ListType):

        def items(value: Any, seen: Seen) -> int:
            size = 0
            for item in value:
                size += kept(item, seen)
            return size

        return items
    if isinstance(value, types.NoneType):
        return lambda value, seen: 0  # noqa: ARG005
    return lambda value, seen: stored(value)  # noqa: ARG005


@extending.overload(alive)  # type: ignore[untyped-decorator]
def _alive(value: Any, seen: Seen) -> Callable[..., int] | None:  # noqa: ARG001
    if isinstance(value, types.Array | types.List | types.ListType | types.BaseTuple):
        return lambda value, seen: kept(value, seen)  # noqa: PLW0108 (an overload has the parameters of its function)
    return lambda value, seen: 0  # noqa: ARG005
