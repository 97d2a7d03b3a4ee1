"""A rule of the registry as the pullback of one kind of call: made once, from the rule's own text.

in:   @partials(np.multiply, ...)                 out, where only `a` needs a gradient:
      def multiply(y, a, b):                          def save(y, a, b): return (b,)
          return b, a                                 def back(g, saved): (b,) = saved; return g * b

Only the adjoints that are asked for are computed, and only what these read is kept. The text in which all operands are
numbers calls `math`. `About.again` is the same text with its helpers recorded: the second derivative.
A rule whose text cannot be had is called as it is.
"""

from __future__ import annotations

import ast
import functools
import inspect
import math
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..rules.registry import Rule
from .fitting import Like, fit, number, shape_of, sign
from .record import ABOUT, OURS, About
from .retracing import again_of, fit_again, names_known, with_scope

_MATH = {"sin", "cos", "tan", "exp", "log", "sqrt", "sinh", "cosh", "tanh", "log1p", "expm1"}
_SHAPE_ONLY = ("shape", "ndim", "size", "dtype")


@dataclass(slots=True)
class Form:
    """One kind of call: `save(y, *operands)` picks what `back(g, saved)` will need."""

    save: Callable[..., Any]
    back: Callable[[Any, Any], Any]
    keeps: bool = True  # whether it saves anything


# -------------------------------------------------------------------------------------------------- the rule's text


@functools.cache
def _tree(body: Callable[..., Any]) -> ast.FunctionDef | None:
    """The function that a rule is, or None where its text cannot be had."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(body)))
    except (OSError, TypeError, SyntaxError):
        return None
    found = tree.body[0]
    return found if isinstance(found, ast.FunctionDef) and found.name == getattr(body, "__name__", "") else None


class _Select(ast.NodeTransformer):
    """Each `return` with the adjoints of the active operands only, of the right shape."""

    def __init__(self, rule: Rule, places: tuple[int, ...], numbers: bool) -> None:
        self.places, self.numbers = places, numbers
        self.partial, self.rule = rule.kind == "partials", rule

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        match node.test:  # the tape's tensors are real
            case ast.Call(func=ast.Name(id="holds_complex")):
                return [found for s in node.orelse for found in _listed(self.visit(s))]
        self.generic_visit(node)
        return node

    def visit_Return(self, node: ast.Return) -> ast.Return:
        value = node.value or ast.Constant(None)
        items = value.elts if isinstance(value, ast.Tuple) else [value]
        picked = [self.adjoint(items[k] if k < len(items) else ast.Constant(None), k) for k in self.places]
        return ast.Return(picked[0] if len(picked) == 1 else ast.Tuple(picked, ast.Load()))

    def adjoint(self, item: ast.expr, place: int) -> ast.expr:
        if isinstance(item, ast.Constant) and item.value is None:
            return item
        if self.partial:
            product = _times(item)
            return _plain(product) if self.numbers else product
        return ast.Call(_name("_fit"), [item, _name(f"_shape_{place}")], [])


def _listed(found: Any) -> list[ast.stmt]:
    return found if isinstance(found, list) else [found]


def _name(text: str) -> ast.Name:
    return ast.Name(text, ast.Load())


def _times(e: ast.expr) -> ast.expr:
    """`g` times a partial, as one would write it."""
    g = _name("y_bar")
    match e:
        case ast.Constant(value=1.0):
            return g
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1.0)):
            return ast.UnaryOp(ast.USub(), g)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return ast.UnaryOp(ast.USub(), _times(operand))
        case ast.BinOp(left=ast.Constant(value=1.0), op=ast.Div(), right=right):
            return ast.BinOp(g, ast.Div(), right)
        case ast.Call(func=ast.Attribute(attr="where") as f, args=[test, a, b]):
            ends = [getattr(x, "value", None) for x in (a, b)]
            if ends in ([1.0, 0.0], [0.0, 1.0]):
                return ast.Call(f, [test, *(g if end else ast.Constant(0.0) for end in ends)], [])
    return ast.BinOp(g, ast.Mult(), e)


class _Plain(ast.NodeTransformer):
    """NumPy's functions of numbers as those of `math`."""

    rest = False  # whether anything of NumPy's is left

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="where"), args=[test, a, b]):
                return ast.IfExp(test, a, b)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="sign"), args=[a]):
                return ast.Call(_name("_sign"), [a], [])
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=attr)) if attr in _MATH:
                return ast.Call(ast.Attribute(_name("math"), attr, ast.Load()), node.args, [])
        self.rest = self.rest or not isinstance(node.func, ast.Attribute)
        self.rest = self.rest or (isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "np")
        return node


def _plain(e: ast.expr) -> ast.expr:
    visitor = _Plain()
    found: ast.expr = visitor.visit(e)
    return ast.Call(_name("float"), [found], []) if visitor.rest else found


def _used(statements: list[ast.stmt]) -> tuple[set[str], set[str]]:
    """The names whose values are read, and those of which only the shape is."""
    shape_of = {
        id(n.value)
        for s in statements
        for n in ast.walk(s)
        if isinstance(n, ast.Attribute) and n.attr in _SHAPE_ONLY and isinstance(n.value, ast.Name)
    }
    names = [n for s in statements for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    values = {n.id for n in names if id(n) not in shape_of}
    return values, {n.id for n in names} - values


@functools.cache
def names_read(body: Any) -> frozenset[str]:
    """The names that a function reads; all of its parameters where its text cannot be had."""
    tree = _tree(body)
    if tree is None:
        return frozenset(inspect.signature(body).parameters)
    values, shapes = _used(tree.body)
    return frozenset(values | shapes)


# ---------------------------------------------------------------------------------------------------------- forms


def form_of(rule: Rule, places: tuple[int, ...], *, numbers: bool = False, name: str, tensors: int) -> Form:
    """The form of a rule for calls in which the operands at these places need a gradient.

    `numbers` says that all operands are Python floats; then the partials are too. `tensors` is the number of tensors
    among the operands, `name` that of the operation.
    """
    assert rule.body is not None
    tree = _tree(rule.body)
    made = _written(rule, tree, places, numbers) if tree is not None else _called(rule, places)
    save, back, again, kept = made
    if numbers:
        careful = form_of(rule, places, name=name, tensors=tensors)
        back, again = _guarded(back, careful.back), ABOUT[careful.back].again
    parents = {rule.operands[place]: k for k, place in enumerate(places)}
    operands = tuple(-1 if n == "y" else parents.get(n) for n in kept)
    ABOUT[back] = About(name, again, places, tensors, operands)
    return Form(save, back, bool(kept) or rule.kind != "partials")


def _guarded(back: Any, careful: Any) -> Any:
    """The pullback of numbers, and NumPy's where `math` has no value, as for the cosine of infinity."""

    def guarded(g: Any, saved: Any) -> Any:
        try:
            return back(g, saved)
        except (ArithmeticError, ValueError):
            with np.errstate(all="ignore"):
                found = careful(np.float64(g), tuple(np.float64(s) if type(s) is float else s for s in saved))
                return tuple(map(_float, found)) if type(found) is tuple else _float(found)

    return guarded


def _float(x: Any) -> Any:
    return None if x is None else float(x)


def _written(rule: Rule, tree: ast.FunctionDef, places: tuple[int, ...], numbers: bool) -> tuple[Any, Any, Any, Any]:
    """`save`, `back`, `again` and the names of what is kept, out of the rule's text."""
    body: Any = rule.body
    select = _Select(rule, places, numbers)
    copied = ast.parse(ast.unparse(ast.Module(tree.body, []))).body
    statements = [found for s in copied for found in _listed(select.visit(s))]
    if isinstance(statements[0], ast.Expr):  # a docstring
        statements = statements[1:]
    values, shapes = _used(statements)
    parameters = ["y", *rule.operands]
    kept = [n for n in parameters if n in values or n in shapes]
    extents = [f"_shape_{k}" for k in places] if rule.kind != "partials" else []
    words = [n if n in values and (numbers or rule.kind == "partials") else _word(n, n in values) for n in kept]
    words += [f"_shape({rule.operands[k]})" for k in places[: len(extents)]]
    defaults = _defaults(body)
    signature = ", ".join(f"{n}={n}_default" if n in defaults else n for n in parameters)
    save_text = f"def save({signature}):\n    return ({''.join(f'{w}, ' for w in words)})\n"
    names = [*kept, *extents]
    unpack = [f"({''.join(f'{n}, ' for n in names)}) = saved"] if names else []
    back_text = "def back(y_bar, saved):\n" + textwrap.indent(
        "\n".join([*unpack, *(ast.unparse(ast.fix_missing_locations(s)) for s in statements)]), "    "
    )
    known = names_known(body)
    scope = {**known, **_SCOPE, **{f"{n}_default": v for n, v in defaults.items()}}
    file = f"<srcdiff tape {rule.name}>"
    OURS.add(file)
    exec(compile(save_text, file, "exec"), scope)
    code = compile(back_text + "\n", file, "exec")
    exec(code, scope)
    return scope["save"], scope["back"], again_of(code, known), kept


def _word(name: str, by_value: bool) -> str:
    return f"_number({name})" if by_value else f"_like({name})"


def _defaults(body: Any) -> dict[str, Any]:
    return {
        n: p.default for n, p in inspect.signature(body).parameters.items() if p.default is not inspect.Parameter.empty
    }


_SCOPE: dict[str, Any] = {
    "_fit": fit,
    "_number": number,
    "_like": Like,
    "_shape": shape_of,
    "_sign": sign,
    "math": math,
    "np": np,
    "float": float,
}


def _called(rule: Rule, places: tuple[int, ...]) -> tuple[Any, Any, Any, Any]:
    """The same for a rule that is called as it is, with all operands kept."""
    body: Any = rule.body
    defaults = _defaults(body)
    parameters = ["y", *rule.operands]

    def save(*given: Any, **named: Any) -> Any:
        values = dict(defaults)
        values.update(zip(parameters, given, strict=False))
        values.update(named)
        unknown = values.keys() - set(parameters)
        if unknown or any(n not in values for n in parameters):
            raise TypeError(f"{rule.name} takes the operands {', '.join(rule.operands)}")
        return tuple(number(values[n]) if isinstance(values[n], float) else values[n] for n in parameters)

    def run(body: Any, fit: Any, g: Any, saved: Any) -> Any:
        y, *operands = saved
        found = body(y, *operands) if rule.kind == "partials" else body(g, y, *operands)
        items = found if isinstance(found, tuple) else (found,)
        picked = [items[k] if k < len(items) else None for k in places]
        if rule.kind == "partials":
            picked = [None if p is None else g * p for p in picked]
        picked = [fit(p, shape_of(operands[k])) for p, k in zip(picked, places, strict=True)]
        return picked[0] if len(picked) == 1 else tuple(picked)

    def back(g: Any, saved: Any) -> Any:
        return run(body, fit, g, saved)

    def again(g: Any, saved: Any) -> Any:
        return run(with_scope(body), fit_again, g, saved)

    return save, back, again, parameters
