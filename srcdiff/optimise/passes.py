"""The passes in their order."""

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
    function = without_waste(function, types, like)
    function = last_copies(function, types)
    return arranged(coalesce(function, types, wished))


def without_waste(function: Function, types: dict[str, Type], like: dict[str, str]) -> Function:
    """The function without what nobody reads, its variables under the names that they had."""
    return first_sums(drop_dead(function, types), types, like)
