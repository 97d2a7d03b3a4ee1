"""What srcdiff refuses, word for word: a program, a call, and the text of the error.

A file of this folder is a list of cases:

    == name of the case
    def f(x):
        return np.roots(x)
    >>> grad(f)(np.eye(3))
    the text of the error

`python -m pytest tests/test_refusal_texts.py --update-golden` writes the texts.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import importlib.util
import itertools
import linecache
import math
import random
import re
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import srcdiff
from srcdiff.errors import SrcdiffError

FOLDER = Path(__file__).parent
_CASE = re.compile(r"^== (.*)\n((?:(?!>>> |== ).*\n)*)>>> (.*)\n((?:(?!== ).*\n?)*)", re.MULTILINE)


class Marked(np.ndarray):
    """A subclass of arrays, as masked arrays and matrices are."""


class Settings:
    """An object of the user's own."""

    rate = 2.0


@dataclass(frozen=True)
class Refused:
    """A program, a call that is refused, and the text that is stored for it."""

    file: Path
    name: str
    program: str
    call: str
    text: str

    def error(self) -> SrcdiffError:
        """What the call raises."""
        file = f"<{self.name}>"
        linecache.cache[file] = (len(self.program), None, self.program.splitlines(keepends=True), file)
        space = _names()
        vars(sys.modules[_MODULE]).clear()
        vars(sys.modules[_MODULE]).update(space)
        space = vars(sys.modules[_MODULE])
        exec(compile(self.program, file, "exec"), space)
        try:
            result = eval(self.call, space)
        except SrcdiffError as error:
            return error
        raise AssertionError(f"{self.name}: nothing is refused, the result is {result!r}")

    def written(self, text: str) -> str:
        return f"== {self.name}\n{self.program}>>> {self.call}\n{text}\n"


_MODULE = "refused_program"  # the module that the programs are in: pickle and dataclasses look for it
sys.modules[_MODULE] = types.ModuleType(_MODULE)


def _names() -> dict[str, Any]:
    from scipy import linalg, special

    modules = (np, math, random, collections, dataclasses, functools, itertools, srcdiff)
    tools = {m.__name__.rpartition(".")[2]: m for m in modules if m is not np} | {"np": np}
    calls = {name: getattr(srcdiff, name) for name in srcdiff.__all__}
    return {
        "__name__": _MODULE,
        **tools,
        **calls,
        "linalg": linalg,
        "special": special,
        "MARKED": np.ones(3).view(Marked),
        "SETTINGS": Settings(),
        "TABLE": np.ones(3),
        "POWER": functools.partial(math.pow, 2.0),
        "V": np.array([1.0, 2.0, 3.0]),
        "M": np.arange(1.0, 7.0).reshape(2, 3),
        "Z": np.array([1.0 + 1.0j, 2.0 - 1.0j]),
        "HALF": np.ones(3, np.float16),
        "RNG": np.random.default_rng(0),
    }


def read(file: Path) -> list[Refused]:
    """The cases of a file, in their order."""
    found = _CASE.finditer(file.read_text(encoding="utf-8"))
    return [Refused(file, name, program, call, text.rstrip("\n")) for name, program, call, text in map(_groups, found)]


def _groups(match: re.Match[str]) -> tuple[str, str, str, str]:
    name, program, call, text = match.groups()
    return name, program, call, text


WITHOUT_NUMBA = importlib.util.find_spec("numba") is None
FILES = [file for file in sorted(FOLDER.glob("*.txt")) if not (WITHOUT_NUMBA and file.stem == "compiled")]
CASES = [case for file in FILES for case in read(file)]
