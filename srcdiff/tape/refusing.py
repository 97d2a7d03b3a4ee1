"""How the tape refuses: srcdiff's own errors, with the user's line."""

from __future__ import annotations

import linecache
from typing import NoReturn

from ..errors import Problem, Refusal, UnsupportedCall, UnsupportedType
from ..rules.problem import TypeProblem
from .record import here, line_of


def refuse(what: str, why: str, fix: str, error: type[Refusal] = UnsupportedCall) -> NoReturn:
    """Raise a refusal of what the user's line asks for."""
    place = line_of(here())
    if place is None:
        raise error(Problem(error, what, why, fix))
    file, line = place
    text = linecache.getline(file, line) or None
    raise error(Problem(error, what, why, fix, file, line, source_line=text))


def refuse_problem(problem: TypeProblem) -> NoReturn:
    """Raise what the typing of a call has found as a refusal of the user's line."""
    refuse(problem.what, problem.why, problem.fix, problem.error)


def no_complex() -> NoReturn:
    """Refuse a complex value: the tape's tensors are real."""
    refuse(
        "a complex number on the tape",
        "tensors are real: the eager runtime has no complex derivatives",
        "work with the real and the imaginary part, or with srcdiff.grad, which reads complex numbers in source",
        UnsupportedType,
    )
