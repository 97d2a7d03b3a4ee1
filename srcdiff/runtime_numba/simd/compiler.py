"""Numba's compiler with one more pass, which puts srcdiff's elementary functions in the place of the platform's.

It works on the calls as they are written, before types are known, so that the generated text stays what it is:
`np.exp(x)` means what it says, and how it is computed is an option of the compiler, as the rounding of sums is.
"""

from __future__ import annotations

import operator
from types import ModuleType
from typing import Any

import llvmlite.binding
import numba.core.compiler
import numba.core.compiler_machinery
import numba.core.errors
import numba.core.ir
import numba.core.ir_utils
import numba.core.untyped_passes

from ..lower import pipeline
from .functions import stand_in

ir: Any = numba.core.ir
ir_utils: Any = numba.core.ir_utils
_base: Any = numba.core.compiler.CompilerBase
_pass: Any = numba.core.compiler_machinery.FunctionPass
_register: Any = numba.core.compiler_machinery.register_pass

# A loop that adds up floating-point numbers in order stays one, and does all else of each trip several trips at a time.
# LLVM has that for all processors, but chooses it for some only. It is an option of the whole process: other code of
# Numba's may be compiled like this as well, with the very same results.
llvmlite.binding.set_option("", "-force-ordered-reductions")


@_register(mutates_CFG=False, analysis_only=False)
class OwnElementaryFunctions(_pass):  # type: ignore[misc,unused-ignore]
    """Calls of elementary functions, and powers with an exponent that is no whole number, become calls of srcdiff's."""

    _name = "srcdiff_elementary_functions"

    def __init__(self) -> None:
        _pass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        func_ir = state.func_ir
        found = False
        for block in func_ir.blocks.values():
            body = []
            for statement in block.body:
                called = _called(func_ir, statement)
                if called is not None:
                    function, args = called
                    name = ir.Var(block.scope, ir_utils.mk_unique_var("$elementary"), statement.loc)
                    body.append(ir.Assign(ir.Global(function.__name__, function, statement.loc), name, statement.loc))
                    call = ir.Expr.call(name, args, (), statement.loc)
                    statement = ir.Assign(call, statement.target, statement.loc)
                    found = True
                body.append(statement)
            block.body = body
        if found:
            func_ir._definitions = ir_utils.build_definitions(func_ir.blocks)  # noqa: SLF001 (Numba's way)
        return found


def _called(func_ir: Any, statement: Any) -> tuple[Any, tuple[Any, ...]] | None:
    """The function of srcdiff's for what a statement computes, and its arguments."""
    expr = statement.value if isinstance(statement, ir.Assign) else None
    if not isinstance(expr, ir.Expr):
        return None
    if expr.op == "call" and not expr.kws and expr.vararg is None:
        function = stand_in(_meant(func_ir, expr.func), len(expr.args))
        return None if function is None else (function, tuple(expr.args))
    # (`a **= p` may be of an array, which is then to be written)
    if expr.op == "binop" and expr.fn is operator.pow and not isinstance(_constant(func_ir, expr.rhs), int):
        return stand_in(operator.pow, 2), (expr.lhs, expr.rhs)
    return None


def _constant(func_ir: Any, name: Any) -> Any:
    """The constant that a variable always holds, if it is one."""
    try:
        return func_ir.infer_constant(name)
    except numba.core.errors.ConstantInferenceError:
        return None


def _meant(func_ir: Any, name: Any) -> Any:
    """The object that a variable always holds: a global, or a name in a module."""
    definition = ir_utils.guard(ir_utils.get_definition, func_ir, name)
    if isinstance(definition, ir.Global | ir.FreeVar):
        return definition.value
    if isinstance(definition, ir.Expr) and definition.op == "getattr":
        module = _meant(func_ir, definition.value)
        return getattr(module, definition.attr, None) if isinstance(module, ModuleType) else None
    return None


class Simd(_base):  # type: ignore[misc,unused-ignore]
    """The compiler for `jit={"math": "simd"}`."""

    def define_pipelines(self) -> list[Any]:
        manager = pipeline(self.state)
        manager.add_pass_after(OwnElementaryFunctions, numba.core.untyped_passes.GenericRewrites)
        manager.finalize()
        return [manager]
