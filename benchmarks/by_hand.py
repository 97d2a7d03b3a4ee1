"""srcdiff's plain gradient beside one written by hand, both over the NumPy primal: what is left to gain.

    python -m benchmarks.by_hand                     every kernel in benchmarks/hand_written, medium size
    python -m benchmarks.by_hand --only atax --size small

Each pair of results is compared first; then primal, srcdiff and the hand-written one run turn by turn, on one thread.
Ratios of CPU time: the median of the rounds, with the lowest and the highest.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from .threads import use_one_thread

use_one_thread()

from . import hand_written  # noqa: E402
from .allocator import settle  # noqa: E402
from .checks import AGREE, difference  # noqa: E402
from .kernels import KERNELS, Kernel  # noqa: E402
from .libraries import by_srcdiff, flat  # noqa: E402
from .timing import Contender, Spread, race, ratio_of  # noqa: E402

NAMES = [module.name for module in pkgutil.iter_modules(hand_written.__path__)]


def by_hand(kernel: Kernel) -> Callable[..., Any]:
    module = importlib.import_module(f"{hand_written.__name__}.{kernel.name}")
    return module.value_and_grad


def row(kernel: Kernel, size: str) -> str:
    """The kernel's line of the table; an error where the two results differ."""
    arguments = kernel.arguments(size)
    own = by_srcdiff(kernel, arguments, jit=False)
    theirs = by_hand(kernel)
    error = difference(own.read(own.call()), flat(theirs(*arguments)))
    if not error < AGREE:
        raise SystemExit(f"{kernel.name}: srcdiff and the hand-written gradient differ by {error:.1e}")
    contenders = [
        Contender("NumPy", lambda: kernel.f(*arguments)),
        Contender("srcdiff", own.call),
        Contender("by hand", lambda: theirs(*arguments)),
    ]
    times = race(contenders, 9, 0.05, 1.0)
    pairs = (("srcdiff", "NumPy"), ("by hand", "NumPy"), ("srcdiff", "by hand"))
    cells = [written(ratio_of(times[above], times[below])) for above, below in pairs]
    return f"| {kernel.name} | {' | '.join(cells)} |"


def written(spread: Spread) -> str:
    return f"{spread.median:.2f} ({spread.low:.2f} to {spread.high:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=NAMES, default=NAMES, help="some kernels")
    parser.add_argument("--size", default="medium", help="small, medium or large")
    options = parser.parse_args()
    settle()
    print("| kernel | srcdiff / primal | by hand / primal | srcdiff / by hand |\n| --- | ---: | ---: | ---: |")
    for kernel in KERNELS:
        if kernel.name in options.only:
            print(row(kernel, options.size), flush=True)


if __name__ == "__main__":
    main()
