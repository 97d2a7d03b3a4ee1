"""The derivative rules, each written once. Importing this package fills the registry."""

from . import arrays, elementwise
from .registry import Rule, constant, is_elementwise, is_view, partials, pullback, rule_of

__all__ = ["Rule", "arrays", "constant", "elementwise", "is_elementwise", "is_view", "partials", "pullback", "rule_of"]
