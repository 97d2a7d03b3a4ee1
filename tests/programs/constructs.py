"""Which constructs of the language a program is made of: in, a function; out, their names.

What is looked for is in the text of the program and of the functions and classes of its module that it uses.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

CONSTRUCTS: dict[str, str] = {  # in the order of the table
    "if": "`if`, `elif`, `else`",
    "ternary": "`a if t else b`",
    "logic": "`and`, `or`, `not`",
    "chained": "chained comparisons",
    "match": "`match`",
    "for range": "`for` over `range`",
    "for": "`for` over arrays and structures",
    "enumerate": "`enumerate`",
    "zip": "`zip`",
    "reversed": "`reversed`",
    "nested loops": "loops in loops",
    "while": "`while`",
    "break": "`break`",
    "continue": "`continue`",
    "loop else": "`else` on a loop",
    "early return": "`return` in a branch or loop",
    "unpack": "`a, b = ...`, swaps",
    "star target": "`a, *rest = ...`",
    "augment": "`x += ...`",
    "annotate": "annotations",
    "walrus": "`:=`",
    "element": "`x[i] = ...`",
    "slice": "`x[a:b] = ...`",
    "slice read": "slices read",
    "tuple": "tuples as values",
    "list": "lists",
    "dict": "dicts",
    "comprehension": "comprehensions and generator expressions",
    "condition in a comprehension": "comprehensions with a condition",
    "class": "classes, dataclasses, named tuples",
    "property": "`@property`",
    "classmethod": "`@classmethod`, `@staticmethod`",
    "operators": "operators of classes (`__add__`, `__getitem__`, ...)",
    "attribute write": "`self.x = ...`",
    "call": "calls of other functions",
    "keywords": "keyword arguments",
    "defaults": "defaults",
    "keyword-only": "keyword-only parameters",
    "star arguments": "`*args`, `**kwargs`, in calls and parameters",
    "recursion": "recursion",
    "inner function": "functions inside functions",
    "inner class": "classes inside functions",
    "inner decorator": "decorators on functions inside functions",
    "lambda": "`lambda`",
    "nonlocal": "`nonlocal`",
    "decorator": "decorated functions",
    "module constant": "constants of the module",
    "functools": "`functools`",
    "itertools": "`itertools`",
    "operator": "`operator`",
    "copy": "`copy`",
    "nested derivative": "derivatives inside the function",
    "assert": "`assert`",
    "raise": "`raise`",
    "try": "`try`",
    "with": "`with`",
    "del": "`del`",
    "import": "imports inside the function",
    "f-string": "f-strings",
    "print": "`print`, logging, warnings",
    "random": "random draws",
    "complex": "complex numbers",
    "date": "dates, enumerations, fractions",
}


def constructs_of(function: Callable[..., Any]) -> set[str]:
    """The names of the constructs that a program uses."""
    found: set[str] = set()
    for name, tree in _texts(function):
        found |= set(_found(tree, name))
    return found


def _texts(function: Callable[..., Any]) -> Iterator[tuple[str, ast.AST]]:
    """The program, and what it uses of its module and those beside it."""
    waiting: list[Any] = [function]
    seen: set[int] = set()
    for user in waiting:
        tree = _tree(user)
        yield user.__name__, tree
        space = vars(sys.modules[user.__module__])
        for node in ast.walk(tree):
            used = space.get(node.id) if isinstance(node, ast.Name) else None
            used = inspect.unwrap(used) if inspect.isfunction(used) or inspect.isclass(used) else used
            own = (inspect.isfunction(used) or inspect.isclass(used)) and "programs" in used.__module__
            if own and id(used) not in seen and used is not function:
                seen.add(id(used))
                waiting.append(used)


@functools.cache
def _tree(user: Any) -> ast.AST:
    tree = ast.parse(textwrap.dedent(inspect.getsource(user)))
    definition: Any = tree.body[0]
    definition.decorator_list = [d for d in definition.decorator_list if "case(" not in ast.unparse(d)]
    return tree


def _found(tree: ast.AST, name: str) -> Iterator[str]:
    definition = tree.body[0]  # type: ignore[attr-defined]
    if isinstance(definition, ast.ClassDef):
        yield "class"
    if definition.decorator_list and isinstance(definition, ast.FunctionDef):
        yield "decorator"
    for node in ast.walk(tree):
        match node:
            case ast.If():
                yield "if"
            case ast.IfExp():
                yield "ternary"
            case ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                yield "logic"
            case ast.Compare(ops=[_, _, *_]):
                yield "chained"
            case ast.Match():
                yield "match"
            case ast.For(iter=ast.Call(func=ast.Name(id="range"))):
                yield "for range"
            case ast.For():
                yield "for"
            case ast.While():
                yield "while"
            case ast.Break():
                yield "break"
            case ast.Continue():
                yield "continue"
            case ast.NamedExpr():
                yield "walrus"
            case ast.AnnAssign():
                yield "annotate"
            case ast.AugAssign():
                yield "augment"
            case ast.Lambda():
                yield "lambda"
            case ast.Nonlocal():
                yield "nonlocal"
            case ast.Assert():
                yield "assert"
            case ast.Raise():
                yield "raise"
            case ast.Try():
                yield "try"
            case ast.With():
                yield "with"
            case ast.Delete():
                yield "del"
            case ast.Import() | ast.ImportFrom():
                yield "import"
            case ast.JoinedStr():
                yield "f-string"
            case ast.List(ctx=ast.Load()):
                yield "list"
            case ast.Dict() | ast.DictComp():
                yield "dict"
            case ast.Starred(ctx=ast.Store()):
                yield "star target"
            case ast.Starred():
                yield "star arguments"
            case ast.keyword(arg=None):
                yield "star arguments"
            case ast.keyword():
                yield "keywords"
            case ast.Constant(value=complex()):
                yield "complex"
        yield from _compound(node, name)


_DRAWS = {"rng", "normal", "uniform", "standard_normal", "default_rng", "choice", "exponential", "poisson"}
_DATED = {"dt", "Fraction", "Kind", "Weight", "timedelta", "days"}
_TOLD = {"print", "logging", "warnings", "LOG", "log_", "logger"}


def _compound(node: ast.AST, name: str) -> Iterator[str]:
    """What more than one kind of node may be, or only the nodes inside tell."""
    if isinstance(node, ast.For | ast.While):
        if node.orelse:
            yield "loop else"
        if any(isinstance(n, ast.For | ast.While) for s in node.body for n in ast.walk(s)):
            yield "nested loops"
    if isinstance(node, ast.For | ast.While | ast.If) and any(
        isinstance(n, ast.Return) for s in node.body for n in ast.walk(s)
    ):
        yield "early return"
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        given = node.args
        yield from ["defaults"] * bool(given.defaults or given.kw_defaults)
        yield from ["keyword-only"] * bool(given.kwonlyargs)
        yield from ["star arguments"] * bool(given.vararg or given.kwarg)
    if isinstance(node, ast.FunctionDef):
        yield from _definition(node)
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _target(target)
    if isinstance(node, ast.AugAssign):
        yield from _target(node.target)
    if isinstance(node, ast.comprehension):
        yield "comprehension"
        yield from ["condition in a comprehension"] * bool(node.ifs)
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield from ["slice read"] * any(isinstance(n, ast.Slice) for n in ast.walk(node.slice))
    if isinstance(node, ast.Return | ast.Assign) and isinstance(node.value, ast.Tuple):
        yield "tuple"
    if isinstance(node, ast.Name):
        word = node.id
        yield from [word] * (word in ("enumerate", "zip", "reversed", "functools", "itertools", "operator", "copy"))
        yield from ["random"] * (word in _DRAWS)
        yield from ["nested derivative"] * (word == "srcdiff" or word.endswith("_grad"))
        yield from ["date"] * (word in _DATED)
        yield from ["print"] * (word in _TOLD)
        yield from ["module constant"] * (word.isupper() and len(word) > 1)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        yield "call"
        yield from ["recursion"] * (node.func.id == name)
        yield from ["complex"] * (node.func.id == "complex")
    if isinstance(node, ast.Attribute):
        yield from ["complex"] * (node.attr in ("real", "imag", "conj"))


def _definition(node: ast.FunctionDef) -> Iterator[str]:
    decorators = [ast.unparse(d) for d in node.decorator_list]
    yield from ["property"] * any("property" in d for d in decorators)
    yield from ["classmethod"] * any(d in ("classmethod", "staticmethod") for d in decorators)
    special = node.name.startswith("__") and node.name.endswith("__")
    yield from ["operators"] * (special and node.name not in ("__init__", "__post_init__", "__enter__", "__exit__"))
    inner = [n for s in node.body for n in ast.walk(s) if isinstance(n, ast.FunctionDef)]
    yield from ["inner function"] * bool(inner)
    yield from ["inner decorator"] * any(n.decorator_list for n in inner)
    yield from ["inner class"] * any(isinstance(n, ast.ClassDef) for s in node.body for n in ast.walk(s))


def _target(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Tuple | ast.List):
        yield "unpack"
        for item in target.elts:
            yield from _target(item)
    if isinstance(target, ast.Subscript):
        yield "slice" if any(isinstance(n, ast.Slice) for n in ast.walk(target.slice)) else "element"
    if isinstance(target, ast.Attribute):
        yield "attribute write"
