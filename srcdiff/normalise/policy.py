"""What is not read: which functions run on the tape, and why."""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from ..errors import Problem, Refusal, UnsupportedCall, refusal
from ..frontend import Program
from ..ir.nodes import Call, Display, Expr, Function, Name, Object, Origin, Param, Return, Span
from ..opaque.marks import is_dynamic
from ..opaque.parts import Primal
from ..opaque.problems import refusal as refused


@dataclass(frozen=True)
class OnTape:
    """A function that runs on the tape; the problem that is the reason, or None where it is marked."""

    function: Any
    name: str
    reason: Problem | None = None


@dataclass
class Policy:
    """`enabled` says that what is refused runs on the tape, `functions` are those of which that is known already;
    `unknown` are functions of which nobody knows what they return, `parts` those of which that is known, `met` tells
    what the walk has met."""

    enabled: bool = False
    guesses: bool = False  # whether a result that nobody knows is taken for a number: for a text that is only shown
    functions: dict[int, tuple[Any, Problem | None]] = field(default_factory=dict)
    unknown: dict[int, Primal] = field(default_factory=dict)
    parts: dict[int, Primal] = field(default_factory=dict)
    met: dict[int, OnTape] = field(default_factory=dict)
    doubts: list[Problem] = field(default_factory=list)  # problems behind calls of `unknown`, which may be the reason

    def begin(self) -> None:
        """A new walk over the program."""
        self.unknown, self.parts, self.met, self.doubts = {}, {}, {}, []

    def found(self) -> dict[str, Any]:
        """What the walk has met, as it is kept with a core program."""
        met: dict[str, dict[int, Any]] = {"on_tape": self.met, "unknown": self.unknown, "parts": self.parts}
        return {name: tuple(table.values()) for name, table in met.items()} | {"doubts": tuple(self.doubts)}

    def takes(self, function: Any) -> bool:
        return id(function) in self.functions or is_dynamic(function)

    def adopt(
        self,
        on_tape: Iterable[OnTape],
        unknown: Iterable[Primal],
        parts: Iterable[Primal],
        doubts: Iterable[Problem],
    ) -> None:
        """What a derivative has met that the program calls."""
        self.doubts += doubts
        self.met.update({id(m.function): m for m in on_tape if id(m.function) not in self.met})
        self.unknown.update({id(p): p for p in unknown})
        self.parts.update({id(p): p for p in parts})

    def note(self, function: Any, name: str, why: Problem | None) -> None:
        known = self.functions.get(id(function))
        self.met.setdefault(id(function), OnTape(function, name, why or (known[1] if known else None)))


@dataclass(frozen=True, eq=False)
class Whole(Program):
    """A program that does nothing but call one function, which is not read, for this reason."""

    called: Any = None
    reason: Problem | None = None


def whole(function: FunctionType, reason: Problem | None) -> Whole:
    """The program that calls a Python function with its own parameters."""
    code, params, args, kwargs = function.__code__, [], [], []
    for p in inspect.signature(function, follow_wrapped=False).parameters.values():
        default = None if p.default is p.empty else Object(p.default, f"default_{p.name}")
        own: Expr = Name(p.name)
        if p.kind is p.VAR_KEYWORD:
            raise _refused(function, reason)
        if p.kind is p.VAR_POSITIONAL:
            own = Display("starred", (own,))
        if p.kind is p.KEYWORD_ONLY:
            kwargs.append((p.name, own))
        else:
            args.append(own)
        params.append(Param(p.name, default, _KINDS.get(p.kind, "")))
    name = function.__name__ if function.__name__.isidentifier() else "function"
    line = code.co_firstlineno
    lines = tuple(linecache.getlines(code.co_filename))
    text = lines[line - 1].strip() if line <= len(lines) else ""
    origin = Origin(code.co_filename, Span(line, 0, line, 0), text)
    body = (Return(Call(Object(function, name), tuple(args), tuple(kwargs))),)
    core = Function(name, tuple(params), body, None, origin)
    return Whole(core, (), code.co_filename, line, lines, called=function, reason=reason)


_KINDS: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.KEYWORD_ONLY: "keyword"}


def _refused(function: FunctionType, reason: Problem | None) -> Refusal:
    if reason is not None:
        return refusal([reason])
    what = f"`{function.__name__}` takes any keywords, and is not read"
    why = "generated code passes its parameters on one by one"
    return refused(UnsupportedCall, function, what, why, "name the parameters")


class NotRead(Exception):
    """Functions have been met that are not read: the walk has to begin anew, and know them. Without any, the whole
    program is to run on the tape."""

    def __init__(self, functions: Iterable[tuple[Any, Problem]], problem: Problem) -> None:
        super().__init__(problem.what)
        self.functions, self.problem = tuple(functions), problem
