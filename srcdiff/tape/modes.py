"""Whether operations are recorded: per thread, as context managers, decorators and calls.

`SPECIAL` is 0 as long as no thread has anything out of the ordinary going on: the operations read this one number, and
ask further only where it is not 0.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

from ..errors import NotRecorded

F = TypeVar("F", bound=Callable[..., Any])

SPECIAL = 0  # how many threads and blocks have something special in force
_lock = threading.Lock()


class _Thread(threading.local):
    """What holds in one thread."""

    recording = True
    anomaly = False
    exact = False  # whether tensors stand for arrays: NumPy's defaults hold, and none becomes a plain number
    spelled: tuple[Any, ...] = ()  # the functions whose spelled-out form is running
    listener: Callable[[list[Any]], None] | None = None  # is told each record that is made
    keeper: Any = None  # is told what memory will be written to
    refused: int = 0  # how often a tensor has refused to become a plain number or array


thread = _Thread()


def lost(text: str) -> NotRecorded:
    """The error where a tensor would become a plain number or array; counted, since somebody may catch it."""
    thread.refused += 1
    return NotRecorded(text)


def special(change: int) -> None:
    """Count one more thing, or one less, that the fast paths have to stop for."""
    global SPECIAL  # noqa: PLW0603 (one number that every operation reads)
    with _lock:
        SPECIAL += change


def exact() -> bool:
    """Whether a function that was written for arrays is running on tensors: see `pullback`."""
    return bool(SPECIAL) and thread.exact


def is_grad_enabled() -> bool:
    """Whether operations are recorded in this thread.

    >>> is_grad_enabled()
    True
    """
    return thread.recording


def _set(flag: bool) -> bool:
    before = thread.recording
    if before != flag:
        thread.recording = flag
        special(-1 if flag else 1)
    return before


class _Mode:
    """A context manager and decorator that sets whether operations are recorded."""

    flag = True

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> Self:
        self._before.append(_set(self.flag))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _set(self._before.pop())

    def __call__(self, f: F) -> F:
        made: Any
        if inspect.isgeneratorfunction(f):

            @functools.wraps(f)
            def steps(*args: Any, **kwargs: Any) -> Iterator[Any]:
                """The generator, each step of which runs in this mode."""
                running = f(*args, **kwargs)
                sent: Any = None
                while True:
                    with type(self)():
                        try:
                            value = running.send(sent)
                        except StopIteration as stop:
                            return stop.value  # type: ignore[no-any-return]
                    sent = yield value

            made = steps
        else:

            @functools.wraps(f)
            def within(*args: Any, **kwargs: Any) -> Any:
                with type(self)():
                    return f(*args, **kwargs)

            made = within
        return made  # type: ignore[no-any-return]


class no_grad(_Mode):  # noqa: N801 (torch's name)
    """Operations are not recorded in this block, or in calls of the decorated function.

    >>> from srcdiff import tape
    >>> x = tape.tensor(2.0, requires_grad=True)
    >>> with tape.no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """

    flag = False

    def __new__(cls, f: Any = None) -> Any:
        made = super().__new__(cls)
        if f is None:
            return made
        no_grad.__init__(made)
        return made(f)  # `@no_grad` without parentheses

    def __init__(self, f: Any = None) -> None:  # noqa: ARG002 (taken by __new__)
        super().__init__()


class inference_mode(no_grad):  # noqa: N801 (torch's name)
    """The same as `no_grad`: results need no gradient, and nothing is recorded."""


class enable_grad(no_grad):  # noqa: N801 (torch's name)
    """Operations are recorded in this block, also within `no_grad`."""

    flag = True


class set_grad_enabled:  # noqa: N801 (torch's name)
    """Record operations in this thread from now on, or not; as a context manager until the block ends.

    >>> with set_grad_enabled(False):
    ...     is_grad_enabled()
    False
    >>> is_grad_enabled()
    True
    """

    def __init__(self, flag: bool) -> None:
        self._flag, self._before = bool(flag), _set(bool(flag))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _set(self._before)

    def __call__(self, f: F) -> F:
        _set(self._before)
        flag = self._flag

        @functools.wraps(f)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with set_grad_enabled(flag):
                return f(*args, **kwargs)

        return inside  # type: ignore[return-value]


class Within:
    """A block of srcdiff's own in which one thing of this thread is different."""

    __slots__ = ("before", "name", "value")

    def __init__(self, name: str, value: Any) -> None:
        self.name, self.value = name, value

    def __enter__(self) -> None:
        self.before = getattr(thread, self.name)
        setattr(thread, self.name, self.value)
        special(1)

    def __exit__(self, *error: object) -> None:
        setattr(thread, self.name, self.before)
        special(-1)
