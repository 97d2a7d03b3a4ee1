"""`match` as `if`: a pattern becomes a test and assignments. Raw IR comes out, as if the program had been written so.

in:   match shape:                        out:  if isinstance(shape, Circle):
          case Circle(r=r):                         r = shape.r
              area = pi * r ** 2                    area = pi * r ** 2
          case (w, h) if w > 0:                 else:
              area = w * h                          matched = False
                                                    if <a sequence of two>:
                                                        w, h = shape[0], shape[1]
                                                        matched = w > 0
                                                    if matched: area = w * h

What a pattern captures is assigned before its guard is asked, as in Python.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from typing import Any, Protocol

from srcdiff.frontend.expressions import Expressions
from srcdiff.frontend.names import Scope
from srcdiff.frontend.refusals import Problems
from srcdiff.frontend.text import Text
from srcdiff.ir.marks import matches_mapping, matches_sequence
from srcdiff.ir.nodes import (
    Assign,
    Attr,
    Block,
    Call,
    Const,
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

_ITSELF = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)  # `float(x)` captures all of it


class Reader(Protocol):
    """What of the statement reader is used here."""

    scope: Scope
    text: Text
    problems: Problems

    @property
    def expressions(self) -> Expressions: ...
    def read(self, node: Any) -> Expr: ...
    def block(self, nodes: list[Any]) -> Block: ...


@dataclass
class _Found:
    """What a pattern asks, from the outside in, and what it captures."""

    tests: list[Expr] = field(default_factory=list)
    captured: list[tuple[str, Expr]] = field(default_factory=list)


def lowered(reader: Reader, node: Any, origin: Origin, subject: Expr) -> list[Stmt]:
    """The statements of a `match` whose subject has been read."""
    ahead: list[Stmt] = []
    if not isinstance(subject, Name):
        held = Name(reader.scope.fresh("subject"), subject.at)
        ahead.append(Assign(held, subject, origin))
        subject = held
    return [*ahead, *_Cases(reader, origin, subject).cases(node.cases)]


class _Cases:
    def __init__(self, reader: Reader, origin: Origin, subject: Name) -> None:
        self.reader, self.origin, self.subject = reader, origin, subject

    def cases(self, cases: list[Any]) -> list[Stmt]:
        if not cases:
            return []
        case, *rest = cases
        found = _Found()
        self.pattern(case.pattern, self.subject, found)
        captures: Block = tuple(Assign(Name(n), value, self.origin) for n, value in found.captured)
        guard = None if case.guard is None else self.reader.read(case.guard)
        ahead = self.reader.expressions.taken_ahead(self.origin)
        if guard is not None and (captures or ahead):
            matched = Name(self.reader.scope.fresh("matched"))
            tried = (*captures, *ahead, Assign(matched, guard, self.origin))
            asked = self.all_of(found.tests)
            head: list[Stmt] = [Assign(matched, Const(False), self.origin), If(asked, tried, (), self.origin)]
            return [*head, If(matched, self.reader.block(case.body), tuple(self.cases(rest)), self.origin)]
        asked = self.all_of(found.tests if guard is None else [*found.tests, guard])
        body = (*captures, *self.reader.block(case.body))
        if asked == Const(True):
            return list(body)
        return [If(asked, body, tuple(self.cases(rest)), self.origin)]

    def all_of(self, tests: list[Expr]) -> Expr:
        return Const(True) if not tests else tests[0] if len(tests) == 1 else Logic("and", tuple(tests), tests[0].at)

    def pattern(self, node: Any, subject: Expr, found: _Found) -> None:
        kind, span = type(node).__name__, self.reader.text.span(node)
        match kind:
            case "MatchValue":
                found.tests.append(_call(operator.eq, "==", span, subject, self.reader.read(node.value)))
            case "MatchSingleton":
                found.tests.append(_call(operator.is_, "is", span, subject, Const(node.value, span)))
            case "MatchAs":
                if node.pattern is not None:
                    self.pattern(node.pattern, subject, found)
                if node.name is not None:
                    found.captured.append((self.reader.scope.spelled(node.name), subject))
            case "MatchOr":
                self.alternatives(node, subject, found, span)
            case "MatchSequence":
                self.sequence(node, subject, found, span)
            case "MatchMapping":
                self.mapping(node, subject, found, span)
            case "MatchClass":
                self.of_class(node, subject, found, span)

    def alternatives(self, node: Any, subject: Expr, found: _Found, span: Span) -> None:
        tests: list[Expr] = []
        for part in node.patterns:
            inner = _Found()
            self.pattern(part, subject, inner)
            if inner.captured:
                self.reader.problems.add("capture in alternatives", span)
                found.captured += inner.captured
            tests.append(self.all_of(inner.tests))
        found.tests.append(Logic("or", tuple(tests), span))

    def sequence(self, node: Any, subject: Expr, found: _Found, span: Span) -> None:
        stars = [k for k, part in enumerate(node.patterns) if type(part).__name__ == "MatchStar"]
        count = len(node.patterns) - len(stars)
        found.tests.append(_call(matches_sequence, "match", span, subject, Const(count), Const(bool(stars))))
        for k, part in enumerate(node.patterns):
            behind = len(node.patterns) - k
            if k in stars and part.name is not None:
                upper = Const(1 - behind) if behind > 1 else None
                items = Item(subject, Slice(Const(k), upper, None), span)
                found.captured.append((self.reader.scope.spelled(part.name), _call(list, "list", span, items)))
            elif k not in stars:
                place = Const(-behind if stars and k > stars[0] else k)
                self.pattern(part, Item(subject, place, span), found)

    def mapping(self, node: Any, subject: Expr, found: _Found, span: Span) -> None:
        found.tests.append(_call(matches_mapping, "match", span, subject))
        if node.rest is not None:
            self.reader.problems.add("rest of a mapping", span, name=node.rest)
        for key_node, part in zip(node.keys, node.patterns, strict=True):
            key = self.reader.read(key_node)
            found.tests.append(_call(operator.contains, "in", span, subject, key))
            self.pattern(part, Item(subject, key, span), found)

    def of_class(self, node: Any, subject: Expr, found: _Found, span: Span) -> None:
        cls = self.reader.read(node.cls)
        found.tests.append(_call(isinstance, "isinstance", span, subject, cls))
        value = cls.value if isinstance(cls, Object) else None
        if node.patterns and value in _ITSELF:
            self.pattern(node.patterns[0], subject, found)
            return
        names = getattr(value, "__match_args__", ())
        if len(names) < len(node.patterns):
            self.reader.problems.add("positions of a class", span, name=self.reader.text.quote(span))
        pairs = [*zip(names, node.patterns, strict=False), *zip(node.kwd_attrs, node.kwd_patterns, strict=True)]
        for name, part in pairs:
            self.pattern(part, Attr(subject, name, span), found)


def _call(function: object, text: str, span: Span, *args: Expr) -> Call:
    return Call(Object(function, text, span), args, (), span)
