"""`@srcdiff.dynamic`: functions whose source is not read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..records import keep_whole

F = TypeVar("F", bound=Callable[..., Any])

_DYNAMIC: dict[int, Any] = {}  # by identity: what is called need not be hashable


def dynamic(f: F) -> F:
    """Mark a function to be recorded by `srcdiff.tape` when it runs, instead of being read.

    It is returned as it is, and may be any callable: one without source, one that calls back from a library, one with
    a construct that srcdiff does not read. Where a differentiated function calls it, generated code calls it, too, and
    a pullback leads the adjoints of its result back to its arguments. These are numbers, arrays of floats and
    structures of them; the numbers of its result are copied. Of an object that is marked, the attributes carry no
    derivative.

    Raises BadArgument if `f` cannot be called. What the function does with its arguments is seen when it runs: it
    raises NotRecorded if it turns a number into a plain one, UnsupportedCall if it calls compiled code without a rule,
    UnsupportedMutation if it writes into an argument.

    >>> import numpy as np
    >>> import srcdiff
    >>> @srcdiff.dynamic
    ... def total(x):
    ...     return sum(v * v for v in iter(x))
    >>> srcdiff.grad(lambda x: np.sin(total(x)))(np.array([0.0, 2.0]))
    array([ 0.        , -2.61457448])
    """
    from ..errors import BadArgument

    if not callable(f):
        raise BadArgument(f"{f!r} cannot be called; put @srcdiff.dynamic above a function")
    _DYNAMIC[id(f)] = f
    keep_whole(f)
    return f


def is_dynamic(f: Any) -> bool:
    """Whether a callable, or the function of a bound method, is marked."""
    return _DYNAMIC.get(id(f)) is f if id(f) in _DYNAMIC else hasattr(f, "__func__") and is_dynamic(f.__func__)
