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
    """The counter of the processor, when all instructions ahead of it are done: what a statement has begun would
    otherwise end while the books are kept, and count nowhere. The optimiser moves no access of memory across it."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
        wait = ir.FunctionType(ir.VoidType(), [])
        builder.call(cgutils.get_or_insert_function(builder.module, wait, "llvm.x86.sse2.lfence"), [])
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


def _nothing(value: Any, seen: Seen) -> int:  # noqa: ARG001
    return 0


@extending.overload(stored)  # type: ignore[untyped-decorator]
def _stored(value: Any) -> Callable[..., int]:
    size = _size(value)

    def array(value: Any) -> int:
        return int(value.nbytes)

    def items(value: Any) -> int:
        size = 0
        for item in value:
            size += stored(item)
        return size

    def parts(value: Any) -> int:
        return stored(value[0]) + stored(value[1:])

    def number(value: Any) -> int:  # noqa: ARG001
        return size

    if isinstance(value, types.BaseTuple) and len(value):
        return parts
    if isinstance(value, types.List | types.ListType):
        return items
    return array if isinstance(value, types.Array) else number


def _size(value: Any) -> int:
    if isinstance(value, types.Number):
        return int(types.unliteral(value).bitwidth) // 8
    return 1 if isinstance(value, types.Boolean) else 0 if isinstance(value, types.NoneType | types.BaseTuple) else 8


@extending.overload(kept)  # type: ignore[untyped-decorator]
def _kept(value: Any, seen: Seen) -> Callable[..., int]:  # noqa: ARG001
    def array(value: Any, seen: Seen) -> int:
        address = np.int64(value.ctypes.data)
        if address in seen and seen[address] == value.nbytes:
            return 0
        seen[address] = value.nbytes
        return int(value.nbytes)

    def items(value: Any, seen: Seen) -> int:
        size = 0
        for item in value:
            size += kept(item, seen)
        return size

    def parts(value: Any, seen: Seen) -> int:
        return kept(value[0], seen) + kept(value[1:], seen)

    def number(value: Any, seen: Seen) -> int:  # noqa: ARG001
        return stored(value)

    if isinstance(value, types.BaseTuple):
        return parts if len(value) else _nothing
    if isinstance(value, types.List | types.ListType):
        return items
    return array if isinstance(value, types.Array) else number


@extending.overload(alive)  # type: ignore[untyped-decorator]
def _alive(value: Any, seen: Seen) -> Callable[..., int]:  # noqa: ARG001
    def whole(value: Any, seen: Seen) -> int:
        return kept(value, seen)

    return whole if isinstance(value, types.Array | types.List | types.ListType | types.BaseTuple) else _nothing
