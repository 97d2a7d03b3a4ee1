"""Reading a function. In: a Python function. Out: a `Program` of raw IR, or one refusal with every problem."""

from __future__ import annotations

import ast
import contextlib
import inspect
import types
from typing import Any

from srcdiff.frontend.comparisons import NOT
from srcdiff.frontend.definitions import Definitions
from srcdiff.frontend.expressions import BINARY, Expressions
from srcdiff.frontend.hooks import hook_of
from srcdiff.frontend.names import InnerScope, Scope
from srcdiff.frontend.patterns import lowered
from srcdiff.frontend.program import Program, written_for
from srcdiff.frontend.refusals import Problems
from srcdiff.frontend.scopes import stored_names
from srcdiff.frontend.source import Source, find, to_gast
from srcdiff.frontend.text import Text
from srcdiff.frontend.writes import lasting_writes
from srcdiff.ir.marks import deleted
from srcdiff.ir.nodes import (
    Assign,
    Attr,
    Block,
    Break,
    Call,
    Const,
    Continue,
    Display,
    Effect,
    Expr,
    For,
    Function,
    Handler,
    If,
    Item,
    Name,
    Object,
    Origin,
    Raise,
    Return,
    Span,
    Stmt,
    Try,
    Update,
    While,
    With,
)
from srcdiff.ir.walk import names, statements
from srcdiff.runtime import adjoint_of, watched


def read(function: types.FunctionType) -> Program:
    """The raw IR of a plain Python function. Raises a subclass of `Refusal` that lists all problems."""
    if (program := written_for(function)) is not None:
        return program
    source = find(function)
    problems = Problems(source.file, source.text)
    for part in source.unknown:
        if type(part).__name__ != "TypeAlias":  # an annotation, which nothing is computed from
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
    is_generated = source.file.startswith("<srcdiff ")
    tapes: frozenset[str] = getattr(function, "tapes", frozenset()) if is_generated else frozenset()
    return Program(result, references, source.file, function.__code__.co_firstlineno, source.text.lines, tapes)


def _header(source: Source) -> Span:
    node = source.definition
    return source.text.span(node) if type(node).__name__ == "Lambda" else source.text.header(node)


class _Statements(Definitions):
    """Reads the statements of one function."""

    def __init__(
        self, function: types.FunctionType, source: Source, problems: Problems, scope: Scope | None = None
    ) -> None:
        super().__init__(function, source, problems, scope)
        self.node = to_gast(source) if scope is None else None
        self.expressions = _Functions(self, self.scope, source.text, problems)

    # ---------------------------------------------------------------------------------------------- the function

    def function(self) -> Function:
        node = self.node
        kind = type(node).__name__
        if kind == "AsyncFunctionDef":
            self.problems.add(kind, _header(self.source))
        params = self._params(node.args)
        doc = None
        if kind == "Lambda":
            origin = self._origin(self.text.span(node.body))
            value = self.expressions.read(node.body)
            body: Block = (*self.expressions.taken_ahead(origin), Return(value, origin))
        else:
            first = node.body[0]
            if type(first).__name__ == "Expr" and isinstance(getattr(first.value, "value", None), str):
                doc = inspect.cleandoc(first.value.value)
            self.definitions_ahead()
            body = self.block(node.body)
        result = Function(self.source.name, params, body, doc, self._origin(_header(self.source)))
        for write in lasting_writes(result):
            self.problems.add(f"{write.kind} write", write.span, name=write.name)
        return result

    def _nonlocal(self, node: Any, origin: Origin) -> list[Stmt]:
        scope = self.scope
        if isinstance(scope, InnerScope) and all(map(scope.outer.is_local, node.names)):
            return []
        return self._global(node, origin)

    # ------------------------------------------------------------------------------------------------ statements

    def block(self, nodes: list[Any]) -> Block:
        return tuple(statement for node in nodes for statement in self.statement(node))

    def statement(self, node: Any) -> list[Stmt]:
        kind = type(node).__name__
        if kind in ("Pass", "TypeAlias"):
            return []
        origin = self._origin(self.text.header(node))
        if kind in ("Break", "Continue"):
            return [Break(origin) if kind == "Break" else Continue(origin)]
        reader = getattr(self, f"_{kind.lower()}", None)
        if reader is None:
            self._refuse(node)
            return []
        statements: list[Stmt] = reader(node, origin)
        return [*self.expressions.taken_ahead(origin), *statements]

    def _origin(self, span: Span) -> Origin:
        return Origin(self.source.file, span, self.text.quote(span))

    def _refuse(self, node: Any) -> None:
        kind = type(node).__name__
        self.problems.add(kind, self.text.header(node))
        if kind == "AsyncFunctionDef":
            return  # another function's body: its problems are not this one's
        for part in [node, *getattr(node, "handlers", []), *getattr(node, "cases", [])]:
            for field in ("body", "orelse", "finalbody"):
                self.block(getattr(part, field, []))

    def read(self, node: Any) -> Expr:
        return self.expressions.read(node)

    def _global(self, node: Any, origin: Origin) -> list[Stmt]:  # noqa: ARG002
        """A declaration for names that are only read says nothing."""
        if set(node.names) & stored_names(self.node):
            self._refuse(node)
        return []

    def _delete(self, node: Any, origin: Origin) -> list[Stmt]:
        out: list[Stmt] = []
        for target in node.targets:
            span = self.text.span(target)
            if type(target).__name__ == "Name":
                name = Name(self.scope.spelled(target.id), span)
                out.append(Effect(Call(Object(deleted, "del", span), (name,), (), span), origin))
            elif type(target).__name__ == "Subscript" and type(target.slice).__name__ != "Slice":
                base, index = self.expressions.read(target.value), self.expressions.read(target.slice)
                out.append(Effect(Call(Attr(base, "__delitem__", span), (index,), (), span), origin))
            else:
                self.problems.add("Delete", span, name=self.text.quote(span))
        return out

    def _match(self, node: Any, origin: Origin) -> list[Stmt]:
        subject = self.expressions.read(node.subject)
        ahead = self.expressions.taken_ahead(origin)
        return [*ahead, *lowered(self, node, origin, subject)]

    def _with(self, node: Any, origin: Origin) -> list[Stmt]:
        return self._managed(node.items, node, origin)

    def _managed(self, items: list[Any], node: Any, origin: Origin) -> list[Stmt]:
        """`with a as b, c:` is `with a as b:` around `with c:`."""
        if not items:
            return list(self.block(node.body))
        first, *rest = items
        context = self.expressions.read(first.context_expr)
        ahead = self.expressions.taken_ahead(origin)
        if isinstance(context, Call) and isinstance(context.func, Object) and context.func.value is adjoint_of:
            return [*ahead, *self._watched(node, context, origin)]
        target = None if first.optional_vars is None else self.target(first.optional_vars)
        if target is not None and not isinstance(target, Name):
            self.problems.add("target of with", self.text.span(first.optional_vars))
        body = tuple(self._managed(rest, node, origin))
        if isinstance(context, Call) and isinstance(context.func, Object) and context.func.value is contextlib.suppress:
            classes = Display("tuple", context.args, context.at)
            return [*ahead, Try(body, (Handler(classes, None, (), origin),), (), (), origin)]
        return [*ahead, With(context, target, body, origin)]

    def _watched(self, node: Any, context: Call, origin: Origin) -> list[Stmt]:
        """A look at an adjoint: `x = watched(x, hook, variables)`."""
        target = node.items[0].optional_vars
        name = getattr(target, "id", None)
        if name is None or len(node.items) > 1 or len(context.args) != 1 or not isinstance(context.args[0], Name):
            self.problems.add("adjoint_of", origin.span)
            return []
        (x,) = context.args
        assert isinstance(x, Name)
        found = next(n for n in ast.walk(self.source.definition) if isinstance(n, ast.With) and n.lineno == node.lineno)
        hook, free = hook_of(found, name, self.scope, self.source.file)
        variables = Display("tuple", tuple(Name(self.scope.spelled(n), context.at) for n in free), context.at)
        through = Object(watched, "adjoint_of", context.at)
        return [Assign(x, Call(through, (x, Object(hook, hook.__name__), variables), (), context.at), origin)]

    def _try(self, node: Any, origin: Origin) -> list[Stmt]:
        handlers = tuple(self._handler(h) for h in node.handlers)
        body, orelse, final = (self.block(part) for part in (node.body, node.orelse, node.finalbody))
        for s in statements(final):
            if isinstance(s, Return | Break | Continue) and s.origin is not None:
                self.problems.add("exit in finally", s.origin.span)
        if not handlers and not final:
            return list(body)  # `finally: pass`
        return [Try(body, handlers, orelse, final, origin)]

    def _handler(self, node: Any) -> Handler:
        classes = None if node.type is None else self.expressions.read(node.type)
        name = getattr(node.name, "id", node.name)
        own = None if name is None else self.scope.spelled(name)
        return Handler(classes, own, self.block(node.body), self._origin(self.text.header(node)))

    def _return(self, node: Any, origin: Origin) -> list[Stmt]:
        value = Const(None, origin.span) if node.value is None else self.expressions.read(node.value)
        return [Return(value, origin)]

    def _raise(self, node: Any, origin: Origin) -> list[Stmt]:
        value, cause = (None if part is None else self.expressions.read(part) for part in (node.exc, node.cause))
        return [Raise(value, cause, origin)]

    def _assert(self, node: Any, origin: Origin) -> list[Stmt]:
        """`assert test, message`; the spelling of the exception says that it is to be written so again."""
        test = self.expressions.read(node.test)
        ahead = self.expressions.taken_ahead(origin)
        message = () if node.msg is None else (self.expressions.read(node.msg),)
        failure = Raise(Call(Object(AssertionError, "assert"), message, (), origin.span), None, origin)
        failed = (*self.expressions.taken_ahead(origin), failure)
        return [*ahead, If(Call(NOT.at(origin.span), (test,), (), test.at), failed, (), origin)]

    def _expr(self, node: Any, origin: Origin) -> list[Stmt]:
        if type(node.value).__name__ == "Constant":
            return []
        return [Effect(self.expressions.read(node.value), origin)]

    def _if(self, node: Any, origin: Origin) -> list[Stmt]:
        test = self.expressions.read(node.test)
        ahead = self.expressions.taken_ahead(origin)
        return [*ahead, If(test, self.block(node.body), self.block(node.orelse), origin)]

    def _while(self, node: Any, origin: Origin) -> list[Stmt]:
        """Where the test assigns, it is a statement of the body, which the loop is left by."""
        test = self.expressions.read(node.test)
        ahead = self.expressions.taken_ahead(origin)
        if not ahead:
            return [While(test, self.block(node.body), self.block(node.orelse), origin)]
        stop: Block = (Break(origin),)
        around: tuple[list[Stmt], list[Stmt]] = [], []
        if node.orelse:
            ended = Name(self.scope.fresh("ended"))
            stop = (Assign(ended, Const(True), origin), *stop)
            around[0].append(Assign(ended, Const(False), origin))
            around[1].append(If(ended, self.block(node.orelse), (), origin))
        leave = If(Call(NOT.at(origin.span), (test,), (), test.at), stop, (), origin)
        loop = While(Const(True), (*ahead, leave, *self.block(node.body)), (), origin)
        return [*around[0], loop, *around[1]]

    def _for(self, node: Any, origin: Origin) -> list[Stmt]:
        over = self.expressions.read(node.iter)
        ahead = self.expressions.taken_ahead(origin)
        target = self.target(node.target)
        for span in _elements(target):
            self.problems.add("element as loop variable", span, name=self.text.quote(span))
        return [*ahead, For(target, over, self.block(node.body), self.block(node.orelse), origin)]

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
        value = self.expressions.read(node.value)
        if names(target) & self.expressions.assigned_ahead():
            self.problems.add("assigned in its own value", origin.span)
        return [Update(target, op, value, origin)]


class _Functions(Expressions):
    """Expressions, with the functions that they define."""

    def __init__(self, statements: _Statements, scope: Scope, text: Text, problems: Problems) -> None:
        super().__init__(scope, text, problems)
        self.statements = statements

    def closure(self, node: Any, name: str) -> Expr:
        return self.statements.inner(node, name)


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
