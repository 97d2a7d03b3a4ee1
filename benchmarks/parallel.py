"""Derivatives whose loops run on several cores, side by side with the same on one core.

    python -m benchmarks.parallel                    the kernels that are written as loops
    python -m benchmarks.parallel --size large --only heston,kmeans
    NUMBA_NUM_THREADS=1 python -m benchmarks.parallel      what the chunks themselves cost

Wall time of `value_and_grad`, turn by turn in one run: the median of the ratios of the rounds, with the lowest and the
highest. On a machine that does other things at the same time these say little: the cores are not there.
"""

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

import srcdiff
from srcdiff.errors import NotParallel

from .kernels import KERNELS, SIZES, Kernel
from .timing import Spread, machine

ROUNDS = 9


def wall(call: Callable[[], Any], seconds: float = 0.05) -> float:
    """Seconds per call."""
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds or count == 0:
        call()
        count += 1
    return (time.perf_counter() - start) / count


def compare(kernel: Kernel, size: str) -> str:
    """One line of the table."""
    f, arguments = kernel.lowered or kernel.f, kernel.arguments(size)
    serial = srcdiff.value_and_grad(f, wrt=kernel.wrt, jit=True)
    parallel = srcdiff.value_and_grad(f, wrt=kernel.wrt, jit={"parallel": True})
    try:
        value = parallel(*arguments)[0]
    except NotParallel as problem:
        return f"{kernel.name:12}  {problem.problems[0].why}"
    np.testing.assert_allclose(value, serial(*arguments)[0], rtol=1e-9)
    pairs = [(wall(lambda: serial(*arguments)), wall(lambda: parallel(*arguments))) for _ in range(ROUNDS)]
    one, more = (Spread.of([pair[k] for pair in pairs]) for k in (0, 1))
    faster = Spread.of([a / b for a, b in pairs])
    ratio = f"{faster.median:.2f} ({faster.low:.2f}-{faster.high:.2f})"
    return f"{kernel.name:12} {one.median * 1e3:10.3f} ms {more.median * 1e3:10.3f} ms    {ratio} times as fast"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=list(SIZES), default="medium")
    parser.add_argument("--only", default="", metavar="A,B")
    given = parser.parse_args()
    only = given.only.split(",") if given.only else [k.name for k in KERNELS if k.loops or k.lowered is not None]
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(f"{machine()}; {numba.get_num_threads()} threads, load of the machine {load}; size: {given.size}")
    print(f"{'':12} {'one core':>13} {'parallel':>13}")
    for kernel in KERNELS:
        if kernel.name in only:
            print(compare(kernel, given.size), flush=True)


if __name__ == "__main__":
    main()
