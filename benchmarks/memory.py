"""What it costs that a derivative keeps many megabytes: page faults with and without the pool; growth with the size.

    python -m benchmarks.memory              both tables
    python -m benchmarks.memory --quick      small sizes: does it all still run?

CPU time of jitted `value_and_grad`, the two settings one after the other: the median with the lowest and the
highest, and minor page faults of a call. Then sizes ten times apart, each with its time as a multiple of the one
before, beside that of the jitted function; kernels with a multiple above eleven are named.
"""

import argparse
import os
from collections.abc import Callable
from typing import Any, NamedTuple

from .threads import use_one_thread

use_one_thread()

import numpy as np  # noqa: E402

import srcdiff  # noqa: E402

from .kernels import KERNELS  # noqa: E402
from .libraries import by_srcdiff  # noqa: E402
from .report import shape, table  # noqa: E402
from .timing import Contender, Measured, Spread, as_jitted, duration, machine, race  # noqa: E402

BY_NAME = {kernel.name: kernel for kernel in KERNELS}
KEEPING = {  # sizes at which they keep many megabytes
    "heat_loops": (512, 50),
    "heat_slices": (512, 50),
    "n_body": (256, 20),
    "heston": (20_000, 50),
    "recurrence": (1_000_000,),
}
GROWING = {  # what is multiplied by ten: the place in the size, and the sizes to begin with
    "recurrence": (0, 4, (1000,)),
    "heat_loops": (1, 4, (128, 5)),
    "heston": (0, 4, (100, 50)),
    "newton": (0, 4, (100,)),
    "gmm": (0, 4, (100, 10, 10)),
}
MOST = 11.0  # times the cost for ten times the elements


class Row(NamedTuple):
    """A call with the pool and without it."""

    name: str
    size: tuple[int, ...]
    pooled: Measured
    fresh: Measured


def call_of(name: str, size: tuple[int, ...]) -> Callable[[], Any]:
    """The jitted gradient of a kernel, compiled."""
    kernel = BY_NAME[name]
    version = by_srcdiff(kernel, kernel.make(np.random.default_rng(17), *size), jit=True)
    version.call()
    return version.call


def without_pool(call: Callable[[], Any], limit: int) -> Callable[[], Any]:
    def run() -> None:
        srcdiff.memory.set_limit(0)
        call()
        srcdiff.memory.set_limit(limit)

    return run


def compare(name: str, size: tuple[int, ...], quick: bool) -> Row:
    call = call_of(name, size)
    contenders = [Contender("pool", call)]
    pooled = race(contenders, 3 if quick else 9, 0.02, 1.0)["pool"]
    fresh = Contender("fresh", without_pool(call, srcdiff.memory.info().limit))
    return Row(name, size, pooled, race([fresh], 3 if quick else 9, 0.02, 1.0)["fresh"])


def kept_table(rows: list[Row]) -> str:
    lines = []
    for row in rows:
        cells = [row.name, shape(row.size)]
        for found in (row.pooled, row.fresh):
            spread = Spread.of(found.seconds)
            low, high = duration(spread.low), duration(spread.high)
            cells += [f"{duration(spread.median)} ({low}-{high})", f"{found.faults:.0f}"]
        lines.append(cells)
    return table(["kernel", "size", "with the pool", "faults", "without", "faults"], lines)


def growth_of(name: str, quick: bool) -> tuple[list[str], bool]:
    """A row of the second table, and whether it stays below the limit."""
    axis, count, first = GROWING[name]
    cells, fits = [name, shape(first)], True
    kernel, before = BY_NAME[name], {}
    for power in range(2 if quick else count):
        size = tuple(n * 10**power if k == axis else n for k, n in enumerate(first))
        arguments = kernel.make(np.random.default_rng(17), *size)
        primal = as_jitted(kernel.lowered or kernel.f)
        primal(*arguments)
        both = [Contender("primal", lambda p=primal, a=arguments: p(*a)), Contender("gradient", call_of(name, size))]
        found = {n: Spread.of(m.seconds).median for n, m in race(both, 3 if quick else 7, 0.02, 1.0).items()}
        if before:
            grown = {n: found[n] / before[n] for n in found}
            cells.append(f"{grown['gradient']:.1f} ({grown['primal']:.1f})")
            fits = fits and grown["gradient"] <= max(MOST, 1.1 * grown["primal"])
        else:
            cells.append(duration(found["gradient"]))
        before = found
    return cells, fits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds")
    quick = parser.parse_args().quick

    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(f"{machine()}; load of the machine {load}\n")
    sizes = {name: BY_NAME[name].sizes["small"] for name in KEEPING} if quick else KEEPING
    print(kept_table([compare(name, size, quick) for name, size in sizes.items()]), flush=True)
    grown = [growth_of(name, quick) for name in GROWING]
    count = max(len(cells) for cells, _ in grown) - 3
    print("\nThe gradient's time at the first size; then as a multiple of the one before, each ten times as large (the")
    print("function's own in brackets).\n")
    head = ["kernel", "first size", "gradient", *(f"x {10**k:,}" for k in range(1, count + 1))]
    print(table(head, [cells for cells, _ in grown]))
    above = [cells[0] for cells, fits in grown if not fits]
    print(f"\nMore than {MOST:.0f} times, and more than the function itself: {', '.join(above) or 'none'}")


if __name__ == "__main__":
    main()
