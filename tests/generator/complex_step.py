"""The same program over complex numbers: in, its text; out, its exact directional derivatives.

f(x + 1e-20 i d) has the derivative along d in its imaginary part, to rounding and without a step to choose. Two things
stand in the way in ordinary code, and both go away by running the program's own text in other surroundings:

* buffers made by `np.zeros` and the like would be real and drop the imaginary part: the module's `np` and `math` are
  stand-ins whose makers of arrays make complex ones, and whose functions with kinks (`abs`, `max`, `clip`, ...) choose
  by the real part;
* tests, `%` and `//` know no complex numbers: comparisons are rewritten to compare real parts, `%` and `//` to calls.

Indices, counters and tests stay what they are, so that every construct of the language runs as Python runs it: this
oracle shares nothing with srcdiff. What it cannot see is a mistake of its own table of stand-ins, and those it shares
with no finite difference: the two oracles are held against each other in every case.
"""

from __future__ import annotations

import ast
import builtins
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

STEP = 1e-20


def _re(x: Any) -> Any:
    """The real part; anything that is not complex as it is."""
    return x.real if isinstance(x, (complex, np.complexfloating)) or _is_complex_array(x) else x


def _is_complex_array(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "c"


def _is_complex(x: Any) -> bool:
    return isinstance(x, (complex, np.complexfloating)) or _is_complex_array(x)


def _mod(a: Any, b: Any) -> Any:
    if not (_is_complex(a) or _is_complex(b)):
        return a % b
    return a - b * np.floor(_re(a) / _re(b))


def _floordiv(a: Any, b: Any) -> Any:
    if not (_is_complex(a) or _is_complex(b)):
        return a // b
    return np.floor(_re(a) / _re(b)) + 0j


def _abs(x: Any) -> Any:
    return x * np.sign(_re(x)) if _is_complex(x) else abs(x)


def _first_best(better: Callable[[Any, Any], bool], *args: Any, **kwargs: Any) -> Any:
    items = list(args[0]) if len(args) == 1 else list(args)
    best = items[0]
    for item in items[1:]:
        if better(_re(item), _re(best)):
            best = item
    return best


def _max(*args: Any) -> Any:
    return _first_best(lambda a, b: bool(a > b), *args)


def _min(*args: Any) -> Any:
    return _first_best(lambda a, b: bool(a < b), *args)


def _round(x: Any, *digits: int) -> Any:
    return builtins.round(float(_re(x)), *digits) if _is_complex(x) else builtins.round(x, *digits)


def _int(x: Any) -> int:
    return int(_re(x))


def _float(x: Any) -> Any:
    return x if _is_complex(x) else float(x)


def _maximum(a: Any, b: Any) -> Any:
    return _plain(np.where(_re(a) >= _re(b), a, b))


def _minimum(a: Any, b: Any) -> Any:
    return _plain(np.where(_re(a) <= _re(b), a, b))


def _plain(x: Any) -> Any:
    """A 0-d array as the scalar that a ufunc would have returned."""
    return x[()] if isinstance(x, np.ndarray) and x.ndim == 0 else x


def _clip(x: Any, lo: Any, hi: Any) -> Any:
    return _minimum(_maximum(x, lo), hi)


def _arctan2(y: Any, x: Any) -> Any:
    u, v = np.real(y), np.real(x)
    return np.arctan2(u, v) + 1j * (v * np.imag(y) - u * np.imag(x)) / (u * u + v * v)


def _hypot(x: Any, y: Any) -> Any:
    return np.sqrt(x * x + y * y)


def _complex_maker(make: Callable[..., Any]) -> Callable[..., Any]:
    def maker(*args: Any, **kwargs: Any) -> Any:
        made = make(*args, **kwargs)
        return made.astype(complex) if made.dtype.kind == "f" else made

    return maker


STAND_INS: dict[str, Callable[..., Any]] = {
    "abs": _abs,
    "absolute": _abs,
    "fabs": _abs,
    "sign": lambda x: np.sign(_re(x)) + 0j,
    "maximum": _maximum,
    "minimum": _minimum,
    "clip": _clip,
    "arctan2": _arctan2,
    "hypot": _hypot,
}
for _name in ("zeros", "ones", "empty", "full", "array", "zeros_like", "ones_like", "full_like", "eye", "linspace"):
    STAND_INS[_name] = _complex_maker(getattr(np, _name))


class _Numpy:
    """`np` with the stand-ins."""

    def __getattr__(self, name: str) -> Any:
        return STAND_INS.get(name) or getattr(np, name)


_MATH_NAMES = {"atan": "arctan", "asin": "arcsin", "acos": "arccos", "atan2": "arctan2", "pow": "power"}


class _Math:
    """`math` by way of NumPy's functions, which know complex numbers."""

    def __getattr__(self, name: str) -> Any:
        if isinstance(getattr(math, name), float):
            return getattr(math, name)
        return getattr(_Numpy(), _MATH_NAMES.get(name, name))


class _Rewrite(ast.NodeTransformer):
    """Comparisons of real parts; `%` and `//` as calls; no imports (the names are given)."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        node.left = _call("_re", node.left)
        node.comparators = [_call("_re", c) for c in node.comparators]
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, (ast.Mod, ast.FloorDiv)):
            return _call("_mod" if isinstance(node.op, ast.Mod) else "_floordiv", node.left, node.right)
        return node

    def visit_Import(self, node: ast.Import) -> None:
        return None


def _call(name: str, *args: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


def complex_function(source: str) -> Callable[..., Any]:
    """The module's `f` over complex numbers."""
    tree = ast.fix_missing_locations(_Rewrite().visit(ast.parse(source)))
    names: dict[str, Any] = {"np": _Numpy(), "math": _Math(), "_re": _re, "_mod": _mod, "_floordiv": _floordiv}
    names |= {"abs": _abs, "max": _max, "min": _min, "round": _round, "int": _int, "float": _float}
    exec(compile(tree, "<complex step>", "exec"), names)
    f: Callable[..., Any] = names["f"]
    return f


def gradient(source: str, args: tuple[Any, ...], result: Callable[[Any], Any]) -> list[np.ndarray] | None:
    """The derivative of `result(f(*args))` by every entry of every argument, or None where the program leaves the
    complex numbers (a real buffer was written with a complex value, a function without complex form)."""
    f = complex_function(source)
    gradients = [np.zeros(np.shape(a)) for a in args]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            for position, grad in enumerate(gradients):
                for index in np.ndindex(grad.shape):
                    point = [np.array(a, dtype=complex) for a in args]
                    point[position][index] += 1j * STEP
                    value = result(f(*[p if p.ndim else np.complex128(p) for p in point]))
                    grad[index] = np.imag(value) / STEP
    except (np.exceptions.ComplexWarning, TypeError):
        return None
    return gradients
