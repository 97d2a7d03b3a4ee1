"""From a Python function to raw IR: `read(function)` gives a `Program`, or refuses with every problem found."""

from srcdiff.frontend.local_classes import Local, frame_of
from srcdiff.frontend.names import (
    MISSING,
    AnyReference,
    ClassReference,
    PartsReference,
    Reference,
    Unbound,
    static_attribute,
)
from srcdiff.frontend.program import Program, problem_at, stand_in
from srcdiff.frontend.read import read

__all__ = [
    "MISSING",
    "AnyReference",
    "ClassReference",
    "Local",
    "PartsReference",
    "Program",
    "Reference",
    "Unbound",
    "frame_of",
    "problem_at",
    "read",
    "stand_in",
    "static_attribute",
]
