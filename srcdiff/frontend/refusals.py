"""What the frontend refuses. In: constructs met while reading. Out: problems, one table entry per construct.

An entry says what was met, why srcdiff cannot go on, and what to write instead; `{name}` and the like are filled in
with the user's own words. Entries for syntax are found by the name of the syntax node.
"""

from __future__ import annotations

from typing import NamedTuple

from srcdiff.errors import (
    ON_TAPE,
    Problem,
    Refusal,
    UnresolvedName,
    UnsupportedMutation,
    UnsupportedSyntax,
    UnsupportedType,
    refusal,
)
from srcdiff.frontend.program import problem
from srcdiff.frontend.text import Text
from srcdiff.ir.nodes import Span


class Entry(NamedTuple):
    error: type[Refusal]
    what: str
    why: str
    fix: str


def _syntax(what: str, why: str, fix: str) -> Entry:
    return Entry(UnsupportedSyntax, what, why, fix)


_GENERATOR = (
    "a generator runs in pieces, in an order that its caller decides, so there is no one sequence to reverse",
    f"return the values together, in an array or a tuple; or {ON_TAPE}",
)
_ASYNC = (
    "what runs between two steps of an async function is decided by the event loop, not by the program's text",
    "put the numerical part into an ordinary `def`, and differentiate that",
)
_TRY = (
    "where an exception leaves the block is not known when the derivative is written",
    "test for the condition with `if` before the statement that may fail, and handle errors outside the function",
)
_GLOBAL = (
    "a variable that outlives the call would carry values from one evaluation into the next",
    "pass the value as an argument and return the new one",
)
_FORMAT = (
    "text has no derivative, and formatting in the middle of a computation serves only messages",
    "return the numbers and format them where the function is called",
)

TABLE: dict[str, Entry] = {
    "AsyncFunctionDef": _syntax("an async function", *_ASYNC),
    "AsyncFor": _syntax("`async for`", *_ASYNC),
    "AsyncWith": _syntax("`async with`", *_ASYNC),
    "Await": _syntax("`await`", *_ASYNC),
    "Yield": _syntax("`yield`", *_GENERATOR),
    "YieldFrom": _syntax("`yield from`", *_GENERATOR),
    "SetComp": _syntax(
        "a set comprehension",
        "a set drops equal values and has no order, so no derivative can be assigned to its elements",
        "keep the values in an array, filled by a `for` loop",
    ),
    "ClassDef": _syntax(
        "the class `{name}`, defined inside the function",
        "it is made once, when the derivative is written; {why}",
        f"move the class to the top of the file, and pass it what it needs; or {ON_TAPE}",
    ),
    "class of a variable": _syntax(
        "a `class` statement that binds `{name}`, which is bound elsewhere too",
        "what the name of a class stands for is settled when the derivative is written, in all of the function",
        "give each class a name of its own",
    ),
    "TryStar": _syntax("`try` with `except*`", *_TRY),
    "target of with": _syntax(
        "a `with` that assigns an element, an attribute or several names",
        "what a context manager returns is passed on as a whole",
        "give what it returns one name, and take it apart in the body",
    ),
    "adjoint_of": _syntax(
        "`adjoint_of` in another form than `with adjoint_of(x) as x_bar:`",
        "its body is put into the reverse sweep, where it has the adjoint of one variable",
        "name the value first, and give its adjoint a name",
    ),
    "exit in finally": _syntax(
        "a way out of `finally`",
        "it would drop the exception, or the result, that is on its way",
        "leave after the `try` statement",
    ),
    "TemplateStr": _syntax("a t-string", *_FORMAT),
    "Global": _syntax("`global`", *_GLOBAL),
    "Nonlocal": _syntax("`nonlocal` of a variable outside the differentiated function", *_GLOBAL),
    "Delete": _syntax(
        "`del {name}`",
        "it changes an object that others may see, and which parts it has is settled when the derivative is written",
        "keep a flag or a count of what is still in use, or make a new list, dict or object without that part",
    ),
    "missing import": Entry(
        UnresolvedName,
        "an import of `{name}` that fails",
        "{why}",
        "install or correct the module: imports inside the function are done when the derivative is written",
    ),
    "import of a variable": _syntax(
        "an import that binds the variable `{name}` anew",
        "what a name stands for is settled when the derivative is written, in all of the function",
        "give the import a name of its own (`import ... as ...`)",
    ),
    "capture in alternatives": _syntax(
        "a pattern with `|` that captures",
        "which part is captured depends on the alternative that matches",
        "write one `case` for each alternative",
    ),
    "rest of a mapping": _syntax(
        "the pattern `**{name}`",
        "the rest of a dict has keys that the program does not name",
        "name the keys one by one",
    ),
    "positions of a class": _syntax(
        "the pattern `{name}` with more positions than its class tells",
        "`__match_args__` of the class says which attributes the positions are",
        "name the attributes: `Class(name=pattern)`",
    ),
    "assigned in its own value": _syntax(
        "an augmented assignment whose value assigns its target (`:=`)",
        "Python reads the target before the value, and writes it after",
        "assign on a line of its own before this one",
    ),
    "assignment inside a comprehension": _syntax(
        "an assignment (`:=`) inside a dict comprehension",
        "it assigns a variable of the function once for every element",
        "write the comprehension as a loop",
    ),
    "assignment inside a generator expression": _syntax(
        "an assignment (`:=`) inside a generator expression whose elements are computed when they are asked for",
        "it assigns a variable of the function once for every element, at a time that its reader decides",
        "write a list comprehension, or a loop",
    ),
    "Set": _syntax(
        "a set",
        "a set drops equal values and has no order, so no derivative can be assigned to its elements",
        "use a tuple or an array; test membership with `in (a, b, c)`",
    ),
    "attribute target": _syntax(
        "an assignment to the attribute `{name}`",
        "it changes an object that others may see, and the change would outlive the call",
        "keep the value in a local variable, and return it",
    ),
    "element as loop variable": _syntax(
        "a loop whose variable is the element `{name}`",
        "every pass would write into the array, before the body has begun",
        "loop over a plain name, and assign `{name} = ...` in the body where that is meant",
    ),
    "bytes": Entry(
        UnsupportedType,
        "the bytes literal `{name}`",
        "bytes are neither numbers nor names, so nothing can be computed with them here",
        "decode the data into an array before calling the function (`np.frombuffer`)",
    ),
    "unbound global": Entry(
        UnresolvedName,
        "the name `{name}` is not defined",
        "it is neither a local variable nor a global nor a builtin when the derivative is written",
        "define or import `{name}` before the derivative is built, or correct the spelling",
    ),
    "unbound closure": Entry(
        UnresolvedName,
        "the variable `{name}` of the enclosing function has no value yet",
        "what the function captures is read when the derivative is written",
        "assign `{name}` in the enclosing function before the derivative is built",
    ),
    "missing attribute": Entry(
        UnresolvedName,
        "`{base}` has no attribute `{name}`",
        "attributes of modules and classes are looked up when the derivative is written",
        "correct the spelling, or import the submodule that defines `{name}`",
    ),
    "captured write": Entry(
        UnsupportedMutation,
        "`{name}`, which is defined outside the function, is written in place",
        "the write would outlast the call, so the next evaluation would start from other numbers",
        "pass `{name}` as an argument, or work on a copy made inside the function",
    ),
    "default write": Entry(
        UnsupportedMutation,
        "the default value of the parameter `{name}` is written in place",
        "the same object serves every call, so the next evaluation would start from other numbers",
        "work on a copy (`{name} = {name}.copy()`), or leave the default out",
    ),
    "depth": _syntax(
        "an expression that nests too deeply to be read",
        "each operator of a long expression lies inside the next, and Python limits how deep that may go",
        "split the expression over several statements, or sum in a loop",
    ),
    "unknown": _syntax(
        "the syntax `{name}`",
        "it is newer than this version of srcdiff (or of the package gast that it reads syntax with)",
        "write the statement without it, or upgrade srcdiff and gast",
    ),
}


class Problems:
    """Collects what is refused in one function."""

    def __init__(self, file: str, text: Text) -> None:
        self._file = file
        self._text = text
        self._found: dict[tuple[int, int, str], Problem] = {}

    def add(self, key: str, span: Span, **words: str) -> None:
        entry = TABLE.get(key)
        if entry is None:
            entry, words = TABLE["unknown"], {"name": key}
        what, why, fix = (part.format(**words) for part in (entry.what, entry.why, entry.fix))
        place = (span.line, span.column, what)
        self._found.setdefault(place, problem(self._file, self._text, span, entry.error, what=what, why=why, fix=fix))

    def check(self) -> None:
        """Raise one refusal with all problems, in the order of the text; its class is that of the first."""
        if self._found:
            raise refusal([self._found[place] for place in sorted(self._found)])
