"""Which line of the user's program a statement of generated code stands for. In: its origin, which may lie in a text
that srcdiff has written itself. Out: file, line, text, and the function around it."""

from __future__ import annotations

import ast
import linecache
from typing import NamedTuple

from ..backend import module_of
from ..ir.nodes import Origin


class Place(NamedTuple):
    """A line of the user's program; `function` is empty where the file does not tell it."""

    file: str
    line: int
    function: str
    text: str


def users(origin: Origin | None) -> Origin | None:
    """The statement of the user's: that of a derivative of a derivative is found through the text of the inner one."""
    while origin is not None and (module := module_of(origin.file)) is not None:
        origin = module.rendered.lines.get(origin.span.line)
    return origin


class Places:
    """The places of origins; every file is read once."""

    def __init__(self) -> None:
        self.scopes: dict[str, list[tuple[int, int, str]]] = {}

    def of(self, origin: Origin | None) -> Place | None:
        """The user's line; None for what stands for no line."""
        origin = users(origin)
        if origin is None:
            return None
        line = origin.span.line
        shown = linecache.getline(origin.file, line).strip() or origin.text.splitlines()[0]
        return Place(origin.file, line, self.function(origin.file, line), shown)

    def function(self, file: str, line: int) -> str:
        """The innermost function around a line, with the classes and functions that it lies in."""
        if file not in self.scopes:
            self.scopes[file] = _scopes("".join(linecache.getlines(file)))
        around = [scope for scope in self.scopes[file] if scope[0] <= line <= scope[1]]
        return max(around, key=lambda scope: (scope[0], -scope[1]))[2] if around else ""


def _scopes(text: str) -> list[tuple[int, int, str]]:
    """First line, last line and dotted name of every function in a text."""
    found: list[tuple[int, int, str]] = []

    def visit(node: ast.AST, path: tuple[str, ...]) -> None:
        for child in ast.iter_child_nodes(node):
            match child:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    found.append((child.lineno, child.end_lineno or child.lineno, ".".join((*path, name))))
                    visit(child, (*path, name))
                case ast.ClassDef(name=name):
                    visit(child, (*path, name))
                case ast.Lambda():
                    found.append((child.lineno, child.end_lineno or child.lineno, ".".join((*path, "<lambda>"))))
                    visit(child, path)
                case _:
                    visit(child, path)

    try:
        visit(ast.parse(text), ())
    except SyntaxError:  # a cell of a notebook with commands of its own
        return []
    return found
