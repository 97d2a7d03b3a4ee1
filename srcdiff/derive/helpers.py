"""The functions that a derivative calls: the derivatives of recursive functions, each written once."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ir.callee import Callee, Helper
from ..ir.nodes import Block, Call, Object, Stmt
from ..ir.types import Num
from ..ir.walk import assigned, blocks, map_stmt

Reads = dict[tuple[Callee, tuple[int, ...], tuple[int, ...]], frozenset[int]]
_Key = tuple[str, Callee, tuple[int, ...], tuple[int, ...]]


def _is_filled(callee: Callee, place: int) -> bool:
    """Whether the adjoint of a parameter is an array that the caller gives, for the function to add to: then its cost
    does not grow with the length of an array of which each call reads a part."""
    name = callee.function.params[place].name
    type_ = callee.types[name]
    own_copies = callee.trips.copied if callee.trips is not None else ()
    is_part = place not in callee.written and name not in (*own_copies, *assigned(callee.function.body))
    return isinstance(type_, Num) and bool(type_.ndim) and is_part


@dataclass
class Helpers:
    """`taped` says that adjoints come as a pair: `f_fwd` puts on a tape what `f_rev` needs. Without a tape `f_vjp` runs
    the function itself once more: a pure function, of which derivatives can be written, at a cost that grows with the
    depth of the recursion. `reads` are the parameters that reverse functions take, as far as that is known: what is
    written with too few is written once more. `waiting` are the functions that are still to be written."""

    taped: bool
    reads: Reads = field(default_factory=dict)
    table: dict[_Key, Helper] = field(default_factory=dict)
    waiting: list[Helper] = field(default_factory=list)
    taken: dict[int, tuple[Stmt, Helper]] = field(default_factory=dict)  # by id of the statement that calls the primal

    def pull(self, callee: Callee, active: tuple[int, ...], asked: tuple[int, ...], s: Stmt) -> Helper:
        """The adjoint of a callee, for the call in a statement."""
        if not self.taped or callee.recomputed:
            return self.helper("vjp", callee, active, asked)
        self.taken[id(s)] = s, self.helper("fwd", callee, active, asked)
        return self.helper("rev", callee, active, asked)

    def push(self, callee: Callee, active: tuple[int, ...], asked: tuple[int, ...], role: str = "jvp") -> Helper:
        """The tangent of a callee, or ("sparsity") the inputs that its results depend on."""
        return self.helper(role, callee, active, asked)

    def helper(self, role: str, callee: Callee, active: tuple[int, ...], asked: tuple[int, ...]) -> Helper:
        key = role, callee, active, asked
        if key not in self.table:
            every = frozenset(range(len(callee.function.params)))
            reads = self.reads.get(key[1:], frozenset()) if role == "rev" else every
            adds = tuple(k for k in active if role == "rev" and _is_filled(callee, k))
            self.table[key] = made = Helper(role, callee, active, asked, f"{callee.name}_{role}", reads, adds)
            if role != "fwd":  # it is written together with the reverse function
                self.waiting.append(made)
        return self.table[key]

    def partner(self, rev: Helper) -> Helper:
        """The forward function of a reverse function."""
        return self.helper("fwd", rev.callee, rev.active, rev.asked)

    def with_tape(self, block: Block) -> Block:
        """A forward sweep in which the calls fill the tapes that the reverse sweep empties."""

        def statement(s: Stmt) -> Stmt:
            known = self.taken.get(id(s))
            if known is None:
                return map_stmt(s, lambda e: e, self.with_tape) if any(blocks(s)) else s

            def call(e: object) -> object:
                if isinstance(e, Call):
                    return Call(Object(known[1], known[1].name), e.args, e.kwargs, e.at)
                return e

            return map_stmt(s, call, lambda b: b)  # type: ignore[arg-type]

        return tuple(map(statement, block))
