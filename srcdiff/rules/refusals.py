"""How a function that stands for another one refuses a form: `return refused("what", "what to do instead")`."""

from __future__ import annotations

from typing import Any

from ..errors import UnsupportedCall
from .problem import TypeProblem
from .registry import decided


def refused(what: str, fix: str) -> Any:
    """Raise the refusal, when the derivative is written."""
    raise TypeProblem(UnsupportedCall, what, "the derivative rule does not cover this form", fix)


def is_written_out(value: Any) -> bool:
    """Whether an argument is a literal: of no other one is the value known when the derivative is written."""
    return value is not None


decided(refused, is_written_out)
