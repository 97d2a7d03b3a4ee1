"""What the elementary functions are written with: single instructions, which LLVM makes vector instructions of.

`select` is used in the place of `if`, so that a loop over one of these functions has no branches. A `kernel` is
compiled by itself, with exactly the rounding that it is written with, whatever its caller allows, and becomes a part of
its caller.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding
import llvmlite.ir
import numba
import numba.core.config

from ..register import extending, types

config: Any = numba.core.config

_WORD, _DOUBLE = llvmlite.ir.IntType(64), llvmlite.ir.DoubleType()
_TERNARY = llvmlite.ir.FunctionType(_DOUBLE, (_DOUBLE,) * 3)

# (Without `fastmath`, a caller's would be taken over. What has no wrapper, only compiled code can call.)
OPTIONS = {"error_model": "numpy", "fastmath": False, "boundscheck": False, "forceinline": True}
_njit: Any = numba.njit(**OPTIONS, no_cpython_wrapper=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]
_intrinsic: Callable[[Any], Any] = extending.intrinsic

SHIFT = 1.5 * 2.0**52  # a number plus this is rounded to a whole one, which its last bits are
SHIFT_BITS = 0x4338000000000000
SIGN = -(2**63)


def kernel(function: Callable[..., Any]) -> Any:
    """A function of numbers that is made part of every loop that calls it."""
    return _njit(function)


def _operation(result: Any, arguments: tuple[Any, ...], emit: Callable[..., Any]) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, operands: Any) -> Any:
        return emit(builder, *operands)

    return result(*arguments), generate


@_intrinsic
def bits(_context: Any, x: Any) -> Any:
    """The bits of a float64 as an int64."""
    return _operation(types.int64, (types.float64,), lambda b, v: b.bitcast(v, _WORD)) if x == types.float64 else None


@_intrinsic
def from_bits(_context: Any, n: Any) -> Any:  # noqa: ARG001
    """The float64 of these bits."""
    return _operation(types.float64, (types.int64,), lambda b, v: b.bitcast(v, _DOUBLE))


@_intrinsic
def select(_context: Any, condition: Any, x: Any, y: Any) -> Any:  # noqa: ARG001
    """`x if condition else y`, where both are computed."""
    whole = isinstance(x, types.Integer)
    kind = types.int64 if whole else types.float64
    return _operation(kind, (types.boolean, kind, kind), lambda b, c, v, w: b.select(c, v, w))


@_intrinsic
def multiply_add(_context: Any, x: Any, y: Any, z: Any) -> Any:  # noqa: ARG001
    """`x*y + z`, rounded once where the processor can do that in one instruction."""

    def emit(builder: Any, *operands: Any) -> Any:
        return builder.call(builder.module.declare_intrinsic("llvm.fmuladd", (_DOUBLE,), _TERNARY), operands)

    return _operation(types.float64, (types.float64,) * 3, emit)


@_intrinsic
def nearest(_context: Any, x: Any) -> Any:  # noqa: ARG001
    """The whole number next to x; the even one of two."""

    def emit(builder: Any, operand: Any) -> Any:
        return builder.call(builder.module.declare_intrinsic("llvm.rint", (_DOUBLE,)), (operand,))

    return _operation(types.float64, (types.float64,), emit)


def _multiplies_and_adds() -> bool:
    """Whether the processor has an instruction that multiplies and adds with one rounding."""
    if llvmlite.binding.get_default_triple().startswith(("aarch64", "arm64")):
        return True
    asked = config.CPU_FEATURES
    features = asked if asked is not None else llvmlite.binding.get_host_cpu_features().flatten()
    return "+fma" in features.split(",")


if _multiplies_and_adds():

    @_intrinsic
    def _fused(_context: Any, x: Any, y: Any, z: Any) -> Any:  # noqa: ARG001
        return _operation(types.float64, (types.float64,) * 3, lambda b, *operands: b.fma(*operands))

    @kernel
    def error_of_product(x: float, y: float, product: float) -> float:
        """What rounding took from the product: x*y - product, exactly."""
        found: float = _fused(x, y, -product)
        return found

else:
    _SPLITTER = 2.0**27 + 1.0

    @kernel
    def error_of_product(x: float, y: float, product: float) -> float:
        """The same by T. J. Dekker, "A floating-point technique for extending the available precision", Numerische
        Mathematik 18 (1971). For |x|, |y| < 2**996."""
        x_high = x * _SPLITTER
        x_high = x_high - (x_high - x)
        y_high = y * _SPLITTER
        y_high = y_high - (y_high - y)
        x_low, y_low = x - x_high, y - y_high
        found: float = ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low
        return found


@kernel
def error_of_sum(x: float, y: float, total: float) -> float:
    """What rounding took from the sum: x + y - total, exactly. (D. E. Knuth, The Art of Computer Programming, volume 2,
    section 4.2.2, theorem B.)"""
    shared = total - x
    return (x - (total - shared)) + (y - shared)


def polynomial(coefficients: tuple[float, ...]) -> Any:
    """A kernel that evaluates this polynomial, lowest power first, by Horner's rule."""
    names: dict[str, Any] = {f"c{k}": c for k, c in enumerate(coefficients)}
    nested = f"c{len(coefficients) - 1}"
    for k in range(len(coefficients) - 2, -1, -1):
        nested = f"multiply_add({nested}, x, c{k})"
    names["multiply_add"] = multiply_add
    exec(f"def of(x):\n    return {nested}\n", names)
    return kernel(names["of"])
