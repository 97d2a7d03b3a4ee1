"""The derivative rules, each written once. Importing this package fills the registry."""

from . import arrays, elementwise
from .registry import (
    Rule,
    bilinear,
    constant,
    is_bilinear,
    is_elementwise,
    is_view,
    linear,
    linear_operands,
    partials,
    pullback,
    pushes,
    rule_of,
)

__all__ = [
    "Rule",
    "arrays",
    "bilinear",
    "constant",
    "elementwise",
    "is_bilinear",
    "is_elementwise",
    "is_view",
    "linear",
    "linear_operands",
    "partials",
    "pullback",
    "pushes",
    "rule_of",
]
