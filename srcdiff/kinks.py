"""`debug_kinks`: the lines of the user's program that are evaluated exactly where they have a kink.

In: the line of generated code that is about to run, with its variables. Out: warnings. The expressions of the line that
may have a corner are evaluated once more, ahead of it; only those that have no effect are.
"""

from __future__ import annotations

import ast
import functools
import linecache
import math
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import numpy as np

from .debugging import Step, Traced
from .errors import AtKink, Problem, warn
from .runtime import first_max, first_min, ratio

_WHAT = "a kink is evaluated exactly at its corner"
_WHY = "there is no derivative there; what is taken for it is a convention, or that of one side ({corner})"
_FIX = "move the argument off the corner, or replace the function by a smooth one"


class debug_kinks(Traced):  # noqa: N801 (it is used like a function)
    """Within `with srcdiff.debug_kinks():` the derivatives that are called warn (`srcdiff.errors.AtKink`) of every line
    of your program that is evaluated exactly at a corner: `abs` and `sign` of zero, ties in maxima and minima, `clip`
    at a bound, a comparison of two floats that are equal.

    For plain Python only, which it makes slow: a derivative that runs under `jit=True` is not looked into.
    What the derivative is at such places is listed in docs/conventions.md.

    >>> import warnings
    >>> import srcdiff
    >>> def f(x):
    ...     return abs(x)
    >>> with warnings.catch_warnings(record=True) as given, srcdiff.debug_kinks():
    ...     srcdiff.grad(f)(0.0)
    0.0
    >>> given[0].category.__name__, given[0].message.problem.what
    ('AtKink', 'a kink is evaluated exactly at its corner')
    """

    def __init__(self) -> None:
        self.told: set[tuple[str, int]] = set()

    def watch(self, frame: FrameType, module: Any) -> Step:  # noqa: ARG002
        parts = _by_line(module.rendered.text)

        def step(frame: FrameType, event: str, arg: Any) -> Any:  # noqa: ARG001
            if event == "line":
                for node in parts.get(frame.f_lineno, ()):
                    corner = _corner(node, frame)
                    if corner:
                        self.found(corner, module.rendered.lines.get(frame.f_lineno))
            return step

        return step

    def found(self, corner: str, where: Any) -> None:
        """Warn of a place of the user's program, once in this block."""
        if where is None or (where.file, where.span.line) in self.told:
            return
        self.told.add((where.file, where.span.line))
        line = linecache.getline(where.file, where.span.line).rstrip("\n") or where.text
        end = where.span.end_column if where.span.end_line == where.span.line else len(line)
        why = _WHY.format(corner=corner)
        warn(Problem(AtKink, _WHAT, why, _FIX, where.file, where.span.line, where.span.column, end, line))


# ------------------------------------------------------------------------------------- what a line of code evaluates

_Parts = dict[int, list[ast.expr]]


@functools.lru_cache(maxsize=64)
def _by_line(text: str) -> _Parts:
    """The expressions that may have a corner, by the line on which their statement begins."""
    found: _Parts = {}
    for statement in ast.walk(ast.parse(text)):
        if isinstance(statement, ast.stmt) and not isinstance(statement, ast.FunctionDef):
            for top in _own(statement):
                for node in ast.walk(top):
                    if isinstance(node, ast.Compare | ast.Call) and not any(
                        isinstance(p, _CLOSED) for p in ast.walk(node)
                    ):
                        found.setdefault(statement.lineno, []).append(node)
    return found


_CLOSED = (ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp, ast.NamedExpr)


def _own(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement that are evaluated when it begins."""
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.expr):
            yield child


def _corner(node: ast.expr, frame: FrameType) -> str:
    """What kind of corner an expression stands at, or nothing."""

    def value(part: ast.expr) -> Any:
        return _value(part, frame)

    try:
        with np.errstate(all="ignore"):
            if isinstance(node, ast.Compare):
                return _equal_sides(node, value, frame)
            assert isinstance(node, ast.Call)
            function = value(node.func) if _is_pure(node.func, frame) else None
            test = next((t for known, t in _CORNERS.items() if known is function), None)
            if test is None or not all(_is_pure(a, frame) for a in (*node.args, *(k.value for k in node.keywords))):
                return ""
            args = [value(a) for a in node.args]
            return test(ast.unparse(node), *args, **{k.arg: value(k.value) for k in node.keywords if k.arg})
    except Exception:  # noqa: BLE001 (whatever is wrong with the line, it says so itself when it runs)
        return ""


def _value(e: ast.expr, frame: FrameType) -> Any:
    return eval(compile(ast.Expression(e), "<corner>", "eval"), frame.f_globals, frame.f_locals)


def _equal_sides(node: ast.Compare, value: Callable[[ast.expr], Any], frame: FrameType) -> str:
    sides = [node.left, *node.comparators]
    for op, a, b in zip(node.ops, sides[:-1], sides[1:], strict=True):
        if not isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) or not (_is_pure(a, frame) and _is_pure(b, frame)):
            continue
        left, right = value(a), value(b)
        floats = any(isinstance(v, float) or getattr(v, "dtype", np.dtype(bool)).kind == "f" for v in (left, right))
        if floats and np.any((np.asarray(left) == np.asarray(right)) & np.isfinite(left)):
            return f"`{ast.unparse(node)}` compares equal numbers"
    return ""


_METHODS = {"max", "min", "sum", "mean", "copy", "reshape", "ravel", "dot", "transpose", "astype", "clip"}
_BUILTINS = {abs, max, min, len, float, int, bool, sum, range}


def _is_pure(e: ast.expr, frame: FrameType) -> bool:
    """Whether evaluating an expression once more changes nothing."""
    for node in ast.walk(e):
        if isinstance(node, _CLOSED) or (isinstance(node, ast.Call) and not _is_pure_call(node.func, frame)):
            return False
    return True


def _is_pure_call(function: ast.expr, frame: FrameType) -> bool:
    if isinstance(function, ast.Attribute) and not isinstance(function.value, ast.Name):
        return function.attr in _METHODS or ast.unparse(function).startswith("np.linalg.")
    found = _value(function, frame)
    if isinstance(getattr(found, "__self__", None), np.ndarray):
        return isinstance(function, ast.Attribute) and function.attr in _METHODS
    home = str(getattr(found, "__module__", ""))
    pure = isinstance(found, np.ufunc) or home in ("numpy", "math", "srcdiff.runtime")
    return pure or any(found is known for known in _BUILTINS)


# ---------------------------------------------------------------------------------------------- where the corners are


def _at_zero(name: str, x: Any, *_: Any) -> str:
    return f"`{name}` is taken at zero" if np.any(np.asarray(x) == 0.0) and np.asarray(x).dtype.kind == "f" else ""


def _tie(name: str, *args: Any) -> str:
    a, b = np.asarray(args[0]), np.asarray(args[1])
    return f"there is a tie in `{name}`" if np.any(a == b) and "f" in (a.dtype.kind, b.dtype.kind) else ""


def _extreme_tie(largest: bool) -> Callable[..., str]:
    def test(name: str, x: Any, *more: Any, axis: Any = None, **_: Any) -> str:
        x = np.asarray([x, *more] if more and not isinstance(x, np.ndarray | list | tuple) else x)
        if more and x.ndim and axis is None and isinstance(more[0], int):
            axis = more[0]
        if x.dtype.kind != "f":
            return ""
        extreme = (np.max if largest else np.min)(x, axis=axis, keepdims=True)
        return f"there is a tie in `{name}`" if np.any(np.sum(x == extreme, axis=axis) > 1) else ""

    return test


def _at_bound(name: str, x: Any, low: Any = None, high: Any = None, **more: Any) -> str:
    low, high = more.get("min", low), more.get("max", high)
    bounds = [b for b in (low, high) if b is not None]
    return f"`{name}` is taken at a bound" if any(np.any(np.asarray(x) == b) for b in bounds) else ""


def _at_origin(name: str, x: Any, *_: Any, **__: Any) -> str:
    return f"`{name}` is taken at zero" if not np.any(x) else ""


def _over_zero(name: str, _: Any, y: Any) -> str:
    return f"`{name}` divides by zero" if np.any(np.asarray(y) == 0.0) else ""


_LARGEST, _SMALLEST = _extreme_tie(largest=True), _extreme_tie(largest=False)
_CORNERS: dict[Any, Callable[..., str]] = {
    **dict.fromkeys((abs, np.abs, np.fabs, math.fabs, np.sign, np.heaviside), _at_zero),
    **dict.fromkeys((np.maximum, np.minimum, np.fmax, np.fmin), _tie),
    **dict.fromkeys((max, np.max, first_max), _LARGEST),
    **dict.fromkeys((min, np.min, first_min), _SMALLEST),
    np.clip: _at_bound,
    np.linalg.norm: _at_origin,
    ratio: _over_zero,
}
