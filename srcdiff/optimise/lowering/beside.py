"""Nests that a later nest needs row by row, though one of them has fewer rows, as one nest.

in:   for i in range(n - 2):                            out:  for i in range(n):
          for j in range(m): g_padded[i + 2, j] = g[i, j]         if i < n - 2:
      for i in range(n):                                              for j in range(m): g_padded[i + 2, j] = g[i, j]
          for j in range(m): x_bar[i, j] += g_padded[i, j]        for j in range(m): x_bar[i, j] += g_padded[i, j]

What the first one has written is in the fastest memory then when the second one reads it. Innermost loops are not
joined, and have no condition in them.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from ...ir.nodes import Call, For, If, Name, Object, Origin, Stmt
from ...ir.walk import names, rename
from .fusion import Fusion, has_loops
from .site import lasting

_FARTHEST = 8  # rows that one of them may have more
_LESS = Object(operator.lt, "<")


class Beside(Fusion):
    """The walk, behind the fusion of nests over one space."""

    def same_space(self, a: For, b: For) -> bool:
        """Whether a row of one is a row of the other, which has some more, and is read or written by both."""
        if not has_loops(a) or not has_loops(b) or not (self.longer(a, b) or self.longer(b, a)):
            return False
        one, other = self.effect(a), self.effect(b)
        if (names(a.iter) | names(b.iter)) & (one.bound | other.bound):
            return False
        changed = (one.written | one.added) & (other.read | other.written | other.added)
        return bool(changed | one.read & (other.written | other.added))

    def longer(self, a: For, b: For) -> bool:
        """Whether the first nest surely goes through a few rows more."""
        assert isinstance(a.target, Name)
        assert isinstance(b.target, Name)
        (one, _), (other, lengths) = self.context.counters[a.target.id], self.context.counters[b.target.id]
        if not lasting(one) or not lasting(other):
            return False
        return any(lengths.same(one.minus(m), other) for m in range(1, _FARTHEST + 1))

    def fused(self, a: For, b: For, _outer: tuple[str, ...]) -> For:
        assert isinstance(a.target, Name)
        assert isinstance(b.target, Name)
        if self.longer(a, b):
            return replace(a, body=(*a.body, *_guarded(b, a.target.id)), origin=None, adjoint_of=_common(a, b))
        return replace(b, body=(*_guarded(a, b.target.id), *b.body), origin=None, adjoint_of=_common(a, b))


def _guarded(s: For, counter: str) -> Iterator[Stmt]:
    """The trip of a nest under the condition that there is one. What is under such a condition already has fewer trips
    than the nest, and stays under its own alone."""
    assert isinstance(s.target, Name)
    assert isinstance(s.iter, Call)
    test = Call(_LESS, (Name(counter), s.iter.args[0]))
    trip = rename(s.body, {s.target.id: counter})
    for is_shorter, found in [(known, tuple(run)) for known, run in groupby(trip, lambda i: _is_guarded(i, counter))]:
        yield from found if is_shorter else (If(test, found, (), s.origin, s.adjoint_of),)


def _is_guarded(s: Stmt, counter: str) -> bool:
    return isinstance(s, If) and isinstance(s.test, Call) and s.test.func == _LESS and s.test.args[0] == Name(counter)


def _common(a: For, b: For) -> Origin | None:
    return a.adjoint_of if a.adjoint_of == b.adjoint_of else None
