"""The derivative rules, each written once. Importing this package fills the registry."""

from . import arrays, elementwise, factorisations, linalg, linalg_types, reductions, ufuncs
from .registry import (
    Rule,
    bilinear,
    constant,
    is_bilinear,
    is_elementwise,
    is_spelled,
    is_view,
    late,
    linear,
    linear_operands,
    partials,
    pullback,
    pushes,
    rule_of,
    spelled_form,
    spelled_out,
)

late("scipy.special", "srcdiff.rules.scipy_special")
late("scipy.stats", "srcdiff.rules.scipy_stats")
late("scipy.linalg", "srcdiff.rules.scipy_linalg")

__all__ = [
    "Rule",
    "arrays",
    "bilinear",
    "constant",
    "elementwise",
    "factorisations",
    "is_bilinear",
    "is_elementwise",
    "is_spelled",
    "is_view",
    "late",
    "linalg",
    "linalg_types",
    "linear",
    "linear_operands",
    "partials",
    "pullback",
    "pushes",
    "reductions",
    "rule_of",
    "spelled_form",
    "spelled_out",
    "ufuncs",
]
