"""Derivatives whose loops run on several cores, side by side with the same on one core.

    python -m benchmarks.parallel                    the kernels that are written as loops
    python -m benchmarks.parallel --size large --only heston,kmeans

Wall time of `value_and_grad`: without `parallel`, with it on one thread, and on all. Calls take turns, one at a time,
and of each the mean of the quickest quarter counts: on a machine that does other things at the same time the cores are
there only now and then. The time to compile is CPU time, of derivatives that are built already.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np

os.environ["SRCDIFF_CACHE"] = "0"  # compiling is timed here

import srcdiff
from srcdiff.errors import NotParallel

from .kernels import KERNELS, SIZES, Kernel
from .libraries import flat
from .report import shape, table
from .timing import duration, machine

HEAD = ("kernel", "size", "loops", "`jit=True`", "one thread", "threads", "faster", "compiles in", "`jit=True` in")


class Timed(NamedTuple):
    """A derivative, compiled, and the CPU seconds that took."""

    call: Callable[[], Any]
    seconds: float
    text: str


def compiled(kernel: Kernel, arguments: tuple[Any, ...], jit: Any) -> Timed:
    derivative = srcdiff.value_and_grad(kernel.lowered or kernel.f, wrt=kernel.wrt, jit=jit)
    text = srcdiff.source(derivative, *arguments)
    start = time.process_time()
    derivative(*arguments)
    return Timed(lambda: derivative(*arguments), time.process_time() - start, text)


def wall(call: Callable[[], Any], threads: int) -> float:
    """Seconds of a call."""
    numba.set_num_threads(threads)
    call()  # wakes the threads up
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def quick(times: list[float]) -> float:
    """The mean of the quickest quarter."""
    return statistics.fmean(sorted(times)[: max(1, len(times) // 4)])


def compare(kernel: Kernel, size: str, seconds: float) -> list[str]:
    """One line of the table."""
    arguments = kernel.arguments(size)
    start = [kernel.name, shape(kernel.sizes[size])]
    if kernel.task == "blocks":  # (a gradient is of one number)
        return [*start, "a Jacobian, whose parallel loops are chosen whatever the lengths are", *[""] * (len(HEAD) - 3)]
    try:
        parallel = compiled(kernel, arguments, {"parallel": True})
    except NotParallel as problem:
        return [*start, problem.problems[0].why, *[""] * (len(HEAD) - 3)]
    serial = compiled(kernel, arguments, True)
    for one, other in zip(flat(parallel.call()), flat(serial.call()), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9 * np.max(np.abs(other), initial=0.0))
    cores = numba.config.NUMBA_NUM_THREADS
    ways = ((serial.call, 1), (parallel.call, 1), (parallel.call, cores))
    times: list[list[float]] = [[], [], []]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[0]) < 8:
        for found, (call, threads) in zip(times, ways, strict=True):
            found.append(wall(call, threads))
    one, chunked, more = map(quick, times)
    faster = f"{one / more:.2f}"
    compiling = [f"{parallel.seconds:.1f} s", f"{serial.seconds:.1f} s"]
    loops = str(parallel.text.count("in prange(") or "too short")
    return [*start, loops, *map(duration, (one, chunked, more)), faster, *compiling]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=list(SIZES), default="medium")
    parser.add_argument("--only", default="", metavar="A,B")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long the calls of a kernel take turns")
    given = parser.parse_args()
    only = given.only.split(",") if given.only else [k.name for k in KERNELS if k.loops or k.lowered is not None]
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(f"{machine()}; {numba.config.NUMBA_NUM_THREADS} threads, load of the machine {load}; size: {given.size}")
    wall(compiled(KERNELS[1], KERNELS[1].arguments("tiny"), {"parallel": True}).call, 1)  # Numba's own start
    lines = []
    for kernel in KERNELS:
        if kernel.name in only:
            lines.append(compare(kernel, given.size, given.seconds))
            print(*lines[-1], flush=True)
    print(table(HEAD, lines))


if __name__ == "__main__":
    main()
