"""Gradients by srcdiff and by Enzyme, of the same programs in Python and in C++.

    python -m benchmarks.enzyme                     ten kernels at their medium size
    python -m benchmarks.enzyme --only gmm lstm     some of them
    python -m benchmarks.enzyme --size small

Needs the package `enzyme_ad` (clang with Enzyme inside; Linux on x86-64, 450 MB) and g++ for the headers. The C++
programs, in `programs`, are the functions that srcdiff's gradients are held against elsewhere: array statements as
loops, matrix products by the same BLAS. Enzyme's gradients are compared with srcdiff's at the small and at the measured
size; one that differs, or that Enzyme cannot compile, is in the table with the reason, not with a time.

CPU time on one thread; all take turns, and a ratio is of times in the same turn. Enzyme is compiled twice: for
every x86-64 processor, which is the compiler's default, and for this one, as Numba compiles.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ..threads import use_one_thread

use_one_thread()
os.environ.setdefault("SRCDIFF_CACHE", "0")

from ..checks import AGREE, difference  # noqa: E402
from ..kernels import KERNELS, SIZES, Kernel  # noqa: E402
from ..libraries import by_srcdiff  # noqa: E402
from ..report import geometric_mean, shape, table  # noqa: E402
from ..timing import Contender, as_jitted, duration, machine, race, ratio, ratio_of  # noqa: E402
from .compiler import Failed, Unavailable, enzyme, this_processor  # noqa: E402
from .versions import DIMENSIONS, in_cpp  # noqa: E402

RATIOS = ("gradient / primal", "C++: gradient / primal", "Enzyme / srcdiff", "Enzyme, any x86-64 / srcdiff")
HEAD = ("kernel", "size", "srcdiff", "Enzyme", *RATIOS, "difference")


def error_at(kernel: Kernel, size: str, flags: tuple[str, ...]) -> float:
    """The largest difference between Enzyme's value and gradient and srcdiff's."""
    arguments = kernel.arguments(size)
    own = by_srcdiff(kernel, arguments, jit=True)
    return difference(own.read(own.call()), in_cpp(kernel, arguments, flags).results())


def row(kernel: Kernel, size: str, rounds: int) -> tuple[list[str], dict[str, float]]:
    """A line of the table, and the medians of its ratios."""
    arguments = kernel.arguments(size)
    start = [kernel.label, shape(kernel.sizes[size])]
    native = this_processor()
    try:
        error = max(error_at(kernel, at, flags) for at in ("small", size) for flags in (native, ()))
    except Failed as problem:
        return [*start, f"Enzyme cannot: {problem}", *[""] * (len(HEAD) - 3)], {}
    if not error < AGREE:
        return [*start, "Enzyme's gradient is another", *[""] * (len(HEAD) - 4), f"{error:.0e}"], {}

    primal = as_jitted(kernel.lowered or kernel.f)
    primal(*arguments)
    own, fast, portable = by_srcdiff(kernel, arguments, jit=True), *(in_cpp(kernel, arguments, f) for f in (native, ()))
    contenders = [
        Contender("primal", lambda: primal(*arguments)),
        Contender("srcdiff", own.call),
        Contender("C++", fast.primal),
        Contender("Enzyme", fast.gradient),
        Contender("portable", portable.gradient),
    ]
    found = race(contenders, rounds, 0.02, 1.0)
    pairs = (("srcdiff", "primal"), ("Enzyme", "C++"), ("Enzyme", "srcdiff"), ("portable", "srcdiff"))
    ratios = {name: ratio_of(found[a], found[b]) for name, (a, b) in zip(RATIOS, pairs, strict=True)}
    times = [duration(sorted(found[name].seconds)[rounds // 2]) for name in ("srcdiff", "Enzyme")]
    line = [*start, *times, *map(ratio, ratios.values()), f"{error:.0e}"]
    return line, {name: spread.median for name, spread in ratios.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=list(DIMENSIONS), help="some kernels")
    parser.add_argument("--size", choices=SIZES, default="medium")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the table there, too")
    options = parser.parse_args()
    try:
        enzyme()
    except Unavailable as problem:
        raise SystemExit(str(problem)) from problem

    lines, means = [], []
    for kernel in KERNELS:
        if kernel.name in (options.only or DIMENSIONS):
            print(kernel.name, end=" ", flush=True)
            line, medians = row(kernel, options.size, options.rounds)
            print(*line[2:], flush=True)
            lines.append(line)
            means += [medians] if medians else []
    if means:
        last = [f"{geometric_mean([m[name] for m in means]):.2f}" for name in RATIOS]
        lines.append(["geometric mean", "", "", "", *last, ""])
    text = f"{machine({'enzyme_ad': 'enzyme_ad'})}.\n\n{table(HEAD, lines)}\n"
    print("\n" + text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
