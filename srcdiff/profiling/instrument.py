"""Generated code with a clock between its statements.

in:   s_tape[i] = s                 out:  s_tape[i] = s
      s = s * u[i]                        now = clock(); spent[4] += now - was; runs[4] += 1
                                          held[4] += stored(s_tape[i]); was = clock()
                                          s = s * u[i]
                                          now = clock(); spent[5] += now - was; runs[5] += 1; was = clock()

Neighbouring statements that stand for the same line of the user's are one group, with one clock behind it. What the
groups are charged with adds up to the whole: an interval ends where the clock is read, and the next one begins where it
is read again, so that the bookkeeping between the two belongs to nobody. A function of the module takes the books as
its first argument. What it spends itself it adds to `inner`, and the statement that calls it takes that off. A
function that both sweeps call is written out twice, once for each.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import NamedTuple

from .. import runtime
from ..backend import Rendered
from ..ir.nodes import Kept, Origin
from .places import users

PARTS = ("spent", "runs", "held", "inner", "seen")  # of the books
HELPERS = ("clock", "stored", "kept", "alive")


class Group(NamedTuple):
    """What one entry of the books is about: the statement of the user's (none: what srcdiff adds of its own), and
    whether it is a part of the reverse sweep."""

    origin: Origin | None
    reverse: bool


@dataclass(frozen=True)
class Instrumented:
    """`code` defines the functions anew; that of this `name` takes the books and then the arguments. It reads the
    clock, and asks for the size of what is kept, by global names (`HELPERS`)."""

    code: CodeType
    name: str
    groups: tuple[Group, ...]
    helpers: dict[str, str]  # "clock" -> the name it has there


def instrumented(rendered: Rendered, name: str, filename: str, forward_only: bool) -> Instrumented:
    """The function of this name in a module, and those that it calls. `forward_only` says that all of the derivative
    is one sweep."""
    writer = _Writer(rendered, frozenset() if forward_only else rendered.reverse)
    writer.version(name, reverse=False)
    tree = ast.Module(list(writer.written()), [])
    names = {n: writer.own[n] for n in HELPERS}
    return Instrumented(compile(ast.fix_missing_locations(tree), filename, "exec"), name, tuple(writer.groups), names)


class _Writer:
    def __init__(self, rendered: Rendered, reverse: frozenset[int]) -> None:
        tree = ast.parse(rendered.text)
        self.text, self.lines, self.reverse_lines = rendered.text, rendered.lines, reverse
        self.functions = {f.name: f for f in tree.body if isinstance(f, ast.FunctionDef)}
        imported = [n for s in tree.body if isinstance(s, ast.ImportFrom) for n in s.names]
        self.stacks = {n.asname or n.name for n in imported if n.name == runtime.stack.__name__}
        self.taken = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} | self.functions.keys()
        self.taken |= {a.arg for a in ast.walk(tree) if isinstance(a, ast.arg)} | rendered.bindings.keys()
        more = ("books", "now", "was", "outer", "start", "value")
        self.own = {n: self.fresh(f"{n}_") for n in (*PARTS, *HELPERS, *more)}
        self.groups: dict[Group, int] = {}
        self.versions: dict[tuple[str, bool], str] = {}
        self.todo: list[tuple[str, bool]] = []
        self.backward = False  # whether the function that is being written belongs to the reverse sweep as a whole

    def fresh(self, wish: str) -> str:
        while wish in self.taken:
            wish += "_"
        self.taken.add(wish)
        return wish

    # -------------------------------------------------------------------------------------------------- functions

    def version(self, name: str, reverse: bool) -> str:
        """The name of a function for one of the sweeps."""
        key = name, reverse
        if key not in self.versions:
            self.versions[key] = self.fresh(f"{name}_reverse") if reverse else name
            self.todo.append(key)
        return self.versions[key]

    def written(self) -> Iterable[ast.FunctionDef]:
        while self.todo:
            name, reverse = self.todo.pop()
            self.backward = reverse
            yield self.function(name, self.versions[name, reverse])

    def function(self, name: str, new: str) -> ast.FunctionDef:
        """A function with its books. The one that is asked for is timed like all others: it may call itself."""
        old = ast.parse(self.text).body  # (a copy of its own: it is changed)
        function = next(f for f in old if isinstance(f, ast.FunctionDef) and f.name == name)
        own, last = self.own, function.end_lineno or function.lineno
        head = [
            f"{', '.join(own[p] for p in PARTS)} = {own['books']}",
            f"{own['outer']} = {own['inner']}[0]",
            f"{own['inner']}[0] = 0",
            f"{own['start']} = {own['was']} = {own['clock']}()",
        ]
        self.exit = [f"{own['inner']}[0] = {own['outer']} + {own['clock']}() - {own['start']} + {own['inner']}[1]"]
        body = function.body[1:] if ast.get_docstring(function) is not None else function.body
        border = self.border(body)
        sizes = self.left_over(body[:border], body[border:], {a.arg for a in function.args.args}) if border else []
        written = [*self.block(body[:border]), *sizes, *self.block(body[border:])]
        if not isinstance(body[-1], ast.Return):
            written += parsed(self.exit, last)
        function.name, function.body = new, [*parsed(head, function.lineno), *written]
        function.args.args.insert(0, ast.arg(own["books"]))
        return function

    # ------------------------------------------------------------------------------------------------- statements

    def group(self, s: ast.stmt) -> int:
        """The entry of a statement in the books."""
        origin = users(self.lines.get(s.lineno))
        if origin is not None:
            origin = Origin(origin.file, origin.span, origin.text)
        return self.groups.setdefault(Group(origin, self.is_reverse(s)), len(self.groups))

    def is_reverse(self, s: ast.stmt) -> bool:
        return self.backward or s.lineno in self.reverse_lines

    def keeps(self, s: ast.stmt) -> bool:
        return isinstance(self.lines.get(s.lineno), Kept)

    def block(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        waiting: ast.stmt | None = None  # the last statement of a group that is not charged with anything yet
        for s in body:
            if waiting is not None and (self.group(s) != self.group(waiting) or _is_compound(s) or _leaves(s)):
                out += self.charged(waiting)
                waiting = None
            if self.keeps(s):
                out += [s, *self.charged(s, size=_size_of(s, self.own, again=self.is_reverse(s)))]
            elif (line := self.one_line(s)) is not None:
                out += [s, *self.charged(line)]
            elif _is_compound(s):
                out += self.compound(s)
            elif isinstance(s, ast.Return):
                out += self.returned(s)
            elif _leaves(s):
                out.append(s)
            else:
                calls = self.passing_books(s)
                out.append(s)
                waiting = None if calls else s
                out += self.charged(s, calls) if calls else []
        return out + (self.charged(waiting) if waiting is not None else [])

    def one_line(self, s: ast.stmt) -> ast.stmt | None:
        """What is charged with all of a loop that stands for one line as a whole, as an operation on arrays does in
        compiled code (a clock inside would be read for every element); None where it is no such loop. What srcdiff
        adds of its own counts as that line's."""
        if not isinstance(s, ast.For | ast.While) or self.calls_own(s):
            return None
        inside = [p for p in ast.walk(s) if isinstance(p, ast.stmt)]
        if any(isinstance(p, ast.Return | ast.Raise) or self.keeps(p) for p in inside):
            return None
        owned = [p for p in inside if users(self.lines.get(p.lineno)) is not None] or [s]
        alone = len({self.group(p) for p in owned}) == 1 and len({self.is_reverse(p) for p in inside}) == 1
        return owned[0] if alone else None

    def calls_own(self, s: ast.stmt) -> bool:
        """Whether a function of the module is called."""
        called = (p.func for p in ast.walk(s) if isinstance(p, ast.Call))
        return any(isinstance(f, ast.Name) and f.id in self.functions for f in called)

    def charged(self, s: ast.stmt, calls: bool = False, size: str | None = None) -> list[ast.stmt]:
        """What has passed since the clock was last read, to the statement."""
        own, k = self.own, self.group(s)
        less = f" - {own['inner']}[0]" if calls else ""
        rows = [f"{own['now']} = {own['clock']}()", f"{own['spent']}[{k}] += {own['now']} - {own['was']}{less}"]
        rows += [f"{own['inner']}[0] = 0"] if calls else []
        rows.append(f"{own['runs']}[{k}] += 1")
        rows += [f"{own['held']}[{k}] += {size}"] if size is not None else []
        return parsed([*rows, f"{own['was']} = {own['clock']}()"], s.end_lineno or s.lineno)

    def returned(self, s: ast.Return) -> list[ast.stmt]:
        calls = self.passing_books(s)
        if s.value is None:
            return [*parsed(self.exit, s.lineno), s]
        name = self.own["value"]
        found = ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], s.value), s)
        s.value = ast.copy_location(ast.Name(name, ast.Load()), s)
        return [found, *self.charged(s, calls), *parsed(self.exit, s.lineno), s]

    def compound(self, s: ast.stmt) -> list[ast.stmt]:
        """A loop or branch: its head is charged at the beginning of each trip and side, and behind a loop."""
        match s:
            case ast.For():
                calls = self.passing_books(s.iter)
            case ast.While() | ast.If():
                calls = self.passing_books(s.test)
            case ast.With():
                calls = self.passing_books(*(item.context_expr for item in s.items))
            case _:
                calls = False

        def inside(body: Sequence[ast.stmt]) -> list[ast.stmt]:
            return [*self.charged(s, calls), *self.block(body)]

        match s:
            case ast.For() | ast.While():
                s.body = inside(s.body)
                s.orelse = inside(s.orelse) if s.orelse else []
                return [s, *self.charged(s, calls)]
            case ast.If():
                s.body, s.orelse = inside(s.body), inside(s.orelse)
                return [s]
            case ast.With():
                s.body = inside(s.body)
                return [s, *self.charged(s)]
            case ast.Try():
                s.body, s.orelse = self.block(s.body), self.block(s.orelse)
                for handler in s.handlers:
                    handler.body = inside(handler.body)
                s.finalbody = inside(s.finalbody) if s.finalbody else []
                return [s]
        raise TypeError(f"not a statement of generated code: {ast.dump(s)}")

    def passing_books(self, *nodes: ast.stmt | ast.expr) -> bool:
        """Calls of the module's own functions get the books; whether there are any."""
        found = False
        reverse = self.backward or any(node.lineno in self.reverse_lines for node in nodes)
        for call in (part for node in nodes for part in ast.walk(node)):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in self.functions:
                call.func.id = self.version(call.func.id, reverse)
                call.args.insert(0, ast.copy_location(ast.Name(self.own["books"], ast.Load()), call))
                found = True
        return found

    # --------------------------------------------------------------------------------- what lives on to the reverse

    def border(self, body: Sequence[ast.stmt]) -> int:
        """Where the reverse sweep begins; 0 where it is not a part of its own."""
        first = next((k for k, s in enumerate(body) if s.lineno in self.reverse_lines), 0)
        apart = not self.backward and all(s.lineno in self.reverse_lines for s in body[first:])
        return first if apart else 0

    def left_over(self, forward: Sequence[ast.stmt], backward: Sequence[ast.stmt], given: set[str]) -> list[ast.stmt]:
        """The sizes of the arrays that the forward sweep has left for the reverse sweep in variables, each noted at the
        line that has bound it last."""
        every = (p for s in forward for p in ast.walk(s) if isinstance(p, ast.stmt))
        kept = given.union(*(_bound(p) for p in every if self.keeps(p)))
        bound = {n: s for s in forward if isinstance(s, ast.Assign) and not self.makes_tape(s) for n in _bound(s)}
        read = {n.id for s in backward for n in ast.walk(s) if isinstance(n, ast.Name)}
        own = self.own
        rows = [
            f"{own['held']}[{self.group(self.user_of(n, s, forward))}] += {own['alive']}({n}, {own['seen']})"
            for n, s in bound.items()
            if n in read - kept
        ]
        return parsed([*rows, f"{own['was']} = {own['clock']}()"], backward[0].lineno) if rows else []

    def user_of(self, name: str, made: ast.stmt, forward: Sequence[ast.stmt]) -> ast.stmt:
        """The statement that an array is made for: where that stands for no line, the first one that works on it (what
        is computed in its place on a tape)."""
        if made.lineno in self.lines:
            return made
        every = (p for s in forward for p in ast.walk(s) if isinstance(p, ast.stmt) and not _is_compound(p))
        uses = (p for p in every if p.lineno in self.lines and any(_is_name(n, name) for n in ast.walk(p)))
        return next(uses, made)

    def makes_tape(self, s: ast.Assign) -> bool:
        """Whether this makes the list that the forward functions of callees fill."""
        return isinstance(s.value, ast.Call) and isinstance(s.value.func, ast.Name) and s.value.func.id in self.stacks


def parsed(rows: Sequence[str], line: int) -> list[ast.stmt]:
    """Statements that tracebacks show at a line of the text."""
    body = ast.parse("\n".join(rows)).body
    for s in body:
        for node in ast.walk(s):
            if isinstance(node, ast.stmt | ast.expr):
                node.lineno = node.end_lineno = line
    return body


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_compound(s: ast.stmt) -> bool:
    return isinstance(s, ast.For | ast.While | ast.If | ast.With | ast.Try)


def _leaves(s: ast.stmt) -> bool:
    return isinstance(s, ast.Break | ast.Continue | ast.Raise | ast.Return)


def _bound(s: ast.stmt) -> set[str]:
    """The variables that a statement binds, writes into or appends to."""
    match s:
        case ast.Assign(targets=targets):
            found = [n for t in targets for n in (t.elts if isinstance(t, ast.Tuple) else [t])]
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=base))):
            found = [base]
        case _:
            found = []
    bases = (n.value if isinstance(n, ast.Subscript) else n for n in found)
    return {n.id for n in bases if isinstance(n, ast.Name)}


def _size_of(s: ast.stmt, own: dict[str, str], again: bool) -> str:
    """The expression that tells how many bytes a statement has kept; `again` says that it belongs to the reverse
    sweep."""
    inner: set[str] = set()
    while isinstance(s, ast.For):  # an array that is copied element by element
        inner |= {n.id for n in ast.walk(s.target) if isinstance(n, ast.Name)}
        s = s.body[-1]
    match s:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=tape, attr="append"))):
            last = f"{ast.unparse(tape)}[-1]"
            return f"{own['stored']}({last})" if again else f"{own['kept']}({last}, {own['seen']})"
        case ast.Assign(targets=[ast.Subscript(value=tape, slice=index)]):
            parts = index.elts if isinstance(index, ast.Tuple) else [index]
            place = ", ".join(ast.unparse(p) for p in parts if not (isinstance(p, ast.Name) and p.id in inner))
            return (
                f"{own['stored']}({ast.unparse(tape)}[{place}])" if place else f"{own['stored']}({ast.unparse(tape)})"
            )
        case ast.Assign(targets=[ast.Name(id=name)]):
            return f"{own['kept']}({name}, {own['seen']})"
    raise TypeError(f"not a statement that keeps a value: {ast.unparse(s)}")
