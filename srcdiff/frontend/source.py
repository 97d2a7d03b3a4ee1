"""Finding a function's source. In: a function object. Out: its file's lines and its syntax tree.

What is found is compiled again and compared with the code that runs, so a file that changed since its import, or a
text registered under the wrong name, is noticed. Comparing code also tells several lambdas on one line apart.
"""

from __future__ import annotations
import __future__

import ast
import linecache
import re
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gast  # type: ignore[import-untyped,unused-ignore]

from srcdiff.errors import Problem, SourceUnavailable
from srcdiff.frontend import prompt
from srcdiff.frontend.text import Text

_FUTURE = 0
for _feature in __future__.all_feature_names:
    _FUTURE |= getattr(__future__, _feature).compiler_flag

_GUESSES = 4
_IMPORT = re.compile(r"^(?:from\s+\S+\s+)?import\s+(\([^)]*\)|[^\n;(]*)", re.MULTILINE)
_BOUND = re.compile(r"(?:[\w.]+\s+as\s+)?(\w+)")
_ITERABLE_COROUTINE = 0x100  # set by types.coroutine on finished code

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Found = tuple[_Definition, str, str | None]  # with its name, and the class around it


@dataclass(frozen=True)
class Source:
    """A function's text and its place in it."""

    file: str
    text: Text
    definition: _Definition
    name: str
    owner: str | None  # the class whose body the function stands in: Python renames its `__private` names
    unknown: tuple[Any, ...]  # syntax that gast has no node for


def find(function: types.FunctionType) -> Source:
    """The source of `function`, or SourceUnavailable."""
    code = function.__code__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the user saw the compiler's warnings when the file was imported
        text, (definition, name, owner) = _found(function)
    unknown = tuple(
        part
        for part in ast.walk(definition)
        if isinstance(part, ast.expr | ast.stmt) and not hasattr(gast, type(part).__name__)
    )
    return Source(code.co_filename, text, definition, name, owner, unknown)


def to_gast(source: Source) -> Any:
    """The definition as a gast FunctionDef, AsyncFunctionDef or Lambda."""
    return gast.ast_to_gast(source.definition)


def _found(function: types.FunctionType) -> tuple[Text, _Found]:
    """The text that a function stands in, and its definition there."""
    code = function.__code__
    file = code.co_filename
    linecache.checkcache(file)
    text = "".join(linecache.getlines(file, function.__globals__))
    if text:
        kept = _text(text)
        return kept, _definition(code, kept)
    for guess in prompt.texts(file, code.co_name):
        try:
            kept = _text(guess)
            found = _match(code, ast.parse(guess), kept.lines)
        except (SyntaxError, ValueError):
            continue
        if found is not None:
            return kept, found
    raise _missing(code, *_no_text(file))


def _text(text: str) -> Text:
    return Text(tuple(text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")))


def _no_text(file: str) -> tuple[str, str]:
    """Why there is no text, and what to do."""
    if file.startswith(("<stdin", "<string", "<python-input")):
        return (
            "Python keeps no text of what is given to exec, and of what is typed at its prompt only the history",
            "put the function into a file and import it, or register the text in linecache.cache (as Jupyter does)",
        )
    if file.startswith("<"):
        return (
            f"the function was made from a text called {file}, and no such text is registered in linecache",
            "register the text in linecache.cache under that name, or write it to a file and import it",
        )
    return (
        "the file it was compiled from cannot be read",
        "make the .py file readable at that path; a compiled .pyc file alone is not enough",
    )


def _missing(code: types.CodeType, why: str, fix: str) -> SourceUnavailable:
    return _unavailable(code, f"the source of `{code.co_name}` is missing", why, fix)


def _stale(code: types.CodeType, why: str, fix: str) -> SourceUnavailable:
    return _unavailable(code, f"the source of `{code.co_name}` is stale", why, fix)


def _unavailable(code: types.CodeType, what: str, why: str, fix: str) -> SourceUnavailable:
    place = code.co_filename, code.co_firstlineno
    return SourceUnavailable(Problem(SourceUnavailable, what, why, fix, *place))


# ------------------------------------------------------------------------------------- which definition is the one


def _definition(code: types.CodeType, text: Text) -> _Found:
    """The definition that compiles to `code`, its name, and the class around it."""
    for lines in _excerpts(code.co_firstlineno, text.lines):
        try:
            tree = ast.parse("\n".join(lines))
        except (SyntaxError, ValueError):
            continue
        found = _match(code, tree, lines)
        if found is not None:
            return found
    tree = _parse(code, text)
    found = _match(code, tree, text.lines) or _rewritten(code, tree)
    if found is None:
        raise _stale(code, *_no_match(code.co_filename))
    return found


def _no_match(file: str) -> tuple[str, str]:
    """Why no text fits the code, and what to do."""
    where = f"the text that is registered as {file}" if file.startswith("<") else "the text in its file"
    why = f"{where} does not match the code that runs: it has changed since, or something rewrote the function's code"
    if file.startswith("<"):
        return why, "define the function again, so that the code that runs is that of the text"
    return why, "import the module again (importlib.reload, or a new interpreter), so that the file's code is what runs"


def _excerpts(line: int, lines: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Guesses at the outermost statement around a line; all other lines are blank.

    It compiles as it does within the whole file, but much sooner where the file is long. Where it ends is only tried,
    at the next lines that are not indented: what is cut at the wrong place does not compile to the same code. The
    names that the file imports are imported here too, since Python compiles `np.sin(x)` differently for a module.
    """
    margins = (number for number, row in enumerate(lines, 1) if row and row[0] not in " \t\f#)]}")
    start = 1
    ends: list[int] = []
    for number in margins:
        if number <= line:
            start = number
        elif len(ends) < _GUESSES:
            ends.append(number)
        else:
            break
    if len(ends) < _GUESSES:
        ends.append(len(lines) + 1)
    head = (_imports("\n".join(lines)), *[""] * (start - 2)) if start > 1 else ()
    for end in ends:
        yield head + lines[start - 1 : end - 1]


def _imports(text: str) -> str:
    """One line that binds the names that the imports at the margin of a text bind."""
    names: dict[str, None] = {}
    for statement in _IMPORT.findall(text):
        for item in re.sub(r"#.*", "", statement).strip("()").split(","):
            bound = _BOUND.match(item.strip())
            if bound is not None:
                names[bound[1]] = None
    return "import " + ", ".join(names) if names else ""


def _parse(code: types.CodeType, text: Text) -> ast.Module:
    try:
        return ast.parse("\n".join(text.lines))
    except (SyntaxError, ValueError) as error:
        line = f" (line {error.lineno}: {error.msg})" if isinstance(error, SyntaxError) else f" ({error})"
        raise _stale(
            code,
            f"its file is not valid Python now{line}, so it is not the text that runs",
            "correct the file and import it again",
        ) from None


def _match(code: types.CodeType, tree: ast.Module, lines: tuple[str, ...]) -> _Found | None:
    twin = _twin(code, lines)
    return None if twin is None else _locate(twin, tree)


def first_line(node: ast.stmt | ast.expr) -> int:
    """The line that a definition begins in, with its decorators."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _twin(code: types.CodeType, lines: tuple[str, ...]) -> types.CodeType | None:
    """The code that does the same in the newly compiled text: at the same place if there is one, else nearest."""
    try:
        compiled = compile("\n".join(lines), code.co_filename, "exec", code.co_flags & _FUTURE, dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    places = list(code.co_positions())
    found = sorted(
        (other for other in _codes(compiled) if (other.co_name, other.co_qualname) == (code.co_name, code.co_qualname)),
        key=lambda other: (list(other.co_positions()) != places, abs(other.co_firstlineno - code.co_firstlineno)),
    )
    wanted = _fingerprint(code)
    return next((other for other in found if _fingerprint(other) == wanted), None)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield const
            yield from _codes(const)


def _fingerprint(code: types.CodeType) -> tuple[object, ...]:
    """All that decides what a code object does; line numbers do not."""
    return (
        (code.co_name, code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars),
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & ~_ITERABLE_COROUTINE),
        code.co_exceptiontable,
        _const_key(code.co_consts),
    )


def _const_key(value: object) -> object:
    """`1`, `1.0`, `True` and `0.0`, `-0.0` are equal, but not the same constants."""
    if isinstance(value, types.CodeType):
        return _fingerprint(value)
    if isinstance(value, tuple):
        return tuple(_const_key(item) for item in value)
    if isinstance(value, frozenset):
        return frozenset(_const_key(item) for item in value)
    return type(value), repr(value)


def _locate(code: types.CodeType, module: ast.Module) -> _Found | None:
    """The definition in `module` that `code`, compiled from it, stands for."""
    lambdas = []
    for node, name, owner in _definitions(module):
        if isinstance(node, ast.Lambda):
            if code.co_name == "<lambda>" and node.lineno == code.co_firstlineno and _contains(node.body, code):
                lambdas.append((node, name, owner))
        elif node.name == code.co_name and first_line(node) == code.co_firstlineno:
            return node, name, owner
    if len(lambdas) > 1 and not any(_places(code)):
        raise _unavailable(
            code,
            f"the source of `{code.co_name}` is ambiguous",
            "several lambdas stand on its line, and Python was told to keep no columns (-X no_debug_ranges)",
            "write the lambdas on lines of their own, or start Python without that option",
        )
    # Of nested lambdas the inner one starts later; the outer one's code is not all within the inner one.
    return max(lambdas, key=lambda found: (found[0].lineno, found[0].col_offset), default=None)


def _definitions(module: ast.Module) -> Iterator[_Found]:
    """Every def and lambda with its name (a lambda's: what it is assigned to) and the class around it."""
    todo: list[tuple[ast.AST, str, str | None]] = [(module, "", None)]
    while todo:
        node, name, owner = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, node.name, owner
        elif isinstance(node, ast.Lambda):
            yield node, name or "anonymous", owner
        elif isinstance(node, ast.ClassDef):
            owner = node.name
        named = ""
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            named = target.id if isinstance(target, ast.Name) else ""
        value = getattr(node, "value", None)
        todo.extend((child, named if child is value else "", owner) for child in ast.iter_child_nodes(node))


def _places(code: types.CodeType) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Where each instruction starts and ends; without the compiler's own, which have no place or no width."""
    for line, end_line, column, end_column in code.co_positions():
        if line is None or end_line is None or column is None or end_column is None:
            continue
        if (line, column) != (end_line, end_column):
            yield (line, column), (end_line, end_column)


def _contains(node: ast.expr, code: types.CodeType) -> bool:
    first, last = (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)
    return all(first <= start and end <= last for start, end in _places(code))


def _rewritten(code: types.CodeType, tree: ast.Module) -> _Found | None:
    """A function whose `assert` statements pytest has rewritten: its code has more than that of the text, but nothing
    less."""
    if not any(name.startswith("@py") for name in code.co_names + code.co_varnames):
        return None
    found = _locate(code, tree)
    if found is None or not any(isinstance(part, ast.Assert) for part in ast.walk(found[0])):
        return None
    whole = compile(tree, code.co_filename, "exec", code.co_flags & _FUTURE, dont_inherit=True)
    twins = [c for c in _codes(whole) if (c.co_qualname, c.co_firstlineno) == (code.co_qualname, code.co_firstlineno)]
    return found if any(_holds(code, twin) for twin in twins) else None


def _holds(code: types.CodeType, twin: types.CodeType) -> bool:
    """Whether code has the parameters, and all the names and constants, of other code."""
    same = code.co_varnames[: code.co_argcount] == twin.co_varnames[: twin.co_argcount]
    names = {*code.co_names, *code.co_varnames, "AssertionError"}
    plain = {_const_key(c) for c in code.co_consts if not isinstance(c, types.CodeType)}
    wanted = {_const_key(c) for c in twin.co_consts if isinstance(c, int | float | complex)}
    return same and {*twin.co_names, *twin.co_varnames} <= names and wanted <= plain
