"""The derivative program made short: dead statements, needless arrays, names."""

from __future__ import annotations

from ..ir.nodes import Function
from ..ir.types import Type
from .dead import drop_dead
from .moves import first_sums, last_copies
from .names import coalesce
from .parts import arranged


def optimise(function: Function, types: dict[str, Type], wished: dict[str, str], like: dict[str, str]) -> Function:
    """All passes in order. `wished` gives variables the names they should have, `like` seeds the adjoints whose shape
    they have."""
    function = drop_dead(function, types)
    function = first_sums(function, types, like)
    function = last_copies(function, types)
    return arranged(coalesce(function, types, wished))


__all__ = ["optimise"]
