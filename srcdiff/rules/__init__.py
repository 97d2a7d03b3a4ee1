"""The derivative rules, each written once. Importing this package fills the registry."""

from . import arrays, elementwise, reductions, shape_types, shaping, stacking, turning, ufuncs
from .registry import (
    Rule,
    bilinear,
    constant,
    is_bilinear,
    is_elementwise,
    is_read_only,
    is_spelled,
    is_view,
    joins,
    late,
    linear,
    linear_operands,
    partials,
    pullback,
    pushes,
    rewriting,
    rule_of,
    spelled_out,
)

late("scipy.special", "srcdiff.rules.scipy_special")
late("scipy.stats", "srcdiff.rules.scipy_stats")

__all__ = [
    "Rule",
    "arrays",
    "bilinear",
    "constant",
    "elementwise",
    "is_bilinear",
    "is_elementwise",
    "is_read_only",
    "is_spelled",
    "is_view",
    "joins",
    "linear",
    "linear_operands",
    "partials",
    "pullback",
    "pushes",
    "reductions",
    "rewriting",
    "rule_of",
    "shape_types",
    "shaping",
    "spelled_out",
    "stacking",
    "turning",
    "ufuncs",
]
