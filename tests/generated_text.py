"""For the tests that look at generated text: the text of a program, and what `ruff format` makes of texts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from programs import Case

import srcdiff
from srcdiff.derivative import Derivative, Options
from srcdiff.records import is_structure


def text_of(case: Case) -> str:
    """What runs for the first point of a program: its gradient, or its pullback if the result is not a number."""
    args = case.at(case.points[0])
    value = case.function(*case.at(case.points[0]), **case.kwargs)
    wrt: Any = case.wrt
    if wrt is None:
        wrt = tuple(i for i, a in enumerate(args) if np.asarray(a).dtype.kind == "f")
    if is_structure(value) or np.ndim(value) != 0:
        return srcdiff.source(Derivative(case.function, Options("vjp", wrt, False, False)), *args, **case.kwargs)
    return srcdiff.source(srcdiff.grad(case.function, wrt=wrt), *args, **case.kwargs)


def changed_by_formatting(texts: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The texts that `ruff format` would change, by name, each as ruff would have it. One process formats them all."""
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--quiet", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    formatted = {name: (folder / f"{name}.py").read_text(encoding="utf-8") for name in texts}
    return {name: text for name, text in formatted.items() if text != texts[name]}
