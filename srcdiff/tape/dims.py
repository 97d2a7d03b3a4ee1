"""torch's `dim` and NumPy's `axis`: one argument under both names; shapes as varargs or in a tuple."""

from __future__ import annotations

from typing import Any

from ..errors import BadArgument


def axis_of(dim: Any, axis: Any) -> Any:
    """The axis, or axes as a tuple, given under either name."""
    if axis is not None:
        if dim is not None:
            raise BadArgument("give dim= or axis=, not both")
        dim = axis
    return tuple(dim) if isinstance(dim, list) else dim


def shape_of(sizes: tuple[Any, ...], size: Any = None) -> tuple[int, ...]:
    """The shape that is given as numbers, as one sequence, or as `size=`."""
    if size is not None:
        if sizes:
            raise BadArgument("give the shape as numbers or as size=, not both")
        sizes = (size,)
    if len(sizes) == 1 and not isinstance(sizes[0], int):
        try:
            sizes = tuple(sizes[0])
        except TypeError:
            sizes = (sizes[0],)
    return tuple(int(n) for n in sizes)
