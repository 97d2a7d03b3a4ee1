"""Calls as users write them, many for each family of functions: value, gradient and tangent against finite differences.

Each module in `tests/patterns` has a list `CASES` of a program's text (an expression of `x`, `y`, `z`, or statements
that end in `return ...`) and its arguments; those that are floats or arrays of floats are differentiated.
"""

from __future__ import annotations

import importlib
import itertools
import linecache
import pkgutil
from typing import Any

import numpy as np
import patterns
import pytest
import scipy.linalg

from srcdiff.testing import check_grad

_numbers = itertools.count()
NAMES = ("x", "y", "z", "w")


def cases() -> list[Any]:
    found = []
    for module in sorted(m.name for m in pkgutil.iter_modules(patterns.__path__)):
        for k, (text, args) in enumerate(importlib.import_module(f"patterns.{module}").CASES):
            found.append(pytest.param(text, args, id=f"{module}-{k}-{text.splitlines()[0][:60]}"))
    return found


def program(text: str, count: int) -> Any:
    lines = text.splitlines() if "return " in text else [f"return {text}"]
    source = "\n".join([f"def f({', '.join(NAMES[:count])}):", *(f"    {line}" for line in lines), ""])
    file = f"<pattern {next(_numbers)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    names = {"np": np, "scipy": scipy, "__name__": "patterns"}
    exec(compile(source, file, "exec"), names)
    return names["f"]


@pytest.mark.parametrize(("text", "args"), cases())
def test_pattern(text: str, args: tuple[Any, ...]) -> None:
    single = any(isinstance(a, np.ndarray) and a.dtype == np.float32 for a in args)
    check_grad(program(text, len(args)), args, rtol=2e-2 if single else None)
