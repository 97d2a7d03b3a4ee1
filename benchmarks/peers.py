"""Every kernel: is the gradient right, what does it cost, and what does it cost elsewhere.

    python -m benchmarks.peers                     medium sizes; then how the cost grows from small to large
    python -m benchmarks.peers --quick             small sizes and few rounds
    python -m benchmarks.peers --only lstm gmm     some of the kernels
    python -m benchmarks.peers --only lu --keep    with the rows of other kernels as they are in the output folder
    python -m benchmarks.peers --output FOLDER     peers.md, peers.json, peers.png (default: benchmarks/results)

First each result is held against finite differences and against every other library's; a kernel with a result that is
off is not timed, and the command fails. Then primal, srcdiff and the others are timed turn by turn, on one thread: CPU
time, the median of the rounds with the lowest and the highest. `pip install -e '.[bench]'` brings the other libraries;
one that is not there is left out. Where plain Python steps through single elements, the plain rows use the small size.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from .threads import use_one_thread

use_one_thread()
os.environ["SRCDIFF_CACHE"] = "0"  # compiling is timed here

from . import report  # noqa: E402
from .allocator import settle  # noqa: E402
from .checks import AGREE, difference, error_by_differences  # noqa: E402
from .kernels import KERNELS, WITH_FUNCTIONS, Kernel  # noqa: E402
from .libraries import PEERS, Version, by_srcdiff, by_tangent, refusal  # noqa: E402
from .timing import Contender, Measured, Spread, as_jitted, machine, peak_memory, race, ratio_of  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"JAX": "jax", "PyTorch": "torch", "autograd": "autograd"}
DIFFERENCES = 1e-6  # the largest error of a result against finite differences


class Pace(NamedTuple):
    """How long to measure: rounds, seconds of a turn, seconds of a call after which three turns are enough."""

    rounds: int
    seconds: float
    most: float


class WrongResult(Exception):
    """A result that differs from what it has to be."""


Builder = Callable[[Kernel, tuple[Any, ...]], Version]
SIMD = "srcdiff jit, SIMD math"
BUILDERS: dict[str, Builder] = {
    "srcdiff jit": lambda kernel, arguments: by_srcdiff(kernel, arguments, jit=True),
    SIMD: lambda kernel, arguments: by_srcdiff(kernel, arguments, jit=True, math="simd"),
    **{name: build for name, build in PEERS.items() if importlib.util.find_spec(PACKAGES[name])},
}


def first_seconds(call: Callable[[], Any]) -> float:
    """CPU seconds of a first call, with whatever it builds and compiles."""
    start = time.process_time()
    call()
    return time.process_time() - start


# ------------------------------------------------------------------------------------------------------- is it right


def check_small(kernel: Kernel, row: dict[str, Any]) -> None:
    """All libraries at the small size; srcdiff in plain Python also against finite differences."""
    arguments = kernel.arguments("small")
    plain = by_srcdiff(kernel, arguments, jit=False)
    row["start"]["build"] = first_seconds(plain.call)
    row["start"]["build"] -= first_seconds(plain.call)
    expected = plain.read(plain.call())
    error = error_by_differences(kernel, arguments, expected)
    row["errors"]["finite differences"] = error
    if not error < DIFFERENCES:
        raise WrongResult(f"srcdiff is off finite differences by {error:.1e}")
    for name in BUILDERS:
        compare(kernel, row, name, arguments, expected)


def compare(
    kernel: Kernel, row: dict[str, Any], name: str, arguments: tuple[Any, ...], expected: list[Any]
) -> Version | None:
    """One library's version, if it has one; its result held against what is expected."""
    if name == SIMD and kernel.name not in WITH_FUNCTIONS:
        return None
    if name in PEERS and (reason := refusal(kernel, name)):
        row["missing"][name] = reason
        return None
    version = BUILDERS[name](kernel, arguments)
    seconds = first_seconds(version.call)
    row["start"].setdefault(f"{name} compile", seconds)
    error = difference(expected, version.read(version.call()))
    row["errors"][name] = max(error, row["errors"].get(name, 0.0))
    if not error < AGREE:
        raise WrongResult(f"{name} and srcdiff differ by {error:.1e}")
    return version


# ----------------------------------------------------------------------------------------------------- what it costs


def primal(kernel: Kernel, arguments: tuple[Any, ...]) -> list[Contender]:
    """The function compiled by Numba: as the user wrote it, and with its array statements as loops."""
    found = []
    for name, f in (("Numba as written", kernel.f if kernel.lowered else None), ("Numba", kernel.lowered or kernel.f)):
        if f is not None:
            compiled = as_jitted(f)
            compiled(*arguments)
            found.append(Contender(name, lambda compiled=compiled: compiled(*arguments)))
    return found


def cost(kernel: Kernel, row: dict[str, Any], size: str, pace: Pace) -> None:
    """Fill in times, page faults and memory; compiled code at `size`, plain Python where it takes no minutes."""
    arguments = kernel.arguments(size)
    plain_size = "small" if kernel.loops else size
    row["size"], row["plain size"] = kernel.sizes[size], kernel.sizes[plain_size]
    contenders = primal(kernel, arguments)
    expected: list[Any] | None = None
    for name in BUILDERS:
        if name == "srcdiff jit":
            own = by_srcdiff(kernel, arguments, jit=True)
            expected = own.read(own.call())
            contenders.append(Contender(name, own.call))
        elif (version := compare(kernel, row, name, arguments, expected or [])) is not None:
            contenders.append(Contender(name, version.call))
    if kernel.task == "gradient":
        tangent = by_tangent(kernel, arguments)
        row["start"]["tangent compile"] = first_seconds(tangent.call)
        contenders.append(Contender("srcdiff tangent", tangent.call))
    plain_arguments = kernel.arguments(plain_size)
    plain = by_srcdiff(kernel, plain_arguments, jit=False)
    plain.call()
    pair = [Contender("NumPy", lambda: kernel.f(*plain_arguments)), Contender("srcdiff plain", plain.call)]

    results = race(contenders, *pace) | race(pair, *pace)
    row["seconds"] = {name: Spread.of(result.seconds) for name, result in results.items()}
    row["faults"] = {name: result.faults for name, result in results.items()}
    row["memory"] = {c.name: peak_memory(c.call) for c in contenders}
    row["ratios"] = ratios(results)


def ratios(results: dict[str, Measured]) -> dict[str, Spread]:
    """Of times in the same round: what is compared, by the name of the column."""
    found = {
        "gradient / primal": ratio_of(results["srcdiff jit"], results["Numba"]),
        "plain gradient / NumPy": ratio_of(results["srcdiff plain"], results["NumPy"]),
    }
    if "srcdiff tangent" in results:
        found["tangent / primal"] = ratio_of(results["srcdiff tangent"], results["Numba"])
    for peer in PEERS:
        if peer in results:
            found[f"{peer} / srcdiff"] = ratio_of(results[peer], results["srcdiff jit"])
    if SIMD in results and "JAX" in results:
        found["JAX / srcdiff, SIMD math"] = ratio_of(results["JAX"], results[SIMD])
    return found


def growth(kernel: Kernel, row: dict[str, Any], pace: Pace) -> None:
    """The jitted gradient and its ratio to the primal at each size."""
    row["growth"] = {}
    for size in ("small", "medium", "large"):
        arguments = kernel.arguments(size)
        version = by_srcdiff(kernel, arguments, jit=True)
        version.call()
        results = race([primal(kernel, arguments)[-1], Contender("srcdiff jit", version.call)], *pace)
        spread = ratio_of(results["srcdiff jit"], results["Numba"])
        times = {name: Spread.of(result.seconds).median for name, result in results.items()}
        entry = {"size": kernel.sizes[size], "seconds": times, "ratio": spread}
        row["growth"][size] = entry | {"faults": results["srcdiff jit"].faults}


def starts(kernel: Kernel, row: dict[str, Any]) -> None:
    """CPU seconds to a first result in a new process: with an empty cache folder, then with what that process left."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {k: v for k, v in os.environ.items() if k != "SRCDIFF_CACHE"} | {"SRCDIFF_CACHE_DIR": folder}
        for name in ("cold start", "cached start"):
            run = subprocess.run(
                [sys.executable, "-m", "benchmarks.start", kernel.name],
                cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            if run.returncode:
                raise SystemExit(run.stderr)
            row["start"][name] = float(run.stdout)


def measure(kernel: Kernel, quick: bool, with_starts: bool) -> dict[str, Any]:
    """One kernel's row; with the reason under "failed" where srcdiff refuses it or a result is off."""
    import srcdiff.errors

    row: dict[str, Any] = {"name": kernel.name, "label": kernel.label, "task": kernel.task}
    row |= {"errors": {}, "start": {}, "missing": {}}
    pace = Pace(3, 0.002, 1.0) if quick else Pace(9, 0.02, 1.0)
    try:
        check_small(kernel, row)
        cost(kernel, row, "small" if quick else "medium", pace)
        if not quick:
            growth(kernel, row, Pace(3, 0.02, 1.0))
        if with_starts:
            starts(kernel, row)
    except (WrongResult, srcdiff.errors.SrcdiffError) as problem:
        row["failed"] = f"{type(problem).__name__}: {str(problem).strip().splitlines()[0]}"
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[k.name for k in KERNELS], help="some kernels")
    parser.add_argument("--starts", action="store_true", help="also start a process for each kernel, cold and cached")
    parser.add_argument("--keep", action="store_true", help="keep the rows of other kernels in the output folder")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results", metavar="FOLDER")
    options = parser.parse_args()

    settle()
    options.output.mkdir(parents=True, exist_ok=True)
    stored = options.output / "peers.json"
    rows = {}
    if options.keep and stored.exists():
        rows = {row["name"]: row for row in json.loads(stored.read_text(encoding="utf-8"))["rows"]}
    for kernel in KERNELS:
        if options.only and kernel.name not in options.only:
            continue
        print(kernel.name, end=" ", flush=True)
        rows[kernel.name] = measure(kernel, options.quick, options.starts)
        print(report.one_line(rows[kernel.name]), flush=True)
        data = {"machine": machine(PACKAGES), "rows": [rows[k.name] for k in KERNELS if k.name in rows]}
        stored.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    text = report.markdown(data)
    (options.output / "peers.md").write_text(text, encoding="utf-8")
    report.plot(data["rows"], options.output / "peers.png")
    print(text)
    if any("failed" in row for row in rows.values()):
        raise SystemExit("some kernels failed")


if __name__ == "__main__":
    main()
