"""Writes docs/rules.md: every function that has a rule, what kind of rule it is, and what each mode and Numba can do.

python scripts/rules_table.py            writes the table; what it says of Numba stays, "?" stands for new functions
python scripts/rules_table.py --numba    measures those, and again what did not compile (everything, if there is no
                                         table: an hour); with `--minutes 20`, what comes later stays as it was
python scripts/rules_table.py --names    prints the names alone, which a test holds against the table
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import srcdiff
from srcdiff.errors import SrcdiffError
from srcdiff.rules.registry import REWRITTEN, RULES, SPELLED, WRITING, bilinear_operands, linear_operands, register_late
from srcdiff.testing.rules import Program, name_of, points_of

WORKERS = 2  # processes
TABLE = Path(__file__).resolve().parent.parent / "docs" / "rules.md"
HEAD = """# Functions with a rule

Written by `scripts/rules_table.py`. *Kind* is how the rule is stated (see [CONTRIBUTING.md](../CONTRIBUTING.md)):
*partials* are elementwise; *linear* and *bilinear* functions are themselves applied to tangents; *spelled out*
functions are read as what stands for them; *in place* functions as the writes that they stand for; a *constant* has
derivative zero by decision. Every rule serves reverse and forward mode, and is tested in both at its points; *order*
says how often srcdiff differentiates it. Functions of SciPy have their rules as soon as SciPy is in use. *Numba* says
whether the gradient of the first call that the rule is tested with compiles and gives the same numbers; a function that
Numba lacks raises `CompilationFailed` under `jit=True`.

"""


def spelling(function: Any) -> str:
    """The name by which users know a function."""
    name = getattr(function, "__name__", str(function))
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc):
        return f"np.{owner.__name__}.{name}"
    stats = vars(sys.modules.get("scipy.stats", np))
    distribution = next(
        (known for known, value in stats.items() if owner is value and not inspect.ismodule(owner)), None
    )
    if distribution is not None:
        return f"scipy.stats.{distribution}.{name}"
    if getattr(np.ndarray, name, None) is function:
        return f"x.{name}"
    for owner, prefix in ((np.random.Generator, "rng"), (np.random.RandomState, "RandomState")):
        if vars(owner).get(name) is function:
            return f"{prefix}.{name}"
    modules = [(np, "np"), (np.linalg, "np.linalg"), (np.fft, "np.fft"), (np.random, "np.random")]
    modules += [(m, n) for n in ("scipy.special", "scipy.linalg") if (m := sys.modules.get(n)) is not None]
    for module, prefix in modules:
        if getattr(module, name, None) is function:
            return f"{prefix}.{name}"
    return name_of(function).replace("builtins.", "").replace("_operator.", "operator.")


def kind(function: Any) -> str:
    if function in WRITING:
        return "in place"
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


def is_constant(function: Any) -> bool:
    """Whether there is no gradient that could compile."""
    rule = RULES.get(function)
    return rule is not None and rule.kind == "constant" and function not in SPELLED and function not in REWRITTEN


def runs(program: Program) -> bool:
    """Whether a function takes the arguments (those of `cmath` share their points with arrays' functions)."""
    try:
        program.weighed()
    except TypeError:
        return False
    return True


def compiles(function: Any) -> str:
    """Whether Numba compiles the gradient of the first call that the rule is tested with, to the same numbers."""
    program = next(p for point in points_of(function) if (p := Program(function, point)) and runs(p))
    f, wrt = program.weighed(), tuple(program.wrt)
    try:
        jitted = srcdiff.grad(f, wrt=wrt, jit=True)(*program.args)
    except SrcdiffError:
        return "no"
    plain = srcdiff.grad(f, wrt=wrt)(*program.args)
    same = all(np.allclose(a, b, rtol=1e-6, atol=1e-9) for a, b in zip(jitted, plain, strict=True))
    return "yes" if same else "differs"


def known() -> dict[str, str]:
    """What the table says of Numba."""
    if not TABLE.exists():
        return {}
    rows = [line.strip("| ").split(" | ") for line in TABLE.read_text(encoding="utf-8").splitlines() if "| `" in line]
    return {row[0].strip("`"): row[-1].removeprefix("| ") for row in rows if len(row) == 4 and row[-1] != "?"}


def measured(minutes: float) -> dict[str, str]:
    """The answers that are not known yet or were "no", by two processes, as far as they come in that time."""
    found: dict[str, str] = {}
    halves = [
        subprocess.Popen(
            [sys.executable, __file__, "--measure", f"{k}/{WORKERS}", "--minutes", str(minutes)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path.cwd(),
        )
        for k in range(WORKERS)
    ]
    for half in halves:
        output, _ = half.communicate()
        found.update(line.split("\t") for line in output.splitlines() if "\t" in line)
    return found


def measure(share: str, minutes: float) -> None:
    """Print the answer for every function of one worker's share, until the time is over."""
    own, count = map(int, share.split("/"))
    started = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        done = {name for name, answer in known().items() if answer != "no"}
        for function in [f for f in public() if spelling(f) not in done and not is_constant(f)][own::count]:
            if time.monotonic() - started > 60.0 * minutes:
                return
            sys.stdout.write(f"{spelling(function)}\t{compiles(function)}\n")
            sys.stdout.flush()


def public() -> list[Any]:
    """The functions that users call, in the order of their names."""
    found = {
        f
        for f in (*RULES, *SPELLED, *REWRITTEN, *WRITING)
        if not str(getattr(f, "__module__", "")).startswith("srcdiff.")
    }
    return sorted(found, key=lambda f: (spelling(f).rpartition(".")[2].lower(), spelling(f)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", action="store_true", help="print the names and stop")
    parser.add_argument("--numba", action="store_true", help="measure what Numba compiles, but for what is known to")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long to go on with that")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    given = parser.parse_args()
    with contextlib.suppress(ImportError):
        import scipy.linalg
        import scipy.special
        import scipy.stats  # noqa: F401
    register_late()
    if given.names:
        sys.stdout.write("\n".join(map(spelling, public())) + "\n")
        return
    if given.measure:
        measure(given.measure, given.minutes)
        return
    answers = (
        known()
        | (measured(given.minutes) if given.numba else {})
        | {spelling(f): "" for f in public() if is_constant(f)}
    )
    rows = ["| function | kind | order | Numba |", "| --- | --- | --- | --- |"]
    rows += [f"| `{(n := spelling(f))}` | {kind(f)} | {order(f)} | {answers.get(n, '?')} |" for f in public()]
    TABLE.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
