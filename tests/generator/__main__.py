"""`python -m tests.generator`: one program (`--seed`), shrunk (`--shrink`) or printed (`--show`); or a campaign."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace

from .campaign import Record, campaign, examine, examine_apart, summary, warm
from .options import FEATURES, Options
from .program import Program, generate
from .shrink import shrink


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.generator", description=__doc__)
    parser.add_argument("--seed", type=int, help="one program")
    parser.add_argument("--count", type=int, help="a campaign over so many programs")
    parser.add_argument("--start", type=int, default=0, help="the first seed of the campaign")
    parser.add_argument("--jit", action="store_true", help="programs for Numba; check the jitted gradient too")
    parser.add_argument("--shrink", action="store_true", help="make the failing program of --seed small")
    parser.add_argument("--show", action="store_true", help="print the program of --seed and do no more")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--size", type=int, default=Options().size, help="statements of f, about")
    parser.add_argument("--depth", type=int, default=Options().depth, help="nesting")
    parser.add_argument("--off", default="", metavar="A,B", help="features to leave out")
    parser.add_argument("--more", default="", metavar="A=5,B=2", help="weights of features")
    parser.add_argument("--seconds", type=float, default=60.0, help="time for one check; twice that for --shrink")
    parser.add_argument("--features", action="store_true", help="list the features")
    given = parser.parse_args()
    if given.features:
        print("\n".join(f"{name:18} {text.lstrip('!')}" for name, text in FEATURES.items()))
        return 0
    weights = {name: float(value) for name, _, value in (item.partition("=") for item in given.more.split(",") if item)}
    off = frozenset(name for name in given.off.split(",") if name)
    options = Options(given.size, given.depth, given.jit, off, weights)
    if given.seed is not None:
        return one(generate(given.seed, options), given)
    if given.count is None:
        parser.error("give --seed or --count")
    return many(options, given)


def one(program: Program, given: argparse.Namespace) -> int:
    """One program, checked; shrunk if it fails and that is asked for."""
    if given.show:
        print(program)
        return 0
    check = examine_apart if given.jit else examine
    if given.jit:
        warm()
    record = check(program, given.jit, given.seconds)
    print(f"{record.state}: {record.text}")
    if record.state in ("agreed", "discarded"):
        return 0
    if given.shrink:
        small = shrink(program, lambda p: _alike(check(p, given.jit, 10.0), record), 2.0 * given.seconds)
        print("\n" + "=" * 40 + " small " + "=" * 40)
        print(check(small, given.jit, given.seconds).text)
    return 1


def _alike(a: Record, b: Record) -> bool:
    return (a.state, a.group) == (b.state, b.group)


def many(options: Options, given: argparse.Namespace) -> int:
    """A campaign with its summary; the exit status says whether all is well (refusals are)."""
    started, records = time.monotonic(), []
    seeds = range(given.start, given.start + given.count)
    for record in campaign(seeds, replace(options), given.jit, given.workers, given.seconds):
        records.append(record)
        if record.state in ("wrong", "crashed"):
            print(f"seed {record.seed}: {record.state}: {record.group}", file=sys.stderr)
        if len(records) % 100 == 0:
            print(f"{len(records)} done, {time.monotonic() - started:.0f} s", file=sys.stderr)
    print(summary(records))
    print(f"{time.monotonic() - started:.0f} s")
    return int(any(r.state in ("wrong", "crashed") for r in records))


if __name__ == "__main__":
    sys.exit(main())
