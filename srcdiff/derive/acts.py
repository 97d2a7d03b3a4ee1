"""What the reverse sweep consists of: acts on adjoint variables, in a tree that mirrors the forward program.

Forward structure is mirrored: a `Step` for each simple statement, a `Fork` for each `if`, a `Round` for each loop, all
still in forward order.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ir.frozen import frozen
from ..ir.nodes import Assign, Call, Expr, For, If, Name, Origin, Stmt, Update, While
from ..ir.walk import targets
from .terms import Term


@frozen
class Acc:
    """`target += sum of terms`, or `target = ...` (`assign`). The target is an adjoint, a part of one, or several
    adjoints at once."""

    target: Expr
    terms: tuple[Term, ...]
    assign: bool = False


@frozen
class Together:
    """Simultaneous assignment of several adjoints (the adjoint of a swap)."""

    parts: tuple[Acc, ...]


@frozen
class Let:
    """`name = value`: an adjoint that is read several times, or before it is overwritten."""

    name: str
    value: Expr


@frozen
class Pull:
    """`names = call` of the adjoint of a recursive function, for all of its active arguments; the first `own` arguments
    of the call are those of the function, the last ones the adjoints of its results."""

    names: tuple[str, ...]
    call: Call


@frozen
class Kill:
    """The adjoint of a value before its definition is zero."""

    name: str


@frozen
class Do:
    """A statement as it is (a push onto a shadow list)."""

    stmt: Stmt


@frozen
class When:
    """The acts of the side that a ternary has taken: the other side is never evaluated."""

    test: Expr
    then: tuple[Act, ...]
    other: tuple[Act, ...]


Act = Acc | Together | Let | Pull | Kill | Do | When


@dataclass
class Step:
    stmt: Stmt
    acts: list[Act]


@dataclass
class Fork:
    """`before` runs ahead of the reversed branches; `ends` at the end of each."""

    stmt: If
    body: list[Node]
    orelse: list[Node]
    before: list[Act] = field(default_factory=list)
    ends: tuple[list[Act], list[Act]] = field(default_factory=lambda: ([], []))


@dataclass
class Round:
    """`before` runs ahead of the reversed loop; `end` at the end of each of its trips."""

    stmt: For | While
    body: list[Node]
    trips: str | None = None  # the variable that counts the trips, where the bounds do not tell them
    before: list[Act] = field(default_factory=list)
    end: list[Act] = field(default_factory=list)


Node = Step | Fork | Round


def bound_by(name: str, nodes: list[Node], version: int, loops: tuple[Round, ...]) -> Origin | None:
    """The statement of the user's that computes what a variable holds behind the first `version` nodes of a block. At
    the head of a loop that is what the trip before has bound; where no statement binds it there, the loop's own."""
    last = _last_binding(name, nodes[version - 1 : version] if version else nodes)
    if last is not None:
        return last
    return nodes[version - 1].stmt.origin if version else loops[-1].stmt.origin if loops else None


def _last_binding(name: str, nodes: list[Node]) -> Origin | None:
    for node in reversed(nodes):
        match node:
            case Step(stmt=Assign(target=target) as s) if name in targets(target):
                return s.origin
            case Step(stmt=Update(target=Name(id=own)) as s) if name == own:
                return s.origin
            case Fork() if (found := _last_binding(name, node.orelse) or _last_binding(name, node.body)) is not None:
                return found
            case Round() if (found := _last_binding(name, node.body)) is not None:
                return found
            case _:
                pass
    return None


@dataclass
class Adjoints:
    """The adjoint variables: `bars` for values, `shadows` for arrays that are written in place and for lists. Those
    shadows that are made when the reverse sweep begins are in `late`, with the zeros that they are made of."""

    bars: dict[str, str]
    shadows: dict[str, str]
    late: dict[str, Expr] = field(default_factory=dict)

    def of(self, name: str) -> str:
        return self.bars[name] if name in self.bars else self.shadows[name]
