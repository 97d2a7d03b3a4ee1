"""What planning decides: for each block, what is saved, what is brought back when, which writes are taken back."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ir.nodes import Assign, For
from ..ir.walk import targets
from .acts import Fork, Node, Round

Key = str  # a variable, or "*" + alias class for the contents of the arrays of that class


@dataclass(frozen=True)
class Restore:
    """Bring a version back: from the tape of `(name, version)`, or by a statement (its definition run again, or the
    inverse of the permutation that has overwritten it)."""

    name: str
    version: int
    recompute: Assign | None = None

    @property
    def binds(self) -> list[str]:
        return [self.name] if self.recompute is None else targets(self.recompute.target)


@dataclass
class BlockPlan:
    """What the assembler needs for one block; positions count the block's nodes in forward order."""

    restores: dict[int, list[Restore]] = field(default_factory=dict)  # by moment, see `moment`
    saves: set[tuple[str, int]] = field(default_factory=set)  # (name, version) put on a tape in the forward sweep
    undone: set[int] = field(default_factory=set)  # positions of writes that are taken back
    inner: dict[int, tuple[BlockPlan, ...]] = field(default_factory=dict)
    saved_tests: set[int] = field(default_factory=set)
    outer: set[Key] = field(default_factory=set)  # what must be there from outside while the block is reversed
    intact: set[str] = field(default_factory=set)  # variables that are read as they are when the reversal begins
    final: dict[str, int] = field(default_factory=dict)  # the versions that are there when the reversal ends
    delegated: set[str] = field(default_factory=set)  # entry versions that the enclosing block restores


def moment(count: int, position: int, before: bool) -> int:
    """Reverse time inside a block of `count` nodes: first the state after a node, then the state before it.

    The last moment is that after "node -1": the whole block has been reversed."""
    return 2 * (count - 1 - position) + (1 if before else 0)


def rebound(plan: BlockPlan, nodes: list[Node]) -> set[str]:
    """The variables that the reversal of a block binds: what it brings back, and its loops' counters."""
    found = {n for restores in plan.restores.values() for r in restores for n in r.binds}
    for p, node in enumerate(nodes):
        blocks_ = [node.body, node.orelse] if isinstance(node, Fork) else [node.body] if isinstance(node, Round) else []
        for inner, block in zip(plan.inner.get(p, ()), blocks_, strict=False):
            found |= rebound(inner, block)
        if isinstance(node, Round) and isinstance(node.stmt, For):
            found |= set(targets(node.stmt.target))
    return found


class Again(Exception):
    """A choice turned out impossible and has been noted; the planning starts anew."""
