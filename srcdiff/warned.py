"""What is warned of when a derivative is written. In: the core program and what is asked of it. Out: warnings with
their places, as problems."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterable, Iterator, Sequence

from .analysis.aliases import analyse
from .analysis.lost import Lost, Place, lost
from .errors import OnlyThroughComparisons, Problem, RunsInPython, SrcdiffWarning, TurnedIntoInteger, ZeroGradient
from .frontend import AnyReference, Program, problem_at
from .ir.nodes import Call, Const, Display, Name, Object, Return, Span
from .ir.types import has_real
from .ir.walk import expressions, statements, subexprs
from .normalise import Core

_CONSTANT_BY = "whole numbers, truth values and the like are constant almost everywhere, so their derivative is zero"


def warnings_of(program: Program, core: Core, wrt: Sequence[str], has_aux: bool, chosen: bool) -> tuple[Problem, ...]:
    """The warnings for a derivative by the arguments `wrt`; `chosen` says whether somebody asked for these arguments
    (`vjp` takes all that there are). Of what srcdiff wrote itself, nothing is said."""
    if program.file.startswith("<srcdiff "):
        return ()
    return tuple(dict.fromkeys(_warnings(program, _lost(core, wrt, has_aux), chosen)))


def _lost(core: Core, wrt: Sequence[str], has_aux: bool) -> Lost:
    function, _, types = core.webs
    last = function.body[-1]
    result = last.value or Const(None) if isinstance(last, Return) else Const(None)
    if has_aux and isinstance(result, Display):
        result = result.items[0]
    names = [e.id for e in subexprs(result) if isinstance(e, Name)]
    arguments = {n: tuple(k for k in core.leaves[n] if k == n or has_real(core.types[k])) for n in wrt}
    return lost(function, arguments, names, analyse(function, types))


def _warnings(program: Program, found: Lost, chosen: bool) -> Iterator[Problem]:
    name = program.function.name
    for place in found.integers:
        what = f"{_spelled(place)} turns a value that is differentiated into a whole number"
        fix = "interpolate between the neighbours, or say that it is meant: pass it through srcdiff.stop_gradient"
        yield _at(program, place, TurnedIntoInteger, what, _CONSTANT_BY, fix)
    for place in found.picks:
        what = "a truth value that depends on what is differentiated picks elements of something that does not"
        fix = "weigh the elements by a smooth function, or say that it is meant: compare srcdiff.stop_gradient(...)"
        yield _at(program, place, TurnedIntoInteger, what, _CONSTANT_BY, fix)
    if not chosen:
        return
    for argument, reader in found.compared:
        what = f"the result of `{name}` depends on `{argument}` only through comparisons and whole numbers"
        fix = f"replace the step by a smooth function of `{argument}`, or leave `{argument}` out of wrt"
        at = _parameter(program, argument)
        why = f"{_CONSTANT_BY}: the gradient is zero wherever it exists"
        yield (
            problem_at(program, at, OnlyThroughComparisons, what, why, fix)
            if reader is None
            else _at(program, reader, OnlyThroughComparisons, what, why, fix)
        )
    for argument in found.unused:
        what = f"the result of `{name}` does not depend on `{argument}`"
        why = f"its gradient by `{argument}` is zero for all arguments"
        fix = f"leave `{argument}` out of wrt, or look for the statement that should read it"
        yield problem_at(program, _parameter(program, argument), ZeroGradient, what, why, fix)


def in_python(program: Program, references: Iterable[AnyReference]) -> Iterator[Problem]:
    """The functions compiled by Numba that a derivative which is not compiled contains."""
    numba = [r for r in references if hasattr(r.value, "py_func") and not hasattr(r.value, "derivative")]
    calls = [
        e
        for s in statements(program.function.body)
        for top in expressions(s)
        for e in subexprs(top)
        if isinstance(e, Call) and isinstance(e.func, Object)
    ]
    for reference in numba:
        at = next((e.at for e in calls if isinstance(e.func, Object) and e.func.value is reference.value), None)
        what = f"`{reference.path}`, which Numba compiles, runs in plain Python as a part of this derivative"
        why = f"its source is differentiated together with that of `{program.function.name}`, which is not compiled"
        yield problem_at(program, at, RunsInPython, what, why, "compile the derivative: jit=True")


def not_compiled(program: Program, problem: Exception) -> Problem:
    """The derivative of a function compiled by Numba that Numba cannot compile."""
    name, said = program.function.name, " ".join(str(problem).split())
    what = f"the derivative of `{name}`, which Numba compiles, runs in plain Python"
    why = f"Numba cannot compile it: {said[:_SAID]}{'...' if len(said) > _SAID else ''}"
    fix = "write the line in a form that Numba knows, or differentiate the function before Numba compiles it"
    return problem_at(program, None, RunsInPython, what, why, fix)


_SAID = 300  # characters of what Numba says


def _spelled(place: Place) -> str:
    match place.expr:
        case Call(func=Object(text=text)):
            return f"`{text}`"
    return "a write into an array of whole numbers"


def _at(program: Program, place: Place, cls: type[SrcdiffWarning], what: str, why: str, fix: str) -> Problem:
    """A problem at an expression: where the program's own text is known, under it, else under its statement."""
    origin, at = place.origin, place.expr.at
    if origin is None:
        return problem_at(program, None, cls, what, why, fix)
    span = at if at is not None and origin.span.line <= at.line <= origin.span.end_line else origin.span
    if origin.file == program.file:
        return problem_at(program, span, cls, what, why, fix)
    line = linecache.getline(origin.file, span.line).rstrip("\n")
    end = span.end_column if span.end_line == span.line else len(line)
    return Problem(cls, what, why, fix, origin.file, span.line, span.column, end, line)


def _parameter(program: Program, name: str) -> Span | None:
    """The place of a parameter in the head of the function."""
    origin = program.function.origin
    if origin is None:
        return None
    start = origin.span
    for number in range(start.line, min(start.end_line, len(program.lines)) + 1):
        line = program.lines[number - 1]
        first = start.column if number == start.line else 0
        first = max(first, line.find("(", first) + 1) if number == start.line and "def " in line else first
        found = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)").search(line, first)
        if found is not None:
            return Span(number, found.start(), number, found.end())
    return None
