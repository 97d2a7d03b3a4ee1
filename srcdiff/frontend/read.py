"""Reading a function. In: a Python function. Out: a `Program` of raw IR, or one refusal with every problem."""

from __future__ import annotations

import inspect
import types
from typing import Any

from srcdiff.frontend.expressions import BINARY, Expressions
from srcdiff.frontend.names import Scope
from srcdiff.frontend.program import Program
from srcdiff.frontend.refusals import Problems, not_a_function
from srcdiff.frontend.source import Source, find, to_gast
from srcdiff.frontend.text import Text
from srcdiff.frontend.writes import lasting_writes
from srcdiff.ir.nodes import (
    Assign,
    Attr,
    Block,
    Break,
    Const,
    Continue,
    Display,
    Effect,
    Expr,
    For,
    Function,
    If,
    Item,
    Name,
    Object,
    Origin,
    Param,
    Return,
    Span,
    Stmt,
    Update,
    While,
)


def read(function: object) -> Program:
    """The raw IR of a plain Python function. Raises a subclass of `Refusal` that lists all problems."""
    if not isinstance(function, types.FunctionType):
        raise not_a_function(function)
    source = find(function)
    problems = Problems(source.file, source.text)
    for part in source.unknown:
        problems.add(type(part).__name__, source.text.span(part))
    problems.check()
    try:
        reader = _Statements(function, source, problems)
        result = reader.function()
    except RecursionError:
        problems.add("depth", _header(source))
        problems.check()
        raise
    problems.check()
    references = tuple(reader.expressions.references.values())
    first_line = function.__code__.co_firstlineno
    return Program(result, references, source.file, first_line, source.text.lines)


def _header(source: Source) -> Span:
    node = source.definition
    return source.text.span(node) if type(node).__name__ == "Lambda" else source.text.header(node)


class _Statements:
    """Reads the statements of one function."""

    def __init__(self, function: types.FunctionType, source: Source, problems: Problems) -> None:
        self.subject = function
        self.source = source
        self.node = to_gast(source)
        self.text: Text = source.text
        self.problems = problems
        self.scope = Scope(function, source.owner)
        self.expressions = Expressions(self.scope, source.text, problems)

    # ---------------------------------------------------------------------------------------------- the function

    def function(self) -> Function:
        node = self.node
        kind = type(node).__name__
        if kind == "AsyncFunctionDef":
            self.problems.add(kind, _header(self.source))
        params = self._params(node.args)
        doc = None
        if kind == "Lambda":
            span = self.text.span(node.body)
            body: Block = (Return(self.expressions.read(node.body), self._origin(span)),)
        else:
            first = node.body[0]
            if type(first).__name__ == "Expr" and isinstance(getattr(first.value, "value", None), str):
                doc = inspect.cleandoc(first.value.value)
            body = self.block(node.body)
        result = Function(self.source.name, params, body, doc, self._origin(_header(self.source)))
        for write in lasting_writes(result):
            self.problems.add(f"{write.kind} write", write.span, name=write.name)
        return result

    def _params(self, arguments: Any) -> tuple[Param, ...]:
        for key, stars, parameter in (("variadic", 1, arguments.vararg), ("keywords", 2, arguments.kwarg)):
            if parameter is not None:
                line, column, _, _ = self.text.span(parameter)
                span = Span(line, column - stars, line, column + len(parameter.id))
                self.problems.add(key, span, name=parameter.id)
        code = self.subject.__code__
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        values: dict[str, object] = dict(self.subject.__kwdefaults__ or {})
        defaults = self.subject.__defaults__ or ()
        values.update(zip(names[: code.co_argcount][::-1], defaults[::-1], strict=False))
        texts = self._default_texts(arguments, names)
        return tuple(Param(name, _default(values[name], texts.get(name)) if name in values else None) for name in names)

    def _default_texts(self, arguments: Any, names: tuple[str, ...]) -> dict[str, str]:
        """How the defaults are spelled, by parameter."""
        positional = names[: self.subject.__code__.co_argcount]
        pairs = list(zip(positional[::-1], arguments.defaults[::-1], strict=False))
        pairs += zip(names[len(positional) :], arguments.kw_defaults, strict=False)
        return {name: self.text.quote(self.text.span(node)) for name, node in pairs if node is not None}

    # ------------------------------------------------------------------------------------------------ statements

    def block(self, nodes: list[Any]) -> Block:
        return tuple(statement for node in nodes for statement in self.statement(node))

    def statement(self, node: Any) -> list[Stmt]:
        kind = type(node).__name__
        if kind == "Pass":
            return []
        origin = self._origin(self.text.header(node))
        if kind in ("Break", "Continue"):
            return [Break(origin) if kind == "Break" else Continue(origin)]
        reader = getattr(self, f"_{kind.lower()}", None)
        if reader is None:
            self._refuse(node)
            return []
        statements: list[Stmt] = reader(node, origin)
        return statements

    def _origin(self, span: Span) -> Origin:
        return Origin(self.source.file, span, self.text.quote(span))

    def _refuse(self, node: Any) -> None:
        kind = type(node).__name__
        self.problems.add(kind, self.text.header(node))
        if kind in ("FunctionDef", "AsyncFunctionDef", "ClassDef"):
            return  # another function's body: its problems are not this one's
        for part in [node, *getattr(node, "handlers", []), *getattr(node, "cases", [])]:
            for field in ("body", "orelse", "finalbody"):
                self.block(getattr(part, field, []))

    def _return(self, node: Any, origin: Origin) -> list[Stmt]:
        value = Const(None, origin.span) if node.value is None else self.expressions.read(node.value)
        return [Return(value, origin)]

    def _expr(self, node: Any, origin: Origin) -> list[Stmt]:
        if type(node.value).__name__ == "Constant":
            return []
        return [Effect(self.expressions.read(node.value), origin)]

    def _if(self, node: Any, origin: Origin) -> list[Stmt]:
        test = self.expressions.read(node.test)
        return [If(test, self.block(node.body), self.block(node.orelse), origin)]

    def _while(self, node: Any, origin: Origin) -> list[Stmt]:
        test = self.expressions.read(node.test)
        return [While(test, self.block(node.body), self.block(node.orelse), origin)]

    def _for(self, node: Any, origin: Origin) -> list[Stmt]:
        over = self.expressions.read(node.iter)
        target = self.target(node.target)
        for span in _elements(target):
            self.problems.add("element as loop variable", span, name=self.text.quote(span))
        return [For(target, over, self.block(node.body), self.block(node.orelse), origin)]

    # ----------------------------------------------------------------------------------------------- assignments

    def target(self, node: Any) -> Expr:
        """What is assigned to: a name, an element, or a tuple of those."""
        kind, span = type(node).__name__, self.text.span(node)
        if kind == "Name":
            return Name(self.scope.spelled(node.id), span)
        if kind == "Subscript":
            return self.expressions.read(node)
        if kind in ("Tuple", "List"):
            return Display("tuple", tuple(self.target(item) for item in node.elts), span)
        if kind == "Attribute":
            attribute = self.expressions.read(node)
            if isinstance(attribute, Attr):
                return attribute
            self.problems.add("attribute target", span, name=self.text.quote(span))
            return Name("_", span)
        return Display("starred", (self.target(node.value),), span)

    def _assign(self, node: Any, origin: Origin) -> list[Stmt]:
        value = self.expressions.read(node.value)
        targets = [self.target(target) for target in node.targets]
        if len(targets) == 1:
            return [Assign(targets[0], value, origin)]
        if isinstance(value, Const):  # a literal is the same each time it is written
            return [Assign(target, value, origin) for target in targets]
        first = targets[0]
        if not isinstance(first, Name) or any(first.id in _bound(other) for other in targets[1:]):
            first = Name(self.scope.fresh("value"), self.text.span(node.value))
            targets.insert(0, first)
        source = Name(first.id, value.at)
        return [Assign(first, value, origin), *(Assign(target, source, origin) for target in targets[1:])]

    def _annassign(self, node: Any, origin: Origin) -> list[Stmt]:
        if node.value is None:
            return []
        value = self.expressions.read(node.value)
        return [Assign(self.target(node.target), value, origin)]

    def _augassign(self, node: Any, origin: Origin) -> list[Stmt]:
        target = self.target(node.target)
        op = BINARY[type(node.op).__name__].at(origin.span)
        return [Update(target, op, self.expressions.read(node.value), origin)]


def _bound(target: Expr) -> set[str]:
    """The names that an assignment to `target` gives a new value."""
    if isinstance(target, Display):
        return {name for item in target.items for name in _bound(item)}
    return {target.id} if isinstance(target, Name) else set()


def _elements(target: Expr) -> list[Span]:
    """The places of the array elements in a target."""
    if isinstance(target, Display):
        return [span for item in target.items for span in _elements(item)]
    return [target.at] if isinstance(target, Item | Attr) and target.at is not None else []


def _default(value: object, text: str | None) -> Object:
    """A default value; a plain number is shown as such, anything else as the user spelled it."""
    if text is None or value is None or type(value) in (bool, int, float, str):
        text = repr(value)
        text = text if len(text) <= 60 else f"<{type(value).__name__}>"
    return Object(value, text)
