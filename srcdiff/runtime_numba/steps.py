"""Steps of Numba's on the way from a generated function to its types, without what they do there for nothing."""

from __future__ import annotations

import operator
from types import CodeType
from typing import Any

import numba.core.compiler_machinery
import numba.core.ir
import numba.core.typed_passes
import numba.core.types
import numba.core.untyped_passes
import numba.stencils.stencil

from .straight import product_type

ir: Any = numba.core.ir
types: Any = numba.core.types
_closures: Any = numba.core.untyped_passes.InlineClosureLikes
_typing: Any = numba.core.typed_passes.NopythonTypeInference
_stencil: Any = numba.stencils.stencil.StencilFunc
_register: Any = numba.core.compiler_machinery.register_pass

_INLINED = {"array", "asarray", "reduce", "stencil"}


@_register(mutates_CFG=True, analysis_only=False)
class Closures(_closures):  # type: ignore[misc,unused-ignore]
    """What puts functions within a function, comprehensions and some calls in place. Where there is none of them it
    changes nothing, but takes as long as a tenth of all steps up to the types."""

    _name = "srcdiff_closures"

    def run_pass(self, state: Any) -> bool:
        inner = any(isinstance(value, CodeType) for value in state.func_id.code.co_consts)
        return bool(super().run_pass(state)) if inner or _may_be_inlined(state.func_ir) else False


def _may_be_inlined(function: Any) -> bool:
    """Whether a function mentions what Numba puts in place: sums by `reduce`, stencils, and arrays made of the list
    that a comprehension makes."""
    for block in function.blocks.values():
        for statement in block.find_insts(ir.Assign):
            value = statement.value
            if isinstance(value, ir.Expr) and value.op == "getattr" and value.attr in _INLINED:
                return True
            if isinstance(value, ir.Global | ir.FreeVar) and (
                isinstance(value.value, _stencil) or getattr(value.value, "__name__", "") in _INLINED
            ):
                return True
    return False


@_register(mutates_CFG=True, analysis_only=False)
class Typing(_typing):  # type: ignore[misc,unused-ignore]
    """What finds the type of everything."""

    _name = "srcdiff_typing"

    def run_pass(self, state: Any) -> bool:
        context = state.typingctx
        state.typingctx = _Asked(context)
        try:
            return bool(super().run_pass(state))
        finally:
            state.typingctx = context


class _Asked:
    """Numba's knowledge of types, asked once for an operator with operands of certain types: otherwise it goes through
    all forms of `+` for each sum, and a derivative has hundreds."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._answers: dict[Any, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def resolve_function_type(self, function: Any, args: Any, kws: Any) -> Any:
        if kws or not _is_operator(function) or not all(isinstance(a, _PLAIN) for a in args):
            return self._context.resolve_function_type(function, args, kws)
        key = function, tuple(args)
        found = self._answers.get(key)
        if found is None and _key(function) is operator.matmul:
            found = product_type(key[1])
        if found is None:
            found = self._answers[key] = self._context.resolve_function_type(function, args, kws)
        return found


_OPERATORS = {f for f in vars(operator).values() if callable(f)} | {range, max, min, slice}
_PLAIN = (types.Number, types.Boolean, types.Array, types.UniTuple, types.Literal)


def _key(function: Any) -> Any:
    return function.typing_key if type(function) is types.Function else function


def _is_operator(function: Any) -> bool:
    key = _key(function)
    return isinstance(key, type | type(operator.add)) and key in _OPERATORS
