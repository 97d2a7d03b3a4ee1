"""Time per operation of the eager runtime, forward and backward, beside PyTorch (CPU) and autograd, in one run.

    python benchmarks/tape.py [--markdown] [--rounds N]

A chain of operations on a scalar and on arrays of 10 to 1,000,000 elements: half of them multiply by a constant, half
add a leaf that needs a gradient. The rounds of all libraries take turns, so that a slow moment meets all of them; what
is printed is the median CPU time and the median of the ratios of one round. "NumPy" is the arithmetic that such a chain
cannot do without, written by hand: the bar for large arrays. PyTorch runs on one thread, as NumPy does here. Libraries
that are not installed are left out.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import statistics
import time

import numpy as np

from srcdiff import tape

SIZES = {0: 4000, 10: 2000, 100: 2000, 1000: 1000, 1_000_000: 10}  # elements (0: a number): operations in a chain


def by_tape(size, count):
    x = tape.tensor(np.full(size, 0.5) if size else 0.5, requires_grad=True)
    c = tape.tensor(np.full(size, 1.0001)) if size else 1.0001
    seed = tape.tensor(np.ones(size)) if size else None

    def run():
        y = x
        for _ in range(count // 2):
            y = y * c
            y = y + x
        y.backward(seed)
        x.grad = None

    return run


def by_torch(size, count):
    import torch

    torch.set_num_threads(1)
    x = torch.tensor(np.full(size, 0.5) if size else 0.5, dtype=torch.float64, requires_grad=True)
    c = torch.tensor(np.full(size, 1.0001)) if size else 1.0001
    seed = torch.tensor(np.ones(size)) if size else None

    def run():
        y = x
        for _ in range(count // 2):
            y = y * c
            y = y + x
        y.backward(seed)
        x.grad = None

    return run


def by_autograd(size, count):
    import autograd

    c, seed = (np.full(size, 1.0001), np.ones(size)) if size else (1.0001, 1.0)
    x = np.full(size, 0.5) if size else 0.5

    def chain(x):
        y = x
        for _ in range(count // 2):
            y = y * c
            y = y + x
        return y

    return lambda: autograd.make_vjp(chain)(x)[0](seed)


def by_hand(size, count):
    """The arithmetic alone."""
    c = np.full(size, 1.0001) if size else 1.0001
    x = np.full(size, 0.5) if size else 0.5

    def run():
        y = x
        for _ in range(count // 2):
            y = y * c
            y = y + x
        y_bar = np.ones(size) if size else 1.0
        x_bar = np.zeros(size) if size else 0.0
        for _ in range(count // 2):
            x_bar += y_bar
            y_bar = y_bar * c
        x_bar += y_bar

    return run


def libraries():
    """The libraries that are there, under the names that are printed."""
    found = {"srcdiff.tape": by_tape, "NumPy": by_hand}
    if importlib.util.find_spec("torch") is not None:
        found["PyTorch"] = by_torch
    if importlib.util.find_spec("autograd") is not None:
        found["autograd"] = by_autograd
    return found


def measure(size, count, rounds):
    """Microseconds per operation in each round, for each library."""
    runs = {name: make(size, count) for name, make in libraries().items()}
    for run in runs.values():
        run()
    times = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            gc.collect()
            start = time.process_time()
            run()
            times[name].append((time.process_time() - start) / count * 1e6)
    return times


def row(size, times):
    """What is printed for one size: the median times, and the ratios to the other libraries."""
    own = times["srcdiff.tape"]
    cells = [f"{size:,}" if size else "scalar", f"{statistics.median(own):.3g}"]
    for other in ("NumPy", "PyTorch", "autograd"):
        if other not in times:
            cells += ["-", "-"]
            continue
        ratios = [a / b for a, b in zip(own, times[other], strict=True)]
        cells += [f"{statistics.median(times[other]):.3g}", f"{statistics.median(ratios):.2f}"]
    return cells


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--rounds", type=int, default=21)
    options = parser.parse_args()
    head = ["elements", "tape us/op", "NumPy", "ratio", "PyTorch", "ratio", "autograd", "ratio"]
    bar, ends = (" | ", ("| ", " |")) if options.markdown else ("  ", ("", ""))
    print(ends[0] + bar.join(f"{h:>10}" for h in head) + ends[1])
    if options.markdown:
        print("|" + " ---: |" * len(head))
    for size, count in SIZES.items():
        cells = row(size, measure(size, count, options.rounds))
        print(ends[0] + bar.join(f"{c:>10}" for c in cells) + ends[1], flush=True)


if __name__ == "__main__":
    main()
