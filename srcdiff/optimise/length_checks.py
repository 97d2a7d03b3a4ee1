"""Statements that hold lengths of arrays against each other, ahead of what takes them to be the same."""

from __future__ import annotations

from ..ir.nodes import Effect, Expr, Stmt
from ..ir.walk import is_call_of
from ..runtime import adjoint_fits, long_enough, not_empty, same_length


def is_length_check(e: Expr) -> bool:
    """Whether a call reads lengths alone, and raises an error if they are not what the text takes them to be."""
    return is_call_of(e, same_length, long_enough, not_empty, adjoint_fits)


def is_check(s: Stmt) -> bool:
    """Whether a statement is such a call."""
    return isinstance(s, Effect) and is_length_check(s.value)
