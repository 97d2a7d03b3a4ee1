"""The derivative rules, each written once. Importing this package fills the registry."""

from . import arrays, elementwise, factorisations, linalg, linalg_types, reductions
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
]
