"""`np.array` of an array; and `float`, `int`, `bool` as dtypes in `np.array`, `np.asarray` and the method `astype`."""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

from typing import Any

import numpy as np
from numba.core.typing.templates import AttributeTemplate

from .register import OWN_ATTRIBUTES, extending, implements, imputils, is_array, is_none, signature, templates, types

OF_PYTHON: dict[Any, Any] = {int: types.int64, float: types.float64, bool: types.boolean}


def dtype_of_python(t: Any) -> Any:
    """The element type for which a type of Python stands; None for a dtype of NumPy."""
    return OF_PYTHON.get(t.typing_key) if isinstance(t, types.Function) else None


@implements(np.array)
def array(a: Any, dtype: Any = None) -> Any:
    if not is_array(a):
        return None
    if is_none(dtype):

        def copied(a: Any, dtype: Any = None) -> Any:
            return a.copy()

        return copied

    def cast(a: Any, dtype: Any = None) -> Any:
        return a.astype(dtype)

    return cast


# Before Numba's own, which fails on these instead of refusing them.
@implements(np.asarray, target="cpu")
def asarray(a: Any, dtype: Any = None) -> Any:
    element = dtype_of_python(dtype)
    if not is_array(a) or element is None:
        return None
    if a.dtype == element:

        def itself(a: Any, dtype: Any = None) -> Any:
            return a

        return itself

    def cast(a: Any, dtype: Any = None) -> Any:
        return a.astype(dtype)

    return cast


# ------------------------------------------------------------------------------------------------------- a.astype


def _resolve_astype(template: Any, array: Any, args: Any, kws: Any) -> Any:
    """As Numba does, for the dtype that the type of Python stands for."""
    if kws or len(args) != 1:
        return None
    element = dtype_of_python(args[0])
    dtype = args[0] if element is None else types.DType(element)
    own = OWN_ATTRIBUTES(template.context).resolve_astype(array)
    found = own.get_call_type(template.context, (dtype,), {})
    return None if found is None else signature(found.return_type, *args)


class AstypeAttribute(AttributeTemplate):
    """The method of arrays, before Numba's own."""

    key = types.Array
    metadata = {"target": "cpu"}  # noqa: RUF012 (read by Numba from the class)

    resolve_astype = templates.bound_function("srcdiff.astype")(_resolve_astype)


def _lower_astype(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    array, given = sig.args
    element = dtype_of_python(given)
    dtype = given if element is None else types.DType(element)
    value = args[1] if element is None else context.get_dummy_value()
    own = context.get_function("array.astype", signature(sig.return_type, array, dtype))
    return own(builder, (args[0], value))


extending.infer_getattr(AstypeAttribute)
imputils.lower_builtin("srcdiff.astype", types.Array, types.Any)(_lower_astype)
