"""Positions in a source file. In: syntax nodes and spans. Out: spans in characters, and the user's text on one line.

Python counts columns in bytes of UTF-8; everything srcdiff shows counts characters. The translation is here.
"""

from __future__ import annotations

import ast
import io
import tokenize
from typing import Any

from srcdiff.ir.nodes import Span

_BODIES = frozenset({"body", "orelse", "finalbody", "handlers", "cases", "decorator_list"})
_LAYOUT = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
)


class Text:
    """The lines of one file."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        self.lines = lines

    def line(self, number: int) -> str:
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def column(self, line: int, byte: int) -> int:
        text = self.line(line)
        return byte if text.isascii() else len(text.encode()[:byte].decode(errors="replace"))

    def span(self, node: Any) -> Span:
        return Span(
            node.lineno,
            self.column(node.lineno, node.col_offset),
            node.end_lineno,
            self.column(node.end_lineno, node.end_col_offset),
        )

    def header(self, node: Any) -> Span:
        """A compound statement from its first word to the colon; a simple statement as a whole."""
        span = self.span(node)
        if not any(getattr(node, field, None) for field in ("body", "cases")):
            return span
        line, column = span.line, span.column
        for field in node._fields:
            if field not in _BODIES:
                for part in _parts(getattr(node, field, None)):
                    line, column = max((line, column), self.span(part)[2:])
        end = self._colon(line, column)
        return Span(span.line, span.column, *end)

    def _colon(self, line: int, column: int) -> tuple[int, int]:
        """The place behind the first colon from here on that is not in a comment."""
        while line <= len(self.lines):
            found = self.line(line)[column:].split("#", 1)[0].find(":")
            if found >= 0:
                return line, column + found + 1
            line, column = line + 1, 0
        return len(self.lines), len(self.line(len(self.lines)))

    def slice(self, span: Span) -> str:
        rows = [self.line(number) for number in range(span.line, span.end_line + 1)]
        rows[-1] = rows[-1][: span.end_column]
        rows[0] = rows[0][span.column :]
        return "\n".join(rows)

    def quote(self, span: Span) -> str:
        """What stands at `span`, on one line: the user's spelling without comments and superfluous white space."""
        text = self.slice(span)
        return text if not any(mark in text for mark in ("\n", "  ", "\t")) else _one_line(text)


def _parts(value: Any) -> list[Any]:
    """The nodes with a position in a field of a node."""
    roots = value if isinstance(value, list) else [value]
    return [
        part
        for root in roots
        if isinstance(root, ast.AST)
        for part in ast.walk(root)
        if getattr(part, "end_lineno", None) is not None
    ]


def _one_line(text: str) -> str:
    """Tokens joined by one space where there was space; none inside a bracket that was opened for a line break."""
    pieces: list[str] = []
    # Within parentheses line breaks and indentation mean nothing, whatever piece of a program this is.
    tokens = list(tokenize.generate_tokens(io.StringIO(f"({text}\n)").readline))
    shown = [token for token in tokens if token.type not in _LAYOUT][1:-1]
    for before, token in zip([None, *shown], shown, strict=False):
        if before is not None and before.end != token.start:
            broken = before.end[0] != token.start[0]
            if not (broken and (before.string in "([{" or token.string in ")]}")):
                pieces.append(" ")
        pieces.append(token.string.replace("\n", "\\n"))
    return "".join(pieces)
