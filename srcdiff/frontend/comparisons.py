"""Reading comparisons. In: gast `Compare` nodes. Out: calls of the functions of `operator`, chains joined by `and`.

in:   low < grow(x) < high               out:  low < (middle := grow(x)) and middle < high

What stands in the middle of a chain is evaluated once, after what stands before it; what stands behind it only if the
comparison before holds. A middle that may as well be evaluated twice is written twice, and becomes a chain again.
"""

from __future__ import annotations

import ast
import math
import operator
import types
from collections.abc import Sequence
from typing import Any, NamedTuple

import gast  # type: ignore[import-untyped,unused-ignore]
import numpy as np

from srcdiff.frontend.names import Scope
from srcdiff.frontend.text import Text
from srcdiff.ir.marks import named
from srcdiff.ir.nodes import (
    Attr,
    Call,
    Choice,
    Closure,
    Comprehension,
    Const,
    Display,
    Expr,
    Item,
    Logic,
    Name,
    Object,
    Slice,
    Span,
)


class Operator(NamedTuple):
    function: object
    text: str

    def at(self, span: Span) -> Object:
        return Object(self.function, self.text, span)


NOT = Operator(operator.not_, "not")
_COMPARE = {
    "Lt": Operator(operator.lt, "<"),
    "LtE": Operator(operator.le, "<="),
    "Gt": Operator(operator.gt, ">"),
    "GtE": Operator(operator.ge, ">="),
    "Eq": Operator(operator.eq, "=="),
    "NotEq": Operator(operator.ne, "!="),
    "Is": Operator(operator.is_, "is"),
    "IsNot": Operator(operator.is_not, "is not"),
    "In": Operator(operator.contains, "in"),
}
# What may be called twice where the program calls it once, in the middle of a chained comparison.
_PURE_BUILTINS = (abs, min, max, len, float, int, round, sum, pow, bool)
_PURE_METHODS = frozenset({"sum", "mean", "min", "max", "prod", "dot", "item", "std", "var", "any", "all"})
_PURE_ATTRIBUTES = frozenset({"shape", "size", "ndim", "T", "real", "imag"})
_PURE_MODULES = tuple(vars(module) for module in (math, operator, np, np.linalg))


class Comparisons:
    """Reads the comparisons of one function."""

    scope: Scope
    text: Text
    renamed: list[dict[str, str]]

    def read(self, node: Any) -> Expr:
        raise NotImplementedError

    def in_order(self, nodes: Sequence[Any]) -> list[Expr]:
        raise NotImplementedError

    def _compare(self, node: Any) -> Expr:
        span = self.text.span(node)
        tested = zip(node.ops, node.comparators, strict=True)
        operands = [node.left, *(_written_out(c) if type(op).__name__ in ("In", "NotIn") else c for op, c in tested)]
        if any(map(assigns, operands[2:])):
            return self._assigning_chain(node, operands)
        values = self.in_order(operands)
        places = [self.text.span(operand) for operand in operands]
        pairs: list[Expr] = []
        first = values[0]
        for i, op in enumerate(node.ops):
            at = span if len(node.ops) == 1 else Span(*places[i][:2], *places[i + 1][2:])
            second, again = values[i + 1], values[i + 1]
            if i + 1 < len(node.ops) and not _repeatable(second):
                again = Name(self.scope.fresh("middle"), places[i + 1])
                second = Call(Object(named, "middle", places[i + 1]), (again, second), (), places[i + 1])
            pairs.append(_comparison(type(op).__name__, first, second, at))
            first = again
        return pairs[0] if len(pairs) == 1 else Logic("and", tuple(pairs), span)

    def _assigning_chain(self, node: Any, operands: list[Any]) -> Expr:
        """A chain that assigns behind its first comparison, as comparisons joined by `and`."""
        middles = [self.scope.fresh("middle") for _ in operands[1:-1]]
        left, pairs = operands[0], []
        for k, (op, right) in enumerate(zip(node.ops, operands[1:], strict=True)):
            again = right
            if k < len(middles):
                again = ast.copy_location(_named(middles[k], gast.Load()), right)
                target = ast.copy_location(_named(middles[k], gast.Store()), right)
                right = ast.copy_location(gast.NamedExpr(target, right), right)
            pairs.append(ast.copy_location(gast.Compare(left, [op], [right]), node))
            left = again
        self.renamed.append({name: name for name in middles})
        try:
            return self.read(ast.copy_location(gast.BoolOp(gast.And(), pairs), node))
        finally:
            self.renamed.pop()


def _named(name: str, context: Any) -> Any:
    return gast.Name(name, context, None, None)


def assigns(node: Any) -> bool:
    """Whether a `:=` stands in it."""
    return any(type(part).__name__ == "NamedExpr" for part in ast.walk(node))


def _written_out(node: Any) -> Any:
    """A set of which only membership is asked, as the tuple that it is written as."""
    if type(node).__name__ != "Set":
        return node
    return ast.copy_location(gast.Tuple(elts=node.elts, ctx=gast.Load()), node)


def _comparison(kind: str, left: Expr, right: Expr, span: Span) -> Expr:
    if kind == "NotIn":
        return Call(NOT.at(span), (_comparison("In", left, right, span),), (), span)
    args = (right, left) if kind == "In" else (left, right)  # operator.contains takes the container first
    return Call(_COMPARE[kind].at(span), args, (), span)


def _repeatable(expr: Expr | None) -> bool:
    """Is evaluating the expression twice the same as evaluating it once?"""
    match expr:
        case None | Name() | Const() | Object():
            return True
        case Attr(base, name):  # any other one may be a property, which may have an effect
            return name in _PURE_ATTRIBUTES and _repeatable(base)
        case Call(func, args, kwargs):
            parts = (*args, *(value for _, value in kwargs))
            return _pure(func) and all(_repeatable(part) for part in parts)
        case Slice(lower, upper, step):
            return all(_repeatable(part) for part in (lower, upper, step))
        case Display(_, items) | Logic(_, items):
            return all(_repeatable(part) for part in items)
        case Choice(test, then, other):
            return all(_repeatable(part) for part in (test, then, other))
        case Item() | Closure() | Comprehension():  # an item may be a method of the user's own
            return False


def _pure(func: Expr) -> bool:
    """Is this a function of Python or NumPy that only computes?"""
    match func:
        case Attr(base, name):
            return name in _PURE_METHODS and _repeatable(base)
        case Object(value):
            if isinstance(value, np.ufunc) or any(value is pure for pure in _PURE_BUILTINS):
                return True
            name = getattr(value, "__name__", "")
            compiled = isinstance(value, types.BuiltinFunctionType | types.FunctionType) or callable(value)
            return compiled and any(namespace.get(name) is value for namespace in _PURE_MODULES)
    return False
