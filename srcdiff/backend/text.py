"""IR expressions -> Python text on one line, in the style that `ruff format` leaves alone.

In: an IR expression and the `Names` of the module it stands in. Out: text. The expression becomes a Python syntax tree
that astor prints; `render` is the only caller of astor.
"""

from __future__ import annotations

import ast
import builtins
import math
import operator
import sys
import types
from typing import Any, assert_never

from astor.code_gen import SourceGenerator, set_precedence, to_source
from astor.op_util import Precedence, get_op_symbol

from srcdiff import runtime
from srcdiff.backend.names import Names
from srcdiff.ir import nodes as ir
from srcdiff.ir.callee import Opaque


def _table(pairs: str) -> dict[int, type[Any]]:
    """`"add Add sub Sub"` -> the syntax node of each function of `operator`.

    Objects are found by identity here and below: those that programs mention need not be hashable.
    """
    words = pairs.split()
    return {id(getattr(operator, f)): getattr(ast, node) for f, node in zip(words[::2], words[1::2], strict=True)}


PULLED_BACK = ir.Object(runtime.pulled_back, "pulled_back")
_UNARY = _table("neg USub pos UAdd invert Invert not_ Not")
_OF_TEXT = {id(str.__mod__): ast.Mod, id(str.__add__): ast.Add, id(str.__mul__): ast.Mult}
_ORDER = _table("lt Lt le LtE gt Gt ge GtE eq Eq ne NotEq is_ Is is_not IsNot")
_BINARY = _table(
    "add Add sub Sub mul Mult truediv Div floordiv FloorDiv mod Mod pow Pow matmul MatMult "
    "and_ BitAnd or_ BitOr xor BitXor lshift LShift rshift RShift"
)


def method_name(value: object) -> str | None:
    """The name of the method that a function is, of a built-in class or of a random generator; None for others."""
    if isinstance(value, types.MethodDescriptorType | types.WrapperDescriptorType):
        return value.__name__
    random: Any = sys.modules.get("numpy.random")
    logging: Any = sys.modules.get("logging")
    name = str(getattr(value, "__name__", ""))
    classes = () if random is None else (random.Generator, random.RandomState)
    classes += () if logging is None else (logging.Logger,)
    return name if any(vars(c).get(name, classes) is value for c in classes) else None


# ------------------------------------------------------------------------------------------- expressions -> trees


class _Tree:
    """IR expressions -> Python syntax trees."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def expr(self, node: ir.Expr) -> ast.expr:
        match node:
            case ir.Name():
                return ast.Name(node.id)
            case ir.Const():
                return self.constant(node.value)
            case ir.Object():
                plain = node.value is None or node.value is Ellipsis or isinstance(node.value, bool)
                return ast.Constant(node.value) if plain else _dotted(self.names.spell(node))
            case ir.Attr():
                return ast.Attribute(self.expr(node.base), node.name)
            case ir.Call():
                return self.call(node)
            case ir.Item():
                return ast.Subscript(self.expr(node.base), self.index(node.index))
            case ir.Slice():  # outside an index it is an object like any other
                bounds = [ir.Const(None) if b is None else b for b in (node.lower, node.upper, node.step)]
                return self.builtin("slice", *bounds)
            case ir.Display():
                items = [self.expr(item) for item in node.items]
                return ast.Tuple(items) if node.kind == "tuple" else ast.List(items)
            case ir.Choice():
                return ast.IfExp(self.expr(node.test), self.expr(node.then), self.expr(node.other))
            case ir.Logic():
                return self.logic(node)
            case ir.Closure() | ir.Comprehension():
                raise TypeError(f"not lowered: {node!r}")
            case _:
                assert_never(node)

    def builtin(self, name: str, *args: ir.Expr) -> ast.expr:
        return self.call(ir.Call(ir.Object(getattr(builtins, name), name), args))

    def index(self, node: ir.Expr) -> ast.expr:
        match node:
            case ir.Slice():
                bounds = (None if b is None else self.expr(b) for b in (node.lower, node.upper, node.step))
                return ast.Slice(*bounds)
            case ir.Display(kind="tuple"):
                items = (self.index(i) if isinstance(i, ir.Slice) else self.expr(i) for i in node.items)
                return ast.Tuple(list(items))
            case _:
                return self.expr(node)

    def constant(self, value: Any) -> ast.expr:
        if isinstance(value, float) and math.isnan(value):
            return _dotted(f"{self.names.module('numpy')}.nan")
        if isinstance(value, int | float) and (value < 0 or (value == 0 and math.copysign(1.0, value) < 0)):
            return ast.UnaryOp(ast.USub(), self.constant(-value))
        if isinstance(value, float) and value == math.inf:
            return _dotted(f"{self.names.module('numpy')}.inf")
        return ast.Constant(value)

    def call(self, node: ir.Call) -> ast.expr:
        value = node.func.value if isinstance(node.func, ir.Object) else None
        if not node.kwargs and (special := self.operation(value, node.args)) is not None:
            return special
        args = [self.expr(arg) for arg in node.args]
        keywords = [ast.keyword(name, self.expr(arg)) for name, arg in node.kwargs]
        if isinstance(value, Opaque) and value.pulls is not None:
            return ast.Call(_dotted(self.names.spell(PULLED_BACK)), [self.expr(node.func), *args], keywords)
        if isinstance(value, types.GetSetDescriptorType | types.MemberDescriptorType) and len(args) == 1:
            return ast.Attribute(args[0], value.__name__)
        if args and (name := method_name(value)) is not None:
            return ast.Call(ast.Attribute(args[0], name), args[1:], keywords)
        return ast.Call(self.expr(node.func), args, keywords)

    def operation(self, func: object, args: tuple[ir.Expr, ...]) -> ast.expr | None:
        """The call of a function of `operator` as the operator, of a text as the f-string, or None."""
        if func is runtime.text or func is runtime.formatted:
            return self.fstring(args if func is runtime.text else (ir.Call(ir.Object(func, "f-string"), args),))
        match args:
            case (ir.Call(ir.Object(f), (box, item)),) if func is operator.not_ and f is operator.contains:
                return ast.Compare(self.expr(item), [ast.NotIn()], [self.expr(box)])
            case (one,):
                if func is operator.abs:
                    return self.builtin("abs", one)
                if unary := _UNARY.get(id(func)):
                    return ast.UnaryOp(unary(), self.expr(one))
            case (left, right):
                if func is operator.getitem:
                    return ast.Subscript(self.expr(left), self.index(right))
                if joined := _OF_TEXT.get(id(func)):
                    return ast.BinOp(self.expr(left), joined(), self.expr(right))
                if func is operator.contains:
                    return ast.Compare(self.expr(right), [ast.In()], [self.expr(left)])
                if order := _ORDER.get(id(func)):
                    return ast.Compare(self.expr(left), [order()], [self.expr(right)])
                if binary := _BINARY.get(id(func)):
                    return _signed(ast.BinOp(self.expr(left), binary(), self.expr(right)))
        return None

    def fstring(self, pieces: tuple[ir.Expr, ...]) -> ast.expr | None:
        """An f-string; None where a piece of it cannot stand between its quotes."""
        shown: list[str] = []
        for piece in pieces:
            match piece:
                case ir.Const(value=str(value)) | ir.Object(value=str(value)):
                    shown.append(_quoted(value)[1:-1].replace("{", "{{").replace("}", "}}"))
                    if '"' in value:
                        return None
                case ir.Call(ir.Object(function), (value, ir.Const(conversion), spec)) if function is runtime.formatted:
                    if not isinstance(spec, ir.Const):
                        return None
                    ending = (f"!{conversion}" if conversion else "") + (f":{spec.value}" if spec.value else "")
                    shown.append(f"{{{render(value, self.names)}{ending}}}")
                case _:
                    shown.append(f"{{{render(piece, self.names)}}}")
        inside = [s for s, piece in zip(shown, pieces, strict=True) if not _is_text(piece)]
        if any(mark in s for s in inside for mark in ('"', "\\", "{{")):
            return None
        return ast.Name('f"' + "".join(shown) + '"')

    def logic(self, node: ir.Logic) -> ast.expr:
        """`and` and `or`; neighbouring comparisons that share an operand become one chain again."""
        parts: list[ast.expr] = []
        previous: ir.Expr | None = None
        for value in node.values:
            tree = self.expr(value)
            chain = parts[-1] if parts else None
            if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) == (node.op == "and"):
                parts.extend(tree.values)
            elif node.op == "and" and isinstance(chain, ast.Compare) and _joins(previous, value):
                assert isinstance(tree, ast.Compare)
                chain.ops.extend(tree.ops)
                chain.comparators.extend(tree.comparators)
            else:
                parts.append(tree)
            previous = value
        operation = ast.And() if node.op == "and" else ast.Or()
        return parts[0] if len(parts) == 1 else ast.BoolOp(operation, parts)


def _is_text(piece: ir.Expr) -> bool:
    return isinstance(piece, ir.Const | ir.Object) and isinstance(piece.value, str)


def _dotted(name: str) -> ast.expr:
    first, *rest = name.split(".")
    tree: ast.expr = ast.Name(first)
    for part in rest:
        tree = ast.Attribute(tree, part)
    return tree


def _signed(tree: ast.BinOp) -> ast.BinOp:
    """`x - -1` as `x + 1`, and `x + -1` as `x - 1`."""
    match tree.right:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant() as number):
            if isinstance(tree.op, ast.Add):
                return ast.BinOp(tree.left, ast.Sub(), number)
            if isinstance(tree.op, ast.Sub):
                return ast.BinOp(tree.left, ast.Add(), number)
    return tree


def _joins(left: ir.Expr | None, right: ir.Expr) -> bool:
    """Are these `a < b` and `b < c`?"""
    match left, right:
        case ir.Call(ir.Object(f), (_, middle), ()), ir.Call(ir.Object(g), (again, _), ()):
            return id(f) in _ORDER and id(g) in _ORDER and middle == again
    return False


# ------------------------------------------------------------------------------------------------- trees -> text


def _simple_power(node: ast.expr) -> bool:
    """Does ruff hug `**` next to this operand?"""
    match node:
        case ast.UnaryOp():
            return not isinstance(node.op, ast.Not) and _simple_power(node.operand)
        case ast.Attribute():
            return _simple_power(node.value)
    return isinstance(node, ast.Name) or (isinstance(node, ast.Constant) and not isinstance(node.value, str))


def _simple_bound(node: ast.expr | None) -> bool:
    """Does ruff leave out the spaces around the colons next to this bound?"""
    if isinstance(node, ast.UnaryOp):
        return not isinstance(node.op, ast.Not) and _simple_bound(node.operand)
    return node is None or isinstance(node, ast.Name | ast.Constant)


def _quoted(text: str) -> str:
    """A string literal with the quotes that ruff chooses: double ones unless that takes more backslashes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    body = ("\\" * (c == quote) + c if c in "'\"" else repr(c)[1:-1] for c in text)
    return quote + "".join(body) + quote


class _RuffStyle(SourceGenerator):  # type: ignore[misc]
    """astor's printer, in the style of `ruff format`."""

    def visit_Constant(self, node: ast.Constant) -> None:  # noqa: N802
        if isinstance(node.value, str):
            self.write(_quoted(node.value))
        else:
            super().visit_Constant(node)

    def _handle_numeric_constant(self, value: Any) -> None:
        # A subclass such as np.float64 has a repr of its own; ruff takes the sign off a positive exponent.
        text = float.__repr__(value) if isinstance(value, float) else repr(value)
        self.write(text.replace("e+", "e"))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:  # noqa: N802
        power = isinstance(node.operand, ast.BinOp) and isinstance(node.operand.op, ast.Pow)
        with self.delimit(node, node.op) as delimiters:
            # `-x**2` is right but misread: ruff too gives the power its parentheses.
            set_precedence(Precedence.highest if power else delimiters.p, node.operand)
            self.write(get_op_symbol(node.op), " " if isinstance(node.op, ast.Not) else "", node.operand)

    def visit_BinOp(self, node: ast.BinOp) -> None:  # noqa: N802
        if not isinstance(node.op, ast.Pow):
            super().visit_BinOp(node)
            return
        right = node.right
        if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Pow):
            right = right.left
        hugs = not isinstance(node.left, ast.UnaryOp) and _simple_power(node.left) and _simple_power(right)
        with self.delimit(node, node.op):
            set_precedence(Precedence.Pow + 1, node.left)
            set_precedence(Precedence.PowRHS, node.right)
            self.write(node.left, "**" if hugs else " ** ", node.right)

    def visit_Subscript(self, node: ast.Subscript) -> None:  # noqa: N802
        self.write(node.value, "[")
        index = node.slice
        items = index.elts if isinstance(index, ast.Tuple) and len(index.elts) > 1 else [index]
        self.comma_list(items)
        self.write("]")

    def visit_Slice(self, node: ast.Slice) -> None:  # noqa: N802
        set_precedence(Precedence.Comma, node.lower, node.upper, node.step)
        space = "" if all(map(_simple_bound, (node.lower, node.upper, node.step))) else " "
        self.conditional_write(node.lower)
        self.write(space if node.lower else "", ":")
        self.conditional_write(space, node.upper)
        if node.step is not None:
            self.write(space if node.upper else "", ":", space, node.step)


def render(expr: ir.Expr, names: Names | None = None) -> str:
    """An expression as text on one line."""
    tree = _Tree(Names((expr,)) if names is None else names).expr(expr)
    set_precedence(Precedence.Comma, tree)
    text: str = to_source(tree, pretty_source="".join, source_generator_class=_RuffStyle)
    return text.rstrip("\n")


def update_symbol(op: ir.Object) -> str:
    """`+=` for `operator.add`."""
    return f"{get_op_symbol(_BINARY[id(op.value)]())}="
