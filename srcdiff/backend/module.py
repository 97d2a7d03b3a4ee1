"""IR functions -> the text of a module with a line map -> a loaded module.

In: IR functions that call each other by name. Out: first `Rendered`, the text with what belongs to it, then `Module`,
the running functions. The text is known to `linecache`, so that `inspect.getsource`, tracebacks and pdb show it, and
`explain` leads an exception back to the user's statement.
"""

from __future__ import annotations

import hashlib
import inspect
import linecache
import operator
import re
import sys
import textwrap
import threading
import types
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from srcdiff import runtime
from srcdiff.backend.layout import wrap
from srcdiff.backend.names import STANDARD, Names
from srcdiff.backend.nesting import nested
from srcdiff.backend.printer import WIDTH, columns
from srcdiff.backend.text import render, update_symbol
from srcdiff.ir import nodes as ir

_PACKAGE = "srcdiff_generated"
_KEPT = 1024  # modules; beyond that the oldest are forgotten (their functions go on working, without source)
_INDENT = "    "
_PLACE = re.compile(r"(Written by srcdiff from .*):\d+\.")
_ROLES = re.compile(r"_(value_and_grad|grad|vjp|jvp|fwd|rev)(_\d+)?$")


@dataclass(frozen=True)
class Rendered:
    """The text of a module of generated code.

    `lines` leads from a line of the text to the user's statement that it stands for; `bindings` are the global names
    that the text uses and does not import; `reverse` are the lines of the reverse sweep and those of adjoints.
    """

    text: str
    lines: dict[int, ir.Origin]
    bindings: dict[str, object]
    reverse: frozenset[int] = frozenset()


# --------------------------------------------------------------------------------------------- statements -> lines


class _Writer:
    """Collects the lines of statements, and where each comes from (line numbers from 1)."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.lines: list[str] = []
        self.origins: dict[int, ir.Origin] = {}
        self.reverse: set[int] = set()
        self.backward = False  # behind the heading of the reverse sweep

    def text(self, expr: ir.Expr) -> str:
        return render(expr, self.names)

    def bare(self, expr: ir.Expr) -> str:
        """A tuple of two or more without its parentheses."""
        match expr:
            case ir.Display(kind="tuple", items=(_, _, *_)):
                return ", ".join(map(self.text, expr.items))
            case _:
                return self.text(expr)

    def write(
        self,
        text: str,
        depth: int,
        origin: ir.Origin | None = None,
        note: ir.Origin | None = None,
        adjoint: bool = False,
    ) -> None:
        """One statement or header; `note` is quoted behind it where that fits, and above it otherwise."""
        lines = wrap(text, len(_INDENT) * depth)
        if note is not None:
            comment = _comment(note.text)
            if len(lines) == 1 and columns(lines[0]) + 2 + columns(comment) <= WIDTH:
                lines = [f"{lines[0]}  {comment}"]
            else:
                lines.insert(0, _cut(_INDENT * depth + comment))
        for line in lines:
            self.lines.append(line)
            if origin is not None:
                self.origins[len(self.lines)] = origin
            if self.backward or adjoint:
                self.reverse.add(len(self.lines))

    def block(self, statements: Sequence[ir.Stmt], depth: int) -> None:
        group: ir.Origin | None = None
        note: ir.Origin | None = None  # the origin of a group of adjoint statements that is still to be quoted
        for position, stmt in enumerate(statements):
            if stmt.adjoint_of != group:
                group = note = stmt.adjoint_of
            origin = stmt.origin or stmt.adjoint_of
            match stmt:
                case ir.Comment():
                    self.comment(stmt, depth, first=position == 0)
                case ir.If() if (asserted := _assertion(stmt)) is not None:
                    self.write(f"assert {', '.join(map(self.text, asserted))}", depth, origin)
                case ir.If():
                    self.branch(stmt, depth)
                case ir.With():
                    name = "" if stmt.target is None else f" as {self.text(stmt.target)}"
                    self.write(f"with {self.text(stmt.context)}{name}:", depth, origin)
                    self.block(stmt.body, depth + 1)
                case ir.Try():
                    self.attempt(stmt, depth)
                case ir.For():
                    self.write(f"for {self.bare(stmt.target)} in {self.text(stmt.iter)}:", depth, origin)
                    self.loop(stmt, depth)
                case ir.While():
                    self.write(f"while {self.text(stmt.test)}:", depth, origin)
                    self.loop(stmt, depth)
                case _:
                    self.write(self.simple(stmt), depth, origin, note, stmt.adjoint_of is not None)
                    note = None
        if all(isinstance(stmt, ir.Comment) for stmt in statements):
            self.write("pass", depth)

    def simple(self, stmt: ir.Stmt) -> str:
        match stmt:
            case ir.Assign(target=ir.Display()):
                return f"{self.bare(stmt.target)} = {self.bare(stmt.value)}"
            case ir.Assign() | ir.Update() if (part := _written_part(stmt)) is not None:
                return self.partial(stmt, part)
            case ir.Assign():
                return f"{self.text(stmt.target)} = {self.text(stmt.value)}"
            case ir.Update():
                return f"{self.text(stmt.target)} {update_symbol(stmt.op)} {self.text(stmt.value)}"
            case ir.Effect():
                return self.text(stmt.value)
            case ir.Return():
                return "return" if stmt.value is None else f"return {self.bare(stmt.value)}"
            case ir.Raise():
                value = "" if stmt.value is None else f" {self.text(stmt.value)}"
                cause = "" if stmt.cause is None else f" from {self.text(stmt.cause)}"
                return f"raise{value}{cause}"
            case ir.Break():
                return "break"
            case ir.Continue():
                return "continue"
            case _:
                raise TypeError(f"not a simple statement of generated code: {stmt!r}")

    def partial(self, stmt: ir.Assign | ir.Update, call: ir.Call) -> str:
        """A write to what a mask or an array of places selects: the whole array takes a copy with that part replaced,
        or an array that is zero elsewhere is added."""
        base = stmt.target
        if isinstance(base, ir.Item) and base.index == ir.Const(Ellipsis):
            base = base.base
        if isinstance(stmt, ir.Assign):
            _, index, value = call.args
            return f"{self.text(ir.Item(base, index))} = {self.text(value)}"
        value, index, _ = call.args
        if stmt.op.value is operator.sub:
            value = ir.Call(ir.Object(operator.neg, "-"), (value,))
        add_at = ir.Object(runtime.add_at, "add_at")
        return self.text(ir.Call(add_at, (base, index, value)))

    def branch(self, stmt: ir.If, depth: int) -> None:
        word, rest = "if", stmt
        while True:
            self.write(
                f"{word} {self.text(rest.test)}:",
                depth,
                rest.origin or rest.adjoint_of,
                adjoint=rest.adjoint_of is not None,
            )
            self.block(rest.body, depth + 1)
            match rest.orelse:
                case (ir.If() as other,):
                    word, rest = "elif", other
                case _:
                    break
        self.otherwise(rest, depth)

    def attempt(self, stmt: ir.Try, depth: int) -> None:
        if not stmt.handlers and not stmt.final:  # nothing is left of what `finally` did
            self.block(stmt.body, depth)
            return
        self.write("try:", depth, stmt.origin)
        self.block(stmt.body, depth + 1)
        for handler in stmt.handlers:
            classes = "" if handler.classes is None else f" {self.text(handler.classes)}"
            name = "" if handler.name is None else f" as {handler.name}"
            self.write(f"except{classes}{name}:", depth, handler.origin)
            self.block(handler.body, depth + 1)
        if stmt.final:
            self.write("finally:", depth, stmt.origin)
            self.block(stmt.final, depth + 1)

    def loop(self, stmt: ir.For | ir.While, depth: int) -> None:
        outer = self.backward
        self.block(stmt.body, depth + 1)
        self.backward = outer
        self.otherwise(stmt, depth)

    def otherwise(self, stmt: ir.If | ir.For | ir.While, depth: int) -> None:
        if stmt.orelse:
            self.write("else:", depth, stmt.origin or stmt.adjoint_of)
            self.block(stmt.orelse, depth + 1)

    def comment(self, stmt: ir.Comment, depth: int, *, first: bool) -> None:
        self.backward = self.backward or stmt.text in (ir.REVERSE, ir.TRIP)
        if stmt.blank and not first:  # ruff removes a blank line at the head of a block
            self.lines.append("")
        room = WIDTH - len(_INDENT) * depth - 2
        for paragraph in stmt.text.splitlines() or [""]:
            for row in textwrap.wrap(paragraph, max(room, 20), break_long_words=False) or [""]:
                self.write(f"# {row}".rstrip(), depth, stmt.origin or stmt.adjoint_of)

    def function(self, function: ir.Function) -> None:
        params = (p.name if p.default is None else f"{p.name}={self.default(p.default)}" for p in function.params)
        self.write(f"def {function.name}({', '.join(params)}):", 0, function.origin)
        if function.doc:
            self.lines.extend(_docstring(function.doc))
        self.block(function.body, 1)
        self.backward = False

    def default(self, value: ir.Object) -> str:
        plain = type(value.value) in (int, float, str)
        return self.text(ir.Const(value.value) if plain else value)


def _assertion(stmt: ir.If) -> tuple[ir.Expr, ...] | None:
    """Test and message, where this is what an `assert` has been read as."""
    match stmt:
        case ir.If(body=(ir.Raise(value=ir.Call(ir.Object(error, "assert"), message)),), orelse=()):
            if error is AssertionError:
                return (_negated(stmt.test), *message)
    return None


def _negated(test: ir.Expr) -> ir.Expr:
    match test:
        case ir.Call(ir.Object(operator.not_), (inner,)):
            return inner
    return ir.Call(ir.Object(operator.not_, "not"), (test,))


def _comment(text: str) -> str:
    return f"# {' '.join(text.split())}"


def _cut(line: str) -> str:
    if columns(line) <= WIDTH:
        return line
    while columns(line) > WIDTH - 3:
        line = line[:-1]
    return line.rstrip() + "..."


def _docstring(doc: str) -> list[str]:
    text = re.sub('"(?="")', '\\"', inspect.cleandoc(doc).replace("\\", "\\\\"))
    # A space keeps the text's own quotes off the quotes around it, as ruff has it.
    rows = ('"""' + (" " if text.startswith('"') else "") + text).split("\n")
    if len(rows) > 1:
        rows.append('"""')
    else:
        rows[0] += ' """' if text.endswith('"') else '"""'
    return [(_INDENT + row).rstrip() for row in rows]


# ---------------------------------------------------------------------------------------------- functions -> text


def _written_part(stmt: ir.Assign | ir.Update) -> ir.Call | None:
    """The call by which a statement writes a part of its own array, if it is one that stands for such a write."""
    match stmt:
        case ir.Assign(target=ir.Item(index=ir.Const(value=index)) as place, value=ir.Call() as call):
            own = (
                index is Ellipsis and call.func.value is runtime.replaced if isinstance(call.func, ir.Object) else False
            )
            return call if own and call.args[0] == place else None
        case ir.Update(op=ir.Object(value=op), value=ir.Call(func=ir.Object(value=function)) as call):
            if function is runtime.scattered and op in (operator.add, operator.sub):
                return call
    return None


def render_module(functions: Sequence[ir.Function]) -> Rendered:
    """The module that holds these functions; the same functions give the same text."""
    functions = [nested(function) for function in functions]
    names = Names(functions)
    writer = _Writer(names)
    for function in functions:
        if writer.lines:
            writer.lines += ["", ""]
        writer.function(function)
    head = _imports(names)
    text = "\n".join(head + writer.lines) + "\n"
    lines = {len(head) + line: origin for line, origin in writer.origins.items()}
    return Rendered(text, lines, dict(names.bindings), frozenset(len(head) + line for line in writer.reverse))


def _imports(names: Names) -> list[str]:
    """The imports in the order of isort, with the blank lines that follow them."""
    sections: list[list[str]] = [[], []]
    for module, alias in sorted(names.modules.items(), key=lambda item: ("." in item[0], item)):
        package, _, last = module.rpartition(".")
        line = f"from {package} import {last}" if package else f"import {module}"
        sections[module not in STANDARD].append(line + (f" as {alias}" if alias != last else ""))
    helpers = [name if name == alias else f"{name} as {alias}" for name, alias in sorted(names.runtime.items())]
    if helpers:
        line = f"from srcdiff.runtime import {', '.join(helpers)}"
        long = ["from srcdiff.runtime import (", *(f"{_INDENT}{helper}," for helper in helpers), ")"]
        sections[1] += [line] if columns(line) <= WIDTH else long
    standard, others = sections
    head = standard + ([""] if standard and others else []) + others
    return [*head, "", ""] if head else []


# ------------------------------------------------------------------------------------------ text -> running module


@dataclass(frozen=True, eq=False)
class Module:
    """A loaded module of generated code."""

    name: str
    filename: str  # what tracebacks show; not a real file
    rendered: Rendered = field(repr=False)
    namespace: types.ModuleType = field(repr=False)
    functions: dict[str, types.FunctionType] = field(repr=False)


_loaded: OrderedDict[str, Module] = OrderedDict()  # by module name, the least recently asked for first
_lock = threading.RLock()


def load(rendered: Rendered, name: str) -> Module:
    """Run the text in a module of its own; the same text with the same objects gives the same module.

    Its name is made from the text, without the line number of the user's function: that changes with every edit above
    it, and compiled code that is kept on disk holds the name.
    """
    own = unplaced(rendered.text)
    digest = hashlib.sha256(own.encode()).hexdigest()
    with _lock:
        size, copy = 6, 0
        while True:
            tag = digest[:size] + (f"_{copy}" if copy else "")
            module = _loaded.get(f"{_PACKAGE}.{name}_{tag}")
            if module is None:
                return _run(rendered, name, tag)
            if unplaced(module.rendered.text) != own:  # the shortened digests agree
                size += 2
            elif module.rendered.text == rendered.text and _same_objects(module.rendered.bindings, rendered.bindings):
                _loaded.move_to_end(module.name)
                return module
            else:
                copy += 1


def unplaced(text: str) -> str:
    """A generated text that does not say on which line the user's function begins."""
    return _PLACE.sub(r"\1.", text)


def load_text(text: str, name: str, bindings: dict[str, object]) -> types.FunctionType:
    """The function of that name in a text that is written out, with these global names."""
    return load(Rendered(text, {}, bindings), name).functions[name]


def module_of(filename: str) -> Module | None:
    """The module whose code tracebacks show under this name."""
    if not filename.startswith("<srcdiff "):
        return None
    with _lock:  # (others load)
        return next((module for module in _loaded.values() if module.filename == filename), None)


def unload(module: Module) -> None:
    """Forget a module. Its functions go on working, but have no source any more."""
    with _lock:
        if _loaded.get(module.name) is module:
            del _loaded[module.name]
            sys.modules.pop(module.name, None)
            linecache.cache.pop(module.filename, None)


def _same_objects(one: dict[str, object], other: dict[str, object]) -> bool:
    return one.keys() == other.keys() and all(one[name] is other[name] for name in one)


def _run(rendered: Rendered, name: str, tag: str) -> Module:
    full, filename = f"{_PACKAGE}.{name}_{tag}", f"<srcdiff {name} {tag}>"
    if _PACKAGE not in sys.modules:  # pickle imports the package before it looks for the module
        package = types.ModuleType(_PACKAGE, "Modules written by srcdiff.")
        package.__path__ = []
        sys.modules[_PACKAGE] = package
    namespace = types.ModuleType(full)
    namespace.__dict__.update(rendered.bindings)
    code = compile(rendered.text, filename, "exec", dont_inherit=True)
    # No modification time: `linecache.checkcache` leaves such entries alone.
    linecache.cache[filename] = (len(rendered.text), None, rendered.text.splitlines(keepends=True), filename)
    sys.modules[full] = namespace
    try:
        exec(code, namespace.__dict__)
    except BaseException:
        del sys.modules[full], linecache.cache[filename]
        raise
    own = (value for value in vars(namespace).values() if isinstance(value, types.FunctionType))
    functions = {value.__name__: value for value in own if value.__module__ == full}
    module = _loaded[full] = Module(full, filename, rendered, namespace, functions)
    while len(_loaded) > _KEPT:
        unload(next(iter(_loaded.values())))
    return module


def explain(exc: BaseException, module: Module) -> None:
    """Note on an exception out of generated code which statement of the user's it belongs to; once."""
    place: tuple[str, int] | None = None
    trace = exc.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == module.filename:
            place = trace.tb_frame.f_code.co_name, trace.tb_lineno
        trace = trace.tb_next
    if place is None:
        return
    note = f"in the derivative of {_ROLES.sub('', place[0])}"
    if origin := module.rendered.lines.get(place[1]):
        note += f': File "{origin.file}", line {origin.span.line}: {origin.text.splitlines()[0]}'
    if note not in getattr(exc, "__notes__", ()):
        exc.add_note(note)
