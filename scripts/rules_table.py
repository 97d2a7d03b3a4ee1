"""Writes docs/rules.md: every function that has a rule, what kind of rule it is, and what each mode and Numba can do.

python scripts/rules_table.py            writes the table; the column on Numba is measured, which takes minutes
python scripts/rules_table.py --names    prints the names alone, which a test holds against the table
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import srcdiff
from srcdiff.errors import SrcdiffError
from srcdiff.rules.registry import REWRITTEN, RULES, SPELLED, bilinear_operands, linear_operands, register_late
from srcdiff.testing.rules import Program, name_of, points_of

TABLE = Path(__file__).resolve().parent.parent / "docs" / "rules.md"
HEAD = """# Functions with a rule

Written by `scripts/rules_table.py`. *Kind* is how the rule is stated (see [CONTRIBUTING.md](../CONTRIBUTING.md)):
*partials* are elementwise; *linear* and *bilinear* functions are themselves applied to tangents; *spelled out*
functions are read as what stands for them; a *constant* has derivative zero by decision. Every rule serves reverse and
forward mode, and is tested in both at its points; *order* says how often srcdiff differentiates it. Functions of SciPy
have their rules as soon as SciPy is in use. Under `jit=True` a function that Numba lacks raises `CompilationFailed`.

"""


def spelling(function: Any) -> str:
    """The name by which users know a function."""
    name = getattr(function, "__name__", str(function))
    if getattr(np.ndarray, name, None) is function:
        return f"x.{name}"
    for owner, prefix in ((np.random.Generator, "rng"), (np.random.RandomState, "RandomState")):
        if vars(owner).get(name) is function:
            return f"{prefix}.{name}"
    modules = ((np, "np"), (np.linalg, "np.linalg"), (np.fft, "np.fft"), (np.random, "np.random"))
    for module, prefix in modules:
        if getattr(module, name, None) is function:
            return f"{prefix}.{name}"
    return name_of(function).replace("builtins.", "").replace("_operator.", "operator.")


def kind(function: Any) -> str:
    if function in SPELLED or function in REWRITTEN:
        return "spelled out"
    rule = RULES[function]
    if rule.kind == "pullback":
        return "bilinear" if bilinear_operands(function) else "linear" if linear_operands(function) else "pullback"
    return rule.kind


def order(function: Any) -> str:
    rule = RULES.get(function)
    if rule is not None and rule.kind == "constant":
        return ""
    return "first" if rule is not None and rule.first_order else "any"


def compiles(function: Any) -> str:
    """How many of the rule's points Numba compiles."""
    rule = RULES.get(function)
    if rule is not None and rule.kind == "constant":
        return ""
    points = points_of(function)
    good = 0
    for example in points:
        program = Program(function, example)
        try:
            value = program.whole()(*program.args)
            if isinstance(value, tuple):
                continue
            f = program.function(f"np.sum({program.call})" if np.ndim(value) else program.call)
            srcdiff.grad(f, wrt=tuple(program.wrt), jit=True)(*program.args)
            good += 1
        except (SrcdiffError, ArithmeticError, TypeError, ValueError, NotImplementedError):
            pass
    return "yes" if good == len(points) else "no" if not good else f"{good} of {len(points)}"


def public() -> list[Any]:
    """The functions that users call, in the order of their names."""
    found = {f for f in (*RULES, *SPELLED, *REWRITTEN) if not str(getattr(f, "__module__", "")).startswith("srcdiff.")}
    return sorted(found, key=lambda f: (spelling(f).rpartition(".")[2].lower(), spelling(f)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", action="store_true", help="print the names and stop")
    parser.add_argument("--numba", action="store_true", help="measure how many of the points Numba compiles")
    given = parser.parse_args()
    with contextlib.suppress(ImportError):
        import scipy.linalg
        import scipy.special
        import scipy.stats  # noqa: F401
    register_late()
    if given.names:
        sys.stdout.write("\n".join(map(spelling, public())) + "\n")
        return
    rows = ["| function | kind | order |", "| --- | --- | --- |"]
    last = [""] * len(public())
    if given.numba:
        rows = ["| function | kind | order | Numba |", "| --- | --- | --- | --- |"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            last = [f" {compiles(f)} |" for f in public()]
    rows += [f"| `{spelling(f)}` | {kind(f)} | {order(f)} |{end}" for f, end in zip(public(), last, strict=True)]
    TABLE.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
