"""What the frontend delivers: raw IR with all that later stages need to speak about the user's program."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from types import FunctionType

from srcdiff.errors import Cause, Problem
from srcdiff.frontend.names import Reference
from srcdiff.frontend.text import Text
from srcdiff.ir.nodes import Function, Span


@dataclass(frozen=True, eq=False)
class Program:
    """A function as read: `references` are the static names it uses, in the order of their first use."""

    function: Function
    references: tuple[Reference, ...]
    file: str
    first_line: int
    lines: tuple[str, ...]
    tapes: frozenset[str] = frozenset()  # of a function that srcdiff wrote: the variables that hold its tapes


_STAND_INS: weakref.WeakKeyDictionary[FunctionType, Program] = weakref.WeakKeyDictionary()


def stand_in(program: Program) -> FunctionType:
    """A function with the parameters of a program that is no function of its own: reading it gives the program."""
    name = program.function.name if program.function.name.isidentifier() else "function"
    space: dict[str, FunctionType] = {}
    params = [f"{p.kind if p.kind.startswith('*') else ''}{p.name}" for p in program.function.params]
    exec(f"def {name}({', '.join(params)}): ...", space)
    _STAND_INS[space[name]] = program
    return space[name]


def written_for(function: FunctionType) -> Program | None:
    """The program that a function stands for, if it does."""
    return _STAND_INS.get(function)


def problem_at(
    program: Program,
    span: Span | None,
    error_class: Cause,
    what: str,
    why: str,
    fix: str,
) -> Problem:
    """A problem with a caret under `span`; without one, under the function's first line."""
    if span is None:
        origin = program.function.origin
        span = origin.span if origin is not None else Span(program.first_line, 0, program.first_line, 0)
    return problem(program.file, Text(program.lines), span, error_class, what=what, why=why, fix=fix)


def problem(file: str, text: Text, span: Span, error: Cause, *, what: str, why: str, fix: str) -> Problem:
    """A caret shows one line: where the place spans several, it reaches to the end of the first."""
    line = text.line(span.line)
    end = span.end_column if span.end_line == span.line else len(line.split("#", 1)[0].rstrip())
    return Problem(
        error,
        what,
        why,
        fix,
        file=file,
        line=span.line,
        column=span.column,
        end_column=max(end, span.column + 1),
        source_line=line,
    )
