"""Products of arrays that Numba lacks: `np.matmul`, `@=`, operands of two dtypes, `np.dot` with a number."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numba.core.typing.templates import AbstractTemplate

from .register import as_dtype, implements, imputils, is_array, is_number, signature, templates, types


@implements(operator.matmul)
def mixed_matmul(a: Any, b: Any) -> Any:
    """BLAS takes operands of one dtype. Two of integers are left out: a product of floats would round large ones."""
    if not (is_array(a) and is_array(b)) or not {a.ndim, b.ndim} <= {1, 2} or a.dtype == b.dtype:
        return None
    inexact = types.Float | types.Complex
    if not any(isinstance(t.dtype, inexact) for t in (a, b)):
        return None
    if not all(is_number(t.dtype) or isinstance(t.dtype, types.Complex) for t in (a, b)):
        return None
    dtype = np.result_type(as_dtype(a.dtype), as_dtype(b.dtype))

    def implementation(a: Any, b: Any) -> Any:
        return a.astype(dtype) @ b.astype(dtype)

    return implementation


@implements(operator.imatmul)
def matmul_in_place(a: Any, b: Any) -> Any:
    if not (is_array(a) and is_array(b)) or a.ndim != 2 or b.ndim != 2:
        return None

    def implementation(a: Any, b: Any) -> Any:
        a[...] = a @ b
        return a

    return implementation


@implements(np.dot)
def dot(a: Any, b: Any) -> Any:
    if is_number(a) or is_number(b):

        def scaled(a: Any, b: Any) -> Any:
            return a * b

        return scaled
    if not (is_array(a) and is_array(b)) or a.dtype == b.dtype:
        return None

    def implementation(a: Any, b: Any) -> Any:
        return a @ b

    return implementation


# ------------------------------------------------------------------------------------------------------- np.matmul


class Matmul(AbstractTemplate):
    """`np.matmul` is `@`.

    It is a ufunc, so `overload` will not do: Numba takes every ufunc in an array expression for an elementwise one,
    and tells it by the key.
    """

    key = "srcdiff.matmul"

    def generic(self, args: Any, kws: Any) -> Any:
        if kws or len(args) != 2 or not all(is_array(t) for t in args):
            return None
        return self.context.resolve_function_type(operator.matmul, args, {})


def _lower_matmul(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    def implementation(a: Any, b: Any) -> Any:
        return a @ b

    return context.compile_internal(builder, implementation, signature(sig.return_type, *sig.args), args)


if not any(value is np.matmul for value, _ in templates.builtin_registry.globals):  # a later Numba may have its own
    templates.infer_global(np.matmul, types.Function(Matmul))
    imputils.lower_builtin("srcdiff.matmul", types.Array, types.Array)(_lower_matmul)
