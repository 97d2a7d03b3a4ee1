"""Where the package refuses something: the places in its source, and which of them a run has come to."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import srcdiff
from srcdiff import errors
from srcdiff.frontend.refusals import TABLE, Problems
from srcdiff.rules.problem import TypeProblem

PACKAGE = Path(srcdiff.__file__).parent
# The eager runtime has tests of its own, `testing` and `warned` raise no refusals, Numba's overloads are Numba's code.
ELSEWHERE = ("tape", "testing", "runtime_numba", "optim.py", "warned.py", "errors.py", "kinks.py", "debugging.py")
# What makes a refusal, besides the classes: functions that are given its words.
_MAKERS = {"TypeProblem", "Problem", "problem", "_refused", "refused", "_unavailable"}
_CLASSES = {c.__name__ for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.SrcdiffError)}

Site = tuple[str, int, int, str]  # the file, the first and the last line, the words


def sites() -> Iterator[Site]:
    """Every call that makes a refusal."""
    for path in sorted(PACKAGE.rglob("*.py")):
        file = path.relative_to(PACKAGE).as_posix()
        if file.startswith(ELSEWHERE):
            continue
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MAKERS | _CLASSES:
                yield file, node.lineno, node.end_lineno or node.lineno, ast.get_source_segment(text, node) or ""


class Reached:
    """The lines that were on the stack when a refusal was made, and the entries of the frontend's table."""

    def __init__(self) -> None:
        self.lines: set[tuple[str, int]] = set()
        self.entries: set[str] = set()

    def holds(self, site: Site) -> bool:
        file, first, last, _ = site
        return any((file, line) in self.lines for line in range(first, last + 1))

    def note(self) -> None:
        frame = sys._getframe(2)
        while frame is not None:
            path = Path(frame.f_code.co_filename)
            if PACKAGE in path.parents:
                self.lines.add((path.relative_to(PACKAGE).as_posix(), frame.f_lineno))
            frame = frame.f_back

    @contextmanager
    def watching(self) -> Iterator[None]:
        classes = [TypeProblem, errors.Problem, *(getattr(errors, name) for name in _CLASSES)]
        owners = [c for c in classes if "__init__" in vars(c) or issubclass(c, Exception)]
        patches = [mock.patch.object(c, "__init__", self._noting(c.__init__)) for c in owners]
        add = Problems.add

        def noted(problems: Problems, key: str, *args: Any, **words: Any) -> None:
            self.entries.add(key if key in TABLE else "unknown")
            add(problems, key, *args, **words)

        patches.append(mock.patch.object(Problems, "add", noted))
        for patch in patches:
            patch.start()
        try:
            yield
        finally:
            for patch in reversed(patches):
                patch.stop()

    def _noting(self, init: Any) -> Any:
        reached = self

        def wrapped(instance: Any, *args: Any, **kwargs: Any) -> None:
            reached.note()
            init(instance, *args, **kwargs)

        return wrapped
