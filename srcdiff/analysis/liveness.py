"""Which variables a block reads before it binds them, and which it surely binds."""

from __future__ import annotations

from ..ir.nodes import Assign, Block, Break, Expr, For, If, Item, Name, Raise, Return, Stmt, Update, While
from ..ir.walk import expressions, names, target_reads, targets


def live_before(block: Block, after: set[str]) -> set[str]:
    """The variables whose value at the head of the block is read, in it or, where they are in `after`, behind it."""
    return _Walk().block(block, set(after))


class _Walk:
    def __init__(self) -> None:
        self.breaks: list[set[str]] = []

    def block(self, block: Block, live: set[str]) -> set[str]:
        for s in reversed(block):
            live = self.statement(s, live)
        return live

    def statement(self, s: Stmt, live: set[str]) -> set[str]:
        match s:
            case Assign(target=Item() as place, value=value):
                return live | target_reads(place) | names(value)
            case Assign(target=target, value=value):
                return (live - set(targets(target))) | names(value)
            case Update(target=target, value=value):
                return live | _read(target) | names(value)
            case If(test=test, body=body, orelse=orelse):
                return self.block(body, live) | self.block(orelse, live) | names(test)
            case For(target=target, iter=source, body=body):
                return self.loop(body, live, set(targets(target)), set()) | names(source)
            case While(test=test, body=body):
                return self.loop(body, live, set(), names(test))
            case Break():
                return set(self.breaks[-1])
            case Return() | Raise():
                return {n for e in expressions(s) for n in names(e)}
        return live | {n for e in expressions(s) for n in names(e)}

    def loop(self, body: Block, live: set[str], bound: set[str], test: set[str]) -> set[str]:
        head = live | test
        while True:
            self.breaks.append(live)
            again = head | (self.block(body, head) - bound)
            self.breaks.pop()
            if again == head:
                return head
            head = again


def _read(target: Expr) -> set[str]:
    return {target.id} if isinstance(target, Name) else names(target)


def surely_assigned(block: Block) -> set[str]:
    """The variables that every way through a block assigns."""
    found: set[str] = set()
    for s in block:
        match s:
            case Assign(target=target):
                found |= set(targets(target))
            case If(body=body, orelse=orelse):
                found |= surely_assigned(body) & surely_assigned(orelse)
            case _:
                pass
    return found
