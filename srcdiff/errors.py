"""srcdiff's own errors and warnings: a base class for each kind, a class per cause, a stable code on each.

A refusal carries one `Problem` or several; each names the place (file, line, caret), what was met, why srcdiff does
not go on, and what to write instead. A warning carries one.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

ON_TAPE = 'let it run on srcdiff.tape: mark it with @srcdiff.dynamic, or give the derivative fallback="tape"'


class SrcdiffError(Exception):
    """Base class of every error that srcdiff raises on purpose. `code` is stable across versions."""

    code = "SD000"


Cause: TypeAlias = "type[Refusal] | type[SrcdiffWarning]"


@dataclass(frozen=True)
class Problem:
    """One reason for a refusal or a warning, with its place in the user's source (lines from 1, columns from 0)."""

    error: Cause
    what: str
    why: str
    fix: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    end_column: int | None = None
    source_line: str | None = None
    calls: tuple[str, ...] = ()  # the call chain from the differentiated function, outermost first
    follows: bool = field(default=False, compare=False)  # from another one: what is read has no known type behind that

    def __str__(self) -> str:
        rows = [f"{self.error.__name__} [{self.error.code}]: {self.what}"]
        if self.file is not None:
            rows.append(f'  File "{_short(self.file)}", line {self.line}')
        if self.source_line is not None:
            text = self.source_line.rstrip("\n")
            bare = text.lstrip()
            rows.append(f"    {bare}")
            if self.column is not None:
                start = max(0, self.column - (len(text) - len(bare)))
                width = max(1, (self.end_column or self.column + 1) - self.column)
                rows.append("    " + " " * start + "^" * min(width, max(1, len(bare) - start)))
        if self.calls:
            rows.append("  called through: " + " -> ".join(self.calls))
        rows.append(f"  why: {self.why}")
        rows.append(f"  fix: {self.fix}")
        rows.append(f"  docs: docs/errors.md#{self.error.code.lower()}")
        return "\n".join(rows)


class Refusal(SrcdiffError):
    """srcdiff will not differentiate this function; `problems` says why, place by place."""

    code = "SD100"

    def __init__(self, problems: Problem | Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        text = "\n\n".join(str(p) for p in self.problems)
        if len(self.problems) > 1:
            text = f"{len(self.problems)} problems\n\n{text}"
        super().__init__("\n" + text)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.problems,)


def refusal(problems: Sequence[Problem]) -> Refusal:
    """One error for all problems, of the class of the first."""
    unique = list(dict.fromkeys(problems))
    assert issubclass(unique[0].error, Refusal)
    return unique[0].error(unique)


class SourceUnavailable(Refusal):
    """The function has no Python source that can be read, or the source is not the one that runs."""

    code = "SD101"


class UnsupportedSyntax(Refusal):
    """A construct of Python that srcdiff does not differentiate."""

    code = "SD102"


class UnsupportedCall(Refusal):
    """A call of something that has neither a rule nor readable source, or of a rule in a form it does not cover."""

    code = "SD103"


class UnresolvedName(Refusal):
    """A name that is bound to nothing."""

    code = "SD104"


class UnsupportedMutation(Refusal):
    """A write whose effect on the derivative cannot be followed (globals, defaults, captured or inactive arrays)."""

    code = "SD105"


class AmbiguousAlias(Refusal):
    """An array that may or may not share memory with another one while one of them is written to."""

    code = "SD106"


class UnsupportedType(Refusal):
    """A value of a type that the program's derivative cannot be written for."""

    code = "SD107"


class NotDifferentiable(Refusal):
    """An active value is used where only a constant makes sense (a count, an index, a shape)."""

    code = "SD108"


class UnsupportedRecursion(Refusal):
    """A function that calls itself, directly or through others."""

    code = "SD109"


class NotParallel(Refusal):
    """`jit={"parallel": True}` of a function none of whose loops is known to have independent trips."""

    code = "SD110"


class BadArgument(SrcdiffError, TypeError):
    """A derivative was asked for, or called, with arguments that do not fit (`wrt`, a string, a wrong count)."""

    code = "SD201"


class BadOutput(SrcdiffError, TypeError):
    """The function's result is not what this derivative needs: `grad` takes a real scalar."""

    code = "SD202"


class SharedMemory(SrcdiffError, ValueError):
    """Two arguments share memory and the function writes into one of them."""

    code = "SD203"


class BadIndex(SrcdiffError, IndexError):
    """An index does not fit the array or the platform's integer."""

    code = "SD204"


class BackendUnavailable(SrcdiffError, ImportError):
    """`jit=True` needs the extra `srcdiff[numba]`."""

    code = "SD205"


class CompilationFailed(SrcdiffError):
    """Numba could not compile the derivative; the message gives Numba's reason and the plain alternative."""

    code = "SD206"


class ComplexResult(SrcdiffError, ValueError):
    """What is computed from these numbers is complex, which srcdiff does not follow."""

    code = "SD207"


class NonFinite(SrcdiffError, FloatingPointError):
    """Under `srcdiff.debug_nans()`: a NaN or an infinity where there was none; the message names the user's line."""

    code = "SD208"


class TripFailed(SrcdiffError, RuntimeError):
    """An exception has ended a trip of a loop that runs in parallel."""

    code = "SD209"


class ParallelUnavailable(SrcdiffError, RuntimeError):
    """Loops cannot run on several cores in this process, which was forked from one where such loops had run."""

    code = "SD210"


class NegativePower(SrcdiffError, ValueError):
    """A whole number is raised to a whole number below zero: in Python that is a float, in compiled code zero."""

    code = "SD211"


class GraphError(SrcdiffError, RuntimeError):
    """A step of the eager runtime that its graph does not allow: a second pass through a freed graph, a gradient of
    something that needs none, a write in place that would make a gradient wrong."""

    code = "SD301"


class NotRecorded(GraphError, TypeError):
    """A value would leave the tape without its derivative: as a NumPy array, or as a plain number."""

    code = "SD302"


class ChangedInPlace(GraphError):
    """A value that the backward pass needs was changed in place after it was saved."""

    code = "SD303"


# ----------------------------------------------------------------------------------------------------------- warnings


class SrcdiffWarning(UserWarning):
    """Base class of every warning that srcdiff gives; `problem` names the place. `code` is stable across versions.

    What is warned of is differentiated as it stands. `warnings.filterwarnings("error", category=SrcdiffWarning)` makes
    errors of all of them, `"ignore"` leaves them out.
    """

    code = "SD400"

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(f"\n{problem}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.problem,)


class TurnedIntoInteger(SrcdiffWarning):
    """A value that is differentiated becomes a whole number, or a truth value that picks an element: what is made of
    it counts as constant."""

    code = "SD401"


class OnlyThroughComparisons(SrcdiffWarning):
    """The result depends on an argument only through comparisons, whole numbers and the like: its gradient is zero."""

    code = "SD402"


class ZeroGradient(SrcdiffWarning):
    """The result does not depend on an argument in `wrt` at all: its gradient is zero."""

    code = "SD403"


class AtKink(SrcdiffWarning):
    """Under `srcdiff.debug_kinks()`: a function was evaluated exactly where it has a kink, so that its derivative is a
    convention."""

    code = "SD404"


class RunsInPython(SrcdiffWarning):
    """What is compiled as a function runs in plain Python as a derivative."""

    code = "SD405"


def warn(problem: Problem) -> None:
    """Give the warning that a problem describes: once for each place and text, where the filters do not want every one.

    (The registries by which the module `warnings` itself notices repetitions are void each time that somebody enters
    `catch_warnings`, as Numba does.)
    """
    assert issubclass(problem.error, SrcdiffWarning)
    warning, place = problem.error(problem), (problem.file or "<unknown>", problem.line or 1)
    if _wanted(warning, place[1]) in ("default", "module", "once"):
        told = problem.error, problem.what, place
        if told in _TOLD:
            return
        _TOLD.add(told)
    warnings.warn_explicit(warning, problem.error, *place)


_TOLD: set[tuple[Cause, str, tuple[str, int]]] = set()


def _wanted(warning: SrcdiffWarning, line: int) -> str:
    """What the first filter that fits says (those that go by a module's name are not looked at)."""
    for action, message, category, module, at in warnings.filters:
        fits = isinstance(warning, category) and (message is None or message.match(str(warning)))
        if fits and module is None and at in (0, line):
            return action
    return "default"


class FallbackWarning(SrcdiffWarning):
    """A function runs on the eager runtime, `srcdiff.tape`, because its source is not read; the message says which one,
    where, and why. It is given once for each place. With `jit=True` it says, too, that nothing is compiled."""

    code = "SD406"

    def __init__(self, text: str) -> None:
        self.text = text
        UserWarning.__init__(self, text)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.text,)


def _short(file: str) -> str:
    """The path as a person would write it: relative to the working directory where it lies below it."""
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return file
