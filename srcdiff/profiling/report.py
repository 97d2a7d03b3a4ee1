"""What a profile says: numbers for programs, a table for people and notebooks, a picture."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import BackendUnavailable

_REST = "(what belongs to no line of yours)"
_WIDTH = 60  # characters of a source line in the table


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the user's program: the seconds that its forward and its reverse part take, and the bytes that each
    of them keeps. The last line of a profile may be one without a file: what srcdiff adds for no line in particular,
    such as making tapes and returning the result."""

    file: str
    function: str
    line: int
    text: str
    forward: float = 0.0
    reverse: float = 0.0
    forward_bytes: int = 0
    reverse_bytes: int = 0

    def with_more(self, seconds: float, held: int, reverse: bool) -> Line:
        if reverse:
            return replace(self, reverse=self.reverse + seconds, reverse_bytes=self.reverse_bytes + held)
        return replace(self, forward=self.forward + seconds, forward_bytes=self.forward_bytes + held)


@dataclass(frozen=True, repr=False)
class Profile:
    """What `srcdiff.profile` returns; printed, a table. `lines` are the lines of the function and of those that it
    calls, `runs` is how many runs were made, `alone` how many seconds the generated code takes without clocks (None
    where it ran only once), `note` what is to be known of how it was measured. `handing` are the seconds of `alone`
    that compiled code takes to get its arguments from Python and to give its result back: they belong to no line."""

    derivative: str
    lines: tuple[Line, ...]
    runs: int
    alone: float | None
    note: str
    handing: float | None = None

    @property
    def seconds(self) -> float:
        """The time of all lines together."""
        return sum(line.forward + line.reverse for line in self.lines)

    @property
    def kept(self) -> int:
        """The bytes that all lines together have kept for the reverse sweep."""
        return sum(line.forward_bytes + line.reverse_bytes for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        """The profile as numbers, texts, lists and dicts (which `json.dumps` takes)."""
        own = {"derivative": self.derivative, "seconds": self.seconds, "kept": self.kept}
        more = {"runs": self.runs, "alone": self.alone, "handing": self.handing, "note": self.note}
        return {**own, **more, "lines": [asdict(line) for line in self.lines]}

    def plot(self, ax: Any = None) -> Any:
        """A bar for each line, its forward part before its reverse part; returns the axes, of matplotlib. Raises
        BackendUnavailable where that is not installed."""
        try:
            import matplotlib.pyplot as plt
        except ImportError as problem:
            raise BackendUnavailable(f"a plot needs matplotlib: pip install matplotlib ({problem})") from problem
        rows = [line for line in self.lines if line.file]
        rows += [line for line in self.lines if not line.file and line.forward + line.reverse > 0.0]
        if ax is None:
            _, ax = plt.subplots(figsize=(9.0, 1.2 + 0.3 * len(rows)), layout="constrained")
        factor, unit = _unit(max((line.forward + line.reverse for line in rows), default=0.0))
        places = range(len(rows))
        ahead = [line.forward * factor for line in rows]
        ax.barh(places, ahead, color="#4c72b0", label="forward")
        ax.barh(places, [line.reverse * factor for line in rows], left=ahead, color="#dd8452", label="reverse")
        ax.set_yticks(places, [_label(line) for line in rows], family="monospace", fontsize=8)
        ax.invert_yaxis()
        ax.set_xlabel(f"time ({unit})")
        ax.set_title(self.derivative, fontsize=9)
        ax.legend()
        return ax

    # ------------------------------------------------------------------------------------------------------ tables

    def __repr__(self) -> str:
        table = list(self._table())
        widths = [max(map(len, column)) for column in zip(*(row for _, row in table if row), strict=True)]
        out = [self._head(), ""]
        for title, row in table:
            cells = [c.rjust(w) for c, w in zip(row[:-1], widths, strict=False)]
            out.append("  ".join([*cells, row[-1]]).rstrip() if row else title)
        return "\n".join([*out, *(["", self.note] if self.note else [])])

    def _repr_html_(self) -> str:
        rows: list[str] = []
        for title, row in self._table():
            if not row:
                rows.append(f'<tr><td colspan="6" style="text-align:left"><b>{html.escape(title)}</b></td></tr>')
                continue
            cells = [f'<td style="text-align:right">{html.escape(c)}</td>' for c in row[:-1]]
            rows.append(
                f'<tr>{"".join(cells)}<td style="text-align:left"><code>{html.escape(row[-1])}</code></td></tr>'
            )
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        return f"<p>{html.escape(self._head())}</p><table>{''.join(rows)}</table>{note}"

    def _head(self) -> str:
        alone = f", {_time(self.alone)} without clocks" if self.alone is not None else ""
        if self.handing is not None:
            alone += f", of which {_time(self.handing)} for the call from Python"
        count = f"{self.runs} run{'s' if self.runs > 1 else ''}"
        return f"{self.derivative}: {_time(self.seconds)} ({count}{alone}), {_size(self.kept)} kept"

    def _table(self) -> Iterator[tuple[str, Sequence[str]]]:
        """Titles, and rows of cells; all times in one unit."""
        factor, unit = _unit(self.seconds)
        whole = self.seconds or 1.0
        again = any(line.reverse_bytes for line in self.lines)
        kept: list[tuple[str, Callable[[Line], int]]] = [("kept", lambda line: line.forward_bytes)]
        kept += [("and in reverse", lambda line: line.reverse_bytes)] if again else []
        yield "", ["line", f"forward {unit}", f"reverse {unit}", "share", *(name for name, _ in kept), ""]
        title = ""
        for line in self.lines:
            where = f"{line.function or 'module'}, {Path(line.file).name}" if line.file else ""
            if where not in ("", title):
                title = where
                yield (where, ())
            times = [_cell(t, factor) for t in (line.forward, line.reverse)]
            share = f"{100.0 * (line.forward + line.reverse) / whole:.1f} %"
            sizes = [_size(size(line)) if size(line) else "" for _, size in kept]
            yield "", [str(line.line or ""), *times, share, *sizes, _cut(line.text) if line.file else _REST]


def _label(line: Line) -> str:
    return f"{line.line} {_cut(line.text)}" if line.file else _REST


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."


def _cell(seconds: float, factor: float) -> str:
    return f"{seconds * factor:.3f}" if seconds else ""


def _unit(seconds: float) -> tuple[float, str]:
    """A unit in which a time is a number of one to four digits before its point."""
    return (1.0, "s") if seconds >= 1.0 else (1e3, "ms") if seconds >= 1e-3 else (1e6, "us")


def _time(seconds: float) -> str:
    factor, unit = _unit(seconds)
    return f"{seconds * factor:.3g} {unit}" if seconds * factor < 1000 else f"{seconds * factor:.0f} {unit}"


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} B"
    for unit in ("kB", "MB"):
        count_in = count / (1e3 if unit == "kB" else 1e6)
        if count_in < 999.5:
            return f"{count_in:.3g} {unit}"
    return f"{count / 1e9:.3g} GB"
