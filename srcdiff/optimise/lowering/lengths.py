"""Which lengths are the same: those that are known to be, and those that a check has held against each other.

`a + b` has a meaning for lengths that are the same, and for a length of 1. Where a length is not known to be 1, both
are taken to be the same behind a check that raises LengthsDiffer: then code runs that follows broadcasting.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from ...ir.types import Dim


@dataclass
class Lengths:
    """What is known at a place of the program; `may_assume` says whether checks may be written."""

    may_assume: bool
    parent: dict[Hashable, Hashable] = field(default_factory=dict)

    def inside(self) -> Lengths:
        """The same for a block that may not run, or for a statement that may stay what it is."""
        return Lengths(self.may_assume, dict(self.parent))

    def find(self, token: Hashable) -> Hashable:
        while token in self.parent:
            token = self.parent[token]
        return token

    def same(self, a: Dim, b: Dim) -> bool:
        if a.token is None or b.token is None:
            return False
        return self.find(a.token) == self.find(b.token)

    def join(self, a: Dim, b: Dim) -> None:
        first, second = self.find(a.token), self.find(b.token)
        if first != second:
            if isinstance(second, int):
                first, second = second, first
            self.parent[second] = first

    def learn(self, other: Lengths) -> None:
        """Also what is known at another place: two places may have named one set of equal lengths by different ones of
        it, so that their tables together would lead in a circle."""
        for token, same in other.parent.items():
            self.join(Dim(token), Dim(same))


def is_result(dim: Dim) -> bool:
    """Whether a length is that of a broadcast result, which its operands tell."""
    return isinstance(dim.token, tuple) and dim.token[:1] == ("broadcast",)
