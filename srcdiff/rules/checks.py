"""What is checked of a rule when it is registered, and what its text says that it reads."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from types import FunctionType
from typing import Any


def check_key(function: Any) -> None:
    """Raise ValueError for an object by which a rule cannot be found again."""
    try:
        hash(function)
    except TypeError:
        raise ValueError(
            f"{function!r} cannot be looked up: call it from a Python function of your own, and register that"
        ) from None


def check_results(body: Callable[..., Any], operands: tuple[str, ...]) -> None:
    """Raise ValueError where a rule returns more derivatives than it has operands."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(body)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and len(node.value.elts) > len(operands):
            raise ValueError(
                f"the rule {body.__name__} returns {len(node.value.elts)} derivatives for the operands "
                f"({', '.join(operands)})"
            )


def check_arity(function: Any, body: Callable[..., Any], operands: tuple[str, ...]) -> None:
    """Raise ValueError where a rule for a Python function has not the function's parameters."""
    if not isinstance(function, FunctionType):
        return
    given = inspect.signature(function).parameters
    if any(p.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD) for p in given.values()):
        return
    required = [n for n, p in given.items() if p.default is inspect.Parameter.empty]
    if len(operands) > len(given) or len(operands) < len(required):
        raise ValueError(
            f"the rule {body.__name__} has the operands ({', '.join(operands)}), but {function.__name__} takes "
            f"({', '.join(given)})"
        )


def reads(body: Callable[..., Any]) -> frozenset[str]:
    """The parameters whose values the body reads (a shape, rank or kind is no value: it never has to be kept)."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(body)))
    shape_only = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("shape", "ndim", "size", "dtype")
    }
    shape_only |= {
        id(arg)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "holds_complex"
        for arg in node.args
    }
    used = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in shape_only
    }
    return frozenset(used & set(inspect.signature(body).parameters))
