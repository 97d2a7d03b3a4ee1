"""`adjoint_of`: statements of the user's that run in the reverse sweep, and what generated code calls for them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

import numpy as np


class _Skipped(Exception):
    """Leaves the body of `with adjoint_of(...)`, which the primal does not run."""


class adjoint_of:  # noqa: N801 (it is used like a function)
    """In a differentiated function, `with srcdiff.adjoint_of(x) as x_bar:` puts its body into the reverse sweep, at
    the place where the sweep passes it: `x_bar` is the derivative of the result by the value that `x` has there.

    The body may be any Python: print, log, `breakpoint()`; what it writes into `x_bar`, or binds `x_bar` to, is what
    the sweep goes on with. It reads the function's variables as they were at that place, and cannot change them. The
    function itself skips the body, as forward mode does. It runs in plain Python only, and not where the derivative
    with respect to `x` is not needed.

    >>> import srcdiff
    >>> def f(x):
    ...     y = x * x
    ...     with srcdiff.adjoint_of(y) as y_bar:
    ...         y_bar = min(y_bar, 10.0)
    ...     return y**3
    >>> f(2.0), srcdiff.grad(f)(2.0)
    (64.0, 40.0)
    """

    def __init__(self, x: Any) -> None:
        del x  # the primal does nothing with it

    def __enter__(self) -> None:
        """Python has no `with` that skips its body; a trace function that raises at its first instruction does."""
        frame = self.frame = sys._getframe(1)  # noqa: SLF001
        self.trace, self.local, self.opcodes = sys.gettrace(), frame.f_trace, frame.f_trace_opcodes
        if self.trace is None:
            sys.settrace(_no_trace)
        frame.f_trace, frame.f_trace_opcodes = _skip, True

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> bool:
        self.frame.f_trace, self.frame.f_trace_opcodes = self.local, self.opcodes
        sys.settrace(self.trace)
        del self.frame
        return kind is _Skipped


def _no_trace(frame: FrameType, event: str, arg: Any) -> None:
    """Traces nothing; that there is a trace function makes Python look at those of frames."""


def _skip(frame: FrameType, event: str, arg: Any) -> None:  # noqa: ARG001
    raise _Skipped


def watched(x: Any, hook: Callable[..., Any], free: tuple[Any, ...]) -> Any:  # noqa: ARG001
    """`x` as it is: its adjoint passes through the hook."""
    return x


def hooked(g: Any, hook: Callable[..., Any], free: tuple[Any, ...]) -> Any:
    """The adjoint that the hook makes of `g`, which stays as it is."""
    found = hook(np.array(g) if isinstance(g, np.ndarray) else g, *free)
    if np.shape(found) != np.shape(g):
        raise ValueError(
            f"the body of `adjoint_of` has made an adjoint of shape {np.shape(g)} one of {np.shape(found)}"
        )
    return found


def as_it_is(g: Any) -> Any:
    return g
