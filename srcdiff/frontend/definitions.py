"""What a function defines: its parameters, and the functions, classes and imports inside of it."""

from __future__ import annotations

import types
from typing import Any

from srcdiff.frontend.expressions import Expressions
from srcdiff.frontend.imports import imported
from srcdiff.frontend.local_classes import frame_of, local_class
from srcdiff.frontend.names import InnerScope, Scope
from srcdiff.frontend.refusals import Problems
from srcdiff.frontend.scopes import (
    bound_names,
    class_statements,
    import_statements,
    nonlocal_names,
    parameter_names,
    stored_names,
    variable_names,
)
from srcdiff.frontend.source import Source, first_line
from srcdiff.frontend.text import Text
from srcdiff.frontend.writes import lasting_writes
from srcdiff.ir.marks import defines
from srcdiff.ir.nodes import (
    Assign,
    Block,
    Call,
    Closure,
    Effect,
    Expr,
    Function,
    Name,
    Object,
    Origin,
    Param,
    Return,
    Span,
    Stmt,
)


class Definitions:
    """Reads the definitions of one function."""

    node: Any
    expressions: Expressions

    def __init__(
        self, function: types.FunctionType, source: Source, problems: Problems, scope: Scope | None = None
    ) -> None:
        self.subject = function
        self.source = source
        self.text: Text = source.text
        self.problems = problems
        self.scope = scope or Scope(function, source.owner)

    def block(self, nodes: list[Any]) -> Block:
        raise NotImplementedError

    def _origin(self, span: Span) -> Origin:
        raise NotImplementedError

    def _params(self, arguments: Any) -> tuple[Param, ...]:
        code = self.subject.__code__
        named = code.co_argcount + code.co_kwonlyargcount
        names = code.co_varnames[:named]
        rest = [k for k, a in (("*", arguments.vararg), ("**", arguments.kwarg)) if a is not None]
        kinds = dict(zip(code.co_varnames[named:], rest, strict=False))
        kinds.update(dict.fromkeys(names[code.co_argcount :], "keyword"))
        values: dict[str, object] = dict(self.subject.__kwdefaults__ or {})
        defaults = self.subject.__defaults__ or ()
        values.update(zip(names[: code.co_argcount][::-1], defaults[::-1], strict=False))
        texts = self._default_texts(arguments, names)
        given = {name: _default(values[name], texts.get(name)) for name in names if name in values}
        params = [Param(n, given.get(n), kinds.get(n, "")) for n in code.co_varnames[: named + len(rest)]]
        order = ["", "*", "keyword", "**"]  # that of a signature
        return tuple(sorted(params, key=lambda p: order.index(p.kind)))

    def _default_texts(self, arguments: Any, names: tuple[str, ...]) -> dict[str, str]:
        """How the defaults are spelled, by parameter."""
        positional = names[: self.subject.__code__.co_argcount]
        pairs = list(zip(positional[::-1], arguments.defaults[::-1], strict=False))
        pairs += zip(names[len(positional) :], arguments.kw_defaults, strict=False)
        return {name: self.text.quote(self.text.span(node)) for name, node in pairs if node is not None}

    def inner(self, node: Any, name: str) -> Closure:
        """A function that is defined in this one."""
        scope = InnerScope(self.scope, bound_names(node))
        reader = type(self)(self.subject, self.source, self.problems, scope)
        reader.node = node
        reader.definitions_ahead()
        reader.expressions.references = self.expressions.references
        reader.expressions.renamed = self.expressions.renamed[:]
        arguments = node.args
        keyword_only = {a.id for a in arguments.kwonlyargs}
        kinds = {a.id: k for a, k in ((arguments.vararg, "*"), (arguments.kwarg, "**")) if a is not None}
        params = tuple(
            Param(n, kind=kinds.get(n) or ("keyword" if n in keyword_only else "")) for n in parameter_names(arguments)
        )
        places = [a.id for a in (*arguments.posonlyargs, *arguments.args)]
        given = [*zip(places[::-1], arguments.defaults[::-1], strict=False)][::-1]
        given += [(a.id, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None]
        defaults = tuple((n, self.expressions.read(d)) for n, d in given)
        span = self.text.span(node)
        if type(node).__name__ == "Lambda":
            inside = self.text.span(node.body)
            value = reader.expressions.read(node.body)
            ahead = reader.expressions.taken_ahead(self._origin(inside))
            body: Block = (*ahead, Return(value, self._origin(inside)))
        else:
            body = reader.block(node.body)
        function = Function(name, params, body, None, self._origin(self.text.header(node)))
        for write in lasting_writes(function):
            self.problems.add(f"{write.kind} write", write.span, name=write.name)
        changed = tuple(map(scope.spelled, nonlocal_names(node)))
        free = dict.fromkeys((*(n for n in scope.free if n not in scope.locals), *changed))
        return Closure(function, tuple(free), changed, defaults, span)

    def _functiondef(self, node: Any, origin: Origin) -> list[Stmt]:
        """A function; its decorators are called on it, the lowest one first."""
        value: Expr = self.inner(node, node.name)
        for decorator in reversed(node.decorator_list):
            value = Call(self.expressions.read(decorator), (value,), (), self.text.span(decorator))
        return [Assign(Name(self.scope.spelled(node.name)), value, origin)]

    def definitions_ahead(self) -> None:
        """What the imports and classes of the function bind, which holds in all of it; a name has one meaning only."""
        for node in import_statements(self.node):
            for name, value, complaint in imported(node, self.subject):
                span = self.text.span(node)
                if complaint:
                    self.problems.add("missing import", span, name=name, why=complaint)
                elif name in stored_names(self.node) or self.scope.imports.get(name, value) is not value:
                    self.problems.add("import of a variable", span, name=name)
                self.scope.imports[name] = value
        self._classes()

    def _classes(self) -> None:
        nodes = class_statements(self.node)
        cells = {node.name: types.CellType() for node in nodes}
        shift = self.subject.__code__.co_firstlineno - first_line(self.source.definition)
        for node in nodes:
            once = len(cells) == len(nodes) and node.name not in variable_names(self.node) | self.scope.imports.keys()
            if not once:
                self.problems.add("class of a variable", self.text.header(node), name=node.name)
                continue
            made = local_class(node, self.scope, self.text, self.expressions.read, self.problems, shift, cells)
            if made is not None:
                self.scope.imports[node.name] = made

    def _classdef(self, node: Any, origin: Origin) -> list[Stmt]:
        cls = self.scope.imports.get(node.name)
        if not isinstance(cls, type) or frame_of(cls) is None:
            return []  # made when the derivative is written
        return [Effect(Call(Object(defines, "class"), (Object(cls, node.name),), (), origin.span), origin)]

    def _import(self, node: Any, origin: Origin) -> list[Stmt]:  # noqa: ARG002
        return []  # done when the derivative is written

    _importfrom = _import


def _default(value: object, text: str | None) -> Object:
    """A default value; a plain number is shown as such, anything else as the user spelled it."""
    if text is None or value is None or type(value) in (bool, int, float, str):
        text = repr(value)
        text = text if len(text) <= 60 else f"<{type(value).__name__}>"
    return Object(value, text)
