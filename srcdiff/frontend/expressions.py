"""Reading expressions. In: gast expression nodes. Out: IR expressions, every one with its place in the file.

Operators become calls of the functions of `operator`; names that are not local become the objects they stand for.
A refused construct is noted and a placeholder stands for it, so that one reading finds every problem.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from srcdiff.frontend.assigning import Turn, as_loop, leaves_early
from srcdiff.frontend.comparisons import NOT, Comparisons, Operator, assigns
from srcdiff.frontend.names import MISSING, NOT_STATIC, Reference, Scope, static_attribute
from srcdiff.frontend.refusals import Problems
from srcdiff.frontend.text import Text
from srcdiff.ir.nodes import (
    Assign,
    Attr,
    Call,
    Choice,
    Clause,
    Comprehension,
    Const,
    Display,
    Expr,
    If,
    Item,
    Logic,
    Name,
    Object,
    Origin,
    Slice,
    Span,
    Stmt,
)
from srcdiff.ir.walk import assigned
from srcdiff.runtime import formatted, text

BINARY = {
    "Add": Operator(operator.add, "+"),
    "Sub": Operator(operator.sub, "-"),
    "Mult": Operator(operator.mul, "*"),
    "Div": Operator(operator.truediv, "/"),
    "FloorDiv": Operator(operator.floordiv, "//"),
    "Mod": Operator(operator.mod, "%"),
    "Pow": Operator(operator.pow, "**"),
    "MatMult": Operator(operator.matmul, "@"),
    "BitAnd": Operator(operator.and_, "&"),
    "BitOr": Operator(operator.or_, "|"),
    "BitXor": Operator(operator.xor, "^"),
    "LShift": Operator(operator.lshift, "<<"),
    "RShift": Operator(operator.rshift, ">>"),
}
_UNARY = {
    "USub": Operator(operator.neg, "-"),
    "UAdd": Operator(operator.pos, "+"),
    "Not": NOT,
    "Invert": Operator(operator.invert, "~"),
}
_PLACEHOLDER = Const(None)


class Expressions(Comparisons):
    """Reads the expressions of one function."""

    def __init__(self, scope: Scope, text: Text, problems: Problems) -> None:
        self.scope = scope
        self.text = text
        self.problems = problems
        self.references: dict[str, Reference] = {}
        self.renamed: list[dict[str, str]] = []  # by the comprehensions around
        self._unbound: set[str] = set()
        self.taken_by: dict[
            int, Expr
        ] = {}  # generator expressions that assign, and the functions that they are given to
        self._ahead: list[Stmt] = []  # what has to run before the statement that is being read

    def read(self, node: Any) -> Expr:
        reader = getattr(self, f"_{type(node).__name__.lower()}", None)
        if reader is None:
            return self._refuse(node)
        expression: Expr = reader(node)
        return expression

    def _refuse(self, node: Any) -> Expr:
        self.problems.add(type(node).__name__, self.text.span(node))
        for field in ("value", "keys", "values", "elts"):  # what stands inside is read for its own problems
            parts = getattr(node, field, None)
            for part in parts if isinstance(parts, list) else [parts]:
                if part is not None and type(node).__name__ not in ("JoinedStr", "TemplateStr", "DictComp"):
                    self.read(part)
        return _PLACEHOLDER

    # ------------------------------------------------------------------------- assignments inside of expressions

    def taken_ahead(self, origin: Origin) -> list[Stmt]:
        """The statements that expressions read so far have become beside their value."""
        ahead, self._ahead = self._ahead, []
        return [replace(s, origin=s.origin or origin) for s in ahead]

    def assigned_ahead(self) -> set[str]:
        return assigned(tuple(self._ahead))

    def in_order(self, nodes: Sequence[Any], called: bool = False) -> list[Expr]:
        """Operands, from the left to the right: what a later one assigns does not reach an earlier one. The first may
        be the function that is called: a method is that of its object."""
        read: list[Expr] = []
        for node in nodes:
            before, self._ahead = self._ahead, []
            value = self.read(node)
            if self._ahead:
                bound = self.assigned_ahead()
                for k, e in enumerate(read):
                    base = e.base if called and k == 0 and isinstance(e, Attr) else e
                    if not isinstance(base, Const | Object) and not (isinstance(base, Name) and base.id not in bound):
                        read[k] = Name(self.scope.fresh("operand"), getattr(e, "at", None))
                        before.append(Assign(read[k], e))
            self._ahead = [*before, *self._ahead]
            read.append(value)
        return read

    def apart(self, node: Any) -> tuple[Expr, tuple[Stmt, ...]]:
        """An operand that is not always evaluated, with what has to run before it then."""
        before, self._ahead = self._ahead, []
        value = self.read(node)
        own, self._ahead = tuple(self._ahead), before
        return value, own

    def _namedexpr(self, node: Any) -> Expr:
        span = self.text.span(node)
        target = Name(self.scope.spelled(node.target.id), self.text.span(node.target))
        value = self.read(node.value)
        self._ahead.append(Assign(target, value))
        return Name(target.id, span)

    # ------------------------------------------------------------------------------------------ names and values

    def _constant(self, node: Any) -> Expr:
        span = self.text.span(node)
        if isinstance(node.value, bytes):
            self.problems.add(type(node.value).__name__, span, name=self.text.quote(span))
            return _PLACEHOLDER
        return Const(node.value, span)

    def _name(self, node: Any) -> Expr:
        for names in reversed(self.renamed):
            if node.id in names:
                return Name(names[node.id], self.text.span(node))
        if self.scope.is_local(node.id):
            return Name(self.scope.spelled(node.id), self.text.span(node))
        return self._static(node, [])

    def _attribute(self, node: Any) -> Expr:
        attributes = [node]
        while type(attributes[-1].value).__name__ == "Attribute":
            attributes.append(attributes[-1].value)
        root = attributes[-1].value
        inside = any(getattr(root, "id", None) in names for names in self.renamed)
        if type(root).__name__ == "Name" and not inside and not self.scope.is_local(root.id):
            return self._static(root, attributes[::-1])
        return self._dynamic(self.read(root), attributes[::-1])

    def _dynamic(self, base: Expr, attributes: list[Any]) -> Expr:
        for node in attributes:
            base = Attr(base, self.scope.spelled(node.attr), self.text.span(node))
        return base

    def _static(self, root: Any, attributes: list[Any]) -> Expr:
        """The object that a name which is not local, and as many attributes as are static, stand for."""
        span = self.text.span(root)
        path = root.id
        scope, value = self.scope.lookup(root.id)
        if value is MISSING:
            self._unresolved(f"unbound {scope}", path, span)
            return _PLACEHOLDER
        for done, node in enumerate(attributes):
            found = static_attribute(value, self.scope.spelled(node.attr))
            if found is NOT_STATIC:
                return self._dynamic(self._refer(path, scope, value, span), attributes[done:])
            if found is MISSING:
                self._unresolved("missing attribute", f"{path}.{node.attr}", self.text.span(node))
                return _PLACEHOLDER
            path, value, span = f"{path}.{node.attr}", found, self.text.span(node)
        return self._refer(path, scope, value, span)

    def _refer(self, path: str, scope: str, value: object, span: Span) -> Object:
        known = self.references.setdefault(path, Reference(path, scope, value, self.scope))
        return Object(known.value, path, span)

    def _unresolved(self, key: str, path: str, span: Span) -> None:
        """A name that is bound to nothing is reported where it first stands."""
        if path in self._unbound:
            return
        self._unbound.add(path)
        base, _, name = path.rpartition(".")
        self.problems.add(key, span, base=base, name=name)

    # ---------------------------------------------------------------------------- functions and comprehensions

    def _lambda(self, node: Any) -> Expr:
        return self.closure(node, "anonymous")

    def closure(self, node: Any, name: str) -> Expr:
        raise NotImplementedError

    def _listcomp(self, node: Any) -> Expr:
        return self._comprehension("list", node, (node.elt,))

    def _generatorexp(self, node: Any) -> Expr:
        return self._comprehension("generator", node, (node.elt,))

    def _dictcomp(self, node: Any) -> Expr:
        return self._comprehension("dict", node, (node.key, node.value))

    def _comprehension(self, kind: str, node: Any, parts: tuple[Any, ...]) -> Expr:
        """The names that it binds are its own: they get names that nobody else has. One that assigns names of the
        function (`:=`) becomes the loop that it stands for."""
        names: dict[str, str] = {}
        turns: list[Turn] = []
        for clause in node.generators:
            if clause.is_async:
                self.problems.add("AsyncFor", self.text.span(node))
            over = self.read(clause.iter)
            if not turns:
                self.renamed.append(names)
            names.update({n: self.scope.fresh(n) for n in _target_names(clause.target)})
            turns.append(Turn(self._bound(clause.target), over, tuple(map(self.apart, clause.ifs))))
        read = [self.apart(part) for part in parts]
        self.renamed.pop()
        values, span = tuple(value for value, _ in read), self.text.span(node)
        element = values[0] if len(values) == 1 else Display("tuple", values, span)
        if any(ahead for _, ahead in read) or any(turn.assigns for turn in turns):
            loop = as_loop(kind, self.taken_by.get(id(node)), turns, read[-1], self.scope.fresh, span)
            if loop is not None:
                self._ahead += loop.statements
                return loop.result
            form = "generator expression" if kind == "generator" else "comprehension"
            self.problems.add(f"assignment inside a {form}", span)
        clauses = tuple(Clause(t.target, t.over, tuple(test for test, _ in t.conditions)) for t in turns)
        return Comprehension(kind, element, clauses, span)

    def _bound(self, target: Any) -> Expr:
        """The target of a comprehension's clause."""
        kind, span = type(target).__name__, self.text.span(target)
        if kind in ("Tuple", "List"):
            return Display("tuple", tuple(map(self._bound, target.elts)), span)
        if kind == "Starred":
            return Display("starred", (self._bound(target.value),), span)
        return self.read(target)

    # ------------------------------------------------------------------------------------------------- operators

    def _binop(self, node: Any) -> Expr:
        span = self.text.span(node)
        return Call(BINARY[type(node.op).__name__].at(span), tuple(self.in_order((node.left, node.right))), (), span)

    def _unaryop(self, node: Any) -> Expr:
        span = self.text.span(node)
        kind = type(node.op).__name__
        if kind == "USub" and type(node.operand).__name__ == "Constant":
            value = node.operand.value
            if type(value) in (int, float):
                return Const(-value, span)
        return Call(_UNARY[kind].at(span), (self.read(node.operand),), (), span)

    def _boolop(self, node: Any) -> Expr:
        op, span = "and" if type(node.op).__name__ == "And" else "or", self.text.span(node)
        first = self.read(node.values[0])
        rest = [self.apart(value) for value in node.values[1:]]
        if not any(ahead for _, ahead in rest):
            return Logic(op, (first, *(value for value, _ in rest)), span)
        held = Name(self.scope.fresh("holds"), span)
        self._ahead.append(Assign(held, first))
        for value, ahead in rest:
            more = held if op == "and" else Call(NOT.at(span), (held,), (), span)
            self._ahead.append(If(more, (*ahead, Assign(held, value))))
        return held

    def _ifexp(self, node: Any) -> Expr:
        span = self.text.span(node)
        test = self.read(node.test)
        (then, then_ahead), (other, other_ahead) = self.apart(node.body), self.apart(node.orelse)
        if not then_ahead and not other_ahead:
            return Choice(test, then, other, span)
        chosen = Name(self.scope.fresh("chosen"), span)
        sides = (*then_ahead, Assign(chosen, then)), (*other_ahead, Assign(chosen, other))
        self._ahead.append(If(test, *sides))
        return chosen

    # ----------------------------------------------------------------------------------------- calls and elements

    def _call(self, node: Any) -> Expr:
        if len(node.args) == 1 and type(node.args[0]).__name__ == "GeneratorExp" and assigns(node.args[0]):
            self.taken_by[id(node.args[0])] = self.read(node.func)
        parts = [node.func, *node.args, *(keyword.value for keyword in node.keywords)]
        func, *values = self.in_order(parts, called=True)
        if leaves_early(func) and isinstance(values[0], Name) and id(node.args[0]) in self.taken_by:
            return values[0]  # the loop has done what `any` and `all` do
        count = len(node.args)
        kwargs = tuple((k.arg or "**", value) for k, value in zip(node.keywords, values[count:], strict=True))
        return Call(func, tuple(values[:count]), kwargs, self.text.span(node))

    def _subscript(self, node: Any) -> Expr:
        base, index = self.in_order((node.value, node.slice))
        return Item(base, index, self.text.span(node))

    def _slice(self, node: Any) -> Expr:
        lower, upper, step = (part and self.read(part) for part in (node.lower, node.upper, node.step))
        return Slice(lower, upper, step, self.text.span(node))

    def _tuple(self, node: Any) -> Expr:
        return Display("tuple", tuple(self.in_order(node.elts)), self.text.span(node))

    def _starred(self, node: Any) -> Expr:
        return Display("starred", (self.read(node.value),), self.text.span(node))

    def _dict(self, node: Any) -> Expr:
        items: list[Expr] = []
        read = iter(self.in_order([part for pair in zip(node.keys, node.values, strict=True) for part in pair if part]))
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                items.append(Display("starred", (next(read),), self.text.span(value)))
            else:
                items.append(Display("tuple", (next(read), next(read)), self.text.span(key)))
        return Display("dict", tuple(items), self.text.span(node))

    def _list(self, node: Any) -> Expr:
        return Display("list", tuple(self.in_order(node.elts)), self.text.span(node))

    # ------------------------------------------------------------------------------------------------------- text

    def _joinedstr(self, node: Any) -> Expr:
        """An f-string as a call of the function that joins its pieces."""
        return Call(Object(text, "f-string"), tuple(self.in_order(node.values)), (), self.text.span(node))

    def _formattedvalue(self, node: Any) -> Expr:
        span = self.text.span(node)
        if node.conversion == -1 and node.format_spec is None:
            return self.read(node.value)
        value, spec = (
            self.read(node.value),
            Const("", span) if node.format_spec is None else self.read(node.format_spec),
        )
        if isinstance(spec, Call) and all(isinstance(part, Const) for part in spec.args):
            spec = Const("".join(part.value for part in spec.args if isinstance(part, Const)), span)
        conversion = Const("" if node.conversion == -1 else chr(node.conversion), span)
        return Call(Object(formatted, "f-string"), (value, conversion, spec), (), span)


def _target_names(target: Any) -> list[str]:
    if type(target).__name__ == "Name":
        return [target.id]
    parts = getattr(target, "elts", None) or [getattr(target, "value", None)]
    return [name for part in parts if part is not None for name in _target_names(part)]
