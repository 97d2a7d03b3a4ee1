"""A mark on compiled code that no other process can use.

Numba's own cache (`cache=True`) looks at the file of the user's function alone: that function would go on calling a
derivative whose own function, elsewhere, has changed; or the next process would not find the generated module at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba.core.cgutils
import numba.core.types
import numba.extending
from llvmlite import ir

_HERE = object()
_CGUTILS: Any = numba.core.cgutils


def _lower(context: Any, builder: Any, _signature: Any, _args: Any) -> Any:
    # An address makes Numba leave the code, and all that calls it, out of its cache. It is compared, as the optimiser
    # would remove what nobody reads; it cannot know that the address is never null.
    address = context.add_dynamic_addr(builder, id(_HERE), info="srcdiff")
    with builder.if_then(_CGUTILS.is_null(builder, address), likely=False):
        trap = builder.module.declare_intrinsic("llvm.trap", fnty=ir.FunctionType(ir.VoidType(), []))
        builder.call(trap, [])
    return context.get_dummy_value()


def _typed(_typing_context: Any) -> tuple[Any, Callable[..., Any]]:
    return numba.core.types.none(), _lower


of_this_process: Any = numba.extending.intrinsic(_typed)
