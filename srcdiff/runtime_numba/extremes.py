"""The larger and the smaller one of two numbers, in compiled code.

Both are single instructions of LLVM's, which it makes vector instructions of: loops over Numba's `np.maximum` branch at
NaN. Its older versions cannot translate them for every processor; there Numba's own are taken.
"""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir

from .. import runtime
from .register import implements, typed, types, written

OLDEST = 18  # the first version of LLVM that has them for x86 and takes several at a time


def _common(x: Any, y: Any) -> Any:
    """The type of the larger one of two numbers."""
    if not isinstance(x, types.Float) or not isinstance(y, types.Float):
        return None
    return types.float64 if types.float64 in (x, y) else types.float32


def _instruction(name: str) -> Any:
    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.return_type
        number = context.get_value_type(kind)
        operands = [context.cast(builder, a, t, kind) for a, t in zip(args, signature.args, strict=True)]
        form = ir.FunctionType(number, (number, number))
        return builder.call(builder.module.declare_intrinsic(name, (number,), form), operands)

    return write


if llvmlite.binding.llvm_version_info[0] >= OLDEST:
    for _function, _name in ((runtime.larger, "llvm.maximum"), (runtime.smaller, "llvm.minimum")):
        typed(_function, _common)
        written(_function, count=2)(_instruction(_name))
else:

    @implements(runtime.larger)
    def larger(x: Any, y: Any) -> Any:
        def of_two(x: Any, y: Any) -> Any:
            return np.maximum(x, y)

        return of_two

    @implements(runtime.smaller)
    def smaller(x: Any, y: Any) -> Any:
        def of_two(x: Any, y: Any) -> Any:
            return np.minimum(x, y)

        return of_two
