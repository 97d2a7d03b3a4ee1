"""`debug_nans`: the first NaN or infinity in a derivative, by the line of the user's program that it belongs to."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

import numpy as np

from .backend import module_of
from .errors import NonFinite

_LABELS = {"_bar": "adjoint", "_dot": "tangent"}


Step = Callable[[FrameType, str, Any], Any]


class Traced:
    """A block in which the calls of generated functions are followed line by line; such blocks may be nested."""

    def watch(self, frame: FrameType, module: Any) -> Step:
        """What is to be called at each line of a generated function of that module."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.before = sys.gettrace()
        sys.settrace(self.called)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        sys.settrace(self.before)

    def called(self, frame: FrameType, event: str, arg: Any) -> Any:
        """Follows calls of generated functions only; those of a block around this one go to that one, too."""
        around = getattr(self.before, "__self__", None)
        outer = around.called(frame, event, arg) if isinstance(around, Traced) else None
        module = module_of(frame.f_code.co_filename)
        if module is None:
            return outer
        own = self.watch(frame, module)
        return own if outer is None else _both(outer, own)


def _both(outer: Step, own: Step) -> Step:
    def step(frame: FrameType, event: str, arg: Any) -> Any:
        outer(frame, event, arg)
        own(frame, event, arg)
        return step

    return step


class debug_nans(Traced):  # noqa: N801 (it is used like a function)
    """Within `with srcdiff.debug_nans():` every statement of the derivatives that are called is followed by a look at
    the variables; the first value that is NaN or infinite, where none was before, raises `srcdiff.errors.NonFinite`
    with the line of your program, the variable, and the sweep.

    For plain Python only, which it makes slow: a derivative that runs under `jit=True` is not looked into. What is
    read of `np.empty` before anything is written there is not noticed.

    >>> import numpy as np
    >>> import srcdiff
    >>> def f(x):
    ...     return np.sum(np.sqrt(x))
    >>> with srcdiff.debug_nans():
    ...     srcdiff.grad(f)(np.array([1.0, 4.0]))
    array([0.5 , 0.25])
    """

    def watch(self, frame: FrameType, module: Any) -> Step:
        return _Watch(frame, module).step


class _Watch:
    """The variables of one call of a generated function."""

    def __init__(self, frame: FrameType, module: Any) -> None:
        self.module = module
        self.lines = module.rendered.text.splitlines()
        self.line = frame.f_lineno
        self.seen: dict[str, Any] = {}
        self.look(frame, report=False)

    def step(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event in ("line", "return"):
            uninitialised = "np.empty" in self.lines[self.line - 1]
            self.look(frame, report=not uninitialised)
            if event == "return" and arg is not None:
                self.check("the result", arg, {}, report=True)
            self.line = frame.f_lineno
        return self.step

    def look(self, frame: FrameType, report: bool) -> None:
        for name, value in list(frame.f_locals.items()):
            self.check(name, value, self.seen, report)

    def check(self, name: str, value: Any, seen: dict[str, Any], report: bool) -> None:
        if isinstance(value, tuple) and not seen:
            for part in value:
                self.check(name, part, {}, report)
            return
        if not isinstance(value, float | np.ndarray | np.floating) or np.asarray(value).dtype.kind != "f":
            return
        bad = ~np.isfinite(value)
        old = seen.get(name)
        new = bad if old is None or np.shape(old) != np.shape(bad) else bad & ~old
        seen[name] = bad
        if report and np.any(new):
            self.found(name, value, new)

    def found(self, name: str, value: Any, new: Any) -> None:
        where = self.module.rendered.lines.get(self.line)
        kind = "NaN" if np.any(np.isnan(value)) else "an infinity"
        label = next((word for ending, word in _LABELS.items() if ending in name), "value")
        backward = self.line in self.module.rendered.reverse or label == "adjoint"
        sweep = "reverse sweep" if backward else "forward sweep"
        place = "" if np.ndim(new) == 0 else f" at {tuple(int(k) for k in np.argwhere(new)[0])}"
        rows = [f"{kind} first appears in the {sweep}, as {'an' if label[0] == 'a' else 'a'} {label}: `{name}`{place}"]
        if where is not None:
            rows += [f'  File "{where.file}", line {where.span.line}', f"    {where.text.splitlines()[0]}"]
        rows.append(f"  written by srcdiff as: {self.lines[self.line - 1].strip()}")
        raise NonFinite("\n".join(rows))
