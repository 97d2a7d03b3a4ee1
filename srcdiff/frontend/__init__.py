"""From a Python function to raw IR: `read(function)` gives a `Program`, or refuses with every problem found."""

from srcdiff.frontend.names import MISSING, ClassReference, Reference
from srcdiff.frontend.program import Program, problem_at
from srcdiff.frontend.read import read

__all__ = ["MISSING", "ClassReference", "Program", "Reference", "problem_at", "read"]
