"""`a @ b` of matrices and vectors, written where it stands: memory for the result, and Numba's way to BLAS.

As an implementation in Python it is five functions, each of them compiled for every pair of layouts.
"""

from __future__ import annotations

from typing import Any

import numba.core.types
import numba.core.typing.templates
import numba.np.arrayobj
import numba.np.linalg

types: Any = numba.core.types
signature: Any = numba.core.typing.templates.signature
arrays: Any = numba.np.arrayobj
linalg: Any = numba.np.linalg

_HAS_ALL = all(hasattr(linalg, name) for name in ("ensure_blas", "dot_3_mm", "dot_3_vm")) and hasattr(
    arrays, "_empty_nd_impl"
)  # (they are Numba's own affair, and may be gone in another version)
_KINDS = (types.float32, types.float64, types.complex64, types.complex128)


def product_type(args: Any) -> Any:
    """The signature of a product that can be written so, or None: of arrays that BLAS takes as they are."""
    if not _HAS_ALL or len(args) != 2 or any(type(t) is not types.Array or t.layout not in ("C", "F") for t in args):
        return None
    a, b = args
    if a.dtype != b.dtype or a.dtype not in _KINDS or (a.ndim, b.ndim) not in ((2, 2), (2, 1), (1, 2)):
        return None
    return signature(types.Array(a.dtype, a.ndim + b.ndim - 2, "C"), a, b)


def write_product(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """The instructions for it."""
    linalg.ensure_blas()
    a, b = (arrays.make_array(t)(context, builder, v) for t, v in zip(sig.args, args, strict=True))
    lengths = [*_lengths(builder, a)[:-1], *_lengths(builder, b)[1:]]
    made = arrays._empty_nd_impl(context, builder, sig.return_type, lengths)._getvalue()  # noqa: SLF001
    into = linalg.dot_3_mm if len(lengths) == 2 else linalg.dot_3_vm
    result = into(context, builder, signature(sig.return_type, *sig.args, sig.return_type), (*args, made))
    context.nrt.decref(builder, sig.return_type, made)  # (the product has counted one more)
    return result


def _lengths(builder: Any, array: Any) -> list[Any]:
    return [builder.extract_value(array.shape, axis) for axis in range(array.shape.type.count)]
