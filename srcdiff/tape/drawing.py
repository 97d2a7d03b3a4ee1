"""`graph`: the recorded operations as Graphviz DOT text, and as a picture in a notebook."""

from __future__ import annotations

import html
from typing import Any

from ..errors import GraphError
from .nodes import _parents
from .record import BACK, CODE, PLACE, SAVED, SERIAL, Record, about, line_of
from .tensor import Tensor

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 190, 40, 24, 40


class Graph:
    """The operations that lead to a tensor. Its text is Graphviz DOT; a notebook shows it as a picture."""

    def __init__(self, records: list[Record], names: dict[int, str]) -> None:
        self._records = records  # the leaves first, each operation after those that it uses
        self._names = names

    @property
    def dot(self) -> str:
        """The graph in Graphviz's language."""
        rows = ["digraph {", '    rankdir="TB"; node [shape=box, fontname="monospace", fontsize=10];']
        for record in self._records:
            label = "\\n".join(part.replace('"', '\\"') for part in self._label(record))
            style = ', style=filled, fillcolor="lightblue"' if record[BACK] is None else ""
            rows.append(f'    n{-record[SERIAL]} [label="{label}"{style}];')
        rows += [f"    n{-p[SERIAL]} -> n{-r[SERIAL]};" for r in self._records for p in _parents(r)]
        return "\n".join([*rows, "}"]) + "\n"

    def __str__(self) -> str:
        return self.dot

    def __repr__(self) -> str:
        edges = sum(len(_parents(r)) for r in self._records)
        return f"<Graph of {len(self._records)} nodes and {edges} edges>"

    def _label(self, record: Record) -> list[str]:
        if record[BACK] is None:
            shape = record[SAVED].shape
            return [self._names.get(record[SERIAL], "leaf"), str(tuple(shape))]
        place = line_of((record[CODE], record[PLACE]))
        return [about(record).name, f"line {place[1]}" if place else ""]

    def _repr_svg_(self) -> str:
        """The picture: each operation below those that it uses."""
        depth: dict[int, int] = {}
        rows: dict[int, list[Record]] = {}
        for record in self._records:
            below = 1 + max((depth[p[SERIAL]] for p in _parents(record)), default=-1)
            depth[record[SERIAL]] = below
            rows.setdefault(below, []).append(record)
        widest = max(len(row) for row in rows.values())
        total = widest * (_WIDTH + _GAP_X) + _GAP_X
        at: dict[int, tuple[float, float]] = {}
        for level, row in rows.items():
            start = (total - len(row) * (_WIDTH + _GAP_X)) / 2
            for place, record in enumerate(row):
                left = start + _GAP_X + place * (_WIDTH + _GAP_X)
                at[record[SERIAL]] = (left, _GAP_Y + level * (_HEIGHT + _GAP_Y))
        height = _GAP_Y + len(rows) * (_HEIGHT + _GAP_Y)
        look = 'font-family="monospace" font-size="11" text-anchor="middle"'
        parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="{height}" {look}>']
        for record in self._records:
            x, y = at[record[SERIAL]]
            for parent in _parents(record):
                a, b = at[parent[SERIAL]]
                parts.append(
                    f'<line x1="{a + _WIDTH / 2}" y1="{b + _HEIGHT}" x2="{x + _WIDTH / 2}" y2="{y}" stroke="#888"/>'
                )
        for record in self._records:
            x, y = at[record[SERIAL]]
            fill = "#cfe3f7" if record[BACK] is None else "#ffffff"
            parts.append(f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" fill="{fill}" stroke="#444"/>')
            for k, line in enumerate(self._label(record)):
                parts.append(f'<text x="{x + _WIDTH / 2}" y="{y + 17 + 15 * k}">{html.escape(line)}</text>')
        return "".join([*parts, "</svg>"])


def graph(y: Tensor, names: dict[str, Tensor] | None = None) -> Graph:
    """The recorded graph of a tensor; `names` are those of its leaves.

    >>> from srcdiff import tape
    >>> x = tape.tensor(2.0, requires_grad=True)
    >>> g = tape.graph(x * x + 1.0, {"x": x})
    >>> g
    <Graph of 3 nodes and 3 edges>
    >>> "MulBackward0" in g.dot
    True
    """
    if y._node is None:
        raise GraphError("the tensor has no graph: it does not require grad")
    found: dict[int, Record] = {}
    ahead: list[Any] = [y._node]
    while ahead:
        record = ahead.pop()
        if record[SERIAL] not in found:
            found[record[SERIAL]] = record
            ahead.extend(_parents(record))
    known = {t._node[SERIAL]: name for name, t in (names or {}).items() if t._node is not None}
    return Graph([found[k] for k in sorted(found, reverse=True)], known)
