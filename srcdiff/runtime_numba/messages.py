"""A short message where Numba composes a long one. In compiled code, text is composed by some forty compiled functions:
the message about a slice that does not fit took longer to compile than the programs that write slices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numba.np.arrayobj

from .register import implements

_NUMBA: Any = numba.np.arrayobj


def _does_not_fit(src_shapes: Any, index_shape: Any) -> None:  # noqa: ARG001 (called from compiled code)
    raise ValueError("cannot assign slice from input of different size")


@implements(_does_not_fit)
def _implementation(src_shapes: Any, index_shape: Any) -> Any:  # noqa: ARG001 (for all shapes)
    return _does_not_fit


@contextmanager
def short_messages() -> Iterator[None]:
    """What is compiled meanwhile says less. To be entered with Numba's compiler lock held: it is Numba's own table that
    changes, and what the user compiles keeps Numba's messages."""
    name = "raise_with_shape_context"
    own = getattr(_NUMBA, name, None)
    if own is None:
        yield
        return
    setattr(_NUMBA, name, _does_not_fit)
    try:
        yield
    finally:
        setattr(_NUMBA, name, own)
