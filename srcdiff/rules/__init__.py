"""The derivative rules, each written once. Importing this package fills the registry."""

from . import (
    arrays,
    elementwise,
    norms,
    orders,
    products,
    reduction_types,
    reductions,
    running,
    selections,
    tables,
    ufuncs,
)
from .registry import (
    Rule,
    bilinear,
    bilinear_operands,
    constant,
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
    spelled_out,
)

late("scipy.special", "srcdiff.rules.scipy_special")
late("scipy.stats", "srcdiff.rules.scipy_stats")

__all__ = [
    "Rule",
    "arrays",
    "bilinear",
    "bilinear_operands",
    "constant",
    "elementwise",
    "is_elementwise",
    "is_spelled",
    "is_view",
    "linear",
    "linear_operands",
    "norms",
    "orders",
    "partials",
    "products",
    "pullback",
    "pushes",
    "reduction_types",
    "reductions",
    "rule_of",
    "running",
    "selections",
    "spelled_out",
    "tables",
    "ufuncs",
]
