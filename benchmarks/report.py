"""What `peers` found, as Markdown tables and as a plot."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .timing import Spread, duration, ratio

COST = (
    "gradient / primal",
    "tangent / primal",
    "JAX / srcdiff",
    "JAX / srcdiff, SIMD math",
    "PyTorch / srcdiff",
    "autograd / srcdiff",
    "plain gradient / NumPy",
)
INTRODUCTION = (
    "CPU time on one thread. A ratio is of times in the same round: the median, with the lowest and the highest. The "
    "primal is the function compiled by Numba, its array statements written as loops; gradients come with the value."
)
COLOURS = {"srcdiff jit": "C0", "JAX": "C1", "PyTorch": "C2", "autograd": "C3"}


def one_line(row: dict[str, Any]) -> str:
    """How far it is, while the run goes on."""
    if "failed" in row:
        return row["failed"]
    return ", ".join(f"{name} {row['ratios'][name][0]:.2f}" for name in COST if name in row["ratios"])


def table(head: Iterable[str], lines: Iterable[list[str]]) -> str:
    """A Markdown table: the first column left, the others right."""
    head = list(head)
    rows = [head, ["---"] + ["---:"] * (len(head) - 1), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def geometric_mean(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


def shape(size: Iterable[int]) -> str:
    return " x ".join(map(str, size))


def megabytes(count: float | None) -> str:
    return "-" if count is None else f"{count / 1e6:.1f}"


def cost_table(rows: list[dict[str, Any]]) -> str:
    lines = []
    for row in rows:
        seconds = row["seconds"]
        cells = [row["label"], shape(row["size"]), duration(seconds["Numba"][0])]
        cells += [ratio(Spread(*row["ratios"][name])) if name in row["ratios"] else "-" for name in COST]
        cells.append(duration(seconds["Numba as written"][0]) if "Numba as written" in seconds else "-")
        plain = duration(seconds["NumPy"][0])
        lines.append([*cells, plain if row["plain size"] == row["size"] else f"{plain} ({shape(row['plain size'])})"])
    means = []
    for name in COST:
        known = [row["ratios"][name][0] for row in rows if name in row["ratios"] and row["task"] == "gradient"]
        means.append(f"{geometric_mean(known):.2f}" if known else "-")
    lines.append(["geometric mean of the gradients", "", "", *means, "", ""])
    return table(["kernel", "size", "primal (Numba)", *COST, "primal as written (Numba)", "primal (NumPy)"], lines)


def start_table(rows: list[dict[str, Any]]) -> str:
    names = ["build", "srcdiff jit compile", "cold start", "cached start", "tangent compile", "JAX compile"]
    lines = [
        [row["label"], *(duration(row["start"][name]) if name in row["start"] else "-" for name in names)]
        for row in rows
    ]
    return table(["kernel", *names], lines)


def memory_table(rows: list[dict[str, Any]]) -> str:
    names = ["Numba", *COLOURS]
    lines = []
    for row in rows:
        faults = [f"{row['faults'][name]:.0f}" if name in row["faults"] else "-" for name in names]
        lines.append([row["label"], *faults, *(megabytes(row["memory"].get(name)) for name in names)])
    return table(["kernel", *(f"faults, {n}" for n in names), *(f"MB, {n}" for n in names)], lines)


def growth_table(rows: list[dict[str, Any]]) -> str:
    lines = []
    for row in rows:
        cells = [row["label"]]
        for entry in row["growth"].values():
            cells += [shape(entry["size"]), duration(entry["seconds"]["srcdiff jit"]), ratio(Spread(*entry["ratio"]))]
        lines.append([*cells, f"{row['growth']['large'].get('faults', 0.0):.0f}"])
    sizes = (h for size in ("small", "medium", "large") for h in (size, "gradient", "ratio"))
    return table(["kernel", *sizes, "faults"], lines)


def missing(rows: list[dict[str, Any]]) -> list[str]:
    """Versions that there are not, with the reason, and kernels that failed."""
    lines = [f"- {row['label']}: no {peer} version: {why}." for row in rows for peer, why in row["missing"].items()]
    return lines + [f"- {row['label']}: {row['failed']}" for row in rows if "failed" in row]


def markdown(data: dict[str, Any]) -> str:
    """All tables. A ratio is the median over the rounds, with the lowest and the highest in brackets."""
    rows = [row for row in data["rows"] if "failed" not in row]
    parts = [INTRODUCTION, data["machine"] + "."]
    if rows:
        parts += [cost_table(rows), "CPU time to the first result:", start_table(rows)]
        parts += ["Minor page faults of a call, and by how much the process grows during one:", memory_table(rows)]
    if any("growth" in row for row in rows):
        grown = [row for row in rows if "growth" in row]
        parts += ["Growth of the jitted gradient, and of its ratio to the primal:", growth_table(grown)]
    notes = missing(data["rows"])
    return "\n\n".join(parts + (["\n".join(notes)] if notes else [])) + "\n"


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """Each library's gradient as a multiple of the jitted primal, a row for each kernel."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    rows = [row for row in rows if "failed" not in row]
    figure, axes = plt.subplots(figsize=(8, 1.2 + 0.3 * len(rows)), layout="constrained")
    for name, colour in COLOURS.items():
        places = [k for k, row in enumerate(rows) if name in row["seconds"]]
        times = [rows[k]["seconds"][name][0] / rows[k]["seconds"]["Numba"][0] for k in places]
        axes.plot(times, places, "o", color=colour, label=name)
    axes.axvline(1.0, color="0.5", linewidth=0.8)
    axes.set_yticks(range(len(rows)), [row["label"] for row in rows])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("time of the derivative, as a multiple of the jitted function")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=120)
    plt.close(figure)
