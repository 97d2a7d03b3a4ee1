"""A failing program made small: in, a program and a predicate; out, a program that fails in the same way.

The reduction edits the program's syntax tree in place and keeps an edit where the text is still a valid program (it
runs, ends, reads nothing that was not written) and still fails: statements are deleted in runs, blocks take the place
of the statement around them, expressions give way to a part of theirs or to a literal, parameters go.
"""

from __future__ import annotations

import ast
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .program import Program

LINES = 20_000  # a program that runs more lines than this is taken to run for ever

Undo = Callable[[], None]
Edit = Callable[[], Undo]


class _TooLong(Exception):
    pass


def valid(program: Program) -> bool:
    """Whether the program runs to an end, gives finite numbers, and the same whatever `np.empty` holds."""
    results = []
    for filler in ("np.nan * np.ones(", "0.3 * np.ones("):
        try:
            names: dict[str, Any] = {}
            with np.errstate(all="ignore"):
                exec(compile(program.source.replace("np.empty(", filler), "<shrink>", "exec"), names)
                results.append(_run(names["f"], program.fresh_args()))
        except (_TooLong, SyntaxError, ArithmeticError, LookupError, NameError, TypeError, ValueError, AttributeError):
            return False
    first, second = ([np.asarray(v) for v in (r if isinstance(r, tuple) else (r,))] for r in results)
    return all(
        a.dtype.kind in "fi" and bool(np.all(np.isfinite(a))) and np.array_equal(a, b)
        for a, b in zip(first, second, strict=True)
    )


def _run(f: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """f(*args), given up after `LINES` lines."""
    left = LINES

    def trace(frame: Any, event: str, arg: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise _TooLong
        return trace if frame.f_code.co_filename == "<shrink>" else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return f(*args)
    finally:
        sys.settrace(before)


# ----------------------------------------------------------------------------------------------------------- edits


def _set_list(items: list[Any], new: list[Any]) -> Undo:
    old = items[:]
    items[:] = new

    def undo() -> None:
        items[:] = old

    return undo


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for name in ("body", "orelse"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block:
                yield block


def deletions(tree: ast.AST) -> Iterator[Edit]:
    """Runs of statements, the long ones first."""
    blocks = list(_blocks(tree))
    longest = max((len(b) for b in blocks), default=0)
    length = longest
    while length:
        for block in blocks:
            for start in range(0, len(block) - length + 1, max(1, length // 2)):
                yield lambda b=block, s=start, n=length: _set_list(b, b[:s] + b[s + n :])  # type: ignore[misc]
        length //= 2


def unwrappings(tree: ast.AST) -> Iterator[Edit]:
    """A compound statement gives way to one of its blocks."""
    for block in _blocks(tree):
        for position, statement in enumerate(block):
            if isinstance(statement, (ast.If, ast.For, ast.While)):
                for inner in (statement.body, statement.orelse):
                    if inner:
                        yield lambda b=block, p=position, i=inner: _set_list(b, b[:p] + i + b[p + 1 :])  # type: ignore[misc]


def replacements(tree: ast.AST) -> Iterator[Edit]:
    """An expression gives way to a part of it or to a literal."""
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if name in ("func", "target", "targets", "keywords"):
                continue
            if isinstance(value, ast.expr):
                for new in _smaller(value):
                    yield lambda p=parent, n=name, v=new: _set_field(p, n, v)  # type: ignore[misc]
            elif isinstance(value, list):
                for position, item in enumerate(value):
                    if isinstance(item, ast.expr):
                        for new in _smaller(item):
                            yield lambda i=value, p=position, v=new: _set_list(i, i[:p] + [v] + i[p + 1 :])  # type: ignore[misc]


def _set_field(node: ast.AST, name: str, value: Any) -> Undo:
    old = getattr(node, name)
    setattr(node, name, value)
    return lambda: setattr(node, name, old)


def _smaller(node: ast.expr) -> list[ast.expr]:
    """What may stand for an expression; each has fewer nodes."""
    if isinstance(node, ast.Constant):
        return []
    parts = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    if isinstance(node, ast.Call):
        parts = list(node.args) + ([node.func.value] if isinstance(node.func, ast.Attribute) else [])
    return [*parts, ast.Constant(0.5), ast.Constant(1)]


def _size(tree: ast.AST, text: str) -> tuple[int, int]:
    return sum(1 for _ in ast.walk(tree)), len(text)


# ------------------------------------------------------------------------------------------------------- reduction


class Reducer:
    """The state of one reduction."""

    def __init__(self, program: Program, fails: Callable[[Program], bool], seconds: float) -> None:
        self.tree = ast.parse(program.source)
        self.best = replace(program, source=ast.unparse(self.tree) + "\n")
        self.fails = fails
        self.end = time.monotonic() + seconds
        self.tried: set[str] = set()

    def accept(self, args: tuple[Any, ...]) -> bool:
        """Whether the edited tree is a smaller program that still fails; if so it is the best one now."""
        text = ast.unparse(ast.fix_missing_locations(self.tree)) + "\n"
        if text in self.tried:
            return False
        self.tried.add(text)
        candidate = replace(self.best, source=text, args=args)
        if not valid(candidate) or not self.fails(candidate):
            return False
        self.best = candidate
        return True

    def sweep(self, edits: Callable[[ast.AST], Iterator[Edit]]) -> bool:
        """Every edit of a kind, once; an edit that is kept changes what comes after it."""
        changed, position = False, 0
        while time.monotonic() < self.end:
            todo = list(edits(self.tree))
            if position >= len(todo):
                break
            before = _size(self.tree, "")
            undo = todo[position]()
            if _size(self.tree, "") < before and self.accept(self.best.args):
                changed = True
            else:
                undo()
                position += 1
        return changed

    def parameters(self) -> bool:
        """Parameters of f that are not needed to fail."""
        changed = False
        f = next(node for node in self.tree.body if isinstance(node, ast.FunctionDef) and node.name == "f")
        for position in reversed(range(len(self.best.args))):
            if len(self.best.args) == 1:
                break
            undo = _set_list(f.args.args, f.args.args[:position] + f.args.args[position + 1 :])
            if self.accept(self.best.args[:position] + self.best.args[position + 1 :]):
                changed = True
            else:
                undo()
        return changed


def shrink(program: Program, fails: Callable[[Program], bool], seconds: float = 120.0) -> Program:
    """The smallest program found in the time given for which `fails` still holds."""
    reducer = Reducer(program, fails, seconds)
    if not reducer.fails(reducer.best):
        return program  # it fails only in its own formatting
    changed = True
    while changed and time.monotonic() < reducer.end:
        changed = False
        for edits in (deletions, unwrappings, replacements):
            changed |= reducer.sweep(edits)
        changed |= reducer.parameters()
    return reducer.best
