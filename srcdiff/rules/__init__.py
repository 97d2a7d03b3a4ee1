"""The derivative rules, each written once. Importing this package fills the registry."""

from . import arrays, elementwise, reductions
from .registry import (
    Rule,
    bilinear,
    constant,
    is_bilinear,
    is_elementwise,
    is_spelled,
    is_view,
    linear,
    linear_operands,
    partials,
    pullback,
    pushes,
    rule_of,
    spelled_form,
    spelled_out,
)

__all__ = [
    "Rule",
    "arrays",
    "bilinear",
    "constant",
    "elementwise",
    "is_bilinear",
    "is_elementwise",
    "is_spelled",
    "is_view",
    "linear",
    "linear_operands",
    "partials",
    "pullback",
    "pushes",
    "reductions",
    "rule_of",
    "spelled_form",
    "spelled_out",
]
