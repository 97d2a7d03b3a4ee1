"""Documents of text, possible line breaks and groups of them -> lines, by the method of ruff's formatter.

In: a document and the indentation it begins at. Out: lines, in which the outermost groups that do not fit are broken.
"""

from __future__ import annotations

import unicodedata

from ..ir.frozen import distinct, frozen

WIDTH = 88
_STEP = 4


def columns(text: str) -> int:
    """The width of a text on the screen."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


# A group is an integer where another part asks whether it was broken; 0 stands for "the enclosing group".


@distinct
class Line:
    """A line break if the enclosing group is broken, else a space or nothing."""

    space: bool = False


@distinct
class Group:
    """Broken only if it does not fit, or if told so; where `only` is given, no group unless that one is broken."""

    doc: Doc
    id: int = 0
    broken: bool = False
    only: int = 0


@distinct
class Indent:
    doc: Doc
    only: int = 0


@distinct
class IfBroken:
    broken: Doc
    flat: Doc = ""
    id: int = 0


@distinct
class MayBreak:
    """What may span lines without breaking group `id` around it."""

    doc: Doc
    id: int


@distinct
class Best:
    """The first variant that fits, or the last."""

    variants: tuple[Doc, ...]


@distinct
class Parens:
    """Something without a place to break: on a line of its own in parentheses if, and only if, it fits there."""

    doc: Doc


Doc = str | list["Doc"] | Line | Group | Indent | IfBroken | MayBreak | Best | Parens
SOFT = Line()
_FIRST, _ALL, _ANY = range(3)  # the lines that have to fit: the first, all, or it does not matter here


@frozen
class _Task:
    """A document to print at an indentation, and which of its lines have to fit where that is measured."""

    doc: Doc
    indent: int
    broken: bool
    whole: int = _FIRST

    def of(self, doc: Doc, broken: bool | None = None, *, step: int = 0, whole: int | None = None) -> _Task:
        return _Task(
            doc,
            self.indent + step,
            self.broken if broken is None else broken,
            self.whole if whole is None else whole,
        )


class Printer:
    def __init__(self) -> None:
        self.done: list[str] = []
        self.line = ""
        self.stack: list[_Task] = []
        self.groups: dict[int, bool] = {}  # is it broken?
        self.measured = False  # is it known that the rest of this line fits?

    def lines(self, doc: Doc, indent: int) -> list[str]:
        self.line = " " * indent
        self.stack.append(_Task(doc, indent, broken=True))
        while self.stack:
            self.step(self.stack.pop())
        return [*self.done, self.line.rstrip()]

    def step(self, task: _Task) -> None:
        match task.doc:
            case str(text):
                self.line += text
            case Line(space) if not task.broken:
                self.line += " " * space
            case Line():
                self.done.append(self.line.rstrip())
                self.line = " " * task.indent
                self.measured = False
            case Group(doc) as group if group.only == 0 or self.groups[group.only]:
                broken = group.broken or self.must_break(task, group)
                if group.id:
                    self.groups[group.id] = broken
                self.stack.append(task.of(doc, broken))
            case Best(variants):
                self.choose(task, variants)
            case Parens(doc):
                wrapped: Doc = ["(", Indent([SOFT, doc]), SOFT, ")"]
                flat = self.fits(task.of(doc, False)) or not self.fits(task.of(wrapped, True, whole=_ALL))
                self.stack.append(task.of(doc, False) if flat else task.of(wrapped, True))
            case _:
                if isinstance(task.doc, MayBreak) and not self.groups[task.doc.id]:
                    self.measured = False
                self.stack += self.parts(task)

    def parts(self, task: _Task) -> list[_Task]:
        """The parts of a document that needs no decision, the last first."""
        match task.doc:
            case list(docs):
                return [task.of(doc) for doc in reversed(docs)]
            case Indent(doc, only):
                return [task.of(doc, step=_STEP if only == 0 or self.groups[only] else 0)]
            case IfBroken() as either:
                broken = self.groups[either.id] if either.id else task.broken
                return [task.of(either.broken if broken else either.flat)]
            case Group(doc) | MayBreak(doc) | Parens(doc):
                return [task.of(doc)]
            case _:
                raise AssertionError(task.doc)

    def must_break(self, task: _Task, group: Group) -> bool:
        if not task.broken and self.measured:
            return False
        self.measured = True
        if group.id:
            self.groups[group.id] = False
        return not self.fits(task.of(group.doc, False))

    def choose(self, task: _Task, variants: tuple[Doc, ...]) -> None:
        if not task.broken and self.measured:
            self.stack.append(task.of(variants[0]))
            return
        self.measured = True
        for variant in variants[:-1]:
            if self.fits(task.of(variant, False)):
                self.stack.append(task.of(variant, False))
                return
        self.stack.append(task.of(variants[-1], True))

    def fits(self, first: _Task) -> bool:
        """Does it fit, with what follows it up to the next line break that is sure?"""
        todo, rest, column = [first], len(self.stack), columns(self.line)
        while todo or rest:
            if not todo:
                rest -= 1
                todo.append(self.stack[rest])
            task = todo.pop()
            match task.doc:
                case str(text):
                    column += columns(text)
                case Line(space) if not task.broken:
                    column += space
                case Line():
                    if not task.whole:
                        return True
                    column = task.indent
                case Group(doc) as group:
                    if group.id:
                        self.groups[group.id] = group.broken or task.broken
                    todo.append(task.of(doc, group.broken or task.broken))
                case Best(variants):
                    todo.append(task.of(variants[-1 if task.broken else 0]))
                case MayBreak(doc, id) if not task.broken and not self.groups[id]:
                    todo.append(task.of(doc, True, whole=_ANY))
                case _:
                    todo += self.parts(task)
            if column > WIDTH and task.whole != _ANY:
                return False
        return True
